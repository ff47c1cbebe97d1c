"""What tries will take, by what the attempt took: calls, dollars, seconds. None: unknown, never 0.

estimate(timeline, attempt, tries, at_once) -> Estimate(program_calls, judge_calls, cost_usd, seconds)
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from refine_core.formatting import format_duration, format_estimate, pluralize
from refine_core.lm.prices import cost_by_own_prices
from refine_core.lm.types import Usage as TokenUsage
from refine_core.log.timeline import Attempt, Call, Timeline
from refine_core.spec import ModelSpec

START_S: Final = 0.3
"""Beside its calls a try takes about so many seconds, mostly to start a worker for its reward."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """tries: in all arms. program_calls, judge_calls: of all tries, each call once. cost_usd, seconds: about; None: unknown."""

    tries: int
    program_calls: int
    judge_calls: int
    cost_usd: float | None
    seconds: float | None

    @property
    def calls(self) -> int:
        """All of them."""
        return self.program_calls + self.judge_calls

    @property
    def price(self) -> str:
        """In a sentence: "about $0.012 and 25 s", "free, about 1.2 s", "cost unknown"."""
        time = None if self.seconds is None else format_duration(self.seconds)
        cost = format_estimate(self.cost_usd)
        if time is None:
            return cost
        return f"{cost} and {time}" if self.cost_usd else f"{cost}, about {time}"

    @property
    def sentence(self) -> str:
        """What will be run: "20 tries of 2 calls: 40 calls, about $0.012 and 25 s"."""
        each = f" of {pluralize(self.calls // self.tries, 'call')}" if self.tries and self.calls else ""
        judge = f" ({self.judge_calls:,} of them to the judge)" if self.judge_calls else ""
        return f"{pluralize(self.tries, 'try', 'tries')}{each}: {pluralize(self.calls, 'call')}{judge}, {self.price}"


def estimate(timeline: Timeline, attempt: Attempt, tries: int, at_once: int) -> Estimate:
    """What so many tries of that attempt will take; its advice is not asked for again."""
    program = [c for run in attempt.predictors for c in run.calls if not c.is_repeat]
    program += attempt.inner_advice
    judging = attempt.judge_calls
    costs = [
        _cost(timeline, calls, model)
        for calls, model in (
            (program, timeline.spec.model),
            (judging, timeline.spec.judge or timeline.spec.model),
        )
        if calls
    ]
    known = [cost for cost in costs if cost is not None]
    cost = sum(known) * tries if costs and len(known) == len(costs) else None
    each_s = _seconds(timeline, attempt)
    return Estimate(
        tries,
        len(program) * tries,
        len(judging) * tries,
        cost,
        None if each_s is None else (START_S + each_s) * math.ceil(tries / max(at_once, 1)),
    )


def _cost(timeline: Timeline, calls: Sequence[Call], model: ModelSpec) -> float | None:
    """What these calls cost; where one was answered from the cache, what such calls cost elsewhere in the run."""
    if model.kind == "practice":
        return 0.0
    if (paid := _paid(calls)) is not None:
        return paid
    alike = [
        call for call in timeline.calls if call.purpose == calls[0].purpose and _paid([call]) is not None
    ]
    if alike:
        return sum(_paid([call]) or 0.0 for call in alike) / len(alike) * len(calls)
    tokens = [(c.reply.prompt_tokens, c.reply.completion_tokens) for c in calls if c.reply is not None]
    if not tokens or any(None in pair for pair in tokens):
        return None
    sent, received = sum(pair[0] or 0 for pair in tokens), sum(pair[1] or 0 for pair in tokens)
    return cost_by_own_prices(TokenUsage(sent, received), model.price_in_usd, model.price_out_usd)


def _paid(calls: Iterable[Call]) -> float | None:
    """What calls cost that all went to the model; None where one did not, or its cost is unknown."""
    total = 0.0
    for call in calls:
        costs = [charge.cost_usd for charge in call.charges]
        if not costs or None in costs:
            return None
        total += sum(cost or 0.0 for cost in costs)
    return total


def _seconds(timeline: Timeline, attempt: Attempt) -> float | None:
    """How long an attempt takes whose calls go to the model: this one, or else the others."""
    for one in (attempt, *timeline.attempts):
        if one.took_s is not None and not any(call.is_free for call in one.calls):
            return one.took_s
    return None
