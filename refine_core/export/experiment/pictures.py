"""The three pictures of an experiment, from plain numbers: differences by input, attempts to the threshold, reward for the same calls."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from refine_core.experiments.marks import ArmMark
from refine_core.export.chart.layers import write_text
from refine_core.export.experiment.axes import (
    HEIGHT,
    TEXT_PX,
    WIDTH,
    Scale,
    draw_band,
    draw_columns,
    draw_line,
    draw_mark,
    draw_picture,
    draw_rules,
    keep_apart,
    nice_ticks,
)
from refine_core.export.markup import Markup, element, format_pixels
from refine_core.formatting import format_difference, format_interval, pluralize

_LEFT, _TOP, _BOTTOM = 44.0, 10.0, HEIGHT - 42.0
_LABEL_PX: Final = 14.0
_NOISE: Final = 1e-9
_WIDEST: Final = 6.0  # pixels of a bar
_BEYOND: Final = 0.05  # of the axis of attempts, so that the last step is seen
_NEAR_PX: Final = 40.0


@dataclass(frozen=True, slots=True)
class Point:
    """A value with its interval. x: attempts, or calls. low, high: None where there is none."""

    x: float
    value: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """What an arm shows. name: of the arm."""

    name: str
    mark: ArmMark
    points: Sequence[Point]


def draw_differences(values: Sequence[float], mean: float, low: float | None, high: float | None) -> Markup:
    """A bar for each input, the worst at the left, and beside them the mean with its interval."""
    ordered = sorted(values)
    largest = max(map(abs, (*ordered, mean, low or 0.0, high or 0.0)), default=1.0) or 1.0
    ticks = nice_ticks(-largest, largest)
    y = Scale(ticks[0], ticks[-1], _BOTTOM, _TOP)
    right = WIDTH - 66.0
    worse, better = sum(v < -_NOISE for v in ordered), sum(v > _NOISE for v in ordered)
    equal = len(ordered) - worse - better
    counts = f"{worse:,} worse, {equal:,} equal, {better:,} better"
    words = f"Differences of {pluralize(len(ordered), 'input')}: {counts}; mean {format_difference(mean)}"
    if low is not None and high is not None:
        words += f" {format_interval(low, high, signed=True)}"
    parts = [
        *draw_rules(ticks, y, _LEFT, right, signed=True),
        *_bars(ordered, y, right),
        *_mean(mean, low, high, y, right + 16),
        write_text(f"{worse:,} worse", _LEFT, _BOTTOM + 20, TEXT_PX, {"cls": "worse"}),
        write_text(f"{equal:,} equal", (_LEFT + right) / 2, _BOTTOM + 20, TEXT_PX, {"cls": "muted"}, anchor="middle"),
        write_text(f"{better:,} better", right, _BOTTOM + 20, TEXT_PX, {"cls": "better"}, anchor="end"),
    ]  # fmt: skip
    return draw_picture(parts, words)


def _bars(ordered: Sequence[float], y: Scale, right: float) -> Iterator[Markup]:
    """One path for all that got worse, one for all that got better, dots for the rest: a thousand inputs are three elements."""
    step = (right - _LEFT) / max(len(ordered), 1)
    width = min(step * 0.66, _WIDEST) if step > 1 else step
    zero = y(0)
    bars: dict[str, list[str]] = {"worse": [], "equal": [], "better": []}
    for i, value in enumerate(ordered):
        x = format_pixels(_LEFT + (i + 0.5) * step)
        kind = "worse" if value < -_NOISE else "better" if value > _NOISE else "equal"
        if kind == "equal":
            bars[kind].append(f"M{x} {format_pixels(zero - 1.5)}v3")
        else:
            bars[kind].append(f"M{x} {format_pixels(zero)}V{format_pixels(y(value))}")
    for kind, path in bars.items():
        if path:
            yield element("path", d="".join(path), cls=f"bar-{kind}", stroke_width=f"{width:.2f}")


def _mean(mean: float, low: float | None, high: float | None, y: Scale, x: float) -> Iterator[Markup]:
    if low is not None and high is not None:
        ends = "".join(
            f"M{format_pixels(x - 5)} {format_pixels(y(end))}H{format_pixels(x + 5)}" for end in (low, high)
        )
        yield element(
            "path",
            d=f"M{format_pixels(x)} {format_pixels(y(low))}V{format_pixels(y(high))}{ends}",
            cls="whisker",
        )
    size = 4.5
    at = y(mean)
    diamond = f"M{format_pixels(x)} {format_pixels(at - size)}l{size} {size}l-{size} {size}l-{size}-{size}z"
    yield element("path", d=diamond, cls="ink")
    yield write_text(format_difference(mean), x + 10, at, TEXT_PX, {"cls": "value"})


def draw_survival(lines: Sequence[Line], most: int) -> Markup:
    """How many of the runs have reached the threshold, by attempt. most: attempts of the arm that may make the most."""
    ticks = [0.0, 0.25, 0.5, 0.75, 1.0]
    right = WIDTH - 56.0
    y = Scale(0.0, 1.0, _BOTTOM, _TOP)
    x = Scale(0.0, max(most, 1) * (1 + _BEYOND), _LEFT, right)
    percent = Scale(0.0, 100.0, _BOTTOM, _TOP)
    columns = range(most + 1) if most <= 12 else [int(one) for one in nice_ticks(0, most) if one <= most]  # noqa: PLR2004  # numbers that fit
    ends = keep_apart(
        [y(one.points[-1].value if one.points else 0.0) for one in lines], _LABEL_PX, _TOP, _BOTTOM
    )
    told = [f"{one.name} {one.points[-1].value:.0%}" for one in lines if one.points]
    parts = [
        *draw_rules([100 * tick for tick in ticks], percent, _LEFT, right, unit=" %"),
        *draw_columns(columns, x, _BOTTOM + 15, "attempts"),
        *(draw_band(*_edges(one, x, y), one.mark) for one in lines if len(one.points) > 0),
        *(draw_line(_stairs([(p.x, p.value) for p in one.points], x, y), one.mark) for one in lines),
        *(
            write_text(f"{one.mark.sign} {one.points[-1].value:.0%}".replace("%", " %"), right + 8, at, TEXT_PX, {"cls": f"tx a-{one.mark.colour}"})
            for one, at in zip(lines, ends, strict=True)
            if one.points
        ),
    ]  # fmt: skip
    return draw_picture(parts, f"At the threshold in the end: {', '.join(told)}")


def _stairs(points: Sequence[tuple[float, float]], x: Scale, y: Scale) -> list[tuple[float, float]]:
    """A line that stays level up to each attempt, and rises there."""
    found = [(x(0), y(0))]
    level = 0.0
    for at, value in points:
        found += [(x(at), y(level)), (x(at), y(value))]
        level = value
    return (
        [*found, (x.end, y(level))] if points and points[-1][0] * (1 + _BEYOND) >= x.high - _NOISE else found
    )


def _edges(line: Line, x: Scale, y: Scale) -> tuple[list[tuple[float, float]], list[tuple[float, float]]]:
    high = [(p.x, p.value if p.high is None else p.high) for p in line.points]
    low = [(p.x, p.value if p.low is None else p.low) for p in line.points]
    return _stairs(high, x, y), _stairs(low, x, y)


def draw_curves(lines: Sequence[Line], what: str, at: float | None = None, note: str = "") -> Markup:
    """The best reward so far by what was spent on an input. what: "calls an input". at: where arms are compared; note: what is seen there."""
    shown = [one for one in lines if one.points]
    values = [v for one in shown for p in one.points for v in (p.value, p.low, p.high) if v is not None]
    most = max((p.x for one in shown for p in one.points), default=1.0)
    ticks = nice_ticks(min(values, default=0.0), max(values, default=1.0))
    columns = nice_ticks(0.0, most)
    right = WIDTH - 16.0
    y = Scale(ticks[0], ticks[-1], _BOTTOM, _TOP)
    x = Scale(0.0, columns[-1], _LEFT, right)
    parts = [*draw_rules(ticks, y, _LEFT, right), *draw_columns(columns, x, _BOTTOM + 15, what)]
    if at is not None:
        parts.append(
            element(
                "path", d=f"M{format_pixels(x(at))} {format_pixels(_TOP)}V{format_pixels(_BOTTOM)}", cls="at"
            )
        )
    for one in shown:
        upper = [(x(p.x), y(p.value if p.high is None else p.high)) for p in one.points]
        lower = [(x(p.x), y(p.value if p.low is None else p.low)) for p in one.points]
        parts.append(draw_band(upper, lower, one.mark))
    for one in shown:
        points = [(x(p.x), y(p.value)) for p in one.points]
        parts += [draw_line(points, one.mark), *(draw_mark(one.mark, *point) for point in points)]
    if at is not None and note:
        is_left = x(at) > (_LEFT + right) / 2
        low = [y(p.value) for one in shown for p in one.points if (p.x <= at) == is_left]
        height = _BOTTOM - 10 if max(low, default=0) < _BOTTOM - _NEAR_PX else _TOP + 8
        parts.append(
            write_text(
                note,
                x(at) + (-6 if is_left else 6),
                height,
                TEXT_PX,
                {"cls": "halo"},
                anchor="end" if is_left else "start",
            )
        )
    told = [f"{one.name} {one.points[-1].value:.2f} at {one.points[-1].x:.3g}" for one in shown]
    return draw_picture(parts, f"Best reward by {what}: {'; '.join(told)}. {note}".rstrip())
