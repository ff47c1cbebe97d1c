"""A page of the list of runs, as one question to the index: filters, words and order in, ids out.

find(text, filters, sort, live) --> ids of a page, how many match        choices() --> what there is to filter by
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, func, or_, select
from sqlalchemy.sql.base import Executable

from refine_core.store.annotations import Read
from refine_core.store.index import storable
from refine_core.store.index_tables import notes, run_index, run_text, tags
from refine_core.store.listing import NO_FILTERS, Choices, Filters, Folded, RunFacts, Sort, SortKey
from refine_core.store.tables import runs

HasWords = Callable[[str], ColumnElement[bool] | None]
_WITH_NOTES = run_index.outerjoin(notes, notes.c.run_id == run_index.c.run_id)
_LISTED = notes.c.deleted_at.is_(None)
_NO_TRY = run_index.c.hint_test.is_(None)
_NO_CELL = run_index.c.experiment.is_(None)
_ITS_OWN = and_(_NO_TRY, _NO_CELL)
_NAME = func.coalesce(func.nullif(notes.c.name, ""), run_index.c.title)
_SORTED_BY: Mapping[SortKey, ColumnElement[Any]] = {
    "when": run_index.c.started_at,
    "name": func.lower(_NAME),
    "outcome": func.coalesce(run_index.c.outcome, "running"),
    "best": run_index.c.best,
    "attempts": run_index.c.attempts,
    "model": func.lower(run_index.c.model),
    "tokens": run_index.c.tokens,
    "cost": run_index.c.cost_usd,
    "took": run_index.c.took_s,
}

_FACTS = tuple(
    run_index.c[name]
    for name in (
        "run_id",
        "inputs",
        "took_s",
        "program_hash",
        "inputs_hash",
        "parent",
        "hint_test",
        "under",
        "experiment",
    )
)


@dataclass(frozen=True, slots=True)
class Found:
    """A page of ids in order, with what only the index holds of each."""

    facts: Mapping[str, RunFacts]
    total: int
    matching: int
    row_count: int
    folded: Mapping[str, Folded] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Live:
    """What the database does not hold of unfinished runs.

    writers: those that live. ended: runs that nobody works at, though their writers live. paused: runs that wait for a person.
    """

    writers: AbstractSet[str]
    ended: AbstractSet[str]
    paused: AbstractSet[str]


class IndexQuery:
    """Questions to the index of one database. read: what the store does with a query. has_words: see Database."""

    def __init__(self, read: Read, has_words: HasWords) -> None:
        self._read, self._has_words = read, has_words

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
        total = self._count_runs(doing, _LISTED, _ITS_OWN)
        conditions = self._conditions(typed, filters, live)
        every = replace(filters, fold=False) == NO_FILTERS and not typed.strip()
        matching = total if every else self._count_runs(doing, *conditions)
        if filters.fold and not filters.deleted and self._has_branches():
            tries = self._conditions(typed, replace(filters, tries=True), live)
            return self._find_folded(conditions, tries, sort, total, matching, limit=limit, offset=offset)
        query = select(*_FACTS).select_from(_WITH_NOTES).where(*conditions)
        rows = self._read(doing, _order(query, sort).limit(limit).offset(offset))
        facts = {run_id: RunFacts(*rest) for run_id, *rest in rows}
        folded = {}
        if filters.fold:
            folded = self._count_tries(facts, self._conditions(typed, replace(filters, tries=True), live))
        return Found(facts, total, matching, matching, folded)

    def _has_branches(self) -> bool:
        query = select(run_index.c.number).where(run_index.c.under.is_not(None), _ITS_OWN).limit(1)
        return bool(self._read("search the runs", query))

    def _find_folded(
        self,
        conditions: Sequence[ColumnElement[bool]],
        tries: Sequence[ColumnElement[bool]],
        sort: Sort,
        total: int,
        matching: int,
        *,
        limit: int,
        offset: int,
    ) -> Found:
        """A row for each family of which a run passes: its first run, with how many branches, and tries of hint tests, pass."""
        i, above, noted = run_index.c, run_index.alias(), notes.alias()
        is_listed = and_(above.c.run_id.is_not(None), noted.c.deleted_at.is_(None))
        first = case((is_listed, i.under), else_=i.run_id).label("first")
        families = (
            select(
                first,
                func.count().label("size"),
                func.max(i.started_at).label("latest"),
                func.max(case((i.run_id == first, 1), else_=0)).label("passes"),
            )
            .select_from(
                _WITH_NOTES.outerjoin(above, above.c.run_id == i.under).outerjoin(
                    noted, noted.c.run_id == above.c.run_id
                )
            )
            .where(*conditions)
            .group_by(first)
            .subquery()
        )
        f = families.c
        query = select(*_FACTS, f.size, f.passes).select_from(_WITH_NOTES.join(families, f.first == i.run_id))
        doing = "search the runs"
        rows = self._read(doing, _order(query, sort, latest=f.latest).limit(limit).offset(offset))
        count = int(self._read(doing, select(func.count()).select_from(families))[0][0])
        facts = {run_id: RunFacts(*rest) for run_id, *rest, _, _ in rows}
        tried = self._count_tries(facts, tries)
        folded = {
            run_id: Folded(size - passes, tried[run_id].tries if run_id in tried else 0, bool(passes))
            for run_id, *_, size, passes in rows
            if size > 1 or not passes or run_id in tried
        }
        return Found(facts, total, matching, count, folded)

    def _count_tries(
        self, run_ids: Iterable[str], conditions: Sequence[ColumnElement[bool]]
    ) -> dict[str, Folded]:
        """Run id -> how many tries of hint tests that pass stand under it; runs without any are left out."""
        i = run_index.c
        query = select(i.under, func.count()).select_from(_WITH_NOTES)
        query = query.where(i.under.in_(list(run_ids)), *conditions).group_by(i.under)
        return {under: Folded(tries=count) for under, count in self._read("search the runs", query)}

    def choices(self) -> Choices:
        """What there is to filter by, the most frequent first. Raises StoreError."""
        count = func.count()
        models = select(run_index.c.model, count).select_from(_WITH_NOTES).where(_LISTED, _ITS_OWN)
        given = select(tags.c.tag, count).join(notes, notes.c.run_id == tags.c.run_id)
        given = given.outerjoin(run_index, run_index.c.run_id == tags.c.run_id).where(_ITS_OWN)
        deleted = select(count).select_from(notes.outerjoin(run_index, run_index.c.run_id == notes.c.run_id))
        deleted = deleted.where(notes.c.deleted_at.is_not(None), _ITS_OWN)
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

    def _conditions(self, typed: str, filters: Filters, live: Live) -> list[ColumnElement[bool]]:
        conditions = _conditions(filters, live)
        if typed.strip():
            words, number = self._has_words(typed), run_index.c.number
            found = select(run_text.c.rowid).where(words) if words is not None else None
            conditions.append(number.in_(found) if found is not None else number.is_(None))
        return conditions

    def _count_runs(self, doing: str, *conditions: ColumnElement[bool]) -> int:
        query: Executable = select(func.count()).select_from(_WITH_NOTES).where(*conditions)
        return int(self._read(doing, query)[0][0])


def _order(query: Select[Any], sort: Sort, latest: ColumnElement[Any] | None = None) -> Select[Any]:
    """latest: in place of a run's own start, the latest of its family."""
    by = latest if latest is not None and sort.key == "when" else _SORTED_BY[sort.key]
    order = (by.desc() if sort.descending else by.asc()).nulls_last()
    return query.order_by(order, run_index.c.started_at.desc(), run_index.c.run_id.desc())


