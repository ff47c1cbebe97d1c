"""What an X-ray takes: a reward of about 1,000 executed lines on a worker that is ready, and the same row without X-ray.

python -m benchmarks --only xray
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from statistics import median

from benchmarks.table import Row as Measure
from refine_core.rewards import RowRunner, XrayRunner
from refine_core.rewards.shapes import Recognized, recognize
from refine_core.rows import Row
from refine_core.xray import XrayDesk

BOUND_S = 0.05
LINES = """
def weigh(word):
    n = len(word)
    if n > 4:
        return 0.5 + n / 100
    return n / 10

def reward(args, pred):
    total = 0.0
    seen = set()
    for word in pred.text.split():
        low = word.lower()
        if low in seen:
            continue
        seen.add(low)
        total += weigh(low)
    parts = {
        "short": 0.5 * (len(seen) <= 100),
        "total": 0.5 * min(total / 50, 1),
    }
    return Score(sum(parts.values()), parts=parts)
"""
WORDS = 110  # nine lines each


def measure(*, quick: bool) -> Iterator[Measure]:
    """The rows of the table. quick: five readings instead of twenty."""
    readings = 5 if quick else 20
    found = recognize(LINES)
    assert isinstance(found, Recognized)
    texts = [" ".join(f"word{place}{number}" for number in range(WORDS)) for place in range(readings + 1)]
    rows = [Row(str(place), {}, {"text": text}) for place, text in enumerate(texts)]
    with RowRunner(found, rows[:1]) as runner:
        runner.score()
        plain = median(_time(runner.score) for _ in range(readings))
    with XrayRunner(found, rows) as tracer:
        tracer.xray(0)
        took = median(_time(tracer.xray, place) for place in range(1, readings + 1))
    yield Measure("X-ray of 1,000 executed lines, in the worker", took, "bound", BOUND_S, 1.0)
    yield Measure("the same row, in the worker", took, "without X-ray", plain)
    desk = XrayDesk()
    try:
        desk.xray("benchmark", found, rows, 0)
        seen = median(
            _time(lambda place: desk.xray("benchmark", found, rows, place).view(), place)
            for place in range(1, readings + 1)
        )
    finally:
        desk.close()
    yield Measure("X-ray of 1,000 executed lines, with its lines for the screen", seen, "bound", BOUND_S, 1.0)


def _time(work: object, *arguments: object) -> float:
    began = time.perf_counter()
    work(*arguments)  # type: ignore[operator]  # one of the calls above
    return time.perf_counter() - began
