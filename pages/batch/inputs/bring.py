"""Ways to bring rows: a file, a saved dataset, saved runs, cells that are typed or pasted, and a worked example.

Whatever is brought is kept as a dataset at once. Of what cannot be read a sentence says why, and nothing changes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import streamlit as st

from pages.batch.inputs.state import Section, keep_table
from pages.batch.inputs.typed import draw_typed
from pages.shared.text import escape_markdown, one_line
from refine_core import datasets, runs, workbench
from refine_core.datasets import Table
from refine_core.errors import RefineError, RowsError
from refine_core.formatting import format_time, pluralize
from refine_core.programs import ProgramSpec

UPLOAD_MB: Final = 200
SHOWN: Final = 10
RUNS_AT_ONCE: Final = 1_000
NAME_CHARACTERS: Final = 48
ENCODINGS: Final = ("cp1252", "latin-1", "utf-16-le", "utf-16-be", "shift_jis", "gb18030", "cp1251")
PASTE_SAMPLE: Final = "Lines, CSV, JSON, cells of a spreadsheet"
_UNREAD: Final = "unread"


def draw_ways(section: Section) -> None:
    """Draw all of them, and why the last try failed."""
    number = st.session_state.get(section.name("files"), 0)
    field = section.name("file", number)
    st.file_uploader(
        "A table: CSV, TSV, JSONL, JSON or Parquet", key=field, max_upload_size=UPLOAD_MB, on_change=_take_file,
        args=(section, field),
    )  # fmt: skip
    if section.error is not None:
        st.error(escape_markdown(str(section.error)), icon=":material/error:")  # it begins with a file's name
        _draw_encoding(section)
    with st.container(horizontal=True, gap="xsmall"):
        if section.bringing != "add":
            with st.popover("Saved dataset"), st.container(width=440, gap="xsmall"):
                _draw_saved(section)
        with st.popover("Saved runs"), st.container(width=440, gap="small"):
            _draw_runs(section)
        with st.popover("Type rows"), st.container(width=640, gap="xsmall"):
            draw_typed(section, _take)
        with st.popover("Paste"), st.container(width=520, gap="small"):
            _draw_paste(section)
        if section.bringing != "add" and _suits_example(section.spec):
            st.button(
                ":blue[Use an example: 60 messages of customers]",
                key=section.name("example"),
                type="tertiary",
                on_click=_take,
                args=(section, lambda: datasets.example_dataset().table),
            )


def _take(section: Section, read: Callable[[], Table]) -> None:
    """Keep what is read, and have it. In a callback."""
    section.set_error(None)
    try:
        table = read()
        if section.bringing == "add" and section.dataset is not None:
            store = runs.default().store
            before = section.dataset
            taken = datasets.keep(store, table, (), extends=before.id, version=before.version, pending=True)
        else:
            taken = keep_table(table, section.spec)
    except RefineError as error:
        section.set_error(error)
        return
    section.take(taken)


def _take_file(section: Section, field: str) -> None:
    uploaded = st.session_state.get(field)
    if uploaded is None:
        return
    st.session_state[section.name("files")] = st.session_state.get(section.name("files"), 0) + 1
    name, data = uploaded.name, uploaded.getvalue()
    _take(section, lambda: datasets.open_table(data, name=name))
    needs = isinstance(section.error, RowsError) and section.error.needs_encoding
    st.session_state[section.name(_UNREAD)] = (name, data) if needs else None


def _draw_encoding(section: Section) -> None:
    """The offer to read the file's text otherwise, where that may help."""
    unread = st.session_state.get(section.name(_UNREAD))
    if unread is None or not isinstance(section.error, RowsError) or not section.error.needs_encoding:
        return
    name, data = unread
    field = section.name("encoding")
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        st.selectbox("Read its text as", ENCODINGS, key=field, width=200)
        st.button(
            "Read again", key=section.name("again"), on_click=_read_again, args=(section, field, name, data)
        )


def _read_again(section: Section, field: str, name: str, data: bytes) -> None:
    encoding = str(st.session_state.get(field) or ENCODINGS[0])
    _take(section, lambda: datasets.open_table(data, name=name, encoding=encoding))


def _draw_saved(section: Section) -> None:
    saved = datasets.list_datasets(runs.default().store)
    if not saved:
        st.caption("No dataset yet. Each table that you bring becomes one.")
    for one in saved[:SHOWN]:
        with st.container(horizontal=True, vertical_alignment="center", gap="small", wrap=False):
            st.button(
                f":blue[{escape_markdown(one_line(one.name, NAME_CHARACTERS))}]",
                key=section.name("saved", one.id),
                type="tertiary",
                on_click=_take_saved,
                args=(section, one.id),
            )
            st.space("stretch")
            what = f"{pluralize(one.rows, 'row')} · {format_time(one.created_at)}"
            st.markdown(f":small[:gray[{what}]]", width="content")
    if len(saved) > SHOWN:
        st.caption(f"and {pluralize(len(saved) - SHOWN, 'older one')}")


def _take_saved(section: Section, dataset_id: str) -> None:
    dataset = datasets.get(runs.default().store, dataset_id)
    if dataset is None:
        section.set_error(RowsError("This dataset is not here any more."))
        return
    section.take(dataset)


def _draw_runs(section: Section) -> None:
    st.caption("The inputs of runs, equal ones once.")
    text = st.text_input(
        "Search runs", key=section.name("search"), placeholder="Search runs", type="search", live=True,
        label_visibility="collapsed",
    )  # fmt: skip
    page = runs.search(text or "", size=SHOWN)
    if not page.matching:
        st.caption("No run matches." if page.total else "No run yet. Start one in the Lab.")
        return
    for run in page.rows:
        inputs = escape_markdown(one_line(run.facts.inputs or "no inputs", NAME_CHARACTERS))
        st.markdown(f"{inputs}  \n:small[:gray[{escape_markdown(one_line(run.name, NAME_CHARACTERS))}]]")
    if page.matching > len(page.rows):
        st.caption(f"and {page.matching - len(page.rows):,} more")
    count = min(page.matching, RUNS_AT_ONCE)
    st.button(
        f"Take the inputs of {pluralize(count, 'run')}",
        key=section.name("take-runs"),
        on_click=_take,
        args=(
            section,
            lambda: datasets.table_of_runs(runs.default(), workbench.find_runs(text or "", RUNS_AT_ONCE)),
        ),
    )


def _draw_paste(section: Section) -> None:
    inputs = list(datasets.list_inputs(section.spec)) if section.spec is not None else []
    field = section.name("pasted")
    several = len(inputs) > 1
    st.text_area(
        "A table, its names in the first line"
        if several
        else "One input a line, or a table with its names in the first line",
        key=field,
        placeholder=f"{', '.join(inputs)}\n…" if several else PASTE_SAMPLE,
        height=160,
    )

    def read() -> Table:
        return datasets.table_of_text(str(st.session_state.get(field) or ""), inputs)

    st.button("Take these rows", key=section.name("take-pasted"), on_click=_take, args=(section, read))


def _suits_example(spec: ProgramSpec | None) -> bool:
    """Whether the worked example has what this program needs."""
    return spec is None or set(datasets.list_inputs(spec)) <= {"message"}
