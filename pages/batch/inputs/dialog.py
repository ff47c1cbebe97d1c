"""All rows of a table, page by page, and what each column is: a person may say otherwise than was guessed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import streamlit as st

from pages.batch.inputs.rows import draw_rows
from pages.batch.inputs.state import Section, change_columns, check
from pages.shared.text import capitalize, escape_markdown, one_line
from pages.shared.viewport import is_narrow
from refine_core import datasets, runs
from refine_core.datasets import REWARD_TYPES, Column, ColumnGuess, Dataset, Table
from refine_core.formatting import pluralize
from refine_core.programs import ProgramSpec

PAGE_ROWS: Final = 25
MAX_COLUMNS: Final = 40
PROBLEMS_SHOWN: Final = 20
FIRST_CHARACTERS: Final = 80
WIDTHS: Final = (15, 33, 20, 14, 28)
REWARD_ONLY, LEFT_OUT = "reward only", "left out"
_INPUT_TYPES: Final = {"str": "text", "int": "whole number", "float": "number", "bool": "true or false"}
"""A type as a signature writes it -> what a person calls it; any other stands as it is written."""


def draw_dialog(section: Section, dataset: Dataset, table: Table) -> None:
    """Open it."""
    st.session_state[section.name("now")] = dataset.version
    title = f"{one_line(dataset.name, 60)}: {pluralize(table.total, 'row')}"
    st.dialog(escape_markdown(title), width="large", on_dismiss="rerun")(_draw)(section, dataset, table)


def _draw(section: Section, opened: Dataset, table: Table) -> None:
    """opened: the version with which the dialog was opened; a change of a column makes another one."""
    version = st.session_state.get(section.name("now"), opened.version)
    dataset = datasets.get(runs.default().store, opened.id, version) or opened
    if section.spec is None:
        st.caption("Choose a program first: then the columns that are its inputs are found.")
    else:
        _draw_columns(section, dataset, table, section.spec)
        _draw_problems(dataset, table, section.spec)
    pages = -(-len(table) // PAGE_ROWS)
    page = 1
    if pages > 1:
        page = st.pagination(pages, key=section.name("page"), max_visible_pages=5)
    places = range((page - 1) * PAGE_ROWS, min(page * PAGE_ROWS, len(table)))
    draw_rows(dataset, table, places, left_out=True, roles=section.spec is not None, key=section.name("rows"))


def _draw_columns(section: Section, dataset: Dataset, table: Table, spec: ProgramSpec) -> None:
    guesses = {one.column.name: one for one in datasets.suggest_columns(table, spec)}
    narrow = is_narrow()
    if not narrow:
        titles = ("Column", "First value", "What it is", "Read as", "Why")
        for place, title in zip(st.columns(WIDTHS, gap="small"), titles, strict=True):
            place.caption(title)
    with st.container(gap="medium" if narrow else "xsmall"):
        for at, column in enumerate(dataset.columns[:MAX_COLUMNS]):
            _draw_column(section, dataset, table, at, guesses[column.name])
    if len(dataset.columns) > MAX_COLUMNS:
        st.caption(f"and {pluralize(len(dataset.columns) - MAX_COLUMNS, 'more column')}, as guessed")


def _draw_column(section: Section, dataset: Dataset, table: Table, at: int, guess: ColumnGuess) -> None:
    column = dataset.columns[at]
    inputs = {} if section.spec is None else datasets.list_inputs(section.spec)
    name = escape_markdown(one_line(column.name, FIRST_CHARACTERS))
    first = escape_markdown(one_line(guess.first, FIRST_CHARACTERS)) or "\N{EN DASH}"
    if is_narrow():
        place = st.container(gap="xxsmall")
        place.markdown(f"**{name}**  \n:gray[{first}]")
        role_place = type_place = why = place
    else:
        cells = st.columns(WIDTHS, gap="small", vertical_alignment="center")
        cells[0].markdown(f"**{name}**")
        cells[1].markdown(f":gray[{first}]")
        role_place, type_place, why = cells[2:]
    role_key, type_key = section.name("role", dataset.version, at), section.name("type", dataset.version, at)

    def take() -> None:
        role = str(st.session_state.get(role_key))
        kind = (
            str(st.session_state.get(type_key) or "") if type_key in st.session_state else guess.column.type
        )
        columns = _changed(dataset.columns, at, role, kind, section.spec)
        changed = change_columns(dataset, table, columns, section.spec or ProgramSpec((), ""))
        st.session_state[section.name("now")] = changed.version
        st.session_state[section.name("by-hand")] = (changed.id, changed.version)
        section.choose(changed)

    now = column.field if column.role == "input" else column.role
    options = list(dict.fromkeys([*inputs, REWARD_ONLY, LEFT_OUT, now]))
    role_place.selectbox(
        f"What {name} is", options, index=options.index(now), key=role_key, on_change=take, label_visibility="collapsed",
        format_func=lambda one: capitalize(one) if one in (REWARD_ONLY, LEFT_OUT) else f"Input: {one}",
    )  # fmt: skip
    if column.role == "reward only":
        type_place.selectbox(
            f"How the values of {name} are read", REWARD_TYPES, index=REWARD_TYPES.index(column.type), key=type_key,
            on_change=take, label_visibility="collapsed", format_func=lambda one: capitalize(one or "as it is"),
        )  # fmt: skip
    elif column.role == "input":
        type_place.markdown(f":gray[{escape_markdown(describe_type(column.type))}]")
    same = (column.role, column.field, column.type) == (
        guess.column.role,
        guess.column.field,
        guess.column.type,
    )
    reason = guess.reason if same else "chosen by you"
    if column.role == "reward only" and column.field != column.name:
        reason += f"; the reward sees it as {column.field}"
    why.markdown(f":gray[{escape_markdown(capitalize(reason))}]")


def describe_type(text: str) -> str:
    """The type of an input in words: "Text", "List: whole number"; one that has none as the signature writes it."""
    inner = text.removeprefix("list[").removesuffix("]")
    if inner != text and inner in _INPUT_TYPES:
        return f"List: {_INPUT_TYPES[inner]}"
    return capitalize(_INPUT_TYPES[text]) if text in _INPUT_TYPES else text


def _changed(
    columns: Sequence[Column], at: int, role: str, kind: str, spec: ProgramSpec | None
) -> list[Column]:
    """The columns with another one as this; what was this input before goes to the reward."""
    inputs = {} if spec is None else datasets.list_inputs(spec)
    reward = "" if spec is None else spec.reward
    changed = list(columns)

    def for_reward(place: int, type_: str) -> Column:
        taken = {one.field for i, one in enumerate(changed) if i != place and one.role != "left out"} | set(
            inputs
        )
        return datasets.reward_column(columns[place].name, reward, taken, type_)

    if role in inputs:
        for place, one in enumerate(columns):
            if place != at and one.role == "input" and one.field == role:
                changed[place] = for_reward(place, "")
        changed[at] = datasets.input_column(columns[at].name, inputs[role])
    else:
        new = for_reward(at, kind if kind in REWARD_TYPES else "")
        changed[at] = new if role == REWARD_ONLY else replace(new, role="left out")
    return changed


def _draw_problems(dataset: Dataset, table: Table, spec: ProgramSpec) -> None:
    found = check(dataset, table, spec)
    problems = [*found.blocking, *found.problems]
    if not problems:
        return
    if found.bad and not found.blocking:
        st.markdown(f"**{pluralize(found.bad, 'row')} cannot be run**")
    with st.container(gap="xxsmall"):
        for problem in problems[:PROBLEMS_SHOWN]:
            st.markdown(f":red[\N{MULTIPLICATION X}] {escape_markdown(capitalize(str(problem)))}")
    if len(problems) > PROBLEMS_SHOWN:
        st.caption(f"and more: {pluralize(found.bad, 'row')} in all.")