def _conditions(filters: Filters, live: Live) -> list[ColumnElement[bool]]:
    i = run_index.c
    conditions: list[ColumnElement[bool]] = [notes.c.deleted_at.is_not(None) if filters.deleted else _LISTED]
    conditions += _are_of(filters)
    if filters.run_ids:
        conditions.append(i.run_id.in_(filters.run_ids))
    if filters.parents:
        conditions.append(i.parent.in_([storable(parent) for parent in filters.parents]))
    if filters.under:
        conditions.append(i.under.in_([storable(one) for one in filters.under]))
    if filters.outcomes:
        conditions.append(_has_outcome(filters.outcomes, live))
    if filters.models:
        conditions.append(i.model.in_([storable(model) for model in filters.models]))
    if filters.tags:
        conditions += [
            i.run_id.in_(select(tags.c.run_id).where(tags.c.tag == storable(tag))) for tag in filters.tags
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


def _are_of(filters: Filters) -> Iterable[ColumnElement[bool]]:
    """Whether runs are tries of hint tests, cells of experiments, or their own."""
    if (tries := filters.tries_only) is not None:
        yield ~_NO_TRY if tries else _NO_TRY
    if filters.without_cells:
        yield _NO_CELL
    if filters.experiments:
        yield run_index.c.experiment.in_([storable(one) for one in filters.experiments])


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
