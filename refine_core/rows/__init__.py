"""Rows: outputs that somebody recorded, with their inputs and what was expected, out of runs and files.

    file, bytes, text --read_rows--> RowSet        a timeline --rows_of_run--> Row, …

row         Row, and its form in JSON
row_set     RowSet: many rows in little memory
reading     files
saved_runs  runs
"""

from refine_core.rows.reading import read_rows
from refine_core.rows.row import ROW_KEYS, Row, row_from_json
from refine_core.rows.row_set import Columns, OnProgress, RowSet
from refine_core.rows.saved_runs import rows_of_run

__all__ = [
    "ROW_KEYS",
    "Columns",
    "OnProgress",
    "Row",
    "RowSet",
    "read_rows",
    "row_from_json",
    "rows_of_run",
]
