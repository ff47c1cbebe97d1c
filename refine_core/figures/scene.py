"""What a drawing is made of: plain JSON that whoever draws turns into shapes, with no colour and no width in it.

    drawing = {"height", "left", "labels", "ticks", "rules", "layers"}
    layer   = {"name", "shape", …}     one for each quantity, never one for each attempt; its lists run side by side

x     in columns: attempt i lies from i to i + 1, its middle at i + 0.5. "dx" and "dy" are pixels to be added.
y     in pixels from the top.
style is a name that assets/timeline/chart.css gives a colour. "attempt" is the index that a mark belongs to.

shape   "mark"   x, y, symbol, size, style                          "line"  points: step lines and arrows
                 share, dense: smaller in narrow columns
        "bar"    column, start, stop (shares of a track), y    "text"  x, y, text, room: of a column, in pixels
        "heat"   y, levels (0 to 1; None: nothing)                     "dots"  x, y: a dotted line down a column's panel
        "hatch"  spans of columns, y: of the panel, texts: the first that fits stands at text_y
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias

from refine_core.log.timeline import Attempt

Json: TypeAlias = "bool | int | float | str | Sequence[Json] | Mapping[str, Json] | None"
Layer: TypeAlias = dict[str, Json]

PREDICT = ".predict"  # what chain of thought adds to the name of its stage


def middle(attempt: Attempt) -> float:
    """The x of the middle of an attempt's column."""
    return attempt.index + 0.5


def stage_name(predictor: str) -> str:
    """What people call a predictor: the stage that it belongs to."""
    return predictor.removesuffix(PREDICT)
