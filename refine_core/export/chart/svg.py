"""The timeline as SVG: a file of its own for slides, and the same drawing inside the report and a notebook.

    write_svg(timeline) -> str                  a file: fixed colours, light ground, <title> and <desc>
    draw_chart(timeline, width, …) -> Markup    inside a page, coloured by its style sheet

It draws the figure that the screen draws (refine_core.figures.build_figure), without a plotting library.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, cast

from refine_core.export.chart.layers import Place, draw_layer, write_text
from refine_core.export.chart.legend import list_legend
from refine_core.export.chart.paint import LIGHT, Paint, attributes, class_of
from refine_core.export.markup import NOTHING, Markup, element, format_pixels, join
from refine_core.figures import build_figure, describe_figure
from refine_core.formatting import format_time
from refine_core.log.timeline import Timeline
from refine_core.stop_summary import stop_sentences

FONT: Final = "Arial, Helvetica, sans-serif"
"""What every machine has."""
_WIDTH, _PAD = 960, 20
_RIGHT_PX = 6
_MATRIX_BELOW_PX = 14  # columns that are narrower have no room for bars and arrows
_NARROW_PX = 600
_NUMBER_PX, _MATRIX_NUMBER_PX = 26, 34  # room for one number in the row of attempts
_LABEL_PX, _TICK_PX, _LETTER_PX = 12.5, 12.0, 6.4
_TITLE_PX = 17.0
_LINE_PX = 18.0
_GAP: Final = "\N{NO-BREAK SPACE}" * 4  # spaces in a row would become one

Drawing = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Canvas:
    """What is drawn on. width: pixels. link: what an attempt's column leads to, its number appended; None for nothing."""

    width: int
    paint: Paint
    link: str | None = None


def write_svg(timeline: Timeline, *, title: str = "", width: int = _WIDTH) -> str:
    """The timeline as an SVG file. title: stands above it; why the run stopped, if "". width: pixels, at least 320."""
    heading = title or stop_sentences(timeline, alive=False)[0]
    paint = attributes(LIGHT)
    inner = width - 2 * _PAD
    figure = build_figure(timeline)
    drawing, height = _draw(figure, timeline, Canvas(inner, paint))
    legend = _legend(timeline, figure, inner)
    top = _PAD + _TITLE_PX + 14
    shown = _fit(heading, inner / (_TITLE_PX * 0.52))
    caption = " · ".join(filter(None, (timeline.spec.title, format_time(timeline.started_at))))
    below = top + height + _LINE_PX
    total = below + _LINE_PX * len(legend) + _PAD + 4
    body = element(
        "svg",
        element("title", heading),
        element("desc", describe_figure(timeline, live=False)),
        element("rect", width=width, height=total, fill=LIGHT["paper"]),
        write_text(shown, _PAD, _PAD + 6, _TITLE_PX, {**paint("text"), "font_weight": "600"}),
        element("g", drawing, transform=f"translate({_PAD} {format_pixels(top)})"),
        *(write_text(line, _PAD, below + _LINE_PX * i, 12, paint("muted")) for i, line in enumerate(legend)),
        write_text(_fit(caption, inner / 6.4), _PAD, total - 14, 12, paint("muted")),
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {width} {format_pixels(total)}",
        width=width,
        height=total,
        font_family=FONT,
        role="img",
    )
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{body}\n'


def _legend(timeline: Timeline, figure: Mapping[str, Any], room: float) -> list[str]:
    """What the marks mean, on as many lines as it takes."""
    columns = figure["drawings"]["columns"]
    fits = columns and (room - columns["left"]) / int(figure["columns"]) >= _MATRIX_BELOW_PX
    letters = max(10, int(room / 6.4))
    lines: list[str] = []
    for mark, _, meaning in list_legend(timeline, is_matrix=not fits):
        entry = f"{mark} {meaning}".strip()
        if lines and len(lines[-1]) + len(entry) + len(_GAP) <= letters:
            lines[-1] += _GAP + entry
        else:
            lines.append(_fit(entry, letters))
    return lines


def draw_chart(
    timeline: Timeline,
    width: int,
    *,
    cls: str = "",
    link: str | None = None,
    figure: Mapping[str, Any] | None = None,
    over: Mapping[str, Any] | None = None,
) -> Markup:
    """The chart inside a page, hidden from screen readers: `describe_figure` says the same in words.

    link: what an attempt's column leads to, its number appended: "#a". figure: of this timeline, if it is built already.
    over: what attempts would score now; see `build_now_marks`.
    """
    drawing, height = _draw(figure or build_figure(timeline), timeline, Canvas(width, class_of, link), over)
    return element(
        "svg",
        drawing,
        cls=cls,
        viewBox=f"0 0 {width} {format_pixels(height)}",
        width=width,
        height=height,
        aria_hidden="true",
    )


