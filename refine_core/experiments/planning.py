"""What an experiment will take and what it can show, before anything is asked.

plan_experiment(runs, experiment, dataset) -> ExperimentPlan

Each figure is low to high. A mean of recorded runs has its interval; where nothing is recorded it is from at least to at most, by
the descriptions alone. Unknown is None. Time is at the limits of each model: so many calls at once, so many requests a minute.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import combinations
from statistics import NormalDist, stdev
from typing import Final

from refine_core.datasets import Dataset
from refine_core.experiments.document import Budget, Experiment, RateLimit
from refine_core.experiments.experience import (
    MIN_RUNS,
    Expected,
    Range,
    by_arm,
    expect,
    find_recorded,
)
from refine_core.experiments.plan import ArmPlan, ExperimentPlan
from refine_core.experiments.plan_notes import list_notes
from refine_core.experiments.plan_warnings import list_warnings
from refine_core.experiments.problems import find_problems
from refine_core.experiments.snapshot import Snapshot
from refine_core.formatting import clip, format_cost, pluralize
from refine_core.runs import Credentials, Runs

NAME_CHARACTERS: Final = 60
MIN_KNOWN: Final = 3
"""So many rewards, or inputs of a pilot, tell how much rewards vary."""
WORST_DEVIATION: Final = math.sqrt(0.5)
"""Of differences of two independent rewards from 0 to 1: each varies by 0.5 at most."""
_ASSUMED: Final = "this is for rewards from 0 to 1 that vary as much as they can."
_NOTHING_KNOWN: Final = f"Nothing is recorded yet, so {_ASSUMED}"
_ALL_THE_SAME: Final = f"Within each arm all recorded runs have the same reward, so {_ASSUMED}"


def plan_experiment(
    runs: Runs,
    experiment: Experiment,
    dataset: Dataset | None,
    *,
    pilot: Snapshot | None = None,
    credentials: Credentials | None = None,
) -> ExperimentPlan:
    """Plan an experiment. Nothing is asked, nothing is kept. Raises StoreError.

    pilot: what became of runs of the same arms before, by their keys; of this experiment, or of an earlier one (see pilots.py). credentials: keys that were typed, by role or by "a.role".
    """
    inputs = 0 if dataset is None else experiment.count_rows(len(dataset.rows))
    ended = by_arm(pilot)
    unknown = [arm.spec for arm in experiment.arms if len(ended.get(arm.key, ())) < MIN_RUNS]
    recorded = find_recorded(runs, unknown) if unknown else []
    expected = {arm.key: expect(arm.spec, recorded, ended.get(arm.key, ())) for arm in experiment.arms}
    by_key = tuple(
        ArmPlan(key, one.calls, one.cost_usd, one.seconds, len(one.runs) or one.pilot)
        for key, one in expected.items()
    )
    each = inputs * experiment.repeats
    cost = _sum([one.cost_usd for one in by_key], each)
    detectable, basis, is_known = _detect(experiment, inputs, expected, pilot)
    at_once = {_limit(experiment, arm.spec.model.label).at_once for arm in experiment.arms}
    return ExperimentPlan(
        inputs,
        len(experiment.arms),
        experiment.repeats,
        by_key,
        _sum([one.calls for one in by_key], each) or (0.0, 0.0),
        cost,
        _time(experiment, expected, each),
        detectable,
        basis,
        _write_source(experiment, expected, pilot),
        write_stop(experiment.budget),
        next(iter(at_once)) if len(at_once) == 1 else None,
        tuple(find_problems(experiment, dataset, credentials)),
        (*list_notes(experiment), *_budget_notes(experiment.budget, cost)),
        list_warnings(experiment, dataset),
        is_known,
    )


def write_stop(budget: Budget) -> str:
    """How the budget stops it: "The run stops at $3.00, between two calls, and keeps what is done."; "" without one."""
    limits = [
        *([f"${budget.usd:,.2f}"] if budget.usd is not None else []),
        *([f"{budget.calls:,} calls"] if budget.calls is not None else []),
        *([f"{budget.tokens:,} tokens"] if budget.tokens is not None else []),
    ]
    return (
        f"The run stops at {' or '.join(limits)}, between two calls, and keeps what is done."
        if limits
        else ""
    )


def smallest_difference(deviation: float, inputs: int, pairs: int = 1) -> float | None:
    """The smallest mean difference that so many inputs show in 4 of 5 cases: (z + z₀.₈) s/√n.

    deviation: s, of the differences of one input. z: the quantile of 1 - 0.05/2m for m pairs, since the smallest p of several is read
    by Holm at 0.05/m. Source: the usual sample size for paired means, as in Chow, Shao and Wang. None for fewer than two inputs.
    """
    if inputs < 2:  # noqa: PLR2004
        return None
    normal = NormalDist()
    z = normal.inv_cdf(1 - 0.05 / (2 * max(pairs, 1))) + normal.inv_cdf(0.8)
    return z * deviation / math.sqrt(inputs)


def _detect(
    experiment: Experiment, inputs: int, expected: Mapping[str, Expected], pilot: Snapshot | None
) -> tuple[float | None, str, bool]:
    """The smallest difference that shows, in words how that is known, and whether recorded rewards tell it."""
    pairs = math.comb(len(experiment.arms), 2)
    if not pairs:
        return None, "", True
    if pilot is not None and (paired := _paired_deviation(pilot)) is not None:
        deviation, count = paired
        basis = f"As rewards vary from input to input in the {count} inputs that were run."
        return smallest_difference(deviation, inputs, pairs), basis, True
    known = [one.rewards for one in expected.values() if len(one.rewards) >= MIN_KNOWN]
    spreads = [spread for rewards in known if (spread := stdev(rewards)) > 0]
    if spreads:
        basis = (
            "If rewards vary as in the recorded runs; less shows where both arms find the same inputs hard."
        )
        return smallest_difference(math.sqrt(2) * max(spreads), inputs, pairs), basis, True
    basis = _ALL_THE_SAME if known else _NOTHING_KNOWN
    return smallest_difference(WORST_DEVIATION, inputs, pairs), basis, False


def _paired_deviation(pilot: Snapshot) -> tuple[float, int] | None:
    """The largest deviation of the differences of two arms by input, and of how many inputs; None for too few, and where all are the same."""
    rewards: dict[str, dict[int, list[float]]] = {}
    for cell, outcome in pilot.outcomes.items():
        if outcome.reward is not None and math.isfinite(outcome.reward):
            rewards.setdefault(cell.arm, {}).setdefault(cell.row, []).append(outcome.reward)
    found: list[tuple[float, int]] = []
    for one, other in combinations(rewards.values(), 2):
        both = [
            math.fsum(one[row]) / len(one[row]) - math.fsum(other[row]) / len(other[row])
            for row in one.keys() & other.keys()
        ]
        if len(both) >= MIN_KNOWN and (spread := stdev(both)) > 0:
            found.append((spread, len(both)))
    return max(found, default=None)


def _time(experiment: Experiment, expected: Mapping[str, Expected], each: int) -> Range | None:
    """Of the slowest model: all calls of a run go one after the other, and runs of one model share its limits."""
    work: dict[str, list[float]] = {}
    for arm in experiment.arms:
        one = expected[arm.key]
        if one.seconds is None:
            return None
        sums = work.setdefault(arm.spec.model.label, [0.0, 0.0, 0.0, 0.0])
        for place, value in enumerate((*one.seconds, *one.calls)):
            sums[place] += value * each
    times = []
    for label, (low, high, few, many) in work.items():
        limit = _limit(experiment, label)
        at_once = max(1, min(limit.at_once, each))
        times.append((max(low / at_once, limit.takes_s(few)), max(high / at_once, limit.takes_s(many))))
    return (max(low for low, _ in times), max(high for _, high in times)) if times and each else None


def _limit(experiment: Experiment, label: str) -> RateLimit:
    return experiment.rate_limits.get(label, RateLimit())


def _write_source(experiment: Experiment, expected: Mapping[str, Expected], snapshot: Snapshot | None) -> str:
    names = {arm.key: arm.name for arm in experiment.arms}
    pilot = sum(one.pilot for one in expected.values())
    recorded = {run_id for one in expected.values() for run_id in one.runs}
    alone = [
        names[key]
        for key, one in expected.items()
        if not one.pilot and not one.runs and one.calls[0] < one.calls[1]
    ]
    if not pilot and not recorded:
        return (
            "At least and at most, from the programs alone: nothing like them is recorded." if alone else ""
        )
    parts = [
        *([f"{pluralize(pilot, 'run')} of {_name_pilot(experiment, snapshot)}"] if pilot else []),
        *([f"{pluralize(len(recorded), 'recorded run')} of this program"] if recorded else []),
    ]
    rest = f" Of {' and '.join(alone)}: at least and at most." if alone else ""
    return f"From {' and '.join(parts)}.{rest}"


def _name_pilot(experiment: Experiment, pilot: Snapshot | None) -> str:
    if pilot is None or pilot.experiment.id == experiment.id:
        return "this experiment"
    return f"the same arms in \N{LEFT DOUBLE QUOTATION MARK}{clip(pilot.experiment.name, NAME_CHARACTERS)}\N{RIGHT DOUBLE QUOTATION MARK}"


def _budget_notes(budget: Budget, cost: Range | None) -> Sequence[str]:
    if budget.usd is None:
        return ()
    if cost is None:
        return (
            "What it costs is not known. Where a call's price stays unknown, it stops there, as a limit of dollars cannot be kept.",
        )
    if cost[0] > budget.usd:
        return (
            f"${budget.usd:,.2f} will not do for all of it: it takes at least about {format_cost(cost[0])}.",
        )
    if cost[1] > budget.usd:
        return (f"${budget.usd:,.2f} may not do for all of it: it may take {format_cost(cost[1])}.",)
    return ()


def _sum(ranges: Sequence[Range | None], times: int) -> Range | None:
    known = [one for one in ranges if one is not None]
    if len(known) < len(ranges) or not known:
        return None
    return math.fsum(low for low, _ in known) * times, math.fsum(high for _, high in known) * times
