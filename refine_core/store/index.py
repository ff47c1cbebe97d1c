"""The index of runs in the database: what a list is filtered, sorted and searched by.

    runs whose log has grown --refresh--> run_index, run_text        find(text, filters, sort) --> ids of a page

Recording a run writes nothing here. Whoever asks for a list indexes what has changed since, the newest first, for a limited
time; so an event costs no more, and an index that is missing or old is built anew.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, fields
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, and_, delete, func, insert, or_, select, update
from sqlalchemy.sql.base import Executable

from refine_core.errors import StoreError
from refine_core.events import Event
from refine_core.log.summaries import Summary
from refine_core.store import tables
from refine_core.store.annotations import Read, Write, begin, collect
from refine_core.store.index_tables import INDEX_VERSION, WORDS, notes, run_index, run_text, tags
from refine_core.store.listing import (
    NO_ANNOTATION,
    NO_FILTERS,
    Choices,
    Filters,
    RunFacts,
    Sort,
    SortKey,
    Spent,
    ended_outcome,
)
from refine_core.store.run_text import KINDS, RunText, match_expression, separate
from refine_core.store.tables import events, runs

BATCH: Final = 50  # runs that are read and written together
_GROWTH = 1.1  # the words of an unfinished run are read again once it has so many times as many attempts

_IS_STALE = or_(
    run_index.c.number.is_(None),
    run_index.c.seq != runs.c.events,
    run_index.c.version != INDEX_VERSION,
)
_WITH_INDEX = runs.outerjoin(run_index, run_index.c.run_id == runs.c.id)
_WITH_NOTES = run_index.outerjoin(notes, notes.c.run_id == run_index.c.run_id)
_LISTED = notes.c.deleted_at.is_(None)
_NAME = func.coalesce(func.nullif(notes.c.name, ""), run_index.c.title).collate("NOCASE")
_SORTED_BY: Mapping[SortKey, ColumnElement[Any]] = {
    "when": run_index.c.started_at,
    "name": _NAME,
    "outcome": func.coalesce(run_index.c.outcome, "running"),
    "best": run_index.c.best,
    "attempts": run_index.c.attempts,
    "model": run_index.c.model.collate("NOCASE"),
    "tokens": run_index.c.tokens,
    "cost": run_index.c.cost_usd,
    "took": run_index.c.took_s,
}


@dataclass(frozen=True, slots=True)
class Found:
    """A page of ids in order, with what only the index holds of each."""

    facts: Mapping[str, RunFacts]
    total: int
    matching: int


@dataclass(frozen=True, slots=True)
class Live:
    """What the database does not hold of unfinished runs.

    writers: those that live. ended: runs that nobody works at, though their writers live. paused: runs that wait for a person.
    """

    writers: AbstractSet[str]
    ended: AbstractSet[str]
    paused: AbstractSet[str]


@dataclass(frozen=True, slots=True)
class _Stale:
    """A run whose log has grown since it was indexed. text_attempts: attempts whose words are indexed; None for none."""

    run_id: str
    seq: int
    summary: Summary
    text_attempts: int | None

    @property
    def needs_text(self) -> bool:
        """Whether its words are read again. Those of a long run at work are not, at every one of its events."""
        if self.text_attempts is None or self.summary.reason is not None:
            return True
        return len(self.summary.rewards) > self.text_attempts * _GROWTH


class RunIndex:
    """The index of one database. read, write: what the store does with a query, and with a transaction."""

    def __init__(self, read: Read, write: Write) -> None:
        self._read, self._write = read, write

    def refresh(self, within_s: float) -> int:
        """Index what has changed, for about `within_s` seconds; how many runs are left. Raises StoreError."""
        until = time.monotonic() + within_s
        skipped: set[str] = set()
        while True:
            stale = self._stale(skipped)
            if not stale:
                return 0
            self._index(stale)
            skipped.update(one.run_id for one in stale)  # one that works now is stale again at once
            if time.monotonic() > until:
                return int(self._read("count the runs", select(func.count()).select_from(_WITH_INDEX).where(_IS_STALE, _unknown(skipped)))[0][0])  # fmt: skip

    def _stale(self, skipped: AbstractSet[str]) -> list[_Stale]:
        old = run_index.c.text_attempts, run_index.c.version
        query = select(runs.c.id, runs.c.events, runs.c.summary, *old).select_from(_WITH_INDEX)
        query = query.where(_IS_STALE, _unknown(skipped)).order_by(runs.c.started_at.desc()).limit(BATCH)
        stale = []
        for run_id, seq, summary, text_attempts, version in self._read("read the history", query):
            try:
                whole = tables.read_summary(run_id, summary)
            except StoreError:  # listed all the same, by what can be known
                whole = Summary(f"{run_id} (damaged)", "", "", 0, None, 0.0)
            stale.append(_Stale(run_id, seq, whole, text_attempts if version == INDEX_VERSION else None))
        return stale

    def _index(self, stale: Sequence[_Stale]) -> None:
        logs = self._events([one.run_id for one in stale if one.needs_text])

        def execute(connection: Connection) -> None:
            begin(connection)
            noted = collect(lambda q: connection.execute(q).all(), [s.run_id for s in stale])
            for one in stale:
                if not one.needs_text:
                    facts = update(run_index).where(run_index.c.run_id == one.run_id)
                    connection.execute(facts.values(_facts(one)))
                    continue
                words = RunText.of(
                    logs.get(one.run_id, ()), one.summary, noted.get(one.run_id, NO_ANNOTATION)
                )
                _write_whole(connection, one, words)

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

    def find(
        self,
        typed: str,
        filters: Filters,
        sort: Sort,
        *,
        limit: int,
        offset: int,
        live: Live,
    ) -> Found:
        """A page of runs. Raises StoreError."""
        doing = "search the runs"
        total = self._count_runs(doing, _LISTED)
        conditions = _conditions(typed, filters, live)
        matching = self._count_runs(doing, *conditions) if filters != NO_FILTERS or typed.strip() else total
        by = _SORTED_BY[sort.key]
        order = (by.desc() if sort.descending else by.asc()).nulls_last()
        i = run_index.c
        facts = i.run_id, i.inputs, i.took_s, i.program_hash, i.inputs_hash, i.parent
        query = select(*facts).select_from(_WITH_NOTES)
        query = query.where(*conditions).order_by(
            order, run_index.c.started_at.desc(), run_index.c.run_id.desc()
        )
        rows = self._read(doing, query.limit(limit).offset(offset))
        return Found({run_id: RunFacts(*rest) for run_id, *rest in rows}, total, matching)

    def choices(self) -> Choices:
        """What there is to filter by, the most frequent first. Raises StoreError."""
        count = func.count()
        models = select(run_index.c.model, count).select_from(_WITH_NOTES).where(_LISTED)
        given = select(tags.c.tag, count).join(notes, notes.c.run_id == tags.c.run_id)
        deleted = select(count).select_from(notes).where(notes.c.deleted_at.is_not(None))
        by_model = models.group_by(run_index.c.model).order_by(count.desc(), run_index.c.model)
        by_tag = given.where(_LISTED).group_by(tags.c.tag).order_by(count.desc(), tags.c.tag)
        doing = "read the history"
        return Choices(
            {model: n for model, n in self._read(doing, by_model)},  # noqa: C416
            {tag: n for tag, n in self._read(doing, by_tag)},  # noqa: C416
            int(self._read(doing, deleted)[0][0]),
        )

    def writers(self) -> list[str]:
        """The writers of unfinished runs. Raises StoreError."""
        query = select(runs.c.writer).join(run_index, run_index.c.run_id == runs.c.id).distinct()
        unfinished = query.where(run_index.c.outcome.is_(None))
        return [row[0] for row in self._read("read the history", unfinished)]

    def clear(self) -> None:
        """Empty it. The next search builds it anew. Raises StoreError."""

        def execute(connection: Connection) -> None:
            connection.execute(delete(run_text))
            connection.execute(delete(run_index))

        self._write("empty the index of runs", execute)

    def _count_runs(self, doing: str, *conditions: ColumnElement[bool]) -> int:
        query: Executable = select(func.count()).select_from(_WITH_NOTES).where(*conditions)
        return int(self._read(doing, query)[0][0])


def _unknown(run_ids: AbstractSet[str]) -> ColumnElement[bool]:
    return runs.c.id.not_in(run_ids)


def _conditions(typed: str, filters: Filters, live: Live) -> list[ColumnElement[bool]]:
    i = run_index.c
    conditions: list[ColumnElement[bool]] = [notes.c.deleted_at.is_not(None) if filters.deleted else _LISTED]
    if typed.strip():
        words = match_expression(typed)
        has_words = select(run_text.c.rowid).where(run_text.c.run_text.op("MATCH")(words))
        conditions.append(i.number.in_(has_words) if words else i.number.is_(None))
    if filters.run_ids:
        conditions.append(i.run_id.in_(filters.run_ids))
    if filters.outcomes:
        conditions.append(_has_outcome(filters.outcomes, live))
    if filters.models:
        conditions.append(i.model.in_([separate_surrogates(model) for model in filters.models]))
    if filters.tags:
        conditions += [
            i.run_id.in_(select(tags.c.run_id).where(tags.c.tag == separate_surrogates(tag)))
            for tag in filters.tags
        ]
    if filters.starred:
        conditions.append(notes.c.starred.is_(True))
    for bound, column, low in (
        (filters.since, i.started_at, True),
        (filters.until, i.started_at, False),
        (filters.min_cost_usd, i.cost_usd, True),
        (filters.max_cost_usd, i.cost_usd, False),
    ):
        if bound is not None:
            conditions.append(column >= bound if low else column <= bound)
    return conditions


def _has_outcome(outcomes: Sequence[str], live: Live) -> ColumnElement[bool]:
    """Whether a run lives is known to nobody but its process, so the database is told which writers do."""
    works = run_index.c.run_id.in_(
        select(runs.c.id).where(
            runs.c.reason.is_(None), runs.c.writer.in_(live.writers), runs.c.id.not_in(live.ended)
        )
    )
    unfinished = run_index.c.outcome.is_(None)
    either: list[ColumnElement[bool]] = [run_index.c.outcome.in_(outcomes)]
    waits = run_index.c.run_id.in_(live.paused)
    if "running" in outcomes:
        either.append(and_(unfinished, works, ~waits))
    if "paused" in outcomes:
        either.append(and_(unfinished, works, waits))
    if "interrupted" in outcomes:
        either.append(and_(unfinished, ~works))
    return or_(*either)


def separate_surrogates(value: str) -> str:
    """A value to compare with: a database can hold no lone surrogate."""
    return value.encode("utf-8", "replace").decode()


def _facts(stale: _Stale) -> dict[str, Any]:
    summary, spent = stale.summary, Spent.of(stale.summary)
    return {
        "run_id": stale.run_id,
        "version": INDEX_VERSION,
        "seq": stale.seq,
        "started_at": summary.started_at,
        "title": separate(summary.title),
        "outcome": ended_outcome(summary),
        "model": separate_surrogates(summary.model),
        "best": summary.best_reward,
        "attempts": len(summary.rewards),
        "tokens": spent.tokens,
        "cost_usd": spent.cost_usd,
    }


def _write_whole(connection: Connection, stale: _Stale, words: RunText) -> None:
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
    made = connection.execute(insert(run_index).values(facts)).inserted_primary_key
    parts = {name: getattr(words, name) for name in WORDS}
    connection.execute(insert(run_text).values(rowid=made[0] if made else None, **parts))
