"""The axis of rewards: from 0 to the threshold or to 1, before there is a reward; it only ever grows.

So nothing moves while attempts arrive, unless a reward lies outside.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from refine_core.formatting import format_score
from refine_core.log.timeline import Timeline
from refine_core.messages import format_reward

_FAR = 10.0  # a first reward beyond, where no threshold is set, gets an axis around itself rather than from 0
_FARTHEST = 1e100  # a reward beyond lies at the edge, so that sums stay finite
_NEAR = 1e-6  # a threshold as near to 0 from below leaves nothing to divide
ABOVE_PX, BEYOND_PX = (
    3.0,
    8.0,
)  # from the panel's edges to an infinite reward: above are the attempts' numbers
_LABEL_PX = 13  # of height, that a tick's text needs for itself


@dataclass(frozen=True, slots=True)
class Axis:
    """low, high: its ends. ticks: round numbers on it. top, height: in pixels, of the panel that it runs along."""

    low: float
    high: float
    ticks: tuple[float, ...]
    top: float
    height: float

    @property
    def bottom(self) -> float:
        """The y of its lower end."""
        return self.top + self.height

    @property
    def middle(self) -> float:
        """Half way up, for a mark that has no reward yet."""
        return self.top + self.height / 2

    def y(self, reward: float) -> float:
        """Where a reward lies; an infinite one lies beyond the edge."""
        if math.isinf(reward):
            return round(self.top - ABOVE_PX if reward > 0 else self.bottom + BEYOND_PX, 2)
        share = (min(max(reward, self.low), self.high) - self.low) / (self.high - self.low)
        return round(self.bottom - share * self.height, 2)

    def label_letters(self, threshold: float | None) -> int:
        """Letters of its longest number. A reward near the threshold, which has it written with more digits, moves nothing."""
        values = (*self.ticks, *(() if threshold is None else (threshold,)))
        return max(len(format_score(value, values)) for value in values)

    def labels(self, timeline: Timeline) -> list[tuple[float, str]]:
        """(y, text) of its numbers: the threshold's own comes first, as it is told elsewhere, and keeps others at a distance."""
        threshold = timeline.spec.threshold
        shown = [] if threshold is None else [(self.y(threshold), format_reward(timeline, threshold))]
        for value in self.ticks:
            at = self.y(value)
            if all(abs(at - other) >= _LABEL_PX for other, _ in shown):
                shown.append((at, format_score(value, (*self.ticks, threshold))))
        return shown


def build_axis(timeline: Timeline, top: float, height: float) -> Axis:
    """The axis that holds the threshold and each reward so far."""
    rewards = [a.reward for a in timeline.attempts if a.reward is not None and math.isfinite(a.reward)]
    rewards = [min(max(r, -_FARTHEST), _FARTHEST) for r in rewards]
    low, high = _start(timeline.spec.threshold, rewards)
    for reward in rewards:
        low, high = _grow(low, high, reward)
    return Axis(low, high, _ticks(low, high), top, height)


def list_ticks(rewards: Sequence[float], threshold: float | None) -> tuple[float, float, tuple[float, ...]]:
    """The ends of an axis for these rewards alone, by the same rules, and round numbers on it."""
    known = [min(max(r, -_FARTHEST), _FARTHEST) for r in rewards if math.isfinite(r)]
    low, high = _start(threshold, known)
    for reward in known:
        low, high = _grow(low, high, reward)
    return low, high, _ticks(low, high)


def _start(threshold: float | None, rewards: list[float]) -> tuple[float, float]:
    """The range before any reward is known."""
    if threshold is not None:
        at = min(max(threshold, -_FARTHEST), _FARTHEST)
        return min(0.0, at), max(1.0, at) if at > -_NEAR else 0.0
    if rewards and abs(rewards[0]) > _FAR:
        step = _nice(max(0.5, abs(rewards[0]) / 200))
        first, last = math.floor(rewards[0] / step), math.ceil(rewards[0] / step)
        return (first - (first == last)) * step, (last + (first == last)) * step
    return 0.0, 1.0


def _grow(low: float, high: float, reward: float) -> tuple[float, float]:
    """The range, with room for one more reward at a round number."""
    if low <= reward <= high:
        return low, high
    step = _nice((max(high, reward) - min(low, reward)) / 2)
    if reward > high:
        return low, max(math.ceil(round(reward / step, 6)) * step, reward)
    return min(math.floor(round(reward / step, 6)) * step, reward), high


def _ticks(low: float, high: float) -> tuple[float, ...]:
    """Three or four round numbers from end to end."""
    step = _nice((high - low) / 2)
    if (high - low) / step < 1.5:  # noqa: PLR2004 - one step and a bit would be two numbers
        step /= 2
    while True:
        first, last = math.ceil(round(low / step, 6)), math.floor(round(high / step, 6))
        if last > first:
            break
        step /= 2  # it lies between two steps, as -201 to 200 does with 250
    return tuple(round(i * step, 10) for i in range(first, last + 1))


def _nice(step: float) -> float:
    """The next of 1, 2, 2.5 and 5 times a power of ten."""
    power = 10.0 ** math.floor(math.log10(step))
    return next(m * power for m in (1, 2, 2.5, 5, 10) if m * power >= step * 0.999)
