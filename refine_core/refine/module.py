"""Refine and BestOfN as modules."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from functools import partial
from typing import Any

from refine_core.concurrency.flows import Flow
from refine_core.configuration import check_callbacks, not_a_model_error
from refine_core.lm.base import BaseLM
from refine_core.log.scope import current_scope
from refine_core.loop import Plan
from refine_core.modules.module import Module, Operation
from refine_core.modules.prediction import Prediction
from refine_core.refine.advice_style import FULL, AdviceStyle
from refine_core.refine.driver import Driver
from refine_core.refine.result import AttemptResult
from refine_core.refine.scoring import (
    FunctionScorer,
    RewardFunction,
    Validator,
    check_validators,
    find_arity_problem,
)
from refine_core.refine.sources import get_source
from refine_core.refine.temperatures import first_temperature
from refine_core.spec import HintSource, Schedule
from refine_core.spec.schedule import ScheduleKind


class BestOfN(Operation):
    """Run `module` up to `N` times at different temperatures; return the best prediction.

    module:      any Module; it is copied for each attempt, so nothing that an attempt does to it stays.
    N:           maximum number of attempts, at least 1.
    reward_fn:   (inputs: dict[str, object], Prediction) -> float or Score; higher is better; sync or async.
    threshold:   stop once reward >= threshold, in the reward's own unit; None never stops early.
    fail_count:  failed attempts allowed in one call; default N.
    validators:  Validator(name, check, message), or such tuples; an attempt that fails one does not stop the run, and
                 is returned only if no attempt met them all.
    on_attempt:  called with each attempt (AttemptResult) once it has ended; sync or async; an error in it is raised.
    num_threads: attempts that run at the same time; for the same replies, the result is that of one after another.
    schedule:    "dspy-2.6" (the model's own temperature, then rising from 0.5), "dspy-3" (1.0 each time), a list of N
                 temperatures, or "none" for models that take no temperature. Other than "dspy-2.6", each attempt has a
                 rollout id, so that a cache tells its calls from the others'.
    Called with the module's inputs by keyword, `await …acall(…)` for async. Returns: the module's prediction, with
    `.refinement` (attempts, rewards, temperatures, hints, why it stopped).
    Raises: the last attempt's own error, with a note, once failures exceed fail_count or every attempt failed;
    SpecError, TypeError for wrong parameters. Source: dspy.BestOfN, version 2.6.23. Differs: tests/parity names each
    difference.
    """

    hints: HintSource = "none"

    def __init__(
        self,
        module: Module,
        N: int,  # noqa: N803 - dspy's own name
        reward_fn: RewardFunction,
        threshold: float | None,
        fail_count: int | None = None,
        *,
        validators: Iterable[Validator | tuple[str, Any, str]] = (),
        on_attempt: Callable[[AttemptResult], Any] | None = None,
        num_threads: int = 1,
        schedule: ScheduleKind | Iterable[float] | Schedule = "dspy-2.6",
        callbacks: Iterable[Any] | None = None,
    ) -> None:
        super().__init__(check_callbacks(callbacks))
        if not isinstance(module, Module):
            raise TypeError(f"module must be a Module, such as Predict('question -> answer'), not {module!r}")
        if not callable(reward_fn):
            raise TypeError(f"reward_fn must be a function (inputs, prediction) -> number, not {reward_fn!r}")
        if fault := find_arity_problem(reward_fn):
            raise TypeError(f"reward_fn {fault}")
        if on_attempt is not None and not callable(on_attempt):
            raise TypeError(f"on_attempt must be a function that takes an attempt, not {on_attempt!r}")
        self.module, self.N = module, N
        # A reward that is a program itself must not be found among the predictors of this one.
        self.reward_fn = partial(reward_fn) if isinstance(reward_fn, Module) else reward_fn
        self.reward_fn_code = get_source(reward_fn)
        self.threshold, self.fail_count = threshold, fail_count
        self.validators = check_validators(validators)
        self.on_attempt, self.num_threads = on_attempt, num_threads
        self.schedule = Schedule.of(schedule)
        self._plan(0.0)  # says what is wrong before anything is spent
        self.fail_count = N if fail_count is None else fail_count

    def _flow(self, **inputs: Any) -> Flow[Prediction]:
        """Run the refinement on these inputs."""
        around = current_scope()
        driver = Driver(
            program=self.module,
            scorer=FunctionScorer(self.reward_fn, self.reward_fn_code),
            plan=self._plan(first_temperature(self.module)),
            inputs=inputs,
            scope=around.begin("refine") if around.sinks and around.span.attempts else around,
            adviser=self._adviser(),
            validators=self.validators,
            on_attempt=self.on_attempt,
            advice_style=self._advice_style(),
        )
        result = yield from driver.flow()
        if result.prediction is None:
            raise result.error or AssertionError("a result has a prediction or an error")
        return result.prediction

    def _restore_context(self) -> AbstractContextManager[Any] | None:
        for one in self.module.predictors():
            if one.attempt_context is not None:
                return one.attempt_context.restore()
        return None

    def _plan(self, first: float) -> Plan:
        return Plan.of(
            self.N,
            first,
            self.threshold,
            self.fail_count,
            hints=self.hints,
            at_once=self.num_threads,
            by=self.schedule,
        )

    @property
    def module_code(self) -> str:
        """The source text of the program, as the adviser is shown it."""
        return get_source(self.module)

    def _adviser(self) -> BaseLM | None:
        return None

    def _advice_style(self) -> AdviceStyle:
        return FULL


class Refine(BestOfN):
    """Run `module` up to `N` times with advice in between; return the best prediction.

    After an attempt that fell short, a model is asked what each predictor should do; its advice reaches the predictors
    as a hint in the next attempt, which runs at another temperature. Attempts run one at a time.

    module:      any Module; it is copied for each attempt, so nothing that an attempt does to it stays.
    N:           maximum number of attempts, at least 1.
    reward_fn:   (inputs: dict[str, object], Prediction) -> float or Score; higher is better; sync or async.
    threshold:   stop once reward >= threshold, in the reward's own unit; None never stops early.
    fail_count:  failed attempts allowed in one call; default N.
    validators, on_attempt, schedule, callbacks: as in BestOfN, and so are the result and the errors.
    hints: where they come from: "adviser", "feedback" for the reward's own and no call (return Score(value, feedback)), or
           "none".
    advice_instructions: what the adviser is told to do; "" for the default.
    compact_advice: whether to ask for advice briefly, for small context windows: the reward's feedback first, no code.
    advice_lm: the model asked for advice; None means the program's own, else the configured one.
    Raises also: LMError before the first attempt if there is no model to ask for advice.
    Source: dspy.Refine, version 2.6.23. Differs: tests/parity names each difference.
    """

    def __init__(
        self,
        module: Module,
        N: int,  # noqa: N803 - dspy's own name
        reward_fn: RewardFunction,
        threshold: float | None,
        fail_count: int | None = None,
        *,
        advice_lm: BaseLM | None = None,
        validators: Iterable[Validator | tuple[str, Any, str]] = (),
        on_attempt: Callable[[AttemptResult], Any] | None = None,
        hints: HintSource = "adviser",
        advice_instructions: str = "",
        compact_advice: bool = False,
        schedule: ScheduleKind | Iterable[float] | Schedule = "dspy-2.6",
        callbacks: Iterable[Any] | None = None,
    ) -> None:
        self.hints = hints
        super().__init__(
            module,
            N,
            reward_fn,
            threshold,
            fail_count,
            validators=validators,
            on_attempt=on_attempt,
            schedule=schedule,
            callbacks=callbacks,
        )
        if advice_lm is not None and not isinstance(advice_lm, BaseLM):
            raise not_a_model_error("advice_lm", advice_lm)
        if not isinstance(advice_instructions, str):
            raise TypeError(
                f"advice_instructions must be text, or '' for the default, not {advice_instructions!r}"
            )
        self.advice_lm = advice_lm
        self.advice_instructions, self.compact_advice = advice_instructions, compact_advice

    def _adviser(self) -> BaseLM | None:
        return self.advice_lm

    def _advice_style(self) -> AdviceStyle:
        return AdviceStyle(self.advice_instructions, "compact" if self.compact_advice else "full")
