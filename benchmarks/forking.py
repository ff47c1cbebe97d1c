"""From the press of "Run the branch" to the first new attempt, in a store on disk; and what planning a branch takes.

python -m benchmarks --only fork
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path
from statistics import median

from benchmarks.comparing import time_of
from benchmarks.table import Row
from refine_core.events import AttemptStarted
from refine_core.runs import Runs
from refine_core.spec import ProgramSpec
from refine_core.spec.examples import EXAMPLES
from refine_core.store import open_store

LONG = 200  # attempts
BOUND_S, PLAN_BOUND_S = 0.2, 0.1


def measure(*, quick: bool) -> Iterator[Row]:
    """The rows. quick: three readings instead of fifteen."""
    readings = 3 if quick else 15
    two = EXAMPLES["two_stages"].spec
    long = replace(two, N=LONG, threshold=None)
    with tempfile.TemporaryDirectory() as folder, closing(open_store(Path(folder))) as store:
        runs = Runs(store)
        for spec, attempts in ((two, 4), (long, LONG)):
            parent = _record(runs, spec)
            yield Row(
                f"A branch of a run of {attempts} attempts with another hint: press until its first new attempt begins",
                median(_time_to_first(runs, parent, attempts) for _ in range(readings)),
                "bound",
                BOUND_S,
                1.0,
            )
            plan = partial(runs.branches.plan, parent, attempts, temperature=0.9)
            yield Row(
                f"the same, planned: what it keeps, and what it takes at most ({attempts} attempts)",
                time_of(plan, readings),
                "bound",
                PLAN_BOUND_S,
                1.0,
            )


def _record(runs: Runs, spec: ProgramSpec) -> str:
    run_id = runs.start(spec)
    runs.join(run_id, 600)
    return run_id


def _time_to_first(runs: Runs, parent: str, attempt: int) -> float:
    """Seconds from the press until the first new attempt is on record, which is before its first request."""
    pressed = time.perf_counter()
    run_id = runs.branches.fork(parent, attempt, hints={"write": "At most 40 words."})
    row = runs.store.row(run_id)
    seq = 1 + (row.summary.kept_events if row is not None else 0)  # what it keeps is on record
    while True:
        runs.wait(run_id, seq, 10.0)
        took = time.perf_counter() - pressed
        fresh = runs.store.events(run_id, after=seq)
        if any(isinstance(r.event, AttemptStarted) and r.event.index == attempt - 1 for r in fresh):
            break
        seq += len(fresh)
    runs.join(run_id, 60)
    return took
