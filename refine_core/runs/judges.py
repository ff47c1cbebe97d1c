"""The judge that scoring recorded outputs again would ask: who it is, and what that would take. Nothing here asks one.

judge_of_run(spec, keys) -> JudgeSpec        estimate_cost(calls, model, timelines) -> JudgeEstimate
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace

from refine_core.connect import connect
from refine_core.errors import RewardError
from refine_core.estimates import models_of, price_of_one
from refine_core.formatting import format_estimate, pluralize
from refine_core.lm.prices import cost_by_own_prices
from refine_core.lm.types import Usage as LMUsage
from refine_core.log.timeline import Timeline
from refine_core.refine.build import judge_by
from refine_core.rewards import Judge
from refine_core.spec import ModelSpec, ProgramSpec
from refine_core.spec.foreign_models import ForeignModel, describe_sending

CHARACTERS_A_TOKEN, REPLY_TOKENS = 4, 60  # roughly, for a price


@dataclass(frozen=True, slots=True)
class JudgeSpec:
    """A judge: its model, the seed of a practice model, and the key that a person typed for it, in memory only.

    refused: why it must not be asked; "" where it may.
    """

    model: ModelSpec
    seed: int = 0
    key: str = ""
    refused: str = ""

    def unless_foreign(self, foreign: Iterable[ForeignModel]) -> JudgeSpec:
        """The same, or one that refuses to be asked, if it is among the models that came in a file and that nobody agreed to."""
        own = describe_sending(self.model)
        if all(one.text != own for one in foreign):
            return self
        why = f"this run came from a file, and its judge is {own}. Fork it or run it again with that address agreed to, or with another model"
        return replace(self, refused=why)

    @property
    def name(self) -> str:
        """What tells judges apart by what they answer; never the key."""
        model = asdict(self.model.identity)
        return repr((sorted((name, repr(value)) for name, value in model.items()), self.seed))

    def connect(self, rollout: int = 0) -> Judge:
        """The judge itself. rollout: another number asks the same question anew, past the cache of calls; it is never sent.

        Raises LMKeyError; RewardError for a replay, which has no model to ask, and for one that is refused.
        """
        if self.refused:
            raise RewardError(self.refused, type_name="JudgeError")
        if self.model.kind == "replay":
            raise RewardError("a replay has no model that could judge", type_name="JudgeError")
        model = connect(self.model, key=self.key or None, seed=self.seed)
        return judge_by(model.copy(rollout_id=rollout) if rollout else model)


def judge_of_run(spec: ProgramSpec, keys: Mapping[str, str] | None = None) -> JudgeSpec:
    """The judge that the reward of a run asks: its own, else the model of the program. keys: role -> key typed by a person."""
    if spec.judge is not None:
        return JudgeSpec(spec.judge, spec.seed, (keys or {}).get("judge", ""))
    model = spec.model
    if spec.temperature_schedule.kind == "none":  # as run_job sends it
        model = replace(model, temperature=None)
    return JudgeSpec(model, spec.seed, (keys or {}).get("model", ""))


@dataclass(frozen=True, slots=True)
class JudgeEstimate:
    """What scoring would take. calls: at most. cost_usd: about, by what such calls cost before; None: unknown."""

    calls: int
    cost_usd: float | None

    @property
    def text(self) -> str:
        """For a button: "Re-score: up to 12 calls, about $0.02"."""
        return f"Re-score: {self.price}"

    @property
    def price(self) -> str:
        """The price alone: "up to 12 calls, about $0.02"."""
        return f"up to {pluralize(self.calls, 'call')}, {format_estimate(self.cost_usd)}"


def estimate_cost(
    calls: int, model: ModelSpec | None, timelines: Iterable[Timeline], characters: int | None = None
) -> JudgeEstimate:
    """What so many calls of that model would cost. timelines: of runs whose own judge calls tell what one costs.

    characters: of a prompt, about, which tells where no such call is known and the model has prices of its own.
    """
    if model is not None and model.kind == "practice":
        return JudgeEstimate(calls, 0.0)
    asked = [
        (call, models_of(timeline.spec)["judge"])
        for timeline in timelines
        for attempt in timeline.attempts
        for call in attempt.judge_calls
    ]
    each = price_of_one(asked, model)
    if each is None and model is not None and characters is not None:
        tokens = LMUsage(characters // CHARACTERS_A_TOKEN, REPLY_TOKENS)
        each = cost_by_own_prices(tokens, model.price_in_usd, model.price_out_usd)
    return JudgeEstimate(calls, None if each is None else each * calls)
