"""The timeline of a run on screen: the chart, ways to step through it, and the ledger beneath.

    draw_timeline(timeline, selected=…, key=…) -> the attempt that the person has just picked, or None

The browser keeps one chart and brings it up to date, so that zoom, selection and focus outlast every new attempt. What
is drawn is refine_core.figures; how, assets/timeline. Nothing is sent anew while the run's log has not grown.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Final, TypedDict

import streamlit as st

from pages.shared.web import PLOTLY, TIMELINE, import_script, url_of
from refine_core import figures
from refine_core.messages import ATTEMPT_OUTCOMES, describe_caller
from refine_core.programs import ProgramSpec
from refine_core.runs import Timeline

DRAFT_TAIL: Final = 600  # characters of a reply that is being written
STYLES: Final = ("timeline.css", "chart.css")

_component = st.components.v2.component(
    "refinescope.timeline",
    js=import_script(TIMELINE),
    css="\n".join(TIMELINE.with_name(name).read_text(encoding="utf-8") for name in STYLES),
    isolate_styles=False,
)


class _Pick(TypedDict):
    """What the browser sends: the attempt's index, and the browser's own clock in milliseconds."""

    attempt: int
    at: float


def draw_timeline(
    timeline: Timeline, *, selected: int | None, key: str, reveal: bool = False, live: bool = True
) -> int | None:
    """Draw `timeline` with the attempt of index `selected` marked; return the index newly picked by the person, or None.

    reveal: bring it into view once, if it is off the screen. live: whether a run without an end still goes on.
    A pick shows in the browser at once; the caller remembers it and passes it as `selected` from then on.
    In an AppTest, pick with `at.session_state[key] = {"picked": {"attempt": 1, "at": 0}}`.
    """
    indices = {attempt.index for attempt in timeline.attempts}
    pick = _read_pick(st.session_state.get(key), indices)
    data = {
        **_pack(figures.build_figure(timeline)),
        "plotly": url_of(PLOTLY),
        "run": timeline.run_id,
        "label": figures.label(timeline),
        "writing": _describe_draft(timeline) if live and timeline.end is None else None,
        "alt": figures.describe_figure(timeline, live=live),
        "columns": [
            {"key": c.key, "title": c.title, "brief": c.brief, "number": c.number} for c in figures.COLUMNS
        ],
        "rows": [_row(row) for row in figures.build_ledger(timeline)],
        "selected": pick["attempt"] if pick else selected if selected in indices else None,
        "picked_at": pick["at"] if pick else None,
        "reveal": reveal,
        "best": timeline.best,
        "first_failed": timeline.first_failed,
    }
    picked = _component(key=key, data=data, on_picked_change=lambda: None)
    new, memory = _read_pick(picked, indices), f"{key}-told"
    if new is None or st.session_state.get(memory) == new:  # Streamlit may carry one pick into two runs
        return None
    st.session_state[memory] = new
    return new["attempt"]


def draw_ghost(spec: ProgramSpec, *, key: str) -> None:
    """Draw the attempts that a run of `spec` may make, in the very place and size of the run's own timeline."""
    figure = _pack(figures.build_ghost(spec))
    _component(
        key=key,
        data={
            **figure,
            "ghost": True,
            "run": "",
            "label": "",
            "writing": None,
            "alt": figures.describe_ghost(spec),
            "columns": [],
            "rows": [],
            "selected": None,
            "picked_at": None,
            "reveal": False,
            "best": None,
            "first_failed": None,
        },
        on_picked_change=lambda: None,
    )


def _pack(figure: Mapping[str, object]) -> dict[str, str]:
    """The figure as text, which the browser compares and takes apart faster than nested data, and its hash."""
    packed = json.dumps(figure, allow_nan=False, separators=(",", ":"))
    return {"figure": packed, "revision": hashlib.blake2b(packed.encode(), digest_size=8).hexdigest()}


def _describe_draft(timeline: Timeline) -> dict[str, str]:
    """Who is asked now, and the end of what the reply says so far; all of it will stand in the attempt."""
    waiting = [call for call in timeline.calls if call.waiting]
    if not waiting:
        return {"who": "No model call is running.", "text": ""}
    call = waiting[-1]
    state = "is being written" if call.draft else "waiting for the first token"
    text = call.draft if len(call.draft) <= DRAFT_TAIL else f"… {call.draft[-DRAFT_TAIL:]}"
    return {"who": f"{describe_caller(timeline, call)} · {state}", "text": text}


def _read_pick(state: object, indices: set[int]) -> _Pick | None:
    """A pick as the browser sent it, if there is one and the attempt exists: a browser can send anything."""
    pick = state.get("picked") if isinstance(state, Mapping) else None
    if not isinstance(pick, Mapping):
        return None
    attempt, at = pick.get("attempt"), pick.get("at")
    if attempt not in indices or not isinstance(at, int | float):
        return None
    return {"attempt": attempt, "at": at}


def _row(row: figures.Row) -> dict[str, object]:
    return {
        "attempt": row.attempt,
        "outcome": row.outcome,
        "words": row.words + (f", {ATTEMPT_OUTCOMES['returned']}" if row.returned else ""),
        "returned": row.returned,
        "started_at": row.started_at,
        "cells": {key: [cell.text, cell.title, cell.quiet] for key, cell in row.cells.items()},
    }
