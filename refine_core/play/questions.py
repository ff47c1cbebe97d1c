"""What is asked before a reward is shown, and how a guess compares with it, from what may be seen by then."""

from __future__ import annotations

from dataclasses import dataclass

from refine_core.formatting import format_score
from refine_core.log.timeline import Attempt, Timeline
from refine_core.messages import format_reward
from refine_core.play.captions import join_names


@dataclass(frozen=True, slots=True)
class GuessRange:
    """The rewards between which somebody guesses: those seen so far, the threshold, 0 and 1."""

    low: float
    high: float

    @classmethod
    def of(cls, timeline: Timeline) -> GuessRange:
        """Of the run as it may be seen; a reward that waits for its guess has no part in it."""
        seen = [0.0, 1.0, *(a.reward for a in timeline.attempts if a.reward is not None)]
        if timeline.spec.threshold is not None:
            seen.append(timeline.spec.threshold)
        return cls(min(seen), max(seen))

    def share_of(self, value: float) -> float:
        """Where a value lies between the ends, 0 to 1; one beyond them lies at the end."""
        return min(1.0, max(0.0, (value - self.low) / (self.high - self.low)))


def ask_for_guess(timeline: Timeline, index: int) -> str:
    """The question before the reward of this attempt is shown: what it will score, and what the one before it scored."""
    before = last_scored(timeline, index)
    question = f"What will attempt {index + 1} score?"
    if before is None:
        return question
    lacks = [name for name, value in (before.score.parts if before.score else {}).items() if value == 0]
    nothing = f", with nothing for {join_names(lacks)}" if lacks and len(lacks) <= _NAMED else ""
    return f"{question} Attempt {before.index + 1} scored {format_reward(timeline, before.reward)}{nothing}."


def compare_guess(timeline: Timeline, attempt: Attempt, guess: float) -> tuple[str, str]:
    """The guess and the truth as texts that can be told apart."""
    return format_score(guess, (attempt.reward,)), format_reward(timeline, attempt.reward)


def last_scored(timeline: Timeline, index: int) -> Attempt | None:
    """The latest attempt before this one that has a reward."""
    earlier = (a for a in timeline.attempts if a.index < index and a.reward is not None)
    return max(earlier, key=lambda a: a.index, default=None)


_NAMED = 3
