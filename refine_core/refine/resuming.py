"""The state of a run that was interrupted or cancelled, read back from its log.

    records of the run --ResumeState.of--> facts of its complete attempts, spans in use, time worked
                       --restore-->        the driver's Progress

The attempt that was under way is run again, under a span of its own; advice that was being asked for is asked for again.
Inputs and outputs are read back from the log: values are given their types by the signatures of the program. The fold of the same log drops the same attempt: RunResumed in
refine_core.loop.evolve and refine_core.log.folds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

from refine_core.errors import AttemptError
from refine_core.events import (
    AttemptFailed,
    AttemptStarted,
    Event,
    ModuleStarted,
    PauseEnded,
    PredictorTraced,
    RewardComputed,
    RewardScored,
    RewardStarted,
    RunPaused,
    RunResumed,
    RunStarted,
)
from refine_core.log.folds import LOOP_EVENTS
from refine_core.log.scope import Record, Scope
from refine_core.log.span import ChildSpans, Span
from refine_core.loop import Loop
from refine_core.modules import Module, Prediction
from refine_core.modules.attempt_context import Trace
from refine_core.refine.progress import AttemptArtifacts, Progress
from refine_core.refine.temperatures import ProgramModels
from refine_core.signatures.fields import Field
from refine_core.signatures.types import validate


@dataclass(frozen=True, slots=True)
class ResumeState:
    """What a run did before it was interrupted or cancelled; of a branch that begins, what it keeps of its parent.

    facts: the loop's own events, without those of the attempt that was cut off. spans: index of a complete attempt
    -> its span. used: every span in the log. worked_s: seconds that the run has worked so far.
    """

    records: Sequence[Record]
    facts: tuple[Event, ...]
    spans: Mapping[int, Span]
    used: frozenset[Span]
    worked_s: float

    @classmethod
    def of(cls, records: Sequence[Record]) -> ResumeState:
        """records: the run's log, from its first event."""
        own = [r for r in records if isinstance(r.event, LOOP_EVENTS) and not r.span.is_nested]
        ended = {
            r.event.index: r.span
            for r in own
            if isinstance(r.event, RewardScored | RewardComputed | AttemptFailed)
        }  # an attempt may have been begun several times; the last one ended
        facts = tuple(
            r.event
            for r in own
            if not isinstance(r.event, AttemptStarted | RewardStarted) or ended.get(r.event.index) == r.span
        )
        return cls(records, facts, ended, _used_spans(records), _worked_s(records))

    @property
    def next_index(self) -> int:
        """Index of the attempt that comes next."""
        return len(self.spans)

    def restore(self, program: Module, models: ProgramModels, scope: Scope) -> Progress:
        """Where the driver was: its loop and facts, and what its best and its last attempt left behind."""
        progress = Progress(Loop(models.plan), errors=self.errors())
        for index, span in self.spans.items():
            progress.scopes[index] = replace(scope, span=span, children=ChildSpans(self.used))
        last: int | None = None
        for fact in self.facts:
            progress.add(fact)
            if isinstance(fact, AttemptStarted):
                progress.starts[fact.index] = fact
            elif isinstance(fact, RewardScored):
                last = fact.index
                progress.keep_best_and(last)
        for fact in self.facts:
            if isinstance(fact, RewardScored) and fact.index in (last, progress.best):
                index, own = fact.index, program.deepcopy()
                trace = self.trace(index, own)
                predictors = models.equip(own, progress.starts[index], progress.scopes[index], trace)
                outputs = self.outputs(index, own)
                progress.artifacts[index] = AttemptArtifacts(own, predictors, trace, outputs, fact)
        return progress

    def errors(self) -> dict[int, Exception]:
        """Index of a failed attempt -> its error, as it was recorded."""
        return {
            fact.index: AttemptError(fact.error.message, fault=fact.error)
            for fact in self.facts
            if isinstance(fact, AttemptFailed)
        }

    def outputs(self, index: int, program: Module) -> Prediction:
        """What the program returned in that attempt, with the types that its predictors name."""
        scored = [f for f in self.facts if isinstance(f, RewardStarted) and f.index == index]
        return restore_outputs(program, scored[-1].outputs if scored else {})

    def trace(self, index: int, program: Module) -> Trace:
        """What the predictors of `program`, the attempt's own copy, did in that attempt, in order."""
        attempt = self.spans[index]
        predictors = dict(program.named_predictors())
        starts: dict[Span, ModuleStarted] = {}
        trace: Trace = []
        for record in self.records:
            if not record.span.is_in(attempt):
                continue
            if isinstance(record.event, ModuleStarted):
                starts[record.span] = record.event
            elif isinstance(record.event, PredictorTraced) and record.event.name in predictors:
                predictor, start = predictors[record.event.name], starts.get(record.span)
                if start is not None:
                    fields = predictor.signature.fields
                    outputs = Prediction(_to_types(fields, record.event.outputs))
                    trace.append((predictor, _to_types(fields, start.inputs), outputs))
        return trace


def restore_outputs(program: Module, outputs: Mapping[str, object]) -> Prediction:
    """Recorded outputs with the types that the program's predictors name; as recorded where one does not fit."""
    fields: dict[str, Field] = {}
    for predictor in program.predictors():
        fields |= predictor.signature.output_fields
    return Prediction(_to_types(fields, outputs))


def was_paused(records: Sequence[Record]) -> bool:
    """Whether a run waited for a person when it was last worked at, so that it waits again when it is resumed."""
    paused = False
    for record in records:
        if isinstance(record.event, RunPaused):
            paused = True
        elif isinstance(record.event, PauseEnded | RunResumed):
            paused = False
    return paused


def was_continued_anyway(records: Sequence[Record]) -> bool:
    """Whether a run went on in spite of an error of its reward that was bound to repeat."""
    return any(isinstance(r.event, RunResumed) and r.event.anyway for r in records)


def _to_types(fields: Mapping[str, Field], values: Mapping[str, object]) -> dict[str, Any]:
    """Recorded values as the types of their fields; as recorded where one does not fit, or there is no such field."""
    typed: dict[str, Any] = {}
    for name, value in values.items():
        try:
            typed[name] = validate(fields[name], value) if name in fields else value
        except ValueError:
            typed[name] = value
    return typed


def _used_spans(records: Sequence[Record]) -> frozenset[Span]:
    """Every span in use, and those around it."""
    return frozenset(span for record in records for span in record.span.outward)


def _worked_s(records: Sequence[Record]) -> float:
    """Seconds that the run worked: between its records, but while nobody worked at it, and while it waited for a person."""
    worked, paused = 0.0, False
    start = records[0].event
    kept = start.kept_events if isinstance(start, RunStarted) else len(records)
    for before, record in pairwise(records[kept:]):
        if isinstance(before.event, RunPaused):
            paused = True
        elif isinstance(before.event, PauseEnded | RunResumed):
            paused = False
        if not paused and not isinstance(record.event, RunResumed):
            worked += max(0.0, record.at - before.at)
    return worked
