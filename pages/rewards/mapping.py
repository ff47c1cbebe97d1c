"""A file or a pasted table on its way to the rows: what its columns are, with a reason for each guess, before anything is added.

open_upload(), open_table()     in a callback: begin to look at it        draw_mapping()     the dialog, while there is something
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Final

import streamlit as st

from pages.rewards import draft
from pages.rewards.absent import add_source
from pages.rewards.draft import Base
from pages.rewards.fields import field_key, static_key
from pages.rewards.mapping_table import draw_columns, draw_problems, draw_row
from pages.shared.text import escape_markdown
from pages.shared.viewport import is_narrow
from refine_core import rows, workbench
from refine_core.errors import RowsError
from refine_core.formatting import pluralize
from refine_core.rows import Cancel, MappingQuestion, OnProgress, Problem, Role, RowFile, RowSet
from refine_core.workbench import Job, RowSource

WAIT_S: Final = 0.4  # longer, and the dialog counts what it has read
POLL_S: Final = 0.5
REWARD_BYTES: Final = 200_000  # of a Python file; a longer one is no reward
CHECKED_ROWS: Final = 5_000  # of a large file, with every change of a choice
ENCODINGS: Final = ("cp1252", "latin-1", "utf-16-le", "utf-16-be", "shift_jis", "gb18030", "cp1251")
TITLE_OF_PASTED: Final = "Pasted table"
Read = Callable[[OnProgress, Cancel], RowSet]
Brought = tuple[str, bytes]
"""Name and content of a file."""
_PENDING: Final = static_key("file")
_FILES: Final = static_key("files")
_numbers = count(1)


@dataclass(frozen=True, slots=True)
class Look:
    """A file after a first look. rows: of a known format. question: of any other. joined: the file was joined with the next one."""

    file: RowFile
    rows: RowSet | None = None
    question: MappingQuestion | None = None
    joined: bool = False


@dataclass(slots=True)
class Pending:
    """A file that somebody brought. number: tells its widgets from those of the file before. adding: once Add was pressed.

    beside: what it was joined with by hand. waiting: files that were brought with it, whose turn comes when this one is closed.
    """

    name: str
    data: bytes | str
    look: Job[Look]
    beside: Brought | None = None
    waiting: tuple[Brought, ...] = ()
    adding: Job[RowSource] | None = None
    number: int = field(default_factory=lambda: next(_numbers))


def open_upload(key: str) -> None:
    """Look at the files that were uploaded with this widget, one after another. To be called in a callback.

    A Python file is the reward: it goes into the editor, where Undo brings back what stood in it.
    """
    uploaded = [(one.name, one.getvalue()) for one in st.session_state.get(key) or ()]
    files = []
    for name, data in uploaded:
        if name.lower().endswith(".py") and len(data) <= REWARD_BYTES:
            source = data.decode("utf-8-sig", errors="replace").replace("\r\n", "\n")
            draft.load_reward(Base(source))
        else:
            files.append((name, data))
    if files:
        (name, data), *others = files
        _open(name, data, waiting=others)
    elif uploaded:
        _drop()


def open_table(text: str) -> None:
    """Look at a table that was pasted. To be called in a callback."""
    _open("the pasted table", text)


def _open(
    name: str,
    data: bytes | str,
    encoding: str | None = None,
    *,
    beside: Brought | None = None,
    waiting: Sequence[Brought] = (),
) -> None:
    _drop()

    def look(on_progress: OnProgress, cancel: Cancel) -> Look:
        file = rows.open_file(data, name=name, encoding=encoding)
        if beside is not None:
            second = rows.open_file(beside[1], name=beside[0], encoding=encoding)
            file = rows.join(file, second, on_progress=on_progress, cancel=cancel)
        partner = _find_partner(file, waiting)
        if partner is not None:
            file = rows.join(file, partner, on_progress=on_progress, cancel=cancel)
        if file.format is None:
            return Look(file, question=file.ask(on_progress, cancel))
        read = rows.read_rows(file, skip_bad=True, on_progress=on_progress, cancel=cancel)
        return Look(file, rows=read if isinstance(read, RowSet) else None, joined=partner is not None)

    st.session_state[_PENDING] = Pending(name, data, Job.start(look), beside, tuple(waiting))


def _find_partner(file: RowFile, waiting: Sequence[Brought]) -> RowFile | None:
    """The next file, where it is the input of this batch's output, or the other way round."""
    try:
        partner = rows.open_file(waiting[0][1], name=waiting[0][0]) if waiting else None
    except RowsError:  # it gets its sentence when its turn comes
        return None
    return partner if partner is not None and rows.can_join(file, partner) else None


def _drop() -> Pending | None:
    """Leave the file that is being looked at."""
    pending: Pending | None = st.session_state.pop(_PENDING, None)
    for loading in (pending.look, pending.adding) if pending is not None else ():
        if loading is not None:
            loading.cancel()
    st.session_state[_FILES] = files_so_far() + 1
    return pending


def _close() -> None:
    """Leave the file, and look at the next of those that were brought with it."""
    pending = _drop()
    if pending is None:
        return
    look = pending.look.result
    waiting = pending.waiting[1:] if look is not None and look.joined else pending.waiting
    if waiting:
        (name, data), *others = waiting
        _open(name, data, waiting=others)


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
        add_source(source.ref)
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
        _draw_known(pending, look.rows, lacks_input=rows.is_batch_output(look.file))


def _draw_progress(loading: Job[Look] | Job[RowSource]) -> None:
    @st.fragment(run_every=POLL_S)
    def poll() -> None:
        if not loading.running:
            st.rerun()
        st.markdown(f"Reading … {pluralize(loading.done, 'row')} so far")
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
                _open(pending.name, pending.data, chosen, beside=pending.beside, waiting=pending.waiting)
                st.rerun()
        elif pending.beside is not None and st.button("Leave it out", key=static_key("without-beside")):
            _open(pending.name, pending.data, waiting=pending.waiting)
            st.rerun()
        st.space("stretch")
        if st.button("Close", key=static_key("close-file")):
            _close()
            st.rerun()


def _draw_known(pending: Pending, found: RowSet, *, lacks_input: bool) -> None:
    """lacks_input: it is the output of a batch, whose input may be brought as well."""
    what = f"{pluralize(len(found), 'row')}, read as {found.format}."
    st.markdown(f":gray[{escape_markdown(what)}]")
    for note in found.notes:
        st.markdown(escape_markdown(note))
    if lacks_input:
        uploaded = st.file_uploader(
            "The batch's input, or a table with custom_id", key=field_key("beside", pending.number)
        )
        if uploaded is not None:
            beside = (uploaded.name, uploaded.getvalue())
            _open(pending.name, pending.data, beside=beside, waiting=pending.waiting)
            st.rerun()
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
            pending.adding = Job.start(lambda *how: workbench.keep_rows(name, read(*how)))
            st.rerun()


def _reader(file: RowFile, mapping: Mapping[str, Role]) -> Read:
    def read(on_progress: OnProgress, cancel: Cancel) -> RowSet:
        found = rows.read_rows(file, mapping, skip_bad=True, on_progress=on_progress, cancel=cancel)
        assert isinstance(found, RowSet)  # noqa: S101  # there is a mapping
        return found

    return read
