"""The headline of a run: why it ended or how far it is, what it returned, and which attempts failed and why.

    "Stopped at attempt 3: reward 1.00 ≥ threshold 1.00. Attempts 1 and 2 failed: the reward returned nothing (line 4)."

Failures with the same cause are reported together, whatever ended the run.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from refine_core.events import RunFinished
from refine_core.formatting import clip, format_run_id, pluralize
from refine_core.log.timeline import Attempt, Timeline
from refine_core.messages import (
    describe_computed,
    describe_error,
    describe_failure,
    describe_pause,
    format_reward,
    suggest_next_step,
)

_CAUSE_CHARS = 160
_ONLY_CAUSE_CHARS = 240
_CAUSES = 3  # reported one by one; further ones are counted
_NAMED, _FIRST = 4, 2  # attempts that are all named; of more, the first ones
_VARIES = re.compile(r"about [\d,]+ characters|behind '[^']*'")  # of one cause, from attempt to attempt
_SENTENCE_END = re.compile(r"[.!?](?=\s+[A-Z`])")


def stop_summary(
    timeline: Timeline, *, alive: bool = True, because: str = "the app or terminal that ran it ended"
) -> str:
    """Why the run ended, or where it stands, and which attempts failed.

    alive: whether it still runs. because: if not, and it has no end, why; "" where that is said elsewhere.
    """
    return " ".join(stop_sentences(timeline, alive=alive, because=because))


def stop_sentences(
    timeline: Timeline, *, alive: bool = True, because: str = "the app or terminal that ran it ended"
) -> tuple[str, ...]:
    """The sentences of `stop_summary`: the first is the headline."""
    end, kept = timeline.end, describe_kept_attempts(timeline)
    if end is not None:
        return _end_sentences(*_ending(timeline, end), kept)
    sentence = _progress(timeline) if alive else _interruption(timeline, because)
    note = "Everything recorded until then is here." if because and timeline.attempts and not alive else ""
    return _end_sentences(sentence, *list_failures(timeline), note, kept)


def _ending(timeline: Timeline, end: RunFinished) -> tuple[str, ...]:
    """The sentences about a run that ended."""
    count, failures = len(timeline.attempts), list_failures(timeline)
    failed = sum(a.state == "failed" for a in timeline.attempts)
    best = _named("Best", timeline, end.best)
    returned = _named("Returned the best", timeline, end.returned)
    match end.reason:
        case "threshold_reached":
            index = end.returned or 0
            reward, threshold = _reward(timeline, index), format_reward(timeline, timeline.spec.threshold)
            return f"Stopped at attempt {index + 1}: reward {reward} ≥ threshold {threshold}.", *failures
        case "attempts_used_up" if end.returned is not None and len(timeline.temperatures) == 1:
            reward = f"{_reward(timeline, end.returned)}{_rules(timeline, end.returned)}"
            return (f"The only attempt scored {reward}.",)
        case "attempts_used_up" if end.returned is not None:
            return f"All {pluralize(count, 'attempt')} made; {_aim(timeline)}.", returned, *failures
        case "too_many_failures":
            allowed = (
                len(timeline.temperatures) if timeline.spec.fail_count is None else timeline.spec.fail_count
            )
            why = f"{pluralize(failed, 'attempt')} failed ({allowed} allowed)"
            return f"Gave up after attempt {count}: {why}.", best, *failures
        case "every_attempt_failed":
            return _all_failed(timeline, failures)
        case "budget_used_up":
            during = f" during attempt {count}" if end.returned is None else ""
            spent = end.error.message if end.error is not None else "The budget is used up."
            return f"Stopped by its budget{during}.", spent, returned or _NO_REWARD, *failures
        case "recording_ended":
            sentence = end.error.message if end.error is not None else "The recording ends here."
            return sentence, (returned or _NO_REWARD) if count else "", *failures
        case "reward_broken":
            why = "every further attempt would fail with the same error"
            ask = "Fix the reward, or continue anyway."
            return f"Stopped after attempt {count}: {why}.", *failures, best, ask
        case "unknown":
            why = "the trace does not tell why it stopped"
            given = f"Attempt {end.returned + 1} was returned." if end.returned is not None else ""
            known = _named("Best known reward" if timeline.unscored else "Best", timeline, timeline.best)
            return f"{pluralize(count, 'attempt')}; {why}.", given, known, _computed(timeline), *failures
        case "cancelled":
            return f"Cancelled {_when(timeline)}.", best, *failures
        case _:
            return (
                f"Stopped by an error: {describe_error(end.error) if end.error else 'unknown'}",
                best,
                *failures,
            )


_NO_REWARD = "No attempt has a reward yet."


def _computed(timeline: Timeline) -> str:
    words = describe_computed(timeline)
    return f"{words[:1].upper()}{words[1:]}." if words else ""


def _all_failed(timeline: Timeline, failures: Sequence[str]) -> tuple[str, ...]:
    whole = "The only attempt failed" if len(timeline.attempts) == 1 else "Every attempt failed"
    causes = list_causes(timeline)
    return (
        (f"{whole}: {_whole(timeline, next(iter(causes)))}",)
        if len(causes) == 1
        else (f"{whole}.", *failures)
    )


def _aim(timeline: Timeline) -> str:
    """What a run that used up its attempts was after."""
    if timeline.spec.threshold is None:
        return "no threshold was set"
    rules = " with every rule met" if any(a.unmet for a in timeline.attempts) else ""
    return f"none reached the threshold {format_reward(timeline, timeline.spec.threshold)}{rules}"


def _named(what: str, timeline: Timeline, index: int | None) -> str:
    """The best attempt, or the one returned, with its reward; "" for none."""
    if index is None:
        return ""
    return f"{what}: attempt {index + 1} with reward {_reward(timeline, index)}{_rules(timeline, index)}."


def list_failures(timeline: Timeline) -> list[str]:
    """Which attempts failed, and why: one sentence a cause; the causes that most attempts failed of come first, and further ones are counted.

    A single cause comes with what to do about it.
    """
    causes = list_causes(timeline)
    if len(causes) == 1:
        return [
            f"{list_attempts(indices)} failed: {_whole(timeline, cause)}" for cause, indices in causes.items()
        ]
    main = sorted(causes, key=lambda cause: -len(causes[cause]))[:_CAUSES]
    sentences = [f"{list_attempts(causes[cause])} failed: {cause}." for cause in causes if cause in main]
    others = sum(len(causes[cause]) for cause in causes if cause not in main)
    return [
        *sentences,
        *([f"{pluralize(others, 'more attempt')} failed for other reasons."] if others else []),
    ]


def list_causes(timeline: Timeline) -> dict[str, list[int]]:
    """Why attempts failed, with their indices, in the order in which each cause came first."""
    causes: dict[str, list[int]] = {}
    first: dict[str, str] = {}  # of causes that differ only in such details, the first
    for attempt in sorted(timeline.attempts, key=lambda a: a.index):
        if attempt.state == "failed":
            cause = _cause(attempt)
            causes.setdefault(first.setdefault(_VARIES.sub("", cause), cause), []).append(attempt.index)
    return causes


def _cause(attempt: Attempt) -> str:
    """Why an attempt failed, short enough for a headline: "the reward returned nothing (line 4)"."""
    error = attempt.error
    sentence = _first_sentence(describe_failure(attempt)) or "unknown error"
    if error is None or attempt.phase != "reward":
        return sentence
    if error.type == "WrongType" and sentence.startswith("the reward returned None"):
        sentence = "the reward returned nothing"
    elif sentence.startswith(f"{error.type}: "):
        sentence = f"the reward raised {sentence}"
    elif error.type == "Timeout":
        sentence = f"the reward {sentence}"
    return sentence if error.line is None else f"{sentence} (line {error.line})"


def _whole(timeline: Timeline, cause: str) -> str:
    """The only cause that attempts failed of: of a model's failure all that was said, the next step too."""
    failed = next(attempt for attempt in timeline.attempts if attempt.state == "failed")
    if failed.phase == "reward" or failed.error is None:
        return f"{cause}."
    return _join(
        clip(" ".join(describe_failure(failed).split()), _ONLY_CAUSE_CHARS),
        suggest_next_step(timeline, failed),
    )


