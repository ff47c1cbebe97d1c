"""The drawing for many attempts: rewards as dots, and a strip of shaded cells for each quantity.

    rewards · failed · one strip for each part of the score, darker the fuller · time, darker the longer · new hints

The height stays the same up to four parts: rewards take what strips leave.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice

from refine_core.figures import panel
from refine_core.figures.axis import Axis, build_axis
from refine_core.figures.drawing import Drawing
from refine_core.figures.grid import count_columns
from refine_core.figures.kept import draw_kept
from refine_core.figures.scene import Json, Layer, middle
from refine_core.formatting import format_duration, format_score
from refine_core.log.timeline import Attempt, Timeline
from refine_core.unseen import show_unseen

LEFT_PX = 128
CELL_PX = 14.0
_NUMBERS_Y, _TOP_Y = 10.0, 30.0
_PITCH_PX = 18.0
_FAILED_PX, _FIRST_PX, _GAP_PX = 13.0, 24.0, 10.0
_PANEL_PX = 108.0  # of the panel, above four strips of parts
_USUAL_PARTS, _MAX_PARTS = 4, 8
_FOOT_PX = 12.0
_DOT_PX = 6.8
_FULL = 1e-9


@dataclass(frozen=True, slots=True)
class PartScale:
    """How full one part of the score was. most: its largest value of the run. full: the share of scored attempts that reached it."""

    name: str
    most: float
    full: float


def measure_parts(timeline: Timeline, limit: int = _MAX_PARTS) -> list[PartScale]:
    """The first parts that scores of the run have, at most `limit`, in the order in which they were seen."""
    scored = [a.score.parts for a in timeline.attempts if a.score is not None]
    names: dict[str, None] = {}
    for parts in scored:
        names.update(dict.fromkeys(islice(parts, limit)))
    return [_measure(name, scored) for name in islice(names, limit)]


def _measure(name: str, scored: list[Mapping[str, float]]) -> PartScale:
    seen = [parts[name] for parts in scored if name in parts]
    most = max(seen)
    reached = sum(value >= most - _FULL for value in seen) if most > 0 else 0
    return PartScale(name, most, reached / len(scored))


def draw_matrix(timeline: Timeline) -> Drawing:
    """The drawing, for any number of attempts."""
    columns, parts = count_columns(timeline), measure_parts(timeline)
    axis, failed_y = _place_panel(timeline, parts)
    y = failed_y + _FIRST_PX
    layers = [panel.draw_best_so_far(timeline, axis), *_rewards(timeline, axis, failed_y)]
    labels: list[Mapping[str, Json]] = []
    for part in parts:
        layers.append(_part_cells(timeline, part, y, columns))
        about = f"{part.full:.0%}".replace("%", " % full")
        shown = show_unseen(part.name)
        most = f"{shown}: {about}, at {format_score(part.most)}, the highest of this run"
        labels.append({"y": y, "text": shown, "value": about, "title": most})
        y += _PITCH_PX
    y += _GAP_PX if parts else 0.0
    times, longest = _times(timeline, y, columns)
    layers.append(times)
    value = f"to {format_duration(longest)}" if longest else ""
    labels.append({"y": y, "text": "time", "value": value, "title": ""})
    y += _PITCH_PX
    layers += draw_kept(timeline, axis, failed_y)
    layers.append(_new_hints(timeline, y))
    if timeline.spec.hint_source != "none":
        labels.append({"y": y, "text": "new hint", "value": "", "title": ""})
        y += _PITCH_PX
    return Drawing(
        kind="matrix",
        height=y - _PITCH_PX + _FOOT_PX,
        left=LEFT_PX,
        numbers_y=_NUMBERS_Y,
        axis=axis,
        failed_y=failed_y,
        labels=labels,
        layers=layers,
    )


def place_panel(timeline: Timeline) -> tuple[Axis, float]:
    """The axis of rewards in the drawing for many attempts, and the y of its line of failures."""
    return _place_panel(timeline, measure_parts(timeline))


def _place_panel(timeline: Timeline, parts: list[PartScale]) -> tuple[Axis, float]:
    spare = (_USUAL_PARTS - len(parts)) * _PITCH_PX + (0 if parts else _GAP_PX)
    axis = build_axis(timeline, _TOP_Y, _PANEL_PX + max(0.0, spare))
    return axis, axis.bottom + _FAILED_PX


def _rewards(timeline: Timeline, axis: Axis, failed_y: float) -> list[Layer]:
    """Smaller marks than in columns; the best and the one returned keep their size."""
    layers = panel.draw_rewards(timeline, axis, failed_y)
    for layer in layers:
        sizes, symbols = layer["size"], layer["symbol"]
        if (
            isinstance(sizes, list)
            and isinstance(symbols, list)
            and layer["name"] in {"reward", "failed", "unknown"}
        ):
            small = {"circle": _DOT_PX, "cross": _DOT_PX, "question": _DOT_PX}
            layer["size"] = [
                small.get(str(symbol), size) for symbol, size in zip(symbols, sizes, strict=True)
            ]
            layer["dense"] = True
    return layers


def _part_cells(timeline: Timeline, part: PartScale, y: float, columns: int) -> Layer:
    levels: list[float | None] = [None] * columns
    for attempt in timeline.attempts:
        if attempt.score is not None and part.name in attempt.score.parts:
            levels[attempt.index] = _share(attempt.score.parts[part.name], part.most)
    return _cells(f"part {show_unseen(part.name)}", "part", timeline, levels, y)


def _times(timeline: Timeline, y: float, columns: int) -> tuple[Layer, float]:
    took = {a.index: a.took_s for a in timeline.attempts if a.took_s is not None}
    longest = max(took.values(), default=0.0)
    levels: list[float | None] = [None] * columns
    for index, seconds in took.items():
        levels[index] = _share(seconds, longest)
    return _cells("time", "time", timeline, levels, y), longest


def _cells(name: str, style: str, timeline: Timeline, levels: list[float | None], y: float) -> Layer:
    """failed: indices of attempts that are struck through, as they have no reward."""
    failed = [a.index for a in timeline.attempts if a.outcome == "failed"] if style == "part" else []
    return {
        "name": name,
        "shape": "heat",
        "style": style,
        "y": y,
        "height": CELL_PX,
        "levels": levels,
        "failed": failed,
    }


def _share(value: float, most: float) -> float:
    """From 0 to 1, in twentieths: more cannot be told apart, and cells of one shade are drawn as one."""
    return round(20 * min(max(value / most, 0.0), 1.0)) / 20 if most > 0 else 0.0


def _new_hints(timeline: Timeline, y: float) -> Layer:
    """The attempts whose hints differ from those of the attempt before."""
    given: list[Attempt] = []
    before: dict[str, str] = {}
    for attempt in timeline.attempts:
        hints = attempt.real_hints
        if hints and hints != before:
            given.append(attempt)
        before = hints
    return {
        "name": "new hints",
        "shape": "mark",
        "x": [middle(a) for a in given],
        "y": [y] * len(given),
        "symbol": ["triangle"] * len(given),
        "style": ["hint-mark"] * len(given),
        "size": [7.0] * len(given),
        "dense": True,
        "attempt": [a.index for a in given],
    }
