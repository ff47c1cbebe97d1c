"""What the comparison page shows, and what its controls ask for. How it looks, and its keys, are assets/compare.

draw_comparison(a, run of a, b, run of b)        what is compared, and how it is shown, stands in the address
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Final

import streamlit as st

from pages.compare.reference import Reference, parse_reference
from pages.shared import address
from pages.shared.leave import leave_for
from pages.shared.query import read_whole
from pages.shared.title import title_page
from pages.shared.web import COMPARE, import_script, read_styles
from refine_core import runs
from refine_core.comparison import compare_attempts, compare_runs, write_attempts, write_runs
from refine_core.errors import StoreError
from refine_core.formatting import format_time
from refine_core.messages import describe_outcome, format_reward
from refine_core.runs import Attempt, Run, Timeline
from refine_core.unseen import show_unseen

KEY: Final = "compare"
MAX_RUNS: Final = 50  # that "Another run" offers, the newest first
VIEWS: Final = ("side", "inline")
_MARK: Final = "mark"  # fields whose words are marked although they have little in common
_MAX_MARKS, _MAX_NAME = 20, 60
_PLACES: Final = {"runs": address.RUNS, "run": address.RUN}
_component = st.components.v2.component(
    "refinescope.compare",
    js=import_script(COMPARE),
    css=read_styles(COMPARE, root=".compare"),
)


def draw_comparison(a: Reference, first: Run, b: Reference, second: Run) -> None:
    """Draw both side by side, and do what the page's controls ask for.

    In an AppTest, press a control with `at.session_state["compare"] = {"asked": {"a": "run-1.2", "at": 0}}`.
    """
    title_page(f"Compare · {runs.title(second.timeline.spec)}")
    data: dict[str, object] = {
        "a": _side(a, first),
        "b": _side(b, second),
        "view": st.query_params.get("view") if st.query_params.get("view") in VIEWS else VIEWS[0],
        "unfold": st.query_params.get("unfold") == "1",
        "runs": _recent(),
        "row": read_whole("row"),
        "marked": st.query_params.get_all(_MARK),
        "live": first.live or second.live,
        **_compared(a, first.timeline, b, second.timeline),
    }
    result = _component(key=KEY, data=data, on_asked_change=_follow, on_left_change=lambda: None)
    if isinstance(result.left, Mapping) and str(result.left.get("page")) in _PLACES:
        query = {name: str(result.left[name]) for name in ("run", "attempt") if result.left.get(name)}
        leave_for(_PLACES[str(result.left["page"])], query)


def _compared(a: Reference, first: Timeline, b: Reference, second: Timeline) -> dict[str, object]:
    if a.number is None or b.number is None:
        whole = compare_runs(first, second)
        return {"whole": asdict(whole), "text": write_runs(whole)}
    one, other = first.attempts[a.number - 1], second.attempts[b.number - 1]
    comparison = compare_attempts(first, one, second, other)
    return {"attempts": asdict(comparison), "text": write_attempts(comparison)}


def _follow() -> None:
    """Put into the address what the browser asks for. A browser can send anything."""
    asked = st.session_state[KEY].get("asked")
    if not isinstance(asked, Mapping):
        return
    for letter in ("a", "b"):
        wanted = asked.get(letter)
        if isinstance(wanted, str) and parse_reference(wanted) is not None:
            st.query_params[letter] = wanted
            st.query_params.pop("row", None)
            st.query_params.pop(_MARK, None)
    if isinstance(marked := asked.get("marked"), list):
        st.query_params[_MARK] = [str(one)[:_MAX_NAME] for one in marked[:_MAX_MARKS]]
    if isinstance(row := asked.get("row"), int):
        st.query_params["row"] = str(row)
    if asked.get("view") in VIEWS:
        st.query_params["view"] = asked["view"]
    if asked.get("unfold") is True:
        st.query_params["unfold"] = "1"
    elif asked.get("unfold") is False:
        st.query_params.pop("unfold", None)


def _side(reference: Reference, run: Run) -> dict[str, object]:
    timeline = run.timeline
    best = timeline.returned_index if timeline.returned_index is not None else timeline.best
    return {
        "reference": str(reference),
        "run": run.run_id,
        "number": reference.number,
        "title": show_unseen(runs.title(timeline.spec)),
        "model": show_unseen(timeline.spec.model.label),
        "started": _tell_apart(timeline.spec.change, timeline.started_at),
        "attempts": [[a.index + 1, _describe(timeline, a)] for a in timeline.attempts],
        "best": None if best is None else best + 1,
    }


def _tell_apart(change: str, started_at: float) -> str:
    """What tells runs of one name apart: what was changed since the run before, as in "hint for write"; and when it began."""
    when = format_time(started_at)
    return f"{show_unseen(change)} · {when}" if change else when


def _describe(timeline: Timeline, attempt: Attempt) -> str:
    """An attempt in a list to choose from: "Attempt 4 · 1.00, returned"."""
    words = "returned" if attempt.is_returned else describe_outcome(timeline, attempt)
    if attempt.reward is None:
        return f"Attempt {attempt.index + 1} · {words}"
    note = f", {words}" if words != "scored" else ""
    return f"Attempt {attempt.index + 1} · {format_reward(timeline, attempt.reward)}{note}"


def _recent() -> list[dict[str, object]]:
    """The newest runs, to choose another one from."""
    try:
        rows = runs.search(size=MAX_RUNS).rows
    except StoreError:
        return []
    return [
        {
            "run": row.run_id,
            "title": show_unseen(row.name),
            "about": f"{_tell_apart(row.summary.change, row.summary.started_at)} · {show_unseen(row.summary.model)}",
            "count": len(row.summary.rewards),
            "best": None if row.summary.best is None else row.summary.best + 1,
        }
        for row in rows
    ]
