"""What the new attempts of a branch take at most: calls, and by what the parent's calls took, cost and time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from refine_core.lm.prices import cost_by_own_prices
from refine_core.lm.types import Usage as LMUsage
from refine_core.log.timeline import Attempt, Call, Timeline, Usage
from refine_core.spec import ModelSpec, ProgramSpec

_FREE: Final = ("practice", "replay")


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
    attempts = max(spec.attempt_count - kept, 0)
    advice = (max(attempts - 1, 0) + asks_first) if spec.hint_source == "adviser" and attempts else 0
    calls = attempts * len(spec.stages) + advice
    own = [attempt for attempt in timeline.new_attempts if attempt.has_ended]
    done = own or [
        attempt for attempt in timeline.attempts if attempt.has_ended
    ]  # a kept one may be another model's
    asked = [one.advice.calls for one in done if one.advice is not None and one.advice.state == "done"]
    old, adviser = timeline.spec, spec.adviser or spec.model
    judge = spec.judge or spec.model
    costs = (
        _cost([one.calls for one in done], attempts, (old.model, spec.model), judge),
        _cost(asked, advice, (old.adviser or old.model, adviser), None),
    )
    return Estimate(attempts, advice, calls, _sum(costs), _seconds(timeline, spec, done, attempts, advice))


def _cost(
    groups: Sequence[Sequence[Call]], times: int, models: tuple[ModelSpec, ModelSpec], judge: ModelSpec | None
) -> float | None:
    """What so many more groups of calls cost, each as the known ones did on average.

    models: that answered them, and that will answer. judge: whom a reward asks among them.
    """
    old, new = models
    judged = any(call.purpose == "judge" for group in groups for call in group)
    asked = [new, judge] if judged and judge is not None else [new]
    if not times or all(one.kind in _FREE for one in asked):
        return 0.0
    made = [group for group in groups if _was_made(group)]
    paid = Usage.of([_as_paid(call) for group in made for call in group]).cost_usd
    if old.identity == new.identity and paid is not None:
        return paid / len(made) * times
    usage = Usage.of([_as_paid(call) for group in groups for call in group])
    tokens = LMUsage(usage.prompt_tokens, usage.completion_tokens)
    cost = cost_by_own_prices(tokens, new.price_in_usd, new.price_out_usd)
    return None if cost is None or not groups else cost / len(groups) * times


def _as_paid(call: Call) -> Call:
    """A call that counts, also where a branch keeps it."""
    return replace(call, kept=False)


def _seconds(
    timeline: Timeline, spec: ProgramSpec, done: Sequence[Attempt], attempts: int, advice: int
) -> float | None:
    """By the attempts and the advice of the parent whose calls were really made, if the models are the same."""
    old = timeline.spec
    if old.model.identity != spec.model.identity or (
        advice and (old.adviser or old.model).identity != (spec.adviser or spec.model).identity
    ):
        return None
    tries = [one.took_s for one in done if one.took_s is not None and _was_made(one.calls)]
    asked = [
        one.advice.took_s
        for one in done
        if one.advice is not None and one.advice.took_s is not None and _was_made(one.advice.calls)
    ]
    parts = ((attempts, tries), (advice, asked))
    if any(count and not times for count, times in parts):
        return None
    return sum(count * sum(times) / len(times) for count, times in parts if count)


def _was_made(calls: Sequence[Call]) -> bool:
    """Whether a model was asked, and not a cache or a recording."""
    return not any(one.is_free for one in calls)


def _sum(costs: Sequence[float | None]) -> float | None:
    known = [cost for cost in costs if cost is not None]
    return sum(known) if len(known) == len(costs) else None
