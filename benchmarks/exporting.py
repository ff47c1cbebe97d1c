"""Runs as files: 1,000 runs out of a store into one table, and one run of 200 attempts as each file."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from contextlib import closing

from benchmarks.run_list import EVENTS, QUICK_RUNS, home_of
from benchmarks.table import Row
from benchmarks.timing import time_median
from refine_core.export import Redaction, RunLog, export_run, export_runs, import_runs, read_runs
from refine_core.store import MemoryStore, open_store
from tests.logs import long

RUNS = QUICK_RUNS
BOUND_S, FILE_S = 5.0, 1.0
ATTEMPTS = 200


def measure(*, quick: bool) -> Iterator[Row]:
    """Rows of tables of many runs, of one long run as JSONL and back, and of leaving out its inputs. quick: fewer repeats."""
    repeats = 1 if quick else 3
    with closing(open_store(home_of(RUNS))) as store:
        ids = [row.run_id for row in store.rows(limit=RUNS)]
        for to in ("parquet", "csv", "jsonl"):
            took = time_median(
                functools.partial(lambda to: export_runs(read_runs(store, ids), to), to), repeats
            )
            what = f"{RUNS:,} runs ({RUNS * EVENTS:,} events) out of the store into {to}"
            yield Row(what, took, "bound", BOUND_S, 1.0)
    run = RunLog(long(ATTEMPTS).records)
    data = export_run(run, "jsonl").data
    took = time_median(lambda: import_runs(MemoryStore(), data), repeats)
    yield Row(f"a run of {ATTEMPTS} attempts imported", took, "bound", FILE_S, 1.0)
    redaction = Redaction(inputs=True, fields=("answer",))
    took = time_median(lambda: export_run(run, "jsonl", redaction=redaction), repeats)
    yield Row(f"a run of {ATTEMPTS} attempts without its inputs and one field", took, "bound", FILE_S, 1.0)
