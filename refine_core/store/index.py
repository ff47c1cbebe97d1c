"""The index of runs in the database: what a list is filtered, sorted and searched by.

    runs whose log has grown --refresh--> run_index, run_text        (asked by refine_core.store.index_query)

Recording a run writes nothing here. Whoever asks for a list indexes what has changed since, the newest first, for a limited
time; so an event costs no more, and an index that is missing or old is built anew.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, fields
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, delete, func, insert, or_, select, update

from refine_core.errors import StoreError
from refine_core.events import Event
from refine_core.log.summaries import Summary
from refine_core.store import tables
from refine_core.store.annotations import Read, Write, collect
from refine_core.store.index_tables import INDEX_VERSION, WORDS, run_index, run_text
from refine_core.store.listing import (
    NO_ANNOTATION,
    RunFacts,
    Spent,
    ended_outcome,
)
from refine_core.store.protocol import IMPORTED
from refine_core.store.run_text import KINDS, RunText, separate
from refine_core.store.tables import events, runs

MAX_DEPTH: Final = 100  # of branches of branches
BATCH: Final = 50  # runs that are read and written together
_GROWTH = 1.1  # the words of an unfinished run are read again once it has so many times as many attempts

_IS_STALE = or_(
    run_index.c.number.is_(None),
    run_index.c.seq != runs.c.events,
    run_index.c.version != INDEX_VERSION,
)
_WITH_INDEX = runs.outerjoin(run_index, run_index.c.run_id == runs.c.id)


@dataclass(frozen=True, slots=True)
class _Stale:
    """A run whose log has grown since it was indexed.

    text_attempts: attempts whose words are indexed; None for none. imported: whether it came in a file.
    """

    run_id: str
    seq: int
    summary: Summary
    text_attempts: int | None
    imported: bool = False

    @property
    def needs_text(self) -> bool:
        """Whether its words are read again. Those of a long run at work are not, at every one of its events."""
        if self.text_attempts is None or self.summary.reason is not None:
            return True
        return len(self.summary.rewards) > self.text_attempts * _GROWTH


class RunIndex:
    """The index of one database. read, write_alone: what the store does with a query, and with a transaction.

    write_words: words as the full-text index takes them.
    """

    def __init__(self, read: Read, write_alone: Write, write_words: Callable[[str], str]) -> None:
        self._read, self._write, self._write_words = read, write_alone, write_words

    def refresh(self, within_s: float) -> int:
        """Index what has changed, for about `within_s` seconds; how many runs are left. Raises StoreError."""
        until = time.monotonic() + within_s
        at_work: set[str] = set()  # their logs may grow on while they are indexed: once is enough
        while stale := self._stale(at_work):
            self._index(stale)
            at_work.update(one.run_id for one in stale if one.summary.reason is None)
            if time.monotonic() > until:
                return self._count_runs(_IS_STALE, _other_than(at_work))
        return 0

    def count_missing(self) -> int:
        """How many runs are not in it at all. Raises StoreError."""
        return self._count_runs(run_index.c.number.is_(None))

    def _count_runs(self, *conditions: ColumnElement[bool]) -> int:
        query = select(func.count()).select_from(_WITH_INDEX).where(*conditions)
        return int(self._read("count the runs", query)[0][0])

    def _stale(self, without: AbstractSet[str]) -> list[_Stale]:
        old = run_index.c.text_attempts, run_index.c.version
        query = select(runs.c.id, runs.c.events, runs.c.summary, runs.c.writer, *old).select_from(_WITH_INDEX)
        query = query.where(_IS_STALE, _other_than(without)).order_by(runs.c.started_at.desc()).limit(BATCH)
        stale = []
        for run_id, seq, summary, writer, text_attempts, version in self._read("read the history", query):
            try:
                whole = tables.read_summary(run_id, summary)
            except StoreError:  # listed all the same, by what can be known
                whole = Summary(f"{run_id} (damaged)", "", "", 0, None, 0.0)
            known = text_attempts if version == INDEX_VERSION else None
            stale.append(_Stale(run_id, seq, whole, known, writer == IMPORTED))
        return stale

    def _index(self, stale: Sequence[_Stale]) -> None:
        logs = self._events([one.run_id for one in stale if one.needs_text])

        def execute(connection: Connection) -> None:
            noted = collect(lambda q: connection.execute(q).all(), [s.run_id for s in stale])
            for one in stale:
                if not one.needs_text:
                    facts = update(run_index).where(run_index.c.run_id == one.run_id)
                    connection.execute(facts.values(_facts(one)))
                    continue
                words = RunText.of(
                    logs.get(one.run_id, ()), one.summary, noted.get(one.run_id, NO_ANNOTATION)
                )
                _write_whole(connection, one, words, self._write_words)
            _lift(connection, [one.run_id for one in stale])

        self._write("index the runs", execute)

    def _events(self, run_ids: Sequence[str]) -> dict[str, list[Event]]:
        """The events that hold words. What cannot be read is left out: the run's own page says what is damaged."""
        c = events.c
        query = select(c.run_id, c.seq, c.at, c.span, c.kind, c.version, c.payload)
        query = query.where(c.run_id.in_(run_ids), c.kind.in_(KINDS)).order_by(c.run_id, c.seq)
        logs: dict[str, list[Event]] = {}
        for run_id, *row in self._read("read the runs", query):
            try:
                record = tables.read_record(run_id, row)
            except StoreError:
                continue
            logs.setdefault(run_id, []).append(record.event)
        return logs

    def clear(self) -> None:
        """Empty it. The next search builds it anew. Raises StoreError."""

        def execute(connection: Connection) -> None:
            connection.execute(delete(run_text))
            connection.execute(delete(run_index))

        self._write("empty the index of runs", execute)


