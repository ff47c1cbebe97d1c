"""The strips beneath the panel: temperature, how long each predictor took, the reward's value."""

from __future__ import annotations

from collections.abc import Iterator

from refine_core import messages
from refine_core.figures import hovers, text
from refine_core.figures.grid import REACH, Grid, Lane
from refine_core.figures.trace_parts import BAR_PX, Trace, bar_y, center_marks, in_drawing
from refine_core.formatting import format_duration, format_rollout, format_temperature
from refine_core.log.timeline import Attempt, Outcome, PredictorRun, Timeline

_LEAST = 0.02  # of a column: the shortest bar that can be seen
_KEPT_WORDS = 12  # attempts, up to which "failed" is written out


def draw_temperatures(timeline: Timeline, grid: Grid) -> Iterator[Trace]:
    """Dots that rise with the temperature, and its value beneath; fainter for attempts still to come.

    An attempt whose models take none has no dot, and its rollout for a value.
    """
    lane = grid.lane("temperature")
    if lane is None:
        return
    made = {a.index: a.temperature for a in timeline.attempts}
    planned = {i: t for i, t in enumerate(timeline.temperatures) if i < grid.columns}
    rolled = {a.index for a in timeline.attempts if not timeline.has_temperature(a)}
    rolled |= planned.keys() - made.keys() if timeline.uses_rollouts else set()
    known = {i: t for i, t in {**planned, **made}.items() if i not in rolled}
    low, high = min(known.values(), default=0.0), max(known.values(), default=0.0)
    span = (high - low) or 1.0
    dots, order = sorted(known), sorted({*known, *rolled})
    shown = [
        format_rollout(i).replace(" ", "<br>") if i in rolled else format_temperature(known[i]) for i in order
    ]
    yield {
        "type": "scatter",
        "name": "temperature",
        "mode": "lines+markers",
        "yaxis": "y2",
        "x": [i + 1 for i in dots],
        "y": [lane.top + 19 - 10 * (known[i] - low) / span if high > low else lane.top + 14 for i in dots],
        "line": {"width": 1, "color": "token:grid"},
        "marker": {
            "size": 6,
            "color": ["token:muted" if i in made else "token:muted/0.55" for i in dots],
            "line": {"width": 0},
            "opacity": 1,
        },
        "hoverinfo": "skip",
        "customdata": dots,
    }
    yield {
        "type": "scatter",
        "name": "temperature values",
        "mode": "text",
        "yaxis": "y2",
        "x": [i + 1 for i in order],
        "y": [lane.middle if i in rolled else lane.top + 34 for i in order],
        "text": shown,
        "textfont": {"size": 12, "color": ["token:text" if i in made else "token:muted" for i in order]},
        "meta": {"min_column_px": _room(shown)},
        "hoverinfo": "skip",
        "customdata": list(order),
    }


def _called(timeline: Timeline, lane: Lane) -> list[Attempt]:
    return [a for a in timeline.attempts if any(run.name == lane.name for run in a.predictors)]


def _spans(attempt: Attempt, lane: Lane, grid: Grid) -> Iterator[tuple[PredictorRun, float, float]]:
    """Each call of the strip's predictor in an attempt, with the foot and the length of its bar, in columns."""
    start = attempt.index + 1 - REACH
    for run in (r for r in attempt.predictors if r.name == lane.name):
        share = (run.took_s or 0.0) / grid.longest_s if grid.longest_s else 0.0
        length = max(_LEAST, 2 * REACH * share)
        yield run, start, length
        start += length + _LEAST / 2


