"""A result in plain numbers. Nothing here computes; everything is frozen; None is what is not known or not defined."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final, Literal

from refine_core.experiments.document import Arm
from refine_core.experiments.snapshot import ExperimentState
from refine_core.spec import ProgramSpec
from refine_core.statistics import ArmDifference, SurvivalRow

MIN_FOR_CURVES: Final = 20
"""Inputs below which no curve is drawn."""

Unit = Literal["calls", "tokens", "usd"]
UNITS: Final[tuple[Unit, ...]] = ("calls", "tokens", "usd")
Interval = tuple[float, float] | tuple[None, None]


Answer = Literal["better", "no difference", "not enough data", "nothing to compare", "not finished"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of it, in words. headline: one sentence, or two. details: further ones, each on its own.

    method: how it was computed, in one line for small print; "" without a comparison.
    """

    answer: Answer
    headline: str
    details: tuple[str, ...] = ()
    method: str = ""


@dataclass(frozen=True, slots=True)
class Spending:
    """What runs took: in all, and of one run of an input on average. None: unknown for at least one run, or there was none."""

    total: float | None
    mean: float | None


@dataclass(frozen=True, slots=True)
class SurvivalBand:
    """A row of Kaplan and Meier, with the 95 % interval of the share that has *reached* the threshold after this attempt."""

    row: SurvivalRow
    low: float
    high: float

    @property
    def reached(self) -> float:
        """The estimated share of runs at the threshold after this attempt."""
        return 1 - self.row.not_yet


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """The first k attempts of each run. mean: of the inputs' best rewards by then, with its interval.

    spent: unit -> mean of what a run had spent by then; None where that is not known.
    """

    k: int
    mean: float
    interval: Interval
    spent: Mapping[Unit, float | None]


@dataclass(frozen=True, slots=True)
class BestOfK:
    """What the best of k independent attempts gives, on average over inputs."""

    k: int
    mean: float
    interval: Interval


@dataclass(frozen=True, slots=True)
class ArmResult:
    """An arm: its runs and what came of them.

    cells: planned runs. runs: those that ended by themselves, scored or failed. inputs: with at least one scored run. mean: over
    inputs, of the mean over an input's scored runs. threshold, reached: how many runs reached it; None without one.
    failures: error type -> runs. stopped: why the arm was stopped, or "".
    survival: [] where there is no threshold, or too few inputs. curve: k = 1…N, () for too few inputs. curve_inputs: how many it is of.
    best_of_k: of an arm without hints; () with the reason in `no_best_of_k`. cut_off: runs that a budget or a cancel ended, which only
    `survival` has, as far as they went; there it has every run that began. given_away: name of a value that only the reward should see ->
    runs whose returned attempt had a hint that quotes it.
    """

    arm: Arm
    cells: int
    runs: int = 0
    scored: int = 0
    failed: int = 0
    inputs: int = 0
    mean: float | None = None
    interval: Interval = (None, None)
    threshold: float | None = None
    reached: int | None = None
    calls: Spending = Spending(None, None)
    tokens: Spending = Spending(None, None)
    usd: Spending = Spending(None, None)
    failures: Mapping[str, int] = field(default_factory=dict)
    stopped: str = ""
    survival: tuple[SurvivalBand, ...] = ()
    curve: tuple[CurvePoint, ...] = ()
    curve_inputs: int = 0
    best_of_k: tuple[BestOfK, ...] = ()
    no_best_of_k: str = ""
    cut_off: int = 0
    given_away: Mapping[str, int] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """The arm's letter."""
        return self.arm.key

    @property
    def name(self) -> str:
        """Its name, for people."""
        return self.arm.name

    @property
    def share_reached(self) -> float | None:
        """Of the runs that ended, failed ones too."""
        return None if self.reached is None or not self.runs else self.reached / self.runs

    def spending(self, unit: Unit) -> Spending:
        """In that unit."""
        return {"calls": self.calls, "tokens": self.tokens, "usd": self.usd}[unit]


@dataclass(frozen=True, slots=True)
class InputDifference:
    """One input in two arms. first, second: the mean of its scored runs in each. first_run, second_run: ids to put side by side.

    first_parts, second_parts: of these two runs' scores; first_reward, second_reward: their rewards.
    """

    row: int
    difference: float
    first: float
    second: float
    first_run: str
    second_run: str
    first_reward: float
    second_reward: float
    first_parts: Mapping[str, float] = field(default_factory=dict)
    second_parts: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PartDifference:
    """A part of the reward in two arms: the means, and their difference with its interval; None where nothing varies."""

    name: str
    first: float
    second: float
    difference: ArmDifference | None


