"""What every trace is made of: the types, where marks stand, how thick a bar is, and in which of the two drawings a trace is shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, TypeAlias

from refine_core.figures.grid import Grid, Lane
from refine_core.log.timeline import Attempt

Json: TypeAlias = "bool | int | float | str | Sequence[Json] | Mapping[str, Json] | None"
Trace: TypeAlias = dict[str, Json]

BAR_PX = 8


def center_marks(attempts: Sequence[Attempt]) -> tuple[list[Json], list[Json]]:
    """Give x and customdata of marks in the middle of their columns."""
    return [a.index + 1 for a in attempts], [a.index for a in attempts]


def in_drawing(drawing: Literal["bars", "matrix"], grid: Grid, **meta: Json) -> Trace:
    """Give visible and meta of a trace that belongs to one drawing; columns may turn out too narrow for bars."""
    return {"visible": grid.is_matrix == (drawing == "matrix"), "meta": {"only": drawing, **meta}}


def bar_y(lane: Lane) -> float:
    """Where the bars of a predictor's strip lie, on y2: low, so that a duration has room above."""
    return lane.top + 30
