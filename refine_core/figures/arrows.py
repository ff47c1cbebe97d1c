"""Advice, and the arrows that carry its hints to the predictors of later attempts."""

from __future__ import annotations

from collections.abc import Iterator

from refine_core.figures import hovers
from refine_core.figures.grid import REACH, Grid, Lane
from refine_core.figures.trace_parts import Json, Trace, bar_y, center_marks, in_drawing
from refine_core.log.timeline import Timeline

_BESIDE_NUMBER = 0.3  # of a column, where the arrow starts at a reward's number


def draw_advice(timeline: Timeline, grid: Grid) -> Trace:
    """A chip for each advice; crossed out where none could be had, dashed while it is asked for."""
    lane = grid.lane("advice")
    advised = [a for a in timeline.attempts if a.advice is not None and lane is not None]
    advice = [a.advice for a in advised if a.advice is not None]
    states = [one.state for one in advice]
    labels = [f"a{a.index + 1}" if s != "failed" else "✕" for a, s in zip(advised, states, strict=True)]
    ink = [
        "token:failed" if s == "failed" else "token:hint" if s == "done" else "token:muted" for s in states
    ]
    x, customdata = center_marks(advised)
    return {
        "type": "scatter",
        "name": "advice",
        "mode": "markers+text",
        "yaxis": "y2",
        "x": x,
        "y": [lane.middle if lane else 0.0] * len(advised),
        "text": labels,
        "textfont": {
            "size": 11,
            "color": ["token:failed" if s == "failed" else "token:text" for s in states],
        },
        "meta": {"min_column_px": 30, "small_marker": 8},
        "marker": {
            "symbol": "circle",
            "size": 23,
            "color": ["token:chip" if s == "done" else "token:background" for s in states],
            "line": {
                "width": 1.5,
                "color": ink,
                "dash": ["2px,2px" if s == "running" else "solid" for s in states],
            },
            "opacity": 1,
        },
        "hoverinfo": "text",
        "hovertext": [hovers.describe_advice(a, b) for a, b in zip(advised, advice, strict=True)],
        "customdata": customdata,
    }


def draw_hints(timeline: Timeline, grid: Grid) -> Iterator[Trace]:
    """From the advice, or the reward that gave feedback, through the gutter between columns, to the predictor with the hint."""
    origin = grid.lane("reward" if timeline.spec.hint_source == "feedback" else "advice")
    given = [
        (a.advice_from, a, lane, hint)
        for a in timeline.attempts
        if a.advice_from is not None
        for name, hint in a.real_hints.items()
        if (lane := grid.lane("predictor", name)) is not None
    ]
    x: list[Json] = []
    y: list[Json] = []
    for source, target, lane, _ in given:
        for px, py in _path(source, target.index, origin, lane) if origin else ():
            x.append(px)
            y.append(py)
        x.append(None)
        y.append(None)
    yield {
        "type": "scatter",
        "name": "hints",
        "mode": "lines",
        "yaxis": "y2",
        "x": x,
        "y": y,
        "line": {"width": 1.5, "color": "token:hint", "simplify": False},
        "connectgaps": False,
        "hoverinfo": "skip",
        **in_drawing("bars", grid),
    }
    yield {
        "type": "scatter",
        "name": "hints received",
        "mode": "markers",
        "yaxis": "y2",
        "x": [a.index + 1 - REACH for _, a, _, _ in given],
        "y": [bar_y(lane) for _, _, lane, _ in given],
        "marker": {
            "symbol": "arrow",
            "angle": 90,
            "size": 9,
            "color": "token:hint",
            "line": {"width": 0},
            "opacity": 1,
        },
        "hoverinfo": "text",
        "hovertext": [hovers.describe_hint(timeline, a, lane.name, hint) for _, a, lane, hint in given],
        "customdata": [a.index for _, a, _, _ in given],
        **in_drawing("bars", grid),
    }


def _path(source: int, target: int, origin: Lane, lane: Lane) -> list[tuple[float, float]]:
    """Corner by corner, rounded. A hint that skipped an attempt travels in the gap above the strip it comes from."""
    out, into = source + 1.5, target + 0.5
    start = source + (1.0 if origin.kind == "advice" else 1.0 + _BESIDE_NUMBER)
    corners = [(start, origin.middle), (out, origin.middle)]
    if target > source + 1:
        corners += [(out, origin.top), (into, origin.top)]
    corners += [(into, bar_y(lane)), (target + 1 - REACH, bar_y(lane))]
    path = [corners[0]]
    for before, corner, after in zip(corners, corners[1:], corners[2:], strict=False):
        path += _round(before, corner, after)
    return [*path, corners[-1]]


def _round(
    a: tuple[float, float], b: tuple[float, float], c: tuple[float, float]
) -> list[tuple[float, float]]:
    """A quarter turn at `b`, as three points of a quadratic curve. Radius: 0.06 columns by 7 px."""

    def near(end: tuple[float, float]) -> tuple[float, float]:
        dx, dy = end[0] - b[0], end[1] - b[1]
        return b[0] + max(-0.06, min(0.06, dx)), b[1] + max(-7.0, min(7.0, dy))

    p, q = near(a), near(c)
    curve = []
    for t in (0.0, 0.25, 0.5, 0.75, 1.0):
        u = 1 - t
        curve.append(
            (u * u * p[0] + 2 * u * t * b[0] + t * t * q[0], u * u * p[1] + 2 * u * t * b[1] + t * t * q[1])
        )
    return curve
