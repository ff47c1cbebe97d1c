"""What is shown of a refinement or a run: a timeline, the sentences about it, and what it took.

A Refinement knows its loop's own events and what each attempt returned, and no call of a model: nothing may have recorded it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from refine_core.events import (
    AdviceFailed,
    AdviceGiven,
    AttemptFailed,
    AttemptStarted,
    Event,
    RewardScored,
    RewardStarted,
    RunFinished,
    RunStarted,
)
from refine_core.formatting import format_duration, pluralize
from refine_core.jsonable import to_jsonable
from refine_core.log.folds import timeline
from refine_core.log.scope import Record
from refine_core.log.span import RUN, Span
from refine_core.log.timeline import Timeline
from refine_core.refine.result import Refinement
from refine_core.runs.run import Run
from refine_core.spec import ModelSpec, ProgramSpec, StageSpec
from refine_core.stop_summary import stop_sentences


@dataclass(frozen=True, slots=True)
class Shown:
    """timeline: what is drawn. sentences: why it stopped, the headline first. usage: what it took, in words. live: whether more may come."""

    timeline: Timeline
    sentences: tuple[str, ...]
    usage: str
    live: bool = False


def show(value: Refinement | Run) -> Shown | None:
    """What is shown of it; None for a refinement that an older version pickled."""
    if isinstance(value, Run):
        return Shown(value.timeline, value.stop_sentences, value.usage_summary, value.live)
    run = _as_timeline(value)
    return None if run is None else Shown(run, stop_sentences(run), _usage(value, run))


def _usage(refinement: Refinement, run: Timeline) -> str:
    parts = [pluralize(len(run.attempts), "attempt")]
    if run.spec.hint_source == "adviser":
        advised = sum(attempt.advice is not None for attempt in run.attempts)
        parts.append(pluralize(advised, "request for advice", "requests for advice"))
    if refinement.took_s is not None:
        parts.append(format_duration(refinement.took_s))
    return ", ".join(parts)


def _as_timeline(refinement: Refinement) -> Timeline | None:
    """The refinement as a run of which the log tells no more than this."""
    plan = refinement.plan
    if plan is None:
        return None
    spec = ProgramSpec(
        stages=tuple(StageSpec(name, "") for name in refinement.predictors),
        reward="",
        strategy="best_of_n" if plan.hints == "none" else "refine",
        N=len(plan.temperatures),
        threshold=plan.threshold,
        fail_count=plan.fail_count,
        model=ModelSpec(kind="litellm"),
        hints=plan.hints,
        schedule=plan.schedule,
    )
    started = RunStarted(spec, plan.temperatures, refinement.predictors, "")
    finished = RunFinished(refinement.reason, refinement.best, refinement.returned, refinement.took_s or 0.0)
    facts = [(RUN, started), *_facts(refinement), (RUN, finished)]
    return timeline(Record("", seq, 0.0, span, fact) for seq, (span, fact) in enumerate(facts, 1))


def _facts(refinement: Refinement) -> Iterator[tuple[Span, Event]]:
    """Its events, each where it happened; what an attempt returned stands before its score."""
    outputs = refinement.outputs or {}
    for fact in refinement.facts:
        if isinstance(fact, AttemptStarted):
            yield Span("attempt", fact.index, RUN), fact
        elif isinstance(fact, RewardScored | AttemptFailed):
            span = Span("attempt", fact.index, RUN)
            if fact.index in outputs:
                shown = to_jsonable(dict(outputs[fact.index]))
                yield span, RewardStarted(fact.index, shown)
            yield span, fact
        elif isinstance(fact, AdviceGiven | AdviceFailed):
            yield Span("advice", None, Span("attempt", fact.after, RUN)), fact
        else:
            yield RUN, fact
