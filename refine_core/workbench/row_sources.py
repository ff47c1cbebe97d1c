"""Where rows come from: saved runs, and sets of rows that a person pasted or uploaded, kept in the store.

    load_source("run:20261129-…") -> RowSource      keep_rows("headlines.csv", rows) -> RowSource "set:…"

A source is named by one word, which an address can hold.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import ujson

from refine_core import runs
from refine_core.log.timeline import Timeline
from refine_core.rows import Row, RowSet, rows_of_run
from refine_core.store import Store

RUN, SET = "run:", "set:"
SET_KIND = "rows"
SETS_IN_MEMORY: Final = 4


@dataclass(frozen=True)
class RowSource:
    """Rows of one origin. ref: names it. title: what a person calls it. rows: in order; each look at one makes it anew.

    digest: changes with its rows. timeline: of the run that they are the attempts of; None for other rows.
    """

    ref: str
    title: str
    rows: Sequence[Row]
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
    kept = rows if isinstance(rows, RowSet) else RowSet(rows, name=title)
    text = f"{ujson.dumps({'title': title, 'format': kept.format})}\n{kept.dump()}"
    name = hashlib.blake2b(text.encode(), digest_size=6).hexdigest()
    # A kind of its own: kinds are read as a whole.
    runs.default().store.put(f"{SET_KIND} {name}", "rows", text)
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
    try:
        return _read_set(runs.default().store, name)  # type: ignore[arg-type]  # hashed by its identity
    except KeyError:
        return None


@lru_cache(maxsize=SETS_IN_MEMORY)
def _read_set(store: Store, name: str) -> RowSource:
    """A set, which never changes: its name is the digest of its rows. Raises KeyError where it is not kept."""
    text = store.documents(f"{SET_KIND} {name}")["rows"]
    head, _, lines = text.partition("\n")
    about = ujson.loads(head)
    rows = RowSet.load(lines, name=about["title"], format=about["format"])
    return RowSource(f"{SET}{name}", about["title"], rows, name)
