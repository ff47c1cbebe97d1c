"""Many examples on many threads with a slow model: how close to the time in which the model alone would be done."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from statistics import median

from benchmarks.peers import pythons
from benchmarks.replies import BATCH_N, LATENCY_S, THREADS
from benchmarks.sides import ours, theirs
from benchmarks.table import NotMeasured, Row

EXAMPLES, FEWER = 1000, 200
CALLS = 2 * BATCH_N - 1  # the attempts, and a request for advice between any two


def measure(*, quick: bool) -> Iterator[Row | NotMeasured]:
    """The batch against the ideal; dspy's once each, or when quick a fifth of it. The ratio to dspy is for information."""
    found, missing = pythons()
    yield from missing
    theirs_of = FEWER if quick else EXAMPLES
    with ExitStack() as stack:
        own = ours(stack)
        times = list(own.run(f"batch of {EXAMPLES}"))
        peers = {}
        for version, python in found.items():
            with ExitStack() as inner:
                peers[version] = theirs(inner, python).run(f"batch of {theirs_of}")[0] / _ideal(theirs_of)
            times += own.run(f"batch of {EXAMPLES}")
    took, ideal = median(times), _ideal(EXAMPLES)
    name = f"`Refine.batch`: {EXAMPLES:,} examples, {THREADS} threads, N={BATCH_N}, {LATENCY_S * 1000:.0f} ms a call"
    smaller = f" (dspy: {theirs_of})" if theirs_of != EXAMPLES else ""
    yield Row(
        f"{name}, multiple of the ideal {ideal:.2f} s{smaller}",
        took / ideal,
        "the ideal",
        1.0,
        1.6,
        "times",
        peers,
    )


def _ideal(examples: int) -> float:
    """Seconds, were the model's time all that there is."""
    return examples * CALLS * LATENCY_S / THREADS
