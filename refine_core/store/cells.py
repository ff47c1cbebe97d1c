"""The cells of experiments in the database: which runs they are, what became of them, and who works at an experiment.

An outcome is a fold of its run's log, so nothing is lost where one is missing: whoever works at the experiment folds it anew.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from sqlalchemy import ColumnElement, Connection, Dialect, delete, func, insert, or_, select, text, update

from refine_core.store.annotations import Read, Write
from refine_core.store.index_tables import notes
from refine_core.store.protocol import (
    CLAIM_KIND,
    DELETED_EXPERIMENT_KIND,
    EXPERIMENT_KIND,
    IMPORTED,
    OF_EXPERIMENTS,
    deleted_before,
)
from refine_core.store.tables import (
    ADD_OUTCOME,
    DELETE_OUTCOME,
    CompiledStatement,
    documents,
    outcomes,
    runs,
)

ID_CHARACTERS: Final = 24  # of "20261130-101500-1a2b3c4d", which every id of a cell's run begins with
_DELETE_RUNS = text(
    "INSERT INTO annotations (run_id, name, starred, note, deleted_at) "
    "SELECT id, '', false, '', :at FROM runs WHERE id > :after AND id < :before AND writer != :imported "
    "ON CONFLICT (run_id) DO UPDATE SET deleted_at = excluded.deleted_at"
)


class Cells:
    """The cells of one database. read, write, write_alone: what the store does with a query, and with a transaction."""

    def __init__(self, read: Read, write: Write, write_alone: Write, dialect: Dialect) -> None:
        self._read, self._write, self._write_alone = read, write, write_alone
        self._delete_outcome = CompiledStatement(DELETE_OUTCOME, dialect)
        self._add_outcome = CompiledStatement(ADD_OUTCOME, dialect)

    def add_outcomes(self, experiment_id: str, texts: Mapping[str, str]) -> None:
        """Keep what became of these runs, in place of what was kept of them before. Raises StoreError."""
        old = [self._delete_outcome.bind({"of_run": run_id}) for run_id in texts]
        rows = [
            self._add_outcome.bind({"experiment": experiment_id, "run_id": run_id, "text": text})
            for run_id, text in texts.items()
        ]

        def execute(connection: Connection) -> None:
            self._delete_outcome.execute_many(connection, old)
            self._add_outcome.execute_many(connection, rows)

        if rows:
            # Alone, so that numbers are seen in their order: of two transactions the one with the lower number commits first.
            self._write_alone(f"keep what became of {len(rows)} runs of experiment {experiment_id}", execute)

    def outcomes(self, experiment_id: str, after: int) -> tuple[int, list[tuple[str, str]]]:
        """The number of the last outcome, and those with a number above `after`, in order. Raises StoreError."""
        c = outcomes.c
        query = select(c.number, c.run_id, c.text).where(c.experiment == experiment_id, c.number > after)
        rows = self._read(f"read experiment {experiment_id}", query.order_by(c.number))
        return (rows[-1][0] if rows else after), [(run_id, text) for _, run_id, text in rows]

    def runs(self, experiment_id: str) -> dict[str, bool]:
        """The runs of an experiment: id -> whether it has ended, on record. Raises StoreError."""
        query = select(runs.c.id, runs.c.reason).where(*_are_cells(experiment_id))
        rows = self._read(f"read experiment {experiment_id}", query.order_by(runs.c.id))
        return {run_id: reason is not None for run_id, reason in rows}

    def delete(self, experiment_id: str, at: float | None) -> None:
        """Delete an experiment with its runs, or undo that. Raises StoreError."""

        def execute(connection: Connection) -> None:
            marker = documents.c.kind == DELETED_EXPERIMENT_KIND, documents.c.name == experiment_id
            connection.execute(delete(documents).where(*marker))
            if at is None:
                its_own = select(runs.c.id).where(*_are_cells(experiment_id))
                connection.execute(update(notes).where(notes.c.run_id.in_(its_own)).values(deleted_at=None))
                return
            after, before = _between(experiment_id)
            connection.execute(
                _DELETE_RUNS, {"at": at, "after": after, "before": before, "imported": IMPORTED}
            )
            row = {"kind": DELETED_EXPERIMENT_KIND, "name": experiment_id, "text": repr(at), "changed_at": at}
            connection.execute(insert(documents).values(row))

        self._write_alone(f"delete experiment {experiment_id}", execute)

    def purge(self, before: float) -> None:
        """Remove for good the documents and outcomes of the experiments that were deleted before that time. Raises StoreError."""
        marked = select(documents.c.name, documents.c.text).where(documents.c.kind == DELETED_EXPERIMENT_KIND)
        for experiment_id, written in self._read("read which experiments were deleted", marked):
            if deleted_before(written, before):
                self._write_alone(f"remove experiment {experiment_id}", _Purge(experiment_id, before))

    def claim(self, name: str, writer: str, is_alive: Callable[[str], bool]) -> bool:
        """Have this writer work alone at something; False if it, or another one that lives, does. Raises StoreError."""
        taken = False
        c = documents.c

        def execute(connection: Connection) -> None:
            nonlocal taken
            its_own = c.kind == CLAIM_KIND, c.name == name
            row = connection.execute(select(c.text).where(*its_own)).first()
            taken = row is None or (row[0] != writer and not is_alive(row[0]))
            if taken:
                connection.execute(delete(documents).where(*its_own))
                connection.execute(
                    insert(documents).values(kind=CLAIM_KIND, name=name, text=writer, changed_at=0.0)
                )

        self._write_alone(f"begin to work at {name}", execute)
        return taken

    def release(self, name: str, writer: str) -> None:
        """Let others work at it. Raises StoreError."""
        c = documents.c
        query = delete(documents).where(c.kind == CLAIM_KIND, c.name == name, c.text == writer)

        def execute(connection: Connection) -> None:
            connection.execute(query)

        self._write(f"stop working at {name}", execute)

    def claimant(self, name: str) -> str | None:
        """The writer that works at it, or did so when it died. Raises StoreError."""
        c = documents.c
        rows = self._read(f"read {name}", select(c.text).where(c.kind == CLAIM_KIND, c.name == name))
        return str(rows[0][0]) if rows else None


def no_cell() -> ColumnElement[bool]:
    """Whether a run is no cell: its id does not begin with that of an experiment."""
    experiments = select(documents.c.name).where(documents.c.kind == EXPERIMENT_KIND)
    return func.substr(runs.c.id, 1, ID_CHARACTERS).not_in(experiments)


def _between(experiment_id: str) -> tuple[str, str]:
    """All ids of its cells' runs lie between these two."""
    return f"{experiment_id}-", f"{experiment_id}."  # the sign after "-"


def _are_cells(experiment_id: str) -> tuple[ColumnElement[bool], ...]:
    after, before = _between(experiment_id)
    return runs.c.id > after, runs.c.id < before, runs.c.writer != IMPORTED


class _Purge:
    """Removes an experiment, unless its deletion was undone in between."""

    def __init__(self, experiment_id: str, before: float) -> None:
        self._id, self._before = experiment_id, before

    def __call__(self, connection: Connection) -> None:
        c = documents.c
        marker = c.kind == DELETED_EXPERIMENT_KIND, c.name == self._id
        row = connection.execute(select(c.text).where(*marker)).first()
        if row is None or not deleted_before(row[0], self._before):
            return
        connection.execute(delete(outcomes).where(outcomes.c.experiment == self._id))
        beside = or_(c.name == self._id, c.name.startswith(f"{self._id}/", autoescape=True))
        connection.execute(delete(documents).where(c.kind.in_(OF_EXPERIMENTS), beside))
