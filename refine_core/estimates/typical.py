"""What an attempt, and the advice after it, take on average, by recorded runs."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from refine_core.estimates.calls import CallCount
from refine_core.estimates.prices import FREE, models_of, price_calls
from refine_core.log.timeline import Attempt, Call, Timeline
from refine_core.spec.program import ProgramSpec


@dataclass(frozen=True, slots=True)
class Typical:
    """On average. The cost in US dollars, and the seconds, of an attempt and of a request for advice; None: unknown."""

    attempt_usd: float | None
    advice_usd: float | None
    attempt_s: float | None
    advice_s: float | None

    def cost_usd(self, count: CallCount) -> float | None:
        """What so many attempts and requests for advice cost."""
        return _total((count.attempts, self.attempt_usd), (count.advice, self.advice_usd))

    def seconds(self, count: CallCount) -> float | None:
        """How long they take, one after the other."""
        return _total((count.attempts, self.attempt_s), (count.advice, self.advice_s))


def typical(runs: Sequence[tuple[Timeline, Sequence[Attempt]]], spec: ProgramSpec) -> Typical:
    """What attempts of `spec` take. runs: each with those of its attempts that have ended and that count."""
    now = models_of(spec)
    costs: list[float | None] = []
    advice_costs: list[float | None] = []
    times: list[tuple[float | None, Sequence[Call]]] = []
    advice_times: list[tuple[float | None, Sequence[Call]]] = []
    for timeline, attempts in runs:
        then, known = models_of(timeline.spec), timeline.calls
        same = then["predict"].identity == now["predict"].identity
        same_adviser = then["advice"].identity == now["advice"].identity
        for attempt in attempts:
            costs.append(price_calls(attempt.calls, then, now, known))
            if same:
                times.append((attempt.took_s, attempt.calls))
            advice = attempt.advice
            if advice is not None and advice.state == "done":
                advice_costs.append(price_calls(advice.calls, then, now, known))
                if same_adviser:
                    advice_times.append((advice.took_s, advice.calls))
    asked = [now["predict"], *([now["judge"]] if _is_judged(runs) else [])]
    free = all(model.kind in FREE for model in asked)
    free_advice = now["advice"].kind in FREE
    return Typical(
        0.0 if free else _mean(costs),
        0.0 if free_advice else _mean(advice_costs),
        mean_seconds(times),
        mean_seconds(advice_times),
    )


def mean_seconds(times: Iterable[tuple[float | None, Sequence[Call]]]) -> float | None:
    """How long it takes on average, by whatever was really made. times: how long something took, and its calls."""
    return _mean(
        [took_s for took_s, calls in times if took_s is not None and not any(c.is_free for c in calls)]
    )


def _is_judged(runs: Sequence[tuple[Timeline, Sequence[Attempt]]]) -> bool:
    return any(attempt.judge_calls for _, attempts in runs for attempt in attempts)


def _mean(values: Sequence[float | None]) -> float | None:
    if not values or None in values:
        return None
    return math.fsum(value for value in values if value is not None) / len(values)


def _total(*parts: tuple[int, float | None]) -> float | None:
    """The sum of so many of each; what is not needed need not be known."""
    needed = [(count, each) for count, each in parts if count]
    if any(each is None for _, each in needed):
        return None
    return math.fsum(count * (each or 0.0) for count, each in needed)
