"""What the new attempts of a branch take at most: calls, and by what the parent's calls took, cost and time."""

from __future__ import annotations

from dataclasses import dataclass

from refine_core.estimates import max_calls, typical
from refine_core.log.timeline import Timeline
from refine_core.spec import ProgramSpec


@dataclass(frozen=True, slots=True)
class Estimate:
    """What is new at most. attempts, advice: how many of each. calls: of both; what a reward's judge is asked comes on top.

    cost_usd: about; 0.0 where nothing can cost anything; None: unknown. seconds: about; None: unknown.
    """

    attempts: int = 0
    advice: int = 0
    calls: int = 0
    cost_usd: float | None = 0.0
    seconds: float | None = 0.0


def estimate_new(timeline: Timeline, spec: ProgramSpec, kept: int, *, asks_first: bool) -> Estimate:
    """What the attempts after the first `kept` take at most. spec: the branch's. asks_first: whether its first step is a request for advice."""
    count = max_calls(spec, kept, asks_first=asks_first)
    own = [attempt for attempt in timeline.new_attempts if attempt.has_ended]
    done = own or [
        attempt for attempt in timeline.attempts if attempt.has_ended
    ]  # a kept one may be another model's
    each = typical([(timeline, done)], spec)
    return Estimate(count.attempts, count.advice, count.calls, each.cost_usd(count), each.seconds(count))
