"""The list of the pinned cases, for the cases and for the doctor.

draw_list(run, selected)     in the cases: one is selected        draw_brief_list(run)     in the doctor: a press leads to the cases
"""

from __future__ import annotations

from typing import Final

import streamlit as st

from pages.rewards import fields
from pages.rewards.cases import state as case_state
from pages.rewards.cases.running import CaseRun
from pages.rewards.exact_text import show_exactly
from pages.rewards.fields import static_key
from pages.shared.clicks import take_click
from pages.shared.text import one_line
from pages.shared.web import CASES, import_script, read_styles
from refine_core.cases import Case, CaseResult, name_output
from refine_core.formatting import format_score
from refine_core.runs import format_value
from refine_core.unseen import show_unseen_in

KEY: Final = static_key("cases")
BRIEF: Final = static_key("cases-brief")
OUTPUT_CHARACTERS, GOT_CHARACTERS = 200, 200
_component = st.components.v2.component(
    "refinescope.rewards.cases",
    js=import_script(CASES),
    css=read_styles(CASES),
)


def take_case_clicks() -> None:
    """Do what was pressed in a list. Before anything is drawn; a browser can send anything."""
    chosen, removed, opened = (
        take_click(KEY, "chosen"),
        take_click(KEY, "remove"),
        take_click(BRIEF, "chosen"),
    )
    names = {one.name for one in case_state.read_case_set()} if chosen or removed or opened else set()
    for one in (chosen, opened):
        if one is not None and one.get("name") in names:
            case_state.select_case(str(one["name"]))
    if opened is not None:
        fields.write_view("cases")
    if removed is not None and removed.get("name") in names:
        case_state.remove_case(str(removed["name"]))


def draw_list(run: CaseRun, selected: Case | None) -> None:
    """All of it, in the cases.

    In an AppTest, choose with `at.session_state[KEY] = {"chosen": {"name": "nothing", "at": 1}}`.
    """
    _draw(run, selected, KEY, brief=False)


def draw_brief_list(run: CaseRun) -> None:
    """Without a head, without outputs: whether each holds, its name, its score, what is wanted. A press goes to BRIEF."""
    _draw(run, None, BRIEF, brief=True)


def _draw(run: CaseRun, selected: Case | None, key: str, *, brief: bool) -> None:
    results = run.report.results if run.report is not None else ()
    _component(
        key=key,
        data=show_unseen_in(
            {
                "cases": [_line(case, results[i] if results else None) for i, case in enumerate(run.cases)],
                "selected": selected.name if selected is not None else "",
                "pending": run.pending,
                "brief": brief,
            }
        ),
        height="content",
        on_chosen_change=lambda: None,
        on_remove_change=lambda: None,
    )


def _line(case: Case, result: CaseResult | None) -> dict[str, object]:
    text = format_value(next(iter(case.prediction.values()), ""))
    blank = show_exactly(text) if not text.strip() else None  # else nothing would be seen
    output = one_line(text, OUTPUT_CHARACTERS) if blank is None else blank.short
    line: dict[str, object] = {
        "name": case.name,
        "output": output,
        "said": blank is not None,
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
