"""The timeline as a figure: what is drawn, as plain data that fits every width.

    {"columns", "begun", "hovers", "drawings": {"columns": …, "matrix": …}, "wall_time"}

"columns" is the drawing with bars and arrows, None beyond 30 attempts; "matrix" is for more, and for places where columns would be
too narrow. refine_core.figures.scene says what a drawing is made of. "wall_time" is the same run on the clock, for Plotly. Whatever a model wrote is text in it, never markup.
"""

from __future__ import annotations

from collections.abc import Mapping

from refine_core.figures import hovers, panel, strips, text
from refine_core.figures.arrows import draw_hints, draw_possible_hints
from refine_core.figures.drawing import Drawing
from refine_core.figures.grid import MANY, NUMBERS_Y, Grid, Strip, build_grid, count_columns
from refine_core.figures.kept import draw_kept
from refine_core.figures.matrix import draw_matrix
from refine_core.figures.scene import Json, stage_name
from refine_core.figures.wall_time import build_wall_time
from refine_core.log.timeline import Timeline


def build_figure(timeline: Timeline, *, ghost: bool = False) -> dict[str, Json]:
    """The figure, of plain JSON values. ghost: before a run: what it may do, so far as its program tells."""
    columns = count_columns(timeline)
    begun = {a.index: a for a in timeline.attempts}
    never = "was not needed" if timeline.end else "never began" if timeline.is_over else "has not begun"
    return {
        "columns": columns,
        "begun": sorted(begun),
        "hovers": [
            hovers.describe_attempt(timeline, begun[i])
            if i in begun
            else hovers.describe_planned(
                timeline, i, f"Attempt {i + 1}" if ghost else f"Attempt {i + 1} {never}"
            )
            for i in range(columns)
        ],
        "wall_time": None if ghost else build_wall_time(timeline),
        "drawings": {
            "columns": _draw_columns(timeline, ghost=ghost).to_json(timeline) if columns <= MANY else None,
            "matrix": draw_matrix(timeline).to_json(timeline),
        },
    }


def _draw_columns(timeline: Timeline, *, ghost: bool) -> Drawing:
    grid = build_grid(timeline)
    hints = draw_possible_hints(grid.columns, grid) if ghost else draw_hints(timeline, grid)
    layers = [
        panel.draw_places(timeline, grid.axis, grid.columns),
        panel.draw_best_so_far(timeline, grid.axis),
        *panel.draw_rewards(timeline, grid.axis, grid.failed_y),
        panel.draw_values(timeline, grid.axis),
        panel.draw_notes(timeline, grid.axis),
        *strips.draw_temperatures(timeline, grid),
        *strips.draw_bars(timeline, grid),
        *strips.draw_advice(timeline, grid),
        hints,
        *draw_kept(timeline, grid.axis, grid.height),
    ]
    if ghost:
        layers.append(strips.draw_possible_advice(grid))
    return Drawing(
        kind="columns",
        height=grid.height,
        left=grid.left,
        numbers_y=NUMBERS_Y,
        axis=grid.axis,
        failed_y=grid.failed_y,
        labels=[_label(timeline, strip) for strip in grid.strips],
        layers=layers,
        hovers=_strip_hovers(timeline, grid),
    )


def _label(timeline: Timeline, strip: Strip) -> Mapping[str, Json]:
    if strip.kind == "temperature":
        rollout = timeline.shows_rollouts
        sent = "No temperature is sent" if timeline.uses_rollouts else "Each attempt has the same temperature"
        return {
            "y": strip.y,
            "text": "rollout" if rollout else "temperature",
            "brief": "rollout" if rollout else "temp.",
            "title": f"{sent}: a rollout id tells attempts apart" if rollout else "",
        }
    name = text.shorten(stage_name(strip.name), 60)
    return {"y": strip.y, "text": name, "title": name if strip.kind == "predictor" else ""}


def _strip_hovers(timeline: Timeline, grid: Grid) -> list[Mapping[str, Json]]:
    """What pointing at one strip tells about each attempt; "" where the attempt's own text is all there is."""
    return [
        {
            "y": [strip.y - grid.pitch / 2, strip.y + grid.pitch / 2],
            "texts": [hovers.describe_strip(timeline, a, strip.kind, strip.name) for a in timeline.attempts],
        }
        for strip in grid.strips
        if strip.kind != "temperature"
    ]
