"""A dialog that takes in runs from files: what they hold is shown before anything is kept, and what cannot be one is refused.

draw_import()       the button, and the dialog once it was pressed
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import streamlit as st

from pages.shared import address
from pages.shared.text import escape_markdown, show_error
from refine_core import runs
from refine_core.errors import StoreError
from refine_core.export import ImportRefused, PlannedRun, import_runs, plan_import
from refine_core.formatting import format_score, format_time, pluralize

MAX_MB: Final = 200
MAX_LISTED: Final = 12  # runs of a file, one by one
_OPEN: Final = "import.open"
_READ: Final = "import.read"
_DONE: Final = "import.done"


@dataclass(frozen=True, slots=True)
class FileRun:
    """A run in a file, in words. here: what would become of it."""

    run_id: str
    is_new: bool
    name: str
    started: str
    facts: str
    here: str


@dataclass(frozen=True, slots=True)
class ReadFile:
    """What a file holds, or why it is refused."""

    name: str
    runs: tuple[FileRun, ...] = ()
    refused: str = ""

    @property
    def new(self) -> tuple[FileRun, ...]:
        """The runs that are not here yet."""
        return tuple(one for one in self.runs if one.is_new)


def draw_import(label: str = "Import", *, wanted: str | None = None) -> None:
    """Draw the button, and the dialog while it is open. To be called outside any fragment that is polled.

    wanted: a run that the page cannot show until it is here; once it is, the dialog closes by itself.
    """
    if st.button(label, icon=":material/upload_file:", key="import"):
        st.session_state[_OPEN] = True
        st.session_state.pop(_DONE, None)
    if st.session_state.get(_OPEN):
        _draw_dialog(wanted)


def _close() -> None:
    for name in (_OPEN, _READ, _DONE):
        st.session_state.pop(name, None)


@st.dialog("Import runs", width="medium", on_dismiss=_close)
def _draw_dialog(wanted: str | None) -> None:
    done: Sequence[FileRun] | None = st.session_state.get(_DONE)
    if done is not None:
        _draw_done(done)
        return
    files = st.file_uploader(
        "Files that Share has made (HTML, JSONL), or a trace of dspy (JSON, JSONL, Parquet)",
        type=["html", "htm", "jsonl", "json", "parquet"],
        accept_multiple_files=True,
        key="import.files",
        max_upload_size=MAX_MB,
    )
    if not files:
        st.caption("Nothing of a file is run. What it holds is shown before it is kept.")
        return
    read = [_read(one.file_id, one.name, one.getvalue) for one in files]
    for one in read:
        _draw_file(one)
    new = {run.run_id for one in read for run in one.new}
    label = f"Import {pluralize(len(new), 'run')}" if new else "Nothing to import"
    if st.button(label, type="primary", disabled=not new, key="import.go"):
        _keep([one.getvalue() for one, file in zip(files, read, strict=True) if file.new], read, wanted)


def _read(file_id: str, name: str, get_data: Callable[[], bytes]) -> ReadFile:
    """What the file holds; it is read once."""
    known: dict[str, ReadFile] = st.session_state.setdefault(_READ, {})
    if file_id not in known:
        with st.spinner(f"Reading {escape_markdown(name)} …"):
            known[file_id] = read_file(name, get_data())
    return known[file_id]


def read_file(name: str, data: bytes) -> ReadFile:
    """What a file holds, or why it is refused."""
    try:
        planned = plan_import(runs.default().store, data)
    except ImportRefused as error:
        return ReadFile(name, refused=str(error))
    except StoreError as error:
        return ReadFile(name, refused=f"it cannot be looked up: {error}")
    return ReadFile(name, tuple(_describe(one) for one in planned))


def _describe(planned: PlannedRun) -> FileRun:
    summary = planned.run.summary
    best = summary.best_reward
    best_words = "" if best is None else f", best {format_score(best, (summary.threshold,))}"
    here = "new"
    if not planned.is_new:
        here = "here already"
    elif planned.run_id != planned.id_in_file:
        here = "new, beside a different run with the same id"
    return FileRun(
        planned.run_id,
        planned.is_new,
        planned.name,
        format_time(summary.started_at),
        pluralize(len(summary.rewards), "attempt") + best_words,
        here,
    )


def _draw_file(file: ReadFile) -> None:
    if file.refused:
        show_error(f"Cannot import {file.name}: {file.refused.removesuffix('.')}.")
        return
    count, known = len(file.runs), len(file.runs) - len(file.new)
    words = ", here already" if known == count else f", {known:,} of them here already" if known else ""
    st.markdown(f"**{escape_markdown(file.name)}**: {pluralize(count, 'run')}{words}")
    for one in file.runs[:MAX_LISTED]:
        facts = f"{one.started} · {one.facts} · {one.here}"
        if one.is_new:
            st.markdown(f"{escape_markdown(one.name)}  :small[:gray[{escape_markdown(facts)}]]")
        else:
            _link(one, facts)
    if count > MAX_LISTED:
        st.caption(f"And {count - MAX_LISTED:,} more.")


def _link(run: FileRun, facts: str) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
        query = {"run": run.run_id}
        st.page_link(
            address.RUN,
            label=escape_markdown(run.name),
            icon=":material/timeline:",
            query_params=query,
            width="content",
        )
        st.caption(escape_markdown(facts), width="content")


def _keep(datas: Sequence[bytes], read: Sequence[ReadFile], wanted: str | None) -> None:
    """Import what was shown; each file whole, or not at all."""
    new: list[str] = []
    for data in datas:
        try:
            new += import_runs(runs.default().store, data).new
        except (ImportRefused, StoreError) as error:
            show_error(f"Not imported: {error}")
            return
    if wanted is not None and runs.get(wanted) is not None:
        _close()
        st.rerun()
    shown = {run.run_id: run for one in read for run in one.runs}
    st.session_state[_DONE] = [shown[run_id] for run_id in new if run_id in shown]
    st.rerun()


def _draw_done(done: Sequence[FileRun]) -> None:
    """What has come in, and the way to it."""
    st.success(f"{pluralize(len(done), 'run')} imported.", icon=":material/check:")
    for one in done[:MAX_LISTED]:
        _link(one, f"{one.started} · {one.facts}")
    if len(done) > MAX_LISTED:
        st.caption(f"And {len(done) - MAX_LISTED:,} more: the list marks them as imported.")
    if st.button("Close", key="import.close"):
        _close()
        st.rerun()
