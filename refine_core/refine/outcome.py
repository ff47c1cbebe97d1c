"""How a refinement went: what its result carries as `.refinement`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from refine_core.events import AttemptFailed, AttemptStarted, Event, Fault, RewardScored, StopReason
from refine_core.loop import Stop
from refine_core.modules.prediction import Prediction


@dataclass(frozen=True, slots=True)
class Tried:
    """One attempt. reward is None and error set if it failed."""

    index: int
    temperature: float
    hints: Mapping[str, str]
    reward: float | None = None
    error: Fault | None = None


@dataclass(frozen=True, slots=True)
class Refinement:
    """attempts: in order. reason: why it stopped. best, returned: indices of attempts, or None."""

    attempts: tuple[Tried, ...]
    reason: StopReason
    best: int | None
    returned: int | None

    @property
    def rewards(self) -> tuple[float | None, ...]:
        """One an attempt, None where it failed."""
        return tuple(a.reward for a in self.attempts)

    @property
    def temperatures(self) -> tuple[float, ...]:
        """One an attempt."""
        return tuple(a.temperature for a in self.attempts)

    @property
    def hints(self) -> tuple[Mapping[str, str], ...]:
        """Predictor name -> hint, one mapping an attempt; empty before any advice."""
        return tuple(a.hints for a in self.attempts)

    @classmethod
    def of(cls, events: list[Event], stop: Stop) -> Refinement:
        """What the loop's own events tell."""
        rewards = {e.index: e.value for e in events if isinstance(e, RewardScored)}
        errors = {e.index: e.error for e in events if isinstance(e, AttemptFailed)}
        attempts = tuple(
            Tried(e.index, e.temperature, e.hints, rewards.get(e.index), errors.get(e.index))
            for e in events
            if isinstance(e, AttemptStarted)
        )
        return cls(attempts, stop.reason, stop.best, stop.returned)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a driver hands back: a prediction to return, or the error to raise."""

    refinement: Refinement
    prediction: Prediction | None
    error: Exception | None
