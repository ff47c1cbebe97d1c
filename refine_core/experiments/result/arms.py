"""An arm's own figures: its runs, its mean, attempts until the threshold, its curve, best-of-k."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from refine_core.experiments.document import Arm, Cell
from refine_core.experiments.outcomes import Outcome
from refine_core.experiments.result.attempts import FirstAttempts, fold_attempts
from refine_core.experiments.result.figures import (
    MIN_FOR_CURVES,
    UNITS,
    ArmResult,
    BestOfK,
    CurvePoint,
    Spending,
    SurvivalBand,
    Unit,
)
from refine_core.statistics import best_of_k, kaplan_meier, mean_of_inputs, survival_bands
from refine_core.statistics.numbers import mean

Run = tuple[Cell, Outcome]


@dataclass(frozen=True, slots=True)
class ArmRuns:
    """An arm's runs that count. by_row: row -> its runs that ended, failed ones too. means: row -> mean over its scored runs.

    first_attempts: row -> its first attempts; {} where too few inputs make a curve. all: every run that ended, whether it counts or not.
    cut_off: runs that a budget or a cancel ended in an attempt after their first.
    """

    arm: Arm
    planned: int
    all: Sequence[Outcome]
    by_row: Mapping[int, Sequence[Run]]
    means: Mapping[int, float]
    first_attempts: Mapping[int, FirstAttempts] = field(default_factory=dict)
    cut_off: Sequence[Outcome] = ()

    @property
    def n(self) -> int:
        """The most attempts of a run."""
        return self.arm.spec.attempt_count

    def scored(self, row: int) -> list[Run]:
        """The runs of a row that got a reward."""
        return [run for run in self.by_row.get(row, ()) if run[1].reward is not None]


def collect(
    arm: Arm,
    planned: int,
    every: Sequence[Outcome],
    by_row: Mapping[int, Sequence[Run]],
    cut_off: Sequence[Outcome] = (),
) -> ArmRuns:
    """An arm's runs, with what each input got."""
    means: dict[int, float] = {}
    for row, runs in by_row.items():
        rewards = [outcome.reward for _, outcome in runs if outcome.reward is not None]
        if rewards:
            means[row] = rewards[0] if len(rewards) == 1 else mean(rewards) or 0.0
    first_attempts: dict[int, FirstAttempts] = {}
    if len(means) >= MIN_FOR_CURVES:
        for row in means:
            scored = [outcome for _, outcome in by_row[row] if outcome.reward is not None]
            first_attempts[row] = fold_attempts(scored, arm.spec.attempt_count)
    begun = [one for one in cut_off if one.complete_attempts]
    return ArmRuns(arm, planned, every, by_row, means, first_attempts, begun)


def build_arm(
    runs: ArmRuns, clusters: Mapping[int, int] | None, seen: Sequence[float], stopped: str
) -> ArmResult:
    """The arm in figures. clusters: row -> which input it is, where some are equal. seen: lowest and highest of all rewards."""
    counted = [outcome for inside in runs.by_row.values() for _, outcome in inside]
    rows = list(runs.means)
    values = list(runs.means.values())
    threshold = runs.arm.spec.threshold
    drawn = len(rows) >= MIN_FOR_CURVES
    best, no_best = _best_of_k(runs, clusters, seen) if drawn else ((), "")
    return ArmResult(
        runs.arm,
        runs.planned,
        len(counted),
        sum(one.reward is not None for one in counted),
        sum(one.state == "failed" for one in counted),
        len(rows),
        mean(values),
        mean_of_inputs(values, _of(rows, clusters), seen),
        threshold,
        None if threshold is None else sum(any(a.reaches for a in one.attempts) for one in counted),
        _spending([one.calls for one in counted], [one.calls for one in runs.all]),
        _spending([one.tokens for one in counted], [one.tokens for one in runs.all]),
        _spending([one.cost_usd for one in counted], [one.cost_usd for one in runs.all]),
        Counter(one.error_type or "unknown" for one in counted if one.state == "failed"),
        stopped,
        _survival([*runs.all, *runs.cut_off]) if threshold is not None and drawn else (),
        _curve(runs, clusters, seen) if drawn else (),
        len(rows),
        best,
        no_best,
        len(runs.cut_off) if threshold is not None and drawn else 0,
        Counter(name for one in counted for name in one.given_away),
    )


