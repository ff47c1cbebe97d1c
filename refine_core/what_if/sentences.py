"""What a what-if says in words: which case applies, and why an attempt cannot be compared."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from refine_core.events import AttemptFailed, RewardScored
from refine_core.formatting import format_score, format_temperature, pluralize
from refine_core.log.timeline import Attempt, Timeline
from refine_core.loop import Plan, Stop
from refine_core.spec import ProgramSpec
from refine_core.stop_summary import list_attempts
from refine_core.what_if.conditions import Conditions
from refine_core.what_if.results import End

OTHER_HINTS: Final = (
    "other hints",
    "other advice",
)  # why an attempt cannot be compared, where its hints would differ


def describe_difference(conditions: Conditions) -> str:
    """Why the attempts from the first difference on cannot be compared."""
    match conditions.difference:
        case "temperature":
            return "other temperature"
        case "hints":
            return "other hints"
        case "advice" | "new_advice":
            return "other advice"
        case "unscored":
            return "an earlier attempt has not been scored yet"
        case _:
            return ""


def describe_not_needed(last: int | None, plan: Plan) -> str:
    """Why an attempt would not have been made. last: as in `describe_case`."""
    if last is None or last + 1 >= len(plan.temperatures):
        return f"not needed: N is {len(plan.temperatures)}"
    return f"not needed: it would have stopped at attempt {last + 1}"


def describe_case(
    timeline: Timeline,
    spec: ProgramSpec,
    conditions: Conditions,
    *,
    exact: int,
    last: int | None,
    listed: int,
) -> str:
    """One sentence: how much of the answer is exact, and why.

    exact: number of exact attempts. last: index of the attempt after which it stops, if that is known. listed: number of attempts
    spoken of.
    """
    if last is not None:
        return f"Exact: {_why_exact(spec, conditions, last)}."
    if exact < conditions.same and exact < len(timeline.attempts):
        attempt = timeline.attempts[exact]
        what = describe_missing(timeline, attempt) if attempt.outputs is None else "has not been scored yet"
        return f"{_until(exact)}: attempt {exact + 1} {what}."
    if conditions.difference is not None and exact < len(timeline.attempts):
        return f"{_until(exact)}: {describe_first_difference(timeline.spec, conditions, spec, exact)}."
    several = listed > exact + 1
    missing = f"attempts {exact + 1} to {listed}" if several else f"attempt {exact + 1}"
    if timeline.end is None:
        missing += f" {'have' if several else 'has'} not been tried yet"
    else:
        missing += f" {'were' if several else 'was'} never tried"
    whole = f"{_all(exact)} recorded attempts are exact" if exact > 1 else "the recorded attempt is exact"
    return f"{_capital(whole)}; {missing}." if exact else "No attempt was recorded."


def describe_untried(timeline: Timeline) -> str:
    """Of an attempt that the run did not begin."""
    return "not tried yet" if timeline.end is None else "never tried"


def describe_missing(timeline: Timeline, attempt: Attempt) -> str:
    """Of an attempt that began and has no output: what became of it."""
    under_way = timeline.end is None and attempt.state == "running"
    return "has no output yet" if under_way else "was cut off before it had an output"


def describe_sure_end(last: int) -> str:
    """For a run of which only the last attempt is unknown. last: its index."""
    return f" In any case, attempt {last + 1} would have been the last."


_REWARD: Final = ("reward", "reward_name", "reward_shape", "reward_arguments")


def describe_changes(timeline: Timeline, spec: ProgramSpec) -> tuple[str, ...]:
    """What is changed, a few words each: "the edited reward", "threshold 0.60", "N = 4"."""
    then = timeline.spec
    changes = []
    if any(getattr(then, name) != getattr(spec, name) for name in _REWARD):
        changes.append("the edited reward")
    if then.validators != spec.validators:
        changes.append(pluralize(len(spec.validators), "validator") if spec.validators else "no validators")
    if then.threshold != spec.threshold:
        beside = (then.threshold, *(attempt.reward for attempt in timeline.attempts))
        changes.append(
            "no threshold" if spec.threshold is None else f"threshold {format_score(spec.threshold, beside)}"
        )
    if then.N != spec.N:
        changes.append(f"N = {spec.N}")
    if then.fail_count != spec.fail_count:
        allowed = spec.N if spec.fail_count is None else spec.fail_count
        changes.append(f"{pluralize(allowed, 'failure')} allowed")
    return tuple(changes)


def describe_headline(
    timeline: Timeline,
    plan: Plan,
    ends: Mapping[int, End],
    *,
    stop: Stop | None,
    last: int | None,
    first: int | None,
    calls_saved: int | None,
) -> tuple[str, str]:
    """What would have happened: where it would have stopped, what it would have returned, and what that saves or costs.

    Twice: so short that it stands on one line, without a full stop; and in whole sentences.
    last: index of its last attempt. first: index of the attempt that would be returned of the recorded outputs, where its end is
    not known.
    """
    scores = {i: end.value for i, end in ends.items() if isinstance(end, RewardScored)}
    beside = (plan.threshold, *scores.values())

    def score(index: int) -> str:
        return format_score(scores[index], beside)

    recorded = timeline.returned_index
    if stop is None or last is None:
        limit = len(plan.temperatures)
        count = sum(attempt.outputs is not None and attempt.index < limit for attempt in timeline.attempts)
        if first is None:
            return _both("No recorded output has a score" if count else "No output was recorded")
        unknown = [i for i in timeline.unscored if i not in ends and i < limit]
        if unknown:
            whose = f"The reward of {list_attempts(unknown).lower()} is unknown"
            return _both(f"{whose}; of the others, attempt {first + 1} is the best: {score(first)}")
        outputs = f"Of these {count} outputs" if count > 1 else "Of this one output"
        other = (
            ", as recorded"
            if first == recorded
            else f", not attempt {recorded + 1}"
            if recorded is not None
            else ""
        )
        brief = f"Attempt {first + 1} of these {pluralize(count, 'output')} would be returned: {score(first)}"
        return (
            brief,
            f"{outputs}, attempt {first + 1} would be returned{other}: it scores {score(first)}.",
        )
    saved = f"{pluralize(calls_saved, 'call')} saved." if calls_saved else ""
    lost = "" if stop.returned is None else _given_up(scores, stop.returned, recorded, beside)
    match stop.reason:
        case "threshold_reached":
            unchanged = timeline.end is not None and timeline.end.reason == stop.reason and recorded == last
            where = f"attempt {last + 1}, as recorded" if unchanged else f"attempt {last + 1}"
            reached = f"{score(last)} ≥ {format_score(plan.threshold, beside)}"
            return _both(f"It would have stopped at {where}: {reached}", saved, lost)
        case "attempts_used_up" if stop.returned is not None:
            best = f"attempt {stop.returned + 1}, {score(stop.returned)}"
            every = f"{_all(last + 1)} attempts" if last else "its only attempt"
            same = ", as recorded" if stop.returned == recorded else ""
            return _both(f"It would have made {every} and returned {best}{same}", saved, lost)
        case "too_many_failures":
            failed = sum(isinstance(end, AttemptFailed) for i, end in ends.items() if i <= last)
            failures = f"{pluralize(failed, 'failure')}, {plan.fail_count} allowed"
            return _both(f"It would have given up after attempt {last + 1}: {failures}", saved)
        case "reward_broken":
            why = "every further attempt would fail with the same error"
            return _both(f"It would have stopped after attempt {last + 1}: {why}", saved)
        case "budget_used_up":
            best = f", with attempt {stop.returned + 1} as the best" if stop.returned is not None else ""
            return _both(f"It would have stopped by its budget, as recorded{best}")
        case _:
            return _both(f"{'Every attempt' if last else 'Its only attempt'} would have failed", saved)


def _both(sentence: str, *more: str) -> tuple[str, str]:
    """A sentence without its full stop, and it with what may follow."""
    return sentence, " ".join(filter(None, (f"{sentence}.", *more)))


def _given_up(
    scores: Mapping[int, float], returned: int, recorded: int | None, beside: tuple[float | None, ...]
) -> str:
    """How much less the returned output scores than the recorded run's, under the same rewards."""
    if recorded is None or recorded not in scores or scores[recorded] <= scores[returned]:
        return ""
    return f"{format_score(scores[recorded] - scores[returned], beside)} of reward given up."


