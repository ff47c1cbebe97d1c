"""The marks of the timeline: one Plotly trace a quantity, never one an attempt.

Every mark carries its attempt's index as customdata, so that a click finds it.
"""

from __future__ import annotations

from refine_core.figures import arrows, panel, strips
from refine_core.figures.grid import GAP_PX, Grid
from refine_core.figures.marks import Trace
from refine_core.figures.matrix import matrix
from refine_core.log.timeline import Timeline


def traces(timeline: Timeline, grid: Grid) -> list[Trace]:
    """Every trace, from the back to the front. Which there are depends on the run's program alone."""
    return [
        panel.columns(timeline, grid, "y", grid.low, grid.high),
        panel.columns(timeline, grid, "y2", -GAP_PX, grid.strips_px),
        panel.best_so_far(timeline, grid),
        panel.rewards(timeline, grid),
        panel.lost(timeline, grid),
        panel.running(timeline, grid),
        panel.returned(timeline, grid),
        *strips.temperatures(timeline, grid),
        *matrix(timeline, grid),
        strips.tracks(timeline, grid),
        *arrows.hints(timeline, grid),
        *(strips.bars(timeline, grid, lane) for lane in grid.lanes if lane.kind == "predictor"),
        strips.durations(timeline, grid),
        *strips.retries(timeline, grid),
        arrows.advice(timeline, grid),
        strips.values(timeline, grid),
        strips.rules(timeline, grid),
    ]
