"""Sentences about a run: its errors, its settings, and what it used."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, Literal

from refine_core.events import (
    Fault,
    LibraryFault,
    LMRetried,
    ParseFailed,
    RewardScored,
    RunPaused,
    StopReason,
)
from refine_core.formatting import (
    format_cost,
    format_duration,
    format_rollout,
    format_run_id,
    format_score,
    pluralize,
)
from refine_core.log.timeline import Advice, Attempt, Call, Timeline, Usage
from refine_core.rewards.error_explanations import SANDBOX
from refine_core.spec import HintSource
from refine_core.spec.schedule import ScheduleKind

AttemptWord = Literal["scored", "best", "stopped", "failed", "running", "cut_off", "unknown", "returned"]
ATTEMPT_OUTCOMES: Final[dict[AttemptWord, str]] = {
    "scored": "scored",
    "best": "best so far",
    "stopped": "reached the threshold",
    "failed": "failed",
    "running": "running",
    "cut_off": "cut off",
    "unknown": "reward unknown",
    "returned": "returned",
}
"""What became of an attempt, as every chart, table and sentence says it."""

RUN_OUTCOMES: Final[dict[StopReason, str]] = {
    "threshold_reached": "reached the threshold",
    "attempts_used_up": "best returned",
    "too_many_failures": "gave up",
    "every_attempt_failed": "every attempt failed",
    "budget_used_up": "stopped by its budget",
    "recording_ended": "recording ended",
    "cancelled": "cancelled",
    "error": "stopped by an error",
    "reward_broken": "stopped: the reward needs a fix",
    "unknown": "ended; why is unknown",
}
"""How a run ended."""

_HINTS_FROM: dict[HintSource, str] = {
    "adviser": "Hints from an adviser",
    "feedback": "Hints from the reward's feedback",
    "none": "No hints",
}
_SCHEDULES: dict[ScheduleKind, str] = {
    "dspy-2.6": "temperatures as in dspy 2.6",
    "dspy-3": "temperature 1 and rollout ids, as in dspy 3",
    "list": "a list of temperatures, and rollout ids",
    "none": "no temperature sent; rollout ids instead",
}


USUAL_SETTINGS = f"{_HINTS_FROM['adviser']} · {_SCHEDULES['dspy-2.6']}"
"""What `describe_settings` says of a run whose settings are at their defaults."""


def describe_outcome(timeline: Timeline, attempt: Attempt) -> str:
    """What became of an attempt; once the run has finished, the best is no longer "so far"."""
    best = attempt.outcome == "best" and timeline.end is not None
    words = ("best known" if timeline.unscored else "best") if best else ATTEMPT_OUTCOMES[attempt.outcome]
    return f"{words}, {COMPUTED}" if attempt.computed_at is not None else words


COMPUTED: Final = "computed here"
"""Of a reward that a person had computed afterwards, as the log did not hold it."""


def list_unknown(timeline: Timeline) -> list[str]:
    """What the source of a run did not tell, as far as it is still unknown: "N", "reward of attempt 2"."""
    told = [one for one in timeline.unknown if not one.startswith(_UNKNOWN_REWARD)]
    return [*told, *([_UNKNOWN_REWARD + _numbers(timeline.unscored)] if timeline.unscored else [])]


def describe_computed(timeline: Timeline) -> str:
    """Which rewards were computed afterwards: "reward of attempt 2 computed here, not recorded"; "" for none."""
    computed = timeline.computed
    return f"{_UNKNOWN_REWARD}{_numbers(computed)} {COMPUTED}, not recorded" if computed else ""


def describe_unknown(timeline: Timeline) -> str:
    """The same two in a row: "unknown: N · reward of attempt 2 computed here, not recorded"; "" for neither."""
    unknown = list_unknown(timeline)
    return " · ".join(
        filter(None, (f"unknown: {', '.join(unknown)}" if unknown else "", describe_computed(timeline)))
    )


_UNKNOWN_REWARD: Final = "reward of attempt "


def _numbers(indices: Iterable[int]) -> str:
    return ", ".join(str(index + 1) for index in indices)


def describe_kept(attempt: Attempt, timeline: Timeline) -> str:
    """Of an attempt of a branch that is its parent's: "kept from run 7f3a", "…, scored again"; "" for any other."""
    if not attempt.kept:
        return ""
    parent = timeline.spec.parent
    again = attempt.score is not None and attempt.score.rescored
    return f"kept from {f'run {format_run_id(parent)}' if parent else 'another run'}{', scored again' if again else ''}"


