"""The rows as the browser draws them: plain data, every cell as text.

build_table(bench, …) -> {"groups": [{"title", "note", "rows": […]}], "parts": […], …}
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice
from typing import Final

from pages.rewards.bench import Bench
from pages.rewards.fields import ONLY, PAGE_SIZE
from pages.rewards.views import is_same, list_positions, list_tops
from pages.shared.text import one_line
from refine_core.formatting import at_line, format_number, format_score, pluralize
from refine_core.runs import format_value
from refine_core.unseen import show_unseen_in
from refine_core.workbench import Row, RowScore, RowSource

MAX_PARTS: Final = 5  # columns
OUTPUT_CHARACTERS: Final = 400
MESSAGE_CHARACTERS: Final = 300
NO_VALUE: Final = "\N{EN DASH}"
UNSCORED: Final = "returned None, in no average"
WAITS: Final = "for the judge"
OLD: Final = "The recorded reward; where none is recorded, the score by the version that you started from"


def build_table(
    bench: Bench, *, only: str, page: int, marks: Mapping[int, str] | None = None
) -> dict[str, object]:
    """A page of the table. only: which rows. marks: position of a row -> its shape in the what-if."""
    tops = dict(islice(list_tops(bench.scores).items(), MAX_PARTS)) if bench.scores is not None else {}
    parts = list(tops)
    shown = list_positions(bench, only)
    last = max(1, -(-len(shown) // PAGE_SIZE))
    page = min(page, last)
    here = shown[(page - 1) * PAGE_SIZE : page * PAGE_SIZE]
    has_old = any(bench.old_of(i) is not None for i in range(len(bench.rows)))
    labels = bench.rows.labelled > 0
    groups = []
    for source, first in bench.placed_sources:
        inside = [i for i in here if first <= i < first + len(source.rows)]
        if not inside:
            continue
        rows = [
            _row(bench, i, row_number(bench.rows[i], i - first), tops, (marks or {}).get(i, ""))
            for i in inside
        ]
        groups.append({"title": source.title, "note": _note(source, len(inside)), "rows": rows})
    return show_unseen_in(
        {
            "first": "attempt" if all(one.timeline is not None for one in bench.sources) else "row",
            "old": OLD if has_old else "",
            "parts": parts,
            "labels": labels,
            "groups": groups,
            "only": _list_choices(bench, only),
            "page": {"number": page, "size": PAGE_SIZE, "matching": len(shown)},
        }
    )


def _list_choices(bench: Bench, chosen: str) -> list[dict[str, object]]:
    """Which rows can be listed, with their counts; of those that are not chosen, only where there are rows."""
    counts = {only: len(list_positions(bench, only)) for only in ONLY}
    return [
        {"key": only, "text": f"{ONLY[only]} {count:,}", "on": only == chosen}
        for only, count in counts.items()
        if count or only in ("all", chosen)
    ]


def first_listed(bench: Bench, only: str) -> int:
    """The position of the first row that is shown; 0 for none."""
    return next(iter(list_positions(bench, only)), 0)


def main_output(row: Row) -> str:
    """The row's output on one line: its first field, cut where it is long."""
    value = next(iter(row.prediction.values()), "")
    return one_line(format_value(value), OUTPUT_CHARACTERS)


def row_number(row: Row, within: int) -> str:
    """The number that people know a row by: of an attempt its own, as some have no output and so no row."""
    last = row.id.rpartition("/")[2]
    return last if last.isdecimal() else str(within + 1)


def describe_error(score: RowScore) -> str:
    """Why a row has no score, on one line."""
    error = score.error
    if score.waits:
        return WAITS
    if error is None:
        return UNSCORED if score.value is None else ""
    return one_line(at_line(error.line, error.message), MESSAGE_CHARACTERS)


def _row(bench: Bench, position: int, number: str, tops: Mapping[str, float], mark: str) -> dict[str, object]:
    row, score, old = bench.rows[position], bench.score_of(position), bench.old_of(position)
    drawn: dict[str, object] = {
        "key": str(position + 1),
        "number": number,
        "mark": mark,
        "output": main_output(row),
        "old": NO_VALUE if old is None else format_score(old),
        "label": "" if row.label is None else format_value(row.label),
        "state": "scored",
        "new": NO_VALUE,
        "change": "",
        "direction": "",
        "parts": [None] * len(tops),
        "message": "",
    }
    if score is None:
        return drawn
    if score.state != "scored" or score.value is None:
        mark = mark or score.state
        return drawn | {"state": score.state, "message": describe_error(score), "mark": mark}
    drawn["new"] = format_score(score.value)
    if old is not None:
        same, change = is_same(old, score.value), score.value - old
        drawn["change"] = "0" if same else format_score(abs(change))
        drawn["direction"] = "" if same else "up" if change > 0 else "down"
    drawn["parts"] = [
        None
        if name not in score.parts
        else {
            "share": max(0.0, min(1.0, score.parts[name] / tops[name])) if tops[name] > 0 else 0.0,
            "text": f"{name} {format_score(score.parts[name])}, best seen {format_number(tops[name])}",
        }
        for name in tops
    ]
    return drawn


def _note(source: RowSource, shown: int) -> str:
    total = len(source.rows)
    what = "attempt" if source.timeline is not None else "row"
    return pluralize(total, what) if shown == total else f"{shown:,} of {pluralize(total, what)}"
