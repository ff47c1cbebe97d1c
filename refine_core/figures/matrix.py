"""The strips of a run with many attempts: one shaded cell an attempt, where bars and arrows would be too dense.

A predictor's cell is darker the longer it took, the reward's the higher it is. A dot in a cell: it was given a hint.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from refine_core.figures import hovers
from refine_core.figures.grid import Grid
from refine_core.figures.trace_parts import Trace, in_drawing
from refine_core.log.timeline import Attempt, Outcome, Timeline

CELL_PX = 24
_PALEST, _DARKEST = 0.12, 0.85  # opacity
_PREDICTOR_SHIFT_PX = 7  # of its strip's middle, where the strip's name stands


class _Cell(NamedTuple):
    attempt: int
    middle: float
    colour: str
    hatched: bool
    hover: str


def draw_matrix(timeline: Timeline, grid: Grid) -> Iterator[Trace]:
    """Every cell in one trace, and the dots in another."""
    cells = [*_took(timeline, grid), *_rewards(timeline, grid)]
    yield {
        "type": "bar",
        "name": "cells",
        "yaxis": "y2",
        "x": [c.attempt + 1 for c in cells],
        "y": [CELL_PX] * len(cells),
        "base": [c.middle - CELL_PX / 2 for c in cells],
        "width": 0.92,
        "marker": {
            "color": [c.colour for c in cells],
            "line": {"width": 0},
            "pattern": {
                "shape": ["/" if c.hatched else "" for c in cells],
                "size": 5,
                "solidity": 0.4,
                "fgcolor": "token:background",
            },
        },
        "hoverinfo": "text",
        "hovertext": [c.hover for c in cells],
        "customdata": [c.attempt for c in cells],
        **in_drawing("matrix", grid),
    }
    given = [
        (a, lane, hint)
        for a in timeline.attempts
        for name, hint in a.real_hints.items()
        if (lane := grid.lane("predictor", name)) is not None
    ]
    yield {
        "type": "scatter",
        "name": "hints in cells",
        "mode": "markers",
        "yaxis": "y2",
        "x": [a.index + 1 for a, _, _ in given],
        "y": [lane.middle + _PREDICTOR_SHIFT_PX for _, lane, _ in given],
        "marker": {
            "symbol": "circle",
            "size": 7,
            "color": "token:hint",
            "line": {"width": 1, "color": "token:background"},
            "opacity": 1,
        },
        "hoverinfo": "text",
        "hovertext": [hovers.describe_hint(timeline, a, lane.name, hint) for a, lane, hint in given],
        "customdata": [a.index for a, _, _ in given],
        **in_drawing("matrix", grid),
    }


def _took(timeline: Timeline, grid: Grid) -> Iterator[_Cell]:
    for lane in (one for one in grid.lanes if one.kind == "predictor"):
        for attempt in timeline.attempts:
            runs = [run for run in attempt.predictors if run.name == lane.name]
            if not runs:
                continue
            took = sum(run.took_s or 0.0 for run in runs)
            states = {run.state for run in runs}
            failed, waits = "failed" in states, not states.isdisjoint(("running", "cut_off"))
            shade = _shade(took / grid.longest_s if grid.longest_s else 0.0)
            yield _Cell(
                attempt.index,
                lane.middle + _PREDICTOR_SHIFT_PX,
                "token:failed" if failed else "token:muted/0.5" if waits else f"token:scored/{shade}",
                hatched=failed or waits,
                hover="<br>".join(hovers.describe_run(attempt, run) for run in runs),
            )


def _rewards(timeline: Timeline, grid: Grid) -> Iterator[_Cell]:
    lane = grid.lane("reward")
    span = grid.ticks[-1] - grid.ticks[0]
    for attempt in timeline.attempts if lane else ():
        kind = attempt.outcome
        if kind == "running":
            continue
        yield _Cell(
            attempt.index,
            lane.middle if lane else 0.0,
            _reward_colour(attempt, (grid.clamp(attempt.reward or 0.0) - grid.ticks[0]) / span, kind),
            hatched=attempt.reward is None,
            hover=hovers.describe_attempt(timeline, attempt),
        )


def _reward_colour(attempt: Attempt, share: float, kind: Outcome) -> str:
    if attempt.reward is None:
        return "token:failed" if kind == "failed" else "token:muted/0.5"
    return f"token:{'scored' if kind == 'scored' or attempt.unmet else 'best'}/{_shade(share)}"


def _shade(share: float) -> float:
    return round(_PALEST + (_DARKEST - _PALEST) * min(max(share, 0.0), 1.0), 3)
