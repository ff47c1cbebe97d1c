"""What reading a reward takes, before anything is run: 24 rewards that people have, and one of some 100 lines.

python -m benchmarks --only lint
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from benchmarks.table import Row as Measure
from refine_core.rewards.checks import check_recognized
from refine_core.rewards.shapes import Recognized, recognize

REWARDS = Path(__file__).parents[1] / "tests" / "data" / "rewards"
BOUND_S = 0.01
COPIES = 6


def measure(*, quick: bool) -> Iterator[Measure]:
    """The rows of the table. quick: three readings of each instead of fifteen."""
    readings = 3 if quick else 15
    sources = [path.read_text(encoding="utf-8") for path in sorted(REWARDS.glob("*.py"))]
    took = [_read(source, readings) for source in sources]
    yield Measure(f"Lint of a reward: the slowest of {len(sources)}", max(took), "bound", BOUND_S, 1.0)
    yield Measure(f"Lint of a reward: the median of {len(sources)}", median(took), "bound", BOUND_S, 1.0)
    long = "\n".join(f"def step_{i}(text):\n{_body()}" for i in range(COPIES))
    calls = " + ".join(f"step_{i}(pred.answer)" for i in range(COPIES))
    source = f"import re\n{long}\ndef reward(args, pred):\n    return {calls}\n"
    lines = source.count("\n")
    yield Measure(f"Lint of a reward of {lines} lines", _read(source, readings), "bound", BOUND_S, 1.0)


def _body() -> str:
    """A helper as rewards have them: a pattern, a loop, a test, a number."""
    return (
        '    found = re.search(r"<answer>(.*?)</answer>", text, re.DOTALL)\n'
        "    if found is None:\n        return 0.0\n"
        '    said = found[1].strip().lower()\n    words = [one for one in said.split() if one not in ("a", "the")]\n'
        "    score = 0.0\n    for i, one in enumerate(words, 1):\n"
        "        if len(one) > 3 and not one.isdigit():\n            score += 1 / i\n"
        '    try:\n        value = float(said.replace(",", ""))\n    except ValueError:\n        value = 0.0\n'
        "    total = round(score / max(len(words), 1), 3)\n    return min(1.0, total + (value > 0) * 0.1)\n"
    )


def _read(source: str, readings: int) -> float:
    """Seconds of one reading, parsing included."""
    recognized = recognize(source)
    assert isinstance(recognized, Recognized)
    took = []
    for _ in range(readings):
        began = time.perf_counter()
        check_recognized(recognized)
        took.append(time.perf_counter() - began)
    return median(took)
