"""The log folded into a row of the history, one record at a time.

    summary + record --summarize--> Summary

It is kept beside the log, so that a list of runs needs none of their logs.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from refine_core import events as ev
from refine_core.log.folds import LOOP_EVENTS
from refine_core.log.scope import Record
from refine_core.log.spending import Spending, spend
from refine_core.loop import Loop, Plan, evolve
from refine_core.spec import ProgramSpec

_ANY_PLAN = Plan((0.0,), None, 0)  # which of several attempts is the best does not depend on the plan


@dataclass(frozen=True, slots=True)
class Summary:
    """A run as one row. reason: None until it finished. rewards: one an attempt, None where it failed or runs.

    best_unmet: whether the best of them failed a validator; then so did all.
    spent: what its replies cost, by time and model; None for a run recorded before that was kept. paused: whether it waits, or
    waited when it was interrupted, for a person before its next step. parent: the run that it was edited or branched from, or replays.
    fork_attempt: of a branch, its first own attempt, from 1. kept_events: how many events after the first are its parent's, which are
    counted neither in `calls` nor in `spent`. change: what was changed since the parent, in a few words.
    """

    title: str
    strategy: str
    model: str
    N: int
    threshold: float | None
    started_at: float
    reason: ev.StopReason | None = None
    ended_at: float | None = None
    rewards: tuple[float | None, ...] = ()
    failed: int = 0
    best: int | None = None
    calls: int = 0
    events: int = 0
    example: str | None = None
    best_unmet: bool = False
    spent: tuple[Spending, ...] | None = None
    paused: bool = False
    parent: str | None = None
    fork_attempt: int | None = None
    kept_events: int = 0
    change: str = ""

    @property
    def best_reward(self) -> float | None:
        return None if self.best is None else self.rewards[self.best]


def title_of(spec: ProgramSpec) -> str:
    """What a run is called: its title, else its signatures in a row."""
    return spec.title or " → ".join(stage.signature for stage in spec.stages)


def summarize(summary: Summary | None, record: Record) -> Summary | None:
    """The row after one more record; None before RunStarted."""
    match record.event:
        case ev.RunStarted(spec=spec, kept_events=kept):
            first = Summary(
                title_of(spec),
                spec.strategy,
                spec.model.label,
                spec.N,
                spec.threshold,
                record.at,
                example=spec.example,
                parent=spec.parent,
                fork_attempt=spec.fork_attempt,
                kept_events=kept,
                change=spec.change,
            )
            return replace(first, events=record.seq, spent=())
        case _ if summary is None:
            return None
        case event if isinstance(event, LOOP_EVENTS) and record.span.is_nested:
            return replace(summary, events=record.seq)
        case ev.AttemptStarted(index=i):
            rewards = (*summary.rewards, *([None] * (i + 1 - len(summary.rewards))))
            return replace(summary, rewards=rewards, events=record.seq)
        case ev.RewardScored(index=i, value=value) | ev.RewardComputed(index=i, value=value):
            rewards = (*summary.rewards[:i], value, *summary.rewards[i + 1 :])
            loop = evolve(_loop_with_best(summary), record.event)
            return replace(
                summary,
                rewards=rewards,
                best=loop.best,
                best_unmet=loop.best in loop.unmet,
                events=record.seq,
            )
        case ev.AttemptFailed():
            return replace(summary, failed=summary.failed + 1, events=record.seq)
        case ev.LMRequested() | ev.LMReplied() | ev.LMRetried() | ev.LMFailed():
            return _count_call(summary, record)
        case ev.RunResumed():
            return replace(summary, reason=None, ended_at=None, events=record.seq, paused=False)
        case ev.RunFinished(reason=reason):
            return replace(summary, reason=reason, ended_at=record.at, events=record.seq, paused=False)
        case ev.RunPaused() | ev.PauseEnded() as event:
            return replace(summary, paused=isinstance(event, ev.RunPaused), events=record.seq)
        case _:
            return replace(summary, events=record.seq)


def _count_call(summary: Summary, record: Record) -> Summary:
    """After one more request or answer. Those that a branch keeps of its parent count as none."""
    seq = record.seq
    if seq <= summary.kept_events + 1:
        return replace(summary, events=seq)
    if isinstance(record.event, ev.LMRequested):
        return replace(summary, calls=summary.calls + 1, events=seq)
    if summary.spent is None:
        return replace(summary, events=seq)
    return replace(summary, spent=spend(summary.spent, record.event, record.at), events=seq)


def _loop_with_best(summary: Summary) -> Loop:
    """A loop with only the best attempt so far: no other of those before can become the best."""
    if summary.best is None or summary.best_reward is None:
        return Loop(_ANY_PLAN)
    unmet = frozenset({summary.best} if summary.best_unmet else ())
    return Loop(_ANY_PLAN, {summary.best: summary.best_reward}, unmet)
