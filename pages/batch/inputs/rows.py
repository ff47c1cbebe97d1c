"""The rows of a table, drawn by one component: a few of them in the section, all of them, page by page, in the dialog."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

import streamlit as st

from pages.shared.text import cut_text
from pages.shared.web import INPUTS, import_script, read_styles
from refine_core import datasets
from refine_core.datasets import Column, Dataset, Table
from refine_core.runs import format_value
from refine_core.unseen import show_unseen

COLUMNS_DRAWN: Final = 40
_VALUE: Final = re.compile(r"^is \N{LEFT DOUBLE QUOTATION MARK}.*?\N{RIGHT DOUBLE QUOTATION MARK}, ")
_component = st.components.v2.component(
    "refinescope.batch_inputs", js=import_script(INPUTS), css=read_styles(INPUTS, root=".input-rows")
)


def draw_rows(
    dataset: Dataset, table: Table, places: range, *, left_out: bool, roles: bool, key: str
) -> None:
    """Draw these rows of the table.

    left_out: whether columns that are left out are drawn, too. roles: whether it is said what each column is, which no one knows
    before a program is chosen.
    """
    columns = [one for one in dataset.columns if left_out or one.role != "left out"][:COLUMNS_DRAWN]
    problems = datasets.find_cell_problems(table, dataset.columns, places)
    data = {
        "caption": f"Rows of {show_unseen(dataset.name)}",
        "columns": [_column(one) if roles else {**_column(one), "role": "", "title": ""} for one in columns],
        "rows": [_row(table, place, columns, problems.get(place, {})) for place in places],
    }
    _component(key=key, data=data, height="content")


def describe_role(column: Column) -> str:
    """What a column is, after its name: "input", "reward only", "input, as question" where the field has another name."""
    is_other = column.role == "input" and column.field.casefold() != column.name.casefold()
    other = f", as {column.field}" if is_other else ""
    return f"{column.role}{other}"


def _column(column: Column) -> dict[str, Any]:
    renamed = column.role == "reward only" and column.field != column.name
    return {
        "name": show_unseen(column.name),
        "role": show_unseen(describe_role(column)),
        "title": f"the reward sees it as {column.field}" if renamed else "",
        "numbers": column.type in ("int", "float", "number"),
        "out": column.role == "left out",
    }


def _row(table: Table, place: int, columns: Sequence[Column], problems: Mapping[str, str]) -> dict[str, Any]:
    values = table.records[place].values
    return {
        "number": f"{place + 1:,}",
        "problem": show_unseen(problems.get("", "")),
        "cells": [
            {
                "text": show_unseen(cut_text(format_value(values[one.name])))
                if values.get(one.name) is not None
                else "",
                "problem": show_unseen(_in_cell(problems.get(one.name, ""), one.name)),
            }
            for one in columns
        ],
    }


def _in_cell(problem: str, name: str) -> str:
    """A problem without what stands in the cell and above it: "not a number"."""
    return _VALUE.sub("", problem.removeprefix(f"{name} "))
