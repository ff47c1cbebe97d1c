"""An X-ray of one row, or of two side by side, as the browser draws it: plain data, all of it text.

build_xray(xrays, views, parting, …) -> {"code", "columns", "lines", "outputs", …}
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from pages.shared.attempt.changes import mark_changes
from pages.shared.text import cut_text
from pages.shared.xray.colours import colour_lines
from refine_core.formatting import MINUS
from refine_core.runs import format_value
from refine_core.unseen import show_unseen_in
from refine_core.xray import CallView, LineView, Parting, Xray, write_score

CALLS_SHOWN: Final = 20
PRINTED_CHARACTERS: Final = 300
PART: Final = "The scores part here"


def build_xray(
    xrays: Sequence[Xray],
    views: Sequence[CallView],
    parting: Parting | None,
    *,
    title: str,
    labels: Sequence[str],
    scores: Sequence[str],
    trail: Sequence[tuple[int, str, bool]],
    place: tuple[int, int],
) -> dict[str, object]:
    """xrays, views: of one row or two. title: how the source is read. labels, scores: of the rows. trail: (call, name, whether it is the one shown) of the calls that led here.

    place: position of the first row, from 0, among so many.
    """
    first = views[0]
    pieces = colour_lines(xrays[0].recognized.source)
    part = parting.line if parting is not None else None
    lines = []
    for at, line in enumerate(first.lines):
        sides = [view.lines[at] if at < len(view.lines) else line for view in views]
        lines.append(
            {
                "number": line.number,
                "indent": len(line.text) - len(line.text.lstrip(" ")),
                "code": list(pieces[line.number - 1]) if line.number <= len(pieces) else [("", line.text)],
                "pale": all(side.state == "not_reached" for side in sides),
                "parts": line.number == part,
                "cells": [
                    _cell(side, sides, waits=xray.waits) for xray, side in zip(xrays, sides, strict=True)
                ],
                "inner": _inner(sides),
                "calls": [_calls(xray, side) for xray, side in zip(xrays, sides, strict=True)],
            }
        )
    return show_unseen_in(
        {
            "title": title,
            "columns": [
                {"label": label, "score": score} for label, score in zip(labels, scores, strict=True)
            ],
            "lines": lines,
            "row": place[0] + 1,
            "rows": place[1],
            "parting": PART if part is not None else "",
            "chosen": _choose_line(views, parting),
            "outputs": [_output(xray, label, xrays) for xray, label in zip(xrays, labels, strict=True)],
            "trail": [{"call": call, "text": text, "here": here} for call, text, here in trail],
        }
    )


def _cell(line: LineView, sides: Sequence[LineView], *, waits: bool) -> dict[str, object]:
    """waits: whether what ended it is no error, but a judge that nobody has asked."""
    others = [tuple(one.text for one in side.cell) for side in sides]
    differs = any(other != others[0] for other in others)
    segments = []
    for place, one in enumerate(line.cell):
        returns = line.text.strip().startswith("return ")
        is_made = line.cell[place - 1].text == " → " if place else returns
        is_last = place == len(line.cell) - 1 and is_made
        apart = (
            differs
            and len(line.cell) > 1
            and one.is_value
            and any(place < len(o) and o[place] != one.text for o in others)
        )
        segments.append([one.text, "result" if is_last else "apart" if apart else ""])
    return {
        "state": line.state,
        "segments": segments,
        "note": _describe_note(line, waits=waits),
        "lost": "" if line.lost is None else f"{MINUS}{write_score(line.lost)}",
        "printed": cut_text(line.printed.rstrip("\n"))[:PRINTED_CHARACTERS],
        "error": line.exception if line.caught_at is None and not waits else "",
    }


def _describe_note(line: LineView, *, waits: bool) -> str:
    if line.caught_at is not None:
        return _describe_caught(line)
    return line.exception if waits and line.exception else line.note


def _describe_caught(line: LineView) -> str:
    kind = line.exception.partition(":")[0]
    return f"{kind}, caught at line {line.caught_at}" + (f"; {line.note}" if line.note else "")


def _inner(sides: Sequence[LineView]) -> list[dict[str, object]]:
    """The parts of the line, in order, with the values of each row; those that only one row has come at their place."""
    order: dict[tuple[int, str], list[str]] = {}
    for place, side in enumerate(sides):
        for one in side.expressions:
            values = order.setdefault((one.site, one.text), [""] * len(sides))
            text = ", ".join(one.values)
            times = f" ({one.count:,} times)" if one.count > len(one.values) else ""
            values[place] = f"{text}{times}"
    return [
        {"text": text, "values": values, "differs": len(set(values)) > 1}
        for (_, text), values in order.items()
    ]


def _calls(xray: Xray, line: LineView) -> list[dict[str, object]]:
    return [
        {
            "call": call,
            "text": f"{xray.function_of(call)}" if len(line.calls) == 1 else f"{xray.function_of(call)} {i}",
        }
        for i, call in enumerate(line.calls[:CALLS_SHOWN], 1)
    ]


def _choose_line(views: Sequence[CallView], parting: Parting | None) -> int:
    """The line whose inner values are shown first: where the scores part, where an error is, where most is lost, the return."""
    if parting is not None and parting.line is not None:
        return parting.line
    lines = [line for view in views for line in view.lines]
    if failed := [line for line in lines if line.exception and line.caught_at is None]:
        return failed[-1].number
    if lost := [line for line in lines if line.lost is not None]:
        return max(lost, key=lambda line: line.lost or 0.0).number
    reached = [line for line in views[0].lines if line.state == "reached" and line.expressions]
    return reached[-1].number if reached else views[0].first_line


def _output(xray: Xray, label: str, xrays: Sequence[Xray]) -> dict[str, object]:
    other = next((one for one in xrays if one is not xray), None)
    fields = []
    for name, value in xray.row.prediction.items():
        before = other.row.prediction.get(name) if other is not None else None
        fields.append({"name": name, **_value(value, before, compared=other is not None)})
    return {"label": label, "fields": fields}


def _value(value: object, before: object, *, compared: bool) -> dict[str, object]:
    """A value, with what the other row has otherwise marked: the members of a list, the words of a text."""
    text = cut_text(format_value(value))
    if isinstance(value, list) and value and all(isinstance(one, str | int | float) for one in value):
        known = value if not compared else before if isinstance(before, list) else []
        pieces: list[list[str]] = []
        for i, one in enumerate(value):
            pieces += [["same", " \N{MIDDLE DOT} "]] * bool(i)
            pieces.append(["same" if one in known else "other", cut_text(format_value(one))])
        return {"text": text, "pieces": pieces}
    if not compared or value == before:
        return {"text": text, "pieces": None}
    marked = mark_changes(format_value(before), text) if before is not None else None
    if marked is None:  # too little in common: marks would be noise
        return {"text": text, "pieces": None}
    return {
        "text": text,
        "pieces": [["same" if state == "same" else "other", piece] for state, piece in marked],
    }
