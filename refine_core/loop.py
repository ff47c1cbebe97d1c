"""The retry loop, as data in and data out.

    events --evolve--> Loop --decide--> RunAttempt | AskAdvice | Stop

Rule 1: whatever chooses the next step lives here.
Rule 2: nothing here calls, waits, reads a clock or draws a random number.

The schedule of temperatures and the order try, score, advise, try again are those of dspy.Refine 2.6.23. Where this
differs on purpose, the branch says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import get_args

from refine_core.errors import Problem, SpecError
from refine_core.events import (
    AdviceFailed,
    AdviceGiven,
    AttemptFailed,
    AttemptStarted,
    Event,
    HintsEdited,
    RewardComputed,
    RewardScored,
    RunResumed,
    RunStarted,
    StopReason,
)
from refine_core.hints import hint_for
from refine_core.spec import HintSource, Schedule
from refine_core.spec.limits import find_limit_problems, is_whole
from refine_core.spec.schedule import DSPY_2_6, list_temperatures
from refine_core.spec.schedule import schedule as schedule  # noqa: PLC0414 - refine_core.loop has always had it

_HINT_SOURCES = get_args(HintSource)


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run will do.

    temperatures: one for each attempt. threshold: stop once reward >= threshold, or None.
    fail_count: failed attempts allowed, at least 0. hints: where they come from; "none" for best-of-n.
    at_once: attempts that may run at the same time; more than 1 only without hints, as each attempt waits for its hint.
    schedule: how the temperatures were chosen; a predictor whose model has its own temperature gets its own list.
    stop_on_repeating_error: whether an error of the reward that is bound to repeat ends the run.
    """

    temperatures: tuple[float, ...]
    threshold: float | None
    fail_count: int
    hints: HintSource = "adviser"
    at_once: int = 1
    schedule: Schedule = DSPY_2_6
    stop_on_repeating_error: bool = False

    def __post_init__(self) -> None:
        if not self.temperatures:
            raise SpecError(find_limit_problems(0, None, None))
        if self.at_once < 1 or (self.hints != "none" and self.at_once > 1):
            raise SpecError([Problem("num_threads", f"{self.at_once} attempts at once are not possible")])

    @classmethod
    def of(
        cls,
        n: int,
        first: float,
        threshold: float | None,
        fail_count: int | None,
        *,
        hints: HintSource = "adviser",
        at_once: int = 1,
        by: Schedule = DSPY_2_6,
        stop_on_repeating_error: bool = False,
    ) -> Plan:
        """The plan of `n` attempts whose model's own temperature is `first`; `fail_count` None means `n`.

        Raises SpecError with every wrong number.
        """
        problems = find_limit_problems(n, threshold, fail_count)
        if not is_whole(at_once, 1):
            problems.append(Problem("num_threads", f"num_threads must be at least 1, not {at_once!r}"))
        if hints not in _HINT_SOURCES:
            sources = ", ".join(map(repr, _HINT_SOURCES))
            problems.append(Problem("hints", f"hints must be one of {sources}, not {hints!r}"))
        if is_whole(n, 1):
            problems += by.find_problems(n)
        if problems:
            raise SpecError(problems)
        failures = n if fail_count is None else fail_count
        return cls(
            list_temperatures(by, first, n), threshold, failures, hints, at_once, by, stop_on_repeating_error
        )

    @classmethod
    def of_run(cls, started: RunStarted) -> Plan:
        """The plan of a recorded run, which its own loop followed. Raises nothing, as any log can be folded."""
        spec = started.spec
        return cls(
            started.temperatures or (0.0,),
            spec.threshold,
            spec.attempt_count if spec.fail_count is None else spec.fail_count,
            spec.hint_source,
            max(started.at_once, 1) if spec.hint_source == "none" else 1,
            spec.temperature_schedule,
            spec.stop_on_repeating_error,
        )

    def reached_by(self, reward: float) -> bool:
        """Whether a reward is at or above the threshold."""
        return self.threshold is not None and reward >= self.threshold


