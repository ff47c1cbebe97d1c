"""The marks of the timeline: one Plotly trace a quantity, never one an attempt.

Every mark carries its attempt's index as customdata, so that a click finds it.
"""

from __future__ import annotations

from refine_core.figures import arrows, panel, strips
from refine_core.figures.grid import GAP_PX, Grid
from refine_core.figures.marks import Trace
from refine_core.figures.matrix import matrix
from refine_core.log.timeline import Timeline


def traces(line: Timeline, grid: Grid) -> list[Trace]:
    """Every trace, from the back to the front. Which there are depends on the run's program alone."""
    return [
        panel.columns(line, grid, "y", grid.low, grid.high),
        panel.columns(line, grid, "y2", -GAP_PX, grid.strips_px),
        panel.best_so_far(line, grid),
        panel.rewards(line, grid),
        panel.lost(line, grid),
        panel.running(line, grid),
        panel.returned(line, grid),
        *strips.temperatures(line, grid),
        *matrix(line, grid),
        strips.tracks(line, grid),
        *arrows.hints(line, grid),
        *(strips.bars(line, grid, lane) for lane in grid.lanes if lane.kind == "predictor"),
        strips.durations(line, grid),
        *strips.retries(line, grid),
        arrows.advice(line, grid),
        strips.values(line, grid),
        strips.rules(line, grid),
    ]
