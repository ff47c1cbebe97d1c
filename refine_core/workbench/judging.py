"""What asking a reward's judge would take, and who the judge is. Nothing here asks one.

estimate_calls(recognized, rows) -> JudgeEstimate("Re-score: up to 12 calls, about $0.02")
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass

from refine_core.connect import connect
from refine_core.errors import RewardError
from refine_core.formatting import format_cost, pluralize
from refine_core.log.timeline import Timeline, Usage
from refine_core.refine.build import judge_by
from refine_core.rewards import Judge
from refine_core.rewards.judge import JUDGE_CALLS
from refine_core.rewards.judge_calls import max_judge_calls, may_ask_judge
from refine_core.rewards.judge_memory import JudgeMemory
from refine_core.rewards.shapes import Recognized
from refine_core.spec import ModelSpec


@dataclass(frozen=True, slots=True)
class JudgeEstimate:
    """What scoring would take. calls: at most. cost_usd: about, by what such calls cost before; None: unknown."""

    calls: int
    cost_usd: float | None

    @property
    def text(self) -> str:
        """For a button: "Re-score: up to 12 calls, about $0.02"."""
        cost = "cost unknown" if self.cost_usd is None else format_cost(self.cost_usd)
        return f"Re-score: up to {pluralize(self.calls, 'call')}, {'about ' if self.cost_usd else ''}{cost}"


@dataclass(frozen=True, slots=True)
class JudgeSpec:
    """A judge: its model, the seed of a practice model, and the key that a person typed for it, in memory only."""

    model: ModelSpec
    seed: int = 0
    key: str = ""

    @property
    def name(self) -> str:
        """What tells judges apart; never the key."""
        return repr((sorted((name, repr(value)) for name, value in asdict(self.model).items()), self.seed))

    def connect(self) -> Judge:
        """The judge itself. Raises LMKeyError; RewardError for a replay, which has no model to ask."""
        if self.model.kind == "replay":
            raise RewardError("a replay has no model that could judge", type_name="JudgeError")
        return judge_by(connect(self.model, key=self.key or None, seed=self.seed))


def judge_of_run(timeline: Timeline, key: str = "") -> JudgeSpec:
    """The judge that the reward of a run would ask: its own, else the model of the program."""
    spec = timeline.spec
    return JudgeSpec(spec.judge or spec.model, spec.seed, key)


def asks_judge(recognized: Recognized) -> bool:
    """Whether the source may ask a judge; one that has a function of its own called so does not, unless it hides what it does."""
    return may_ask_judge(recognized.source) and not any(one.name == "judge" for one in recognized.functions)


def estimate_calls(
    recognized: Recognized, rows: int, judge: JudgeSpec | None, runs: Iterable[Timeline]
) -> JudgeEstimate:
    """What scoring `rows` rows would take. runs: whose judge calls tell what one costs."""
    most = [_most_calls(recognized, one.name) for one in recognized.functions]
    calls = rows * max(1, sum(most))
    if judge is not None and judge.model.kind == "practice":
        return JudgeEstimate(calls, 0.0)
    asked = [
        call
        for timeline in runs
        for attempt in timeline.attempts
        for call in attempt.judge_calls
        if call.reply is not None and not call.reply.cache_hit and not call.reply.replayed
    ]
    cost = Usage.of(asked).cost_usd if asked else None
    return JudgeEstimate(calls, None if cost is None else cost / len(asked) * calls)


def _most_calls(recognized: Recognized, name: str) -> int:
    try:
        return max_judge_calls(recognized.source, name)
    except RewardError:
        return JUDGE_CALLS


MEMORY = JudgeMemory()
"""Answers of judges in this process, by what they were asked."""
