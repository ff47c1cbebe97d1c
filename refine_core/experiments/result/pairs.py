"""Two arms, input by input: the difference, where it comes from, and what both would have got for the same money."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from refine_core.experiments.result.arms import ArmRuns, Run
from refine_core.experiments.result.figures import (
    MIN_FOR_CURVES,
    UNITS,
    ArmResult,
    Comparison,
    EqualBudget,
    InputDifference,
    PartDifference,
    Unit,
)
from refine_core.statistics import ArmDifference, compare_arms
from refine_core.statistics.numbers import mean

SMALL: Final = 0.05
"""The share of the rewards' range below which a difference counts as none."""
FAILURES_APART: Final = 0.05
"""From this difference of the shares of failed runs on, a second figure is given."""


@dataclass(frozen=True, slots=True)
class Pair:
    """Two arms and the rows on which both were scored. clusters: row -> which input it is, where some are equal."""

    first: ArmRuns
    second: ArmRuns
    rows: Sequence[int]
    clusters: Mapping[int, int] | None
    seen: Sequence[float]

    def compare(
        self,
        first: Mapping[int, float],
        second: Mapping[int, float],
        rows: Sequence[int],
        level: float = 0.95,
    ) -> ArmDifference | None:
        """Two values of each of these rows."""
        clusters = None if self.clusters is None else [self.clusters[row] for row in rows]
        return compare_arms(
            [first[row] for row in rows], [second[row] for row in rows], clusters, level, self.seen
        )

    def difference(self, level: float = 0.95) -> ArmDifference | None:
        """Of the rewards."""
        return self.compare(self.first.means, self.second.means, self.rows, level)


def make_pair(
    first: ArmRuns, second: ArmRuns, clusters: Mapping[int, int] | None, seen: Sequence[float]
) -> Pair:
    """Two arms in the order of their means on the rows that both have; equal ones stay as they are."""
    rows = [row for row in first.means if row in second.means]
    total = [sum(arm.means[row] for row in rows) for arm in (first, second)]
    if total[1] > total[0]:
        first, second = second, first
    return Pair(first, second, rows, clusters, seen)


def build_comparison(
    pair: Pair,
    results: Mapping[str, ArmResult],
    decision: tuple[ArmDifference | None, float | None, bool],
    experiment_id: str,
) -> Comparison:
    """The pair in figures. decision: its difference at the level of its step, p as corrected, and whether it is clear."""
    first, second = pair.first, pair.second
    difference, p, enough = decision
    by_input = sorted(
        (_input(pair, row, experiment_id) for row in pair.rows), key=lambda one: (one.difference, one.row)
    )
    ended = [row for row in first.by_row if row in second.by_row]
    a, b = results[first.arm.key], results[second.arm.key]
    apart = _share(a) - _share(b)
    has_caution = abs(apart) >= FAILURES_APART
    more, fewer = (a, b) if apart > 0 else (b, a)
    level = difference.level if difference is not None else 0.95
    return Comparison(
        a,
        b,
        difference,
        p,
        enough,
        tuple(by_input),
        len(ended) - len(pair.rows),
        _at_lowest(pair, ended, level) if has_caution and pair.seen else None,
        f"{more.name} failed more often: {more.failed} of {more.runs} runs, {fewer.name} {fewer.failed} of {fewer.runs}."
        if has_caution
        else "",
        tuple(_parts(pair)),
        {unit: compare_at_budget(pair, unit, level) for unit in UNITS}
        if len(pair.rows) >= MIN_FOR_CURVES
        else {},
        SMALL * _range(pair.seen),
    )


def _range(seen: Sequence[float]) -> float:
    """Of the rewards: 1 for those that lie from 0 to 1, as most are meant to."""
    return 1.0 if all(0 <= one <= 1 for one in seen) else max(seen) - min(seen)


def _share(arm: ArmResult) -> float:
    return arm.failed / arm.runs if arm.runs else 0.0


def _input(pair: Pair, row: int, experiment_id: str) -> InputDifference:
    """A row, with two runs to look at: those of the repeat that differ most like the means do."""
    first, second = pair.first.means[row], pair.second.means[row]
    (cell_a, a), (cell_b, b) = _nearest(pair.first.scored(row), pair.second.scored(row), first - second)
    return InputDifference(
        row,
        first - second,
        first,
        second,
        cell_a.run_id(experiment_id),
        cell_b.run_id(experiment_id),
        a.reward or 0.0,
        b.reward or 0.0,
        a.parts,
        b.parts,
    )


