"""Axes and marks of the pictures of an experiment: numbers to pixels, rules with their numbers, labels that keep apart."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from refine_core.experiments.marks import ArmMark
from refine_core.export.chart.layers import write_text
from refine_core.export.markup import Markup, element, format_pixels, join
from refine_core.formatting import MINUS

WIDTH, HEIGHT = 358, 250
"""Of a picture: a phone shows it as wide as it is, and three fit beside each other."""
TEXT_PX: Final = 12.0
_PATHS: Final = {
    "circle": "M-.86 0a.86 .86 0 1 0 1.72 0a.86 .86 0 1 0-1.72 0z",
    "diamond": "M0-1.05L1.05 0 0 1.05-1.05 0z",
    "cross": "M-.78-.78L.78.78M.78-.78L-.78.78",
    "square": "M-.78-.78H.78V.78H-.78z",
    "triangle": "M0-.95L1 .8H-1z",
    "plus": "M0-.95V.95M-.95 0H.95",
    "wedge": "M0 .95L1-.8H-1z",
    "star": "M0-1.1L.3-.35 1.05-.3.46.18.66.95 0 .5-.66.95-.46.18-1.05-.3-.3-.35z",
}
"""Shape -> its path in a circle of radius 1; as assets/batch/arms.js draws them."""
_LINES: Final = frozenset(("cross", "plus"))


@dataclass(frozen=True, slots=True)
class Scale:
    """From a number to a pixel. low, high: numbers at the pixels start and end."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        span = self.high - self.low or 1.0
        share = min(max((value - self.low) / span, 0.0), 1.0)
        return self.start + share * (self.end - self.start)


_LARGEST: Final = 1e300  # between it and its inverse, numbers of an axis neither overflow nor vanish


def nice_ticks(low: float, high: float, count: int = 4) -> list[float]:
    """About `count` round numbers that hold low and high between the first and the last."""
    low, high = (min(max(one, -_LARGEST), _LARGEST) for one in (low, high))
    span = high - low if high > low else abs(high) or 1.0
    raw = max(span / count, 1 / _LARGEST)
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(times * power for times in (1, 2, 2.5, 5, 10) if times * power >= raw * 0.999)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    last = max(last, first + 1)
    return [round(i * step, 12) for i in range(first, last + 1)]


def write_number(value: float, *, signed: bool = False) -> str:
    """A number at a rule: "+0.4", "0.25"."""
    text = f"{abs(value):,.6g}"
    if value == 0:
        return "0"
    return f"{MINUS if value < 0 else '+' if signed else ''}{text}"


def draw_rules(
    ticks: Iterable[float], y: Scale, left: float, right: float, *, signed: bool = False, unit: str = ""
) -> Iterator[Markup]:
    """A rule for each number of the axis at the left, with the number before it; the last of them has the unit."""
    ticks = list(ticks)
    for tick in ticks:
        at = y(tick)
        yield element(
            "path",
            d=f"M{format_pixels(left)} {format_pixels(at)}H{format_pixels(right)}",
            cls="rule-zero" if tick == 0 else "rule-hair",
        )
        words = write_number(tick, signed=signed) + (unit if tick == ticks[-1] else "")
        yield write_text(words, left - 7, at, TEXT_PX, {"cls": "muted"}, anchor="end")


def draw_columns(ticks: Iterable[float], x: Scale, at: float, title: str) -> Iterator[Markup]:
    """The numbers of the axis below, and what they count."""
    for tick in ticks:
        yield write_text(write_number(tick), x(tick), at, TEXT_PX, {"cls": "muted"}, anchor="middle")
    yield write_text(title, (x.start + x.end) / 2, at + 17, TEXT_PX, {"cls": "muted"}, anchor="middle")


def draw_mark(mark: ArmMark, x: float, y: float, radius: float = 4.6) -> Markup:
    """The mark of an arm, centred there."""
    outlined = mark.hollow or mark.shape in _LINES
    return element(
        "path",
        d=_PATHS[mark.shape],
        transform=f"translate({format_pixels(x)} {format_pixels(y)}) scale({radius:g})",
        cls=f"{'mo' if outlined else 'mf'} a-{mark.colour}",
    )


def draw_arm_mark(mark: ArmMark) -> Markup:
    """The mark for a line of text, hidden from screen readers: the arm's name stands beside it."""
    return element(
        "svg", draw_mark(mark, 7, 7), cls="arm", viewBox="0 0 14 14", width=14, height=14, aria_hidden="true"
    )


def write_path(points: Sequence[tuple[float, float]]) -> str:
    """A path through pixels."""
    return "M" + "L".join(f"{format_pixels(x)} {format_pixels(y)}" for x, y in points)


def draw_line(points: Sequence[tuple[float, float]], mark: ArmMark) -> Markup:
    """A line in the colour of an arm."""
    return element("path", d=write_path(points), cls=f"ln a-{mark.colour}")


def draw_band(
    upper: Sequence[tuple[float, float]], lower: Sequence[tuple[float, float]], mark: ArmMark
) -> Markup:
    """The area between two lines, in the colour of an arm."""
    return element("path", d=f"{write_path([*upper, *reversed(lower)])}z", cls=f"bd a-{mark.colour}")


def keep_apart(places: Sequence[float], least: float, low: float, high: float) -> list[float]:
    """Places of labels, moved as little as it takes for each to be `least` from the next, within low and high."""
    order = sorted(range(len(places)), key=lambda i: places[i])
    moved = [min(max(places[i], low), high) for i in order]
    for i in range(1, len(moved)):
        moved[i] = max(moved[i], moved[i - 1] + least)
    if moved and moved[-1] > high:
        moved[-1] = high
        for i in range(len(moved) - 2, -1, -1):
            moved[i] = min(moved[i], moved[i + 1] - least)
    found = [0.0] * len(places)
    for i, at in zip(order, moved, strict=True):
        found[i] = at
    return found


def draw_picture(parts: Iterable[Markup], words: str) -> Markup:
    """A picture for a page. words: what it shows, for who does not see it."""
    return element(
        "svg",
        element("title", words),
        join(parts),
        viewBox=f"0 0 {WIDTH} {HEIGHT}",
        width=WIDTH,
        height=HEIGHT,
        role="img",
        aria_label=words,
    )
