"""Cases into files and out of them: NAME.cases.json, which the command line reads, and a pytest file that runs by itself."""

from __future__ import annotations

from typing import Final

import streamlit as st

from pages.rewards import draft
from pages.rewards.bench import Bench
from pages.rewards.cases import state as case_state
from pages.rewards.cases.new_case import draw_new_case
from pages.rewards.fields import static_key
from pages.shared.text import escape_markdown, show_error
from refine_core.cases import CaseSet, export_pytest, read_cases, write_cases
from refine_core.errors import RefineError
from refine_core.formatting import pluralize

MAX_MB: Final = 4
_WRITTEN: Final = static_key("cases-pytest")


def draw_files(bench: Bench, cases: CaseSet) -> None:
    """Import, and the files that the pinned cases make."""
    with st.container(
        horizontal=True, horizontal_alignment="right", vertical_alignment="center", gap="small"
    ):
        draw_new_case(bench)
        _draw_import()
        if len(cases):
            draw_export(bench, cases)


def draw_export(bench: Bench, cases: CaseSet) -> None:
    """The cases as a pytest file to copy or download, and as a file that the command line and this page read."""
    name = _file_name(bench)
    with (
        st.popover("Copy as pytest", type="tertiary", key=static_key("cases-export")),
        st.container(width=560, gap="xsmall"),
    ):
        text, problem = _write_pytest(bench, cases, f"test_{name}.py")
        if problem:
            st.caption(escape_markdown(problem))
        else:
            st.caption(
                f"The reward and its cases in one file that runs by itself: `pytest test_{name}.py`. The button in its corner copies it."
            )
            st.code(text, language=None, height=320)
        with st.container(horizontal=True, gap="small"):
            if text:
                _download("pytest", text, f"test_{name}.py", "text/x-python")
            _download("cases", write_cases(cases), f"{name}.cases.json", "application/json")
        st.caption(f"`{name}.cases.json` holds the cases alone, for Import here and for `refinescope check`.")


def _download(what: str, text: str, file: str, mime: str) -> None:
    st.download_button(
        file,
        text.encode(),
        file_name=file,
        mime=mime,
        icon=":material/download:",
        key=static_key("cases-download", what),
        on_click="ignore",
    )


def _write_pytest(bench: Bench, cases: CaseSet, file: str) -> tuple[str, str]:
    """The pytest file; or why there is none. Written again when something of it has changed."""
    if bench.task is None:
        return "", "The reward cannot be read, so it cannot be exported. The line above the editor says why."
    of = (bench.task.key, case_state.cases_text(), cases.threshold, file)
    written = st.session_state.get(_WRITTEN)
    if written is None or written[0] != of:
        try:
            made = export_pytest(bench.task.recognized, cases, file=file), ""
        except RefineError as error:
            made = "", f"The cases cannot be exported: {error}"
        written = st.session_state[_WRITTEN] = (of, made)
    text, problem = written[1]
    return text, problem


def _draw_import() -> None:
    with st.popover(
        "Import", type="tertiary", key=static_key("cases-import", len(case_state.read_case_set()))
    ):
        uploaded = st.file_uploader(
            "A file NAME.cases.json", type="json", key=static_key("cases-file"), max_upload_size=MAX_MB
        )
        if uploaded is None:
            return
        try:
            new = read_cases(uploaded.getvalue().decode("utf-8-sig"))
        except ValueError as error:
            show_error(str(error))
            return
        st.button(
            f"Add {pluralize(len(new), 'case')}",
            key=static_key("cases-add"),
            type="primary",
            on_click=_add,
            args=(new,),
        )


def _add(new: CaseSet) -> None:
    now = case_state.read_case_set()
    try:
        threshold = now.threshold if now.threshold is not None else new.threshold
        case_state.write_case_set(CaseSet(now.add_all(new).cases, threshold))
    except ValueError as error:
        case_state.show_problem(str(error))


def _file_name(bench: Bench) -> str:
    """The name of the saved reward, else of its function, as that of a file."""
    function = bench.task.recognized.functions[0].name if bench.task is not None else ""
    called = draft.base().name or function
    return "".join(char if char.isalnum() else "_" for char in called).strip("_").lower() or "reward"
