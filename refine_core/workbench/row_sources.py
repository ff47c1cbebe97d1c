"""Where rows come from: saved runs, and sets of rows that a person pasted or uploaded, kept in the store.

    load_source("run:20261129-…") -> RowSource      keep_rows("headlines.csv", rows) -> RowSource "set:…"
    label_row(source, 3, "good")

A source is named by one word, which an address can hold.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from itertools import count
from typing import Final

import ujson

from refine_core import runs
from refine_core.log.timeline import Timeline
from refine_core.refine.build import Pipeline, convert_inputs
from refine_core.refine.resuming import restore_outputs
from refine_core.rows import Row, RowSet, attempt_index, rows_of_run
from refine_core.runs import Label
from refine_core.store import Store

RUN, SET = "run:", "set:"
SET_KIND, LABEL_KIND = "rows", "row labels"
SETS_IN_MEMORY: Final = 4
RUNS_IN_MEMORY: Final = 16


@dataclass(frozen=True, eq=False)  # told apart by identity: there may be very many rows
class RowSource:
    """Rows of one origin. ref: names it. title: what a person calls it. rows: in order; each look at one makes it anew.

    digest: changes with its rows. timeline: of the run that they are the attempts of; None for other rows. read_as: the format of
    a file. labels: changes with the labels that were given here.
    """

    ref: str
    title: str
    rows: Sequence[Row]
    digest: str
    timeline: Timeline | None = None
    read_as: str = ""
    labels: str = ""

    @cached_property
    def all_recorded(self) -> bool:
        """Whether every row has a recorded reward."""
        rows = self.rows
        if isinstance(rows, RowSet):
            return rows.scored == len(rows)
        return all(row.reward is not None for row in rows)

    @cached_property
    def typed_rows(self) -> Sequence[Row]:
        """The rows as the run's own reward gets them: values have the types that the signatures name. Of other rows, the rows."""
        timeline = self.timeline
        if timeline is None:
            return self.rows
        program, inputs = Pipeline(timeline.spec), convert_inputs(timeline.spec)
        return tuple(
            replace(
                row, inputs=inputs, expected={}, prediction=dict(restore_outputs(program, row.prediction))
            )
            for row in self.rows
        )


def run_ref(run_id: str) -> str:
    """What names the attempts of a run."""
    return f"{RUN}{run_id}"


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
    return RowSource(f"{SET}{name}", title, kept, name, read_as=kept.format)


def label_row(source: RowSource, place: int, label: Label | None) -> None:
    """Label the row at this place, from 0, good or bad, or take its label away; of a run, its attempt. Raises StoreError.

    Load the source anew to see it.
    """
    if source.timeline is not None:
        runs.label(source.timeline.run_id, attempt_index(source.rows[place]), label)
        return
    kind = f"{LABEL_KIND} {source.ref.removeprefix(SET)}"
    store = runs.default().store
    labels = ujson.loads(store.documents(kind).get(LABEL_KIND, "{}")) | {str(place): label}
    store.put(kind, LABEL_KIND, ujson.dumps(labels))


def find_runs(text: str, limit: int | None = None) -> list[str]:
    """Ids of the runs that a search finds, newest first; all of them, or the first `limit`. Raises StoreError."""
    found: list[str] = []
    for number in count(1):
        page = runs.search(text, page=number, size=100)
        found += [run.run_id for run in page.rows]
        if not page.rows or len(found) >= min(page.matching, limit or page.matching):
            break
    return found[:limit]


def _of_run(run_id: str) -> RowSource | None:
    timeline = runs.timeline(run_id)
    if timeline is None:
        return None
    labels = runs.labels(run_id)
    title = runs.annotation(run_id).name or runs.title(timeline.spec)
    return _read_run(_Key(timeline), tuple(labels.items()), title)


@dataclass(frozen=True, slots=True, eq=False)
class _Key:
    """A timeline, told apart by its identity: without new events it is the same object."""

    timeline: Timeline

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Key) and other.timeline is self.timeline

    def __hash__(self) -> int:
        return id(self.timeline)


@lru_cache(maxsize=RUNS_IN_MEMORY)
def _read_run(key: _Key, labels: tuple[tuple[int, str], ...], title: str) -> RowSource:
    timeline = key.timeline
    digest = f"{timeline.run_id}.{timeline.seq}.{labels}"
    rows = rows_of_run(timeline, dict(labels))
    return RowSource(run_ref(timeline.run_id), title, rows, digest, timeline)


def _of_set(name: str) -> RowSource | None:
    store = runs.default().store
    try:
        labels = store.documents(f"{LABEL_KIND} {name}").get(LABEL_KIND, "")
        if labels:
            return _read_labelled(store, name, labels)  # type: ignore[arg-type]  # hashed by its identity
        return _read_set(store, name)  # type: ignore[arg-type]  # hashed by its identity
    except KeyError:
        return None


@lru_cache(maxsize=SETS_IN_MEMORY)
def _read_labelled(store: Store, name: str, labels: str) -> RowSource:
    """A set with the labels that were given to its rows here. labels: place -> label or null, as JSON."""
    source = _read_set(store, name)  # type: ignore[arg-type]  # hashed by its identity
    assert isinstance(source.rows, RowSet)  # noqa: S101  # every set is one
    given = {int(place): label for place, label in ujson.loads(labels).items()}
    return replace(source, rows=source.rows.with_labels(given), labels=labels)


@lru_cache(maxsize=SETS_IN_MEMORY)
def _read_set(store: Store, name: str) -> RowSource:
    """A set, which never changes: its name is the digest of its rows. Raises KeyError where it is not kept."""
    text = store.documents(f"{SET_KIND} {name}")["rows"]
    head, _, lines = text.partition("\n")
    about = ujson.loads(head)
    rows = RowSet.load(lines, name=about["title"], format=about["format"])
    return RowSource(f"{SET}{name}", about["title"], rows, name, read_as=about["format"])
