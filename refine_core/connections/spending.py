"""The cost of calls, by day and model: the sum of the summaries of runs, in this machine's time zone."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from dataclasses import dataclass

from refine_core import runs
from refine_core.log.spending import QUARTER_S
from refine_core.log.spending import Spending as Quarter
from refine_core.store.protocol import RunRow

MAX_RUNS = 10_000  # the newest; a month of one run every four minutes


@dataclass(frozen=True, slots=True)
class ModelSpending:
    """The cost of one model on one day.

    calls: the calls with a reply; free: those of them that were cached or replayed. prompt_tokens, completion_tokens,
    cost_usd: sums of the known values, None if none is known. uncounted, unpriced: calls whose tokens, or cost, are unknown.
    """

    day: datetime.date
    model: str
    calls: int
    free: int
    prompt_tokens: int | None
    completion_tokens: int | None
    cost_usd: float | None
    uncounted: int
    unpriced: int


def sum_spending(days: int = 30, *, rows: Iterable[RunRow] | None = None) -> list[ModelSpending]:
    """Sums for the last `days` days with today; the newest day first, then the most expensive model. Raises StoreError."""
    today = datetime.datetime.now().astimezone().date()
    first = today - datetime.timedelta(days=days - 1)
    quarters_of: dict[tuple[datetime.date, str], list[Quarter]] = {}
    for row in runs.recent(MAX_RUNS, deleted=True) if rows is None else rows:
        for quarter in row.summary.spent or ():
            if (day := _day(quarter.quarter)) is not None and day >= first:
                quarters_of.setdefault((day, quarter.model), []).append(quarter)
    sums = [_sum(day, model, quarters) for (day, model), quarters in quarters_of.items()]
    return sorted(sums, key=lambda one: (one.day, one.cost_usd or 0.0, one.calls), reverse=True)


def _day(quarter: int) -> datetime.date | None:
    """The day of a quarter of an hour; None for a time that no clock can show."""
    try:
        return datetime.datetime.fromtimestamp(quarter * QUARTER_S).astimezone().date()
    except (OverflowError, ValueError, OSError):
        return None


def _sum(day: datetime.date, model: str, quarters: list[Quarter]) -> ModelSpending:
    calls, free = sum(q.calls for q in quarters), sum(q.free for q in quarters)
    uncounted, unpriced = sum(q.uncounted for q in quarters), sum(q.unpriced for q in quarters)
    counted = uncounted == 0 or calls - free > uncounted
    priced = unpriced == 0 or calls - free > unpriced
    return ModelSpending(
        day,
        model,
        calls,
        free,
        sum(q.prompt_tokens for q in quarters) if counted else None,
        sum(q.completion_tokens for q in quarters) if counted else None,
        sum(q.cost_usd for q in quarters) if priced else None,
        uncounted,
        unpriced,
    )
