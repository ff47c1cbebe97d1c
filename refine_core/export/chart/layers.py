"""The layers of a drawing as SVG (refine_core/figures/scene.py says what a layer is; assets/timeline/layers.js is its twin).

draw_layer(layer, place)        place: where columns lie, and whether durations stand beside bars
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import hypot
from typing import Any, Final

from refine_core.export.markup import Markup, element, format_pixels, join

_TRACK_START: Final = 0.14  # of a column
_BESIDE, _ALONE = 0.42, 0.67  # a track's length where durations stand beside it, and where none do
_BAR_PX, _LEAST_PX, _CROSS_PX = 6.0, 2.0, 7.0
_GUTTER_PX, _CORNER_PX = 2.0, 5.0
_CLEAR_PX = 4.0  # more between a duration and its arrow, as this font is wider than the screen's
_LEAST_DOT_PX, _LEAST_MARK_PX = 3.5, 6.0
_SMALL_CROSS_PX = 8.0
_LETTER: Final = 0.52  # of the size of the text: the width of a digit
_HATCH_PX: Final[Mapping[str, float]] = {"never": 7.0, "other": 13.0}
_HATCH_TEXT_PX = 12.0

Layer = Mapping[str, Any]
Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Place:
    """Where columns lie: from `left`, each `column` pixels wide. beside: whether durations are shown.

    paint: style of a shape -> its attributes, a class or colours.
    """

    left: float
    column: float
    beside: bool
    paint: Callable[[str], Mapping[str, str]]

    def x(self, column: float) -> float:
        """Pixels from the left."""
        return self.left + column * self.column


def draw_layer(layer: Layer, place: Place) -> Markup:
    """One layer as a group; nothing for one without shapes."""
    shapes = join(_DRAW[str(layer["shape"])](layer, place))
    return element("g", shapes) if shapes else shapes


def write_text(
    words: str, x: float, y: float, size: float, paint: Mapping[str, str], *, anchor: str | None = None
) -> Markup:
    """A line of text whose middle is at `y`."""
    if "paint_order" in paint:
        # Not every program knows `paint-order`: there the halo is a text of its own below.
        halo = {name: value for name, value in paint.items() if name != "paint_order"}
        below = write_text(
            words, x, y, size, {**halo, "fill": paint["stroke"], "aria_hidden": "true"}, anchor=anchor
        )
        rest = {name: value for name, value in halo.items() if not name.startswith("stroke")}
        return join((below, write_text(words, x, y, size, rest, anchor=anchor)))
    return element("text", words, x=x, y=y + size * 0.33, font_size=size, text_anchor=anchor, **paint)


# ---- marks


def _marks(layer: Layer, place: Place) -> Iterator[Markup]:
    offsets = layer.get("dx")
    rooms = layer.get("rooms")
    for i, column in enumerate(layer["x"]):
        if rooms and place.column < rooms[i]:
            continue
        x = place.x(column) + (_aside(offsets[i], place) if offsets else 0.0)
        kind, size = layer["symbol"][i], float(layer["size"][i])
        if layer.get("dense") or layer.get("share"):
            least = _LEAST_DOT_PX if kind == "circle" else _LEAST_MARK_PX  # other shapes must be told apart
            size = min(size, max(least, place.column * layer.get("share", 0.8)))
        paint = dict(place.paint(f"mark {layer['style'][i]}"))
        if kind == "cross" and size < _SMALL_CROSS_PX:
            paint["style"] = "stroke-width:1.75"
        yield _symbol(kind, x, layer["y"][i], size, paint)


def _aside(dx: float, place: Place) -> float:
    """Pixels to a side, fewer in narrow columns: never out of one's own."""
    most = min(abs(dx), place.column * 0.38)
    return most if dx > 0 else -most


def _symbol(kind: str, x: float, y: float, size: float, paint: Mapping[str, str]) -> Markup:
    r = size / 2
    left, right, top, foot = map(format_pixels, (x - r, x + r, y - r, y + r))
    middle, level = format_pixels(x), format_pixels(y)
    if kind == "square":
        return element("rect", x=x - r, y=y - r, width=size, height=size, **paint)
    paths = {
        "triangle": f"M{middle} {top}L{right} {foot}H{left}Z",
        "diamond": f"M{middle} {top}L{right} {level}L{middle} {foot}L{left} {level}Z",
        "cross": f"M{left} {top}L{right} {foot}M{right} {top}L{left} {foot}",
        "dash": f"M{left} {level}H{right}",
        "question": _question(x, y, r),
    }
    if kind in paths:
        return element("path", d=paths[kind], **paint)
    return element("circle", cx=x, cy=y, r=r, **paint)


