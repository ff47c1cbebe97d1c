"""Datasets: tables of inputs, kept in the store with versions.

table = read_table("headlines.csv", data)      what is in it, and what each column could be
dataset = keep(table, columns)                 version 1; `extend` makes the next one, whose first rows are these
"""

from __future__ import annotations

from refine_core.datasets.dataset import Column, ColumnRole, Dataset, DatasetRow

__all__ = ["Column", "ColumnRole", "Dataset", "DatasetRow"]
