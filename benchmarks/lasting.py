"""What a thousand earlier calls change: the time of an attempt, and the memory that is held.

Ours makes calls of Refine itself. For dspy they are calls of the program inside, with the same model: a thousand calls
of Refine would take the original a quarter of an hour, since each attempt copies all that its model remembers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from statistics import median

from benchmarks.peers import pythons
from benchmarks.sides import STATUS, Side, ours, theirs
from benchmarks.table import NotMeasured, Row

EARLIER = 1000
GROWTH_MB = 1.0
Start = Callable[[ExitStack], Side]


def measure(*, quick: bool) -> Iterator[Row | NotMeasured]:
    """A row of time, and one of memory where the system tells it. quick: fewer rounds of ours."""
    found, missing = pythons()
    yield from missing
    slower, grown = _changes(ours, rounds=60 if quick else 200)
    others = {
        version: _changes(partial(theirs, python=python), rounds=3) for version, python in found.items()
    }
    times = {version: ratio for version, (ratio, _) in others.items()}
    told = f"an attempt of Refine after {EARLIER:,} earlier calls, multiple of one in a new process"
    yield Row(told, slower, "no change", 1.0, 1.1, "times", times)
    if grown is not None:
        growths = {version: more for version, (_, more) in others.items() if more is not None}
        told = f"memory that calls {EARLIER:,} to {2 * EARLIER:,} add"
        yield Row(told, grown, "bound", GROWTH_MB, 1.0, "MB", growths)


def _changes(start: Start, *, rounds: int) -> tuple[float, float | None]:
    """How many times longer a call takes in a used process than in a new one, and the MB that more calls add.

    Memory is read in a process that does nothing else: what a timed call had freed would be used anew, and hide growth.
    """
    with ExitStack() as stack:
        used, new, third = (start(stack) for _ in range(3))
        slower = _slower(used, new, rounds=rounds)
        return slower, _grown(third) if STATUS.exists() else None


def _slower(used: Side, new: Side, *, rounds: int, calls: int = 3) -> float:
    used.run("earlier", EARLIER)
    # Ratio by ratio, not of two medians: what else the machine does comes and goes, and is the same within a round.
    return median(median(used.run("later", calls)) / median(new.run("later", calls)) for _ in range(rounds))


def _grown(side: Side) -> float:
    side.run("earlier", EARLIER)
    before = side.memory_mb()
    side.run("earlier", EARLIER)
    return max(0.0, side.memory_mb() - before)
