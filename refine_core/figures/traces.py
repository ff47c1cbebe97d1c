"""The marks of the timeline: one Plotly trace a quantity, never one an attempt.

Every mark carries its attempt's index as customdata, so that a click finds it.
"""

from __future__ import annotations

from refine_core.figures import arrows, panel, strips
from refine_core.figures.grid import GAP_PX, Grid
from refine_core.figures.matrix import draw_matrix
from refine_core.figures.trace_parts import Trace
from refine_core.log.timeline import Timeline


def build_traces(timeline: Timeline, grid: Grid) -> list[Trace]:
    """Every trace, from the back to the front. Which there are depends on the run's program alone."""
    return [
        panel.draw_columns(timeline, grid, "y", grid.low, grid.high),
        panel.draw_columns(timeline, grid, "y2", -GAP_PX, grid.strips_px),
        panel.draw_best_so_far(timeline, grid),
        panel.draw_rewards(timeline, grid),
        panel.draw_failures(timeline, grid),
        panel.draw_running(timeline, grid),
        panel.draw_returned(timeline, grid),
        *strips.draw_temperatures(timeline, grid),
        *draw_matrix(timeline, grid),
        strips.draw_tracks(timeline, grid),
        *arrows.draw_hints(timeline, grid),
        *(strips.draw_bars(timeline, grid, lane) for lane in grid.lanes if lane.kind == "predictor"),
        strips.draw_durations(timeline, grid),
        *strips.draw_retries(timeline, grid),
        arrows.draw_advice(timeline, grid),
        strips.draw_values(timeline, grid),
        strips.draw_rules(timeline, grid),
    ]
