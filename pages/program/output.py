"""What the file's process printed, as a terminal shows it; it grows while one looks."""

from __future__ import annotations

from typing import Final

import streamlit as st

from pages.program.fields import static_key
from pages.shared.updates import follow_program
from refine_core.program_files import ProgramProcess, Snapshot
from refine_core.runs import make_well_formed
from refine_core.unseen import show_unseen

HEIGHT_PX: Final = 220
SHOWN_CHARACTERS: Final = 20_000


def draw_output(process: ProgramProcess, shown: Snapshot) -> None:
    """The end of it; the whole can be downloaded."""

    @st.fragment
    def view() -> None:
        latest = process.snapshot()
        text = show_unseen(make_well_formed(latest.output))
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.markdown("**Output**", width="stretch")
            if text:
                st.download_button(
                    "Download",
                    latest.output,
                    file_name=f"{shown.path.stem}-output.txt",
                    mime="text/plain",
                    key=static_key("download"),
                    type="tertiary",
                    icon=":material/download:",
                    on_click="ignore",
                )
        if not text:
            st.caption(
                "Nothing printed yet. What the file and its reward print stands here, with the traceback of each error."
            )
        else:
            with st.container(height=HEIGHT_PX, border=False, autoscroll=True):
                st.code(text[-SHOWN_CHARACTERS:].rstrip("\n"), language=None, wrap_lines=True)
        follow_program(latest.revision, part="output")

    view()
