"""A whole history, copied from one database into another, and compared there.

    runs with their events, annotations, labels and outcomes, PER_STEP runs a transaction; then the documents; then every run is compared

A copy that was cut off is done again: what is there already is left as it is, if it is the same. What is found by (the index) is not copied:
the target builds it when somebody searches.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Select, Table, func, insert, select
from sqlalchemy.exc import SQLAlchemyError

from refine_core.errors import StoreError
from refine_core.formatting import pluralize
from refine_core.store.index_tables import labels, notes, tags
from refine_core.store.postgres import COMMIT_KIND
from refine_core.store.protocol import CLAIM_KIND
from refine_core.store.sql import SqlStore
from refine_core.store.tables import documents, events, outcomes, runs

PER_STEP: Final = 50
_OF_RUNS: Final = (events, notes, tags, labels)
_NOT_COPIED: Final = (CLAIM_KIND, COMMIT_KIND)
"""Kinds of documents that are about processes."""

OnProgress = Callable[[int, int], None]
"""Called with how many runs are done, of how many."""


@dataclass(frozen=True, slots=True)
class Copied:
    """What a copy did. counts: name of a table -> rows in the source, and those of them in the target. new: runs that were not there before."""

    counts: Mapping[str, tuple[int, int]]
    new: int


def copy_store(
    source: SqlStore, target: SqlStore, on_progress: OnProgress = lambda _done, _total: None
) -> Copied:
    """Copy all of a history, and compare every run and document. Raises StoreError, also where something is there that differs."""
    _require_at_rest(source)
    at = 0
    new = 0
    ids = [str(row[0]) for row in _read(source, select(runs.c.id).order_by(runs.c.started_at, runs.c.id))]
    for first in range(0, len(ids), PER_STEP):
        step = ids[first : first + PER_STEP]
        new += _copy_runs(source, target, step)
        at += len(step)
        on_progress(at, len(ids))
    _copy_documents(source, target)
    _copy_outcomes(source, target)
    return Copied(_compare(source, target, ids), new)


def _require_at_rest(source: SqlStore) -> None:
    unfinished = _read(source, select(runs.c.id).where(runs.c.reason.is_(None)))
    for (run_id,) in unfinished:
        row = source.row(str(run_id))
        if row is not None and row.alive:
            raise StoreError(
                f"cannot copy {source.database.name}: run {run_id} is at work; let it end, or cancel it, and copy then"
            )


def _copy_runs(source: SqlStore, target: SqlStore, ids: Sequence[str]) -> int:
    """Copy those of these runs that are not there yet; how many that were."""
    there = {row[0] for row in _read(target, select(runs.c.id).where(runs.c.id.in_(ids)))}
    missing = [run_id for run_id in ids if run_id not in there]
    for run_id in there:
        _require_same(source, target, str(run_id))
    if not missing:
        return 0
    rows = {
        table: _rows(source, select(table).where(_run_of(table).in_(missing))) for table in (runs, *_OF_RUNS)
    }

    def execute(connection: Connection) -> None:
        for table, of_table in rows.items():
            _insert(connection, table, of_table)

    target.write(f"copy {pluralize(len(missing), 'run')}", execute)
    return len(missing)


def _copy_documents(source: SqlStore, target: SqlStore) -> None:
    had = {(row.kind, row.name): row.text for row in _read(target, select(documents))}
    for row in _rows(source, select(documents).where(documents.c.kind.not_in(_NOT_COPIED))):
        key = row["kind"], row["name"]
        if key not in had:
            target.write(f"copy the {key[0]} {key[1]!r}", partial(_insert, table=documents, rows=[row]))
        elif had[key] != row["text"]:
            raise StoreError(
                f"cannot copy the {key[0]} {key[1]!r}: another one of that name is in {target.database.name}; "
                "copy into an empty database"
            )


def _copy_outcomes(source: SqlStore, target: SqlStore) -> None:
    """In the order of their numbers; the target numbers them anew."""
    had = {row[0] for row in _read(target, select(outcomes.c.run_id))}
    c = outcomes.c
    rows = _rows(source, select(c.experiment, c.run_id, c.text).order_by(c.number))
    fresh = [row for row in rows if row["run_id"] not in had]
    for first in range(0, len(fresh), 1000):
        step = fresh[first : first + 1000]
        target.write("copy what became of cells", partial(_insert, table=outcomes, rows=step))


def _compare(source: SqlStore, target: SqlStore, ids: Sequence[str]) -> dict[str, tuple[int, int]]:
    for run_id in ids:
        _require_same(source, target, run_id)
    counts: dict[str, tuple[int, int]] = {}
    for table in (runs, *_OF_RUNS, outcomes):
        here = int(_read(source, select(func.count()).select_from(table))[0][0])
        there = 0
        for first in range(0, len(ids), 500):
            its_own = _run_of(table).in_(ids[first : first + 500])
            there += int(_read(target, select(func.count()).select_from(table).where(its_own))[0][0])
        counts[table.name] = here, there
    kept = documents.c.kind.not_in(_NOT_COPIED)
    texts = [
        _read(store, select(documents.c.kind, documents.c.name).where(kept)) for store in (source, target)
    ]
    here_keys, there_keys = ({(row[0], row[1]) for row in one} for one in texts)
    counts["documents"] = len(here_keys), len(here_keys & there_keys)
    wrong = [name for name, (here, there) in counts.items() if here != there]
    if wrong:
        told = "; ".join(f"{name}: {counts[name][0]:,} and {counts[name][1]:,}" for name in wrong)
        raise StoreError(f"the copy in {target.database.name} is not the same: {told}. Copy again")
    return counts


def _require_same(source: SqlStore, target: SqlStore, run_id: str) -> None:
    if _digest(source, run_id) != _digest(target, run_id):
        raise StoreError(
            f"run {run_id} in {target.database.name} has other events than in {source.database.name}; "
            "nothing of it was changed. Copy into an empty database"
        )


def _digest(store: SqlStore, run_id: str) -> str:
    """Of all that is on record of a run: its events, one after the other."""
    digest = hashlib.sha256()
    c = events.c
    query = select(c.seq, c.at, c.span, c.kind, c.version, c.payload).where(c.run_id == run_id)
    for row in _read(store, query.order_by(c.seq)):
        digest.update(repr(tuple(row)).encode("utf-8", "surrogatepass"))
    return digest.hexdigest()


def _run_of(table: Table) -> ColumnElement[Any]:
    column: ColumnElement[Any] = table.c.id if table is runs else table.c.run_id
    return column


def _read(store: SqlStore, query: Select[Any]) -> Sequence[Any]:
    try:
        with store.database.connect_to_read() as connection:
            return connection.execute(query).all()
    except SQLAlchemyError as error:
        raise store.database.explain("copy the history", error) from error


def _rows(store: SqlStore, query: Select[Any]) -> list[dict[str, Any]]:
    return [dict(row._mapping) for row in _read(store, query)]  # noqa: SLF001  # SQLAlchemy's own name for it


def _insert(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    for part in _parts(rows, 500):
        connection.execute(insert(table), [dict(row) for row in part])


def _parts(rows: Sequence[Mapping[str, Any]], size: int) -> Iterator[Sequence[Mapping[str, Any]]]:
    for first in range(0, len(rows), size):
        yield rows[first : first + size]
