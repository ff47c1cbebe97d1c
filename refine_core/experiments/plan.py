"""The plan of an experiment as data, and each figure of it as text. planning.py makes it.

Each figure is low to high; unknown is None.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from refine_core.errors import Problem
from refine_core.experiments.experience import Range
from refine_core.formatting import format_cost, format_duration, format_score, pluralize

TIMES: Final = "\N{MULTIPLICATION SIGN}"


@dataclass(frozen=True, slots=True)
class ArmPlan:
    """What an arm takes. calls, cost_usd, seconds: of one run, low and high; None: unknown. runs: recorded ones that say so."""

    key: str
    calls: Range
    cost_usd: Range | None
    seconds: Range | None
    runs: int = 0

    @property
    def calls_text(self) -> str:
        """Calls an input: "3.1 to 7.4", "5.0"."""
        return _write_range(self.calls, ".1f")


@dataclass(frozen=True, slots=True)
class ExperimentPlan:
    """An experiment that has not begun. runs: of all arms. calls, cost_usd, seconds: of all runs, low and high; None: unknown.

    detectable: the smallest difference between two arms that so many inputs show in 4 of 5 cases; basis: how that is known. source: where
    calls, cost and time come from. stop: how the budget stops it, or "". at_once: calls at once, the same for every model; None: not the same.
    problems: what keeps it from being run. notes: what is worth knowing, a sentence each. warnings: what is likely
    wrong with it, a sentence each. is_known: whether recorded rewards tell how much
    rewards vary; else `detectable` is the worst case for rewards from 0 to 1.
    """

    inputs: int
    arms: int
    repeats: int
    by_arm: tuple[ArmPlan, ...]
    calls: Range
    cost_usd: Range | None
    seconds: Range | None
    detectable: float | None
    basis: str
    source: str
    stop: str
    at_once: int | None
    problems: tuple[Problem, ...] = ()
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    is_known: bool = True

    @property
    def runs(self) -> int:
        """Of all arms."""
        return self.inputs * self.arms * self.repeats

    @property
    def runs_text(self) -> str:
        """The runs, as inputs times arms times repeats: "480" after the product that they are."""
        factors = [str(one) for one in (self.inputs, self.arms, self.repeats) if one > 1]
        product = f"{self.runs:,}"
        return f"{f' {TIMES} '.join(factors)} = {product}" if len(factors) > 1 else product

    @property
    def calls_text(self) -> str:
        """The calls: "1,460 to 2,140"."""
        return _write_range(self.calls, ",.0f")

    @property
    def cost_text(self) -> str:
        """The price: "$1.10 to $1.75", "free", "unknown"."""
        if self.cost_usd is None:
            return "unknown"
        low, high = (format_cost(usd) for usd in self.cost_usd)
        return low if low == high else f"{low} to {high}"

    @property
    def time_text(self) -> str:
        """The time: "6 to 9 min", "unknown"."""
        if self.seconds is None:
            return "unknown"
        low, high = (_write_time(seconds) for seconds in self.seconds)
        if low == high:
            return low
        unit = high.rpartition(" ")[2]
        return f"{low.removesuffix(f' {unit}')} to {high}"

    @property
    def shows(self) -> tuple[tuple[str, bool], ...]:
        """What this can show, in pieces, each with whether it is to be stressed; () where there is nothing to say."""
        if self.arms < 2 or self.inputs < 1:  # noqa: PLR2004
            return (("One arm is measured, and compared with nothing.", False),) if self.arms else ()
        given = f"With {pluralize(self.inputs, 'input')}"
        if self.detectable is None:
            return ((f"{given}, nothing can be said of others: it takes at least two.", False),)
        if not self.is_known and self.detectable >= 1:
            return ((f"{given}, no difference of rewards from 0 to 1 is sure to show. {self.basis}", False),)
        return (
            (f"{given}, a difference between two arms of ", False),
            (f"{format_score(self.detectable)} or more", True),
            (
                f". Smaller ones will be reported as \N{LEFT DOUBLE QUOTATION MARK}not enough data\N{RIGHT DOUBLE QUOTATION MARK}. {self.basis}",
                False,
            ),
        )

    @property
    def shows_text(self) -> str:
        """The same as one text."""
        return "".join(text for text, _ in self.shows)


def _write_range(values: Range, form: str) -> str:
    low, high = (format(value, form) for value in values)
    return low if low == high else f"{low} to {high}"


def _write_time(seconds: float) -> str:
    """About: "4 s", "6 min", "2.5 h"."""
    if seconds < 1:
        return format_duration(1.0).replace(".0 s", " s")
    if seconds < 60:  # noqa: PLR2004
        return f"{seconds:.0f} s"
    minutes = seconds / 60
    return f"{minutes:.0f} min" if minutes < 90 else f"{minutes / 60:.1f} h"  # noqa: PLR2004
