"""The driver: asks the pure loop what to do, does that, and feeds it the event that came of it.

    decide(loop) -> RunAttempt | AskAdvice | Stop -> do it -> event -> evolve(loop, event)

What is done is written once, as a generator of effects (refine_core.concurrency), for sync and async callers. Attempts at
once are several workers that ask the one loop.
"""

from __future__ import annotations

import copy
import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from refine_core.concurrency.cancellation import Cancel
from refine_core.concurrency.effects import Blocking, Gather, MaybeAwaitable
from refine_core.concurrency.flows import Flow, run
from refine_core.configuration import block_values, get_setting, unchecked_context
from refine_core.errors import LMError, RunCancelled
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
from refine_core.log.scope import ATTEMPT, Scope, Span, use_scope
from refine_core.loop import AskAdvice, Loop, Plan, RunAttempt, Stop, decide, evolve, temperatures
from refine_core.modules.module import Module, call
from refine_core.modules.predict import NO_HINT, AttemptContext, Predict, Trace
from refine_core.modules.prediction import Prediction
from refine_core.refine.advice import advise
from refine_core.refine.advice_request import FULL, AdviceStyle
from refine_core.refine.result import AttemptResult, Refinement, RefineResult
from refine_core.refine.scoring import Scorer, Validator, unmet
from refine_core.rewards.arguments import Inputs

if TYPE_CHECKING:  # who never resumes a run need not wait for what reads its log
    from refine_core.refine.resuming import ResumeState

logger = logging.getLogger("refine_core")

_IMMUTABLE = frozenset((str, int, float, bool, bytes, type(None)))


@dataclass(slots=True)
class AttemptArtifacts:
    """What an attempt leaves behind for its advice: the program as it ran, its trace, outputs and score."""

    program: Module
    predictors: Sequence[tuple[str, Predict]]
    trace: Trace
    outputs: Prediction
    scored: RewardScored

    def forget(self) -> None:
        """Break the ring predictor, ride, trace, predictor, so that memory is freed at once and not by a collector.

        A predictor that somebody took from the trace rides no more, so a later call of it is one of its own.
        """
        for _, one in self.predictors:
            one.attempt_context = one.attempt_context.outer if one.attempt_context is not None else None
        self.trace.clear()


@dataclass(frozen=True, slots=True)
class TemperatureSchedule:
    """A model of the program with the temperatures that it gets, one an attempt; None where it takes none.

    has_rollouts: whether each attempt gets a rollout id as well, counted from the model's own.
    """

    lm: BaseLM
    temperatures: tuple[float, ...] | None
    has_rollouts: bool = False

    def at(self, index: int) -> BaseLM:
        """The model for this attempt."""
        if self.temperatures is None:
            return self.lm.copy(temperature=None, rollout_id=index)
        tempered = self.lm.at_temperature(self.temperatures[index])
        if not self.has_rollouts:
            return tempered
        start = self.lm.kwargs.get("rollout_id")
        return tempered.copy(rollout_id=(start if isinstance(start, int) else 0) + index)


