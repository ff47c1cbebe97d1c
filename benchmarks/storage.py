"""The nine events of an attempt, each committed to a store on disk before the next is taken."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from statistics import median

from benchmarks.ours import AtOnce
from benchmarks.peers import cache
from benchmarks.recording import recorder, started
from benchmarks.replies import QUESTION, Chooser, N, never_enough
from benchmarks.table import Row
from refine_core import Collector, Predict, Refine, Scope, context, open_store, use_scope
from refine_core.events import Event
from refine_core.log.span import RUN

BOUND_S = 0.003
EVENTS = 9


def measure(*, quick: bool) -> Iterator[Row]:
    """One row. quick: fewer repeats."""
    facts = _attempt()
    with tempfile.TemporaryDirectory(dir=cache()) as folder, closing(open_store(Path(folder))) as store:
        times = []
        for _ in range(60 if quick else 400):
            into = recorder(store)
            into.accept(RUN, started())
            start = time.perf_counter()
            for span, event in facts:
                into.accept(span, event)
            times.append(time.perf_counter() - start)
    yield Row(
        f"the {EVENTS} events of an attempt, committed one by one", median(times), "bound", BOUND_S, 1.0
    )


def _attempt() -> list[tuple[str, Event]]:
    """What a first attempt really tells, with the advice that came of it."""
    told = Collector()
    with context(lm=AtOnce(Chooser())), use_scope(Scope(sinks=(told,))):
        Refine(Predict("question -> answer"), N=N, reward_fn=never_enough, threshold=1.0)(question=QUESTION)
    first = [(span, event) for span, event in told.facts if span.attempts[:1] == (0,)]
    kept = [(span, event) for span, event in first if span.parent is None or span.parent.kind != "advice"]
    if len(kept) != EVENTS:
        raise AssertionError(f"an attempt has {len(kept)} events now: {[event.kind for _, event in kept]}")
    return kept
