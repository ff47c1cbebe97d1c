"""The library's own time an attempt, with a model that answers at once: ours beside dspy's, in turns."""

from __future__ import annotations

import sys
import tempfile
from collections import defaultdict
from collections.abc import Collection, Iterator
from contextlib import closing
from statistics import median

from benchmarks.peers import DSPY, cache, dspy_python
from benchmarks.replies import N
from benchmarks.sides import Side
from benchmarks.table import Row

LOOP, RECORDED = "loop", "recorded"
THEIRS = f"dspy {DSPY}:"


def measure(names: Collection[str], *, quick: bool) -> Iterator[Row]:
    """Rows of the measures among `names`. quick: fewer rounds."""
    cases = ["refine", *(["two predictors", "best of n"] if LOOP in names else [])]
    ours, theirs = _alternate(cases, recorded=RECORDED in names, rounds=5 if quick else 30)
    refine = theirs["refine"]
    if LOOP in names:
        yield Row(f"framework an attempt, Refine, N={N}, not recorded", ours["refine"], THEIRS, refine, 1 / 6)
    if RECORDED in names:
        told = f"framework an attempt, Refine, N={N}, every event committed; dspy records nothing"
        yield Row(told, ours["refine, recorded"], THEIRS, refine, 1.0)
    if LOOP in names:
        yield Row(
            "the same, two predictors, not recorded", ours["two predictors"], THEIRS, theirs["two predictors"]
        )
        yield Row("the same, BestOfN, not recorded", ours["best of n"], THEIRS, theirs["best of n"])


def _alternate(
    cases: list[str], *, recorded: bool, rounds: int, calls: int = 3
) -> tuple[dict[str, float], ...]:
    """Case -> median seconds an attempt, ours and theirs, each `rounds` times `calls` calls in turns."""
    samples: tuple[dict[str, list[float]], ...] = (defaultdict(list), defaultdict(list))
    with (
        tempfile.TemporaryDirectory(dir=cache()) as folder,
        closing(Side(dspy_python(), "benchmarks.theirs")) as theirs,
        closing(Side(sys.executable, "benchmarks.ours", folder)) as ours,
    ):
        for _ in range(rounds):
            for case in cases:
                samples[0][case] += ours.run(case, calls)
                samples[1][case] += theirs.run(case, calls)
            if recorded:
                samples[0]["refine, recorded"] += ours.run("refine, recorded", calls)
    return tuple({case: median(times) / N for case, times in side.items()} for side in samples)
