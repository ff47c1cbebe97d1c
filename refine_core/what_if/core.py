"""The what-if itself: from a recorded run and new scores to what the changed run would have done.

compare_conditions   how many recorded attempts the changed run would have made in the same way
stop_of              what the pure loop says of those attempts under the changed plan
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from refine_core.events import AttemptFailed, RewardScored
from refine_core.log.timeline import Attempt, Call, Timeline
from refine_core.loop import Loop, Plan, Stop, decide
from refine_core.spec import ProgramSpec
from refine_core.what_if.changes import change_plan
from refine_core.what_if.conditions import Conditions, compare_conditions, end_of
from refine_core.what_if.results import AttemptState, End, WhatIf, WhatIfAttempt
from refine_core.what_if.sentences import (
    describe_case,
    describe_difference,
    describe_headline,
    describe_missing,
    describe_not_needed,
    describe_sure_end,
    describe_untried,
)


@dataclass(frozen=True, slots=True)
class Recorded:
    """A recorded run beside a changed description of it, ready to be asked.

    attempts: by index, without a gap. ends: how each ends in the changed run. conditions: as compared with the changed plan.
    exact: number of attempts, from the first, that are the changed run's own and whose end is known. loop: after these.
    calls_after: index of an attempt -> requests that the recorded run made after it, and for advice about it.
    """

    timeline: Timeline
    spec: ProgramSpec
    plan: Plan
    attempts: tuple[Attempt, ...]
    ends: Mapping[int, End]
    conditions: Conditions
    exact: int
    loop: Loop
    calls_after: tuple[int, ...]


def what_if(
    timeline: Timeline, spec: ProgramSpec | None = None, scores: Mapping[int, End] | None = None
) -> WhatIf:
    """What a recorded run would have done with another reward, validators, threshold, N or fail_count. Asks no model.

    spec: the run's description with what is changed; see change_spec. None: as recorded.
    scores: index of an attempt -> its new score, or that the reward fails; those that are missing are not known yet. None: as recorded.
    Attempts that failed in their program fail again. Pure. Raises RewardError for a validator's check that cannot be read.
    """
    recorded = read_run(timeline, spec, scores)
    return answer(recorded)


def read_run(
    timeline: Timeline, spec: ProgramSpec | None = None, scores: Mapping[int, End] | None = None
) -> Recorded:
    """A run and its new scores, compared: what `what_if` and the curve of thresholds stand on."""
    changed = timeline.spec if spec is None else spec
    plan = change_plan(timeline.loop.plan, changed)
    attempts = _without_gap(timeline.attempts)
    ends = _new_ends(attempts, scores)
    conditions = compare_conditions(
        attempts, timeline.predictors, (timeline.spec, timeline.loop.plan), (changed, plan), ends
    )
    exact = 0
    while exact < conditions.same and exact in ends and exact < len(plan.temperatures):
        exact += 1
    loop, calls = _loop_of(plan, ends, exact), _count_calls_after(timeline, attempts)
    return Recorded(timeline, changed, plan, attempts, ends, conditions, exact, loop, calls)


def answer(recorded: Recorded) -> WhatIf:
    """The what-if of a run that was read."""
    timeline, ends, same = recorded.timeline, recorded.ends, recorded.conditions.same
    stop = find_stop(recorded, recorded.plan)
    last = None if stop is None else last_attempt(recorded, stop)
    limit = len(recorded.plan.temperatures)
    listed: list[WhatIfAttempt] = []
    for i in range(max(limit, len(recorded.attempts))):
        attempt = recorded.attempts[i] if i < len(recorded.attempts) else None
        end = ends.get(i)
        tried = attempt is not None and (attempt.outputs is not None or attempt.has_ended)
        state: AttemptState = "exact"
        why = ""
        if not tried:
            state = "never_tried"
            why = (
                describe_untried(timeline)
                if attempt is None
                else describe_missing(timeline, attempt).removeprefix("was ")
            )
        elif i >= limit or (last is not None and i > last):
            state, why = "not_needed", describe_not_needed(last, recorded.plan)
        elif i >= same:
            state, why = "not_comparable", describe_difference(recorded.conditions)
        elif end is None:
            why = "not scored yet"
        listed.append(
            WhatIfAttempt(
                i + 1,
                attempt.reward if attempt is not None else None,
                end.value if isinstance(end, RewardScored) else None,
                tried and i < same,
                why,
                state,
                end if tried else None,
            )
        )
    is_known = stop is not None
    first = _first_of_recorded(recorded)
    sure = None if is_known else sure_end(recorded)
    calls_saved = None if last is None else count_calls_after(recorded, last)
    brief, headline = describe_headline(
        timeline, recorded.plan, ends, stop=stop, last=last, first=first, calls_saved=calls_saved
    )
    return WhatIf(
        stop=_number(last if is_known else sure),
        returned=_number(stop.returned) if stop is not None else None,
        exact_until=None if is_known else recorded.exact,
        attempts=tuple(listed),
        reason=stop.reason if stop is not None else None,
        case=describe_case(
            timeline, recorded.spec, recorded.conditions, exact=recorded.exact, last=last, listed=len(listed)
        )
        + ("" if sure is None else describe_sure_end(sure)),
        first=_number(first),
        threshold=recorded.plan.threshold,
        calls_saved=calls_saved,
        headline=headline,
        limit=limit,
        brief=brief,
    )


def find_stop(recorded: Recorded, plan: Plan) -> Stop | None:
    """What the pure loop says once the exact attempts have ended, under a plan of another threshold; None if it would go on."""
    loop = replace(recorded.loop, plan=plan)
    action = next(iter(decide(loop)), None)
    if isinstance(action, Stop):
        return action
    if _ends_by_budget(recorded):
        return Stop("budget_used_up", loop.best, loop.best)
    return None


def sure_end(recorded: Recorded) -> int | None:
    """Index of the attempt with which the run ends whatever that attempt is: the last one of N, where all before it are exact."""
    spec, limit = recorded.spec, len(recorded.plan.temperatures)
    has_budget = spec.budget_usd is not None or spec.budget_tokens is not None
    return limit - 1 if recorded.exact == limit - 1 and not has_budget else None


def last_attempt(recorded: Recorded, stop: Stop) -> int:
    """Index of the attempt after which a run stops."""
    match stop.reason:
        case "threshold_reached" if stop.returned is not None:
            return stop.returned
        case "too_many_failures":
            return recorded.loop.failed[recorded.plan.fail_count]
        case "reward_broken":
            return _broken_at(recorded.plan, recorded.ends, recorded.exact) or 0
        case "budget_used_up":
            return max(len(recorded.attempts) - 1, 0)
        case _:
            return len(recorded.plan.temperatures) - 1


def count_calls_after(recorded: Recorded, last: int) -> int:
    """Requests that the recorded run made after attempt `last`, and for advice about it."""
    return recorded.calls_after[last] if last < len(recorded.calls_after) else 0


def _count_calls_after(timeline: Timeline, attempts: Sequence[Attempt]) -> tuple[int, ...]:
    counts: list[int] = []
    later = 0
    for attempt in reversed(attempts):
        advice = _count_made(attempt.advice.calls) if attempt.advice is not None else 0
        counts.append(later + advice)
        later += _count_made(attempt.calls) + advice
        later += sum(len(one.all_calls) for one in timeline.cut_off_attempts if one.index == attempt.index)
    return tuple(reversed(counts))


def _count_made(calls: Sequence[Call]) -> int:
    """Requests that this run made: not those that a branch keeps of its parent."""
    return sum(not call.kept for call in calls)


def _loop_of(plan: Plan, ends: Mapping[int, End], count: int) -> Loop:
    """The loop once the first `count` attempts have ended; the same as if their events had come one by one."""
    broken = _broken_at(plan, ends, count)
    if broken is not None:
        count = broken + 1
    scored = {i: end for i in range(count) if isinstance(end := ends[i], RewardScored)}
    return Loop(
        plan,
        {i: end.value for i, end in scored.items()},
        frozenset(i for i, end in scored.items() if end.unmet),
        tuple(i for i in range(count) if i not in scored),
        broken=broken is not None,
    )


def _broken_at(plan: Plan, ends: Mapping[int, End], count: int) -> int | None:
    """Index of the first attempt whose error is bound to repeat, where the plan is to stop then."""
    if not plan.stop_on_repeating_error:
        return None
    for i in range(count):
        end = ends[i]
        if isinstance(end, AttemptFailed) and end.error.repeats:
            return i
    return None


def _ends_by_budget(recorded: Recorded) -> bool:
    """Whether the changed run would have used up its budget where the recorded one did: it would have made the same requests."""
    timeline, conditions = recorded.timeline, recorded.conditions
    count = len(recorded.attempts)
    return (
        timeline.end is not None
        and timeline.end.reason == "budget_used_up"
        and count > 0
        and conditions.same == count
        and conditions.alike_at_end
        and count <= len(recorded.plan.temperatures)
        and recorded.exact >= count - 1
        and (recorded.attempts[-1].state == "cut_off" or recorded.exact == count)
        and not any(attempt.judge_calls for attempt in recorded.attempts)
    )


def _first_of_recorded(recorded: Recorded) -> int | None:
    """Index of the attempt that would be returned of the recorded outputs alone: the first at the threshold, else the best.

    Only of as many as the changed run may make: with N = 3 it cannot return attempt 4.
    """
    limit = len(recorded.plan.temperatures)
    scored = {i: end for i, end in recorded.ends.items() if i < limit and isinstance(end, RewardScored)}
    values = {i: end.value for i, end in scored.items()}
    loop = Loop(recorded.plan, values, frozenset(i for i, end in scored.items() if end.unmet))
    return next((i for i in sorted(values) if loop.reaches(i)), loop.best)


def _new_ends(attempts: Sequence[Attempt], scores: Mapping[int, End] | None) -> dict[int, End]:
    ends: dict[int, End] = {}
    for attempt in attempts:
        old = end_of(attempt)
        if isinstance(old, AttemptFailed) and attempt.outputs is None:
            ends[attempt.index] = old  # no output that a reward could score
        elif scores is None and old is not None:
            ends[attempt.index] = old
        elif scores is not None and attempt.index in scores and attempt.outputs is not None:
            ends[attempt.index] = scores[attempt.index]
    return ends


def _without_gap(attempts: Sequence[Attempt]) -> tuple[Attempt, ...]:
    by_index = {attempt.index: attempt for attempt in attempts}
    count = 0
    while count in by_index:
        count += 1
    return tuple(by_index[i] for i in range(count))


def _number(index: int | None) -> int | None:
    """The number by which people know an attempt."""
    return None if index is None else index + 1
