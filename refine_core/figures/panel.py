"""The panel of rewards: a mark for each attempt at the height of its reward, its value beside it, and the best so far."""

from __future__ import annotations

from collections.abc import Sequence

from refine_core.figures.axis import Axis
from refine_core.figures.scene import Json, Layer, middle
from refine_core.log.timeline import Attempt, Outcome, Timeline
from refine_core.messages import ATTEMPT_OUTCOMES, COMPUTED, format_reward

# Shape first, colour second.
_MARKS: dict[Outcome, tuple[str, str]] = {
    "scored": ("circle", "scored"),
    "best": ("triangle", "best"),
    "stopped": ("square", "best"),
    "failed": ("cross", "failed"),
    "cut_off": ("dash", "muted"),
    "unknown": ("question", "muted"),
    "running": ("ring", "running"),
}
_RING_PX = 19.0  # across, around the attempt that was returned
_SIZES_PX: dict[str, float] = {
    "circle": 10,
    "triangle": 12,
    "square": 10,
    "cross": 9,
    "dash": 11,
    "ring": 10,
    "question": 11,
}
_BESIDE_PX, _BESIDE_RING_PX = 13.0, 17.0  # from a mark's middle to its value
_ABOVE_PX, _LOWER_PX, _BELOW_PX = -13.0, 9.5, 16.0
_VALUE_ROOM_PX, _VALUE_BESIDE_PX = (
    34,
    86,
)  # width of a column that a value needs, and that it needs beside its mark
_NOTE_PX, _NOTE_ROOM_PX = (
    15.0,
    30.0,
)  # from a number to the note under it, and the height and quarter of a column it needs
NEAR_PX = 8.0  # of the threshold's line: a value here would be crossed by it


def draw_best_so_far(timeline: Timeline, axis: Axis) -> Layer:
    """The reward of the best attempt until each, as a step line."""
    points: list[Json] = []
    before: float | None = None
    for attempt in timeline.attempts:
        if attempt.best_so_far is None or attempt.reward is None:
            continue
        y = axis.y(attempt.best_so_far)
        if before is not None and before != y:
            points.append([middle(attempt), before])
        points.append([middle(attempt), y])
        before = y
    return {
        "name": "best so far",
        "shape": "line",
        "style": "step",
        "points": [points] if points else [],
    }


def draw_rewards(timeline: Timeline, axis: Axis, failed_y: float) -> list[Layer]:
    """Every attempt that has an outcome, the ring around the one returned, and those under way."""
    scored = [a for a in timeline.attempts if a.reward is not None]
    lost = [a for a in timeline.attempts if a.outcome in {"failed", "cut_off"}]
    waiting = [a for a in timeline.attempts if a.outcome == "running"]
    unknown = [a for a in timeline.attempts if a.outcome == "unknown"]
    ringed = [a for a in (*scored, *unknown) if a.is_returned]
    heights = [axis.y(a.reward or 0.0) for a in scored]
    return [
        _marks("failed", lost, [failed_y] * len(lost)),
        _marks("running", waiting, [axis.middle] * len(waiting)),
        _marks("unknown", unknown, [axis.middle] * len(unknown)),  # it may be anywhere; see draw_places
        _marks("reward", scored, heights),
        {
            **_marks(
                "returned",
                ringed,
                [axis.middle if a.reward is None else axis.y(a.reward) for a in ringed],
            ),
            "symbol": ["circle"] * len(ringed),
            "style": ["returned"] * len(ringed),
            "size": [_RING_PX] * len(ringed),
        },
    ]


def _marks(name: str, attempts: Sequence[Attempt], y: list[float]) -> Layer:
    """Shape and style show an attempt's outcome; a hollow one failed a validator."""
    kinds = [_MARKS[a.outcome] for a in attempts]
    return {
        "name": name,
        "shape": "mark",
        "x": [middle(a) for a in attempts],
        "y": y,
        "symbol": [symbol for symbol, _ in kinds],
        "style": ["unmet" if a.unmet else style for a, (_, style) in zip(attempts, kinds, strict=True)],
        "size": [_SIZES_PX[symbol] for symbol, _ in kinds],
        "attempt": [a.index for a in attempts],
    }


