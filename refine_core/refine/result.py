"""How a refinement went: the value of `.refinement` on its result."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from refine_core.displayed import Displayed
from refine_core.events import AttemptFailed, AttemptStarted, Event, Fault, RewardScored, StopReason
from refine_core.formatting import clip, format_rollout, format_score, format_temperature
from refine_core.loop import Plan
from refine_core.modules.prediction import Prediction
from refine_core.unseen import show_unseen

_CLIPPED = 200  # characters of an error


@dataclass(frozen=True, slots=True)
class AttemptResult:
    """One attempt.

    index: from 0. temperature: of the program's first model, as the schedule has it. fixed_temperature: names of predictors
    whose model takes none; `index` was their rollout id instead. hints: predictor name -> hint; empty before any advice.
    reward, feedback, parts: as the reward gave them; reward is None if the attempt failed or was cut off.
    unmet: name -> message of the validators that it failed. error: why it failed, or None.
    prediction: what the program returned; for `on_attempt` only, else None.
    """

    index: int
    temperature: float
    hints: Mapping[str, str]
    reward: float | None = None
    error: Fault | None = None
    feedback: str = ""
    parts: Mapping[str, float] = field(default_factory=dict)
    unmet: Mapping[str, str] = field(default_factory=dict)
    fixed_temperature: tuple[str, ...] = ()
    prediction: Prediction | None = field(default=None, compare=False, repr=False)

    def __str__(self) -> str:
        """One line, for `on_attempt=print`: "Attempt 2: reward 1.00, temperature 0.5"."""
        if self.error is not None:
            why = " ".join(show_unseen(f"{self.error.type}: {self.error.message}").split())
            return f"Attempt {self.index + 1}: failed, {clip(why, _CLIPPED)}"
        reward = "no reward" if self.reward is None else f"reward {format_score(self.reward)}"
        rules = f", not met: {show_unseen(', '.join(self.unmet))}" if self.unmet else ""
        temperature = f"temperature {format_temperature(self.temperature)}"
        how = format_rollout(self.index) if self.fixed_temperature else temperature
        return f"Attempt {self.index + 1}: {reward}, {how}{rules}"

    @classmethod
    def of(
        cls,
        start: AttemptStarted,
        end: RewardScored | AttemptFailed | None,
        prediction: Prediction | None = None,
    ) -> AttemptResult:
        """The attempt that these events describe."""
        match end:
            case RewardScored():
                return cls(
                    start.index,
                    start.temperature,
                    start.hints,
                    end.value,
                    None,
                    end.feedback,
                    end.parts,
                    end.unmet,
                    start.fixed_temperature,
                    prediction,
                )
            case AttemptFailed():
                return cls(
                    start.index,
                    start.temperature,
                    start.hints,
                    error=end.error,
                    fixed_temperature=start.fixed_temperature,
                )
            case _:
                return cls(
                    start.index, start.temperature, start.hints, fixed_temperature=start.fixed_temperature
                )


@dataclass(frozen=True, eq=False)
class Refinement(Displayed):
    """How a refinement went. reason: why it stopped. best, returned: indices of attempts, or None.

    facts: the loop's own events, in the order in which they happened. plan: what it was to do; predictors: their names.
    outputs: index of an attempt -> what the program returned in it. took_s: all of it. Of one that an older version pickled, these
    are at their defaults. Two are equal if they went the same way, however long it took. `print` and Jupyter show it as a table.
    """

    reason: StopReason
    best: int | None
    returned: int | None
    facts: tuple[Event, ...] = field(default=(), repr=False)
    plan: Plan | None = field(default=None, repr=False)
    predictors: tuple[str, ...] = field(default=(), repr=False)
    outputs: Mapping[int, Mapping[str, object]] | None = field(default=None, repr=False)
    took_s: float | None = field(default=None, repr=False)

    @cached_property
    def attempts(self) -> tuple[AttemptResult, ...]:
        """In the order of their indices. Computed on first use, as many callers never ask."""
        start: dict[int, AttemptStarted] = {}
        end: dict[int, RewardScored | AttemptFailed] = {}
        for event in self.facts:
            if isinstance(event, AttemptStarted):
                start[event.index] = event
            elif isinstance(event, (RewardScored, AttemptFailed)):
                end[event.index] = event
        return tuple(AttemptResult.of(start[i], end.get(i)) for i in sorted(start))

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

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Refinement) and self._key() == other._key()

    def __hash__(self) -> int:
        return hash((self.reason, self.best, self.returned, self.rewards))

    def _key(self) -> tuple[object, ...]:
        return self.attempts, self.reason, self.best, self.returned


@dataclass(frozen=True, slots=True)
class RefineResult:
    """The result of a driver: a prediction to return, or the error to raise."""

    refinement: Refinement
    prediction: Prediction | None
    error: Exception | None
