"""Whether a reward asks a judge, and what that would take. Nothing here asks one.

estimate_calls(recognized, rows) -> JudgeEstimate("Re-score: up to 12 calls, about $0.02")
"""

from __future__ import annotations

from collections.abc import Iterable

from refine_core.errors import RewardError
from refine_core.log.timeline import Timeline
from refine_core.rewards.judge import JUDGE_CALLS
from refine_core.rewards.judge_calls import max_judge_calls, may_ask_judge
from refine_core.rewards.shapes import Recognized
from refine_core.runs.judges import JudgeEstimate, JudgeSpec, estimate_cost


def asks_judge(recognized: Recognized) -> bool:
    """Whether the source may ask a judge; one that has a function of its own called so does not, unless it hides what it does."""
    return may_ask_judge(recognized.source) and not any(one.name == "judge" for one in recognized.functions)


def estimate_calls(
    recognized: Recognized, rows: int, judge: JudgeSpec | None, runs: Iterable[Timeline]
) -> JudgeEstimate:
    """What scoring `rows` rows would take. runs: whose judge calls tell what one costs."""
    calls = rows * max(1, sum(_max_calls(recognized, one.name) for one in recognized.functions))
    return estimate_cost(calls, None if judge is None else judge.model, runs)


def _max_calls(recognized: Recognized, name: str) -> int:
    try:
        return max_judge_calls(recognized.source, name)
    except RewardError:
        return JUDGE_CALLS