def _all(count: int) -> str:
    return "both" if count == 2 else f"all {count}"  # noqa: PLR2004  # English


def _until(exact: int) -> str:
    return f"Exact up to attempt {exact}" if exact else "Not exact"


def _why_exact(spec: ProgramSpec, conditions: Conditions, last: int) -> str:
    if spec.strategy == "single":
        return "there is only one attempt"
    if conditions.difference == "temperature":
        return "it would have stopped before a temperature could differ"
    if spec.strategy == "best_of_n":
        return "in best of N no attempt depends on an earlier one"
    if spec.hint_source == "none":
        return "without hints no attempt depends on an earlier one"
    if last + 1 < conditions.same or conditions.difference is None:
        if spec.hint_source == "feedback":
            return "every hint up to there would have been the same"
        return "the adviser would have been asked the same up to there"
    return "it would have stopped before anything could differ"


def describe_first_difference(
    recorded: ProgramSpec, conditions: Conditions, spec: ProgramSpec, exact: int
) -> str:
    """What makes the changed run go another way after its `exact` exact attempts, without a capital or a full stop."""
    after = f"attempt {exact + 1}"
    match conditions.difference:
        case "temperature":
            old, new = (
                format_temperature(one) if one is not None else "none"
                for one in (conditions.old, conditions.new)
            )
            return f"with N = {spec.attempt_count}, {after} would have run at temperature {new}, not {old}"
        case "hints":
            return f"{after} would have had other hints"
        case "new_advice":
            return f"attempt {exact} would now have a score, so the adviser would have been asked about it"
        case "unscored":
            return f"attempt {exact} has not been scored yet"
        case _:
            return f"the adviser would have read {_what_it_reads(recorded, spec)}, so {after} would have had other hints"


def _what_it_reads(recorded: ProgramSpec, spec: ProgramSpec) -> str:
    """What is new in the request for advice."""
    new = ["another reward"] if recorded.reward != spec.reward else []
    new += ["another threshold"] if recorded.threshold != spec.threshold else []
    new += ["other validators"] if recorded.validators != spec.validators else []
    return " and ".join(new) or "another score"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
