"""A file or a pasted table on its way to the rows: what its columns are, with a reason for each guess, before anything is added.

open_upload(), open_table()     in a callback: begin to look at it        draw_mapping()     the dialog, while there is something
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Final

import streamlit as st

from pages.rewards import fields
from pages.rewards.fields import static_key
from pages.rewards.mapping_table import draw_columns, draw_problems, draw_row
from pages.shared.text import escape_markdown
from pages.shared.viewport import is_narrow
from refine_core import rows, workbench
from refine_core.errors import RowsError
from refine_core.formatting import pluralize
from refine_core.rows import Cancel, Loading, MappingQuestion, OnProgress, Problem, Role, RowFile, RowSet
from refine_core.workbench import RowSource

WAIT_S: Final = 0.4  # longer, and the dialog counts what it has read
POLL_S: Final = 0.5
CHECKED_ROWS: Final = 5_000  # of a large file, with every change of a choice
ENCODINGS: Final = ("cp1252", "latin-1", "utf-16-le", "utf-16-be", "shift_jis", "gb18030", "cp1251")
TITLE_OF_PASTED: Final = "Pasted table"
Read = Callable[[OnProgress, Cancel], RowSet]
_PENDING: Final = static_key("file")
_FILES: Final = static_key("files")
_numbers = count(1)


@dataclass(frozen=True, slots=True)
class Look:
    """A file after a first look. rows: of a known format. question: of any other."""

    file: RowFile
    rows: RowSet | None = None
    question: MappingQuestion | None = None


@dataclass(slots=True)
class Pending:
    """A file that somebody brought. number: tells its widgets from those of the file before. adding: once Add was pressed."""

    name: str
    data: bytes | str
    look: Loading[Look]
    adding: Loading[RowSource] | None = None
    number: int = field(default_factory=lambda: next(_numbers))


def open_upload(key: str) -> None:
    """Look at the file that was uploaded with this widget. To be called in a callback."""
    uploaded = st.session_state.get(key)
    if uploaded is not None:
        _open(uploaded.name, uploaded.getvalue())


def open_table(text: str) -> None:
    """Look at a table that was pasted. To be called in a callback."""
    _open("the pasted table", text)


def _open(name: str, data: bytes | str, encoding: str | None = None) -> None:
    _close()

    def look(on_progress: OnProgress, cancel: Cancel) -> Look:
        file = rows.open_file(data, name=name, encoding=encoding)
        if file.format is None:
            return Look(file, question=file.ask(on_progress, cancel))
        read = rows.read_rows(file, skip_bad=True, on_progress=on_progress, cancel=cancel)
        return Look(file, rows=read if isinstance(read, RowSet) else None)

    st.session_state[_PENDING] = Pending(name, data, Loading(look))


def _close() -> None:
    pending: Pending | None = st.session_state.pop(_PENDING, None)
    for loading in (pending.look, pending.adding) if pending is not None else ():
        if loading is not None:
            loading.cancel()
    st.session_state[_FILES] = files_so_far() + 1


def files_so_far() -> int:
    """How many files were looked at in this session: a field for a file is another, empty one after each."""
    return int(st.session_state.get(_FILES, 0))


def draw_mapping() -> None:
    """The dialog, if there is a file; it adds the rows once they are read. Outside any fragment, whose next run would close it."""
    pending: Pending | None = st.session_state.get(_PENDING)
    if pending is None:
        return
    if pending.adding is not None and pending.adding.wait(WAIT_S) and pending.adding.result is not None:
        source = pending.adding.result
        _close()
        fields.write_sources([*dict.fromkeys([*fields.read_sources(), source.ref])])
        st.rerun()
    title = escape_markdown(f"Add rows from {pending.name}")
    st.dialog(title, width="large", on_dismiss=_close)(_draw)(pending)


def _draw(pending: Pending) -> None:
    """What the dialog shows at the stage that the file has reached."""
    loading = pending.adding or pending.look
    if not loading.wait(WAIT_S):
        _draw_progress(loading)
    elif loading.error is not None:
        _draw_error(pending, loading.error)
    elif (look := pending.look.result) is None:
        _close()
        st.rerun()
    elif look.question is not None:
        _draw_question(pending, look.file, look.question)
    elif look.rows is not None:
        _draw_known(pending, look.rows)


def _draw_progress(loading: Loading[Look] | Loading[RowSource]) -> None:
    @st.fragment(run_every=POLL_S)
    def poll() -> None:
        if not loading.running:
            st.rerun()
        st.markdown(f"Reading … {pluralize(loading.count, 'row')} so far")
        if st.button("Cancel", key=static_key("cancel-reading")):
            _close()
            st.rerun()

    poll()


def _draw_error(pending: Pending, error: Exception) -> None:
    st.error(
        escape_markdown(str(error)), icon=":material/error:"
    )  # not show_error: it begins with the file's name
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        if isinstance(error, RowsError) and error.needs_encoding:
            key = static_key("encoding", pending.number)
            chosen = st.selectbox("Read its text as", ENCODINGS, key=key, width=200)
            if st.button("Read again", key=static_key("read-again"), type="primary"):
                _open(pending.name, pending.data, chosen)
                st.rerun()
        st.space("stretch")
        if st.button("Close", key=static_key("close-file")):
            _close()
            st.rerun()


def _draw_known(pending: Pending, found: RowSet) -> None:
    what = f"{pluralize(len(found), 'row')}, read as {found.format}."
    st.markdown(f":gray[{escape_markdown(what)}]")
    for note in found.notes:
        st.markdown(escape_markdown(note))
    left, right = st.columns(2, gap="large")
    with left:
        draw_row(found[0])
    with right:
        draw_problems(found.problems, found.bad_count)
    _draw_foot(pending, "", len(found), lambda *_: found)


def _draw_question(pending: Pending, file: RowFile, question: MappingQuestion) -> None:
    columns = pluralize(len(question.columns), "column")
    what = f"{pluralize(question.count, 'row')}, {columns}, {question.read_as}. Not a known export; columns are matched by name."
    st.markdown(f":gray[{escape_markdown(what)}]")
    choices = draw_columns(question, pending.number)
    missing = question.missing(choices)
    mapping = question.complete(choices)
    problems: list[Problem] = [Problem(place, message) for place, message in question.problems]
    bad = question.bad_count
    if not missing:
        checked, found = rows.find_problems(file, mapping, CHECKED_ROWS)
        problems, bad = checked, max(found, bad)
    left, right = st.columns(2, gap="large")
    with left:
        draw_row(question.preview(choices), waiting=[c for c in question.unclear if c not in choices])
    with right:
        draw_problems(problems, bad)
    good = question.count - bad
    _draw_foot(
        pending,
        missing if good else "No row can be read this way.",
        good,
        _reader(file, mapping),
    )


def _draw_foot(pending: Pending, missing: str, total: int, read: Read) -> None:
    """What is missing, Cancel, and Add, which is disabled until nothing is."""
    sentence = f":orange[**{escape_markdown(missing)}**]" if missing else ""
    if sentence and is_narrow():
        st.markdown(sentence)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        if sentence and not is_narrow():
            st.markdown(sentence, width="content")
        st.space("stretch")
        if st.button("Cancel", key=static_key("cancel-file")):
            _close()
            st.rerun()
        label = f"Add {pluralize(total, 'row')}" if total else "Add rows"
        if st.button(label, key=static_key("add-file"), type="primary", disabled=bool(missing)):
            name = TITLE_OF_PASTED if isinstance(pending.data, str) else pending.name
            pending.adding = Loading(lambda *how: workbench.keep_rows(name, read(*how)))
            st.rerun()


def _reader(file: RowFile, mapping: Mapping[str, Role]) -> Read:
    def read(on_progress: OnProgress, cancel: Cancel) -> RowSet:
        found = rows.read_rows(file, mapping, skip_bad=True, on_progress=on_progress, cancel=cancel)
        assert isinstance(found, RowSet)  # noqa: S101  # there is a mapping
        return found

    return read
