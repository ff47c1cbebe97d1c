"""Outcomes as text and back, fast enough for 10,000 at once. What has its default is left out, and what is not known is passed over.

write_outcome(outcome, charges) -> text        read_outcome(text) -> (outcome, charges)
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import MISSING, Field, dataclass, fields
from math import isfinite
from typing import Any, get_args

import ujson

from refine_core.errors import Charge
from refine_core.experiments.outcomes import AttemptFigures, Outcome, State
from refine_core.log.well_formed import make_well_formed


@dataclass(frozen=True, slots=True)
class Charges:
    """What a run has cost, as budgets count it. unpriced, uncounted: a model whose price, or tokens, are not known; "" for none."""

    calls: int = 0
    tokens: int = 0
    usd: float = 0.0
    unpriced: str = ""
    uncounted: str = ""

    @classmethod
    def of(cls, calls: int, charges: Iterable[Charge]) -> Charges:
        """The sum of these, for so many calls."""
        tokens, usd, unpriced, uncounted = 0, 0.0, "", ""
        for charge in charges:
            if charge.cost_usd is None:
                unpriced = charge.model or "the model"
            else:
                usd += charge.cost_usd
            if charge.prompt_tokens is None or charge.completion_tokens is None:
                uncounted = charge.model or "The model"
            else:
                tokens += charge.prompt_tokens + charge.completion_tokens
        return cls(calls, tokens, usd, unpriced, uncounted)

    def __add__(self, other: Charges) -> Charges:
        return Charges(
            self.calls + other.calls,
            self.tokens + other.tokens,
            self.usd + other.usd,
            other.unpriced or self.unpriced,
            other.uncounted or self.uncounted,
        )


def _default(field: Field[Any]) -> object:
    return field.default_factory() if field.default_factory is not MISSING else field.default


_STATES = get_args(State)
_OUTCOME = {one.name: _default(one) for one in fields(Outcome)}
_ATTEMPT = {one.name: _default(one) for one in fields(AttemptFigures)}
_CHARGES = {one.name: _default(one) for one in fields(Charges)}


def write_outcome(outcome: Outcome, charges: Charges) -> str:
    """An outcome with what it cost, as JSON text."""
    data = _write(outcome, _OUTCOME)
    data["attempts"] = [_write(one, _ATTEMPT) for one in outcome.attempts]
    data["charges"] = _write(charges, _CHARGES)
    return ujson.dumps(make_well_formed(data), escape_forward_slashes=False, ensure_ascii=False)


def read_outcome(text: str) -> tuple[Outcome, Charges]:
    """The inverse of `write_outcome`. Raises ValueError, TypeError or KeyError for other text."""
    try:
        data = ujson.loads(text)
        charges = Charges(**_known(data.pop("charges"), _CHARGES))
        data["attempts"] = tuple(AttemptFigures(**_known(one, _ATTEMPT)) for one in data["attempts"])
        data["given_away"] = tuple(data.get("given_away", ()))
        outcome = Outcome(**_known(data, _OUTCOME))
    except AttributeError as error:  # another kind of data
        raise TypeError(str(error)) from error
    if outcome.state not in _STATES or (outcome.state == "scored") != _is_number(outcome.reward):
        raise ValueError(f"a run that is {outcome.state!r} with the reward {outcome.reward!r}")
    if not all(one.reward is None or _is_number(one.reward) for one in outcome.attempts):
        raise ValueError("the reward of an attempt is no number")
    return outcome, charges


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)


def _write(value: object, defaults: dict[str, object]) -> dict[str, object]:
    written = ((name, getattr(value, name), default) for name, default in defaults.items())
    return {name: own for name, own, default in written if own != default}


def _known(data: dict[str, Any], defaults: dict[str, object]) -> dict[str, Any]:
    if data.keys() <= defaults.keys():
        return data
    return {name: value for name, value in data.items() if name in defaults}  # written by a newer version
