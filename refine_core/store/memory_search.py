"""The list of runs without a database: the same filters and orders as refine_core.store.index, one run at a time."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from refine_core.store.listing import (
    Choices,
    Filters,
    Folded,
    ListedRun,
    RunPage,
    Sort,
    SortKey,
    ended_outcome,
)
from refine_core.store.run_text import match_words

_NOTHING: Final = (None, None)


def find(
    listed: Sequence[tuple[ListedRun, str]],
    text: str,
    filters: Filters,
    sort: Sort,
    *,
    limit: int,
    offset: int,
) -> RunPage:
    """A page of these runs. listed: each with its words."""
    listed = _lift(listed)
    rows = _filter(listed, text, filters)
    total = sum(run.annotation.deleted_at is None and _is_its_own(run) for run, _ in listed)
    matching = len(rows)
    folded: dict[str, Folded] = {}
    latest: dict[str, float] = {}
    if filters.fold and not filters.deleted:
        tries = _filter(listed, text, replace(filters, tries=True))
        rows, latest, folded = _fold(rows, tries, [run for run, _ in listed])
    rows.sort(key=lambda run: (run.summary.started_at, run.run_id), reverse=True)
    values = {run.run_id: _sort_value(run, sort.key) for run in rows}
    if sort.key == "when":
        values |= latest
    known = [run for run in rows if values[run.run_id] is not None]
    known.sort(key=lambda run: values[run.run_id], reverse=sort.descending)  # type: ignore[arg-type,return-value]  # values of one key
    ordered = known + [run for run in rows if values[run.run_id] is None]
    page = tuple(ordered[offset : offset + limit])
    shown = {run.run_id: folded[run.run_id] for run in page if run.run_id in folded}
    return RunPage(page, total, matching, row_count=len(rows), folded=shown)


def _filter(listed: Sequence[tuple[ListedRun, str]], text: str, filters: Filters) -> list[ListedRun]:
    """Those that pass the filters and have all the words."""
    words = [word.casefold() for word in match_words(text)]
    return [
        run
        for run, own in listed
        if _passes(run, filters) and (bool(words) or not text.strip()) and all(word in own for word in words)
    ]


def _fold(
    passing: Sequence[ListedRun], passing_tries: Sequence[ListedRun], every: Sequence[ListedRun]
) -> tuple[list[ListedRun], dict[str, float], dict[str, Folded]]:
    """The first runs of the families of these runs, when each family last began a run, and what stands under them."""
    listed = {run.run_id: run for run in every if run.annotation.deleted_at is None}
    families: dict[str, list[ListedRun]] = {}
    for run in passing:
        first = run.facts.under if run.facts.under in listed else run.run_id
        families.setdefault(first or run.run_id, []).append(run)
    tries = Counter(run.facts.under for run in passing_tries if run.facts.under)
    rows = [listed[first] for first in families]
    latest = {first: max(run.summary.started_at for run in members) for first, members in families.items()}
    folded = {}
    for first, members in families.items():
        passes = any(run.run_id == first for run in members)
        one = Folded(len(members) - passes, tries[first], passes)
        if one != Folded():
            folded[first] = one
    return rows, latest, folded


def _lift(listed: Sequence[tuple[ListedRun, str]]) -> list[tuple[ListedRun, str]]:
    """The same, each branch under the first of its family, and not under the branch that it goes on from."""
    above = {run.run_id: run.facts.under for run, _ in listed}
    lifted = []
    for run, words in listed:
        first, seen = run.facts.under, {run.run_id}
        while first is not None and first not in seen and (higher := above.get(first)) is not None:
            seen.add(first)
            first = higher
        lifted.append((replace(run, facts=replace(run.facts, under=first)), words))
    return lifted


def count_choices(listed: Iterable[ListedRun]) -> Choices:
    """The models and tags of these runs, the most frequent first; tries of hint tests and cells of experiments are not counted."""
    models: Counter[str] = Counter()
    tags: Counter[str] = Counter()
    deleted = 0
    for run in listed:
        if not _is_its_own(run):
            continue
        if run.annotation.deleted_at is not None:
            deleted += 1
            continue
        models[run.summary.model] += 1
        tags.update(set(run.annotation.tags))
    return Choices(_by_count(models), _by_count(tags), deleted)


def _by_count(counts: Counter[str]) -> Mapping[str, int]:
    return dict(sorted(counts.items(), key=lambda one: (-one[1], one[0])))


def _is_its_own(run: ListedRun) -> bool:
    """Whether it is neither a try of a hint test nor a cell of an experiment."""
    return run.facts.hint_test is None and run.facts.experiment is None


def _passes(run: ListedRun, filters: Filters) -> bool:
    annotation, cost = run.annotation, run.spent.cost_usd
    return (
        (annotation.deleted_at is not None) is filters.deleted
        and (filters.tries_only is None or filters.tries_only is (run.facts.hint_test is not None))
        and (not filters.without_cells or run.facts.experiment is None)
        and (not filters.experiments or run.facts.experiment in filters.experiments)
        and (not filters.run_ids or run.run_id in filters.run_ids)
        and (not filters.under or run.facts.under in filters.under)
        and (not filters.parents or run.facts.parent in filters.parents)
        and (not filters.outcomes or run.outcome in filters.outcomes)
        and (not filters.models or run.summary.model in filters.models)
        and set(filters.tags) <= set(annotation.tags)
        and (annotation.starred or not filters.starred)
        and _lies_between(run.summary.started_at, filters.since, filters.until)
        and _lies_between(cost, filters.min_cost_usd, filters.max_cost_usd)
    )


def _lies_between(value: float | None, low: float | None, high: float | None) -> bool:
    if (low, high) == _NOTHING:
        return True
    return value is not None and (low is None or value >= low) and (high is None or value <= high)


def _sort_value(run: ListedRun, key: SortKey) -> object:
    """What a run is sorted by; None where it has no such value."""
    summary = run.summary
    best = summary.best_reward
    values: Mapping[SortKey, object] = {
        "when": summary.started_at,
        "name": run.name.casefold(),
        "outcome": ended_outcome(summary) or "running",
        "best": None if best is None or math.isnan(best) else best,
        "attempts": len(summary.rewards),
        "model": summary.model.casefold(),
        "tokens": run.spent.tokens,
        "cost": run.spent.cost_usd,
        "took": run.facts.took_s,
    }
    return values[key]
