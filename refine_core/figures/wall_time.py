"""The run on the clock: how long each call, each request for advice and each pause between them took.

A plain Plotly figure, {"data": [trace, …], "layout": {…}}, since waits of very different lengths need zoom. Columns of equal width
(timeline.py) tell what was tried; this tells what was waited for. Colours are "token:…", which assets/timeline/theme.js resolves;
each bar and mark carries the index of its attempt as customdata, and `layout.meta.spans` says when each attempt began and was over,
[index, start, end] in seconds since the run began. Texts are escaped, as Plotly reads some markup.
"""

from __future__ import annotations

import html
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, TypeAlias

from refine_core.figures import kept
from refine_core.figures.axis import BEYOND_PX, Axis, build_axis
from refine_core.figures.grid import PANEL_PX
from refine_core.figures.scene import Json, stage_name
from refine_core.formatting import clip
from refine_core.log.timeline import Attempt, Timeline

ADVICE: Final = "advice"
LEFT_PX: Final = 86
_REWARDS: Final = [0.56, 1.0]  # of the height: the panel of rewards, and below it the bars
_BARS: Final = [0.0, 0.5]
_FAILED: Final = 0.3  # of the axis of rewards, below it: the line of failures, whose room is kept
_ROOM: Final = (0.42, 0.12)  # of the same, below and above
_SHORTEST: Final = 0.025  # of the run: an attempt that took less has no room for its number
_NAME_LETTERS: Final = 13
_LOOKS: Final = {
    "scored": ("circle", "scored"),
    "best": ("triangle-up", "best"),
    "stopped": ("square", "best"),
    "failed": ("x", "failed"),
    "cut_off": ("line-ew-open", "muted"),
    "unknown": ("diamond-tall-open", "muted"),
    "running": ("circle-open", "scored"),
}


_Span: TypeAlias = tuple[int, float, float]  # index of an attempt, and when it began and was over


@dataclass(frozen=True, slots=True)
class _Bar:
    """One thing that took time. start_s: since the run began."""

    row: str
    attempt: int
    start_s: float
    took_s: float
    failed: bool


def build_wall_time(timeline: Timeline) -> dict[str, Json] | None:
    """The figure; None before the first attempt."""
    if not timeline.attempts:
        return None
    bars = [bar for attempt in timeline.attempts for bar in _bars(timeline, attempt)]
    rows = list(dict.fromkeys(bar.row for bar in bars if bar.row != ADVICE))
    rows += [ADVICE] if any(bar.row == ADVICE for bar in bars) else []
    axis = build_axis(timeline, 0.0, PANEL_PX)
    height = axis.high - axis.low
    spans = _spans(timeline, bars)
    return {
        "data": [
            _trace("calls", [bar for bar in bars if bar.row != ADVICE], "bar"),
            _trace("requests for advice", [bar for bar in bars if bar.row == ADVICE], "hint"),
            _best_so_far(timeline, axis),
            _rewards(timeline, axis),
            _returned(timeline, axis),
        ],
        "layout": {
            "barmode": "overlay",
            "bargap": 0.5,
            "showlegend": False,
            "dragmode": "zoom",
            "margin": {"l": LEFT_PX, "r": 28, "t": 24, "b": 24},
            "paper_bgcolor": "rgba(0,0,0,0)",
            "plot_bgcolor": "rgba(0,0,0,0)",
            "font": {"family": "token:font", "color": "token:muted", "size": 12},
            "hoverlabel": {
                "bgcolor": "token:background",
                "bordercolor": "token:border",
                "font": {"family": "token:font", "color": "token:text", "size": 13},
                "align": "left",
            },
            "xaxis": {
                "ticksuffix": " s",
                "range": [0.0, max((end for _, _, end in spans), default=0.0) * 1.01 or 1.0],
                "gridcolor": "token:grid",
                "zeroline": False,
            },
            "yaxis": {
                "domain": _BARS,
                "type": "category",
                "categoryorder": "array",
                "categoryarray": rows,
                "autorange": "reversed",
                "fixedrange": True,
                "showgrid": False,
                "showticklabels": False,
            },
            "yaxis2": {
                "domain": _REWARDS,
                "anchor": "x",
                "range": [axis.low - _ROOM[0] * height, axis.high + _ROOM[1] * height],
                "tickvals": [_value(axis, y) for y, _ in axis.labels(timeline)],
                "ticktext": [words for _, words in axis.labels(timeline)],
                "fixedrange": True,
                "gridcolor": "token:grid",
                "zeroline": False,
                "ticklabelstandoff": 6,
            },
            "shapes": [*_threshold(timeline, axis), *kept.rule_on_clock(_branch_s(timeline))],
            "annotations": [
                *_names(timeline, axis, rows),
                *_numbers(spans),
                *kept.word_on_clock(_branch_s(timeline), (_BARS[1] + _REWARDS[0]) / 2),
            ],
            "meta": {"spans": [list(span) for span in spans]},
        },
    }


