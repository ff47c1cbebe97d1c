"""Small tables of the form, made of one widget a cell: rows can be added, removed and moved, and a draft keeps them.

table = Table("validators")     table.load([{"name": "short", …}])     table.read() -> the same, as typed
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import streamlit as st

from pages.lab.fields import field_key


class Table:
    """A table by the parts of its key. Each row has an id of its own, which stays with it when others go."""

    def __init__(self, *name: object) -> None:
        self._name = name

    def rows(self) -> list[int]:
        """The ids of the rows, in order."""
        return list(st.session_state.get(self._rows_key, ()))

    def key(self, row: int, column: str) -> str:
        """Where a cell's value stands in `st.session_state`."""
        return field_key(*self._name, row, column)

    def cell(self, row: int, column: str) -> str:
        """A cell as typed; "" where nothing was."""
        return str(st.session_state.get(self.key(row, column)) or "")

    def set(self, row: int, cells: Mapping[str, str]) -> None:
        """Fill cells of a row. Before they are drawn, or in a callback; so are all that follow."""
        for column, value in cells.items():
            st.session_state[self.key(row, column)] = value

    def load(self, rows: Sequence[Mapping[str, str]]) -> None:
        """Put other rows in place of all."""
        for row in self.rows():
            self._clear(row)
        st.session_state[self._rows_key] = list(range(len(rows)))
        for row, cells in enumerate(rows):
            self.set(row, cells)

    def add(self, cells: Mapping[str, str] | None = None, at: int | None = None) -> None:
        """One more row, last unless `at` says where."""
        rows = self.rows()
        row = max(rows, default=-1) + 1
        # An id is not used again: a browser may still send what stood in the row that had it.
        row = st.session_state[field_key(*self._name, "next")] = max(
            row, int(st.session_state.get(field_key(*self._name, "next"), -1)) + 1
        )
        rows.insert(len(rows) if at is None else at, row)
        st.session_state[self._rows_key] = rows
        self.set(row, cells or {})

    def remove(self, row: int) -> None:
        """One row fewer."""
        st.session_state[self._rows_key] = [one for one in self.rows() if one != row]
        self._clear(row)

    def move(self, row: int, by: int) -> None:
        """A row up (-1) or down (1)."""
        rows = self.rows()
        at = rows.index(row)
        rows.insert(min(max(at + by, 0), len(rows)), rows.pop(at))
        self.reorder(rows)

    def reorder(self, rows: Sequence[int]) -> None:
        """The same rows in another order."""
        st.session_state[self._rows_key] = list(rows)

    @property
    def _rows_key(self) -> str:
        return field_key(*self._name, "rows")

    def _clear(self, row: int) -> None:
        prefix = f"{self.key(row, '')}"
        for key in [one for one in st.session_state if isinstance(one, str) and one.startswith(prefix)]:
            del st.session_state[key]


def field_rows(uid: int) -> Table:
    """The fields of a stage: name, type, role, description; and "was", the name that the signature has now."""
    return Table("stage", uid, "field")


def demo_rows(uid: int) -> Table:
    """The demos of a stage, with a column for each of its fields."""
    return Table("stage", uid, "demo")


REFERENCE_VALUES: Final = Table("extra")
"""name, kind, value"""
VALIDATORS: Final = Table("validators")
"""name, check, message"""
