"""The arrows that carry hints from the advice to the predictors of later attempts."""

from __future__ import annotations

from refine_core.figures.grid import Grid, Strip
from refine_core.figures.scene import Json, Layer
from refine_core.figures.strips import ADVICE_AT, ADVICE_TEXT_PX, TRACK_START, write_duration
from refine_core.log.timeline import Attempt, Timeline

_START_PX = 12.0  # from the middle of the circle
_LETTER_PX = 5.9
_GUTTER_PX = -1.0  # from the edge of a column: where arrows go up
_HEAD_PX = -2.0  # from the bar to the tip


def draw_hints(timeline: Timeline, grid: Grid) -> Layer:
    """From advice k through the gutter between columns to the very predictor of the attempt that got the hint."""
    origin = grid.find_strip("advice")
    by_index = {a.index: a for a in timeline.attempts}
    given = [
        (by_index[a.advice_from], a, strip)
        for a in timeline.attempts
        if origin is not None and a.advice_from in by_index
        for name in a.real_hints
        if (strip := grid.find_strip("predictor", name)) is not None
    ]
    points: list[Json] = []
    for source, target, strip in given:
        points.append(_path(source.index, target.index, origin.y if origin else 0.0, strip, grid.pitch))
    return {
        "name": "hints",
        "shape": "line",
        "style": "hint",
        "arrow": True,
        "points": points,
        "clear": [_duration_px(source) for source, _, _ in given],
        "attempt": [target.index for _, target, _ in given],
        "source": [source.index for source, _, _ in given],
    }


def draw_possible_hints(columns: int, grid: Grid) -> Layer:
    """The same before a run: from each request for advice that may be made to the first predictor of the next attempt."""
    origin = grid.find_strip("advice")
    strip = next((s for s in grid.strips if s.kind == "predictor"), None)
    steps = range(columns - 1) if origin is not None and strip is not None else range(0)
    return {
        "name": "hints",
        "shape": "line",
        "style": "ghost",
        "arrow": True,
        "points": [_path(i, i + 1, origin.y, strip, grid.pitch) for i in steps if origin and strip],
        "clear": [0.0 for _ in steps],
        "attempt": [i + 1 for i in steps],
        "source": list(steps),
    }


def _path(source: int, target: int, y: float, strip: Strip, pitch: float) -> list[list[float]]:
    """Corner by corner: [x, y, pixels to the right]. A hint that skips an attempt travels in the gap above the advice."""
    out, into = source + 1, target
    corners = [[source + ADVICE_AT, y, _START_PX], [out, y, _GUTTER_PX]]
    if into > out:
        gap = y - pitch / 2
        corners += [[out, gap, _GUTTER_PX], [into, gap, _GUTTER_PX]]
    return [*corners, [into, strip.y, _GUTTER_PX], [into + TRACK_START, strip.y, _HEAD_PX]]


def _duration_px(source: Attempt) -> float:
    """How wide the duration beside the circle is, that the arrow keeps clear of where it is shown."""
    took = source.advice.took_s if source.advice is not None else None
    return (
        0.0
        if took is None
        else round(ADVICE_TEXT_PX - _START_PX + len(write_duration(took)) * _LETTER_PX + 4)
    )
