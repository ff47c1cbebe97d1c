"""What it takes to compare two attempts whose outputs, hints and prompts are long, and two runs of many attempts.

python -m benchmarks --only compare
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from statistics import median

from benchmarks.table import Row
from refine_core import events as ev
from refine_core.comparison import compare_attempts, compare_runs
from refine_core.log.folds import timeline
from refine_core.log.scope import Record
from refine_core.log.span import Span
from refine_core.log.timeline import Timeline
from refine_core.spec import ProgramSpec, StageSpec

TEXT_BYTES = 20_000
ATTEMPTS = 100
BOUND_S = 0.1


def measure(*, quick: bool) -> Iterator[Row]:
    """The rows. quick: three readings instead of fifteen."""
    readings = 3 if quick else 15
    for kind, vocabulary in (("many different words", 5_000), ("few different words", 3)):
        run = _record(2, vocabulary)
        first, second = run.attempts
        took = time_of(lambda run=run, a=first, b=second: compare_attempts(run, a, run, b), readings)
        yield Row(f"Two attempts compared, each text 20 KB of {kind}", took, "bound", BOUND_S, 1.0)
    long = _record(ATTEMPTS, 200, 200)
    yield Row(
        f"Two runs of {ATTEMPTS} attempts compared",
        time_of(lambda: compare_runs(long, long), readings),
        "bound",
        BOUND_S,
        1.0,
    )


def time_of(act: Callable[[], object], readings: int) -> float:
    """Seconds of the processor that something takes: the median of so many readings."""
    spent = []
    for _ in range(readings):
        began = time.process_time()
        act()
        spent.append(time.process_time() - began)
    return median(spent)


def _record(attempts: int, vocabulary: int, size: int = TEXT_BYTES) -> Timeline:
    """A run whose output, hint and prompt are texts of that size, other words in each attempt."""
    chance = random.Random(7)
    words = [f"word{n}" for n in range(vocabulary)]

    def write() -> str:
        text = ""
        while len(text) < size:
            text += " ".join(chance.choices(words, k=40)) + "\n"
        return text[:size]

    spec = ProgramSpec(
        (StageSpec("answer", "question -> answer"),),
        "def reward(i, o): return 1",
        {"question": "x"},
        N=attempts,
    )
    events: list[tuple[str, ev.Event]] = [("", ev.RunStarted(spec, (0.0,) * attempts, ("answer",), "test"))]
    for i in range(attempts):
        span, hint, answer = f"attempt-{i}", write(), write()
        events += [
            (span, ev.AttemptStarted(i, 0.0, {"answer": hint})),
            (f"{span}/answer", ev.ModuleStarted("answer", {}, hint)),
            (f"{span}/answer/lm", ev.LMRequested("practice", ({"role": "user", "content": hint},), {})),
            (f"{span}/answer/lm", ev.LMReplied(answer, 0.1)),
            (f"{span}/answer", ev.PredictorTraced("answer", {"answer": answer})),
            (span, ev.RewardStarted(i, {"answer": answer})),
            (span, ev.RewardScored(i, i / attempts, 0.0)),
        ]
    folded = timeline(
        Record("run", n, 0.0, Span.parse(span), event) for n, (span, event) in enumerate(events, 1)
    )
    assert folded is not None
    return folded
