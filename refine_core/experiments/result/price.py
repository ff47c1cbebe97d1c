"""At what price an arm is better: in calls or dollars, and what the other would have got for the same."""

from __future__ import annotations

from typing import Final

from refine_core.experiments.result.figures import (
    ArmResult,
    Comparison,
    EqualBudget,
    Unit,
)
from refine_core.experiments.result.judging import write_interval
from refine_core.formatting import (
    format_difference,
    format_score,
    pluralize,
)

SAME_PRICE: Final = 0.05
_UNIT_WORDS: Final[dict[Unit, str]] = {"calls": "calls", "tokens": "tokens", "usd": "cost"}


def write_price(better: ArmResult, other: ArmResult) -> str:
    """At what price: in calls, or in dollars where only these differ, or that it is not known."""
    ratios = {unit: _ratio(better.spending(unit).mean, other.spending(unit).mean) for unit in _UNIT_WORDS}
    calls, usd = ratios["calls"], ratios["usd"]
    if calls is None:
        return "at unknown cost" if usd is None else f"at {_times(usd)} the cost"
    if abs(calls - 1) > SAME_PRICE:
        return f"at {_times(calls)} the calls"
    if usd is not None and abs(usd - 1) > SAME_PRICE:
        return f"at as many calls and {_times(usd)} the cost"
    free = better.usd.mean == other.usd.mean == 0
    return "at as many calls" if usd is not None or free else "at as many calls, of unknown cost"


def write_cheaper(main: Comparison) -> str:
    """Of two arms that do not differ, how many calls the dearer one took; "" where they took as many, or that is not known."""
    ratio = _ratio(main.first.calls.mean, main.second.calls.mean)
    if ratio is None or abs(ratio - 1) <= SAME_PRICE:
        return ""
    more, fewer = (main.first, main.second) if ratio > 1 else (main.second, main.first)
    return f"{more.name} took {_times(max(ratio, 1 / ratio))} the calls of {fewer.name}."


def write_at_equal(main: Comparison) -> str:
    """At equal calls, which of them gets more, as a sentence; "" where their price is the same or that is not known.

    A pair in which the first is not the winner is told the other way round.
    """
    equal = _pick_budget(main)
    found = equal.difference if equal is not None else None
    if equal is None or found is None:
        return ""
    better, other = find_winner(main)
    if better is main.second:
        found = found.reversed()
    where = f"At equal {_UNIT_WORDS[equal.unit]}"
    size = f"{format_score(abs(found.difference))} {write_interval(found if found.difference > 0 else found.reversed())}"
    if found.low > 0:
        return f"{where} it is still better, by {size}."
    if found.high < 0:
        return f"{where} {other.name} is better, by {size}."
    signed = f"{format_difference(found.difference)} {write_interval(found)}"
    return f"{where}, {pluralize(found.inputs, 'input')} show no difference: {signed}."


def find_winner(main: Comparison) -> tuple[ArmResult, ArmResult]:
    """The arm that is better, and the other."""
    if main.difference is not None and main.difference.difference < 0:
        return main.second, main.first
    return main.first, main.second


def _pick_budget(main: Comparison) -> EqualBudget | None:
    """The comparison at equal price that belongs in the sentence: of what the arms differ in."""
    for unit in ("calls", "usd"):
        ratio = _ratio(main.first.spending(unit).mean, main.second.spending(unit).mean)
        equal = main.equal_budget.get(unit)
        if ratio is not None and abs(ratio - 1) > SAME_PRICE:
            return equal if equal is not None and equal.difference is not None else None
    return None


def _ratio(a: float | None, b: float | None) -> float | None:
    return a / b if a is not None and b else None


def _times(ratio: float) -> str:
    return f"{ratio:.1f} times" if 0.1 <= ratio < 100 else f"{ratio:.2g} times"  # noqa: PLR2004 - digits that tell
