"""What tries will take, by what the attempt took: calls, dollars, seconds. None: unknown, never 0.

estimate(timeline, attempt, tries, at_once) -> Estimate(program_calls, judge_calls, cost_usd, seconds)
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from refine_core.estimates import mean_seconds, models_of, price_calls
from refine_core.formatting import format_duration, format_estimate, pluralize
from refine_core.log.timeline import Attempt, Timeline

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
    models = models_of(timeline.spec)
    each_usd = price_calls([*program, *judging], models, models, timeline.calls)
    each_s = _seconds(timeline, attempt)
    return Estimate(
        tries,
        len(program) * tries,
        len(judging) * tries,
        None if each_usd is None else each_usd * tries,
        None if each_s is None else (START_S + each_s) * math.ceil(tries / max(at_once, 1)),
    )


def _seconds(timeline: Timeline, attempt: Attempt) -> float | None:
    """How long an attempt takes whose calls go to the model: this one, or else the others."""
    own = mean_seconds([(attempt.took_s, attempt.calls)])
    return own if own is not None else mean_seconds([(one.took_s, one.calls) for one in timeline.attempts])
