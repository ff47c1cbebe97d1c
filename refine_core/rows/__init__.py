"""Rows: outputs that somebody recorded, with their inputs and what was expected, out of runs and files.

    file, bytes, text --read_rows--> RowSet | MappingQuestion        a timeline --rows_of_run--> Row, …

row         Row, and its form in JSON            content          a file's bytes, size, kind and encoding
row_set     RowSet: many rows in little memory   json_records, csv_records, parquet_records, archives
saved_runs  rows out of runs                                      records out of each kind of file
reading     rows out of files                    formats/         what other tools write
opening     what a file is                       guessing         what the columns of an unknown table may be
joining     a batch's output with its input
limits      how much is read                     mapping          a record read by what its columns are

Nothing here imports pyarrow before a Parquet file, or an archive packed with zstd, is read.
"""

from refine_core.concurrency.cancellation import Cancel
from refine_core.rows.guessing import ColumnGuess, MappingQuestion
from refine_core.rows.joining import can_join, is_batch_output, join
from refine_core.rows.mapping import ROLES, SINGLE, Role, RowMapping, parse_mapping
from refine_core.rows.opening import RowFile
from refine_core.rows.reading import find_problems, find_table, open_file, read_rows
from refine_core.rows.row import ROW_KEYS, Row, row_from_json
from refine_core.rows.row_set import Columns, JoinedRows, OnProgress, Problem, RowSet
from refine_core.rows.saved_runs import attempt_index, rows_of_run

__all__ = [
    "ROLES",
    "ROW_KEYS",
    "SINGLE",
    "Cancel",
    "ColumnGuess",
    "Columns",
    "JoinedRows",
    "MappingQuestion",
    "OnProgress",
    "Problem",
    "Role",
    "Row",
    "RowFile",
    "RowMapping",
    "RowSet",
    "attempt_index",
    "can_join",
    "find_problems",
    "find_table",
    "is_batch_output",
    "join",
    "open_file",
    "parse_mapping",
    "read_rows",
    "row_from_json",
    "rows_of_run",
]
