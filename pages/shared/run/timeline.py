"""The timeline of a run on screen: the chart, the story of the attempts or their table, and ways to step through them.

    take_clicks(timeline, key) -> the attempt that was just picked, or None      to be called before anything is drawn
    draw_timeline(timeline, selected=…, key=…)

The browser keeps one chart and brings it up to date, so that zoom, selection and focus outlast every new attempt. What
is drawn is refine_core.figures; how, assets/timeline. Nothing is sent anew while the run's log has not grown. How the attempts
are looked at (story or table, page, order, filter) stands in the address: pages/shared/run/timeline_choice.py.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Final, Literal, TypedDict

import streamlit as st

from pages.shared import address
from pages.shared.leave import leave_for
from pages.shared.run import kept, timeline_choice
from pages.shared.text import show_error
from pages.shared.web import PLOTLY, TIMELINE, import_script, read_styles, url_of
from refine_core import figures, runs
from refine_core.errors import StoreError
from refine_core.messages import ATTEMPT_OUTCOMES, describe_outcome, format_reward
from refine_core.programs import ProgramSpec
from refine_core.runs import Attempt, Timeline

PLOTLY_URL: Final = url_of(PLOTLY)
Part = Literal["all", "chart", "words"]
STYLES: Final = ("timeline.css", "chart.css")
# Of a screen's height, what is for other things than the story: it scrolls inside what is left, 400 of 900 pixels.
ROOM_PX: Final = 500

_component = st.components.v2.component(
    "refinescope.timeline",
    js=import_script(TIMELINE),
    css=read_styles(*(TIMELINE.with_name(name) for name in STYLES), root=".rs-timeline"),
    isolate_styles=False,
)


class _Pick(TypedDict):
    """What the browser sends: the attempt's index, and the browser's own clock in milliseconds."""

    attempt: int
    at: float


def take_clicks(timeline: Timeline, *, key: str) -> int | None:
    """Do what was clicked since the timeline was drawn; return the index of the attempt that was picked, or None.

    A pick shows in the browser at once; the caller remembers it and passes it to `draw_timeline` from then on.
    In an AppTest, pick with `at.session_state[key] = {"picked": {"attempt": 1, "at": 0}}`.
    """
    indices = {attempt.index for attempt in timeline.attempts}
    picked = None
    for place in (key, _words_key(key)):
        state = st.session_state.get(place)
        new = _read_pick(state, indices)
        if new is not None and _is_new(new, f"{place}-told"):
            timeline_choice.forget_page()
            picked = new["attempt"]
        _take_label(timeline.run_id, state, indices, f"{place}-labelled")
        timeline_choice.take(state, place)
        compared = _read_pick(state, indices, "compared")
        if compared is not None and _is_new(compared, f"{place}-compared"):
            index = compared["attempt"]
            pair = {"a": f"{timeline.run_id}.{index}", "b": f"{timeline.run_id}.{index + 1}"}
            leave_for(address.COMPARE, pair)
    return picked


def draw_timeline(
    timeline: Timeline,
    *,
    selected: int | None,
    key: str,
    part: Part = "all",
    reveal: bool = False,
    live: bool = True,
    room_px: int = ROOM_PX,
    now: Mapping[int, figures.Now] | None = None,
    at: float | None = None,
) -> None:
    """Draw `timeline` with the attempt of index `selected` marked.

    part: "chart" and "words" draw one of the two, each to a place of its own. reveal: bring it into view once, if it is off the
    screen. live: whether a run without an end still goes on. room_px: of the screen's height, what the page needs for other
    things than the story. now: what attempts would score now, by index; {} keeps a place for it, None does not.
    at: the time that it is there, of a run that is played; None for the clock's.
    """
    place = _words_key(key) if part == "words" else key
    state = st.session_state.get(place)
    indices = {attempt.index for attempt in timeline.attempts}
    pick = _read_pick(state, indices)
    shown = selected if selected in indices else None
    choice = timeline_choice.read(timeline)
    view = timeline_choice.view(timeline)
    words = part != "chart"
    data = {
        **(_chart(timeline, live=live) if part != "words" else _no_chart(timeline)),
        **(_over(timeline, now, live=live) if now and part != "words" else {"over": None}),
        "part": part,
        "plotly": PLOTLY_URL,
        "run": timeline.run_id,
        "label": figures.label(timeline) if part != "words" else "",
        "live": live and timeline.end is None,
        "at": at,
        "view": view,
        "clock": timeline_choice.on_clock(),
        "viewed_at": timeline_choice.last_asked(place),
        "room": room_px,
        "story": _story(timeline, choice, view, shown, live=live, now=now) if words else None,
        "table": _table(timeline, choice, view, shown, now)
        if now
        else kept.take(
            timeline,
            ("table", live, choice, view, shown, now is None),
            lambda: _table(timeline, choice, view, shown, now),
        ),
        "selected": shown,
        "named": address.attempt() is not None,
        "picked_at": pick["at"] if pick else None,
        "reveal": reveal,
        "best": timeline.best,
        "first_failed": timeline.first_failed,
        "labels": [[index, label] for index, label in _labels(timeline.run_id).items() if index in indices],
    }
    _component(
        key=place,
        data=data,
        on_picked_change=lambda: None,
        on_viewed_change=lambda: None,
        on_compared_change=lambda: None,
        on_labelled_change=lambda: None,
    )


def draw_ghost(spec: ProgramSpec, *, key: str) -> None:
    """Draw the attempts that a run of `spec` may make, in the very place and size of the run's own timeline."""
    figure = _pack(figures.build_ghost(spec))
    _component(
        key=key,
        data={
            **figure,
            "ghost": True,
            "part": "all",
            "run": "",
            "label": "",
            "live": False,
            "alt": figures.describe_ghost(spec),
            "names": [],
            "view": "table",
            "story": None,
            "table": None,
            "selected": None,
            "picked_at": None,
            "reveal": False,
            "best": None,
            "first_failed": None,
            "labels": [],
        },
        on_picked_change=lambda: None,
    )


