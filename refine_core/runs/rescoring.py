"""Recorded outputs scored again with another reward or other validators, in the sandboxed worker. Nothing is recorded.

    Rescorer.score(timeline, spec) -> Rescored(ends: index -> RewardScored | AttemptFailed, …)

No model is asked unless `ask_judge` says so: a reward that wants its judge leaves the attempt without a score, and `estimate` says
what asking would take. Answers of the judge are kept by what it was asked, and results by reward and run.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from refine_core.errors import RewardError
from refine_core.events import AttemptFailed, Fault, RewardScored
from refine_core.log.timeline import Timeline
from refine_core.refine.build import (
    Pipeline,
    convert_inputs,
    list_program_inputs,
    list_reward_fields,
    mark_repeating,
    worker_key,
)
from refine_core.refine.resuming import restore_outputs
from refine_core.refine.reward_calls import make_reward_runner
from refine_core.rewards import Judge, RewardRunner, RowRunner
from refine_core.rewards.judge_calls import max_judge_calls, may_ask_judge
from refine_core.rewards.pool import RunnerPool, lend
from refine_core.rewards.row_runner import RowResult
from refine_core.rewards.shapes import Recognized
from refine_core.rows import attempt_index, rows_of_run
from refine_core.runs.judge_memory import JudgeCounts, JudgeMemory
from refine_core.runs.judges import JudgeEstimate, estimate_cost, judge_of_run
from refine_core.spec import ProgramSpec
from refine_core.spec.foreign_models import ForeignModel
from refine_core.spec.rules import read_rule
from refine_core.what_if import End, end_of, score_end

MAX_RESULTS = 64
OnProgress = Callable[[int, int], None]
"""Called with how many attempts have been scored, and how many there are."""

ListForeign = Callable[[str, ProgramSpec], tuple[ForeignModel, ...]]
"""The models of a description that a person has to agree to, if the run of that id was imported."""

_RECORDED = "recorded_reward_"
_PASS = f"\n\ndef {_RECORDED}(args, pred):\n    return 0.0\n"


@dataclass(frozen=True, slots=True)
class Rescored:
    """The new scores. ends: index of an attempt -> how it ends now; without those that wait for the judge.

    judge_calls: requests to a model that this took. estimate: what it would take to score those that wait; None if none does.
    took_s: seconds. left_out: outputs that were not scored within the time that was given.
    """

    ends: Mapping[int, End]
    judge_calls: int = 0
    estimate: JudgeEstimate | None = None
    took_s: float = 0.0
    left_out: int = 0


def no_foreign(_run_id: str, _spec: ProgramSpec) -> tuple[ForeignModel, ...]:
    """Where no run is imported."""
    return ()


@dataclass(slots=True)
class Rescorer:
    """Scores recorded outputs again. Safe to use from any thread.

    judge_memory: what judges have answered. list_foreign: whose judge is not asked, as it came in a file.
    """

    judge_memory: JudgeMemory
    list_foreign: ListForeign = no_foreign
    _results: OrderedDict[object, tuple[int, Rescored]] = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def score(
        self,
        timeline: Timeline,
        spec: ProgramSpec,
        *,
        recognized: Recognized | None = None,
        ask_judge: bool = False,
        keys: Mapping[str, str] | None = None,
        limit_s: float | None = None,
        on_progress: OnProgress | None = None,
        pool: RunnerPool | None = None,
    ) -> Rescored:
        """Every recorded output under the reward and the validators of `spec`.

        Where only the validators differ, recorded scores stay. recognized: how the functions of the spec's reward are called, where
        that is not reward(inputs, prediction). ask_judge: a person allowed requests to the judge. keys: role -> key typed by a
        person. limit_s: about how many seconds it may take in all; outputs beyond that are left out. pool: where workers come from, and go
        back to, for whoever scores many runs.
        Raises RewardError for a source without a reward or a check that cannot be read, and for a run that was shared without
        some of its values; WorkerError; with ask_judge, LMKeyError.
        """
        recorded = timeline.spec
        same_reward = _called(spec) == _called(recorded)
        if same_reward and spec.validators == recorded.validators:
            return Rescored({a.index: end for a in timeline.attempts if (end := end_of(a)) is not None})
        if any(one != "prompts" for one in timeline.left_out):
            what = ", ".join(timeline.left_out)
            raise RewardError(
                f"this run was shared without some of its values ({what}), so its outputs cannot be scored again",
                type_name="LeftOut",
            )
        plan = None if recognized is None else repr(recognized.to_plan())
        key = (timeline.run_id, timeline.seq, *_called(spec), spec.validators, plan)
        version = self.judge_memory.version
        known = self._get(key)
        if known is not None and (known[1].estimate is None or (known[0] == version and not ask_judge)):
            return known[1]
        counts, asked = JudgeCounts(), judge_of_run(spec, keys)
        if ask_judge:
            asked = asked.unless_foreign(self.list_foreign(timeline.run_id, spec))
        judge = (
            self.judge_memory.answering(asked.connect(), asked.name, counts)
            if ask_judge
            else self.judge_memory.recalling(asked.name, counts)
        )
        work = _Rescoring(timeline, spec, judge, counts, on_progress, limit_s, pool)
        result = work.run(recognized, keeps_scores=same_reward)
        if not result.left_out:
            self._put(key, version, result)
        return result

    def score_as_recorded(self, timeline: Timeline) -> Rescored:
        """Every output of `timeline` under the recorded reward and validators, whether or not it was scored. No model is asked.

        Raises RewardError, WorkerError.
        """
        counts = JudgeCounts()
        judge = self.judge_memory.recalling(judge_of_run(timeline.spec).name, counts)
        return _Rescoring(timeline, timeline.spec, judge, counts, None).run(None, keeps_scores=False)

    def _get(self, key: object) -> tuple[int, Rescored] | None:
        with self._lock:
            return self._results.get(key)

    def _put(self, key: object, version: int, result: Rescored) -> None:
        """version: of the judge's memory before; what waits for the judge is looked at again once there are new answers."""
        with self._lock:
            self._results[key] = (version, result)
            self._results.move_to_end(key)
            while len(self._results) > MAX_RESULTS:
                self._results.popitem(last=False)


