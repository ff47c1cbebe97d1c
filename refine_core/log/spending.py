"""What replies cost, by time and model: a fold that a run's summary carries, so that a day can be added up.

Time is kept in quarters of an hour, so that days can be added up in any time zone. Unknown is never 0: calls without a price
are counted separately.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from refine_core.errors import Charge
from refine_core.events import Event, LMReplied, charge_of

QUARTER_S = 900


@dataclass(frozen=True, slots=True)
class Spending:
    """What the calls of one model cost in one quarter of an hour.

    quarter: whole quarters since the epoch, UTC. calls: those that were answered, refusals included. free: those of them
    that were cached or replayed; their tokens were spent before, and are not counted. prompt_tokens, completion_tokens, cost_usd: sums
    of what is known. uncounted, unpriced: calls without tokens, without a price.
    """

    quarter: int
    model: str
    calls: int = 0
    free: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost_usd: float = 0.0
    uncounted: int = 0
    unpriced: int = 0

    def add(self, charge: Charge | None) -> Spending:
        """After one more call. charge: None if it was free."""
        if charge is None:
            return replace(self, calls=self.calls + 1, free=self.free + 1)
        prompt, completion, cost = charge.prompt_tokens, charge.completion_tokens, charge.cost_usd
        return replace(
            self,
            calls=self.calls + 1,
            prompt_tokens=self.prompt_tokens + (prompt or 0),
            completion_tokens=self.completion_tokens + (completion or 0),
            cost_usd=self.cost_usd + (cost or 0.0),
            uncounted=self.uncounted + (prompt is None or completion is None),
            unpriced=self.unpriced + (cost is None),
        )


def spend(spent: tuple[Spending, ...], event: Event, at: float) -> tuple[Spending, ...]:
    """The sums after one more event, recorded at `at` (seconds since the epoch). The latest quarter stands last."""
    charge = charge_of(event)
    if charge is not None:
        model = charge.model
    elif isinstance(event, LMReplied):
        model = event.model
    else:
        return spent
    quarter = int(at // QUARTER_S)
    for i in range(len(spent) - 1, -1, -1):
        if spent[i].quarter == quarter and spent[i].model == model:
            return (*spent[:i], spent[i].add(charge), *spent[i + 1 :])
    return (*spent, Spending(quarter, model).add(charge))
