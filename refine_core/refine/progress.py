"""How far a refinement is: the loop, its facts, and what its attempts left behind."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from refine_core.configuration import get_setting
from refine_core.events import AttemptStarted, Event, RewardScored
from refine_core.log.scope import Scope
from refine_core.loop import Loop, Stop, evolve
from refine_core.modules.attempt_context import Trace
from refine_core.modules.module import Module
from refine_core.modules.predict import Predict
from refine_core.modules.prediction import Prediction
from refine_core.refine.result import Refinement, RefineResult


@dataclass(slots=True)
class AttemptArtifacts:
    """What an attempt leaves behind for its advice: the program as it ran, its trace, outputs and score."""

    program: Module
    predictors: Sequence[tuple[str, Predict]]
    trace: Trace
    outputs: Prediction
    scored: RewardScored

    def release(self) -> None:
        """Break the ring predictor, context, trace, predictor, so that memory is freed at once, without a collector.

        A predictor that somebody took from the trace leaves the attempt, so a later call of it is one of its own.
        """
        for _, predictor in self.predictors:
            context = predictor.attempt_context
            predictor.attempt_context = context.outer if context is not None else None
        self.trace.clear()


@dataclass(slots=True)
class Progress:
    """The state of one refinement. All but `loop` and `facts` are by the index of the attempt.

    facts: the loop's own events. scopes: where each attempt emits. starts: how each began.
    artifacts: of attempts that were scored. errors: of those that failed. outputs: what each scored attempt returned.
    """

    loop: Loop
    facts: list[Event] = field(default_factory=list)
    scopes: dict[int, Scope] = field(default_factory=dict)
    starts: dict[int, AttemptStarted] = field(default_factory=dict)
    artifacts: dict[int, AttemptArtifacts] = field(default_factory=dict)
    errors: dict[int, Exception] = field(default_factory=dict)
    outputs: dict[int, Mapping[str, object]] = field(default_factory=dict)
    _best: int | None = None

    def add(self, fact: Event) -> None:
        """One more fact."""
        self.facts.append(fact)
        self.loop = evolve(self.loop, fact)

    @property
    def best(self) -> int | None:
        """Index of the best attempt of which something may be kept; None for none."""
        return self._best

    def keep_best_and(self, last: int) -> None:
        """Release what attempts left behind, but for the best one and the last: nobody will ask for the others."""
        if self._best is None or self.loop.rank(last) > self.loop.rank(self._best):
            self._best = last
        for i in [*self.artifacts]:
            if i not in (last, self._best):
                self.artifacts.pop(i).release()

    def finish(self, stop: Stop, predictors: Iterable[str] = (), took_s: float | None = None) -> RefineResult:
        """What to hand back. What attempts left behind is released, as errors and traces hold on to all of it."""
        refinement = Refinement(
            stop.reason,
            stop.best,
            stop.returned,
            tuple(self.facts),
            self.loop.plan,
            tuple(predictors),
            self.outputs,
            took_s,
        )
        artifacts, self.artifacts = self.artifacts, {}
        errors, self.errors = self.errors, {}
        prediction: Prediction | None = None
        error: Exception | None = None
        if stop.returned is None:
            error = self._error(stop, errors)
        else:
            outer: Trace | None = get_setting("trace")
            if outer is not None:
                outer.extend(artifacts[stop.returned].trace)
            prediction = Prediction.copy(
                artifacts[stop.returned].outputs
            )  # a program may return one object twice
            prediction.refinement = refinement
        for one in artifacts.values():
            one.release()
        return RefineResult(refinement, prediction, error)

    def _error(self, stop: Stop, errors: dict[int, Exception]) -> Exception:
        """The error to raise, with a note that says how many attempts failed."""
        plan, failed = self.loop.plan, sorted(self.loop.failed)
        error = errors[failed[plan.fail_count] if stop.reason == "too_many_failures" else failed[-1]]
        note = f"{len(failed)} of {len(plan.temperatures)} attempts failed; this is the last failure."
        if note not in getattr(error, "__notes__", ()):  # one exception object may be raised again and again
            error.add_note(note)
        return error