@dataclass(slots=True)
class _Rescoring:
    """One scoring of all outputs of a run."""

    timeline: Timeline
    spec: ProgramSpec
    judge: Judge
    counts: JudgeCounts
    on_progress: OnProgress | None
    limit_s: float | None = None
    pool: RunnerPool | None = None

    @property
    def timeout_s(self) -> float:
        """For one score."""
        own = self.spec.reward_timeout_s
        return own if self.limit_s is None else min(own, self.limit_s)

    def run(self, recognized: Recognized | None, *, keeps_scores: bool) -> Rescored:
        """keeps_scores: the reward is the recorded one, and only validators differ."""
        start = time.perf_counter()
        program, inputs = Pipeline(self.timeline.spec), convert_inputs(self.spec)
        attempts = [a for a in self.timeline.attempts if a.outputs is not None]
        ends: dict[int, End] = {}
        waiting = left_out = 0
        other = {} if recognized is None else self._score_rows(recognized)
        with self._runner(whole=True) as score, self._runner(whole=False) as check:
            for done, attempt in enumerate(attempts, 1):
                outputs = restore_outputs(program, attempt.outputs or {})
                keep: RewardScored | None = attempt.score if keeps_scores else None
                missing = self.counts.missing
                end: End | None = None
                if recognized is not None:
                    end = other.get(attempt.index)
                    keep = end if isinstance(end, RewardScored) and self.spec.validators else None
                if end is None or keep is not None:
                    end = (check if keep is not None else score)(attempt.index, inputs, outputs)
                if self._ran_out(end, start):
                    left_out = len(attempts) - done + 1
                    break
                if self.counts.missing > missing:
                    waiting += 1  # whatever it returned, it is not what it returns with an answer
                elif keep is not None and isinstance(end, RewardScored):
                    ends[attempt.index] = replace(keep, unmet=end.unmet)
                else:
                    ends[attempt.index] = end
                if self.on_progress is not None:
                    self.on_progress(done, len(attempts))
        estimate = estimate_judge(self.timeline, self.spec, waiting) if waiting else None
        return Rescored(ends, self.counts.calls, estimate, time.perf_counter() - start, left_out)

    def _ran_out(self, end: End, start: float) -> bool:
        """Whether there is no time left, not even for this score."""
        if self.limit_s is None:
            return False
        cut = (
            isinstance(end, AttemptFailed)
            and end.error.type == "Timeout"
            and self.timeout_s < self.spec.reward_timeout_s
        )
        return cut or time.perf_counter() - start > self.limit_s

    def _score_rows(self, recognized: Recognized) -> dict[int, End]:
        """The ends under a reward of another shape, whose functions are called with rows: one at a time, in batches or groups."""
        rows = rows_of_run(self.timeline)
        with RowRunner(recognized, rows, timeout_s=self.timeout_s, judge=self.judge) as runner:
            results = runner.score().results
        return {
            index: _to_end(index, result)
            for index, result in zip(map(attempt_index, rows), results, strict=True)
        }

    @contextmanager
    def _runner(
        self, *, whole: bool
    ) -> Iterator[Callable[[int, Mapping[str, object], Mapping[str, object]], End]]:
        """A worker that scores one output. whole: with the reward; else the validators alone, which may use names of its source."""
        spec, fields = self.spec, list_reward_fields(self.spec)
        messages = {one.name: one.message for one in spec.validators}
        rules = [read_rule(one.name, one.check) for one in spec.validators]
        called = replace(spec, reward_timeout_s=self.timeout_s)
        if not whole:
            called = replace(called, reward=spec.reward + _PASS, reward_name=_RECORDED, reward_shape="refine")
        inputs = list_program_inputs(spec)

        def make() -> RewardRunner:
            return make_reward_runner(called, inputs, judge=self.judge, rules=rules)

        with lend(self.pool, worker_key(called, inputs), make, self.judge) as runner:

            def score(index: int, inputs: Mapping[str, object], outputs: Mapping[str, object]) -> End:
                try:
                    made = runner.score(inputs, outputs)
                except RewardError as error:
                    if spec.reward_shape == "refine":
                        mark_repeating(error, spec.reward, spec.reward_name, inputs, fields)
                    return AttemptFailed(index, "reward", Fault.of(error))
                unmet = {name: messages[name] for name in made.unmet}
                return RewardScored(
                    index,
                    made.value,
                    made.took_s,
                    made.parts,
                    made.feedback,
                    made.stdout,
                    unmet,
                    made.refusals,
                )

            yield score


def _to_end(index: int, result: RowResult) -> End:
    error = None if result.error is None else Fault.of(result.error)
    return score_end(
        index, result.value, error, parts=result.parts, feedback=result.feedback, stdout=result.stdout
    )


def _called(spec: ProgramSpec) -> tuple[object, ...]:
    """All that says what the reward of `spec` returns."""
    return spec.reward, spec.reward_name, spec.reward_shape, tuple(spec.reward_arguments.items())


def estimate_judge(timeline: Timeline, spec: ProgramSpec, attempts: int) -> JudgeEstimate | None:
    """What it takes to score so many outputs with the reward of `spec`; None if it names no judge.

    Raises RewardError for a source without a reward.
    """
    if not may_ask_judge(spec.reward) and not any(may_ask_judge(one.check) for one in spec.validators):
        return None
    calls = attempts * max(1, max_judge_calls(spec.reward, spec.reward_name))
    return estimate_cost(calls, judge_of_run(spec).model, [timeline])