def _value(axis: Axis, y: float) -> float:
    """The reward that a height stands for."""
    return round(axis.high - y / axis.height * (axis.high - axis.low), 10)


def _spans(timeline: Timeline, bars: list[_Bar]) -> list[_Span]:
    """When each attempt began and was over, its advice included."""
    ends: dict[int, float] = {}
    for bar in bars:
        ends[bar.attempt] = max(ends.get(bar.attempt, 0.0), bar.start_s + bar.took_s)
    spans: list[_Span] = []
    for attempt in timeline.attempts:
        start = max(0.0, attempt.started_at - _origin(timeline))
        end = max(start + (attempt.took_s or 0.0), ends.get(attempt.index, 0.0))
        spans.append((attempt.index, round(start, 4), round(end, 4)))
    return spans


def _origin(timeline: Timeline) -> float:
    """When the time axis begins: with the run, or in a branch with the first attempt that it keeps of its parent."""
    return min((timeline.started_at, *(one.started_at for one in timeline.attempts if one.kept)))


def _branch_s(timeline: Timeline) -> float:
    """When a branch began, on the time axis; 0 for any other run."""
    return timeline.started_at - _origin(timeline)


def _names(timeline: Timeline, axis: Axis, rows: list[str]) -> list[Json]:
    """What stands at the left, flush with the names of the other drawing."""
    at: list[tuple[str, str, Json]] = [("reward", "y2", (axis.low + axis.high) / 2)]
    threshold = timeline.spec.threshold
    if threshold is not None:
        at.append(("threshold", "y2", threshold))
        at = at[1:] if abs(threshold - (axis.low + axis.high) / 2) < (axis.high - axis.low) / 4 else at
    if any(a.outcome in {"failed", "cut_off"} for a in timeline.attempts):
        at.append(("failed", "y2", _failed_at(axis)))
    at += [(row, "y", row) for row in rows]
    return [
        {
            "text": clip(words, _NAME_LETTERS),
            "hovertext": words,
            "xref": "paper",
            "x": 0,
            "xshift": -LEFT_PX,
            "xanchor": "left",
            "yref": ref,
            "y": y,
            "yanchor": "middle",
            "showarrow": False,
            "borderpad": 0,
            "font": {"size": 12.5, "color": "token:muted"},
        }
        for words, ref, y in at
    ]


def _numbers(spans: list[_Span]) -> list[Json]:
    """The attempts' numbers above the middle of their time, where there is room."""
    total = max((end for _, _, end in spans), default=0.0)
    return [
        {
            "text": str(index + 1),
            "x": (start + end) / 2,
            "yref": "paper",
            "y": 1,
            "yanchor": "bottom",
            "showarrow": False,
            "font": {"size": 12.5, "color": "token:text"},
        }
        for index, start, end in spans
        if end - start >= _SHORTEST * total
    ]


def _failed_at(axis: Axis) -> float:
    return axis.low - _FAILED * (axis.high - axis.low)


def _bars(timeline: Timeline, attempt: Attempt) -> Iterator[_Bar]:
    begun = max(0.0, attempt.started_at - _origin(timeline))
    for run in attempt.predictors:
        took = run.took_s or 0.0
        yield _Bar(
            html.escape(stage_name(run.name)),
            attempt.index,
            begun + run.offset_s,
            took,
            run.state == "failed",
        )
    if (advice := attempt.advice) is not None:
        yield _Bar(
            ADVICE, attempt.index, begun + advice.offset_s, advice.took_s or 0.0, advice.state == "failed"
        )