def format_reward(timeline: Timeline, value: float | None) -> str:
    """A reward or the threshold of a run, told apart from the run's threshold and from its other rewards."""
    return format_score(value, (timeline.spec.threshold, *(a.reward for a in timeline.attempts)))


def resume_summary(timeline: Timeline) -> str:
    """What an interruption or a cancel did to the run, and whether it went on with a broken reward; "" for none of these."""
    anyway = (
        f"Continued after attempt {timeline.attempts_when_continued}, despite the reward's error."
        if timeline.attempts_when_continued is not None
        else ""
    )
    interrupted, cancelled = timeline.resume_count, timeline.cancel_count
    if not interrupted and not cancelled:
        return anyway
    both = bool(interrupted and cancelled)
    what = "Interrupted or cancelled" if both else "Cancelled" if cancelled else "Interrupted"
    count = interrupted + cancelled
    how_often = {1: "once", 2: "twice"}.get(count, f"{count} times")
    again = sorted({a.index + 1 for a in timeline.cut_off_attempts})
    redone = f"; attempt {', '.join(map(str, again))} was cut off and restarted" if again else ""
    lost = sum(len(a.calls) for a in timeline.cut_off_attempts)
    paid = f", and {pluralize(lost, 'call')} of its first try counted" if lost else ""
    return f"{anyway} {what} and resumed {how_often}{redone}{paid}.".lstrip()


def describe_rollout(index: int) -> str:
    """What stands in place of a temperature where a model takes none: "no temperature; rollout 2"."""
    return f"no temperature; {format_rollout(index)}"


def describe_library_fault(fault: LibraryFault, library: str) -> str:
    """A known fault of a recorded library, in a sentence. library: as in "dspy 3.4.1"."""
    match fault.fault:
        case "hint_of_another":
            return (
                f"Fault of {library}: {fault.predictor} was shown the hint for {fault.detail}. It looks hints up by signature, "
                "and both have the same one. Give them signatures of their own."
            )
        case "fail_count_shrank":
            before, _, after = fault.detail.partition(" -> ")
            return (
                f"Fault of {library}: this program allows {after} failed attempts in place of {before}. Each failure lowers its "
                "fail_count for all later calls. Make a new one for each call."
            )
        case "no_threshold":
            return (
                f"Fault of {library}: BestOfN without a threshold counts each attempt as failed once it is scored. Set a threshold "
                "that no reward reaches."
            )


def list_library_faults(timeline: Timeline) -> list[str]:
    """What faults of a recorded library showed in this run, each once."""
    every = (*timeline.library_faults, *(fault for one in timeline.attempts for fault in one.library_faults))
    library = timeline.recorded_from or "dspy"  # of a branch, whose parent was recorded
    return list(dict.fromkeys(describe_library_fault(fault, library) for fault in every))


def describe_error(error: Fault) -> str:
    """An error in words: its message, led by its kind where a program's own code raised it."""
    return f"{error.type}: {error.message}" if error.blame == "code" else error.message


def describe_retry(retry: LMRetried) -> str:
    """How a request was made once more: after a pause, or at once without what the server refused."""
    if not retry.left_out:
        return f"Sent again after {format_duration(retry.wait_s)}: {retry.error.message}"
    names = " and ".join(retry.left_out)
    how = "by its other name" if retry.left_out[0].startswith("max_") else "without it"
    return (
        f"The server refused the parameter {names}; the request was sent again {how}. {retry.error.message}"
    )


