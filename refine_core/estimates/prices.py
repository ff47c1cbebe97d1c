"""What recorded calls would cost if they were made once more, perhaps by other models. The rules are in the package."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from refine_core.events import Purpose
from refine_core.lm.prices import cost_by_own_prices
from refine_core.lm.types import Usage as Tokens
from refine_core.log.timeline import Call
from refine_core.spec.program import ModelSpec, ProgramSpec

Models = Mapping[Purpose, ModelSpec]
"""Who answers: purpose of a call -> model."""

FREE: Final = ("practice", "replay")


def models_of(spec: ProgramSpec) -> Models:
    """Purpose of a call -> the model that a program asks: where none is named for advice or the judge, its own."""
    return {"predict": spec.model, "advice": spec.adviser or spec.model, "judge": spec.judge or spec.model}


def price_calls(calls: Sequence[Call], then: Models, now: Models, known: Sequence[Call] = ()) -> float | None:
    """What these calls cost in all if they are made once more, in US dollars; None: unknown, also where none had an answer.

    then, now: the models that made them, and that will make them. known: more calls of the models of `then`, which tell what one costs.
    """
    prices = [price for call in calls for price in _price(call, then, now, known)]
    if not prices or None in prices:
        return None
    return math.fsum(price for price in prices if price is not None)


def price_of_one(calls: Iterable[tuple[Call, ModelSpec]], now: ModelSpec | None) -> float | None:
    """What one more call like these costs, on average. calls: each with the model that made it. now: who will; None: the same.

    Calls of other models count only where the own prices of `now` tell what they would have cost. Calls from the cache do not count.
    """
    prices: list[float] = []
    for call, model in calls:
        if call.is_free:
            continue
        for price in _price(call, {call.purpose: model}, {call.purpose: now or model}, ()):
            if price is not None:
                prices.append(price)
            elif now is None or model.identity == now.identity:
                return None
    return math.fsum(prices) / len(prices) if prices else None


def _price(call: Call, then: Models, now: Models, known: Sequence[Call]) -> list[float | None]:
    """The price of one call; [] of one that had no answer."""
    model = now[call.purpose]
    if model.kind in FREE:
        return [0.0]
    if call.reply is None and not call.charges:
        return []
    if then[call.purpose].identity == model.identity:
        paid = _paid(call)
        if paid is None and call.is_free:
            paid = _mean([_paid(one) for one in known if one.purpose == call.purpose and not one.is_free])
        if paid is not None:
            return [paid]
    return [cost_by_own_prices(_tokens(call), model.price_in_usd, model.price_out_usd)]


def _paid(call: Call) -> float | None:
    """What a call cost that was really made."""
    costs = [charge.cost_usd for charge in call.charges]
    return None if not costs or None in costs else math.fsum(cost for cost in costs if cost is not None)


def _mean(prices: Iterable[float | None]) -> float | None:
    known = [price for price in prices if price is not None]
    return math.fsum(known) / len(known) if known else None


def _tokens(call: Call) -> Tokens:
    """What it sent and received, unusable replies too; of a reply from the cache, what the call did that is cached."""
    pairs = [(one.prompt_tokens, one.completion_tokens) for one in call.charges]
    if not pairs and call.reply is not None:
        pairs = [(call.reply.prompt_tokens, call.reply.completion_tokens)]
    return Tokens(_sum([sent for sent, _ in pairs]), _sum([received for _, received in pairs]))


def _sum(counts: Sequence[int | None]) -> int | None:
    return None if None in counts else sum(count or 0 for count in counts)
