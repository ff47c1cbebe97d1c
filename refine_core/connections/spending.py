"""What calls cost, by day and model: added up from the summaries of runs, in this machine's time zone."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from dataclasses import dataclass

from refine_core import runs
from refine_core.log.spending import QUARTER_S
from refine_core.log.spending import Spent as Quarter
from refine_core.store.protocol import RunRow

MOST_RUNS = 10_000  # the newest; a month of one run every four minutes


@dataclass(frozen=True, slots=True)
class Spent:
    """What one model cost on one day.

    calls: that were answered; free: those of them that were cached or replayed. prompt_tokens, completion_tokens,
    cost_usd: sums of what is known, None where nothing is. uncounted, unpriced: calls whose tokens, whose cost is unknown.
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


def spending(days: int = 30, *, rows: Iterable[RunRow] | None = None) -> list[Spent]:
    """Of today and the days before it, `days` in all; the newest day first, then the dearest model. Raises StoreError."""
    today = datetime.datetime.now().astimezone().date()
    first = today - datetime.timedelta(days=days - 1)
    found: dict[tuple[datetime.date, str], list[Quarter]] = {}
    for row in runs.recent(MOST_RUNS) if rows is None else rows:
        for quarter in row.summary.spent or ():
            if (day := _day(quarter.quarter)) is not None and day >= first:
                found.setdefault((day, quarter.model), []).append(quarter)
    made = [_sum(day, model, quarters) for (day, model), quarters in found.items()]
    return sorted(made, key=lambda one: (one.day, one.cost_usd or 0.0, one.calls), reverse=True)


def _day(quarter: int) -> datetime.date | None:
    """The day of a quarter of an hour; None for a time that no clock can show."""
    try:
        return datetime.datetime.fromtimestamp(quarter * QUARTER_S).astimezone().date()
    except (OverflowError, ValueError, OSError):
        return None


def _sum(day: datetime.date, model: str, quarters: list[Quarter]) -> Spent:
    calls, free = sum(q.calls for q in quarters), sum(q.free for q in quarters)
    uncounted, unpriced = sum(q.uncounted for q in quarters), sum(q.unpriced for q in quarters)
    counted = uncounted == 0 or calls - free > uncounted
    priced = unpriced == 0 or calls - free > unpriced
    return Spent(
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
