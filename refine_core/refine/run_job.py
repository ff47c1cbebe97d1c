"""One run of a description, assembled: its models, program, reward and driver.

A description, keys and recordings go in; RunStarted, what happens, and RunFinished come out.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from refine_core import __version__
from refine_core.connect import connect
from refine_core.errors import BudgetUsedUp, KeyRefused, LMKeyError, RecordingEnded, RunCancelled
from refine_core.events import (
    Event,
    Fault,
    LMFailed,
    Purpose,
    RunFinished,
    RunResumed,
    RunStarted,
    StopReason,
)
from refine_core.jsonable import to_jsonable
from refine_core.lm.base import BaseLM
from refine_core.lm.recording import Recording
from refine_core.lm.replay import ReplayGuard, ReplayLM
from refine_core.log.scope import Record, Scope, Sink
from refine_core.log.span import Span
from refine_core.loop import Plan
from refine_core.refine.advice_style import AdviceStyle
from refine_core.refine.build import Pipeline, WorkerScorer, convert_inputs
from refine_core.refine.driver import Driver
from refine_core.refine.resuming import ResumeState, was_continued_anyway
from refine_core.refine.stepping import Stepper
from refine_core.rewards.pool import RunnerPool
from refine_core.spec import ModelSpec, ProgramSpec
from refine_core.spec.schedule import list_temperatures
from refine_core.spec.secrets import environment_key

logger = logging.getLogger("refine_core")


_PURPOSES: Mapping[str, Purpose] = {"model": "predict", "adviser": "advice", "judge": "judge"}


class RunJob:
    """Everything that one run needs.

    before_record, after_record: sinks that may halt it, called before the recorder and after it.

    keys: role ("model", "adviser", "judge") -> key typed by a person. recording: the recording of a run, by its id.
    records: the log of the same run, if it resumes after an interruption. kept: of a branch, the events that are its parent's, as
    records of its own that follow its first.
    anyway: continue in spite of an error of the reward that is bound to repeat. stepwise: wait for a person before each step.
    pool: where the reward's worker comes from; None for one of its own.
    Raises: LMKeyError for a missing key; LMNotFoundError for a missing recording.
    """

    def __init__(
        self,
        spec: ProgramSpec,
        keys: Mapping[str, str],
        recording: Callable[[str], Recording],
        records: Sequence[Record] = (),
        *,
        kept: Sequence[Record] = (),
        anyway: bool = False,
        stepwise: bool = False,
        pool: RunnerPool | None = None,
    ) -> None:
        self.spec = spec = replace(spec, inputs=to_jsonable(spec.inputs))  # what can be recorded
        self.anyway = anyway or was_continued_anyway(records)
        self.resumes = bool(records)
        self.kept = tuple(kept)
        done = records or self.kept
        self.resume_state = ResumeState.of(done) if done else None
        named = {"model": spec.model, "adviser": spec.adviser, "judge": spec.judge}
        typed_key_roles = tuple(role for role, described in named.items() if described and role in keys)
        start = records[0].event if records else None
        for role in start.typed_key_roles if isinstance(start, RunStarted) else ():
            require_same_key(named[role] or spec.model, role in typed_key_roles)
        own = spec.model
        if spec.temperature_schedule.kind == "none":
            own = replace(own, temperature=None)  # nor for advice or judging
        recordings: dict[str, Recording] = {}
        by_purpose: dict[Purpose, Recording] = {}

        def connect_role(role: str, described: ModelSpec | None) -> BaseLM:
            chosen = described or own
            if chosen.kind != "replay":
                return connect(chosen, key=keys.get(role if described else "model"), seed=spec.seed)
            run_id = chosen.recording_id or ""
            if run_id not in recordings:  # shared: no reply is given to two roles
                recordings[run_id] = recording(run_id)
                recordings[run_id].pass_over(done)
            by_purpose[_PURPOSES[role]] = recordings[run_id]
            return ReplayLM(
                recordings[run_id],
                chosen.model,
                temperature=chosen.temperature,
                delay_s=chosen.delay_s,
                reply_format=chosen.reply_format,
            )

        lm = connect_role("model", own)
        if spec.first_rollout:
            lm = lm.copy(rollout_id=spec.first_rollout)
        replayed = recordings.get(spec.model.recording_id or "")
        edits: dict[int, Mapping[str, str]] = {} if replayed is None else {**replayed.edits}
        if spec.starting_hints:
            first = spec.kept_attempts
            edits[first] = {**edits.get(first, {}), **spec.starting_hints}
        self.stepper = Stepper(stepwise=stepwise, edits=edits)
        self.adviser = connect_role("adviser", spec.adviser) if spec.hint_source == "adviser" else None
        self.program = Pipeline(spec)
        self.program.set_lm(lm)
        self.scorer = WorkerScorer(spec, connect_role("judge", spec.judge), pool)
        self.before_record: tuple[Sink, ...] = (ReplayGuard(by_purpose),) if by_purpose else ()
        self.after_record: tuple[Sink, ...] = (_KeyGuard(),) if self.resumes else ()
        if not isinstance(start, RunStarted):
            start = describe_start(spec, typed_key_roles, len(self.kept))
        self.start = start
        self.plan = Plan.of_run(start)
        if self.anyway:
            self.plan = replace(self.plan, stop_on_repeating_error=False)

    def first_event(self) -> RunStarted | RunResumed:
        """RunStarted, or RunResumed for a run that was interrupted."""
        if self.resumes and self.resume_state is not None:
            return RunResumed(self.resume_state.next_index, anyway=self.anyway)
        return self.start

    def make_driver(self, scope: Scope) -> Driver:
        """The driver of this run."""
        return Driver(
            self.program,
            self.scorer,
            self.plan,
            convert_inputs(self.spec),
            scope,
            self.adviser,
            resume_state=self.resume_state,
            advice_style=AdviceStyle(self.spec.advice_instructions, self.spec.advice_form),
            stepper=self.stepper,
        )

    def run(self, scope: Scope) -> RunFinished:
        """Do the run, and return its last event. Raises RecordingFailed."""
        start = time.perf_counter()
        worked_s = 0.0 if self.resume_state is None else self.resume_state.worked_s
        driver = self.make_driver(scope)

        def finish(
            reason: StopReason, best: int | None, returned: int | None, error: BaseException | None
        ) -> RunFinished:
            fault = Fault.of(error) if error is not None else None
            took_s = worked_s + time.perf_counter() - start - self.stepper.paused_s
            return RunFinished(reason, best, returned, took_s, fault)

        try:
            self.scorer.start()
            result = driver.run()
        except RunCancelled:
            return finish("cancelled", driver.best, None, None)
        except BudgetUsedUp as spent:
            return finish("budget_used_up", driver.best, driver.best, spent)
        except RecordingEnded as ended:
            return finish("recording_ended", driver.best, driver.best, ended)
        except Exception as error:
            logger.exception("the run stopped by an error")
            return finish("error", driver.best, None, error)
        how = result.refinement
        return finish(how.reason, how.best, how.returned, result.error)

    def clock(self) -> float:
        """Seconds, by which the recorder dates events."""
        return time.monotonic()

    def close(self) -> None:
        """End the reward's worker."""
        self.scorer.close()


def describe_start(spec: ProgramSpec, typed_key_roles: tuple[str, ...], kept_events: int) -> RunStarted:
    """The first event of a run of `spec`."""
    names = tuple(name for name, _ in Pipeline(spec).named_predictors())
    own_temperature = spec.model.temperature or 0.0
    temperatures = list_temperatures(spec.temperature_schedule, own_temperature, spec.attempt_count)
    return RunStarted(spec, temperatures, names, __version__, typed_key_roles, kept_events=kept_events)


class _KeyGuard:
    """A sink of a resumed run: a mistyped key must not use up the attempts that are left. Raises KeyRefused."""

    def accept(self, _: Span, event: Event) -> None:
        if isinstance(event, LMFailed) and event.error.type == LMKeyError.__name__:
            raise KeyRefused(event.error.message)


def require_same_key(model: ModelSpec, has_key: bool) -> None:
    """Raise LMKeyError if a run that had a typed key would resume without one, and fail at each attempt."""
    if not has_key and environment_key(model.key_env) is None:
        raise LMKeyError(
            f"the run was started with a key entered for {model.label}, which is no longer in memory; enter it again.",
            model=model.model,
        )