# Nobody changes an action or a loop. They are not frozen because that would cost three times as much per attempt.
@dataclass(slots=True)
class RunAttempt:
    """Run the program at this temperature with these hints (predictor name -> hint; empty before any advice).

    feedback: the reward's own, a hint for every predictor; "" unless hints come from the reward.
    advice_from: index of the attempt that the hints are about.
    """

    index: int
    temperature: float
    hints: Mapping[str, str] = field(default_factory=dict)
    advice_from: int | None = None
    feedback: str = ""


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


@dataclass(slots=True)
class Loop:
    """The state of a run.

    rewards: index -> reward of the attempts that were scored. unmet: those of them that failed a validator.
    failed: indices of those that failed. running: indices of those under way.
    hints, advice_from: the latest good advice, and the attempt that it is about.
    unadvised: index of the attempt whose advice is still to be asked for, or None.
    feedback: the latest from the reward, if hints come from there; then advice_from is its attempt.
    broken: whether an attempt failed with an error that is bound to repeat, and the plan is to stop then.
    edited: names of predictors whose hint in force a person wrote.
    """

    plan: Plan
    rewards: Mapping[int, float] = field(default_factory=dict)
    unmet: frozenset[int] = frozenset()
    failed: tuple[int, ...] = ()
    running: tuple[int, ...] = ()
    hints: Mapping[str, str] = field(default_factory=dict)
    advice_from: int | None = None
    unadvised: int | None = None
    feedback: str = ""
    broken: bool = False
    edited: tuple[str, ...] = ()

    @property
    def best(self) -> int | None:
        """The best attempt so far: every validator met, then the highest reward; a tie keeps the first.

        refine_core.refine.progress keeps what this will return.
        """
        return max(sorted(self.rewards), key=self.rank, default=None)

    def rank(self, index: int) -> tuple[bool, float]:
        """The key by which attempts are compared; higher is better."""
        return index not in self.unmet, self.rewards[index]

    def reaches(self, index: int) -> bool:
        """Whether this attempt is good enough to stop: at or above the threshold, and every validator met."""
        return self.plan.reached_by(self.rewards[index]) and index not in self.unmet

    @property
    def attempt_count(self) -> int:
        """How many attempts have started; they start in the order of their indices."""
        return len(self.rewards) + len(self.failed) + len(self.running)


def evolve(loop: Loop, event: Event) -> Loop:
    """The loop after one more event. Events that decide nothing leave it unchanged. Pure; raises nothing."""
    # This runs twice for each attempt: dataclasses.replace is five times slower than Loop(…), and a pattern that binds
    # attributes twice as slow as one that names the class alone.
    plan, rewards, unmet, failed = loop.plan, loop.rewards, loop.unmet, loop.failed
    hints, source, unadvised, feedback = loop.hints, loop.advice_from, loop.unadvised, loop.feedback
    broken, edited = loop.broken, loop.edited
    match event:
        case AttemptStarted():
            running = (*loop.running, event.index)
            return Loop(
                plan, rewards, unmet, failed, running, hints, source, unadvised, feedback, broken, edited
            )
        case RewardScored():
            i, value = event.index, event.value
            rewards = {**rewards, i: value}
            unmet = unmet | {i} if event.unmet else unmet
            # Ask for advice after every attempt that fell short, except the last: no later attempt could use it.
            if (
                plan.hints == "adviser"
                and i < len(plan.temperatures) - 1
                and (i in unmet or not plan.reached_by(value))
            ):
                unadvised = i
            if plan.hints == "feedback" and (text := collect_feedback(event)):
                feedback, source, hints, edited = text, i, {}, ()
            running = () if loop.running == (i,) else _without(loop.running, i)
            return Loop(
                plan, rewards, unmet, failed, running, hints, source, unadvised, feedback, broken, edited
            )
        case RewardComputed(index=i):
            # What came after this attempt is over: only which attempt is the best may change.
            return replace(
                loop,
                rewards={**rewards, i: event.value},
                unmet=unmet | {i} if event.unmet else unmet,
                running=_without(loop.running, i),
            )
        case AttemptFailed(index=i):
            # As in the original, a failure asks for no advice and the latest good advice stays.
            failed, running = (*failed, i), () if loop.running == (i,) else _without(loop.running, i)
            broken = broken or (plan.stop_on_repeating_error and event.error.repeats)
            return Loop(
                plan, rewards, unmet, failed, running, hints, source, unadvised, feedback, broken, edited
            )
        case AdviceGiven(after=after, advice=advice):
            return Loop(plan, rewards, unmet, failed, loop.running, dict(advice), after, None, broken=broken)
        case AdviceFailed():
            # Differs: in the original an error while advising counts as a failed attempt.
            return Loop(plan, rewards, unmet, failed, loop.running, hints, source, None, "", broken, edited)
        case HintsEdited(hints=written, names=names):
            edited = tuple(dict.fromkeys((*edited, *names)))
            return Loop(
                plan,
                rewards,
                unmet,
                failed,
                loop.running,
                dict(written),
                source,
                unadvised,
                "",
                broken,
                edited,
            )
        case RunResumed(anyway=anyway):
            if anyway:
                plan, broken = replace(plan, stop_on_repeating_error=False), False
            return Loop(plan, rewards, unmet, failed, (), hints, source, unadvised, feedback, broken, edited)
        case _:
            return loop


