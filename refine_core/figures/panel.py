"""The reward panel: a place for each attempt, its mark, and the best so far. grid.py says at which height each lies."""

from __future__ import annotations

from refine_core.figures import hovers, text
from refine_core.figures.grid import REACH, Grid
from refine_core.figures.trace_parts import Trace, center_marks
from refine_core.log.timeline import Outcome, Timeline

# Shape first, colour second.
_SYMBOLS: dict[Outcome, tuple[str, str, int]] = {
    "scored": ("circle", "token:scored", 11),
    "best": ("triangle-up", "token:best", 14),
    "stopped": ("square", "token:best", 13),
    "failed": ("x", "token:failed", 11),
    "cut_off": ("line-ew-open", "token:muted", 12),
}


def draw_columns(timeline: Timeline, grid: Grid, axis: str, foot: float, head: float) -> Trace:
    """A bar behind each column: where to point and click, and a faint place for each attempt still to come."""
    attempts = {a.index: a for a in timeline.attempts}
    never = "This attempt was not needed." if timeline.end else "This attempt has not begun."
    indices = range(grid.columns)
    return {
        "type": "bar",
        "name": "attempts",
        "yaxis": axis,
        "x": [i + 1 for i in indices],
        "y": [head - foot] * grid.columns,
        "base": [foot] * grid.columns,
        "width": 0.92,
        "marker": {
            "color": ["rgba(0,0,0,0)" if i in attempts else "token:text/0.03" for i in indices],
            "cornerradius": 0,
            "line": {"width": 0},
        },
        "hoverinfo": "text",
        "hovertext": [
            hovers.describe_attempt(timeline, attempts[i])
            if i in attempts
            else text.hover(f"Attempt {i + 1}", never)
            for i in indices
        ],
        "customdata": [i if i in attempts else None for i in indices],
    }


def draw_best_so_far(timeline: Timeline, grid: Grid) -> Trace:
    """The reward of the best attempt until each, as a step line."""
    known = [a for a in timeline.attempts if a.best_so_far is not None]
    x, y = [float(a.index + 1) for a in known], [grid.clamp(a.best_so_far or 0.0) for a in known]
    if known:
        x, y = [*x, x[-1] + REACH], [*y, y[-1]]
    return {
        "type": "scatter",
        "name": "best so far",
        "mode": "lines",
        "x": x,
        "y": y,
        "line": {"shape": "hv", "width": 2, "color": "token:scored/0.45"},
        "hoverinfo": "skip",
    }


def draw_rewards(timeline: Timeline, grid: Grid) -> Trace:
    """Attempts that were scored; shape and colour show their outcome. A hollow one failed a validator."""
    scored = [a for a in timeline.attempts if a.reward is not None]
    symbols = [_SYMBOLS[a.outcome] for a in scored]
    paper = "token:background"
    x, customdata = center_marks(scored)
    return {
        "type": "scatter",
        "name": "reward",
        "mode": "markers",
        "x": x,
        "y": [grid.clamp(a.reward or 0.0) for a in scored],
        "marker": {
            "symbol": [s for s, _, _ in symbols],
            "color": [paper if a.unmet else c for a, (_, c, _) in zip(scored, symbols, strict=True)],
            "size": [size for _, _, size in symbols],
            "line": {"width": 2, "color": ["token:scored" if a.unmet else paper for a in scored]},
            "opacity": 1,
        },
        "cliponaxis": False,
        "hoverinfo": "text",
        "hovertext": [hovers.describe_attempt(timeline, a) for a in scored],
        "customdata": customdata,
    }


def draw_failures(timeline: Timeline, grid: Grid) -> Trace:
    """Attempts that ended without a reward, on their own line."""
    lost = [a for a in timeline.attempts if a.outcome in {"failed", "cut_off"}]
    symbols = [_SYMBOLS[a.outcome] for a in lost]
    x, customdata = center_marks(lost)
    return {
        "type": "scatter",
        "name": "failed",
        "mode": "markers",
        "x": x,
        "y": [grid.failed_at] * len(lost),
        "marker": {
            "symbol": [s for s, _, _ in symbols],
            "color": [c for _, c, _ in symbols],
            "size": [size for _, _, size in symbols],
            "line": {"width": [2 if s.endswith("open") else 0 for s, _, _ in symbols]},
            "opacity": 1,
        },
        "cliponaxis": False,
        "hoverinfo": "text",
        "hovertext": [hovers.describe_attempt(timeline, a) for a in lost],
        "customdata": customdata,
    }


def draw_running(timeline: Timeline, grid: Grid) -> Trace:
    """Attempts without a reward so far."""
    waiting = [a for a in timeline.attempts if a.outcome == "running"]
    x, customdata = center_marks(waiting)
    return {
        "type": "scatter",
        "name": "running",
        "mode": "markers",
        "x": x,
        "y": [grid.middle] * len(waiting),
        "marker": {
            "symbol": "circle",
            "size": 16,
            "color": "token:background",
            "line": {"width": 2, "color": "token:muted", "dash": "2.5px,2.5px"},
            "opacity": 1,
        },
        "hoverinfo": "text",
        "hovertext": [hovers.describe_attempt(timeline, a) for a in waiting],
        "customdata": customdata,
    }


def draw_returned(timeline: Timeline, grid: Grid) -> Trace:
    """A ring around the attempt that the caller was given."""
    ringed = [a for a in timeline.attempts if a.is_returned and a.reward is not None]
    x, customdata = center_marks(ringed)
    return {
        "type": "scatter",
        "name": "returned",
        "mode": "markers",
        "x": x,
        "y": [grid.clamp(a.reward or 0.0) for a in ringed],
        "marker": {
            "symbol": "circle-open",
            "size": 26,
            "color": "token:text",
            "line": {"width": 1.75, "color": "token:text"},
            "opacity": 1,
        },
        "cliponaxis": False,
        "hoverinfo": "skip",
        "customdata": customdata,
    }