def _nearest(first: Sequence[Run], second: Sequence[Run], difference: float) -> tuple[Run, Run]:
    if len(first) == len(second) == 1:
        return first[0], second[0]
    pairs = [(a, b) for a in first for b in second if a[0].repeat == b[0].repeat] or [(first[0], second[0])]
    return min(pairs, key=lambda one: abs((one[0][1].reward or 0) - (one[1][1].reward or 0) - difference))


def _at_lowest(pair: Pair, rows: Sequence[int], level: float) -> ArmDifference | None:
    """The difference if every failed run had got the lowest reward that was seen."""
    lowest = min(pair.seen)

    def values(arm: ArmRuns) -> dict[int, float]:
        return {
            row: mean(lowest if one.reward is None else one.reward for _, one in arm.by_row[row]) or 0.0
            for row in rows
        }

    return pair.compare(values(pair.first), values(pair.second), rows, level)


def _parts(pair: Pair) -> list[PartDifference]:
    """Every part that both arms' rewards have, on the rows that have it, the largest difference first."""
    both = _part_means(pair.first, pair.rows), _part_means(pair.second, pair.rows)
    found = []
    for name in both[0]:
        if name not in both[1]:
            continue
        first, second = both[0][name], both[1][name]
        rows = [row for row in pair.rows if row in first and row in second]
        a, b = mean(first[row] for row in rows), mean(second[row] for row in rows)
        if a is not None and b is not None:
            part = replace(pair, seen=())
            found.append(PartDifference(name, a, b, part.compare(first, second, rows)))
    return sorted(found, key=lambda one: -abs(one.first - one.second))


def _part_means(arm: ArmRuns, rows: Sequence[int]) -> dict[str, dict[int, float]]:
    values: dict[str, dict[int, list[float]]] = {}
    for row in rows:
        for _, outcome in arm.scored(row):
            for name, value in outcome.parts.items():
                values.setdefault(name, {}).setdefault(row, []).append(value)
    return {
        name: {
            row: middle
            for row, inside in by_row.items()
            if (middle := inside[0] if len(inside) == 1 else mean(inside)) is not None
        }
        for name, by_row in values.items()
    }


def compare_at_budget(pair: Pair, unit: Unit, level: float = 0.95) -> EqualBudget:
    """Both arms at the smaller of their own mean spendings: between two attempts, both count, with one weight for all inputs."""
    arms = (pair.first, pair.second)
    sums = [spent for arm in arms if (spent := _mean_spent(arm, pair.rows, unit)) is not None]
    if len(sums) < len(arms):
        return EqualBudget(unit, None, reason="It is not known what every run took.")
    budget = min(sums[0][-1], sums[1][-1])
    if budget <= 0:
        return EqualBudget(unit, None, reason="The runs cost nothing.")
    for arm, spent in zip(arms, sums, strict=True):
        if spent[0] > budget * (1 + 1e-9):
            return EqualBudget(unit, budget, reason=f"One attempt of {arm.arm.name} takes more than that.")
    values, counts = [], []
    for arm, spent in zip(arms, sums, strict=True):
        count = _find_place(spent, budget)
        counts.append(count)
        values.append(_values_at(arm, pair.rows, count))
    rows = [row for row in pair.rows if row in values[0] and row in values[1]]
    first, second = (mean(one[row] for row in rows) for one in values)
    return EqualBudget(
        unit, budget, first, second, counts[0], counts[1], pair.compare(values[0], values[1], rows, level)
    )


def _mean_spent(arm: ArmRuns, rows: Sequence[int], unit: Unit) -> list[float] | None:
    """By k: the mean over these rows; None where it is not known."""
    found = []
    for k in range(arm.n):
        amounts = [arm.first_attempts[row].spent[unit][k] for row in rows]
        middle = None if None in amounts else mean(one or 0 for one in amounts)
        if middle is None:
            return None
        found.append(middle)
    return found


def _find_place(spent: Sequence[float], budget: float) -> float:
    """After how many attempts the mean spending is the budget: 2.4 lies between two and three."""
    for k in range(1, len(spent)):
        if spent[k] > budget:
            return k + max(0.0, (budget - spent[k - 1]) / (spent[k] - spent[k - 1]))
    return float(len(spent))


def _values_at(arm: ArmRuns, rows: Sequence[int], count: float) -> dict[int, float]:
    k = min(int(count), arm.n)
    weight = count - k
    found = {}
    for row in rows:
        best = arm.first_attempts[row].best
        before, after = best[k - 1], best[min(k, arm.n - 1)]
        if before is not None and after is not None:
            found[row] = before + weight * (after - before) if weight else before
    return found
