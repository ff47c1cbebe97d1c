"""The section Inputs: a table that was brought, what its columns are, and what is wrong with its rows; or ways to bring one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import streamlit as st

from pages.batch.inputs.bring import draw_ways
from pages.batch.inputs.dialog import draw_dialog
from pages.batch.inputs.rows import draw_rows
from pages.batch.inputs.state import TO_CHOOSE, Section, agree, change_columns, check
from pages.shared.text import capitalize, escape_markdown, one_line
from pages.shared.viewport import is_narrow
from refine_core import datasets, runs
from refine_core.datasets import Dataset, Table, TableCheck
from refine_core.errors import Problem
from refine_core.formatting import join_words, pluralize
from refine_core.programs import ProgramSpec

FIRST_ROWS: Final = 4
FIRST_ROWS_NARROW: Final = 2
PROBLEMS_SHOWN: Final = 3
NAME_CHARACTERS: Final = 40


def draw_inputs(
    spec: ProgramSpec | None,
    dataset: Dataset | None,
    *,
    key: str,
    choose: Callable[[Dataset | None], None],
) -> list[Problem]:
    """Draw the section, its title too, and return what keeps these inputs from being run; the field of each begins with "inputs".

    spec: a program whose inputs the rows give, without values; None while none is chosen. dataset: what is chosen now; None for
    nothing. key: the beginning of the keys of its widgets: another draft has another one. choose: to be called, in a callback or
    before `st.rerun()`, with a dataset that was chosen or kept, which the draft then names.
    """
    section = Section(spec, dataset, key, choose)
    table = None if dataset is None else datasets.get_table(runs.default().store, dataset.id, dataset.version)
    if dataset is None or table is None:
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.subheader("Inputs", anchor=False, width="content")
            st.caption("one a row; every arm is run on each", width="content")
        draw_ways(section)
        return []
    found = None if spec is None else check(_fitted(section, dataset, table, spec), table, spec)
    _draw_title(section, dataset, table, found)
    if section.bringing:
        draw_ways(section)
        return [
            Problem(
                TO_CHOOSE,
                f"bring the rows, or press Cancel to keep {one_line(dataset.name, NAME_CHARACTERS)}",
            )
        ]
    _draw_table(section, dataset, table)
    return [] if found is None else draw_findings(section, dataset, found)


def _fitted(section: Section, dataset: Dataset, table: Table, spec: ProgramSpec) -> Dataset:
    """The dataset as it suits the program. Where that is another version of it, the page is drawn again with that one."""
    columns = dataset.columns
    if st.session_state.get(section.name("by-hand")) != (dataset.id, dataset.version):
        columns = datasets.fit_columns(table, columns, spec)
    found = check(dataset, table, spec)
    is_settled = not dataset.pending or not found.is_ready(skip_bad=False)
    if columns == dataset.columns and is_settled and (dataset.pending or found.is_ready(skip_bad=True)):
        return dataset
    other = change_columns(dataset, table, columns, spec)
    if (other.id, other.version) != (dataset.id, dataset.version):
        section.choose(other)
        st.rerun()
    return dataset


def _draw_title(section: Section, dataset: Dataset, table: Table, found: TableCheck | None) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.subheader("Inputs", anchor=False, width="content")
        what = f"{one_line(dataset.name, NAME_CHARACTERS)}, {pluralize(table.total, 'row')}"
        st.markdown(f":gray-background[{escape_markdown(what)}]", width="content")
        if section.bringing:
            st.button(
                "Cancel", key=section.name("cancel"), type="tertiary", on_click=section.bring, args=("",)
            )
        else:
            for how, label in (("replace", "Replace"), ("add", "Add rows")):
                st.button(
                    f":blue[{label}]",
                    key=section.name(how),
                    type="tertiary",
                    on_click=section.bring,
                    args=(how,),
                )
        st.space("stretch")
        if found is not None and section.spec is not None and not section.bringing:
            st.markdown(_verdict(found, section.spec, agreed=not dataset.pending), width="content")


def _verdict(found: TableCheck, spec: ProgramSpec, *, agreed: bool) -> str:
    """A mark and a few words. agreed: whether bad rows may be left out."""
    if found.blocking:
        return ":red[\N{MULTIPLICATION X} no row can be run]"
    if found.bad and agreed:
        return f":gray[{found.good:,} of {pluralize(found.rows, 'row')} are run]"
    if found.bad:
        return f":red[\N{MULTIPLICATION X} {pluralize(found.bad, 'row')} cannot be run]"
    inputs = list(datasets.list_inputs(spec))
    return f":green[\N{CHECK MARK} every row has {escape_markdown(join_words(inputs))}]"


def _draw_table(section: Section, dataset: Dataset, table: Table) -> None:
    shown = range(min(FIRST_ROWS_NARROW if is_narrow() else FIRST_ROWS, len(table)))
    draw_rows(
        dataset, table, shown, left_out=False, roles=section.spec is not None, key=section.name("first")
    )
    if section.spec is None:
        st.caption("Choose a program below: its inputs are then looked for among these columns.")
    label = f":blue[All {pluralize(len(table), 'row')}, columns]" if len(table) > 1 else ":blue[Columns]"
    if st.button(label, key=section.name("all"), type="tertiary"):
        draw_dialog(section, dataset, table)


def draw_findings(section: Section, dataset: Dataset, found: TableCheck) -> list[Problem]:
    """What is wrong, and the offer to run the rest; returned is what still keeps the inputs from being run."""
    for problem in found.blocking:
        st.error(escape_markdown(capitalize(str(problem))), icon=":material/error:")
    more = found.bad - PROBLEMS_SHOWN
    with st.container(gap="xxsmall"):
        for problem in found.problems[:PROBLEMS_SHOWN]:
            st.markdown(f":red[\N{MULTIPLICATION X}] {escape_markdown(capitalize(str(problem)))}")
        if more > 0 and len(found.problems) > PROBLEMS_SHOWN:
            st.caption(f"and {pluralize(more, 'more row')}, in “All {pluralize(found.rows, 'row')}, columns”")
        for note in found.notes:
            st.caption(escape_markdown(note))
    if found.blocking:
        return [Problem("inputs", str(problem)) for problem in found.blocking]
    if not found.bad:
        return []
    field = section.name("rest", dataset.id)

    def take() -> None:
        section.choose(agree(dataset, skip_bad=bool(st.session_state.get(field))))

    st.session_state[field] = not dataset.pending
    st.checkbox(f"Run the other {pluralize(found.good, 'row')}", key=field, on_change=take)
    if not dataset.pending:
        return []
    return [
        Problem(
            "inputs", f"{pluralize(found.bad, 'row')} cannot be run: correct the table, or run the others"
        )
    ]
