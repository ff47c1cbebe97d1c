"""What became of an attempt, in one word: it chooses the mark, the colour and the sentence."""

from __future__ import annotations

from typing import Literal

from refine_core.log.timeline import Attempt, Timeline
from refine_core.messages import ATTEMPT_OUTCOMES

Outcome = Literal["scored", "best", "stopped", "failed", "running", "cut_off"]


def outcome(line: Timeline, attempt: Attempt) -> Outcome:
    """The outcome of `attempt` in `line`. One that reached the threshold is "stopped", even if it is the best too.

    One that failed a validator did not reach it, whatever its reward.
    """
    if attempt.reward is None:
        return "running" if attempt.state == "scored" else attempt.state
    if line.reaches(attempt):
        return "stopped"
    return "best" if attempt.index == line.best else "scored"


def words(line: Timeline, attempt: Attempt) -> str:
    """The same as a person would say it; once the run has finished, the best is no longer "so far"."""
    kind = outcome(line, attempt)
    return "best" if kind == "best" and line.finished is not None else ATTEMPT_OUTCOMES[kind]


def rolled(line: Timeline) -> bool:
    """Whether the attempts go by rollout ids, as none of the program's models takes a temperature."""
    if not line.attempts:
        return line.spec.temperature_schedule.kind == "none"
    return not line.tempered(line.attempts[-1])


def is_hint(text: str) -> bool:
    """Whether it says anything: "N/A" is the adviser's word for nothing to say."""
    return text.strip().upper() not in {"", "N/A", "NA"}


def hints(attempt: Attempt) -> dict[str, str]:
    """Predictor name -> hint that it was given; those without one are left out."""
    return {name: text for name, text in attempt.hints.items() if is_hint(text)}
