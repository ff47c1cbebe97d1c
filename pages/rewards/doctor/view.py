"""The doctor: how the reward can be paid for nothing, which right answers it refuses, what its code and its scores give away.

count_doctor(bench)     on its tab
draw_bar(bench)         beside the tabs: which right answer the probes are made from
draw_doctor(bench)      the verdict and the probes
draw_under(bench)       under the editor: what reading the code finds, and what is odd about the rows
"""

from __future__ import annotations

from typing import Final

import streamlit as st

from pages.rewards import fields
from pages.rewards.bench import Bench
from pages.rewards.cases.files import draw_export
from pages.rewards.cases.listing import draw_brief_list
from pages.rewards.cases.running import read_case_run
from pages.rewards.doctor.examining import (
    Examined,
    cancel_examination,
    examine_again,
    list_code_findings,
    read_examination,
)
from pages.rewards.doctor.findings import draw_findings
from pages.rewards.doctor.judge_wobble import draw_wobble, read_wobble
from pages.rewards.doctor.messages import OLD, describe, what_to_do
from pages.rewards.doctor.probes import draw_probes
from pages.rewards.doctor.right_answer import choose_right_answer, find_probes
from pages.rewards.doctor.rows import describe_rows, list_row_findings
from pages.rewards.fields import static_key
from pages.rewards.sources import bring_rows, draw_sources
from pages.rewards.threshold import draw_threshold
from pages.shared.text import escape_markdown
from refine_core.formatting import pluralize

POLL_S: Final = 0.25


def count_doctor(bench: Bench) -> str:
    """How much it found: in the code, in the probes and on the rows; notes and what is still being worked out are not counted."""
    examined = read_examination(bench)
    found = list(list_code_findings(bench))
    count = 0
    if examined.shown is not None and examined.current:
        shown = examined.shown
        found += list_row_findings(shown)
        # A text that names the answer and is paid like it, such as its words in another order, is shown, and alarms nobody.
        count = sum(one.claim != "mention" for one in shown.paid_for_nothing) + len(shown.refused)
    count += sum(one.severity != "note" for one in found)
    judged = read_wobble(bench)
    count += judged is not None and judged.wobbles
    return f":orange-badge[{count}]" if count else ""


def wait_for_doctor(bench: Bench) -> None:
    """Draw the page again as soon as there is more to count, where the doctor is not looked at; there it does so itself."""
    job = read_examination(bench).job
    if not read_examination(bench).running or job is None or fields.read_view() == "doctor":
        return

    @st.fragment(run_every=POLL_S)
    def wait() -> None:
        if not job.running:
            st.rerun()

    wait()


def draw_bar(bench: Bench) -> None:
    """Which right answer the probes are made from; where there is none, the sources of the rows."""
    examined = read_examination(bench)
    tried = examined.shown is not None and any(one.results for one in examined.shown.probes)
    if not bench.rows and not tried:
        return
    with st.container(horizontal=True, wrap=False, vertical_alignment="center", gap="small"):
        _draw_stop(examined)
        with st.container(width="stretch"):
            if examined.shown is None or not tried:
                draw_sources(bench)
            else:
                choose_right_answer(bench, examined.shown)


def _draw_stop(examined: Examined) -> None:
    """Cancel, while it goes on; and the way back. Beside the tabs, where they move nothing."""
    if examined.running:
        st.button("Cancel", key=static_key("cancel-doctor"), type="tertiary", on_click=cancel_examination)
    elif examined.job is not None and examined.job.cancelled:
        st.button("Examine", key=static_key("examine"), type="tertiary", on_click=examine_again)


def draw_doctor(bench: Bench) -> None:
    """The verdict, how far it is, and the probes."""
    examined = read_examination(bench)
    headline, detail = describe(bench, examined)
    with st.container(gap=None, key=static_key("verdict")):
        st.markdown(f"## {escape_markdown(headline)}", anchors=False)
        _draw_detail(bench, examined, detail)
    if examined.shown is not None and (probes := find_probes(examined.shown)):
        draw_probes(probes, pending=not examined.current)
    elif advice := what_to_do(bench, examined):
        st.markdown(escape_markdown(advice))
        if bench.rows:
            st.button(
                "Choose a right output in Scores",
                key=static_key("choose-right"),
                on_click=fields.write_view,
                args=("scores",),
            )
    draw_wobble(bench)
    _draw_cases(bench)
    if not bench.rows:
        bring_rows()


def draw_under(bench: Bench) -> None:
    """Under the editor: what reading the code finds, and what is odd about the rows."""
    draw_findings(bench, list_code_findings(bench), describe_rows(bench, read_examination(bench)))
    if bench.task is not None and bench.rows:
        draw_threshold(bench)


def _draw_cases(bench: Bench) -> None:
    """What was pinned, and whether it holds; a press leads to the case."""
    run = read_case_run(bench)
    if not len(run.cases):
        return
    with st.container(gap=None, key=static_key("doctor-cases")):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.markdown("**Pinned cases, run at every edit**", width="stretch")
            draw_export(bench, run.cases)
        draw_brief_list(run)


def _draw_detail(bench: Bench, examined: Examined, detail: str) -> None:
    """The line under the verdict; while it is being worked out, a count that moves."""
    job = examined.job
    if not examined.running or job is None:
        st.markdown(f":small[:gray[{escape_markdown(detail)}]]")
        return

    @st.fragment(run_every=POLL_S)
    def progress() -> None:
        if not job.running:
            st.rerun()
        old = f" {OLD}" if examined.shown is not None else ""
        total = job.total or len(bench.rows)
        scored = f"Scored {job.done:,} of {pluralize(total, 'row')}."
        doing = "Trying texts on the reward …" if total <= job.done else scored
        st.markdown(f":small[{doing}{old}]")

    progress()