def _question(x: float, y: float, r: float) -> str:
    """A question mark of strokes."""
    h = format_pixels(r / 2)
    start = f"M{format_pixels(x - r / 2)} {format_pixels(y - r * 0.45)}a{h} {h} 0 1 1 {h} {h}v{format_pixels(r * 0.35)}"
    return f"{start}M{format_pixels(x)} {format_pixels(y + r * 0.8)}v{format_pixels(r * 0.2)}"


# ---- strips


def _bars(layer: Layer, place: Place) -> Iterator[Markup]:
    track = place.column * (_BESIDE if place.beside else _ALONE)
    y = float(layer["y"])
    retries = layer.get("retries")
    for i, column in enumerate(layer["column"]):
        start = place.x(column + _TRACK_START)
        begin = start + layer["start"][i] * track
        end = start + max(layer["stop"][i] * track, layer["start"][i] * track + _LEAST_PX)
        style = layer["style"][i]
        yield element(
            "rect",
            x=begin,
            y=y - _BAR_PX / 2,
            width=end - begin,
            height=_BAR_PX,
            rx=_BAR_PX / 2,
            **place.paint(style if style in {"track", "ghost"} else f"bar {style}"),
        )
        if retries and retries[i]:
            path = f"M{format_pixels(end + 1)} {format_pixels(y - 5)}V{format_pixels(y + 5)}"
            yield element("path", d=path, **place.paint("retried"))
        if style == "bar-failed":
            yield _symbol("cross", end, y, _CROSS_PX, place.paint("mark failed"))


# ---- words


def _width(words: str, size: float) -> float:
    return len(words) * size * _LETTER


def _texts(layer: Layer, place: Place) -> Iterator[Markup]:
    if layer["style"] == "value":
        yield from _values(layer, place)
        return
    beside = place.column >= layer["room"]
    brief = layer.get("brief")
    if not beside and (not brief or place.column < layer["room_brief"]):
        return
    offsets, size, anchor = layer.get("dx"), float(layer["size"]), layer.get("anchor")
    for i, words in enumerate(layer["text"]):
        if layer.get("after"):
            x = place.x(layer["column"][i] + _TRACK_START) + place.column * _BESIDE + 7
        else:
            x = place.x(layer["x"][i]) + (offsets[i] if offsets else 0.0)
        shown = brief[i] if brief and not beside else words
        end = place.x(layer["attempt"][i] + 1) - _GUTTER_PX
        if anchor != "middle" and x + _width(shown, size) > end:
            continue
        style = layer["style"] if isinstance(layer["style"], str) else layer["style"][i]
        yield write_text(shown, x, layer["y"][i], size, place.paint(style), anchor=anchor)


def _values(layer: Layer, place: Place) -> Iterator[Markup]:
    """Rewards at their marks: beside them, above them, or only some where there is no room for each."""
    beside, each = place.column >= layer["room_beside"], place.column >= layer["room"]
    size = float(layer["size"])
    taken = -1e9
    for i, words in enumerate(layer["text"]):
        x, y = place.x(layer["x"][i]), float(layer["y"][i])
        half = _width(words, size) / 2
        crowded = not beside and x - half < taken + 3
        if not layer["keep"][i] and (not each or crowded):
            continue
        taken = x + half
        paint = place.paint(layer["style"])
        if beside:
            yield write_text(words, x + layer["dx"][i], y + layer["dy"][i], size, paint)
        else:
            yield write_text(words, x, y + layer["above"][i], size, paint, anchor="middle")


# ---- lines


