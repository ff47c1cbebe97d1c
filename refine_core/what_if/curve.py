"""For each threshold at once: which attempt the run stops at, what it returns, how many calls that saves, and what is unknown.

    (-∞, 0.5]  stops at 1, saves 9 calls      (0.5, 0.67]  stops at 2, saves 6      (0.67, ∞)  unknown

A threshold decides only where a run stops, so its effect changes only at the rewards that are higher than all before them. The
adviser reads the threshold, too: there any other one than the recorded is exact up to the first request for advice, and the
recorded one is a step of its own.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

from refine_core.events import RewardScored, StopReason
from refine_core.log.timeline import Timeline
from refine_core.spec import ProgramSpec
from refine_core.what_if.core import Recorded, count_calls_after, find_stop, last_attempt, read_run
from refine_core.what_if.results import End


@dataclass(frozen=True, slots=True)
class ThresholdStep:
    """Thresholds that all have the same effect: above `low` and up to `high`.

    low, high: None for no bound. includes_low, includes_high: whether the bound itself is one of them.
    stop, returned, reason, calls_saved: as in a what-if that is known to its end; else None: the run would go on beyond what is recorded.
    """

    low: float | None
    high: float | None
    includes_low: bool
    includes_high: bool
    stop: int | None
    returned: int | None
    reason: StopReason | None
    calls_saved: int | None

    def contains(self, threshold: float) -> bool:
        """Whether this step is about that threshold."""
        above = self.low is None or threshold > self.low or (self.includes_low and threshold == self.low)
        below = self.high is None or threshold < self.high or (self.includes_high and threshold == self.high)
        return above and below


def threshold_curve(
    timeline: Timeline, spec: ProgramSpec | None = None, scores: Mapping[int, End] | None = None
) -> tuple[ThresholdStep, ...]:
    """The steps of the threshold from the lowest to the highest; together they cover every number, each once.

    spec, scores: as for `what_if`; its threshold does not matter. Pure; raises what `what_if` does.
    """
    changed = timeline.spec if spec is None else spec
    recorded_threshold = timeline.spec.threshold
    same = read_run(timeline, replace(changed, threshold=recorded_threshold), scores)
    # Any threshold that is not the recorded one, as the adviser reads it; without an adviser it makes no difference.
    other = same
    if changed.hint_source == "adviser":
        other = read_run(timeline, replace(changed, threshold=_other_than(recorded_threshold)), scores)
    differ = other.exact != same.exact
    steps: list[ThresholdStep] = []
    low: float | None = None
    for high in [*_rising_rewards(same if same.exact > other.exact else other), None]:
        inside = differ and recorded_threshold is not None and _lies_in(recorded_threshold, low, high)
        if inside and recorded_threshold is not None:
            steps += _around(other, same, low, high, recorded_threshold)
        else:
            steps.append(_step(other, low, high, (False, high is not None), _threshold_in(low, high)))
        low = high
    return tuple(_merge(steps))


def _around(
    other: Recorded, same: Recorded, low: float | None, high: float | None, at: float
) -> list[ThresholdStep]:
    """The step that holds the recorded threshold, in up to three parts."""
    middle = _step(same, at, at, (True, True), at)
    before = _step(other, low, at, (False, False), at)
    if high is not None and at == high:
        return [before, middle]
    return [before, middle, _step(other, at, high, (False, high is not None), _threshold_in(at, high))]


def _step(
    recorded: Recorded, low: float | None, high: float | None, includes: tuple[bool, bool], threshold: float
) -> ThresholdStep:
    """threshold: one of those that the step is about, by what it reaches."""
    plan = replace(recorded.plan, threshold=threshold)
    stop = find_stop(recorded, plan)
    last = None if stop is None else last_attempt(recorded, stop)
    return ThresholdStep(
        low,
        high,
        *includes,
        None if last is None else last + 1,
        None if stop is None or stop.returned is None else stop.returned + 1,
        None if stop is None else stop.reason,
        None if last is None else count_calls_after(recorded, last),
    )


def _rising_rewards(recorded: Recorded) -> list[float]:
    """The rewards of exact attempts that met every validator and are higher than all before them."""
    rising: list[float] = []
    for i in range(recorded.exact):
        end = recorded.ends[i]
        if isinstance(end, RewardScored) and not end.unmet and (not rising or end.value > rising[-1]):
            rising.append(end.value)
    return rising


def _threshold_in(low: float | None, high: float | None) -> float:
    """A threshold above `low` and at most `high`."""
    if high is not None:
        return high
    return math.inf if low is None else math.nextafter(low, math.inf)


def _lies_in(threshold: float, low: float | None, high: float | None) -> bool:
    return (low is None or threshold > low) and (high is None or threshold <= high)


def _other_than(threshold: float | None) -> float:
    return 0.0 if threshold is None else math.nextafter(threshold, math.inf)


def _merge(steps: list[ThresholdStep]) -> list[ThresholdStep]:
    """Neighbours with the same effect as one."""
    merged: list[ThresholdStep] = []
    for step in steps:
        before = merged[-1] if merged else None
        if before is not None and _effect(before) == _effect(step):
            merged[-1] = replace(before, high=step.high, includes_high=step.includes_high)
        else:
            merged.append(step)
    return merged


def _effect(step: ThresholdStep) -> tuple[object, ...]:
    return step.stop, step.returned, step.reason, step.calls_saved
