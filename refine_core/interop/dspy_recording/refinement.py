"""One Refine or BestOfN of dspy's at work: what dspy says of it, as the events of a run.

    started -> attempt_started -> attempt_ended -> reward_started -> reward_ended -> advice_started -> advice_ended -> … -> ended

Only what dspy did is recorded. Where it says nothing, as when it fails between a reward and its request for advice, the event
says that nothing is known.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from refine_core import __version__
from refine_core.events import (
    AdviceFailed,
    AdviceGiven,
    AttemptFailed,
    AttemptStarted,
    Event,
    Fault,
    LibraryFault,
    RewardScored,
    RewardStarted,
    RunFinished,
    RunStarted,
    StopReason,
)
from refine_core.hints import NO_HINT
from refine_core.interop.dspy_recording.model_calls import describe_fault
from refine_core.interop.dspy_recording.run_log import RunScope
from refine_core.jsonable import to_jsonable
from refine_core.spec import ProgramSpec

_UNSEEN: Final = "dspy failed before it called the program; it printed the reason and passed it to nobody"
_NOT_A_NUMBER: Final = (
    "the reward returned nan, and nan is never higher than another number: dspy never picks such an attempt"
)
_INTERRUPTS: Final = (KeyboardInterrupt, SystemExit, GeneratorExit)


@dataclass(eq=False)
class Attempt:
    """program: the copy that dspy made for it, kept so that its predictors' identities stay its own.

    names: id of a predictor -> its path. outputs: what it returned, the very object. reward: what dspy compared; None before.
    """

    index: int
    scope: RunScope
    program: Any
    names: Mapping[int, str]
    outputs: Any = None
    reward: float | None = None
    advised: bool = False


@dataclass(eq=False)
class Refinement:
    """instance: dspy's Refine or BestOfN. planned: the temperatures that its attempts will have.

    asks_advice: whether it is a Refine. describe: makes the description of the run; None for one inside an attempt of another,
    which is no run of its own.
    """

    instance: Any
    scope: RunScope
    planned: tuple[float, ...]
    asks_advice: bool
    describe: Callable[[], ProgramSpec] | None = None
    attempts: list[Attempt] = field(default_factory=list)
    scoring: RunScope | None = None
    """Where the reward is at work; None while it is not."""
    _advice: Mapping[str, str] = field(default_factory=dict)
    _advice_from: int | None = None
    _began: float = field(default_factory=time.perf_counter)
    _fail_count: int = 0
    _highest: Any = -math.inf
    _raises: bool = False
    """Whether dspy raises the error of the latest failure, by its own rule."""
    _reward_began: float = 0.0
    _advice_began: float = 0.0

    def started(self, predictors: tuple[str, ...], first_fail_count: int, library: str) -> None:
        """The call began. first_fail_count: what the instance allowed when it was first seen. library: as in "dspy 3.4.1"."""
        self._fail_count = self.instance.fail_count
        if (describe := self.describe) is not None:
            planned = self.planned
            self.scope.emit(
                lambda: RunStarted(describe(), planned, predictors, __version__, recorded_from=library)
            )
        if self.instance.fail_count < first_fail_count:
            detail = f"{first_fail_count} -> {self.instance.fail_count}"
            self.scope.emit(LibraryFault("fail_count_shrank", detail=detail))

    @property
    def attempt(self) -> Attempt | None:
        """The latest attempt."""
        return self.attempts[-1] if self.attempts else None

    def attempt_started(self, program: Any) -> Attempt:
        """Dspy calls the copy of the program that it made for an attempt."""
        self._note_missing_advice()
        named = list(program.named_predictors())
        index = len(self.attempts)
        attempt = Attempt(
            index, self.scope.begin("attempt", index), program, {id(one): name for name, one in named}
        )
        self.attempts.append(attempt)
        temperatures = {name: _temperature(one) for name, one in named}
        temperature = next(iter(temperatures.values()), None)
        planned = self.planned[index] if index < len(self.planned) else 0.0
        attempt.scope.emit(
            AttemptStarted(
                index,
                planned if temperature is None else temperature,
                self._hints(named),
                self._advice_from if self._advice else None,
                tuple(name for name, one in temperatures.items() if one is None),
            )
        )
        for name, other in self._misdirected(named):
            attempt.scope.emit(LibraryFault("hint_of_another", name, other))
        return attempt

    def attempt_ended(self, attempt: Attempt, outputs: Any, error: BaseException | None) -> None:
        """The program returned `outputs`, or raised."""
        attempt.outputs = outputs
        if error is not None and not isinstance(error, _INTERRUPTS):
            self._count_failure()
            attempt.scope.emit(AttemptFailed(attempt.index, "program", describe_fault(error)))

    def reward_started(self, outputs: Any) -> None:
        """The reward is about to be asked."""
        if (attempt := self.attempt) is not None:
            attempt.outputs = outputs
            attempt.scope.emit(RewardStarted(attempt.index, _fields(outputs)))
            self.scoring = attempt.scope
            self._reward_began = time.perf_counter()

    def reward_ended(self, value: Any, error: BaseException | None) -> None:
        """The reward returned `value`, or raised."""
        took_s, self.scoring = time.perf_counter() - self._reward_began, None
        attempt = self.attempt
        if attempt is None or isinstance(error, _INTERRUPTS):
            return
        if error is None:
            try:
                if value > self._highest:  # noqa: PLR1730 - as dspy compares it, and an error in that is the attempt's
                    self._highest = value
                attempt.reward = float(value)
            except Exception as why:  # noqa: BLE001 - a value of the user's own
                error = why
        if error is not None or attempt.reward is None:
            self._count_failure()
            fault = describe_fault(error or TypeError("the reward is no number"))
            attempt.scope.emit(AttemptFailed(attempt.index, "reward", fault))
            return
        if math.isnan(attempt.reward):
            fault = Fault("NotANumber", _NOT_A_NUMBER, "code")
            attempt.scope.emit(AttemptFailed(attempt.index, "reward", fault))
        else:
            attempt.scope.emit(RewardScored(attempt.index, attempt.reward, took_s))
        if self.instance.threshold is None and not self.asks_advice:
            attempt.scope.emit(LibraryFault("no_threshold"))
            self._count_failure()

    def advice_started(self) -> RunScope | None:
        """Dspy asks for advice. Returns where."""
        if (attempt := self.attempt) is None:
            return None
        self._advice_began = time.perf_counter()
        return attempt.scope.begin("advice")

    def advice_ended(self, scope: RunScope, outputs: Any, error: BaseException | None) -> None:
        """The adviser answered, or failed."""
        took_s, attempt = time.perf_counter() - self._advice_began, self.attempt
        if attempt is None or isinstance(error, _INTERRUPTS):
            return
        attempt.advised = True
        advice = _field(outputs, "advice")
        if error is not None or not isinstance(advice, Mapping):
            fault = (
                describe_fault(error)
                if error is not None
                else Fault("TypeError", "the advice is not a mapping", "model")
            )
            scope.emit(AdviceFailed(attempt.index, fault, took_s))
            self._count_failure()
            return
        hints = {str(name): str(text) for name, text in advice.items()}
        predictors = set(attempt.names.values())
        self._advice, self._advice_from = dict(advice), attempt.index
        scope.emit(
            AdviceGiven(
                attempt.index,
                str(_field(outputs, "discussion") or ""),
                {name: text for name, text in hints.items() if name in predictors},
                took_s,
                {name: text for name, text in hints.items() if name not in predictors},
                tuple(name for name in attempt.names.values() if name not in hints),
            )
        )

    def ended(self, outputs: Any, error: BaseException | None) -> None:
        """The call returned one of its attempts' predictions, or None, or raised."""
        if not isinstance(error, _INTERRUPTS):
            self._note_missing_advice(last=error is None)
            self._note_unseen_end(error)
        if self.describe is None:
            return
        best = self._best()
        returned = next(
            (one.index for one in self.attempts if outputs is not None and one.outputs is outputs), None
        )
        fault = describe_fault(error) if error is not None else None
        if isinstance(error, _INTERRUPTS):
            fault = None
        self.scope.end(
            RunFinished(self._reason(error), best, returned, time.perf_counter() - self._began, fault)
        )

    def _reason(self, error: BaseException | None) -> StopReason:
        if isinstance(error, _INTERRUPTS):
            return "cancelled"
        if error is not None:
            return "too_many_failures" if self.attempts else "error"
        last = self.attempt
        if last is not None and last.reward is not None and self._reaches(last.reward):
            return "threshold_reached"
        return (
            "attempts_used_up"
            if any(one.reward is not None for one in self.attempts)
            else "every_attempt_failed"
        )

    def _reaches(self, reward: float) -> bool:
        threshold = self.instance.threshold
        return threshold is not None and reward >= threshold

    def _best(self) -> int | None:
        """As dspy chooses it: the first of the highest rewards; one that is no number is never higher."""
        best: Attempt | None = None
        for one in self.attempts:
            if one.reward is not None and one.reward > (
                -math.inf if best is None or best.reward is None else best.reward
            ):
                best = one
        return best.index if best is not None else None

    def _hints(self, named: list[tuple[str, Any]]) -> dict[str, str]:
        """The hint that dspy will give each predictor: it looks it up by signature, not by name."""
        if not self._advice:
            return {}
        by_signature = {one.signature: name for name, one in named}
        return {name: str(self._advice.get(by_signature[one.signature], NO_HINT)) for name, one in named}

    def _misdirected(self, named: list[tuple[str, Any]]) -> list[tuple[str, str]]:
        """(predictor, the one whose hint it gets), where these are two."""
        if not self._advice:
            return []
        by_signature = {one.signature: name for name, one in named}
        return [(name, other) for name, one in named if (other := by_signature[one.signature]) != name]

    def _note_missing_advice(self, *, last: bool = False) -> None:
        """Dspy hides why it asked for no advice after an attempt that fell short: it counts as a failed attempt there."""
        attempt = self.attempt
        if not self.asks_advice or attempt is None or attempt.reward is None or attempt.advised:
            return
        if self._reaches(attempt.reward) or attempt.index >= len(self.planned) - 1 or last:
            return
        attempt.advised = True
        self._count_failure()
        message = "dspy asked for no advice after this attempt and did not say why"
        self._emit_in(attempt, AdviceFailed(attempt.index, Fault("Unknown", message, "code"), 0.0))

    def _count_failure(self) -> None:
        """As dspy does: more failures than the index of the attempt allows end the call."""
        self._raises = self.attempts[-1].index > self._fail_count
        self._fail_count -= 1

    def _note_unseen_attempt(self, error: BaseException | None) -> None:
        """An attempt at which dspy failed before it called the program, so that nothing was to be seen of it."""
        index = len(self.attempts)
        attempt = Attempt(index, self.scope.begin("attempt", index), None, {})
        self.attempts.append(attempt)
        hints = self._hints(list(self.instance.module.named_predictors()))
        attempt.scope.emit(
            AttemptStarted(index, self.planned[index], hints, self._advice_from if hints else None)
        )
        fault = describe_fault(error) if error is not None else Fault("Unknown", _UNSEEN, "code")
        self._count_failure()
        attempt.scope.emit(AttemptFailed(index, "program", fault))

    def _note_unseen_end(self, error: BaseException | None) -> None:
        """Attempts after the last one seen: dspy ends early only at the threshold, or when it raises."""
        last = self.attempt
        if last is not None and last.reward is not None and self._reaches(last.reward):
            return
        if error is None:
            while len(self.attempts) < len(self.planned):
                self._note_unseen_attempt(None)
            return
        raised = self._raises or not self.attempts
        while not raised and len(self.attempts) < len(self.planned):
            raised = len(self.attempts) > self._fail_count  # dspy's own rule
            self._note_unseen_attempt(error if raised else None)

    def _emit_in(self, attempt: Attempt, event: Event) -> None:
        attempt.scope.begin("advice").emit(event)


def _temperature(predictor: Any) -> float | None:
    value = getattr(getattr(predictor, "lm", None), "kwargs", {}).get("temperature")
    return float(value) if isinstance(value, int | float) else None


def _fields(outputs: Any) -> dict[str, object]:
    """The fields of a prediction; one that is something else stands under its type's name."""
    try:
        return {str(name): to_jsonable(value) for name, value in dict(outputs).items()}
    except (TypeError, ValueError):
        return {type(outputs).__name__: to_jsonable(outputs)}


def _field(outputs: Any, name: str) -> Any:
    try:
        return outputs[name]
    except (KeyError, TypeError):
        return None
