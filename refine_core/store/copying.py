"""Copying a whole history from one database into another, and reading it back to see that it is equal there.

    source  --one view of it, read in batches-->  runs with their events, then what was noted, documents, outcomes  -->  target

What the target already has stays as it is; what it lacks is added. So a copy that was cut off is completed by another one. The source
may be in use: it is read as it was when the copy began. A run that was at work is an interrupted one in the target, whose writer is
nobody, and a later copy adds what it has recorded since. Claims belong to processes, and the search index is built from the
events: neither is copied.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from functools import partial
from hashlib import blake2b
from itertools import islice
from typing import Any, Final

from sqlalchemy import Column, Connection, Row, Select, Table, func, insert, select, tuple_, update
from sqlalchemy.exc import SQLAlchemyError

from refine_core.errors import StoreError
from refine_core.formatting import pluralize
from refine_core.store.database import Database
from refine_core.store.index_tables import labels, notes, tags
from refine_core.store.open import find_database, open_at
from refine_core.store.postgres import COMMIT_KIND
from refine_core.store.protocol import CLAIM_KIND, EXPERIMENT_STATE_KIND, IMPORTED
from refine_core.store.sql import SqlStore
from refine_core.store.tables import VERSION, documents, events, outcomes, runs

COPIED: Final = "copied"
"""The writer of a run that was copied. No process has this name, so no copied run is taken for one at work."""
RUNS_AT_ONCE: Final = 100  # copied in one transaction
ROWS_AT_ONCE: Final = 500  # in memory
NAMED: Final = 10  # differences that an error names

_NOT_COPIED: Final = (CLAIM_KIND, COMMIT_KIND)  # documents that are about processes
_AFTER_RUNS: Final[Sequence[tuple[Table, tuple[str, ...], tuple[str, ...]]]] = (
    (notes, ("run_id",), ("run_id",)),
    (tags, ("run_id", "tag"), ("run_id", "tag")),
    (labels, ("run_id", "attempt"), ("run_id", "attempt")),
    (documents, ("kind", "name"), ("kind", "name")),
    (outcomes, ("run_id",), ("number",)),  # they get new numbers, in the same order
)
"""Tables with the columns of a row's key, and those of their order."""

Key = tuple[Any, ...]
OnProgress = Callable[[str, int, int], None]
"""Called with what is being done, how much of it is done, and how much there is."""


class CopyRefusedError(StoreError):
    """Nothing was copied, since the target would not have been what the source is."""


@dataclass(slots=True)
class TableCopy:
    """What became of a table. rows: in the source, without what concerns processes. added: to the target by this copy.

    different: what the target has otherwise, and keeps; each in words.
    """

    name: str
    rows: int = 0
    added: int = 0
    different: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Copied:
    """What a copy did. unfinished: runs of the source that had not ended."""

    tables: Sequence[TableCopy]
    unfinished: Sequence[str]

    @property
    def counts(self) -> dict[str, tuple[int, int]]:
        """Name of a table -> rows in the source, and those of them that were read back from the target and are equal."""
        return {one.name: (one.rows, one.rows - len(one.different)) for one in self.tables}

    @property
    def new(self) -> int:
        """How many runs were not in the target before."""
        return self.tables[0].added

    @property
    def different(self) -> list[str]:
        """All that the target has otherwise."""
        return [one for table in self.tables for one in table.different]


def open_source(address: str, *, upgrade: bool = False) -> SqlStore:
    """The store to copy from. upgrade: one of an older version is brought up to date, instead of being refused. Raises StoreError.

    One that is not there is not made.
    """
    with closing(find_database(address)) as database:
        with _explained(database, "open the source"):
            version = database.version() if database.exists() else None
        if version is None:
            raise CopyRefusedError(
                f"there is no history of Refinescope in {database.name}; nothing was copied"
            )
        if version < VERSION and not upgrade:
            raise CopyRefusedError(
                f"{database.name} is of an older version of Refinescope (store version {version}; this one reads {VERSION}); "
                "nothing was copied or changed. Copy it with --upgrade-source, which first brings it up to date; older "
                "Refinescopes cannot open it any more then"
            )
    return open_at(address)


