"""The file's name, what it runs on, its state; and what is wrong with it, where it does not run."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import streamlit as st

from pages.program.draft import draft_error
from pages.program.fields import static_key
from pages.shared.text import escape_markdown, show_error
from pages.shared.updates import follow_program
from refine_core.formatting import format_clock
from refine_core.program_files import ProgramProblem, ProgramProcess, Snapshot

_STATES: Final = {
    "starting": ":material/hourglass_top: Importing the file …",
    "ready": ":material/check_circle: Ready",
    "running": ":material/play_circle: Running",
    "cancelling": ":material/stop_circle: Cancelling …",
    "failed": ":material/error: Does not run",
}
MAX_PATH: Final = 60


def draw_header(process: ProgramProcess, shown: Snapshot) -> None:
    """One line, which says when the state changes, and has the whole page drawn again then."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.header(escape_markdown(shown.path.name), anchor=False, width="content")
        with st.container(width="content", horizontal=True, vertical_alignment="center", gap=None):
            _watch(process, shown)
        st.caption(escape_markdown(_describe(shown)), width="stretch", help=escape_markdown(_explain(shown)))
        if st.button(
            "Start again",
            key=static_key("restart"),
            type="tertiary",
            icon=":material/refresh:",
            disabled=shown.busy,
            help="Runs the file anew, as a change of it does by itself.",
        ):
            process.restart()
    if shown.notice:
        st.caption(f":material/info: {escape_markdown(shown.notice)}")
    if error := draft_error():
        show_error(f"What is typed here is not kept: {error}")


def draw_problem(process: ProgramProcess, shown: Snapshot) -> None:
    """Why the file does not run, and what to do; or that its import takes long."""
    if shown.imports_long:
        st.warning(
            "The import takes long. If the file loads something large, wait. If it loops or waits for input at its top level, stop it.",
            icon=":material/hourglass_top:",
        )
        if st.button("Stop", key=static_key("stop"), icon=":material/stop_circle:"):
            process.stop_import()
    if shown.problem is not None:
        show_problem(shown.problem)


def show_problem(problem: ProgramProblem) -> None:
    """What happened, what to do, and the traceback."""
    _state_problem(problem)
    if problem.traceback:
        st.code(problem.traceback.rstrip(), language=None, wrap_lines=True)


def show_run_problem(problem: ProgramProblem) -> None:
    """The same above a run, which says where it failed, too."""
    _state_problem(problem)
    if problem.traceback:
        with st.expander("Traceback"):
            st.code(problem.traceback.rstrip(), language=None, wrap_lines=True)


def _state_problem(problem: ProgramProblem) -> None:
    # Not show_error: a sentence that begins with the name of a file gets no capital.
    st.error(escape_markdown(f"{problem.headline}. {problem.advice}".strip()), icon=":material/error:")
    if problem.command:
        st.code(problem.command, language=None, wrap_lines=True)


@st.fragment
def _watch(process: ProgramProcess, shown: Snapshot) -> None:
    """The state. Whatever of the page depends on the process is drawn again when that has changed."""
    latest = process.snapshot()
    if what_is_drawn(latest) != what_is_drawn(shown):
        st.rerun()
    with st.container(horizontal=True, width="content", vertical_alignment="center", gap=None):
        st.markdown(f":small[{_STATES[latest.state]}]", width="content")
        follow_program(latest.revision, part="state")


def what_is_drawn(shown: Snapshot) -> tuple[object, ...]:
    """All that the page shows of the process, but for its output."""
    return (
        shown.state,
        shown.starts,
        shown.run_id,
        shown.problem,
        shown.run_problem,
        shown.notice,
        shown.imports_long,
    )


def _describe(shown: Snapshot) -> str:
    found = shown.description
    parts = [*found.libraries, f"Python {found.python.rpartition('(')[2].rstrip(')')}"] if found else []
    return " · ".join([*parts, _shorten(shown.path.parent)])


def _explain(shown: Snapshot) -> str:
    python = f" by {shown.description.python}" if shown.description else ""
    return f"{shown.path}, run{python} in a process of its own. Started {format_clock(shown.since)}."


def _shorten(folder: Path) -> str:
    text = str(folder)
    home = str(Path.home())
    text = f"~{text.removeprefix(home)}" if text.startswith(home) else text
    return text if len(text) <= MAX_PATH else f"…{text[-MAX_PATH:]}"
