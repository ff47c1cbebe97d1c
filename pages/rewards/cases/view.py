"""The cases: outputs that were pinned, run with the reward at every edit. List, changes, import, and the same as a pytest file."""

from __future__ import annotations

from typing import Final

import streamlit as st

from pages.rewards.bench import Bench
from pages.rewards.cases import state as case_state
from pages.rewards.cases.files import draw_files
from pages.rewards.cases.form import draw_case
from pages.rewards.cases.listing import draw_list
from pages.rewards.cases.running import (
    CaseRun,
    allow_judge,
    count_cases,
    read_case_run,
    stop_asking,
    wait_for_cases,
)
from pages.rewards.fields import static_key
from pages.rewards.headline import draw_headline
from pages.rewards.judge import draw_choice
from pages.rewards.threshold import draw_threshold
from pages.shared.text import escape_markdown, show_error
from refine_core import workbench
from refine_core.cases import MAX_CASES, Case, list_labelled
from refine_core.formatting import format_number, pluralize

__all__ = ["count_cases", "draw_bar", "draw_cases", "draw_under", "wait_for_cases"]

LOOKED_AT: Final = 5_000  # rows, for labels


def draw_bar(bench: Bench) -> None:
    """Beside the tabs: cases out of labels and files, and into files."""
    draw_files(bench, read_case_run(bench).cases)


def draw_cases(bench: Bench) -> None:
    """The verdict and the list; what cases are for, where there are none."""
    run = read_case_run(bench)
    draw_headline(*_describe(bench, run))
    if problem := case_state.find_problem():
        show_error(f"the pinned cases cannot be read, so they are left as they are: {problem}")
    if len(run.cases):
        draw_list(run, _find_selected(run))
    _draw_undo()
    _draw_judge(bench, run)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        if any(case.want.kind in ("good", "bad") for case in run.cases):
            draw_threshold(bench)
        _draw_labelled(bench)


def draw_under(bench: Bench) -> None:
    """Under the editor: the case that is looked at, and what can be changed of it."""
    run = read_case_run(bench)
    case = _find_selected(run)
    if case is not None:
        result = (
            None
            if run.report is None
            else next(one for one in run.report.results if one.case.name == case.name)
        )
        draw_case(case, None if result is None else result.score)


def _find_selected(run: CaseRun) -> Case | None:
    """The case that was chosen; else the first that fails, else the first."""
    chosen = run.cases.find(case_state.selected_case())
    if chosen is not None or not run.cases.cases:
        return chosen
    failed = [one.case for one in run.report.results if one.state == "failed"] if run.report else []
    return failed[0] if failed else run.cases.cases[0]


def _describe(bench: Bench, run: CaseRun) -> tuple[str, str]:
    if not len(run.cases):
        return (
            "No case is pinned yet",
            "Press “Pin as a case” under a selected row in Scores, or type one with “New case”. Cases are run at every edit and saved with the reward.",
        )
    if run.report is None:
        count = pluralize(len(run.cases), "case")
        if run.scoring is not None and run.scoring.running:
            return f"Running {count} …", ""
        if bench.error is not None or run.scoring is not None:
            return f"{count}, not run", "The reward cannot be loaded. The line above the editor says why."
        return f"{count}, not run", "Write a reward: the cases are run with it at every edit."
    return run.report.text.rstrip("."), _describe_threshold(run)


def _describe_threshold(run: CaseRun) -> str:
    """What good and bad mean here."""
    kinds = {case.want.kind for case in run.cases} & {"good", "bad"}
    if not kinds:
        return "Run at every edit, without a model call."
    if run.cases.threshold is not None:
        return f"Run at every edit. Good: at least the threshold {format_number(run.cases.threshold)}; bad: below it."
    if len(kinds) == 1:
        other = "bad" if "good" in kinds else "good"
        return f"Run at every edit. Without a threshold, good is compared with bad: pin one {other} output, or set a threshold below."
    return "Run at every edit. There is no threshold, so every good case has to score above every bad one."


def _draw_undo() -> None:
    what = case_state.describe_undo()
    if what:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.caption(escape_markdown(what), width="content")
            st.button("Undo", key=static_key("cases-undo"), type="tertiary", on_click=case_state.undo_cases)


def _draw_judge(bench: Bench, run: CaseRun) -> None:
    """Where cases wait for the judge: what asking it costs, and the press that allows it."""
    task, report = bench.task, run.report
    if run.asks and run.pending:
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.caption("Asking the judge …", width="content")
            st.button("Cancel", key=static_key("cases-stop"), type="tertiary", on_click=stop_asking)
        return
    waiting = report.count_in("waiting") if report is not None else 0
    if task is None or report is None or not waiting:
        return
    timelines = [one.timeline for one in bench.sources if one.timeline is not None]
    rows = [one.case.to_row() for one in report.results if one.state == "waiting"]
    price = workbench.estimate_rejudging(task.recognized, rows, bench.judge, 1, timelines).price
    label = escape_markdown(f"Run {pluralize(waiting, 'case')}: {price}")
    with st.popover(label, key=static_key("cases-judge")), st.container(width=360, gap="xsmall"):
        st.caption(
            "These cases ask a model to judge. Its answers are kept, so the same question is asked once."
        )
        draw_choice(bench, failed=False)
        st.button(
            "Ask the judge",
            type="primary",
            key=static_key("cases-ask"),
            disabled=bench.judge is None,
            on_click=allow_judge,
        )


def _draw_labelled(bench: Bench) -> None:
    """Labels that people gave become cases with one press."""
    if bench.task is None or not bench.rows.labelled:
        return
    pinned = case_state.read_case_set()
    labelled = list_labelled(bench.task.rows[:LOOKED_AT], pinned)
    count = min(len(labelled), MAX_CASES - len(pinned))
    if count <= 0:
        return
    first = "" if count == len(labelled) else "the first "

    def pin() -> None:
        now = case_state.read_case_set()
        case_state.write_case_set(now.add_all(labelled[: MAX_CASES - len(now)]))

    st.button(
        f"Pin {first}{pluralize(count, 'labelled output')}",
        key=static_key("pin-labelled"),
        icon=":material/push_pin:",
        help="Labelled good becomes a good case, labelled bad a bad one.",
        on_click=pin,
    )
