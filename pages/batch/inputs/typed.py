"""Rows that are typed: one field a column, for each input of the program and each value that its reward reads beside them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import streamlit as st

from pages.batch.inputs.state import Section
from pages.shared.viewport import is_narrow
from refine_core import datasets
from refine_core.datasets import Table
from refine_core.formatting import join_words

FIRST_ROWS: Final = 3
MAX_ROWS: Final = 50  # more are brought as a file
MAX_COLUMNS: Final = 6

Take = Callable[[Section, Callable[[], Table]], None]


def draw_typed(section: Section, take: Take) -> None:
    """Draw the fields, and a button that takes what stands in them. take: keeps what is read, in a callback."""
    if section.spec is None:
        st.caption("Choose a program first: its inputs are the columns.")
        return
    inputs = list(datasets.list_inputs(section.spec))
    columns = [*inputs, *datasets.list_reward_fields(section.spec)]
    if not inputs or len(columns) > MAX_COLUMNS:
        st.caption("This program has too many inputs to type them here: bring a file, or paste a table.")
        return
    count = int(st.session_state.get(section.name("typed-rows"), FIRST_ROWS))
    reward = [name for name in columns if name not in inputs]
    st.caption(
        f"A row for each input. Empty rows are left out.{' For the reward: ' + join_words(reward) + '.' if reward else ''}"
    )
    narrow = is_narrow()
    for row in range(count):
        if narrow and len(columns) > 1:  # its fields stand below each other
            st.markdown(f"**Row {row + 1}**")
        places = [st.container() for _ in columns] if narrow else st.columns(len(columns), gap="xsmall")
        for place, name in zip(places, columns, strict=True):
            place.text_input(
                f"{name}, row {row + 1}",
                key=section.name("typed", row, name),
                placeholder=name,
                label_visibility="collapsed",
            )
    with st.container(horizontal=True, gap="small"):
        st.button(
            "Take these rows", key=section.name("take-typed"), on_click=_take, args=(section, columns, count, take)
        )  # fmt: skip
        if count < MAX_ROWS:
            st.button(
                ":blue[One more row]", key=section.name("more"), type="tertiary", on_click=_add, args=(section, count)
            )  # fmt: skip


def _add(section: Section, count: int) -> None:
    st.session_state[section.name("typed-rows")] = count + 1


def _take(section: Section, columns: Sequence[str], count: int, take: Take) -> None:
    cells = [
        [str(st.session_state.get(section.name("typed", row, name)) or "") for name in columns]
        for row in range(count)
    ]
    take(section, lambda: datasets.table_of_cells(columns, cells))
    if section.error is None:
        st.session_state.pop(section.name("typed-rows"), None)