def _chart(timeline: Timeline, *, live: bool) -> Mapping[str, object]:
    """What follows from the log alone, so that neither a selection nor another page on the same run builds it anew."""
    return kept.take(
        timeline,
        ("chart", live),
        lambda: {
            **_pack(figures.build_figure(timeline)),
            "alt": figures.describe_figure(timeline, live=live),
            "names": _names(timeline),
        },
    )


def _over(timeline: Timeline, now: Mapping[int, figures.Now], *, live: bool) -> dict[str, object]:
    """What attempts would score now, over the chart; its alternative text says it, too."""
    alt = f"{figures.describe_figure(timeline, live=live)} {figures.describe_now_marks(timeline, now)}"
    packed = json.dumps(figures.build_now_marks(timeline, now), allow_nan=False, separators=(",", ":"))
    return {"over": packed, "alt": alt}


def _no_chart(timeline: Timeline) -> dict[str, object]:
    return {"figure": None, "revision": "", "alt": "", "names": _names(timeline)}


def _names(timeline: Timeline) -> list[list[object]]:
    return [[attempt.index, _describe(timeline, attempt)] for attempt in timeline.attempts]


def _words_key(key: str) -> str:
    """Of the story and the table, where they have a place of their own."""
    return f"{key}-words"


def _pack(figure: Mapping[str, object]) -> dict[str, str]:
    """The figure as text, which the browser compares and takes apart faster than nested data, and its hash."""
    packed = json.dumps(figure, allow_nan=False, separators=(",", ":"))
    return {"figure": packed, "revision": hashlib.blake2b(packed.encode(), digest_size=8).hexdigest()}


def _is_new(pick: _Pick, memory: str) -> bool:
    """Whether a pick has not been seen before: Streamlit may carry one into two runs."""
    if st.session_state.get(memory) == pick:
        return False
    st.session_state[memory] = pick
    return True


def _read_pick(state: object, indices: set[int], name: str = "picked") -> _Pick | None:
    """A pick as the browser sent it, if there is one and the attempt exists: a browser can send anything."""
    pick = state.get(name) if isinstance(state, Mapping) else None
    if not isinstance(pick, Mapping):
        return None
    attempt, at = pick.get("attempt"), pick.get("at")
    if not isinstance(attempt, int) or attempt not in indices or not isinstance(at, int | float):
        return None
    return {"attempt": attempt, "at": at}