def _draw(
    figure: Mapping[str, Any],
    timeline: Timeline,
    canvas: Canvas,
    over: Mapping[str, Any] | None = None,
) -> tuple[Markup, float]:
    """The drawing that fits, and its height."""
    width, paint = canvas.width, canvas.paint
    columns, drawings = int(figure["columns"]), figure["drawings"]
    by_columns = drawings["columns"]
    roomy = by_columns and (width - by_columns["left"]) / columns >= _MATRIX_BELOW_PX
    drawing = cast("Drawing", by_columns if roomy else drawings["matrix"])
    narrow = width < _NARROW_PX
    left = float(drawing["least_left" if narrow else "left"])
    end = width - _RIGHT_PX
    column = (end - left) / columns
    durations = next((layer for layer in drawing["layers"] if layer.get("after") == "track"), None)
    place = Place(left, column, durations is not None and column >= durations["room"], paint)
    height = float(drawing["height"])
    added = (over or {}).get(drawing["kind"]) or {}
    parts = [
        _returned(timeline, place, height),
        join(_rules(drawing, left, end, paint)),
        join(_labels(drawing, left, paint, narrow=narrow)),
        join(_numbers(figure, drawing, place, timeline.returned_index)),
        *(
            draw_layer(layer, place)
            for layer in (*added.get("under", ()), *drawing["layers"], *added.get("over", ()))
        ),
        join(_hovers(figure, place, height, canvas.link)),
    ]
    return join(parts), height


def _returned(timeline: Timeline, place: Place, height: float) -> Markup:
    """A tint behind the column of the attempt that was returned."""
    index = timeline.returned_index
    if index is None or place.column < _MATRIX_BELOW_PX:
        return NOTHING
    return element(
        "rect",
        x=place.x(index) + 1,
        y=0,
        width=place.column - 2,
        height=height,
        rx=3,
        **place.paint("returned-column"),
    )


def _hovers(figure: Mapping[str, Any], place: Place, height: float, link: str | None) -> Iterator[Markup]:
    """Over each column of an attempt that began: what is known of it, and the way to its words."""
    if link is None:
        return
    for i in figure["begun"]:
        area = element("rect", x=place.x(i), y=0, width=place.column, height=height, **place.paint("area"))
        tip = element("title", figure["hovers"][i])
        yield element("a", tip, area, href=f"{link}{i + 1}", tabindex="-1")


def _rules(drawing: Drawing, left: float, end: float, paint: Paint) -> Iterator[Markup]:
    for rule in drawing["rules"]:
        d = f"M{format_pixels(left)} {format_pixels(rule['y'])}H{format_pixels(end)}"
        yield element("path", d=d, **paint(f"rule {rule['style']}"))


def _labels(drawing: Drawing, left: float, paint: Paint, *, narrow: bool) -> Iterator[Markup]:
    """Names at the left, and the numbers of the axis."""
    room = left - 6
    for label in drawing["labels"]:
        value = "" if narrow else str(label.get("value", ""))
        words = str(label["brief"] if narrow and label.get("brief") else label["text"])
        free = room - (len(value) * _LETTER_PX + 8 if value else 0)
        yield write_text(_fit(words, free / _LETTER_PX), 0, label["y"], _LABEL_PX, paint("muted"))
        if value:
            yield write_text(value, room - 2, label["y"], _TICK_PX, paint("muted"), anchor="end")
    for tick in drawing["ticks"]:
        yield write_text(tick["text"], left - 8, tick["y"], _TICK_PX, paint(tick["style"]), anchor="end")


def _numbers(
    figure: Mapping[str, Any], drawing: Drawing, place: Place, returned: int | None
) -> Iterator[Markup]:
    """The row of attempts."""
    begun = set(figure["begun"])
    end = place.x(int(figure["columns"]))
    if drawing["kind"] == "matrix":
        step = max(10, _round_step(_MATRIX_NUMBER_PX / place.column))
    else:
        step = max(1, _round_step(_NUMBER_PX / place.column))
    for i in range(int(figure["columns"])):
        first = i == 0 and (step - 1) * place.column >= _NUMBER_PX
        if not first and (i + 1) % step:
            continue
        style = "returned-number" if i == returned else "number" if i in begun else "faint"
        # The last one stays inside.
        x = min(place.x(i + 0.5), end + _RIGHT_PX - len(str(i + 1)) * _LETTER_PX / 2 - 1)
        yield write_text(str(i + 1), x, drawing["numbers"], _LABEL_PX, place.paint(style), anchor="middle")


def _round_step(least: float) -> int:
    """The next of 1, 2 and 5 times a power of ten."""
    power = 1
    while True:
        for times in (1, 2, 5):
            if times * power >= least * 0.999:
                return times * power
        power *= 10


def _fit(words: str, letters: float) -> str:
    """Words that fit, with "…" in place of what does not."""
    most = max(2, int(letters))
    return words if len(words) <= most else f"{words[: most - 1].rstrip()}…"
