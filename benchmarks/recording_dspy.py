"""What the recorder costs a dspy program, beside no callback and one that does nothing, in turns.

A model of 50 ms, by the wall's clock: what a person waits longer. A model that answers at once, by the processor time of the
program's own thread: what the recorder does while the program waits for it.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, closing
from statistics import median

from benchmarks.peers import cache, pythons
from benchmarks.replies import EXPECTED, LATENCY_S, N
from benchmarks.sides import Side
from benchmarks.table import NotMeasured, Row

OF_A_CALL, OF_AN_ATTEMPT_S = 0.02, 0.0003
NAMES = {"best of n": "BestOfN", "refine": "Refine"}


def measure(*, quick: bool) -> Iterator[Row | NotMeasured]:
    """Rows of each version of dspy that can be had."""
    found, missing = pythons()
    yield from missing
    with ExitStack() as stack:
        for version, python in found.items():
            folder = stack.enter_context(tempfile.TemporaryDirectory(dir=cache()))
            side = stack.enter_context(closing(Side(python, "benchmarks.recorded_dspy", folder)))
            for name in NAMES:
                yield from _measure_program(side, version, name, quick=quick)


def _measure_program(side: Side, version: str, name: str, *, quick: bool) -> Iterator[Row]:
    called = f"recording dspy {version}, {NAMES[name]}"
    calls = sum(EXPECTED[name][kind] for kind in ("answer", "advice"))
    slow = _compare(side, f"{name}, slow", rounds=3 if quick else 12, times=1)
    yield Row(
        f"{called}: wait added to a call of 50 ms",
        slow["recorder"] / calls,
        "bound",
        OF_A_CALL * LATENCY_S,
        1.0,
    )
    yield Row("of that, a callback that does nothing", slow["idle"] / calls)
    at_once = _compare(side, f"{name}, at once", rounds=5 if quick else 20, times=5)
    yield Row(
        f"{called}: processor time added to an attempt, above a callback that does nothing",
        (at_once["recorder"] - at_once["idle"]) / N,
        "bound",
        OF_AN_ATTEMPT_S,
        1.0,
    )
    yield Row("that callback, above none", at_once["idle"] / N)


def _compare(side: Side, case: str, *, rounds: int, times: int) -> dict[str, float]:
    """Listener -> how much longer a call takes with it than with none: the median of rounds, in each of which all take turns."""
    more: dict[str, list[float]] = {"idle": [], "recorder": []}
    for _ in range(rounds):
        none = median(side.run(f"{case}, none", times))
        for listener, samples in more.items():
            samples.append(median(side.run(f"{case}, {listener}", times)) - none)
    return {listener: median(samples) for listener, samples in more.items()}
