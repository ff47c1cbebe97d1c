"""What a branch will be, before anything is asked: what it keeps, where it begins and why there, what it takes at most."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from refine_core.errors import Problem, SpecError
from refine_core.events import RunStarted
from refine_core.formatting import format_duration, format_estimate, pluralize
from refine_core.hints import hint_for
from refine_core.log.folds import LOOP_EVENTS
from refine_core.log.scope import Record
from refine_core.log.timeline import Timeline
from refine_core.loop import Action, AskAdvice, Plan, RunAttempt, Stop, decide, hints_of, replay
from refine_core.refine.build import find_problems
from refine_core.runs.forking.changes import (
    ForkChanges,
    change_program,
    change_scoring,
    describe_fork,
    list_branch_temperatures,
    scores_otherwise,
    set_temperatures,
)
from refine_core.runs.forking.estimates import Estimate, estimate_new
from refine_core.runs.forking.kept import Kept, find_kept, list_ended
from refine_core.runs.forking.prefix import KeptEvent, keep_prefix
from refine_core.runs.rescoring import Rescored
from refine_core.spec import ProgramSpec
from refine_core.spec.limits import is_whole
from refine_core.stop_summary import list_attempts

Rescore = Callable[[Timeline, ProgramSpec], Rescored]
"""Scores the outputs of a run again, under the reward and the validators of a description. Raises RewardError, WorkerError."""


@dataclass(frozen=True, slots=True)
class ForkPlan:
    """A branch that may be made. Attempts count from 1.

    run_id: the parent. asked: the attempt that it was asked to begin at. kept: how many attempts it keeps; first_new: the first that
    it makes itself. reason: why it begins earlier than asked, why advice is asked for again, or that nothing is left to do; "" for
    none of these. calls_at_most: to the program's models and the adviser; attempts_at_most, advice_at_most: what these are for.
    cost_usd: about, at most; None: unknown. seconds: likewise. spec: the branch's description. problems: all that keeps it from
    being made. rewards: of the kept attempts, under the branch's own reward; None without one. hints: predictor name -> hint of
    the first new attempt, "N/A" for none; {} where advice is still to be asked for, or no attempt is left. temperature: of that attempt; None where
    none is sent. asks_first: whether its first step is a request for advice. rescored: whether kept outputs were scored again.
    judge_calls: requests to the reward's judge that scoring the rest of them again would take, and judge_price: the same with what they
    cost, in words: "up to 4 calls, about $0.02"; "" for none.
    """

    run_id: str
    asked: int
    kept: int
    first_new: int
    reason: str
    calls_at_most: int
    cost_usd: float | None
    seconds: float | None
    spec: ProgramSpec
    problems: tuple[Problem, ...] = ()
    attempts_at_most: int = 0
    advice_at_most: int = 0
    rewards: tuple[float | None, ...] = ()
    hints: Mapping[str, str] = field(default_factory=dict)
    temperature: float | None = None
    asks_first: bool = False
    rescored: bool = False
    judge_calls: int = 0
    judge_price: str = ""
    events: tuple[KeptEvent, ...] = field(default=(), repr=False)

    @property
    def text(self) -> str:
        """What it takes: "Up to 4 attempts and 3 requests for advice: at most 11 calls, about $0.004, 10 s"."""
        if not self.attempts_at_most:
            return "No attempt is left to make: no calls, no cost"
        what = f"Up to {pluralize(self.attempts_at_most, 'attempt')}"
        if self.advice_at_most:
            what += f" and {pluralize(self.advice_at_most, 'request for advice', 'requests for advice')}"
        parts = [
            f"at most {pluralize(self.calls_at_most, 'call')}",
            format_estimate(self.cost_usd),
            *([format_duration(self.seconds)] if self.seconds is not None else []),
        ]
        return f"{what}: {', '.join(parts)}"


def describe_kept(count: int, *, rescored: bool = False) -> str:
    """What stays of the parent: "Attempts 1 and 2 are kept as recorded: no calls, no cost."."""
    if not count:
        return "Nothing is kept: every attempt runs again."
    how = "kept and scored again" if rescored else "kept as recorded"
    return f"{list_attempts(range(count))} {'is' if count == 1 else 'are'} {how}: no calls, no cost."


def plan_fork(
    records: Sequence[Record], timeline: Timeline, attempt: int, changes: ForkChanges, rescore: Rescore
) -> ForkPlan:
    """The branch of a run that begins at this attempt, from 1, with these changes. No model is asked.

    records, timeline: the run, as far as it is recorded. rescore: called if the branch scores in another way.
    Raises SpecError for an attempt that cannot be the first new one, and for wrong numbers; RewardError for a reward or a check
    that cannot be read; WorkerError.
    """
    ended = list_ended(timeline)
    if not is_whole(attempt, 1) or attempt > len(ended) + 1:
        raise SpecError([Problem("attempt", _why_no_such(timeline, attempt, len(ended)))])
    parent, count = timeline.spec, attempt - 1
    if parent.program_file:  # what its stages are, only the file knows
        raise SpecError(find_problems(parent))
    scoring = change_scoring(parent, changes)
    spec = change_program(scoring, changes)
    if scoring.reward == parent.reward and not timeline.loop.plan.stop_on_repeating_error:
        spec = replace(spec, stop_on_repeating_error=False)  # a person continued the parent anyway
    scored = rescore(timeline, scoring) if count and scores_otherwise(parent, scoring) else None
    ends = None if scored is None else scored.ends
    kept = find_kept(timeline, scoring, spec, count, ends)
    advice = _keeps_advice(changes, kept, count)
    temperatures = _choose_temperatures(timeline, spec, changes, count)
    spec = replace(
        set_temperatures(spec, temperatures),
        parent=timeline.run_id,
        fork_attempt=kept.count + 1,
        change=describe_fork(parent, spec, changes.get("temperature")),
    )
    events = keep_prefix(records, kept.count, advice=advice, ends=ends)
    action = _first_action(timeline, spec, temperatures, events)
    asks_first = isinstance(action, AskAdvice)
    estimate = Estimate()
    if not isinstance(action, Stop):
        estimate = estimate_new(timeline, spec, kept.count, asks_first=asks_first)
    judge = scored.estimate if scored is not None else None
    new_ends = {one.index: one.score for one in ended} | ({} if ends is None else dict(ends))
    sends = isinstance(action, RunAttempt) and spec.temperature_schedule.kind != "none"
    return ForkPlan(
        run_id=timeline.run_id,
        asked=attempt,
        kept=kept.count,
        first_new=kept.count + 1,
        reason=_reason(action, kept, count, changes),
        calls_at_most=estimate.calls,
        cost_usd=estimate.cost_usd,
        seconds=estimate.seconds,
        spec=spec,
        problems=(*_find_problems(timeline, spec, changes, kept, count), *find_problems(spec)),
        attempts_at_most=estimate.attempts,
        advice_at_most=estimate.advice,
        rewards=tuple(getattr(new_ends[i], "value", None) for i in range(kept.count)),
        hints=_first_hints(action, timeline, changes),
        temperature=temperatures[kept.count] if sends else None,
        asks_first=asks_first,
        rescored=scored is not None and kept.count > 0,
        judge_calls=judge.calls if judge is not None else 0,
        judge_price=judge.price if judge is not None else "",
        events=events,
    )


def _keeps_advice(changes: ForkChanges, kept: Kept, count: int) -> bool:
    """Whether the advice before the first new attempt is the recorded one."""
    if kept.count == count and changes.get("hints"):
        return True  # a person wrote on from the recorded hint
    return kept.advice and changes.get("adviser") is None


def _choose_temperatures(
    timeline: Timeline, spec: ProgramSpec, changes: ForkChanges, count: int
) -> tuple[float, ...]:
    temperatures = list_branch_temperatures(timeline.spec, timeline.temperatures, spec)
    own = changes.get("temperature")
    if own is None or count >= len(temperatures):
        return temperatures
    return (*temperatures[:count], own, *temperatures[count + 1 :])


def _first_action(
    timeline: Timeline, spec: ProgramSpec, temperatures: tuple[float, ...], events: Sequence[KeptEvent]
) -> Action | None:
    """What the branch does first: its own loop is asked."""
    plan = Plan.of_run(RunStarted(spec, temperatures, timeline.predictors, ""))
    facts = (one.event for one in events if isinstance(one.event, LOOP_EVENTS) and not one.span.is_nested)
    return next(iter(decide(replay(plan, facts))), None)


def _first_hints(action: Action | None, timeline: Timeline, changes: ForkChanges) -> dict[str, str]:
    """Predictor name -> hint of the first new attempt; {} where it is not known yet, or none is left."""
    if not isinstance(action, RunAttempt):
        return {}
    told = {**hints_of(action, timeline.predictors), **(changes.get("hints") or {})}
    return {name: hint_for(name, told) for name in timeline.predictors}


def _why_no_such(timeline: Timeline, attempt: int, ended: int) -> str:
    if ended == 0:
        return f"a branch of this run begins at attempt 1, not {attempt}: it has no attempt that ended"
    so_far = "has ended so far" if timeline.end is None else "was made"
    return f"a branch of this run begins at attempt 1 to {ended + 1}, not {attempt}: attempt {ended} is the last that {so_far}"


def _reason(action: Action | None, kept: Kept, count: int, changes: ForkChanges) -> str:
    if isinstance(action, Stop):
        if kept.why:
            return f"Nothing is left to do: {kept.why}."
        return "Nothing is left to do: the run ends with the attempts that are kept."
    if kept.count < count:
        return f"It begins at attempt {kept.count + 1}, not {count + 1}: {kept.why}."
    if not isinstance(action, AskAdvice):
        return ""
    if kept.why:
        return f"Advice after attempt {count} is asked for again: {kept.why}."
    if changes.get("adviser") is not None:
        return f"The new adviser is asked about attempt {count} first."
    return ""


def _find_problems(
    timeline: Timeline, spec: ProgramSpec, changes: ForkChanges, kept: Kept, count: int
) -> list[Problem]:
    """What of the changes cannot be done, beside what is wrong with the description itself."""
    problems = []
    if changes.get("hints") and kept.count < count:
        why = f"{kept.why}. Begin the branch at attempt {kept.count + 1}, or leave the hint as it is"
        problems.append(Problem("starting_hints", f"attempt {count + 1} will have another hint: {why}"))
    if changes.get("temperature") is not None:
        last = timeline.attempts[-1] if timeline.attempts else None
        fixed = changes.get("model") is None and last is not None and not timeline.has_temperature(last)
        if spec.temperature_schedule.kind == "none" or fixed:
            problems.append(Problem("temperature", "the model of this run takes no temperature"))
    if changes.get("adviser") is not None and spec.hint_source != "adviser":
        problems.append(Problem("adviser", "this run asks no adviser: its hints do not come from one"))
    changed = changes.get("hints") or changes.get("temperature") is not None
    if spec.model.kind == "replay" and changed:
        why = "the recording has no reply to another prompt or temperature; choose a model that answers"
        problems.append(Problem("model", why))
    return problems
