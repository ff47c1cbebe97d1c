"""The retry loop, as data in and data out.

    events --evolve--> Loop --decide--> RunAttempt | AskAdvice | Stop

Rule 1: whatever chooses the next step lives here.
Rule 2: nothing here calls, waits, reads a clock or draws a random number.

The schedule of temperatures and the order try, score, advise, try again are those of dspy.Refine 2.6.23. Where we
differ on purpose, the branch says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from refine_core.errors import Problem, SpecError
from refine_core.events import (
    AdviceFailed,
    AdviceGiven,
    AttemptFailed,
    AttemptStarted,
    Event,
    RewardScored,
    RunResumed,
    StopReason,
)


def schedule(first: float, n: int) -> tuple[float, ...]:
    """The temperatures of `n` attempts: `first`, then 0.5 + i * (0.5 / n); order kept, duplicates dropped, first `n`."""
    return tuple(dict.fromkeys([first, *(0.5 + i * (0.5 / n) for i in range(n))]))[:n]


@dataclass(frozen=True, slots=True)
class Plan:
    """What was asked for.

    temperatures: one an attempt. threshold: stop once reward >= threshold, or None.
    fail_count: failed attempts tolerated, 0 included. advise: False for best-of-n, which never asks for advice.
    """

    temperatures: tuple[float, ...]
    threshold: float | None
    fail_count: int
    advise: bool = True

    def __post_init__(self) -> None:
        if not self.temperatures:
            raise SpecError([Problem("N", "N must be at least 1")])

    @classmethod
    def of(
        cls, n: int, first: float, threshold: float | None, fail_count: int | None, *, advise: bool = True
    ) -> Plan:
        """The plan of `n` attempts whose first temperature is `first`; `fail_count` None means `n`."""
        if n < 1:
            raise SpecError([Problem("N", f"N must be at least 1, not {n}")])
        return cls(schedule(first, n), threshold, n if fail_count is None else fail_count, advise)


@dataclass(frozen=True, slots=True)
class RunAttempt:
    """Try the program at this temperature with these hints (predictor name -> hint; empty before any advice)."""

    index: int
    temperature: float
    hints: Mapping[str, str] = field(default_factory=dict)
    advice_from: int | None = None


@dataclass(frozen=True, slots=True)
class AskAdvice:
    """Ask a model what attempt `after` should have done."""

    after: int


@dataclass(frozen=True, slots=True)
class Stop:
    """The end. returned: index of the prediction to hand out, or None where the last error is to be raised."""

    reason: StopReason
    best: int | None
    returned: int | None


Action = RunAttempt | AskAdvice | Stop


@dataclass(frozen=True, slots=True)
class Loop:
    """Where a run stands.

    rewards: index -> reward of the attempts that were scored. failed: indices of those that failed.
    running: indices begun and not ended. hints, advice_from: the latest good advice and whose it is.
    unadvised: index of the attempt whose advice is still to be asked for, or None.
    """

    plan: Plan
    rewards: Mapping[int, float] = field(default_factory=dict)
    failed: tuple[int, ...] = ()
    running: tuple[int, ...] = ()
    hints: Mapping[str, str] = field(default_factory=dict)
    advice_from: int | None = None
    unadvised: int | None = None

    @property
    def best(self) -> int | None:
        """The attempt with the highest reward; a tie keeps the first."""
        return max(sorted(self.rewards), key=self.rewards.__getitem__, default=None)

    @property
    def reached(self) -> int | None:
        """The first attempt at or above the threshold."""
        bar = self.plan.threshold
        return (
            None if bar is None else next((i for i in sorted(self.rewards) if self.rewards[i] >= bar), None)
        )


def evolve(loop: Loop, event: Event) -> Loop:
    """The loop after one more fact. Facts that choose nothing leave it as it was."""
    match event:
        case AttemptStarted(index=i):
            return replace(loop, running=(*loop.running, i))
        case RewardScored(index=i, value=value):
            ended = replace(loop, rewards={**loop.rewards, i: value}, running=_without(loop.running, i))
            bar = loop.plan.threshold
            fell_short = bar is None or value < bar
            last = i == len(loop.plan.temperatures) - 1
            # Advice after every attempt that fell short but the last, which has no successor to use it.
            return replace(ended, unadvised=i if loop.plan.advise and fell_short and not last else None)
        case AttemptFailed(index=i):
            # As in the original, a failure asks for no advice and the latest good advice stays in force.
            return replace(loop, failed=(*loop.failed, i), running=_without(loop.running, i))
        case AdviceGiven(after=after, advice=advice):
            return replace(loop, hints=dict(advice), advice_from=after, unadvised=None)
        case AdviceFailed():
            # Differs: in the original an error while advising counts as a failed attempt.
            return replace(loop, unadvised=None)
        case RunResumed():
            return replace(loop, running=())
        case _:
            return loop


def decide(loop: Loop) -> tuple[Action, ...]:
    """What to do next: nothing while an attempt runs, else attempts to make, advice to ask for, or the end."""
    best = loop.best
    if (hit := loop.reached) is not None:
        return (Stop("threshold_reached", best, hit),)
    if len(loop.failed) > loop.plan.fail_count:
        # Differs: counted afresh for each call; the original's count leaks from one call to the next.
        return (Stop("too_many_failures", best, None),)
    if loop.running:
        return ()
    if loop.unadvised is not None:
        return (AskAdvice(loop.unadvised),)
    made = len(loop.rewards) + len(loop.failed)
    if made == len(loop.plan.temperatures):
        # Differs: when every attempt failed the last error is raised; the original returns None.
        return (Stop("attempts_used_up" if loop.rewards else "every_attempt_failed", best, best),)
    return (RunAttempt(made, loop.plan.temperatures[made], loop.hints, loop.advice_from),)


def replay(plan: Plan, events: Iterable[Event]) -> Loop:
    """The loop as it stands after `events`."""
    loop = Loop(plan)
    for event in events:
        loop = evolve(loop, event)
    return loop


def _without(indices: tuple[int, ...], index: int) -> tuple[int, ...]:
    return tuple(i for i in indices if i != index)
