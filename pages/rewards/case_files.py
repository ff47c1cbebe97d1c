"""Cases into files and out of them: NAME.cases.json, which the command line reads, and a pytest file that runs by itself."""

from __future__ import annotations

from typing import Final

import streamlit as st

from pages.rewards import case_state, draft
from pages.rewards.fields import static_key
from pages.shared.text import show_error
from refine_core.cases import CaseSet, read_cases, write_cases
from refine_core.formatting import pluralize

MAX_BYTES: Final = 4 << 20


def draw_files(cases: CaseSet) -> None:
    """Import, and the files that the pinned cases make."""
    with st.container(
        horizontal=True, horizontal_alignment="right", vertical_alignment="center", gap="small"
    ):
        _draw_import()
        if len(cases):
            st.download_button(
                "Download",
                lambda: write_cases(cases).encode(),
                file_name=f"{_file_name()}.cases.json",
                mime="application/json",
                key=static_key("cases-download"),
                type="tertiary",
                on_click="ignore",
            )


def _draw_import() -> None:
    with st.popover(
        "Import", type="tertiary", key=static_key("cases-import", len(case_state.read_case_set()))
    ):
        uploaded = st.file_uploader("A file NAME.cases.json", type="json", key=static_key("cases-file"))
        if uploaded is None:
            return
        if uploaded.size > MAX_BYTES:
            show_error("the file is larger than 4 MB")
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


def _file_name() -> str:
    """The saved reward's name, as a file's."""
    name = "".join(char if char.isalnum() else "_" for char in draft.base().name).strip("_").lower()
    return name or "reward"
