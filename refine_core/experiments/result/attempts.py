"""The first k attempts of a run: the best reward by then, and what it had spent.

A run that stopped early at k has its result for every later number, too. That is what the first k attempts of a run with N would
have got; a run with a smaller N may have other temperatures and other hints.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate

from refine_core.experiments.outcomes import AttemptFigures, Outcome
from refine_core.experiments.result.figures import Unit
from refine_core.statistics.numbers import mean


@dataclass(frozen=True, slots=True)
class FirstAttempts:
    """By k = 1…N: the mean over an input's runs. best: None before any attempt was scored. spent: None where it is not known."""

    best: Sequence[float | None]
    spent: Mapping[Unit, Sequence[float | None]]


def fold_attempts(outcomes: Sequence[Outcome], n: int) -> FirstAttempts:
    """Of the scored runs of an input, whose arm allows n attempts."""
    bests = [best_by_attempt(one, n) for one in outcomes]
    spent: dict[Unit, list[list[float | None]]] = {"calls": [], "tokens": [], "usd": []}
    for one in outcomes:
        spent["calls"].append(_running([a.calls for a in one.attempts], one.calls, n))
        spent["tokens"].append(_running([a.tokens for a in one.attempts], one.tokens, n))
        spent["usd"].append(_running([a.cost_usd for a in one.attempts], one.cost_usd, n))
    if len(outcomes) == 1:
        return FirstAttempts(bests[0], {unit: lists[0] for unit, lists in spent.items()})
    return FirstAttempts(
        [mean(best for best in column if best is not None) for column in zip(*bests, strict=True)],
        {
            unit: [_mean_of_all(column) for column in zip(*lists, strict=True)]
            for unit, lists in spent.items()
        },
    )


def best_by_attempt(outcome: Outcome, n: int) -> list[float | None]:
    """The best reward after 1…n attempts, by the loop's own rule: one that met every validator is better than any that did not."""
    best: AttemptFigures | None = None
    found: list[float | None] = []
    for one in outcome.attempts[:n]:
        if one.reward is not None and (best is None or best.reward is None or _rank(one) > _rank(best)):
            best = one
        found.append(best.reward if best is not None else None)
    found += [outcome.reward] * (n - len(found))
    found[len(outcome.attempts[:n]) - 1] = outcome.reward  # what the run itself returned
    return found


def _rank(attempt: AttemptFigures) -> tuple[bool, float]:
    return not attempt.unmet, attempt.reward if attempt.reward is not None else float("-inf")


def _running(amounts: Sequence[float | None], total: float | None, n: int) -> list[float | None]:
    """Sums up to each attempt; the whole run's once it has stopped."""
    if total is None or None in amounts:
        return [None] * n
    sums: list[float | None] = list(accumulate(amount or 0 for amount in amounts[:n]))
    return [*sums, *[total] * (n - len(sums))]


def _mean_of_all(values: Sequence[float | None]) -> float | None:
    return None if None in values else mean(value for value in values if value is not None)