def _first_sentence(text: str) -> str:
    """Up to the end of the first sentence, without its full stop, on one line."""
    flat = " ".join(text.split())
    end = _SENTENCE_END.search(flat)
    return clip((flat[: end.start()] if end else flat).rstrip("."), _CAUSE_CHARS)


def describe_kept_attempts(timeline: Timeline) -> str:
    """What a branch has of its parent: "Attempts 1 and 2 are kept from run 7f3a, scored again."; "" for any other run."""
    count, parent = timeline.kept_attempts, timeline.spec.parent
    if not count:
        return ""
    again = any(a.kept and a.score is not None and a.score.rescored for a in timeline.attempts)
    whose = f"run {format_run_id(parent)}" if parent else "another run"
    return f"{list_attempts(range(count))} {'is' if count == 1 else 'are'} kept from {whose}{', scored again' if again else ''}."


def list_attempts(indices: Sequence[int]) -> str:
    """Attempts by their numbers: "Attempt 2", "Attempts 1 and 2", "Attempts 1 to 9", "Attempts 2, 5 and 7 others"."""
    names = [str(index + 1) for index in indices]
    if len(names) == 1:
        return f"Attempt {names[0]}"
    if len(names) > _NAMED and indices[-1] - indices[0] == len(indices) - 1:
        return f"Attempts {names[0]} to {names[-1]}"
    if len(names) <= _NAMED:
        return f"Attempts {', '.join(names[:-1])} and {names[-1]}"
    return f"Attempts {', '.join(names[:_FIRST])} and {len(names) - _FIRST} others"


