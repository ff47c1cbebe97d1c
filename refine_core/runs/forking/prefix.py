"""The events that a branch keeps of its parent: equal to the parent's, but for the run's id, their numbers and their times.

    parent's records --keep_prefix--> KeptEvent, in order --to_records--> the branch's own records, after its first

Kept are the attempts that ended, each as it ended at last, with their advice. What was cut off and done again, pauses, and what
came later are left out; a reward that was computed afterwards stands where the reward was asked. Where outputs were scored again, the new scores stand in place of the old ones.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from refine_core.events import (
    AdviceFailed,
    AdviceGiven,
    AttemptFailed,
    Event,
    HintsEdited,
    ModuleStarted,
    PauseEnded,
    RewardComputed,
    RewardScored,
    RewardStarted,
    RunPaused,
    RunResumed,
)
from refine_core.log.scope import Record
from refine_core.log.span import Span
from refine_core.refine.resuming import ResumeState
from refine_core.what_if.results import End


@dataclass(frozen=True, slots=True)
class KeptEvent:
    """An event of the parent's. before_s: how long before the end of what is kept it was, pauses and interruptions not counted."""

    before_s: float
    span: Span
    event: Event


def keep_prefix(
    records: Sequence[Record], count: int, *, advice: bool, ends: Mapping[int, End] | None = None
) -> tuple[KeptEvent, ...]:
    """What a branch keeps of its parent's log.

    count: attempts, all of which ended. advice: whether the advice after the last of them is kept too, and what a person wrote then.
    ends: index -> new score, where the outputs were scored again.
    """
    if not count:
        return tuple(
            KeptEvent(0.0, r.span, r.event)
            for r in records
            if advice and isinstance(r.event, HintsEdited) and r.event.index == 0 and not r.span.is_nested
        )
    attempts = {span: i for i, span in ResumeState.of(records).spans.items() if i < count}
    modules = {r.span for r in records if isinstance(r.event, ModuleStarted)}
    advised = {r.span for r in records if isinstance(r.event, AdviceGiven | AdviceFailed)}
    computed = {r.span: r.event.score for r in records if isinstance(r.event, RewardComputed)}
    kept: list[tuple[float, Span, Event]] = []
    for worked_s, record in _with_clock(records):
        event, span = record.event, record.span
        if isinstance(event, HintsEdited) and not span.is_nested:
            if event.index < count or (event.index == count and advice):
                kept.append((worked_s, span, event))
            continue
        root, child = _outermost(span)
        index = attempts.get(root) if root is not None else None
        if index is None or isinstance(event, RewardComputed):
            continue
        asks = child is not None and child.kind == "advice" and child not in modules
        if asks and (child not in advised or (index == count - 1 and not advice)):
            continue
        rescored = ends is not None and index in ends
        if rescored and child is not None and child.kind == "reward" and child not in modules:
            continue  # the judge's answers belong to the old score
        if isinstance(event, RewardScored | AttemptFailed) and span == root and rescored and ends is not None:
            event = replace(ends[index], rescored=True)
        kept.append((worked_s, span, event))
        if isinstance(event, RewardStarted) and span in computed and index is not None:
            kept.append((worked_s, span, ends[index] if rescored and ends is not None else computed[span]))
    end_s = max((worked_s for worked_s, *_ in kept), default=0.0)
    return tuple(KeptEvent(end_s - worked_s, span, event) for worked_s, span, event in kept)


def to_records(kept: Iterable[KeptEvent], run_id: str, at: float) -> tuple[Record, ...]:
    """The kept events as records of the branch. at: when the branch began, in seconds since 1970."""
    return tuple(
        Record(run_id, seq, at - one.before_s, one.span, one.event) for seq, one in enumerate(kept, 2)
    )


def _with_clock(records: Sequence[Record]) -> Iterable[tuple[float, Record]]:
    """Each record with the seconds that the run had worked by then."""
    worked_s, before, stands = 0.0, records[0].at if records else 0.0, False
    for record in records:
        if not stands and not isinstance(record.event, RunResumed):
            worked_s += max(0.0, record.at - before)
        before = record.at
        if isinstance(record.event, RunPaused):
            stands = True
        elif isinstance(record.event, PauseEnded | RunResumed):
            stands = False
        yield worked_s, record


def _outermost(span: Span) -> tuple[Span | None, Span | None]:
    """The attempt of the run itself in which something happened, and what it lies in there; None for neither."""
    root = child = None
    inner: Span | None = None
    for one in span.outward:
        if one.index is not None:
            root, child = one, inner
        inner = one
    return root, child
