"""How long something takes."""

from __future__ import annotations

import time
from collections.abc import Callable
from statistics import median


def time_median(call: Callable[[], object], repeats: int = 9) -> float:
    """The median of so many calls, one after the other, in seconds."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return median(times)