def _other_than(run_ids: AbstractSet[str]) -> ColumnElement[bool]:
    return runs.c.id.not_in(run_ids)


def storable(value: str) -> str:
    """A value to compare with: a database can hold no lone surrogate."""
    return value.encode("utf-8", "replace").decode()


def _known(reward: float | None) -> float | None:
    """The reward to sort by: NaN is none, and databases differ in where they put it."""
    return None if reward is None or math.isnan(reward) else reward


def _facts(stale: _Stale) -> dict[str, Any]:
    summary, spent = stale.summary, Spent.of(stale.summary)
    return {
        "run_id": stale.run_id,
        "version": INDEX_VERSION,
        "seq": stale.seq,
        "started_at": summary.started_at,
        "title": separate(summary.title),
        "outcome": ended_outcome(summary),
        "model": storable(summary.model),
        "best": _known(summary.best_reward),
        "attempts": len(summary.rewards),
        "tokens": spent.tokens,
        "cost_usd": spent.cost_usd,
    }


def _lift(connection: Connection, run_ids: Sequence[str]) -> None:
    """Have the branches of branches among these runs, and of these runs, stand under the first of their family."""
    above = run_index.alias()
    mine = or_(run_index.c.run_id.in_(run_ids), run_index.c.under.in_(run_ids))
    of_a_branch = run_index.c.under.in_(select(above.c.run_id).where(above.c.under.is_not(None)))
    first = select(above.c.under).where(above.c.run_id == run_index.c.under).scalar_subquery()
    move = update(run_index).where(mine, of_a_branch).values(under=first)
    for _ in range(MAX_DEPTH):  # a log that somebody wrote may name a circle of parents
        if connection.execute(move).rowcount == 0:
            return


def _write_whole(
    connection: Connection, stale: _Stale, words: RunText, write_words: Callable[[str], str]
) -> None:
    c = run_index.c
    had = connection.execute(select(c.number).where(c.run_id == stale.run_id)).first()
    if had is not None:
        connection.execute(delete(run_text).where(run_text.c.rowid == had[0]))
        connection.execute(delete(run_index).where(c.number == had[0]))
    facts = {
        **_facts(stale),
        "text_attempts": len(stale.summary.rewards),
        **{field.name: getattr(words.facts, field.name) for field in fields(RunFacts)},
    }
    if stale.imported:
        # Its test or experiment is elsewhere, so the list is where it can be found.
        facts["hint_test"] = facts["experiment"] = None
    made = connection.execute(insert(run_index).values(facts)).inserted_primary_key
    parts = {name: write_words(getattr(words, name)) for name in WORDS}
    connection.execute(insert(run_text).values(rowid=made[0] if made else None, **parts))