def describe_parse_failure(failed: ParseFailed) -> str:
    """Why a reply could not be read: "it has no field 'answer'", "it was cut off at the token limit. Raise max tokens"."""
    if failed.cut:
        return failed.cut
    if failed.missing:
        why = next((failed.invalid[name] for name in failed.missing if name in failed.invalid), "")
        names = ", ".join(map(repr, failed.missing))
        if why:  # the field is there, and holds no value
            return f"it has no value for {names}: {why}"
        return f"it has no {'field' if len(failed.missing) == 1 else 'fields'} {names}"
    return "; ".join(f"field {name!r}: {why.rstrip('.')}" for name, why in failed.invalid.items())


def describe_unmet_rules(attempt: Attempt) -> str:
    """How many validators, which are called rules on screen, the outputs failed: "", "rule not met", "2 rules not met"."""
    failed = len(attempt.unmet)
    return "" if not failed else "rule not met" if failed == 1 else f"{failed} rules not met"


def describe_refusals(scored: RewardScored) -> list[str]:
    """What the sandbox refused to the reward, a sentence each; [] where it refused nothing, or the reward failed of it."""
    if not scored.refusals:
        return []
    return [
        "The sandbox refused something, and the reward went on without it:",
        *(f"{refusal[:1].upper()}{refusal[1:]}." for refusal in scored.refusals),
        SANDBOX,
    ]


def describe_failure(attempt: Attempt) -> str:
    """The error that ended an attempt; "" where none did. Of replies that could not be read, what each of them lacked."""
    if attempt.error is None:
        return ""
    run = next((run for run in attempt.predictors if run.error == attempt.error), None)
    text = _unread_replies(f"the reply of {run.name!r}", run.calls, attempt.error) if run is not None else ""
    return text or describe_error(attempt.error)


def suggest_next_step(timeline: Timeline, attempt: Attempt) -> str:
    """What to do about a model whose reply could not be read; "" where something else is wrong, or the error says it."""
    run = next((run for run in attempt.predictors if run.error == attempt.error), None)
    unreadable = [call.parse_failure for call in run.calls if call.parse_failure] if run is not None else []
    if timeline.spec.model.kind != "litellm" or not unreadable or any(one.cut for one in unreadable):
        return ""
    if attempt.error is None or attempt.error.type != "ParseError":
        return ""
    if timeline.spec.model.is_local:
        if timeline.spec.model.reply_format == "json_schema":
            return "Models of this size often fail so. A larger one may do better."
        return "Choose JSON schema as its reply format, which models of this size keep, or a larger model."
    return "Test the model on the Models page to find a reply format that it keeps, or choose a larger one."


def hint_source(timeline: Timeline, attempt: Attempt) -> str:
    """Where an attempt's hints come from: "from the advice after attempt 1, edited by hand"; "" for an attempt without hints."""
    if timeline.spec.hint_test and attempt.hints:
        return "from the hint test"
    edited = describe_edits(attempt)
    if attempt.advice_from is None:
        return edited
    source = "reward's feedback on" if timeline.spec.hint_source == "feedback" else "advice after"
    given = f"from the {source} attempt {attempt.advice_from + 1}"
    return f"{given}, {edited}" if edited else given


def describe_edits(attempt: Attempt) -> str:
    """That a person wrote hints of an attempt: "edited by hand", "edited by hand for draft" where others were not; "" if none."""
    names = attempt.edited_hints
    if not names:
        return ""
    others = set(attempt.real_hints) - set(names)
    return f"edited by hand for {' and '.join(names)}" if others else "edited by hand"


def describe_pause(pause: RunPaused) -> str:
    """What a run waits before: "Paused before attempt 3", "Paused before the advice after attempt 2"."""
    step = "" if pause.before == "attempt" else "the advice after "
    return f"Paused before {step}attempt {pause.index + 1}"


def describe_advice_failure(advice: Advice) -> str:
    """The error that kept advice from coming, and what to do where the adviser could not do as it was asked; "" for none."""
    if advice.error is None:
        return ""
    if text := _unread_replies("the adviser's reply", advice.calls, advice.error):
        return (
            f"{text}. A larger model may be a better adviser; the next attempt keeps the hints that it has."
        )
    return describe_error(advice.error)


