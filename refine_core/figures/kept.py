"""Where a branch begins: a line before its first own attempt, and a word on those that it keeps from its parent."""

from __future__ import annotations

from typing import Final

from refine_core.figures.axis import Axis
from refine_core.figures.scene import Json, Layer
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


def rule_on_clock(began_s: float) -> list[Json]:
    """The line in the chart that is on the clock. began_s: when the branch began, on its time axis; 0 for no branch."""
    dotted: Json = {"color": "token:muted", "width": 1.5, "dash": "dot"}
    rule: Json = {
        "type": "line",
        "x0": began_s,
        "x1": began_s,
        "yref": "paper",
        "y0": 0,
        "y1": 1,
        "line": dotted,
    }
    return [rule] if began_s else []


def word_on_clock(began_s: float, y: float) -> list[Json]:
    """The word at its left. y: its height, as a share of the chart's."""
    word: Json = {
        "text": "kept",
        "x": began_s,
        "xanchor": "right",
        "xshift": -4,
        "yref": "paper",
        "y": y,
        "yanchor": "middle",
        "showarrow": False,
        "font": {"size": 12.5, "color": "token:muted"},
    }
    return [word] if began_s else []
