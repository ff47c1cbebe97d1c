"""The verdict on a run for a screen: a headline, and the rest in so few words that one line holds it and the numbers.

    Timeline, the sentences of stop_summary --write_verdict--> Verdict(headline, note, failures)

The sentences themselves tell all of it; a screen shows them where a person asks for more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from refine_core.log.timeline import Attempt, Timeline
from refine_core.messages import format_reward
from refine_core.stop_summary import describe_kept_attempts, list_attempts, list_causes, list_failures

_MAX_CAUSE: Final = 40  # characters of a cause that is quoted
_NO_RESULT: Final = frozenset({"error", "every_attempt_failed", "budget_used_up", "recording_ended"})


@dataclass(frozen=True, slots=True)
class Verdict:
    """headline: one line, without a full stop. note: what follows it. failures: which attempts failed, and of what.

    is_whole: whether nothing was left out of the run's sentences. is_error: whether there is nothing to look at but an error,
    which `note` then tells in full.
    """

    headline: str
    note: str = ""
    failures: str = ""
    is_whole: bool = True
    is_error: bool = False


def write_verdict(timeline: Timeline, sentences: Sequence[str]) -> Verdict:
    """sentences: of `stop_sentences` for this timeline, at least one."""
    first, *more = (sentence.removesuffix(".") for sentence in sentences)
    end = timeline.end
    if end is not None and end.reason in _NO_RESULT and end.returned is None:
        headline, _, rest = first.partition(": ")
        return Verdict(headline, " · ".join(filter(None, [_capitalize(rest), *more])), is_error=True)
    kept = describe_kept_attempts(timeline).removesuffix(".")
    more = [sentence for sentence in more if sentence != kept]
    told = {sentence.removesuffix(".") for sentence in list_failures(timeline)}
    others = [sentence for sentence in more if sentence not in told]
    failures = _failures(timeline) if len(others) < len(more) else ""
    if others and (headline := _best_of_all(timeline)):
        others, first = others[1:], headline
    note = " · ".join(filter(None, [*others, kept]))
    return Verdict(first, note, failures, is_whole=not failures)


def _best_of_all(timeline: Timeline) -> str:
    """The headline of a run that used up its attempts, with what it returned; "" for others, and where a rule was not met."""
    end = timeline.end
    if end is None or end.reason != "attempts_used_up" or any(a.unmet for a in timeline.attempts):
        return ""
    best = next((a for a in timeline.attempts if a.is_returned), None)
    if best is None:
        return ""
    threshold = timeline.spec.threshold
    aim = (
        "no threshold was set" if threshold is None else f"none reached {format_reward(timeline, threshold)}"
    )
    returned = f"attempt {best.index + 1}, {format_reward(timeline, best.reward)}"
    return f"All {len(timeline.attempts):,} attempts made; {aim}. Returned the best: {returned}"


def _failures(timeline: Timeline) -> str:
    """Which attempts failed of the only cause, "Attempt 2 failed: reward, line 6"; of several causes how many failed."""
    causes = list_causes(timeline)
    if len(causes) == 1:
        cause, indices = next(iter(causes.items()))
        failed = next(a for a in timeline.attempts if a.state == "failed")
        return f"{list_attempts(indices)} failed: {_brief(failed, cause)}"
    count = sum(map(len, causes.values()))
    return f"{count:,} of {len(timeline.attempts):,} attempts failed"


def _brief(attempt: Attempt, cause: str) -> str:
    error = attempt.error
    if attempt.phase == "reward":
        return f"reward, line {error.line}" if error is not None and error.line is not None else "reward"
    if len(cause) <= _MAX_CAUSE:
        return cause
    if error is not None and error.type == "ParseError":
        return "unreadable reply"
    return "no reply" if error is not None and error.blame in ("model", "machine") else "program"


def _capitalize(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}"