@dataclass(slots=True)
class Driver:
    """One refinement of one program on one set of inputs.

    adviser: the model asked for advice, or None for the program's own. scope: who listens, and what cancels.
    on_attempt: called with each attempt once it has ended; what it raises ends the refinement.
    before: what was done before an interruption; the refinement goes on from there.
    """

    program: Module
    scorer: Scorer
    plan: Plan
    inputs: Mapping[str, Any]
    scope: Scope
    adviser: BaseLM | None = None
    validators: tuple[Validator, ...] = ()
    on_attempt: Callable[[AttemptResult], Any] | None = None
    before: ResumeState | None = None
    advice_style: AdviceStyle = FULL
    loop: Loop = field(init=False)
    facts: list[Event] = field(default_factory=list)
    made: dict[int, AttemptArtifacts] = field(default_factory=dict)
    errors: dict[int, Exception] = field(default_factory=dict)
    stop: Stop | None = None
    _best: int | None = None
    _are_immutable: bool = False  # the inputs
    _models: dict[int, TemperatureSchedule] = field(default_factory=dict)
    _names: list[str] = field(default_factory=list)
    _asks: dict[str, int] = field(default_factory=dict)  # which of the models each predictor asks
    _fixed_temperature: tuple[str, ...] = ()
    _places: dict[int, Scope] = field(default_factory=dict)
    _begun: dict[int, AttemptStarted] = field(default_factory=dict)
    _lock: threading.RLock = field(default_factory=threading.RLock)

    def __post_init__(self) -> None:
        self.loop = Loop(self.plan)
        self._are_immutable = _IMMUTABLE.issuperset(map(type, self.inputs.values()))

    def run(self) -> RefineResult:
        """`flow`, in this thread."""
        return run(self.flow())

    def flow(self) -> Flow[RefineResult]:
        """Everything until the loop says stop.

        Raises RunCancelled, RecordingFailed, what `on_attempt` raises, and LMError where advice will be wanted and
        there is no model to ask for it; other errors are in the outcome.
        """
        if self.plan.hints == "adviser" and len(self.plan.temperatures) > 1:
            self.adviser = self._adviser()  # before anything is spent
        yield from self._prepare()
        if self.before is not None:
            self._recall(self.before)
        if self.plan.at_once == 1:
            yield from self._work()
        else:
            yield from self._work_together()
        if self.stop is None:
            raise AssertionError("the loop ended without saying why")
        return self._outcome(self.stop)

    def _work(self) -> Flow[None]:
        """Do what the loop says, until it says stop or that there is nothing more to begin."""
        while (action := self._next()) is not None:
            self.scope.cancel.check()
            if isinstance(action, RunAttempt):
                yield from self._attempt(action)
            else:
                yield from self._advise(action.after)

    def _work_together(self) -> Flow[None]:
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

    def _next(self) -> RunAttempt | AskAdvice | None:
        """The next step, claimed by whoever asks; None at the end, or where only others have something left to do."""
        with self._lock:
            for action in () if self.stop is not None else decide(self.loop):
                if isinstance(action, Stop):
                    self.stop = action
                    return None
                if isinstance(action, RunAttempt):
                    self._begin(action)
                return action
            return None

    def _begin(self, asked: RunAttempt) -> None:
        scope = self._places[asked.index] = self.scope.inside(f"{ATTEMPT}{asked.index}")
        self._notice_refused()
        if asked.feedback:
            hints = dict.fromkeys(self._names, asked.feedback)
        else:
            hints = {name: asked.hints.get(name) or NO_HINT for name in self._names} if asked.hints else {}
        began = AttemptStarted(
            asked.index, asked.temperature, hints, asked.advice_from, self._fixed_temperature
        )
        self._begun[asked.index] = began
        self._note(began, scope)

    def _notice_refused(self) -> None:
        """A model whose server refused a temperature in the meantime gets none any more; see LM.supports."""
        for key, known in self._models.items():
            if known.temperatures is None or known.lm.supports("temperature"):
                continue
            self._models[key] = replace(known, temperatures=None)
            self._note_fixed_temperature()

    def _note_fixed_temperature(self) -> None:
        """Whose predictors' models take no temperature, as far as is known now."""
        self._fixed_temperature = tuple(
            name for name, key in self._asks.items() if self._models[key].temperatures is None
        )

    def _note(self, event: Event, scope: Scope) -> None:
        """A fact of the loop's own: told, kept, and learned from."""
        with self._lock:
            scope.emit(event)
            self.facts.append(event)
            self.loop = evolve(self.loop, event)

    def _attempt(self, asked: RunAttempt) -> Flow[None]:
        index, scope = asked.index, self._places[asked.index]
        trace: Trace = []
        phase: Phase = "program"
        ended: RewardScored | AttemptFailed
        try:
            program = self.program.deepcopy()
            with use_scope(scope), unchecked_context(trace=trace, _attempt=trace):
                predictors = self._equip(program, self._begun[index], scope, trace)
                outputs = _prediction((yield from call(program, self._fresh_inputs())))
                phase, ran = "reward", len(trace)
                if scope.wanted:
                    scope.emit(RewardStarted(index, plain_dict(outputs)))
                judged = Inputs(self._fresh_inputs())
                scored = yield from self.scorer.flow(judged, outputs, scope.inside("reward"))
                rules: Mapping[str, str] = {}
                if self.validators:
                    rules = yield from unmet(self.validators, judged, outputs)
                del trace[ran:]  # a judge that the reward asked is no part of the program
        except Exception as error:  # noqa: BLE001 - whatever a user's program raises is a failed attempt, and is kept
            logger.info("attempt %d failed in its %s: %s", index + 1, phase, error)
            self.errors[index] = error
            trace.clear()  # as Made.forget does
            ended = AttemptFailed(index, phase, Fault.of(error))
            self._note(ended, scope)
        else:
            ended = RewardScored(
                index,
                scored.value,
                scored.took_s,
                scored.parts,
                scored.feedback,
                scored.stdout,
                rules,
                scored.refusals,
            )
            self.made[index] = AttemptArtifacts(program, predictors, trace, outputs, ended)
            self._note(ended, scope)
            if self.plan.at_once == 1:
                self._forget_all_but(index)
        if self.on_attempt is not None:
            made = self.made.get(index)
            prediction = made.outputs if made is not None else None
            yield MaybeAwaitable(self.on_attempt, AttemptResult.of(self._begun[index], ended, prediction))

    def _recall(self, before: ResumeState) -> None:
        """Stand where the run was interrupted: with its facts, and with what its best and its last attempt left behind."""
        self.facts = list(before.facts)
        self._begun = {f.index: f for f in before.facts if isinstance(f, AttemptStarted)}
        self.errors = before.errors()
        for index, path in before.places.items():
            self._places[index] = replace(self.scope, span=Span(path, taken=before.taken))
        for fact in before.facts:
            self.loop = evolve(self.loop, fact)
            if isinstance(fact, RewardScored):
                program = self.program.deepcopy()
                trace = before.trace(fact.index, program)
                predictors = self._equip(program, self._begun[fact.index], self._places[fact.index], trace)
                self.made[fact.index] = AttemptArtifacts(
                    program, predictors, trace, before.outputs(fact.index, program), fact
                )
                self._forget_all_but(fact.index)

    def _fresh_inputs(self) -> dict[str, Any]:
        """Inputs that an attempt may change without the next one seeing it."""
        return {**self.inputs} if self._are_immutable else _fresh(self.inputs)

    def _forget_all_but(self, last: int) -> None:
        """Keep what the best attempt and the last one left behind; nobody will ask for the others."""
        if self._best is None or self.loop.rank(last) > self.loop.rank(self._best):
            self._best = last
        for i in [i for i in self.made if i not in (last, self._best)]:
            self.made.pop(i).forget()

    def _advise(self, after: int) -> Flow[None]:
        made, scope = self.made[after], self._places[after].inside("advice")
        start = time.perf_counter()
        try:
            given = yield from advise(
                self._adviser(),
                made.program,
                made.predictors,
                inputs=self.inputs,
                trace=made.trace,
                outputs=made.outputs,
                reward_source=self.scorer.source,
                threshold=self.plan.threshold,
                scored=made.scored,
                scope=scope,
                style=self.advice_style,
            )
        except Exception as error:  # noqa: BLE001 - an adviser's failure costs no attempt, and is told
            logger.info("no advice after attempt %d: %s", after + 1, error)
            self._note(AdviceFailed(after, Fault.of(error), time.perf_counter() - start), scope)
        else:
            self._note(given, scope)

    def _adviser(self) -> BaseLM:
        """The model to ask: the one chosen, else that of the program's first predictor, else the one in force."""
        if self.adviser is not None:
            return self.adviser
        own = next((p.lm for p in self.program.predictors() if p.lm is not None), None)
        found: BaseLM | None = own or get_setting("lm")
        if found is None:
            raise LMError(
                'No model is set. Call configure(lm=LM("openai/gpt-4o-mini")) first, or set_lm(…) on the program. '
                "(advice_lm=… sets another model for the advice alone.)"
            )
        return found.copy(temperature=None) if self.plan.schedule.kind == "none" else found

    def _prepare(self) -> Flow[None]:
        """Find the program's models, and which temperatures each of them gets."""
        for name, one in self.program.named_predictors():
            self._names.append(name)
            lm = one.lm or get_setting("lm")
            if lm is None:
                continue
            if id(lm) not in self._models:
                yield from lm.ready(self.scope.cancel)  # the first to ask may have to load litellm
                supports = yield Blocking(lm.supports, "temperature")
                self._models[id(lm)] = self._scheduled(lm, supports=supports)
            self._asks[name] = id(lm)
        self._note_fixed_temperature()
        if self.adviser is not None:
            yield from self.adviser.ready(self.scope.cancel)
            self.adviser = yield Blocking(self.adviser.without_unsupported)

    def _scheduled(self, lm: BaseLM, *, supports: bool = True) -> TemperatureSchedule:
        """The temperatures that this model gets, by the plan's schedule. supports: whether it takes any."""
        by = self.plan.schedule
        left_out = (
            by.kind == "dspy-2.6" and lm.kwargs.get("temperature", 0.0) is None
        )  # as LM(temperature=None) says
        if not supports or left_out or by.kind == "none":
            return TemperatureSchedule(lm, None)
        count = len(self.plan.temperatures)
        return TemperatureSchedule(lm, temperatures(by, _temperature(lm), count), by.has_rollouts)

    def _equip(
        self, program: Module, began: AttemptStarted, scope: Scope, trace: Trace
    ) -> Sequence[tuple[str, Predict]]:
        """Give every predictor of the attempt's own copy its model at this temperature, its hint and its listeners."""
        block = block_values()
        models: dict[int, BaseLM] = {}
        predictors = program.named_predictors()
        for name, one in predictors:
            lm = one.lm or get_setting("lm")
            if lm is not None:
                if id(lm) not in models:
                    known = self._models.get(id(lm)) or self._scheduled(lm)
                    models[id(lm)] = known.at(began.index)
                one.lm = models[id(lm)]
            hint = (began.hints.get(name) or NO_HINT) if began.hints else None
            one.attempt_context = AttemptContext(name, scope, hint, trace, block, one.attempt_context)
        return predictors

    def _outcome(self, stop: Stop) -> RefineResult:
        """What to hand back. What attempts left behind is let go, since errors and traces hold on to all of this."""
        refinement = Refinement.of(self.facts, stop)
        made, self.made = self.made, {}
        errors, self.errors = self.errors, {}
        prediction: Prediction | None = None
        error: Exception | None = None
        if stop.returned is None:
            failed = sorted(self.loop.failed)
            error = errors[failed[self.plan.fail_count] if stop.reason == "too_many_failures" else failed[-1]]
            note = (
                f"{len(failed)} of {len(self.plan.temperatures)} attempts failed; this is the last failure."
            )
            if note not in getattr(
                error, "__notes__", ()
            ):  # one exception object may be raised again and again
                error.add_note(note)
        else:
            outer: Trace | None = get_setting("trace")
            if outer is not None:
                outer.extend(made[stop.returned].trace)
            prediction = Prediction.copy(made[stop.returned].outputs)  # a program may return one object twice
            prediction.refinement = refinement
        for one in made.values():
            one.forget()
        return RefineResult(refinement, prediction, error)


def first_temperature(program: Module) -> float:
    """T0: that of the model of the program's first predictor; 0.0 where none is set."""
    lm = next((p.lm for p in program.predictors() if p.lm is not None), None) or get_setting("lm")
    return _temperature(lm) if lm is not None else 0.0


def _temperature(lm: BaseLM) -> float:
    given = lm.kwargs.get("temperature")
    return float(given) if isinstance(given, (int, float)) else 0.0


def _fresh(inputs: Mapping[str, Any]) -> dict[str, Any]:
    """Copies of inputs; what cannot be copied is shared."""
    fresh = {**inputs}
    for name, value in fresh.items():
        if type(value) not in _IMMUTABLE:
            try:
                fresh[name] = copy.deepcopy(value)
            except Exception:  # noqa: BLE001 - a value of the user's own; a lock, a connection, an open file
                logger.warning("input %r cannot be copied, so attempts share it", name)
    return fresh


def _prediction(made: object) -> Prediction:
    if isinstance(made, Prediction):
        return made
    if isinstance(made, Mapping):
        return Prediction(made)
    raise TypeError(
        f"the program must return a Prediction, not {type(made).__name__}; return Prediction(answer=…)"
    )
