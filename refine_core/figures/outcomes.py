"""What became of an attempt, in one word: it chooses the mark, the colour and the sentence."""

from __future__ import annotations

from typing import Literal

from refine_core.hints import is_hint
from refine_core.log.timeline import Attempt, Timeline
from refine_core.messages import ATTEMPT_OUTCOMES

Outcome = Literal["scored", "best", "stopped", "failed", "running", "cut_off"]


def outcome(timeline: Timeline, attempt: Attempt) -> Outcome:
    """The outcome of `attempt` in `timeline`. One that reached the threshold is "stopped", even if it is the best too.

    One that failed a validator did not reach it, whatever its reward.
    """
    if attempt.reward is None:
        return "running" if attempt.state == "scored" else attempt.state
    if timeline.reaches(attempt):
        return "stopped"
    return "best" if attempt.index == timeline.best else "scored"


def words(timeline: Timeline, attempt: Attempt) -> str:
    """The same as a person would say it; once the run has finished, the best is no longer "so far"."""
    kind = outcome(timeline, attempt)
    return "best" if kind == "best" and timeline.finished is not None else ATTEMPT_OUTCOMES[kind]


def rolled(timeline: Timeline) -> bool:
    """Whether the attempts go by rollout ids, as none of the program's models takes a temperature."""
    if not timeline.attempts:
        return timeline.spec.temperature_schedule.kind == "none"
    return not timeline.tempered(timeline.attempts[-1])


def hints(attempt: Attempt) -> dict[str, str]:
    """Predictor name -> hint that it was given; those without one are left out."""
    return {name: text for name, text in attempt.hints.items() if is_hint(text)}