def _trace(name: str, bars: list[_Bar], colour: str) -> dict[str, Json]:
    return {
        "type": "bar",
        "name": name,
        "orientation": "h",
        "y": [bar.row for bar in bars],
        "base": [round(bar.start_s, 4) for bar in bars],
        "x": [round(bar.took_s, 4) for bar in bars],
        "marker": {"color": [f"token:{'failed' if bar.failed else colour}" for bar in bars]},
        "customdata": [bar.attempt for bar in bars],
        "text": [bar.attempt + 1 for bar in bars],
        "textposition": "none",
        "hovertemplate": "Attempt %{text} · %{y} · %{x:.3~g} s<extra></extra>",
    }


def _ended_s(timeline: Timeline, attempt: Attempt) -> float:
    return round(
        max(0.0, attempt.started_at - _origin(timeline) + (attempt.took_s or attempt.reward_offset_s or 0.0)),
        4,
    )


def _clamp(axis: Axis, reward: float) -> float:
    beyond = (axis.high - axis.low) * BEYOND_PX / PANEL_PX if math.isinf(reward) else 0.0
    return min(max(reward, axis.low - beyond), axis.high + beyond)


def _rewards(timeline: Timeline, axis: Axis) -> dict[str, Json]:
    """Each attempt's reward when it was known; one without a reward lies on the line of failures."""
    ended = [a for a in timeline.attempts if a.took_s is not None or a.outcome == "unknown"]
    looks = [_LOOKS[a.outcome] for a in ended]
    return {
        "type": "scatter",
        "name": "rewards",
        "mode": "markers",
        "yaxis": "y2",
        "cliponaxis": False,
        "x": [_ended_s(timeline, a) for a in ended],
        "y": [_height(axis, a) for a in ended],
        "marker": {
            "symbol": [
                f"{symbol}-open" if a.unmet else symbol for a, (symbol, _) in zip(ended, looks, strict=True)
            ],
            "color": [f"token:{'scored' if a.unmet else c}" for a, (_, c) in zip(ended, looks, strict=True)],
            "size": 10,
            "opacity": 1,
        },
        "customdata": [a.index for a in ended],
        "hoverinfo": "text",
    }


def _height(axis: Axis, attempt: Attempt) -> float:
    """Where its mark lies: an unknown reward half way up, as in the other drawing."""
    if attempt.reward is not None:
        return _clamp(axis, attempt.reward)
    return (axis.low + axis.high) / 2 if attempt.outcome == "unknown" else _failed_at(axis)


def _returned(timeline: Timeline, axis: Axis) -> dict[str, Json]:
    """A ring around the attempt that was returned."""
    ringed = [a for a in timeline.attempts if a.is_returned and a.reward is not None]
    return {
        "type": "scatter",
        "name": "returned",
        "mode": "markers",
        "yaxis": "y2",
        "cliponaxis": False,
        "x": [_ended_s(timeline, a) for a in ringed],
        "y": [_clamp(axis, a.reward or 0.0) for a in ringed],
        "marker": {
            "symbol": "circle-open",
            "color": "token:text",
            "size": 19,
            "line": {"width": 1.6},
            "opacity": 1,
        },
        "customdata": [a.index for a in ringed],
        "hoverinfo": "skip",
    }


def _best_so_far(timeline: Timeline, axis: Axis) -> dict[str, Json]:
    """The reward of the best attempt until each, as a step line."""
    known = [a for a in timeline.attempts if a.best_so_far is not None and a.reward is not None]
    return {
        "type": "scatter",
        "name": "best so far",
        "mode": "lines",
        "yaxis": "y2",
        "x": [_ended_s(timeline, a) for a in known],
        "y": [_clamp(axis, a.best_so_far or 0.0) for a in known],
        "line": {"shape": "hv", "width": 2, "color": "token:bar"},
        "hoverinfo": "skip",
    }


def _threshold(timeline: Timeline, axis: Axis) -> list[Json]:
    value = timeline.spec.threshold
    if value is None:
        return []
    at = _clamp(axis, value)
    dashed: Json = {"color": "token:muted", "width": 1.5, "dash": "5px,4px"}
    return [
        {"type": "line", "xref": "paper", "x0": 0, "x1": 1, "yref": "y2", "y0": at, "y1": at, "line": dashed}
    ]
