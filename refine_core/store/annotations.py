"""What a person noted about runs, in the database: names, tags, notes and stars, labels of attempts, and deletion.

A deleted run stays whole until it is purged, so that deleting can be undone.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update
from sqlalchemy.sql.base import Executable

from refine_core.errors import StoreError
from refine_core.log.well_formed import make_well_formed
from refine_core.store import tables
from refine_core.store.index_tables import labels, notes, run_index, run_text, tags
from refine_core.store.listing import NO_ANNOTATION, Annotation, Label
from refine_core.store.protocol import BESIDE_RUNS, unknown_run
from refine_core.store.run_text import name_words
from refine_core.store.tables import documents, events, outcomes, runs

Read = Callable[[str, Executable], Sequence[Sequence[Any]]]
Write = Callable[[str, Callable[[Connection], None]], None]
"""Executes statements in a transaction. Those of `write_alone` wait for whoever else writes what depends on what it has read."""
PURGE_BATCH = 100  # runs that are removed in one transaction
DELETED = select(notes.c.run_id).where(notes.c.deleted_at.is_not(None))


class Annotations:
    """The annotations of one database. read, write_alone: what the store does with a query, and with a transaction.

    write_words: words as the full-text index takes them.
    """

    def __init__(self, read: Read, write_alone: Write, write_words: Callable[[str], str]) -> None:
        self._read, self._write, self._write_words = read, write_alone, write_words

    def get(self, run_ids: Iterable[str]) -> dict[str, Annotation]:
        """Those of these runs that have any. Raises StoreError."""
        return collect(lambda query: self._read("read what was noted about runs", query), list(run_ids))

    def change(self, run_id: str, change: Callable[[Annotation], Annotation]) -> Annotation:
        """Replace a run's annotation by what `change` makes of it. Raises StoreError, also for an unknown run."""
        after = NO_ANNOTATION

        def execute(connection: Connection) -> None:
            nonlocal after
            row = connection.execute(select(runs.c.summary).where(runs.c.id == run_id)).first()
            if row is None:
                raise unknown_run(run_id)
            before = collect(lambda query: connection.execute(query).all(), [run_id]).get(
                run_id, NO_ANNOTATION
            )
            after = make_well_formed(change(before))
            replace_annotation(connection, run_id, after)
            try:
                words = self._write_words(name_words(tables.read_summary(run_id, row[0]), after))
            except StoreError:  # a damaged summary; the index was made without it
                return
            number = select(run_index.c.number).where(run_index.c.run_id == run_id).scalar_subquery()
            connection.execute(update(run_text).where(run_text.c.rowid == number).values(name=words))

        self._write(f"keep what was noted about run {run_id}", execute)
        return after

    def label(self, run_id: str, attempt: int, label: Label | None) -> None:
        """Label an attempt, or take its label away. Raises StoreError."""

        def execute(connection: Connection) -> None:
            if connection.execute(select(runs.c.id).where(runs.c.id == run_id)).first() is None:
                raise unknown_run(run_id)
            connection.execute(delete(labels).where(labels.c.run_id == run_id, labels.c.attempt == attempt))
            if label is not None:
                row = {"run_id": run_id, "attempt": attempt, "label": label, "changed_at": time.time()}
                connection.execute(insert(labels).values(row))

        self._write(f"label attempt {attempt + 1} of run {run_id}", execute)

    def labels(self, run_id: str) -> Mapping[int, Label]:
        """Index of an attempt -> its label, for those that have one. Raises StoreError."""
        query = select(labels.c.attempt, labels.c.label).where(labels.c.run_id == run_id)
        rows = self._read(f"read the labels of run {run_id}", query.order_by(labels.c.attempt))
        return {attempt: label for attempt, label in rows}  # noqa: C416  # rows are no pairs to the type checker

    def deleted(self, before: float) -> dict[str, bool]:
        """The runs that were deleted before that time: id -> whether it has ended, on record. Raises StoreError."""
        query = select(notes.c.run_id, runs.c.reason).join(runs, runs.c.id == notes.c.run_id)
        rows = self._read("read which runs were deleted", query.where(notes.c.deleted_at < before))
        return {run_id: reason is not None for run_id, reason in rows}

    def purge(self, run_ids: Sequence[str], before: float) -> None:
        """Remove these runs for good, unless their deletion was undone in between. Raises StoreError."""
        for first in range(0, len(run_ids), PURGE_BATCH):
            batch = run_ids[first : first + PURGE_BATCH]
            self._write(f"remove runs from {batch[0]} on", partial(_purge, run_ids=batch, before=before))


def collect(
    read: Callable[[Executable], Sequence[Sequence[Any]]], run_ids: list[str]
) -> dict[str, Annotation]:
    """What was noted about these runs. read: runs a query, on whatever connection."""
    given: dict[str, list[str]] = {}
    query = select(tags.c.run_id, tags.c.tag).where(tags.c.run_id.in_(run_ids)).order_by(tags.c.place)
    for run_id, tag in read(query):
        given.setdefault(run_id, []).append(tag)
    one = notes.c
    rows = read(
        select(one.run_id, one.name, one.starred, one.note, one.deleted_at).where(one.run_id.in_(run_ids))
    )
    return {
        run_id: Annotation(name, tuple(given.get(run_id, ())), bool(starred), note, deleted_at)
        for run_id, name, starred, note, deleted_at in rows
    }


def replace_annotation(connection: Connection, run_id: str, annotation: Annotation) -> None:
    """What was noted about a run, in place of what was there; inside a transaction."""
    connection.execute(delete(tags).where(tags.c.run_id == run_id))
    connection.execute(delete(notes).where(notes.c.run_id == run_id))
    if annotation == NO_ANNOTATION:
        return
    row = {
        "run_id": run_id,
        "name": annotation.name,
        "starred": annotation.starred,
        "note": annotation.note,
        "deleted_at": annotation.deleted_at,
    }
    connection.execute(insert(notes).values(row))
    for place, tag in enumerate(dict.fromkeys(annotation.tags)):
        connection.execute(insert(tags).values({"run_id": run_id, "tag": tag, "place": place}))


def _purge(connection: Connection, run_ids: Sequence[str], before: float) -> None:
    for run_id in run_ids:
        _purge_run(connection, run_id, before)


def _purge_run(connection: Connection, run_id: str, before: float) -> None:
    due = select(notes.c.run_id).where(notes.c.run_id == run_id, notes.c.deleted_at < before)
    if connection.execute(due).first() is None:
        return
    found = connection.execute(select(run_index.c.number).where(run_index.c.run_id == run_id)).first()
    if found is not None:
        connection.execute(delete(run_text).where(run_text.c.rowid == found[0]))
    for table in (run_index, outcomes, labels, tags, notes, events):
        connection.execute(delete(table).where(table.c.run_id == run_id))
    beside = documents.c.name.startswith(f"{run_id}/", autoescape=True)
    connection.execute(delete(documents).where(documents.c.kind.in_(BESIDE_RUNS), beside))
    connection.execute(delete(runs).where(runs.c.id == run_id))
