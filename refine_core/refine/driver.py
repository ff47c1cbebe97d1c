"""The driver: asks the pure loop what to do, does that, and feeds it the event that came of it.

decide(loop) -> RunAttempt | AskAdvice | Stop -> do it -> event -> evolve(loop, event)
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from refine_core import settings
from refine_core.errors import LMError
from refine_core.events import (
    AdviceFailed,
    AttemptFailed,
    AttemptStarted,
    Event,
    Fault,
    Phase,
    RewardScored,
    RewardStarted,
)
from refine_core.lm.base import BaseLM
from refine_core.log.plain import plain_dict
from refine_core.log.scope import Scope, within
from refine_core.loop import AskAdvice, Loop, Plan, RunAttempt, Stop, decide, evolve
from refine_core.modules.module import Module
from refine_core.modules.predict import NO_HINT, Ride, Trace
from refine_core.modules.prediction import Prediction
from refine_core.refine.advice import advise
from refine_core.refine.outcome import Outcome, Refinement
from refine_core.refine.scoring import Scorer
from refine_core.rewards import Scored

logger = logging.getLogger("refine_core")


@dataclass(slots=True)
class Made:
    """What an attempt leaves behind for its advice: the program as it ran, its trace, outputs and score."""

    program: Module
    trace: Trace
    outputs: Prediction
    scored: Scored


@dataclass(slots=True)
class Driver:
    """One refinement of one program on one set of inputs.

    adviser: the model asked for advice, or None for the program's own. scope: who listens, and what cancels.
    """

    program: Module
    scorer: Scorer
    plan: Plan
    inputs: Mapping[str, Any]
    scope: Scope
    adviser: BaseLM | None = None
    loop: Loop = field(init=False)
    facts: list[Event] = field(default_factory=list)
    made: dict[int, Made] = field(default_factory=dict)
    errors: list[Exception] = field(default_factory=list)
    places: dict[int, Scope] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.loop = Loop(self.plan)

    def run(self) -> Outcome:
        """Everything until the loop says stop. Raises RunCancelled, RecordingFailed; other errors are in the outcome."""
        while True:
            for action in decide(self.loop):
                self.scope.cancel.check()
                match action:
                    case RunAttempt():
                        self._attempt(action)
                    case AskAdvice(after=after):
                        self._advise(after)
                    case Stop():
                        return self._outcome(action)

    def _note(self, event: Event, scope: Scope) -> None:
        """A fact of the loop's own: told, kept, and learned from."""
        scope.emit(event)
        self.facts.append(event)
        self.loop = evolve(self.loop, event)

    def _attempt(self, asked: RunAttempt) -> None:
        scope = self.places[asked.index] = self.scope.inside(f"attempt-{asked.index}")
        trace: Trace = []
        program = self.program.deepcopy()
        hints = (
            {name: asked.hints.get(name) or NO_HINT for name, _ in program.named_predictors()}
            if asked.hints
            else {}
        )
        self._note(AttemptStarted(asked.index, asked.temperature, hints, asked.advice_from), scope)
        phase: Phase = "program"
        try:
            _prepare(program, asked.temperature, hints, scope, trace)
            with within(scope), settings.context(trace=trace):
                outputs = _prediction(program(**self.inputs))
                phase = "reward"
                if scope.wanted:
                    scope.emit(RewardStarted(asked.index, plain_dict(outputs)))
                scored = self.scorer.score(self.inputs, outputs, scope.inside("reward"))
        except Exception as error:  # noqa: BLE001 - whatever a user's program raises is a failed attempt, and is kept
            logger.info("attempt %d failed in its %s: %s", asked.index + 1, phase, error)
            self.errors.append(error)
            self._note(AttemptFailed(asked.index, phase, Fault.of(error)), scope)
            return
        self.made[asked.index] = Made(program, trace, outputs, scored)
        told = RewardScored(
            asked.index, scored.value, scored.took_s, scored.parts, scored.feedback, scored.stdout
        )
        self._note(told, scope)
        for index in [i for i in self.made if i not in (asked.index, self.loop.best)]:
            del self.made[index]

    def _advise(self, after: int) -> None:
        made, scope = self.made[after], self.places[after].inside("advice")
        start = time.perf_counter()
        try:
            given = advise(
                self._adviser(),
                made.program,
                inputs=self.inputs,
                trace=made.trace,
                outputs=made.outputs,
                reward_source=self.scorer.source,
                threshold=self.plan.threshold,
                reward=made.scored.value,
                feedback=made.scored.feedback,
                after=after,
                scope=scope,
            )
        except Exception as error:  # noqa: BLE001 - an adviser's failure costs no attempt, and is told
            logger.info("no advice after attempt %d: %s", after + 1, error)
            self._note(AdviceFailed(after, Fault.of(error), time.perf_counter() - start), scope)
        else:
            self._note(given, scope)

    def _adviser(self) -> BaseLM:
        """The model to ask: the one chosen, else that of the program's first predictor, else the one in force."""
        own = next((p.lm for p in self.program.predictors() if p.lm is not None), None)
        found = self.adviser or own or settings.lm
        if found is None:
            raise LMError(
                "no model to ask for advice; give advice_lm=…, or set one with refine_core.configure(lm=…)"
            )
        return found

    def _outcome(self, stop: Stop) -> Outcome:
        refinement = Refinement.of(self.facts, stop)
        if stop.returned is None:
            error = self.errors[-1]
            error.add_note(
                f"{len(self.errors)} of {len(self.plan.temperatures)} attempts failed; this is the last failure."
            )
            return Outcome(refinement, None, error)
        made = self.made[stop.returned]
        if settings.trace is not None:
            settings.trace.extend(made.trace)
        made.outputs.refinement = refinement
        return Outcome(refinement, made.outputs, None)


def first_temperature(program: Module) -> float:
    """T0: that of the model of the program's first predictor; 0.0 where none is set."""
    lm = next((p.lm for p in program.predictors() if p.lm is not None), None) or settings.lm
    given = lm.kwargs.get("temperature") if lm is not None else None
    return float(given) if isinstance(given, (int, float)) else 0.0


def _prepare(
    program: Module, temperature: float, hints: Mapping[str, str], scope: Scope, trace: Trace
) -> None:
    """Give every predictor of the attempt's own copy its model at this temperature, its hint and its listeners."""
    for name, one in program.named_predictors():
        lm = one.lm or settings.lm
        one.lm = lm.copy(temperature=temperature) if lm is not None else None
        one._ride = Ride(name, scope, hints.get(name), trace)  # noqa: SLF001 - riding is what the slot is for


def _prediction(made: object) -> Prediction:
    if isinstance(made, Prediction):
        return made
    if isinstance(made, Mapping):
        return Prediction(made)
    raise TypeError(
        f"the program must return a Prediction, not {type(made).__name__}; return Prediction(answer=…)"
    )
