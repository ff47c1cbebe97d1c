"""Score: what a reward returns. ScoreResult: the score of one prediction, with what the reward printed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from refine_core.errors import RewardError
from refine_core.rewards.score_conversion import NotAScore, convert_score


@dataclass(frozen=True, slots=True)
class Score:
    """A reward with the reasons for it.

    value: the reward itself, in any unit; higher is better.
    feedback: why, in words; the adviser is shown it.
    parts: what the value is made of, name -> number; shown beside it, never added up.
    """

    value: float
    feedback: str = ""
    parts: Mapping[str, float] = field(default_factory=dict)


@dataclass(slots=True)  # not frozen: every attempt makes one, and that would cost three times as much
class ScoreResult:
    """The score of one prediction.

    value, feedback, parts: as in Score. stdout: what the reward printed, at most 64 000 characters.
    took_s: seconds from asking to answer, waiting for a judge included.
    refusals: what the sandbox refused while the reward kept running, such as "line 3: reading /etc/hosts"; at most 10.
    unmet: names of the rules, loaded with the reward, that the prediction does not meet.
    """

    value: float
    feedback: str
    parts: Mapping[str, float]
    stdout: str
    took_s: float
    refusals: tuple[str, ...] = ()
    unmet: tuple[str, ...] = ()


def as_score(result: object) -> Score:
    """What a reward returned, as a Score.

    result: bool, int, float, a NumPy scalar, a Score, or an object with `score` and `feedback` such as a prediction.
    Raises: RewardError, "WrongType" for None, text, complex numbers and other things, "NotFinite" for NaN and inf.
    """
    try:
        value, feedback, parts = convert_score(result)
    except NotAScore as error:
        raise RewardError(error.message, type_name=error.type_name) from None
    return Score(value, feedback, parts)