def collect_feedback(scored: RewardScored) -> str:
    """The feedback of the reward, and the messages of the validators that were not met."""
    unmet = (f"Not met, {name}: {message}" for name, message in scored.unmet.items())
    return "\n".join([*([scored.feedback] if scored.feedback else ()), *unmet])


def decide(loop: Loop) -> tuple[Action, ...]:
    """What to do next: start attempts, ask for advice, stop, or wait for the attempts under way.

    Returns attempts in the order of their indices, or one AskAdvice, or one Stop, or (). Pure; raises nothing.
    """
    if (end := _find_stop(loop)) is not None:
        return (end,)
    if loop.unadvised is not None:
        return (AskAdvice(loop.unadvised),)
    if loop.running and (
        loop.broken or len(loop.failed) > loop.plan.fail_count or any(map(loop.reaches, loop.rewards))
    ):
        return ()  # the run is about to end; only the attempts under way can change how
    plan, first = loop.plan, loop.attempt_count
    free = plan.at_once - len(loop.running)
    actions: list[Action] = []
    for i, temperature in enumerate(plan.temperatures[first : first + free], first):
        actions.append(RunAttempt(i, temperature, loop.hints, loop.advice_from, loop.feedback))
    return tuple(actions)


def hints_of(action: RunAttempt, names: Iterable[str]) -> dict[str, str]:
    """Predictor name -> hint that an attempt gives it, "N/A" for none. names: of the program's predictors. Empty before any hint."""
    if action.feedback:
        return dict.fromkeys(names, action.feedback)
    return {name: hint_for(name, action.hints) for name in names} if action.hints else {}


def _find_stop(loop: Loop) -> Stop | None:
    """The end, if it has come. Attempts are judged in the order of their indices, even if they overlapped in time."""
    failures, rewards, threshold = 0, loop.rewards, loop.plan.threshold
    for i in range(len(loop.plan.temperatures)):
        if i in rewards:
            if threshold is not None and rewards[i] >= threshold and i not in loop.unmet:
                return Stop("threshold_reached", _best_until(loop, i), i)
        elif i in loop.failed:
            failures += 1
            # Differs: counted afresh for each call; the original's count leaks from one call to the next.
            if failures > loop.plan.fail_count:
                return Stop("too_many_failures", _best_until(loop, i), None)
        elif loop.broken and not loop.running:
            # Differs: the original goes on, and pays for attempts that cannot be scored.
            return Stop("reward_broken", loop.best, loop.best)
        else:
            return None
    # Differs: when every attempt failed the last error is raised; the original returns None.
    best = loop.best
    return Stop("attempts_used_up" if loop.rewards else "every_attempt_failed", best, best)


def _best_until(loop: Loop, last: int) -> int | None:
    """The best attempt up to `last`; one at a time, the later ones would not have started."""
    return max((i for i in sorted(loop.rewards) if i <= last), key=loop.rank, default=None)


def replay(plan: Plan, events: Iterable[Event]) -> Loop:
    """The loop after these events."""
    loop = Loop(plan)
    for event in events:
        loop = evolve(loop, event)
    return loop


def _without(indices: tuple[int, ...], index: int) -> tuple[int, ...]:
    return tuple(i for i in indices if i != index)