def _when(timeline: Timeline) -> str:
    """How far a run had come when it was stopped from outside."""
    count = len(timeline.attempts)
    if not count:
        return "before the first attempt"
    if timeline.is_advising:
        return f"while advice was asked for, after attempt {count}"
    return f"{'after' if timeline.attempts[-1].has_ended else 'during'} attempt {count}"


def _interruption(timeline: Timeline, because: str) -> str:
    """A run without an end, and without anybody who works at it."""
    return f"Interrupted {_when(timeline)}{': ' + because if because else ''}."


def _progress(timeline: Timeline) -> str:
    """A run under way."""
    count = len(timeline.attempts)
    if timeline.pause is not None:
        return f"{describe_pause(timeline.pause)}."
    if not count:
        return "Starting."
    where = f"Attempt {count} of {len(timeline.temperatures)}"
    if timeline.is_advising:
        return f"{where}: the adviser is asked."
    attempt = timeline.attempts[-1]
    if attempt.has_ended:
        return f"{where}: done."
    waits = any(call.waiting for call in attempt.calls)
    return f"{where}: {'the reward scores' if attempt.outputs is not None and not waits else 'the model is answering'}."


def _reward(timeline: Timeline, index: int) -> str:
    return format_reward(timeline, next((a.reward for a in timeline.attempts if a.index == index), None))


def _rules(timeline: Timeline, index: int) -> str:
    """Which validators an attempt failed, to follow its reward; "" where it met them all."""
    names = next((list(a.unmet) for a in timeline.attempts if a.index == index), [])
    return f", {'rule' if len(names) == 1 else 'rules'} not met: {', '.join(names)}" if names else ""


def _join(*sentences: str) -> str:
    """Sentences in a row, each with its full stop; empty ones are left out."""
    return " ".join(_end_sentences(*sentences))


def _end_sentences(*sentences: str) -> tuple[str, ...]:
    return tuple(s if s.rstrip('"').endswith((".", "!", "?", "…")) else f"{s}." for s in sentences if s)