def _of(rows: Sequence[int], clusters: Mapping[int, int] | None) -> list[int] | None:
    return None if clusters is None else [clusters[row] for row in rows]


def _spending(counted: Sequence[float | None], every: Sequence[float | None]) -> Spending:
    """Of an arm: all that ended is in the total, what counts in the mean."""
    total = None if None in every or not every else sum(one or 0 for one in every)
    return Spending(total, None if None in counted else mean(one or 0 for one in counted))


def _survival(outcomes: Sequence[Outcome]) -> tuple[SurvivalBand, ...]:
    """By run; one that ended before it reached the threshold is censored at its last complete attempt.

    Of a stopped experiment too, every run that began: those that all arms have ended are the quick ones, which reach it more often.
    """
    attempts, reached = [], []
    for one in outcomes:
        at = next((k for k, a in enumerate(one.attempts, 1) if a.reaches), None)
        attempts.append(one.complete_attempts if at is None else at)
        reached.append(at is not None)
    rows = kaplan_meier(attempts, reached)
    bands = survival_bands(rows)
    return tuple(SurvivalBand(row, 1 - high, 1 - low) for row, (low, high) in zip(rows, bands, strict=True))


def _curve(
    runs: ArmRuns, clusters: Mapping[int, int] | None, seen: Sequence[float]
) -> tuple[CurvePoint, ...]:
    points = []
    for k in range(runs.n):
        known = {
            row: best
            for row, first_attempts in runs.first_attempts.items()
            if (best := first_attempts.best[k]) is not None
        }
        middle = mean(known.values())
        if middle is None:
            continue
        spent: dict[Unit, float | None] = {}
        for unit in UNITS:
            amounts = [first_attempts.spent[unit][k] for first_attempts in runs.first_attempts.values()]
            spent[unit] = None if None in amounts else mean(one or 0 for one in amounts)
        interval = mean_of_inputs(list(known.values()), _of(list(known), clusters), seen)
        points.append(CurvePoint(k + 1, middle, interval, spent))
    return tuple(points)


def _best_of_k(
    runs: ArmRuns, clusters: Mapping[int, int] | None, seen: Sequence[float]
) -> tuple[tuple[BestOfK, ...], str]:
    """Over all sets of k attempts, which are exchangeable only without hints, and only if none was left out by a threshold."""
    spec, n = runs.arm.spec, runs.n
    if spec.strategy != "best_of_n":
        return (), "Only attempts without hints can be drawn anew." if n > 1 else ""
    scored = {row: [outcome for _, outcome in runs.scored(row)] for row in runs.means}
    every = [outcome for inside in scored.values() for outcome in inside]
    if any(len(one.attempts) < n for one in every):
        return (), "The threshold stopped some runs early, so their later attempts are not known."
    if any(a.unmet for one in every for a in one.attempts):
        return (), "Some attempts failed a validator."
    found = []
    for k in range(1, n + 1):
        by_row: dict[int, float] = {}
        for row, inside in scored.items():
            each = [best_of_k([a.reward for a in one.attempts if a.reward is not None], k) for one in inside]
            if each and None not in each:
                by_row[row] = mean(one or 0.0 for one in each) or 0.0
        middle = mean(by_row.values())
        if middle is not None:
            interval = mean_of_inputs(list(by_row.values()), _of(list(by_row), clusters), seen)
            found.append(BestOfK(k, middle, interval))
    return tuple(found), ""
