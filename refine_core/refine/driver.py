"""The driver: asks the pure loop what to do, does that, and feeds it the event that came of it.

    decide(loop) -> RunAttempt | AskAdvice | Stop -> do it -> event -> evolve(loop, event)

What is done is written once, as a generator of effects (refine_core.concurrency), for sync and async callers. Attempts at
once are several workers that ask the one loop.

temperatures.py   which model each predictor asks, at which temperature
progress.py       the loop, its facts and what attempts left behind        resuming.py   the same, of an interrupted run
"""

from __future__ import annotations

import copy
import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from refine_core.concurrency.cancellation import Cancel
from refine_core.concurrency.effects import Gather
from refine_core.concurrency.flows import Flow, run
from refine_core.errors import LMError, RunCancelled
from refine_core.events import (
    AdviceFailed,
    AttemptFailed,
    AttemptStarted,
    Event,
    Fault,
    HintsEdited,
    PauseEnded,
    Phase,
    RewardScored,
    RewardStarted,
    RunPaused,
)
from refine_core.hints import hint_for
from refine_core.jsonable import to_jsonable
from refine_core.lm.base import BaseLM
from refine_core.lm.effects import DropUnsupported
from refine_core.log.scope import Scope
from refine_core.loop import AskAdvice, Loop, Plan, RunAttempt, Stop, decide, hints_of
from refine_core.modules.attempt_context import Trace, use_attempt
from refine_core.modules.module import Module, call
from refine_core.modules.prediction import Prediction
from refine_core.refine.advice_style import FULL, AdviceStyle
from refine_core.refine.effects import CallOnAttempt, WaitForPerson
from refine_core.refine.progress import AttemptArtifacts, Progress
from refine_core.refine.result import AttemptResult, RefineResult
from refine_core.refine.scoring import Scorer, Validator, find_unmet
from refine_core.refine.stepping import Stepper
from refine_core.refine.temperatures import ProgramModels, find_lm
from refine_core.rewards.arguments import Inputs

if TYPE_CHECKING:  # who never resumes a run need not wait for what reads its log
    from refine_core.refine.resuming import ResumeState

logger = logging.getLogger("refine_core")

_IMMUTABLE = frozenset((str, int, float, bool, bytes, type(None)))