def draw_tracks(timeline: Timeline, grid: Grid) -> Trace:
    """The length that a bar could have, behind every bar."""
    places = [(a, lane) for lane in grid.lanes if lane.kind == "predictor" for a in _called(timeline, lane)]
    return {
        "type": "bar",
        "name": "tracks",
        "orientation": "h",
        "yaxis": "y2",
        "base": [a.index + 1 - REACH for a, _ in places],
        "x": [2 * REACH] * len(places),
        "y": [bar_y(lane) for _, lane in places],
        "width": BAR_PX,
        "marker": {"color": "token:track", "cornerradius": BAR_PX // 2, "line": {"width": 0}},
        "hoverinfo": "skip",
        "customdata": [a.index for a, _ in places],
        **in_drawing("bars", grid),
    }


def draw_bars(timeline: Timeline, grid: Grid, lane: Lane) -> Trace:
    """How long one predictor took. Hatched: it failed, or still runs."""
    places = [(a, *span) for a in timeline.attempts for span in _spans(a, lane, grid)]
    colours = {"failed": "token:failed", "running": "token:muted/0.5", "done": "token:bar"}
    states = ["running" if r.state == "cut_off" else r.state for _, r, _, _ in places]
    return {
        "type": "bar",
        "name": text.escape(lane.name),
        "orientation": "h",
        "yaxis": "y2",
        "base": [start for _, _, start, _ in places],
        "x": [
            2 * REACH if s == "running" else length
            for s, (_, _, _, length) in zip(states, places, strict=True)
        ],
        "y": [bar_y(lane)] * len(places),
        "width": BAR_PX,
        "marker": {
            "color": [colours[s] for s in states],
            "cornerradius": BAR_PX // 2,
            "line": {"width": 0},
            "pattern": {
                "shape": ["" if s == "done" else "/" for s in states],
                "size": 5,
                "solidity": 0.4,
                "fgcolor": "token:background",
            },
        },
        "hoverinfo": "text",
        "hovertext": [hovers.describe_run(a, r) for a, r, _, _ in places],
        "customdata": [a.index for a, _, _, _ in places],
        **in_drawing("bars", grid),
    }


def draw_durations(timeline: Timeline, grid: Grid) -> Trace:
    """The duration above each bar, where there is room for it."""
    places = [(a, lane) for lane in grid.lanes if lane.kind == "predictor" for a in _called(timeline, lane)]
    took = [
        [run.took_s for run in a.predictors if run.name == lane.name and run.took_s is not None]
        for a, lane in places
    ]
    return {
        "type": "scatter",
        "name": "durations",
        "mode": "text",
        "yaxis": "y2",
        "x": [a.index + 1 - REACH for a, _ in places],
        "y": [bar_y(lane) - 13 for _, lane in places],
        "text": [format_duration(sum(each)) if each else "…" for each in took],
        "textposition": "middle right",
        "textfont": {"size": 11, "color": "token:muted"},
        "hoverinfo": "skip",
        "customdata": [a.index for a, _ in places],
        **in_drawing("bars", grid, min_column_px=84),
    }


def draw_retries(timeline: Timeline, grid: Grid) -> Iterator[Trace]:
    """A tick at the end of a bar whose request had to be sent again; how often, beside the duration if there is room."""
    places = [
        (a, start + length, lane, count)
        for lane in grid.lanes
        if lane.kind == "predictor"
        for a in timeline.attempts
        for run, start, length in _spans(a, lane, grid)
        if (count := sum(len(call.retries) for call in run.calls))
    ]
    yield {
        "type": "scatter",
        "name": "retries",
        "mode": "markers",
        "yaxis": "y2",
        "x": [end for _, end, _, _ in places],
        "y": [bar_y(lane) for _, _, lane, _ in places],
        "marker": {
            "symbol": "line-ns",
            "size": 7,
            "line": {"width": 2, "color": "token:failed"},
            "opacity": 1,
        },
        "hoverinfo": "text",
        "hovertext": [
            text.hover(f"{lane.name}: retried {count} {text.TIMES}") for _, _, lane, count in places
        ],
        "customdata": [a.index for a, _, _, _ in places],
        **in_drawing("bars", grid),
    }
    yield {
        "type": "scatter",
        "name": "retries told",
        "mode": "text",
        "yaxis": "y2",
        "x": [a.index + 1 + REACH for a, _, _, _ in places],
        "y": [bar_y(lane) - 13 for _, _, lane, _ in places],
        "text": [f"retried {text.TIMES}{count}" if count > 1 else "retried" for _, _, _, count in places],
        "textposition": "middle left",
        "textfont": {"size": 11, "color": "token:failed"},
        "hoverinfo": "skip",
        "customdata": [a.index for a, _, _, _ in places],
        **in_drawing("bars", grid, min_column_px=165),
    }


def draw_values(timeline: Timeline, grid: Grid) -> Trace:
    """The rewards as numbers, at the foot of their columns."""
    lane = grid.lane("reward")
    kinds = [a.outcome for a in timeline.attempts]
    few = len(timeline.attempts) <= _KEPT_WORDS
    shown = [_value(timeline, a, k, few=few) for a, k in zip(timeline.attempts, kinds, strict=True)]
    x, customdata = center_marks(timeline.attempts)
    return {
        "type": "scatter",
        "name": "reward values",
        "mode": "text",
        "yaxis": "y2",
        "x": x,
        "y": [lane.value_at if lane else 0.0] * len(x),
        "text": shown,
        "textfont": {
            "size": 13,
            "color": ["token:text" if a.reward is not None else "token:muted" for a in timeline.attempts],
            "weight": [600 if k in {"best", "stopped"} else 400 for k in kinds],
        },
        "hoverinfo": "skip",
        "customdata": customdata,
        **in_drawing("bars", grid, min_column_px=_room(shown)),
    }


def _value(timeline: Timeline, attempt: Attempt, kind: Outcome, *, few: bool) -> str:
    """The reward, or why there is none; where there are many columns, a cross stands for a word."""
    if attempt.reward is not None:
        return messages.format_reward(timeline, attempt.reward)
    if kind == "running":
        return "…"
    return messages.ATTEMPT_OUTCOMES[kind] if few else "✕"


def draw_rules(timeline: Timeline, grid: Grid) -> Trace:
    """Beneath the value of an attempt that failed a validator, that it did, where there is room for the words."""
    lane = grid.lane("reward")
    failed = [a for a in timeline.attempts if a.unmet]
    shown = [messages.describe_unmet_rules(a).replace(" not", "<br>not") for a in failed]
    x, customdata = center_marks(failed)
    return {
        "type": "scatter",
        "name": "rules not met",
        "mode": "text",
        "yaxis": "y2",
        "x": x,
        "y": [lane.value_at + 26 if lane else 0.0] * len(x),
        "text": shown,
        "textfont": {"size": 11, "color": "token:failed"},
        "cliponaxis": False,
        "hoverinfo": "skip",
        "customdata": customdata,
        **in_drawing("bars", grid, min_column_px=_room(shown)),
    }


def _room(shown: list[str]) -> int:
    """The width of a column, in pixels, below which these texts would run into one another."""
    return 7 * max((len(part) for each in shown for part in each.split("<br>")), default=0)
