"""Parts of a score: one that never varies, and one that drowns another, as format often drowns correctness.

How far a part moves the value is its weight times its range, over rows and probes. Weights are found by fitting the value as a
sum of its parts; where that fits nothing, parts are taken as they are.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from refine_core.doctor.figures import PartFigures
from refine_core.doctor.findings.scored_rows import ScoredRows, describe_score
from refine_core.doctor.probes.scoring import RowProbes
from refine_core.rewards.checks import Finding
from refine_core.statistics import split_variance

_MIN_SCORES: Final = 4
_LOUDER, _DROWNED = (
    2.0,
    10.0,
)  # than the part for correctness; than any part, where nobody knows which that is
_CORRECT = re.compile(r"(?i)correct|accura|answer|exact|match|right|solution")

Scores = Sequence[tuple[float, Mapping[str, float]]]
"""(value, parts) of each score."""


def measure_parts(scored: ScoredRows, probed: Sequence[RowProbes]) -> dict[str, PartFigures]:
    """For each part: its range, how far it moves the value, and how it varies within groups and between them."""
    scores = _list_scores(scored, probed)
    names = list(dict.fromkeys(name for _, parts in scores for name in parts))
    complete = [(value, parts) for value, parts in scores if all(name in parts for name in names)]
    if len(names) < 2 or len(complete) < _MIN_SCORES:  # noqa: PLR2004  # one part is the value
        return {}
    weights = fit_weights(complete, names)
    with_parts = [
        (row, one) for row, one in scored if one.error is None and all(name in one.parts for name in names)
    ]
    measured: dict[str, PartFigures] = {}
    for name in names:
        values = [parts[name] for _, parts in complete]
        low, high = min(values), max(values)
        spread = split_variance(
            [one.parts[name] for _, one in with_parts], [row.group or row.id for row, _ in with_parts]
        )
        measured[name] = PartFigures(
            low=low,
            high=high,
            weight=weights[name],
            moves=float(f"{abs(weights[name]) * (high - low):.9g}"),  # a fit leaves 0.9999999999999704
            within_groups=None if spread is None else spread.within,
            between_share=None if spread is None else spread.between_share,
            never_varies_on_rows=len({one.parts[name] for _, one in with_parts}) <= 1,
        )
    return measured


def find_in_parts(
    scored: ScoredRows, probed: Sequence[RowProbes], measured: Mapping[str, PartFigures]
) -> Iterator[Finding]:
    """Findings on parts. measured: from measure_parts."""
    if not measured:
        return
    still = [name for name, one in measured.items() if one.low == one.high]
    if still and scored.distinct_outputs >= _MIN_SCORES:
        for name in still:
            yield Finding(
                "part-never-varies", "note",
                f"The part {name} is {describe_score(measured[name].low)} whatever the output is, so it tells nothing apart.",
            )  # fmt: skip
    moving = {name: one.moves for name, one in measured.items() if one.moves > 0}
    if len(moving) < 2:  # noqa: PLR2004  # one part drowns nothing
        return
    loudest = max(moving, key=lambda name: moving[name])
    right = find_correct_part(probed, list(measured))
    if right is not None and right in moving:
        for name, moves in moving.items():
            if name != right and moves >= _LOUDER * moving[right]:
                yield _drowns(name, right, moving, measured)
        return
    quietest = min(moving, key=lambda name: moving[name])
    if right is None and moving[loudest] >= _DROWNED * moving[quietest]:
        yield _drowns(loudest, quietest, moving, measured)


def _drowns(
    loud: str, quiet: str, moving: Mapping[str, float], measured: Mapping[str, PartFigures]
) -> Finding:
    return Finding(
        "part-drowned", "warning",
        f"The part {loud} drowns {quiet}: it moves the value by up to {describe_score(moving[loud])}, {quiet} by {describe_score(moving[quiet])}.",
        evidence=tuple(
            f"{name}: from {describe_score(measured[name].low)} to {describe_score(measured[name].high)} over rows and probes, times {measured[name].weight:.3g}"
            for name in (loud, quiet)
        ),
    )  # fmt: skip


def find_correct_part(probed: Sequence[RowProbes], names: Sequence[str]) -> str | None:
    """The part that says whether the answer is right: what wrong answers in the right form lack; else the one that is called so."""
    losses = dict.fromkeys(names, 0.0)
    for row in probed:
        wrong = [
            one.parts
            for one in row.results
            if one.claim == "wrong" and one.family in {"wrong", "other"} and one.parts
        ]
        for name in names:
            top = row.parts.get(name, 0.0)
            losses[name] += sum(top - parts.get(name, 0.0) for parts in wrong)
    losing = [name for name in names if losses[name] > 0]
    if len(losing) == 1:
        return losing[0]
    called = [name for name in losing or names if _CORRECT.search(name)]
    return called[0] if len(called) == 1 else None


def _list_scores(scored: ScoredRows, probed: Sequence[RowProbes]) -> list[tuple[float, Mapping[str, float]]]:
    of_rows = [(one.value, one.parts) for _, one in scored if one.value is not None and one.parts]
    of_probes = [
        (one.value, one.parts) for row in probed for one in row.results if one.value is not None and one.parts
    ]
    return [*of_rows, *of_probes]


def fit_weights(scores: Scores, names: Sequence[str]) -> dict[str, float]:
    """The weight of each part, if the value is their weighted sum and a constant; else 1 for each.

    Least squares by the normal equations, of parts that vary; the fit counts only if it leaves no error.
    """
    varying = [name for name in names if len({parts[name] for _, parts in scores}) > 1]
    columns = [[1.0] * len(scores), *([parts[name] for _, parts in scores] for name in varying)]
    values = [value for value, _ in scores]
    solution = _solve(
        [[math.fsum(map(float.__mul__, map(float, a), map(float, b))) for b in columns] for a in columns],
        [math.fsum(float(x) * y for x, y in zip(a, values, strict=True)) for a in columns],
    )
    if solution is None:
        return dict.fromkeys(names, 1.0)
    size = max(1.0, *(abs(value) for value in values))
    for i, value in enumerate(values):
        fitted = math.fsum(weight * column[i] for weight, column in zip(solution, columns, strict=True))
        if abs(fitted - value) > 1e-6 * size:
            return dict.fromkeys(names, 1.0)
    return {**dict.fromkeys(names, 1.0), **dict(zip(varying, solution[1:], strict=True))}


def _solve(matrix: list[list[float]], target: list[float]) -> list[float] | None:
    """Gaussian elimination with pivots; None for parts that cannot be with_parts apart."""
    rows = [[*line, value] for line, value in zip(matrix, target, strict=True)]
    size = len(rows)
    scale = max((abs(value) for line in matrix for value in line), default=0.0)
    for i in range(size):
        at = max(range(i, size), key=lambda k: abs(rows[k][i]))
        if abs(rows[at][i]) <= 1e-9 * scale:
            return None
        rows[i], rows[at] = rows[at], rows[i]
        for k in range(size):
            if k != i:
                factor = rows[k][i] / rows[i][i]
                rows[k] = [x - factor * y for x, y in zip(rows[k], rows[i], strict=True)]
    return [rows[i][-1] / rows[i][i] for i in range(size)]
