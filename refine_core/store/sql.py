"""SqlStore: the store in a database. Writes share one connection (writer.py); reads have connections of their own."""

from __future__ import annotations

import atexit
import functools
import logging
import os
import time
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import suppress
from typing import Any

from sqlalchemy import Connection, func, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.sql.base import Executable

from refine_core.concurrency.cancellation import Cancel
from refine_core.errors import StoreError
from refine_core.formatting import pluralize
from refine_core.log.scope import Record
from refine_core.log.summaries import Summary, summarize
from refine_core.log.well_formed import make_well_formed
from refine_core.store import tables
from refine_core.store.annotations import DELETED, Annotations, replace_annotation
from refine_core.store.cells import Cells, no_cell
from refine_core.store.database import Database, LivenessLock
from refine_core.store.index import RunIndex
from refine_core.store.index_query import IndexQuery, Live
from refine_core.store.listing import (
    NEWEST_FIRST,
    NO_ANNOTATION,
    NO_FILTERS,
    Annotation,
    Choices,
    Filters,
    Label,
    ListedRun,
    RunPage,
    Sort,
)
from refine_core.store.notifier import RunNotifier
from refine_core.store.protocol import (
    IMPORTED,
    RunRow,
    WholeRun,
    check_document,
    check_order,
    check_whole,
    out_of_order,
)
from refine_core.store.tables import documents, events, runs
from refine_core.store.writer import Writer

logger = logging.getLogger("refine_core")

_ROW = select(runs.c.id, runs.c.writer, runs.c.reason, runs.c.summary)
_EVENT = select(events.c.seq, events.c.at, events.c.span, events.c.kind, events.c.version, events.c.payload)


