"""What the section Inputs keeps in a session: how rows are being brought, and what is wrong with those that are chosen.

The rows themselves, what their columns are, and whether a person agreed to leave bad ones out, are a version of a dataset in the store.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import streamlit as st

from refine_core import datasets, runs
from refine_core.datasets import Column, Dataset, Table, TableCheck
from refine_core.errors import RefineError
from refine_core.programs import ProgramSpec

Bringing = Literal["", "replace", "add"]
TO_CHOOSE: Final = "inputs.to-choose"
"""The field of a problem that is no mistake: somebody is about to bring rows."""
_CHECKED: Final = "batch.inputs.checked"


@dataclass(frozen=True, slots=True)
class Section:
    """One drawing of the section: what is chosen, for which program, and how to choose something else. key: as of draw_inputs."""

    spec: ProgramSpec | None
    dataset: Dataset | None
    key: str
    choose: Callable[[Dataset | None], None]

    def name(self, *parts: object) -> str:
        """The key of a widget."""
        return ".".join((self.key, *map(str, parts)))

    @property
    def bringing(self) -> Bringing:
        """Whether rows are to be brought in place of those that are there, or behind them."""
        how: Bringing = st.session_state.get(self.name("bringing"), "")
        return how

    def bring(self, how: Bringing) -> None:
        """Say so."""
        st.session_state[self.name("bringing")] = how
        self.set_error(None)

    @property
    def error(self) -> RefineError | None:
        """Why what was brought last could not be taken."""
        error: RefineError | None = st.session_state.get(self.name("error"))
        return error

    def set_error(self, error: RefineError | None) -> None:
        """Keep it until something else is brought."""
        st.session_state[self.name("error")] = error

    def take(self, dataset: Dataset) -> None:
        """Have this dataset."""
        self.bring("")
        self.choose(dataset)


def check(dataset: Dataset, table: Table, spec: ProgramSpec) -> TableCheck:
    """What is wrong with the rows, looked at once for each version and program."""
    known = st.session_state.get(_CHECKED)
    wanted = (dataset.id, dataset.version, spec)
    if known is None or known[0] != wanted:
        known = (wanted, datasets.check_table(table, dataset.columns, spec))
        st.session_state[_CHECKED] = known
    found: TableCheck = known[1]
    return found


def keep_table(table: Table, spec: ProgramSpec | None) -> Dataset:
    """Keep what was brought at once, so that a reload loses nothing, with what its columns may be. Raises RowsError, StoreError."""
    program = spec or ProgramSpec((), "")
    columns = [guess.column for guess in datasets.suggest_columns(table, program)]
    ready = datasets.check_table(table, columns, program).is_ready(skip_bad=False)
    return datasets.keep(runs.default().store, table, columns, pending=not ready)


def change_columns(dataset: Dataset, table: Table, columns: Sequence[Column], spec: ProgramSpec) -> Dataset:
    """The same rows with other columns; what was said of bad rows is asked again. Raises StoreError."""
    ready = datasets.check_table(table, columns, spec).is_ready(skip_bad=False)
    return _again(dataset, columns, pending=not ready)


def agree(dataset: Dataset, *, skip_bad: bool) -> Dataset:
    """The same rows, of which the bad ones are left out, or wait for somebody to say so. Raises StoreError."""
    return _again(dataset, dataset.columns, pending=not skip_bad)


def _again(dataset: Dataset, columns: Sequence[Column], *, pending: bool) -> Dataset:
    store = runs.default().store
    changed = datasets.set_columns(
        store, dataset.id, columns, dataset.version, skip_bad=not pending, pending=pending
    )
    return dataset if changed is None else changed