def _take_label(run_id: str, state: object, indices: set[int], memory: str) -> None:
    """Keep the label that the person has just given an attempt, or taken back; it is kept beside the run."""
    given = _read_pick(state, indices, "labelled")
    if given is None or not _is_new(given, memory) or not isinstance(state, Mapping):
        return
    label = state["labelled"].get("label")
    if label in ("good", "bad", None):
        try:
            runs.label(run_id, given["attempt"], label)
        except StoreError as error:
            show_error(f"The label was not kept: {error}")


def _labels(run_id: str) -> Mapping[int, str]:
    try:
        return runs.labels(run_id)
    except StoreError:  # the page says what is wrong
        return {}


def _describe(timeline: Timeline, attempt: Attempt) -> str:
    """What a screen reader says of an attempt that was picked."""
    words = describe_outcome(timeline, attempt)
    return words if attempt.reward is None else f"{words}, reward {format_reward(timeline, attempt.reward)}"


def _story(
    timeline: Timeline,
    choice: figures.Choice,
    view: timeline_choice.View,
    selected: int | None,
    *,
    live: bool,
    now: Mapping[int, figures.Now] | None,
) -> dict[str, object] | None:
    """The rows of a run of few attempts, or a page of them; None where the table is shown of many."""
    attempts = None
    if timeline_choice.is_long(timeline):
        if view != "story":
            return None
        attempts = figures.choose_attempts(timeline, choice, selected).attempts
    story = figures.build_story(timeline, live=live, attempts=attempts, now=now)
    return {
        "columns": [{"name": column.name, "caption": column.caption} for column in story.columns],
        "has_hints": story.has_hints,
        "others": story.has_others,
        "now": story.now_title,
        "rows": [_story_row(row) for row in story.rows],
    }


def _story_row(row: figures.StoryRow) -> dict[str, object]:
    fields = [
        {
            **{name: getattr(field, name) for name in ("name", "label", "state")},
            **{name: getattr(field.shown, name) for name in ("note", "is_cut", "was")},
            "pieces": [[piece.kind, piece.text] for piece in field.shown.pieces],
        }
        for field in row.fields
    ]
    return {**asdict(row), "fields": fields}


def _table(
    timeline: Timeline,
    choice: figures.Choice,
    view: timeline_choice.View,
    selected: int | None,
    now: Mapping[int, figures.Now] | None,
) -> dict[str, object]:
    chosen = figures.choose_attempts(timeline, choice, selected)
    rows = {row.attempt: row for row in figures.build_ledger(timeline, chosen.attempts, now=now)}
    kind: figures.Table = "costs" if view == "costs" else "scores"
    columns = figures.list_columns(timeline, kind, now=now)
    sortable = figures.sort_keys(timeline)
    return {
        "kind": kind,
        "columns": [{**asdict(column), "sorts": column.key in sortable} for column in columns],
        "rows": [_row(rows[index], columns) for index in chosen.attempts],
        "order": chosen.order,
        "range": choice.span,
        "page": chosen.page,
        "pages": chosen.pages,
        "show": chosen.show,
        "sort": chosen.sort,
        "filters": chosen.filters,
        "count": len(timeline.attempts),
        "brush": timeline_choice.is_long(timeline),
    }


def _row(row: figures.Row, columns: Sequence[figures.Column]) -> dict[str, object]:
    return {
        "attempt": row.attempt,
        "outcome": row.outcome,
        "words": row.words + (f", {ATTEMPT_OUTCOMES['returned']}" if row.returned else ""),
        "returned": row.returned,
        "started_at": row.started_at,
        "cells": [_cell(row.cells.get(column.key)) for column in columns],
        "message": None if row.message is None else _cell(row.message),
    }


def _cell(cell: figures.Cell | None) -> tuple[str, str, bool]:
    return ("", "", True) if cell is None else (cell.text, cell.title, cell.quiet)