class SqlStore:
    """A Store in `database`, which must be at the current version: `open_store` sees to that.

    lock: shows that this process is alive. The store owns both, and closes them when it is closed.
    notices: messages for the user about the store.
    """

    def __init__(self, database: Database, lock: LivenessLock, notices: tuple[str, ...] = ()) -> None:
        self.notices = notices
        self._database, self._lock = database, lock
        dialect = database.engine.dialect
        self._begin_run = tables.CompiledStatement(tables.BEGIN_RUN, dialect)
        self._continue_run = tables.CompiledStatement(tables.CONTINUE_RUN, dialect)
        self._add_event = tables.CompiledStatement(tables.ADD_EVENT, dialect)
        self._add_to_run = tables.CompiledStatement(tables.ADD_TO_RUN, dialect)
        self._delete = tables.CompiledStatement(tables.DELETE_DOCUMENT, dialect)
        self._add_document = tables.CompiledStatement(tables.PUT_DOCUMENT, dialect)
        self._notifier = RunNotifier()
        self._closed = False
        self._process = os.getpid()
        self._writer = Writer(database, lock)
        self._index = RunIndex(self._read, self._write_alone, database.write_words)
        self._query = IndexQuery(self._read, database.has_words)
        self._annotations = Annotations(self._read, self._write_alone, database.write_words)
        self._cells = Cells(self._read, self.write, self._write_alone, dialect)
        database.remember()
        atexit.register(self.close)

    def append(
        self,
        records: Sequence[Record],
        summary: Summary,
        *,
        cancel: Cancel | None = None,
        keep_writer: bool = False,
    ) -> None:
        """Keep records with the summary that they lead to, all or nothing. Raises StoreError, RunCancelled."""
        if not records:
            return
        check_order(records)
        run_id, seq, last = records[0].run_id, records[0].seq, records[-1].seq
        self._check_open(doing := f"record event {seq} of run {run_id}")
        row = tables.run_columns(run_id, summary, writer=self._lock.writer, count=last)
        head = self._begin_run if seq == 1 else self._add_to_run if keep_writer else self._continue_run
        head_values = head.bind({**row, "run": run_id, "had": seq - 1})
        event_values = [self._add_event.bind(tables.event_columns(record)) for record in records]

        def execute(connection: Connection) -> None:
            if head.execute(connection, head_values) != 1:
                raise out_of_order(run_id, seq)
            self._add_event.execute_many(connection, event_values)

        self._writer.write(doing, execute, cancel)
        self._notifier.notify(run_id, last, finished=summary.reason is not None)

    def add(self, runs: Sequence[WholeRun]) -> None:
        """Keep runs that were recorded elsewhere, all or none of them. Raises StoreError."""
        if not runs:
            return
        self._check_open(doing := f"import {pluralize(len(runs), 'run')}")
        rows = []
        for run in runs:
            check_whole(run)
            run_id, count = run.records[0].run_id, len(run.records)
            row = tables.run_columns(run_id, run.summary, writer=IMPORTED, count=count)
            values = [self._add_event.bind(tables.event_columns(record)) for record in run.records]
            rows.append((run_id, self._begin_run.bind(row), values, make_well_formed(run.annotation)))

        def execute(connection: Connection) -> None:
            for run_id, head, values, annotation in rows:
                self._begin_run.execute(connection, head)
                for one in values:
                    self._add_event.execute(connection, one)
                replace_annotation(connection, run_id, annotation)

        self._writer.write(doing, execute)
        for run in runs:
            self._notifier.notify(run.records[0].run_id, len(run.records), finished=True)

    def events(self, run_id: str, after: int = 0) -> list[Record]:
        """The run's records with seq > after, in order. Raises StoreError."""
        query = _EVENT.where(events.c.run_id == run_id, events.c.seq > after).order_by(events.c.seq)
        return [tables.read_record(run_id, row) for row in self._read(f"read run {run_id}", query)]

    def row(self, run_id: str) -> RunRow | None:
        """The run as one row, or None. Raises StoreError."""
        rows = self._run_rows(f"read run {run_id}", _ROW.where(runs.c.id == run_id))
        return rows[0] if rows else None

    def rows(self, *, limit: int = 50, deleted: bool = True) -> list[RunRow]:
        """The newest runs first, at most `limit`. Raises StoreError."""
        query = _ROW if deleted else _ROW.where(runs.c.id.not_in(DELETED))
        query = query.order_by(runs.c.started_at.desc(), runs.c.id.desc()).limit(limit)
        return self._run_rows("read the history", query)

    def run_count(self) -> int:
        """How many runs there are. Raises StoreError."""
        return int(self._read("read the history", select(func.count()).select_from(runs))[0][0])

    def starts(self, *, limit: int = 500) -> list[Record]:
        """The first record of each of the newest runs. Raises StoreError."""
        newest = select(runs.c.id).where(runs.c.id.not_in(DELETED), no_cell())
        newest = newest.order_by(runs.c.started_at.desc(), runs.c.id.desc()).limit(limit)
        query = _EVENT.add_columns(events.c.run_id).where(events.c.run_id.in_(newest), events.c.seq == 1)
        found = {row[-1]: row[:-1] for row in self._read("read the history", query)}
        order = [row[0] for row in self._read("read the history", newest)]
        return [tables.read_record(run_id, found[run_id]) for run_id in order if run_id in found]

    def search(
        self,
        text: str = "",
        filters: Filters = NO_FILTERS,
        sort: Sort = NEWEST_FIRST,
        *,
        limit: int = 25,
        offset: int = 0,
        index_s: float = 1.0,
        ended: AbstractSet[str] = frozenset(),
        paused: AbstractSet[str] = frozenset(),
    ) -> RunPage:
        """A page of the runs that match. Raises StoreError."""
        unindexed, index_error = self._refresh_index(index_s)
        live = Live(self._living_writers() if filters.outcomes else frozenset(), ended, paused)
        found = self._query.find(text, filters, sort, limit=limit, offset=offset, live=live)
        query = _ROW.where(runs.c.id.in_(list(found.facts)))
        rows = {row.run_id: row for row in self._run_rows("read the history", query)}
        noted = self._annotations.get(found.facts)
        listed = tuple(
            ListedRun(
                run_id,
                rows[run_id].summary,
                rows[run_id].alive and run_id not in ended,
                noted.get(run_id, NO_ANNOTATION),
                facts,
                run_id in paused,
                rows[run_id].imported,
            )
            for run_id, facts in found.facts.items()
            if run_id in rows
        )
        return RunPage(
            listed, found.total, found.matching, unindexed, index_error, found.row_count, found.folded
        )

    def choices(self, *, index_s: float = 1.0) -> Choices:
        """The models and tags of the runs in the list. Raises StoreError."""
        self._refresh_index(index_s)
        return self._query.choices()

    def annotate(self, run_id: str, change: Callable[[Annotation], Annotation]) -> Annotation:
        """Replace what was noted about a run. Raises StoreError."""
        return self._annotations.change(run_id, change)

    def annotation(self, run_id: str) -> Annotation:
        """What was noted about a run. Raises StoreError."""
        return self._annotations.get([run_id]).get(run_id, NO_ANNOTATION)

    def label(self, run_id: str, attempt: int, label: Label | None) -> None:
        """Label an attempt, or take its label away. Raises StoreError."""
        self._annotations.label(run_id, attempt, label)

    def labels(self, run_id: str) -> Mapping[int, Label]:
        """The labels of a run's attempts. Raises StoreError."""
        return self._annotations.labels(run_id)

    def purge(self, before: float) -> int:
        """Remove for good what was deleted before that time. Raises StoreError."""
        deleted = self._annotations.deleted(before)
        due = [run_id for run_id, has_ended in deleted.items() if has_ended or not self._is_alive(run_id)]
        self._annotations.purge(due, before)
        self._cells.purge(before)
        return len(due)

    def reindex(self) -> None:
        """Forget what runs are found by. Raises StoreError."""
        self._index.clear()

    def wait_for(self, run_id: str, after: int, timeout_s: float) -> bool:
        """Wait until the run has a record beyond `after`, at most `timeout_s` seconds; whether it has."""
        return self._notifier.wait(run_id, after, timeout_s, lambda: self._reached(run_id))

    def put(self, kind: str, name: str, text: str) -> None:
        """Keep a document in place of what was there. Raises StoreError."""
        self._check_open(doing := f"keep the {kind} {name!r}")
        check_document(kind, name, text)
        row = self._add_document.bind({"kind": kind, "name": name, "text": text, "changed_at": time.time()})

        def execute(connection: Connection) -> None:
            self._add_document.execute(connection, row)

        self._writer.write(doing, execute)

    def documents(self, kind: str) -> dict[str, str]:
        """The documents of a kind: name -> text, sorted by name. Raises StoreError."""
        query = select(documents.c.name, documents.c.text).where(documents.c.kind == kind)
        kinds = kind.replace("-", " ").removesuffix("s") + "s"
        return dict(sorted((name, text) for name, text in self._read(f"read the saved {kinds}", query)))

    def document(self, kind: str, name: str) -> str | None:
        """The text of one document, or None. Raises StoreError."""
        query = select(documents.c.text).where(documents.c.kind == kind, documents.c.name == name)
        rows = self._read(f"read the {kind} {name!r}", query)
        return str(rows[0][0]) if rows else None

    def add_outcomes(self, experiment_id: str, texts: Mapping[str, str]) -> None:
        """Keep what became of cells of an experiment. Raises StoreError."""
        self._cells.add_outcomes(experiment_id, texts)

    def outcomes(self, experiment_id: str, after: int = 0) -> tuple[int, list[tuple[str, str]]]:
        """The number of the last outcome, and those above `after`. Raises StoreError."""
        return self._cells.outcomes(experiment_id, after)

    def cell_runs(self, experiment_id: str) -> dict[str, bool]:
        """The runs of an experiment: id -> whether it has ended, on record. Raises StoreError."""
        return self._cells.runs(experiment_id)

    def delete_experiment(self, experiment_id: str, at: float | None) -> None:
        """Delete an experiment with its runs, or undo that. Raises StoreError."""
        self._cells.delete(experiment_id, at)

    def claim(self, name: str) -> bool:
        """Begin to work at something alone; False if somebody does already. Raises StoreError."""
        return self._cells.claim(name, self._lock.writer, self._lock.alive)

    def release(self, name: str) -> None:
        """End what `claim` began. Raises StoreError."""
        self._cells.release(name, self._lock.writer)

    def is_claimed(self, name: str) -> bool:
        """Whether somebody works at it. Raises StoreError."""
        writer = self._cells.claimant(name)
        return writer is not None and self._lock.alive(writer)

    def drop(self, kind: str, name: str) -> bool:
        """Remove a document; whether there was one. Raises StoreError."""
        self._check_open(doing := f"remove the {kind} {name!r}")
        check_document(kind, name)
        key = self._delete.bind({"of_kind": kind, "named": name})
        deleted = 0

        def execute(connection: Connection) -> None:
            nonlocal deleted
            deleted = self._delete.execute(connection, key)

        self._writer.write(doing, execute)
        return deleted > 0

    def close(self) -> None:
        """Close the database; the store cannot be used afterwards."""
        if os.getpid() != self._process:
            return  # a fork's copy: the connections and the lock are the first process's own
        self._closed = True
        atexit.unregister(self.close)
        self._notifier.close()
        self._writer.close()
        self._database.close()
        self._lock.release()

    def _reached(self, run_id: str) -> int:
        rows = self._read(f"read run {run_id}", select(runs.c.events).where(runs.c.id == run_id))
        return int(rows[0][0]) if rows else 0

    def _run_rows(self, doing: str, query: Executable) -> list[RunRow]:
        # A writer found dead after the reading may have finished its run in between: then read again.
        while True:
            deaths = self._lock.deaths
            rows = [self._run_row(row) for row in self._read(doing, query)]
            if self._lock.deaths == deaths:
                return rows

    def _run_row(self, row: Sequence[Any]) -> RunRow:
        run_id, writer, reason, text = row
        try:
            summary = tables.read_summary(run_id, text)
        except StoreError as error:
            logger.warning("%s; what its events still tell is shown", error)
            summary = self._summarize_events(run_id)
        is_imported = writer == IMPORTED
        alive = reason is None and not is_imported and self._lock.alive(writer)
        return RunRow(run_id, summary, alive, is_imported)

    def _summarize_events(self, run_id: str) -> Summary:
        """A summary rebuilt from what can be read of a damaged run: one bad row hides neither it nor the others."""
        query = _EVENT.where(events.c.run_id == run_id).order_by(events.c.seq)
        readable = []
        for row in self._read(f"read run {run_id}", query):
            with suppress(StoreError):  # the run's page says which event is damaged
                readable.append(tables.read_record(run_id, row))
        summary = functools.reduce(summarize, readable, None)
        return summary or Summary(f"{run_id} (damaged)", "", "", 0, None, 0.0)

    def _refresh_index(self, within_s: float) -> tuple[int, str]:
        """Index what has changed; how many runs are left, and why, if they cannot be indexed now."""
        try:
            return self._index.refresh(within_s), ""
        except StoreError as error:  # a full disk, say: what was indexed before can still be searched
            logger.warning("%s; the runs are listed as far as they were indexed", error)
            return self._index.count_missing(), str(error)

    def _is_alive(self, run_id: str) -> bool:
        row = self.row(run_id)
        return row is not None and row.alive

    def _living_writers(self) -> AbstractSet[str]:
        return frozenset(filter(self._lock.alive, self._query.writers()))

    @property
    def database(self) -> Database:
        """The database itself."""
        return self._database

    def write(self, doing: str, execute: Callable[[Connection], None]) -> None:
        """Call `execute` in a transaction. Raises StoreError, as `Writer.write` does. doing: for the error."""
        self._check_open(doing)
        self._writer.write(doing, execute)

    def _write_alone(self, doing: str, execute: Callable[[Connection], None]) -> None:
        """The same; whoever else writes in this way waits until it is committed, so that what `execute` reads stays true."""

        def execute_alone(connection: Connection) -> None:
            self._database.lock_writing(connection)
            execute(connection)

        self.write(doing, execute_alone)

    def _check_open(self, doing: str) -> None:
        if os.getpid() != self._process:
            raise StoreError(
                f"cannot {doing}: the store was opened before a fork; open it again in the new process"
            )
        if self._closed:
            raise StoreError(f"cannot {doing}: the store was closed; open it again")
        if lost := self._database.describe_loss():
            raise StoreError(f"cannot {doing}: {lost}. The database is {self._database.name}")

    def _read(self, doing: str, query: Executable) -> Sequence[Sequence[Any]]:
        self._check_open(doing)
        try:
            return self._read_once(query)
        except SQLAlchemyError as error:
            if not self._database.is_lost(error):
                raise self._database.explain(doing, error) from error
        try:
            return self._read_once(query)  # on another connection: a server may have been restarted meanwhile
        except SQLAlchemyError as error:
            raise self._database.explain(doing, error) from error

    def _read_once(self, query: Executable) -> Sequence[Sequence[Any]]:
        with self._database.connect_to_read() as connection:
            return connection.execute(query).all()
