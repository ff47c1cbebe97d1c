"""The library's own time an attempt, with a model that answers at once: ours beside dspy's, in turns."""

from __future__ import annotations

import tempfile
from collections import defaultdict
from collections.abc import Collection, Iterator
from contextlib import ExitStack
from statistics import median

from benchmarks.peers import DSPY, cache, pythons
from benchmarks.replies import N
from benchmarks.sides import Side, ours, theirs
from benchmarks.table import NotMeasured, Row

LOOP, RECORDED = "loop", "recorded"
OURS = "ours"


def measure(names: Collection[str], *, quick: bool) -> Iterator[Row | NotMeasured]:
    """Rows of the measures among `names`. quick: fewer rounds. Raises NotMeasured without the newest dspy."""
    cases = ["refine", *(["two predictors", "best of n"] if LOOP in names else [])]
    found, missing = pythons()
    if DSPY not in found:
        raise missing[0]
    yield from missing
    with tempfile.TemporaryDirectory(dir=cache()) as folder, ExitStack() as stack:
        sides = {OURS: ours(stack, folder)}
        sides |= {version: theirs(stack, python) for version, python in found.items()}
        took = _alternate(sides, cases, recorded=RECORDED in names, rounds=12 if quick else 40)

    def row(measure: str, case: str, at_most: float, own: str = "") -> Row:
        peers = {version: took[version, case] for version in found}
        return Row.beside(measure, took[OURS, own or case], peers, at_most)

    if LOOP in names:
        yield row(f"framework an attempt: Refine, one predictor, N={N}", "refine", 0.10)
        yield row("the same, two predictors", "two predictors", 0.10)
        yield row("the same, BestOfN", "best of n", 0.20)
    if RECORDED in names:
        told = "Refine, one predictor, every event committed; dspy records nothing"
        yield row(told, "refine", 1.0, "refine, recorded")


def _alternate(
    sides: dict[str, Side], cases: list[str], *, recorded: bool, rounds: int, calls: int = 3
) -> dict[tuple[str, str], float]:
    """(side, case) -> median seconds an attempt, of `rounds` times `calls` calls in turns."""
    samples: dict[tuple[str, str], list[float]] = defaultdict(list)
    for _ in range(rounds):
        for case in cases:
            for name, side in sides.items():
                samples[name, case] += side.run(case, calls)
        if recorded:
            samples[OURS, "refine, recorded"] += sides[OURS].run("refine, recorded", calls)
    return {key: median(times) / N for key, times in samples.items()}
