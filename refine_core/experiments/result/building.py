"""An experiment's outcomes folded into a result.

Snapshot --which runs count--> ArmRuns --build_arm, compare--> Result --write_verdict--> Result.verdict
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import combinations

from refine_core.experiments.document import Cell
from refine_core.experiments.outcomes import Outcome
from refine_core.experiments.result.arms import ArmRuns, Run, build_arm, collect
from refine_core.experiments.result.figures import ArmResult, Comparison, Result, Verdict, identify_reward
from refine_core.experiments.result.pairs import Pair, build_comparison, make_pair
from refine_core.experiments.result.verdict import write_verdict
from refine_core.experiments.snapshot import Snapshot
from refine_core.statistics import ArmDifference, holm, holm_levels
from refine_core.statistics.numbers import mean

_NO_VERDICT = Verdict("not finished", "")


def build_result(snapshot: Snapshot) -> Result:
    """What the experiment shows; counts alone while more of it may come."""
    result = _build_counts(snapshot) if not _is_final(snapshot) else _build_figures(snapshot)
    return replace(result, verdict=write_verdict(result))


def _is_final(snapshot: Snapshot) -> bool:
    """A paused experiment is not: whoever pauses to look, and goes on until the figures please, deceives himself."""
    return snapshot.state in ("finished", "stopped")


def _build_counts(snapshot: Snapshot) -> Result:
    planned, outcomes = _group(snapshot)
    arms = tuple(
        ArmResult(
            arm,
            planned[arm.key],
            runs=len(outcomes[arm.key]),
            scored=sum(o.state == "scored" for _, o in outcomes[arm.key]),
            failed=sum(o.state == "failed" for _, o in outcomes[arm.key]),
            threshold=arm.spec.threshold,
            stopped=snapshot.stopped_arms.get(arm.key, ""),
        )
        for arm in snapshot.experiment.arms
    )
    return _result(snapshot, arms, (), is_final=False, inputs=0)


def _build_figures(snapshot: Snapshot) -> Result:
    experiment = snapshot.experiment
    planned, outcomes = _group(snapshot)
    counted = _choose(snapshot, outcomes)
    every = [
        collect(
            arm,
            planned[arm.key],
            [outcome for _, outcome in outcomes[arm.key]],
            counted[arm.key],
            [outcome for cell, outcome in snapshot.cut_off.items() if cell.arm == arm.key],
        )
        for arm in experiment.arms
    ]
    rewards = [o.reward for arm in outcomes.values() for _, o in arm if o.reward is not None]
    clusters = _find_clusters(snapshot, every)
    measured = _group_by_reward(every)
    pairs: list[Pair] = []
    built: dict[str, ArmResult] = {}
    for alike in measured:  # rewards of another kind are on another scale
        seen = _find_range(alike)
        for one in alike:
            built[one.arm.key] = build_arm(one, clusters, seen, snapshot.stopped_arms.get(one.arm.key, ""))
        pairs += _list_pairs(alike, clusters, seen)
    arms = tuple(built[arm.key] for arm in experiment.arms)
    comparisons = _compare_all(pairs, {one.key: one for one in arms}, experiment.id)
    rows = {row for one in every for row in one.means}
    return replace(
        _result(snapshot, arms, comparisons, is_final=True, inputs=len(rows)),
        lowest=min(rewards, default=None),
        highest=max(rewards, default=None),
        differing_rewards=len(measured) > 1,
        clustered=clusters is not None,
        corrected=len(comparisons),
    )


def _result(
    snapshot: Snapshot,
    arms: tuple[ArmResult, ...],
    comparisons: tuple[Comparison, ...],
    *,
    is_final: bool,
    inputs: int,
) -> Result:
    return Result(
        _NO_VERDICT,
        snapshot.state,
        is_final,
        arms,
        comparisons,
        cells=len(snapshot.cells),
        done=snapshot.done,
        failed=sum(outcome.state == "failed" for outcome in snapshot.outcomes.values()),
        rows=len({cell.row for cell in snapshot.cells}),
        inputs=inputs,
        repeats=snapshot.experiment.repeats,
        stopped_by=snapshot.stopped_by,
        error=snapshot.error,
    )


def _group(snapshot: Snapshot) -> tuple[Mapping[str, int], Mapping[str, Sequence[Run]]]:
    """By arm: how many cells there are, and those that ended, in the order of rows and repeats."""
    planned: dict[str, int] = defaultdict(int)
    outcomes: dict[str, list[Run]] = defaultdict(list)
    for cell in snapshot.cells:
        planned[cell.arm] += 1
        outcome = snapshot.outcomes.get(cell)
        if outcome is not None and outcome.state != "cut off":
            outcomes[cell.arm].append((cell, outcome))
    return planned, outcomes


def _choose(
    snapshot: Snapshot, outcomes: Mapping[str, Sequence[Run]]
) -> Mapping[str, Mapping[int, Sequence[tuple[Cell, Outcome]]]]:
    """By arm and row, the runs that count. Of a stopped experiment, only a repeat of a row that every arm has ended."""
    whole = None
    if snapshot.state == "stopped":
        ended = [
            {(cell.row, cell.repeat) for cell, _ in outcomes[arm.key]}
            for arm in snapshot.experiment.arms
            if arm.key not in snapshot.stopped_arms
        ]
        whole = set.intersection(*ended) if ended else None
    found: dict[str, dict[int, list[Run]]] = {}
    for arm in snapshot.experiment.arms:
        by_row = found[arm.key] = {}
        for cell, outcome in outcomes[arm.key]:
            if whole is None or (cell.row, cell.repeat) in whole:
                by_row.setdefault(cell.row, []).append((cell, outcome))
    return found


def _find_clusters(snapshot: Snapshot, arms: Sequence[ArmRuns]) -> Mapping[int, int] | None:
    """Row -> number of its input, where two rows have equal ones; None if all differ."""
    fields = set(snapshot.dataset.fields("input"))
    rows = {row for one in arms for row in one.by_row}
    numbers: dict[str, int] = {}
    found: dict[int, int] = {}
    for row in snapshot.dataset.rows:
        if row.number in rows:
            key = repr(sorted((name, value) for name, value in row.values.items() if name in fields))
            found[row.number] = numbers.setdefault(key, row.number)
    for number in rows:
        found.setdefault(number, number)
    return found if len(set(found.values())) < len(found) else None


def _group_by_reward(every: Sequence[ArmRuns]) -> list[Sequence[ArmRuns]]:
    """The arms that have the same reward, together; the most of them first."""
    groups: dict[tuple[object, ...], list[ArmRuns]] = {}
    for one in every:
        groups.setdefault(identify_reward(one.arm.spec), []).append(one)
    return sorted(groups.values(), key=len, reverse=True)


def _find_range(alike: Sequence[ArmRuns]) -> Sequence[float]:
    """The lowest and the highest of their rewards; () without any."""
    rewards = [outcome.reward for one in alike for outcome in one.all if outcome.reward is not None]
    return (min(rewards), max(rewards)) if rewards else ()


def _list_pairs(
    every: Sequence[ArmRuns], clusters: Mapping[int, int] | None, seen: Sequence[float]
) -> list[Pair]:
    """Every pair, the best arm against the next best first: by their means on the inputs that all scored arms have."""
    scored = [one for one in every if one.means]
    shared = set.intersection(*(set(one.means) for one in scored)) if scored else set()

    def rank(one: ArmRuns) -> float:
        return -(mean(one.means[row] for row in shared or one.means) or 0.0)

    ranked = sorted(scored, key=rank)
    return [make_pair(first, second, clusters, seen) for first, second in combinations(ranked, 2)]


def _compare_all(
    pairs: Sequence[Pair], arms: Mapping[str, ArmResult], experiment_id: str
) -> tuple[Comparison, ...]:
    """Each at the level that agrees with Holm's decision over all of them."""
    plain = [pair.difference() for pair in pairs]
    known = [place for place, one in enumerate(plain) if one is not None]
    p_values = [one.p for one in plain if one is not None]
    corrected = dict(zip(known, zip(holm(p_values), holm_levels(p_values), strict=True), strict=True))
    found = []
    for place, pair in enumerate(pairs):
        decision: tuple[ArmDifference | None, float | None, bool] = None, None, False
        if place in corrected:
            p, level = corrected[place]
            difference = plain[place] if len(p_values) == 1 else pair.difference(level)
            decision = difference, p, difference is not None and difference.is_clear
        found.append(build_comparison(pair, arms, decision, experiment_id))
    return tuple(found)
