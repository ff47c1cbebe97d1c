"""The library's own processor time an attempt, with a model that answers at once: ours beside dspy's, in turns."""

from __future__ import annotations

import tempfile
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import ExitStack
from statistics import median

from benchmarks.peers import DSPY, cache, pythons
from benchmarks.replies import N
from benchmarks.sides import Side, ours, recording, theirs
from benchmarks.table import NotMeasured, Row

LOOP_EVENTS, RECORDED = "loop", "recorded"
OURS = "ours"
RECORDED_CASE = "refine, recorded"
CALLS, FEWER = 20, 3


def measure(names: Collection[str], *, quick: bool) -> Iterator[Row | NotMeasured]:
    """Rows of the measures among `names`. quick: fewer rounds. Raises NotMeasured without the newest dspy."""
    found, missing = pythons()
    if DSPY not in found:
        raise missing[0]
    yield from missing
    told = {
        "refine": (f"framework an attempt: Refine, one predictor, N={N}", 0.10),
        "two predictors": ("the same, two predictors", 0.10),
        "best of n": ("the same, BestOfN", 0.20),
    }
    if LOOP_EVENTS not in names:
        told.clear()
    if RECORDED in names:
        told[RECORDED_CASE] = (
            "Refine, one predictor, every event committed, waits included; dspy records nothing",
            1.0,
        )
    with tempfile.TemporaryDirectory(dir=cache()) as folder, ExitStack() as stack:
        sides = {OURS: ours(stack)}
        sides |= {version: theirs(stack, python) for version, python in found.items()}
        recorder = recording(stack, folder) if RECORDED in names else None
        took = _alternate(sides, recorder, told, rounds=12 if quick else 40)
    for case, (measured, at_most) in told.items():
        peers = {version: took[version, case] for version in found}
        yield Row.beside(measured, took[OURS, case], peers, at_most)


def _alternate(
    sides: Mapping[str, Side], recorder: Side | None, cases: Iterable[str], *, rounds: int
) -> dict[tuple[str, str], float]:
    """(side, case) -> median seconds an attempt, of `rounds` times some calls in turns.

    As many calls as make turns of about the same length: while others run, a processor's caches forget a side, and
    every turn begins with calls that find them empty.
    """
    samples: dict[tuple[str, str], list[float]] = defaultdict(list)
    for _ in range(rounds):
        for case in cases:
            for name, side in sides.items():
                asked = recorder if recorder and (name, case) == (OURS, RECORDED_CASE) else side
                samples[name, case] += asked.run(case, CALLS if name == OURS else FEWER)
    return {key: median(times) / N for key, times in samples.items()}