@dataclass(frozen=True, slots=True)
class EqualBudget:
    """What two arms would have got for the same money: the first attempts of each, up to the same mean spending.

    budget: a run, the smaller of the two arms' own. first, second: mean reward there, and after how many attempts of how many:
    2.4 of 5 lies between two and three. difference: None where `reason` says why.
    """

    unit: Unit
    budget: float | None
    first: float | None = None
    second: float | None = None
    first_attempts: float | None = None
    second_attempts: float | None = None
    difference: ArmDifference | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two arms, the one with the higher mean first.

    difference: first less second, at the level of Holm's step, so that it leaves out 0 exactly where `enough` is true; None where
    too few inputs were scored, all rewards are equal, or they are too large to compute with. p: as Holm corrects it. enough: whether the two differ.
    by_input: ascending by difference, so the first's worst regressions come first. left_out: inputs that ran in both but were
    scored only in one, or in none. caution: where the arms failed unequally often; then `at_lowest` counts failed runs as the lowest
    reward that was seen. margin: the difference below which the two count as equal.
    """

    first: ArmResult
    second: ArmResult
    difference: ArmDifference | None
    p: float | None = None
    enough: bool = False
    by_input: tuple[InputDifference, ...] = ()
    left_out: int = 0
    at_lowest: ArmDifference | None = None
    caution: str = ""
    parts: tuple[PartDifference, ...] = ()
    equal_budget: Mapping[Unit, EqualBudget] = field(default_factory=dict)
    margin: float = 0.0

    @property
    def inputs(self) -> int:
        """How many were scored in both."""
        return len(self.by_input)

    @property
    def is_level(self) -> bool:
        """Whether every input got the same reward in both."""
        return len({value for one in self.by_input for value in (one.first, one.second)}) == 1

    @property
    def worse(self) -> int:
        """Inputs on which the first got less."""
        return sum(one.difference < 0 for one in self.by_input)

    @property
    def equal(self) -> int:
        """Inputs on which both got the same."""
        return sum(one.difference == 0 for one in self.by_input)

    @property
    def better(self) -> int:
        """Inputs on which the first got more."""
        return sum(one.difference > 0 for one in self.by_input)

    @property
    def regressions(self) -> tuple[InputDifference, ...]:
        """Inputs on which the first got less, the worst first."""
        return tuple(one for one in self.by_input if one.difference < 0)


@dataclass(frozen=True, slots=True)
class Result:
    """What an experiment shows. While more may come (`is_final` is false) there are counts, and no mean and no comparison.

    verdict: in words.
    comparisons: every pair; the best arm against the next best first. rows: inputs of the experiment. inputs: those that count.
    repeats: of each. lowest, highest: of all rewards; None without any. differing_rewards: whether the arms have different rewards, so
    that only those with the same one are compared. clustered: whether some inputs are equal, and count as one. corrected: for how many comparisons.
    """

    verdict: Verdict
    state: ExperimentState
    is_final: bool
    arms: tuple[ArmResult, ...]
    comparisons: tuple[Comparison, ...]
    cells: int
    done: int
    failed: int
    rows: int
    inputs: int
    repeats: int
    lowest: float | None = None
    highest: float | None = None
    differing_rewards: bool = False
    clustered: bool = False
    stopped_by: str = ""
    error: str = ""
    corrected: int = 1

    @property
    def main(self) -> Comparison | None:
        """What the verdict speaks about."""
        return self.comparisons[0] if self.comparisons else None

    @property
    def cut_off(self) -> int:
        """Runs that a budget or a cancel ended in an attempt after their first: attempts to the threshold have them as far as they went."""
        return sum(arm.cut_off for arm in self.arms)

    @property
    def draws_curves(self) -> bool:
        """Whether there are enough inputs for attempts to the threshold and reward against budget."""
        return self.is_final and self.inputs >= MIN_FOR_CURVES

    def arm(self, key: str) -> ArmResult:
        """The arm of that letter. Raises KeyError."""
        for one in self.arms:
            if one.key == key:
                return one
        raise KeyError(key)

    def keep_alike(self, key: str) -> Result:
        """The same with curves of those arms alone that have the reward of this one, so that one axis holds for all. Raises KeyError."""
        reward = identify_reward(self.arm(key).arm.spec)
        arms = (
            one
            if identify_reward(one.arm.spec) == reward
            else replace(one, survival=(), curve=(), best_of_k=())
            for one in self.arms
        )
        return replace(self, arms=tuple(arms))

    def compare(self, first: str, second: str) -> Comparison | None:
        """The comparison of two arms, whichever of them stands first in it."""
        wanted = {first, second}
        return next((one for one in self.comparisons if {one.first.key, one.second.key} == wanted), None)


def identify_reward(spec: ProgramSpec) -> tuple[object, ...]:
    """All that says what a reward returns."""
    return spec.reward, spec.reward_name, spec.reward_shape, tuple(spec.reward_arguments.items())
