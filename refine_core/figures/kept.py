"""Where a branch begins: a line before its first own attempt, and a word on those that it keeps from its parent."""

from __future__ import annotations

from typing import Final

from refine_core.figures.axis import Axis
from refine_core.figures.scene import Layer
from refine_core.log.timeline import Timeline

_WORD_PX: Final = 12
_AT: Final = (0.5, 0.25, 0.75)  # of the panel's height: where the word may stand, the best first
_CLEAR_PX: Final = 14.0


def draw_kept(timeline: Timeline, axis: Axis, foot: float) -> list[Layer]:
    """The line, down to `foot`, and the word at its left."""
    kept = [attempt for attempt in timeline.attempts if attempt.kept]
    if not kept:
        return []
    x = len(kept)
    rewards = [attempt.reward for attempt in kept if attempt.reward is not None]
    busy = [y for y, _ in axis.labels(timeline)] + [axis.y(reward) for reward in rewards]
    y = max(
        (axis.top + share * axis.height for share in _AT),
        key=lambda at: min(_CLEAR_PX, *(abs(at - one) for one in busy), _CLEAR_PX),
    )
    return [
        {
            "name": "branch",
            "shape": "line",
            "style": "branch",
            "points": [[[x, axis.top - 12], [x, foot]]],
        },
        {
            "name": "kept",
            "shape": "text",
            "style": "hatched",
            "size": _WORD_PX,
            "x": [x / 2],
            "y": [y],
            "text": ["kept"],
            "anchor": "middle",
            "room": 0,
            "attempt": [kept[-1].index],
        },
    ]
