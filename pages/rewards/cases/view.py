"""The cases: outputs that were pinned, run with the reward at every edit. List, changes, import, and the same as a pytest file."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import streamlit as st

from pages.rewards import fields
from pages.rewards.bench import Bench
from pages.rewards.cases import state as case_state
from pages.rewards.cases.files import draw_files
from pages.rewards.cases.form import draw_case
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
from pages.shared.clicks import take_click
from pages.shared.text import escape_markdown, one_line, show_error
from pages.shared.web import CASES, import_script, read_styles
from refine_core import workbench
from refine_core.cases import MAX_CASES, Case, CaseResult, list_labelled, name_output
from refine_core.formatting import format_number, format_score, pluralize
from refine_core.runs import format_value
from refine_core.unseen import show_unseen_in

__all__ = ["count_cases", "draw_bar", "draw_cases", "draw_under", "take_case_clicks", "wait_for_cases"]

KEY: Final = static_key("cases")
OUTPUT_CHARACTERS, GOT_CHARACTERS = 200, 200
LOOKED_AT: Final = 5_000  # rows, for labels
_component = st.components.v2.component(
    "refinescope.rewards.cases",
    js=import_script(CASES),
    css=read_styles(CASES),
)


def take_case_clicks() -> None:
    """Do what was pressed in the list. Before anything is drawn; a browser can send anything."""
    chosen, removed = take_click(KEY, "chosen"), take_click(KEY, "remove")
    names = {one.name for one in case_state.read_case_set()} if chosen or removed else set()
    if chosen is not None and chosen.get("name") in names:
        case_state.select_case(str(chosen["name"]))
    if removed is not None and removed.get("name") in names:
        case_state.remove_case(str(removed["name"]))


def draw_bar(bench: Bench) -> None:
    """Beside the tabs: cases out of labels and files, and into files."""
    draw_files(bench, read_case_run(bench).cases)


def draw_cases(bench: Bench) -> None:
    """The verdict and the list; what cases are for, where there are none.

    In an AppTest, choose with `at.session_state[KEY] = {"chosen": {"name": "nothing", "at": 1}}`.
    """
    run = read_case_run(bench)
    draw_headline(*_describe(bench, run))
    if problem := case_state.find_problem():
        show_error(f"the pinned cases cannot be read, so they are left as they are: {problem}")
    if len(run.cases):
        _draw_list(run)
    _draw_undo()
    _draw_judge(bench, run)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        _draw_threshold(run)
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


def _draw_list(run: CaseRun) -> None:
    selected = _find_selected(run)
    results = run.report.results if run.report is not None else ()
    _component(
        key=KEY,
        data=show_unseen_in(
            {
                "cases": [_line(case, results[i] if results else None) for i, case in enumerate(run.cases)],
                "selected": selected.name if selected is not None else "",
                "pending": run.pending,
            }
        ),
        height="content",
        on_chosen_change=lambda: None,
        on_remove_change=lambda: None,
    )


def _line(case: Case, result: CaseResult | None) -> dict[str, object]:
    output = one_line(format_value(next(iter(case.prediction.values()), "")), OUTPUT_CHARACTERS)
    line: dict[str, object] = {
        "name": case.name,
        "output": output,
        "named_after_it": case.name.startswith(name_output(case.to_row())),
        "state": "unknown",
        "got": "",
        "wanted": case.want.text,
        "failed": False,
    }
    if result is None:
        return line
    error = result.score.error
    got = (
        one_line(result.got, GOT_CHARACTERS)
        if result.value is None
        else format_score(result.value, (case.want.low, case.want.high))
    )
    return line | {"state": result.state, "got": got, "wanted": result.wanted, "failed": error is not None}


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


def _draw_threshold(run: CaseRun) -> None:
    """What good and bad are compared with; empty: with each other."""
    if not any(case.want.kind in ("good", "bad") for case in run.cases):
        return
    key = static_key("cases-threshold")
    st.session_state[key] = run.cases.threshold

    def change() -> None:
        value: float | None = st.session_state[key]
        case_state.write_case_set(replace(case_state.read_case_set(), threshold=value))
        fields.write_threshold(value)

    st.number_input(
        "Threshold for good",
        value=None,
        step=0.05,
        format="%.10g",
        key=key,
        placeholder="none",
        width=180,
        on_change=change,
        help="Good: at least this score; bad: below it. Without one, every good case has to score above every bad one.",
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
