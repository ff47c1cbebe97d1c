"""Datasets: tables of inputs, kept in the store with versions.

table = open_table(Path("headlines.csv"))            what is in it; `table_of_text`, `table_of_cells`, `table_of_runs` for the rest
guesses = suggest_columns(table, spec)               what each column may be, and why
check = check_table(table, columns, spec)            what is wrong, by row and column, before anything is spent
dataset = keep(store, table, columns)                version 1; with extends=ID the next one, whose first rows are these
dataset = get(store, dataset.id)                     its rows are read as they are looked at

dataset  what the rest of the app sees        table     what was brought            packed    records in little memory
columns  roles, guessed                       values    types                       checking  problems and notes
keeping  in the store                         document  a dataset without its rows  limits    how much is taken
examples  sixty messages, to begin with
"""

from __future__ import annotations

from refine_core.datasets.checking import TableCheck, TableProblem, check_table, find_cell_problems
from refine_core.datasets.columns import (
    ColumnGuess,
    fit_columns,
    input_column,
    list_inputs,
    list_reward_fields,
    reward_column,
    suggest_columns,
)
from refine_core.datasets.dataset import REWARD_TYPES, Column, ColumnRole, Dataset, DatasetRow
from refine_core.datasets.examples import ExampleDataset, example_dataset
from refine_core.datasets.keeping import (
    ListedDataset,
    delete,
    get,
    get_table,
    keep,
    list_datasets,
    set_columns,
)
from refine_core.datasets.limits import MAX_ROWS
from refine_core.datasets.table import Table, open_table, table_of_cells, table_of_runs, table_of_text

__all__ = [
    "MAX_ROWS",
    "REWARD_TYPES",
    "Column",
    "ColumnGuess",
    "ColumnRole",
    "Dataset",
    "DatasetRow",
    "ExampleDataset",
    "ListedDataset",
    "Table",
    "TableCheck",
    "TableProblem",
    "check_table",
    "delete",
    "example_dataset",
    "find_cell_problems",
    "fit_columns",
    "get",
    "get_table",
    "input_column",
    "keep",
    "list_datasets",
    "list_inputs",
    "list_reward_fields",
    "open_table",
    "reward_column",
    "set_columns",
    "suggest_columns",
    "table_of_cells",
    "table_of_runs",
    "table_of_text",
]
