"""How long the rest of an experiment will take, from what its runs took so far: None until each arm that is left has ended a run.

Models are asked side by side. Of each model runs are begun in order, so many at once as are under way, and each takes as long, and as many
calls and tokens, as its arm's runs did on average. It takes at least as long as the model's limits a minute ask, after a refusal's end.
"""

from __future__ import annotations

import heapq
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Self

from refine_core.experiments.document import Cell, RateLimit
from refine_core.experiments.outcomes import Outcome
from refine_core.experiments.snapshot import Snapshot

_SOON_S = 10
_MINUTE_S, _HOUR_S = 60, 3600
_MINUTES_UP_TO_S = 90 * 60
_STEP_S = 5


def estimate_left(snapshot: Snapshot) -> Mapping[str, float | None]:
    """Key of an arm -> seconds until its last run has ended; None: unknown. Arms that are done or stopped are left out."""
    waiting = [cell for cell in snapshot.cells if _is_left(snapshot, cell)]
    ended: dict[str, list[Outcome]] = {}
    for cell, outcome in snapshot.outcomes.items():
        ended.setdefault(cell.arm, []).append(outcome)
    left: dict[str, float | None] = {cell.arm: None for cell in waiting}
    if not snapshot.under_way or any(arm not in ended for arm in left):
        return left
    means = {arm: _Mean.of(ended[arm]) for arm in left}
    models = {arm.key: arm.spec.model.label for arm in snapshot.experiment.arms}
    queues = {models[arm]: _ModelQueue(snapshot, models[arm]) for arm in left}
    for cell in snapshot.under_way:
        if cell.arm in left:
            queues[models[cell.arm]].begin(means[cell.arm])
    for cell in waiting:
        ends_s = queues[models[cell.arm]].run(means[cell.arm], is_begun=cell in snapshot.under_way)
        left[cell.arm] = max(left[cell.arm] or 0.0, ends_s)
    return left


@dataclass(frozen=True, slots=True)
class _Mean:
    """What a run of an arm took on average."""

    took_s: float
    calls: float
    tokens: float

    @classmethod
    def of(cls, ended: Sequence[Outcome]) -> Self:
        return cls(
            fmean(one.took_s for one in ended),
            fmean(one.calls for one in ended),
            fmean(one.tokens or 0 for one in ended),
        )


class _ModelQueue:
    """The runs that one model answers, one after the other. A run that is begun is taken to be half over."""

    def __init__(self, snapshot: Snapshot, label: str) -> None:
        self._limit = snapshot.experiment.rate_limits.get(label, RateLimit())
        self._hold_s = snapshot.on_hold.get(label, 0.0)
        self._free_at: list[float] = []  # a heap: when each of those that run at once has ended
        self._calls = self._tokens = 0.0

    def begin(self, mean: _Mean) -> None:
        """One more run is under way."""
        heapq.heappush(self._free_at, 0.5 * mean.took_s)

    def run(self, mean: _Mean, *, is_begun: bool) -> float:
        """When the next run ends, in seconds from now."""
        share = 0.5 if is_begun else 1.0
        self._calls += share * mean.calls
        self._tokens += share * mean.tokens
        at_least = self._hold_s + self._limit.takes_s(self._calls, self._tokens)
        if is_begun:
            return max(share * mean.took_s, at_least)
        self._free_at = self._free_at or [0.0] * self._limit.at_once
        ends_s = self._free_at[0] + mean.took_s
        heapq.heapreplace(self._free_at, ends_s)
        return max(ends_s, at_least)


def _is_left(snapshot: Snapshot, cell: Cell) -> bool:
    return cell not in snapshot.outcomes and cell.arm not in snapshot.stopped_arms


def format_about(seconds: float) -> str:
    """A time that nobody knows exactly: "under 10 s", "25 s", "4 min", "2 h", "2 h 40 min"."""
    if seconds < _SOON_S:
        return f"under {_SOON_S} s"
    if seconds < _MINUTE_S - _STEP_S / 2:
        return f"{round(seconds / _STEP_S) * _STEP_S} s"
    if seconds < _MINUTES_UP_TO_S:
        return f"{max(1, round(seconds / _MINUTE_S))} min"
    hours, tens = divmod(round(seconds / (10 * _MINUTE_S)), 6)
    return f"{hours} h {tens * 10} min" if tens else f"{hours} h"
