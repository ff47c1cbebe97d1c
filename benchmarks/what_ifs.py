"""What it takes to say what a run of 500 attempts would have done with other scores, and at every threshold.

python -m benchmarks --only what-if
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace

from benchmarks.comparing import time_of
from benchmarks.table import Row
from refine_core import events as ev
from refine_core.log.folds import timeline
from refine_core.log.scope import Record
from refine_core.log.span import Span
from refine_core.log.timeline import Timeline
from refine_core.spec import ProgramSpec, StageSpec
from refine_core.spec.program import Strategy
from refine_core.what_if import change_spec, threshold_curve, what_if

ATTEMPTS = 500
BOUND_S = 0.05


def measure(*, quick: bool) -> Iterator[Row]:
    """The rows. quick: three readings instead of fifteen."""
    readings = 3 if quick else 15
    for strategy in ("best_of_n", "refine"):
        run = _record(strategy)
        # Every request for advice is compared: another text of the reward, and scores that show it nowhere.
        spec = change_spec(run.spec, fail_count=ATTEMPTS, threshold=run.spec.threshold)
        ends = {a.index: replace(a.score, took_s=1.0) for a in run.attempts if a.score is not None}
        name = "best of N" if strategy == "best_of_n" else "Refine, each request for advice compared"
        took = time_of(lambda run=run, spec=spec, ends=ends: what_if(run, spec, ends), readings)
        yield Row(
            f"What-if of a run of {ATTEMPTS} attempts, already scored: {name}", took, "bound", BOUND_S, 1.0
        )
        took = time_of(lambda run=run, spec=spec, ends=ends: threshold_curve(run, spec, ends), readings)
        yield Row(f"the same, for every threshold: {name}", took, "bound", BOUND_S, 1.0)


def _record(strategy: Strategy) -> Timeline:
    """A run whose rewards rise all the time, so that each of them is a step of the curve."""
    chance = random.Random(7)
    spec = ProgramSpec(
        (StageSpec("answer", "question -> answer"),),
        "def reward(args, pred):\n    return 1.0\n" * 20,
        {"question": "x"},
        N=ATTEMPTS,
        threshold=2.0,
        strategy=strategy,
        advice_form="compact",
    )
    temperatures = (1.0,) * ATTEMPTS
    events: list[tuple[str, ev.Event]] = [("", ev.RunStarted(spec, temperatures, ("answer",), "test"))]
    hints: dict[str, str] = {}
    for i in range(ATTEMPTS):
        span, output = f"attempt-{i}", {"answer": f"an answer, {chance.random()}"}
        events += [
            (span, ev.AttemptStarted(i, 1.0, hints, i - 1 if hints else None)),
            (span, ev.RewardStarted(i, output)),
            (span, ev.RewardScored(i, i / ATTEMPTS, 0.0, feedback=f"number {i}")),
        ]
        if strategy == "refine" and i + 1 < ATTEMPTS:
            hints = {"answer": f"hint {i}"}
            events.append((f"{span}/advice", ev.AdviceGiven(i, "because", hints, 0.0)))
    folded = timeline(
        Record("run", n, 0.0, Span.parse(span), event) for n, (span, event) in enumerate(events, 1)
    )
    assert folded is not None
    return folded
