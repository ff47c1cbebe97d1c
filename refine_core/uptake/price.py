"""What advice cost, beside what the reward did after it."""

from __future__ import annotations

from dataclasses import dataclass

from refine_core.formatting import format_cost, format_duration, format_score, pluralize
from refine_core.log.timeline import Attempt, Timeline, Usage


@dataclass(frozen=True, slots=True)
class AdvicePrice:
    """tokens, cost_usd, took_s: of the advice after an attempt; None where unknown. change: in the reward from it to the next attempt.

    change is None unless both were scored. kept: whether it is the parent's, in a branch that begins after it.
    """

    tokens: int | None
    cost_usd: float | None
    took_s: float | None
    change: float | None
    kept: bool = False

    @property
    def text(self) -> str:
        """One line: "The advice took 620 tokens, $0.0004 and 295 ms. The next reward is 0.25 higher."."""
        tokens = "an unknown number of tokens" if self.tokens is None else pluralize(self.tokens, "token")
        cost = (
            "no money"
            if self.cost_usd == 0
            else "an unknown cost"
            if self.cost_usd is None
            else format_cost(self.cost_usd)
        )
        took = "" if self.took_s is None else f" and {format_duration(self.took_s)}"
        outcome = f" The next reward is {self.outcome.removeprefix('reward ')}." if self.outcome else ""
        if self.kept:
            return f"The advice is kept from another run: it took no call and no money here.{outcome}"
        return f"The advice took {tokens}{',' if took else ' and'} {cost}{took}.{outcome}"

    @property
    def outcome(self) -> str:
        """The change in reward in a few words: "reward 0.25 higher"; "" where it is not known."""
        if self.change is None:
            return ""
        if self.change == 0:
            return "reward the same"
        return f"reward {format_score(abs(self.change))} {'higher' if self.change > 0 else 'lower'}"


def advice_price(timeline: Timeline, attempt: Attempt) -> AdvicePrice | None:
    """The price of the advice after an attempt; None without advice of a model."""
    advice = attempt.advice
    if advice is None or not advice.calls:
        return None
    usage = Usage.of(advice.calls)
    known = usage.prompt_tokens is not None and usage.completion_tokens is not None
    tokens = (usage.prompt_tokens or 0) + (usage.completion_tokens or 0) if known else None
    after = next((one for one in timeline.attempts if one.index == attempt.index + 1), None)
    change = None
    if after is not None and after.reward is not None and attempt.reward is not None:
        change = float(f"{after.reward - attempt.reward:.12g}")
    return AdvicePrice(tokens, usage.cost_usd, advice.took_s, change, advice.kept)