@dataclass(slots=True)
class Driver:
    """One refinement of one program on one set of inputs.

    adviser: the model asked for advice, or None for the program's own. scope: who listens, and what cancels.
    on_attempt: called with each attempt once it has ended; what it raises ends the refinement.
    resume_state: what was done before an interruption; the refinement goes on from there.
    stepper: whether it waits for a person before each step; for attempts one at a time. None: it never does.
    """

    program: Module
    scorer: Scorer
    plan: Plan
    inputs: Mapping[str, Any]
    scope: Scope
    adviser: BaseLM | None = None
    validators: tuple[Validator, ...] = ()
    on_attempt: Callable[[AttemptResult], Any] | None = None
    resume_state: ResumeState | None = None
    advice_style: AdviceStyle = FULL
    stepper: Stepper | None = None
    progress: Progress = field(init=False)
    models: ProgramModels = field(init=False)
    stop: Stop | None = None
    _inputs_immutable: bool = False
    _lock: threading.RLock = field(default_factory=threading.RLock)

    def __post_init__(self) -> None:
        self.progress = Progress(Loop(self.plan))
        self.models = ProgramModels(self.plan)
        self._inputs_immutable = _IMMUTABLE.issuperset(map(type, self.inputs.values()))

    @property
    def best(self) -> int | None:
        """Index of the best attempt so far."""
        return self.progress.loop.best

    def run(self) -> RefineResult:
        """`flow`, in this thread."""
        return run(self.flow())

    def flow(self) -> Flow[RefineResult]:
        """Everything until the loop says stop.

        Raises RunCancelled, RecordingFailed, what `on_attempt` raises, and LMError where advice will be needed and
        there is no model to ask for it; other errors are in the result.
        """
        start = time.perf_counter()
        if self.plan.hints == "adviser" and len(self.plan.temperatures) > 1:
            self.adviser = self._find_adviser()  # before anything is spent
        yield from self.models.prepare(self.program, self.scope.cancel)
        if self.adviser is not None:
            yield from self.adviser.prepare(self.scope.cancel)
            self.adviser = yield DropUnsupported(self.adviser.without_unsupported)
        if self.resume_state is not None:
            self.progress = self.resume_state.restore(self.program, self.models, self.scope)
        if self.plan.at_once == 1:
            yield from self._work()
        else:
            yield from self._work_in_parallel()
        if self.stop is None:
            raise AssertionError("the loop ended without saying why")
        return self.progress.finish(self.stop, self.models.names, time.perf_counter() - start)

    def _work(self) -> Flow[None]:
        """Do what the loop says, until it says stop or that there is nothing more to begin."""
        stepper = self.stepper
        while True:
            if stepper is not None:
                yield from self._wait_for_person(stepper)
            if (action := self._next_action()) is None:
                return
            self.scope.cancel.check()
            if isinstance(action, RunAttempt):
                yield from self._attempt(action.index)
            else:
                yield from self._advise(action.after)

    def _wait_for_person(self, stepper: Stepper) -> Flow[None]:
        """Pause before what comes next, if the run is to, and take the hints that a person writes meanwhile."""
        coming = next(iter(decide(self.progress.loop)), None)
        if coming is None or isinstance(coming, Stop):
            return
        index = coming.index if isinstance(coming, RunAttempt) else coming.after
        if isinstance(coming, RunAttempt):
            self._edit_hints(coming, stepper.edits.get(index))
        if not stepper.stepwise:
            return
        permission = stepper.ask()
        self.scope.emit(RunPaused("attempt" if isinstance(coming, RunAttempt) else "advice", index))
        start = time.perf_counter()
        try:
            hints = yield WaitForPerson(permission, self.scope.cancel)
        finally:
            took_s = time.perf_counter() - start
            stepper.paused_s += took_s
        if isinstance(coming, RunAttempt):
            self._edit_hints(coming, hints)
        self.scope.emit(PauseEnded(took_s))

    def _edit_hints(self, coming: RunAttempt, hints: Mapping[str, str] | None) -> None:
        """Put hints that a person wrote in force, if they are other than those that the attempt would get."""
        old = hints_of(coming, self.models.names)
        new = {name: hint_for(name, {**old, **(hints or {})}) for name in self.models.names}
        changed = tuple(name for name in new if new[name] != hint_for(name, old))
        if changed:
            self._add(HintsEdited(coming.index, new, changed), self.scope)

    def _work_in_parallel(self) -> Flow[None]:
        """Several workers on the one loop. Once it says stop, those whose attempts no longer matter are cancelled."""
        around = self.scope.cancel
        inner = Cancel(parent=around)
        self.scope = replace(self.scope, cancel=inner)

        def worker() -> Flow[None]:
            try:
                yield from self._work()
            except RunCancelled:
                if self.stop is None or around.is_set:
                    raise
            if self.stop is not None:
                inner.set()

        try:
            yield Gather([worker() for _ in range(self.plan.at_once)], inner.set)
        finally:
            inner.detach()

    def _next_action(self) -> RunAttempt | AskAdvice | None:
        """The next step, claimed by whoever asks; None at the end, or where only others have something left to do."""
        with self._lock:
            for action in () if self.stop is not None else decide(self.progress.loop):
                if isinstance(action, Stop):
                    self.stop = action
                    return None
                if isinstance(action, RunAttempt):
                    self._start(action)
                return action
            return None

    def _start(self, action: RunAttempt) -> None:
        """Begin an attempt; whoever calls this holds the lock."""
        scope = self.progress.scopes[action.index] = self.scope.begin("attempt", action.index)
        self.models.notice_refusals()
        start = AttemptStarted(
            action.index,
            action.temperature,
            hints_of(action, self.models.names),
            action.advice_from,
            self.models.fixed_temperature,
            self.progress.loop.edited,
        )
        self.progress.starts[action.index] = start
        scope.emit(start)
        self.progress.add(start)

    def _add(self, fact: Event, scope: Scope) -> None:
        """Emit a fact of the loop's own, and learn from it."""
        with self._lock:
            scope.emit(fact)
            self.progress.add(fact)

    def _attempt(self, index: int) -> Flow[None]:
        """Run the program and score what it returns."""
        progress = self.progress
        start, scope = progress.starts[index], progress.scopes[index]
        trace: Trace = []
        phase: Phase = "program"
        end: RewardScored | AttemptFailed
        prediction: Prediction | None = None
        try:
            program = self.program.deepcopy()
            with use_attempt(scope, trace):
                predictors = self.models.equip(program, start, scope, trace)
                outputs = _to_prediction((yield from call(program, self._copy_inputs())))
                phase, steps = "reward", len(trace)
                if scope.sinks:
                    scope.emit(RewardStarted(index, to_jsonable(outputs)))
                inputs = Inputs(self._copy_inputs())
                score = yield from self.scorer.flow(inputs, outputs, scope.begin("reward"))
                rules: Mapping[str, str] = self.scorer.find_unmet(score) if score.unmet else {}
                if self.validators:
                    rules = {**rules, **(yield from find_unmet(self.validators, inputs, outputs))}
                del trace[steps:]  # a judge that the reward asked is no part of the program
        except Exception as error:  # noqa: BLE001 - whatever a user's program raises is a failed attempt, and is kept
            logger.info("attempt %d failed in its %s: %s", index + 1, phase, error)
            progress.errors[index] = error
            trace.clear()  # as AttemptArtifacts.release does
            end = AttemptFailed(index, phase, Fault.of(error))
            self._add(end, scope)
        else:
            end = RewardScored(
                index,
                score.value,
                score.took_s,
                score.parts,
                score.feedback,
                score.stdout,
                rules,
                score.refusals,
            )
            prediction = outputs
            progress.outputs[index] = dict(outputs)
            progress.artifacts[index] = AttemptArtifacts(program, predictors, trace, outputs, end)
            self._add(end, scope)
            if self.plan.at_once == 1:
                progress.keep_best_and(index)
        if self.on_attempt is not None:
            yield CallOnAttempt(self.on_attempt, AttemptResult.of(start, end, prediction))

    def _advise(self, after: int) -> Flow[None]:
        """Ask for advice after this attempt."""
        from refine_core.refine.advice import advise  # a run that never asks for advice need not load it

        artifacts, scope = self.progress.artifacts[after], self.progress.scopes[after].begin("advice")
        start = time.perf_counter()
        try:
            advice = yield from advise(
                self._find_adviser(),
                artifacts.program,
                artifacts.predictors,
                inputs=self.inputs,
                trace=artifacts.trace,
                outputs=artifacts.outputs,
                reward_source=self.scorer.source,
                threshold=self.plan.threshold,
                scored=artifacts.scored,
                scope=scope,
                style=self.advice_style,
            )
        except Exception as error:  # noqa: BLE001 - an adviser's failure costs no attempt, and is recorded
            logger.info("no advice after attempt %d: %s", after + 1, error)
            self._add(AdviceFailed(after, Fault.of(error), time.perf_counter() - start), scope)
        else:
            self._add(advice, scope)

    def _find_adviser(self) -> BaseLM:
        """The model to ask: the one chosen, else that of the program's first predictor, else the configured one."""
        if self.adviser is not None:
            return self.adviser
        lm = find_lm(self.program)
        if lm is None:
            raise LMError(
                'No model is set. Call configure(lm=LM("openai/gpt-4o-mini")) first, or set_lm(…) on the program. '
                "(advice_lm=… sets another model for the advice alone.)"
            )
        return lm.copy(temperature=None) if self.plan.schedule.kind == "none" else lm

    def _copy_inputs(self) -> Mapping[str, Any]:
        """Inputs whose values an attempt may change without the next one seeing it; the mapping itself it must copy."""
        return self.inputs if self._inputs_immutable else _copied(self.inputs)


def _copied(inputs: Mapping[str, Any]) -> dict[str, Any]:
    """Copies of inputs; what cannot be copied is shared."""
    copies = {**inputs}
    for name, value in copies.items():
        if type(value) not in _IMMUTABLE:
            try:
                copies[name] = copy.deepcopy(value)
            except Exception:  # noqa: BLE001 - a value of the user's own; a lock, a connection, an open file
                logger.warning("input %r cannot be copied, so attempts share it", name)
    return copies


def _to_prediction(returned: object) -> Prediction:
    if isinstance(returned, Prediction):
        return returned
    if isinstance(returned, Mapping):
        return Prediction(returned)
    raise TypeError(
        f"the program must return a Prediction, not {type(returned).__name__}; return Prediction(answer=…)"
    )