def draw_values(timeline: Timeline, axis: Axis) -> Layer:
    """The rewards as numbers at their marks: beside them, or above where columns are narrow; then only some are kept."""
    scored = [a for a in timeline.attempts if a.reward is not None]
    threshold = timeline.spec.threshold
    heights = [axis.y(a.reward or 0.0) for a in scored]
    crossed = [threshold is not None and abs(y - axis.y(threshold)) < NEAR_PX for y in heights]
    # Above the mark it would leave the panel, or be crossed by the threshold's line.
    no_room = [
        y + _ABOVE_PX < axis.top - NEAR_PX
        or (threshold is not None and abs(y + _ABOVE_PX - axis.y(threshold)) < NEAR_PX)
        for y in heights
    ]
    return {
        "name": "reward values",
        "shape": "text",
        "style": "value",
        "size": 13,
        "x": [middle(a) for a in scored],
        "y": heights,
        "dx": [_BESIDE_RING_PX if a.is_returned else _BESIDE_PX for a in scored],
        "dy": [_LOWER_PX if near else 0.0 for near in crossed],
        "above": [
            _BELOW_PX if near or high else _ABOVE_PX for near, high in zip(crossed, no_room, strict=True)
        ],
        "text": [format_reward(timeline, a.reward) for a in scored],
        "keep": [a.is_returned or a.is_best for a in scored],
        "room": _VALUE_ROOM_PX,
        "room_beside": _VALUE_BESIDE_PX,
        "attempt": [a.index for a in scored],
    }


def draw_notes(timeline: Timeline, axis: Axis) -> Layer:
    """What is to be known of a reward beside its number: that it is unknown, or was computed afterwards."""
    noted = [a for a in timeline.attempts if a.outcome == "unknown" or a.computed_at is not None]
    heights = [axis.middle if a.reward is None else axis.y(a.reward) for a in noted]
    # Under the number where there is room; a number at the threshold's line stands lower itself.
    low = [
        a.reward is not None and y < axis.bottom - _NOTE_ROOM_PX for a, y in zip(noted, heights, strict=True)
    ]
    threshold = timeline.spec.threshold
    lines = [axis.y(threshold)] if threshold is not None else []
    return {
        "name": "notes",
        "shape": "text",
        "style": "muted",
        "size": 12,
        "x": [middle(a) for a in noted],
        "dx": [_BESIDE_RING_PX if a.is_returned else _BESIDE_PX for a in noted],
        "y": [
            y if a.reward is None else y + _note_px(y, lines, below=below)
            for a, y, below in zip(noted, heights, low, strict=True)
        ],
        "text": [ATTEMPT_OUTCOMES["unknown"] if a.reward is None else COMPUTED for a in noted],
        "room": _NOTE_ROOM_PX * 4,
        "attempt": [a.index for a in noted],
    }


def _note_px(y: float, lines: Sequence[float], *, below: bool) -> float:
    """From a mark's height to the note at its number."""
    if not below:
        return -_NOTE_PX
    return _NOTE_PX + (_LOWER_PX if any(abs(y - line) < NEAR_PX for line in lines) else 0.0)


def draw_places(timeline: Timeline, axis: Axis, columns: int) -> Layer:
    """A dotted line down the column of each attempt that has not begun, or is under way, or whose reward is unknown."""
    waiting = [a.index for a in timeline.attempts if a.outcome == "running"]
    begun = {a.index for a in timeline.attempts}
    to_come = [] if timeline.is_over else [i for i in range(columns) if i not in begun]
    to_come += timeline.unscored  # wherever their rewards lie
    return {
        "name": "places",
        "shape": "dots",
        "x": [i + 0.5 for i in (*waiting, *to_come)],
        "y": [axis.top + 6, axis.bottom],
        "style": [*["running"] * len(waiting), *["ghost"] * len(to_come)],
        "attempt": [*waiting, *to_come],
    }