def copy_store(source: SqlStore, target: SqlStore, on_progress: OnProgress = lambda *_: None) -> Copied:
    """Add to the target what the source has and it lacks, and compare them.

    Raises StoreError; CopyRefusedError, with nothing copied, for a run that is in both with different events.
    """
    if source.database.name == target.database.name:
        raise CopyRefusedError(
            f"source and target are the same database, {source.database.name}; nothing was copied"
        )
    with _explained(source.database, "read the source"):
        reading = source.database.connect_to_one_view()
    with closing(reading):
        return _Copy(source.database, target, reading, on_progress).copy()


class _Copy:
    """One copy. reading: a connection to the source in one transaction, which sees nothing that is written meanwhile."""

    def __init__(self, source: Database, store: SqlStore, reading: Connection, show: OnProgress) -> None:
        self._source, self._store, self._reading, self._show = source, store, reading, show
        self._target = store.database
        self._equal: set[str] = set()  # runs that the target had already, with all their events

    def copy(self) -> Copied:
        """Copy everything, and build the target's index of words."""
        ids = [row.id for row in self._read(select(runs.c.id).order_by(runs.c.started_at, runs.c.id))]
        self._refuse_conflicts(ids)
        of_runs = self._copy_runs(ids)
        beside = [self._copy_rows(*one) for one in _AFTER_RUNS]
        self._build_index(len(ids))
        at_work = select(runs.c.id).where(runs.c.reason.is_(None)).order_by(runs.c.id)
        return Copied([*of_runs, *beside], [row.id for row in self._read(at_work)])

    def _refuse_conflicts(self, ids: Sequence[str]) -> None:
        """Raise CopyRefusedError if a run of the target is neither a run of the source nor the beginning of one."""
        conflicts = []
        for done, batch in _batches(ids, RUNS_AT_ONCE):
            self._show("compare with the target", done, len(ids))
            there = self._heads_of_target(batch)
            if not there:
                continue
            here = self._heads_of_source(list(there))
            common = {one: min(here[one].events, there[one].events) for one in there}
            grown = [one for one in there if here[one].events > there[one].events]
            went_on = [one for one in grown if there[one].writer not in (COPIED, IMPORTED)]
            of_source, of_target = self._digests(common), self._digests_of_target(common)
            other = [one for one in there if of_source[one] != of_target[one]]
            conflicts += sorted({*other, *went_on})
            self._equal.update(set(there) - {*other, *grown})
        if conflicts:
            raise CopyRefusedError(
                f"nothing was copied: {pluralize(len(conflicts), 'run')} of {self._source.name} "
                f"{'is' if len(conflicts) == 1 else 'are'} in {self._target.name} with other events: {_name_some(conflicts)}. "
                "They went on there, or are no copies; delete them in one of the two for good, or copy into another database"
            )

    def _copy_runs(self, ids: Sequence[str]) -> tuple[TableCopy, TableCopy]:
        of_runs, of_events = TableCopy("runs"), TableCopy("events")
        for done, batch in _batches(ids, RUNS_AT_ONCE):
            self._show("copy runs", done, len(ids))
            here, there = self._heads_of_source(batch), self._heads_of_target(batch)
            missing = [one for one in batch if one not in there]
            growing = [one for one in batch if one in there and there[one].events < here[one].events]
            after = {one: there[one].events if one in there else 0 for one in (*missing, *growing)}
            if after:
                self._store.write(
                    f"copy {pluralize(len(after), 'run')}",
                    partial(self._add, missing=missing, growing=growing, after=after),
                )
            of_runs.added += len(missing)
            of_runs.rows += len(batch)
            of_events.added += sum(here[one].events - had for one, had in after.items())
            of_events.rows += sum(one.events for one in here.values())
            self._compare_runs(batch, here, of_runs, of_events)
        return of_runs, of_events

    def _add(
        self, writing: Connection, missing: Sequence[str], growing: Sequence[str], after: Mapping[str, int]
    ) -> None:
        """Add runs, and the events of runs above the seq that each has; inside a transaction."""
        self._target.lock_writing(writing)
        self._add_runs(writing, missing)
        self._add_events(writing, after)
        self._grow(writing, growing)

    def _add_runs(self, writing: Connection, ids: Sequence[str]) -> None:
        rows = [_named(runs.c, row) for row in self._read(select(runs).where(runs.c.id.in_(ids)))]
        for row in rows:
            row["writer"] = row["writer"] if row["writer"] == IMPORTED else COPIED
        if rows:
            writing.execute(insert(runs), rows)

    def _add_events(self, writing: Connection, after: Mapping[str, int]) -> None:
        query = select(events).where(events.c.run_id.in_(after)).order_by(events.c.run_id, events.c.seq)
        wanted = (_named(events.c, row) for row in self._read(query) if row.seq > after[row.run_id])
        while chunk := list(islice(wanted, ROWS_AT_ONCE)):
            writing.execute(insert(events), chunk)

    def _grow(self, writing: Connection, ids: Sequence[str]) -> None:
        """Have runs that a copy before found at work end as the source says now."""
        c = runs.c
        columns = c.id, c.reason, c.title, c.events, c.summary
        for row in self._read(select(*columns).where(c.id.in_(ids))):
            writing.execute(update(runs).where(c.id == row.id).values(_named(columns, row)))

    def _compare_runs(
        self, ids: Sequence[str], here: Mapping[str, _Head], of_runs: TableCopy, of_events: TableCopy
    ) -> None:
        there = self._heads_of_target(ids)
        counts = {one: here[one].events for one in ids if one not in self._equal}
        of_source, of_target = self._digests(counts), self._digests_of_target(counts)
        for one in ids:
            if one not in there or of_source.get(one) != of_target.get(one):
                of_events.different.append(f"the events of run {one}")
            elif there[one].events == here[one].events and there[one].facts != here[one].facts:
                of_runs.different.append(f"the summary of run {one}")

    def _copy_rows(self, table: Table, key: Key, order: Key) -> TableCopy:
        """Add the rows of a table whose keys the target lacks, and read all back."""
        copied = TableCopy(table.name)
        columns = [column for column in table.c if column.name != "number"]
        query = select(*columns).order_by(*(table.c[name] for name in order))
        if table is documents:
            query = query.where(documents.c.kind.not_in(_NOT_COPIED))
        (total,) = (
            row.rows for row in self._read(select(func.count().label("rows")).select_from(query.subquery()))
        )
        rows = iter(self._read(query))
        while chunk := {_key(row, key): tuple(row) for row in islice(rows, ROWS_AT_ONCE)}:
            self._show(f"copy {table.name}", copied.rows, total)
            before = self._find(table, columns, key, chunk)
            missing = [_named(columns, row) for at, row in chunk.items() if at not in before]
            if missing:
                self._store.write(f"copy {table.name}", partial(self._insert, table=table, rows=missing))
            after = self._find(table, columns, key, chunk) if missing else before
            copied.rows += len(chunk)
            copied.added += len(missing)
            copied.different += [_describe(table, at) for at, row in chunk.items() if after.get(at) != row]
        return copied

    def _insert(self, writing: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
        self._target.lock_writing(writing)
        writing.execute(insert(table), rows)

    def _find(
        self, table: Table, columns: Sequence[Column[Any]], key: Key, keys: Iterable[Key]
    ) -> dict[Key, Key]:
        """The rows of the target that have one of these keys."""
        query = select(*columns).where(tuple_(*(table.c[name] for name in key)).in_(list(keys)))
        with self._view_of_target() as connection:
            return {_key(row, key): tuple(row) for row in _stream(connection, query)}

    def _build_index(self, total: int) -> None:
        """Build what runs are found by. What cannot be indexed now is indexed by the next search."""
        while (page := self._store.search(limit=1, index_s=1.0)).unindexed and not page.index_error:
            self._show("index runs", max(0, total - page.unindexed), total)

    def _heads_of_source(self, ids: Sequence[str]) -> dict[str, _Head]:
        return {row.id: _head(row) for row in self._read(select(runs).where(runs.c.id.in_(ids)))}

    def _heads_of_target(self, ids: Sequence[str]) -> dict[str, _Head]:
        with self._view_of_target() as connection:
            return {row.id: _head(row) for row in _stream(connection, select(runs).where(runs.c.id.in_(ids)))}

    def _digests(self, counts: Mapping[str, int]) -> dict[str, str]:
        return _digest(self._read(_events_of(counts)), counts)

    def _digests_of_target(self, counts: Mapping[str, int]) -> dict[str, str]:
        with self._view_of_target() as connection:
            return _digest(_stream(connection, _events_of(counts)), counts)

    @contextmanager
    def _view_of_target(self) -> Generator[Connection]:
        with _explained(self._target, "read the target"), self._target.connect_to_one_view() as connection:
            yield connection

    def _read(self, query: Select[Any]) -> Generator[Row[Any]]:
        """The rows of the source, a few in memory at a time."""
        try:
            yield from _stream(self._reading, query)
        except SQLAlchemyError as error:
            raise self._source.explain("read the source", error) from error


@dataclass(frozen=True, slots=True)
class _Head:
    """A row of `runs`. facts: what must be equal in both databases."""

    events: int
    writer: str
    facts: tuple[object, ...]


def _head(row: Row[Any]) -> _Head:
    return _Head(row.events, row.writer, (row.owner, row.started_at, row.reason, row.title, row.summary))


def _events_of(counts: Mapping[str, int]) -> Select[Any]:
    return select(events).where(events.c.run_id.in_(counts)).order_by(events.c.run_id, events.c.seq)


def _digest(rows: Iterable[Row[Any]], counts: Mapping[str, int]) -> dict[str, str]:
    """A digest of each run's first events, as many as `counts` says."""
    digests = {run_id: blake2b(digest_size=16) for run_id in counts}
    for row in rows:
        if row.seq <= counts[row.run_id]:
            digests[row.run_id].update(repr(tuple(row)).encode())
    return {run_id: digest.hexdigest() for run_id, digest in digests.items()}


def _stream(connection: Connection, query: Select[Any]) -> Generator[Row[Any]]:
    with connection.execute(query, execution_options={"yield_per": ROWS_AT_ONCE}) as rows:
        yield from rows


def _key(row: Row[Any], names: Key) -> Key:
    return tuple(getattr(row, name) for name in names)


def _named(columns: Iterable[Column[Any]], row: Iterable[Any]) -> dict[str, Any]:
    """A row as what inserts or updates it."""
    return {column.name: value for column, value in zip(columns, row, strict=True)}


def _describe(table: Table, key: Key) -> str:
    """What a row is, in words: "the connection 'gpt'", "the outcome of run 2026…"."""
    if table is documents and key[0] == EXPERIMENT_STATE_KIND:
        return (
            f"how experiment {key[1]} stands (it went on in one of the two; resume it where it is to go on)"
        )
    if table is documents:
        return f"the {key[0]} {key[1]!r}"
    what = {
        notes: "the name, star or note",
        tags: f"the tag {key[-1]!r}",
        labels: f"the label of attempt {key[-1]}",
    }
    return f"{what.get(table, 'the outcome')} of run {key[0]}"


def _name_some(names: Sequence[str]) -> str:
    more = len(names) - NAMED
    return ", ".join(names[:NAMED]) + (f" and {more} more" if more > 0 else "")


def _batches(ids: Sequence[str], size: int) -> Generator[tuple[int, Sequence[str]]]:
    for first in range(0, len(ids), size):
        yield first, ids[first : first + size]


@contextmanager
def _explained(database: Database, doing: str) -> Generator[None]:
    try:
        yield
    except SQLAlchemyError as error:
        raise database.explain(doing, error) from error