def _unread_replies(whose: str, calls: Iterable[Call], error: Fault) -> str:
    """What replies lacked that could not be read; "" where something else was wrong."""
    replies = [(call, describe_parse_failure(call.parse_failure)) for call in calls if call.parse_failure]
    if not replies or error.type != "ParseError":
        return ""
    (_, first), *others = replies
    second = "".join(
        f". The second reply, asked for {describe_format(call)}, could not be read either: {why}"
        for call, why in others[:1]
    )
    was_cut = any(call.parse_failure.cut for call, _ in replies[:1] if call.parse_failure)
    if was_cut and not others:
        return f"{whose} {first.removeprefix('it ')}"
    return f"{whose} could not be read: {first}{second}"


def describe_format(call: Call) -> str:
    """The reply format that a call asked for, behind a verb: "by chat", "as JSON schema"."""
    return "by chat" if call.reply_format == "chat" else f"as {call.reply_format}"


def describe_settings(timeline: Timeline) -> str:
    """How attempts were told apart and helped: "Hints from an adviser · temperatures as in dspy 2.6"."""
    spec = timeline.spec
    refused = bool(timeline.attempts) and not timeline.has_temperature(timeline.attempts[-1])
    schedule = _SCHEDULES["none" if refused else spec.temperature_schedule.kind]
    if spec.attempt_count == 1:
        return schedule if schedule == _SCHEDULES["none"] else ""
    parts = [_HINTS_FROM[spec.hint_source] if spec.strategy == "refine" else "Best of N, no hints"]
    if spec.hint_source == "adviser":
        parts += ["instructions for advice replaced"] if spec.advice_instructions else []
        parts += ["compact advice request"] if spec.advice_form == "compact" else []
    return " · ".join([*parts, schedule])


def usage_summary(timeline: Timeline) -> str:
    """What was spent: "4 attempts, 3 requests for advice, 11 calls, 9.2 s, $0.004"; an unknown cost is named as such."""
    return ", ".join(list_usage(timeline))


def list_usage(timeline: Timeline) -> list[str]:
    """The parts of `usage_summary`: attempts, requests for advice, calls, time, tokens, cost."""
    advice = sum(a.advice is not None and not a.advice.kept for a in timeline.attempts)
    usage = timeline.usage
    is_branch = timeline.kept_attempts > 0
    parts = [pluralize(len(timeline.new_attempts), "new attempt" if is_branch else "attempt")]
    if timeline.spec.hint_source == "adviser":
        parts.append(pluralize(advice, "request for advice", "requests for advice"))
    parts.append(pluralize(usage.calls, "call") + _free(timeline, usage))
    if timeline.end is not None:
        parts.append(format_duration(timeline.end.took_s))
    if usage.tokens is not None:
        parts.append(f"{usage.tokens:,} tokens{_spent_before(usage)}")
    if usage.calls or is_branch:
        free = not usage.calls or _replay(timeline)
        parts.append(format_cost(0.0 if free else usage.cost_usd))
    return parts


def _replay(timeline: Timeline) -> bool:
    """Whether every model of the run is a recording, so that nothing of it can have cost anything."""
    spec = timeline.spec
    return all(one is None or one.kind == "replay" for one in (spec.model, spec.adviser, spec.judge))


def _free(timeline: Timeline, usage: Usage) -> str:
    """How many of the calls cost nothing because they were not made; "" where all were."""
    if not usage.free:
        return ""
    how = "replayed" if timeline.spec.model.kind == "replay" else "cached"
    return f" ({'all' if usage.free == usage.calls else usage.free} {how})"


def _spent_before(usage: Usage) -> str:
    """What to say of tokens that cached or replayed calls took when they were made."""
    if not usage.free:
        return ""
    return " (all spent earlier)" if usage.free == usage.calls else " (cached calls included)"
