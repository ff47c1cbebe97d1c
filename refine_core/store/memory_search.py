"""The list of runs without a database: the same filters and orders as refine_core.store.index, one run at a time."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from refine_core.store.listing import (
    Choices,
    Filters,
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
    words = [word.casefold() for word in match_words(text)]
    rows = [
        run
        for run, own in listed
        if _passes(run, filters) and (bool(words) or not text.strip()) and all(word in own for word in words)
    ]
    rows.sort(key=lambda run: (run.summary.started_at, run.run_id), reverse=True)
    known = [(run, value) for run in rows if (value := _sort_value(run, sort.key)) is not None]
    known.sort(key=lambda one: one[1], reverse=sort.descending)  # type: ignore[arg-type,return-value]  # values of one key
    ordered = [run for run, _ in known] + [run for run in rows if _sort_value(run, sort.key) is None]
    total = sum(run.annotation.deleted_at is None and run.facts.hint_test is None for run, _ in listed)
    return RunPage(tuple(ordered[offset : offset + limit]), total, len(rows))


def count_choices(listed: Iterable[ListedRun]) -> Choices:
    """The models and tags of these runs, the most frequent first; tries of hint tests are not counted."""
    models: Counter[str] = Counter()
    tags: Counter[str] = Counter()
    deleted = 0
    for run in listed:
        if run.facts.hint_test is not None:
            continue
        if run.annotation.deleted_at is not None:
            deleted += 1
            continue
        models[run.summary.model] += 1
        tags.update(set(run.annotation.tags))
    return Choices(_by_count(models), _by_count(tags), deleted)


def _by_count(counts: Counter[str]) -> Mapping[str, int]:
    return dict(sorted(counts.items(), key=lambda one: (-one[1], one[0])))


def _passes(run: ListedRun, filters: Filters) -> bool:
    annotation, cost = run.annotation, run.spent.cost_usd
    return (
        (annotation.deleted_at is not None) is filters.deleted
        and (filters.tries_only is None or filters.tries_only is (run.facts.hint_test is not None))
        and (not filters.run_ids or run.run_id in filters.run_ids)
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
