"""An interrupted run, as the driver would have left it: its loop, and what its attempts left behind.

    records of the run --Interrupted.of--> facts of its complete attempts, places in use, time worked

The attempt that was under way is made anew, under a place of its own; advice that was being asked for is asked for again.
What an attempt made is read back from the log: values are given their types by the signatures of the program.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from refine_core.errors import AttemptError
from refine_core.events import (
    AttemptFailed,
    AttemptStarted,
    Event,
    ModuleStarted,
    PredictorTraced,
    RewardScored,
    RewardStarted,
    RunResumed,
)
from refine_core.log.folds import LOOP
from refine_core.log.scope import Record, nested
from refine_core.modules import Module, Prediction
from refine_core.modules.predict import Trace
from refine_core.signatures.fields import Field
from refine_core.signatures.types import validate


@dataclass(frozen=True, slots=True)
class ResumeState:
    """What a run did before it was interrupted.

    facts: the loop's own events, without those of the attempt that was cut off. places: index of a complete attempt ->
    the path of its span. taken: every path in use. worked_s: seconds that the run has worked so far.
    """

    records: Sequence[Record]
    facts: tuple[Event, ...]
    places: Mapping[int, str]
    taken: frozenset[str]
    worked_s: float

    @classmethod
    def of(cls, records: Sequence[Record]) -> ResumeState:
        """records: the run's log, from its first event."""
        own = [r for r in records if isinstance(r.event, LOOP) and not nested(r.span)]
        ended = {
            r.event.index: r.span for r in own if isinstance(r.event, RewardScored | AttemptFailed)
        }  # an attempt may have been begun several times; the last one ended
        facts = tuple(
            r.event
            for r in own
            if not isinstance(r.event, AttemptStarted | RewardStarted) or ended.get(r.event.index) == r.span
        )
        return cls(records, facts, ended, _paths(records), _worked_s(records))

    @property
    def next_index(self) -> int:
        """Index of the attempt that will be made next."""
        return len(self.places)

    def errors(self) -> dict[int, Exception]:
        """Index of a failed attempt -> its error, as it was recorded."""
        return {
            fact.index: AttemptError(fact.error.message, fault=fact.error)
            for fact in self.facts
            if isinstance(fact, AttemptFailed)
        }

    def outputs(self, index: int, program: Module) -> Prediction:
        """What the program returned in that attempt, with the types that its predictors name."""
        found = [f for f in self.facts if isinstance(f, RewardStarted) and f.index == index]
        fields: dict[str, Field] = {}
        for predictor in program.predictors():
            fields |= predictor.signature.output_fields
        return Prediction(_typed(fields, found[-1].outputs) if found else {})

    def trace(self, index: int, program: Module) -> Trace:
        """What the predictors of `program`, the attempt's own copy, did in that attempt, in order."""
        place = self.places[index]
        predictors = dict(program.named_predictors())
        given: dict[str, ModuleStarted] = {}
        trace: Trace = []
        for record in self.records:
            if not (record.span == place or record.span.startswith(f"{place}/")):
                continue
            if isinstance(record.event, ModuleStarted):
                given[record.span] = record.event
            elif isinstance(record.event, PredictorTraced) and record.event.name in predictors:
                who, began = predictors[record.event.name], given.get(record.span)
                if began is not None:
                    fields = who.signature.fields
                    made = Prediction(_typed(fields, record.event.outputs))
                    trace.append((who, _typed(fields, began.inputs), made))
        return trace


def continued_anyway(records: Sequence[Record]) -> bool:
    """Whether a run went on in spite of an error of its reward that was bound to repeat."""
    return any(isinstance(r.event, RunResumed) and r.event.anyway for r in records)


def _typed(fields: Mapping[str, Field], values: Mapping[str, object]) -> dict[str, Any]:
    """Recorded values as the types of their fields; as recorded where one does not fit, or there is no such field."""
    typed: dict[str, Any] = {}
    for name, value in values.items():
        try:
            typed[name] = validate(fields[name], value) if name in fields else value
        except ValueError:
            typed[name] = value
    return typed


def _paths(records: Sequence[Record]) -> frozenset[str]:
    """Every place in use, and those around it."""
    found: set[str] = set()
    for span in {record.span for record in records}:
        parts = span.split("/")
        found |= {"/".join(parts[: i + 1]) for i in range(len(parts))}
    return frozenset(found - {""})


def _worked_s(records: Sequence[Record]) -> float:
    """Seconds between the first and the last record of every stretch of work."""
    worked, began = 0.0, records[0].at
    for before, record in pairwise(records):
        if isinstance(record.event, RunResumed):
            worked += max(0.0, before.at - began)
            began = record.at
    return worked + max(0.0, records[-1].at - began)