def _lines(layer: Layer, place: Place) -> Iterator[Markup]:
    clear = layer.get("clear")
    style, arrow = str(layer["style"]), bool(layer.get("arrow"))
    for i, points in enumerate(layer["points"]):
        free = clear[i] if place.beside and clear else 0.0
        path: list[Point] = []
        for k, (column, y, *rest) in enumerate(points):
            dx = rest[0] if rest else 0.0
            if not arrow:
                dx = _aside(dx, place)
            elif (
                k == 0
            ):  # it keeps clear of the duration beside the circle; in narrow columns it comes closer
                dx = min(dx + free + _CLEAR_PX * bool(free), place.column * 0.55)
            path.append((place.x(column) + dx, y))
        if not arrow:
            yield element("path", d=_polyline(path), **place.paint(f"line {style}"))
            continue
        x, y = path[-1]
        head = round(min(7.0, place.column * 0.25), 1)
        path[-1] = (x - head + 1, y)
        half = format_pixels(head / 2)
        tip = f"M{format_pixels(x)} {format_pixels(y)}l-{format_pixels(head)} -{half}v{format_pixels(round(head / 2, 1) * 2)}z"
        yield element("path", d=_rounded(path), **place.paint(f"line {style}"))
        yield element("path", d=tip, **place.paint(f"head {style}"))


def _point(x: float, y: float) -> str:
    return f"{format_pixels(x)} {format_pixels(y)}"


def _polyline(path: Sequence[Point]) -> str:
    return "M" + "L".join(_point(x, y) for x, y in path)


def _rounded(path: Sequence[Point]) -> str:
    """The same with round corners."""
    d = f"M{_point(*path[0])}"
    for before, corner, after in zip(path, path[1:], path[2:], strict=False):
        near = []
        for end in (before, after):
            dx, dy = end[0] - corner[0], end[1] - corner[1]
            length = hypot(dx, dy) or 1.0
            r = min(_CORNER_PX, length / 2)
            near.append(_point(corner[0] + dx / length * r, corner[1] + dy / length * r))
        d += f"L{near[0]}Q{_point(*corner)} {near[1]}"
    return f"{d}L{_point(*path[-1])}"


def _dots(layer: Layer, place: Place) -> Iterator[Markup]:
    top, foot = map(format_pixels, layer["y"])
    for i, column in enumerate(layer["x"]):
        path = f"M{format_pixels(place.x(column))} {top}V{foot}"
        yield element("path", d=path, **place.paint(f"dots {layer['style'][i]}"))


def _hatch(layer: Layer, place: Place) -> Iterator[Markup]:
    """Diagonal lines over some columns, and a word on them where there is room."""
    top, foot = layer["y"]
    step = _HATCH_PX[layer["style"]]
    for first, last in layer["spans"]:
        left, right = place.x(first) + 1, place.x(last) - 1
        d, at = "", left + top + step / 2
        while at < right + foot:
            begin, end = max(left, at - foot), min(right, at - top)
            d += f"M{_point(begin, at - begin)}L{_point(end, at - end)}"
            at += step
        yield element("path", d=d, **place.paint(f"hatch {layer['style']}"))
        fits = (w for w in layer["texts"] if _width(w, _HATCH_TEXT_PX) * 1.1 < right - left)
        if words := next(fits, ""):
            middle = (left + right) / 2
            yield write_text(
                words, middle, layer["text_y"], _HATCH_TEXT_PX, place.paint("hatched"), anchor="middle"
            )


# ---- the matrix


def _heat(layer: Layer, place: Place) -> Iterator[Markup]:
    """Cells of one shade are one path."""
    gap = 1.0 if place.column > 6 else 0.0  # noqa: PLR2004 - where cells are wide enough to be told apart
    height, y = float(layer["height"]), float(layer["y"])
    width = format_pixels(place.column - gap)
    shades: dict[float, str] = {}
    for i, level in enumerate(layer["levels"]):
        if level is not None:
            corner = _point(place.x(i), y - height / 2)
            cell = f"M{corner}h{width}v{format_pixels(height)}h-{width}z"
            shades[level] = shades.get(level, "") + cell
    for level, d in shades.items():
        opacity = f"{0.1 + 0.75 * level:.2f}"
        yield element("path", d=d, fill_opacity=opacity, **place.paint(f"cell {layer['style']}"))
    slash = min(6.0, place.column) / 2
    struck = ""
    for i in layer["failed"]:
        x = place.x(i + 0.5)
        struck += f"M{_point(x - slash, y + 4)}L{_point(x + slash, y - 4)}"
    if struck:
        yield element("path", d=struck, **place.paint("struck"))


_DRAW: Final[Mapping[str, Callable[[Layer, Place], Iterator[Markup]]]] = {
    "mark": _marks,
    "bar": _bars,
    "text": _texts,
    "line": _lines,
    "dots": _dots,
    "hatch": _hatch,
    "heat": _heat,
}
