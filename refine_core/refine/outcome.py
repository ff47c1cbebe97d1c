"""How a refinement went: what its result carries as `.refinement`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from refine_core.events import AttemptFailed, AttemptStarted, Event, Fault, RewardScored, StopReason
from refine_core.loop import Stop
from refine_core.modules.prediction import Prediction


@dataclass(frozen=True, slots=True)
class Tried:
    """One attempt.

    index: from 0. temperature: of the program's first model. hints: predictor name -> hint; empty before any advice.
    reward, feedback, parts: as the reward gave them; reward is None if the attempt failed or was cut off.
    unmet: name -> message of the validators that it failed. error: why it failed, or None.
    prediction: what the program returned; kept for `on_attempt` and for the attempt that is returned, else None.
    """

    index: int
    temperature: float
    hints: Mapping[str, str]
    reward: float | None = None
    error: Fault | None = None
    feedback: str = ""
    parts: Mapping[str, float] = field(default_factory=dict)
    unmet: Mapping[str, str] = field(default_factory=dict)
    prediction: Prediction | None = field(default=None, compare=False, repr=False)

    @classmethod
    def of(
        cls,
        began: AttemptStarted,
        ended: RewardScored | AttemptFailed | None,
        prediction: Prediction | None = None,
    ) -> Tried:
        """The attempt that these facts tell."""
        match ended:
            case RewardScored():
                return cls(
                    began.index,
                    began.temperature,
                    began.hints,
                    ended.value,
                    None,
                    ended.feedback,
                    ended.parts,
                    ended.unmet,
                    prediction,
                )
            case AttemptFailed():
                return cls(began.index, began.temperature, began.hints, None, ended.error)
            case _:
                return cls(began.index, began.temperature, began.hints)


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
    def of(cls, events: Iterable[Event], stop: Stop) -> Refinement:
        """What the loop's own events tell."""
        began: dict[int, AttemptStarted] = {}
        ended: dict[int, RewardScored | AttemptFailed] = {}
        for event in events:
            if isinstance(event, AttemptStarted):
                began[event.index] = event
            elif isinstance(event, (RewardScored, AttemptFailed)):
                ended[event.index] = event
        attempts = tuple(Tried.of(began[i], ended.get(i)) for i in sorted(began))
        return cls(attempts, stop.reason, stop.best, stop.returned)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a driver hands back: a prediction to return, or the error to raise."""

    refinement: Refinement
    prediction: Prediction | None
    error: Exception | None
