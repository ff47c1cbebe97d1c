"""The run on the clock: how long each call, each request for advice and each pause between them took.

A plain Plotly figure, {"data": [trace, …], "layout": {…}}, since waits of very different lengths need zoom. Columns of equal width
(timeline.py) tell what was tried; this tells what was waited for. Colours are "token:…", which assets/timeline/theme.js resolves;
each bar and mark carries the index of its attempt as customdata. Texts are escaped, as Plotly reads some markup.
"""

from __future__ import annotations

import html
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from refine_core.figures.scene import Json, stage_name
from refine_core.log.timeline import Attempt, Timeline
from refine_core.messages import describe_outcome, format_reward

ADVICE: Final = "advice"
_REWARDS: Final = [0.62, 1.0]  # of the height: the panel of rewards, and below it the bars
_BARS: Final = [0.0, 0.54]
_LOOKS: Final = {
    "scored": ("circle", "scored"),
    "best": ("triangle-up", "best"),
    "stopped": ("square", "best"),
    "failed": ("x", "failed"),
    "cut_off": ("line-ew-open", "muted"),
    "running": ("circle-open", "scored"),
}


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
    threshold = timeline.spec.threshold
    return {
        "data": [
            _trace("calls", [bar for bar in bars if bar.row != ADVICE], "bar"),
            _trace("requests for advice", [bar for bar in bars if bar.row == ADVICE], "hint"),
            _rewards(timeline),
        ],
        "layout": {
            "barmode": "overlay",
            "bargap": 0.45,
            "showlegend": False,
            "dragmode": "zoom",
            "margin": {"l": 86, "r": 28, "t": 8, "b": 30},
            "paper_bgcolor": "rgba(0,0,0,0)",
            "plot_bgcolor": "rgba(0,0,0,0)",
            "font": {"family": "token:font", "color": "token:muted", "size": 12.5},
            "hoverlabel": {"bgcolor": "token:background", "bordercolor": "token:border", "align": "left"},
            "xaxis": {
                "ticksuffix": " s",
                "rangemode": "tozero",
                "gridcolor": "token:grid",
                "zerolinecolor": "token:grid",
            },
            "yaxis": {
                "domain": _BARS,
                "type": "category",
                "categoryorder": "array",
                "categoryarray": rows,
                "autorange": "reversed",
                "fixedrange": True,
                "showgrid": False,
            },
            "yaxis2": {
                "domain": _REWARDS,
                "anchor": "x",
                "title": {"text": "reward"},
                "rangemode": "tozero",
                "fixedrange": True,
                "gridcolor": "token:grid",
                "zerolinecolor": "token:grid",
            },
            "shapes": [] if threshold is None else [_threshold(threshold)],
        },
    }


def _bars(timeline: Timeline, attempt: Attempt) -> Iterator[_Bar]:
    begun = max(0.0, attempt.started_at - timeline.started_at)
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


def _rewards(timeline: Timeline) -> dict[str, Json]:
    """Each attempt's reward when it was known; one without a reward lies on zero."""
    ended = [a for a in timeline.attempts if a.took_s is not None]
    looks = [_LOOKS[a.outcome] for a in ended]
    return {
        "type": "scatter",
        "name": "rewards",
        "mode": "markers",
        "yaxis": "y2",
        "cliponaxis": False,
        "x": [round(max(0.0, a.started_at - timeline.started_at + (a.took_s or 0.0)), 4) for a in ended],
        "y": [a.reward if a.reward is not None else 0.0 for a in ended],
        "marker": {
            "symbol": [symbol for symbol, _ in looks],
            "color": [f"token:{colour}" for _, colour in looks],
            "size": 10,
        },
        "customdata": [a.index for a in ended],
        "hovertext": [
            html.escape(
                f"Attempt {a.index + 1} · {describe_outcome(timeline, a)}"
                + ("" if a.reward is None else f" · reward {format_reward(timeline, a.reward)}")
            )
            for a in ended
        ],
        "hoverinfo": "text",
    }


def _threshold(value: float) -> dict[str, Json]:
    return {
        "type": "line",
        "xref": "paper",
        "x0": 0,
        "x1": 1,
        "yref": "y2",
        "y0": value,
        "y1": value,
        "line": {"color": "token:muted", "width": 1.5, "dash": "dash"},
    }
