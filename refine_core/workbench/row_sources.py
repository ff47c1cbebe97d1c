"""Where rows come from: saved runs, and sets of rows that a person pasted or uploaded, kept in the store.

    load_source("run:20261129-…") -> RowSource      keep_rows("headlines.csv", rows) -> RowSource "set:…"

A source is named by one word, which an address can hold.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

import ujson

from refine_core import runs
from refine_core.log.timeline import Timeline
from refine_core.rows import Row, row_from_json, rows_of_run

RUN, SET = "run:", "set:"
SET_KIND = "rows"


@dataclass(frozen=True)
class RowSource:
    """Rows of one origin. ref: names it. title: what a person calls it. rows: in order.

    digest: changes with its rows. timeline: of the run that they are the attempts of; None for other rows.
    """

    ref: str
    title: str
    rows: tuple[Row, ...]
    digest: str
    timeline: Timeline | None = None


def load_source(ref: str) -> RowSource | None:
    """The rows that `ref` names, or None if they are not here. Raises StoreError."""
    if ref.startswith(RUN):
        return _of_run(ref.removeprefix(RUN))
    if ref.startswith(SET):
        return _of_set(ref.removeprefix(SET))
    return None


def keep_rows(title: str, rows: Iterable[Row]) -> RowSource:
    """Keep rows in the store under a title; equal rows are kept once. Raises StoreError; then nothing was kept."""
    kept = tuple(rows)
    text = ujson.dumps({"title": title, "rows": [row.to_json() for row in kept]}, ensure_ascii=False)
    name = hashlib.blake2b(text.encode(), digest_size=6).hexdigest()
    runs.default().store.put(
        f"{SET_KIND} {name}", "rows", text
    )  # a kind of its own: kinds are read as a whole
    return RowSource(f"{SET}{name}", title, kept, name)


def _of_run(run_id: str) -> RowSource | None:
    timeline = runs.timeline(run_id)
    if timeline is None:
        return None
    title = runs.annotation(run_id).name or runs.title(timeline.spec)
    return RowSource(
        f"{RUN}{run_id}", title, tuple(rows_of_run(timeline)), f"{run_id}.{timeline.seq}", timeline
    )


def _of_set(name: str) -> RowSource | None:
    text = runs.default().store.documents(f"{SET_KIND} {name}").get("rows")
    if text is None:
        return None
    kept = ujson.loads(text)
    rows = (row_from_json(one, number=i) for i, one in enumerate(kept["rows"], 1))
    return RowSource(f"{SET}{name}", kept["title"], tuple(rows), name)
