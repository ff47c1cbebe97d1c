"""An experiment with its history in PostgreSQL, every event committed, beside the same one in SQLite and the time of the model alone."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from benchmarks.executors import AT_ONCE, SPEC, WARM_UP
from benchmarks.experiments import CELLS, FEWER, run_experiment
from benchmarks.replies import BATCH_N, LATENCY_S
from benchmarks.table import NotMeasured, Row
from refine_core.runs import Runs
from refine_core.store import SqlStore, open_store
from tests.postgres import PostgresServer, find_programs

MOST = 2.0


def measure(*, quick: bool) -> Iterator[Row]:
    """Two rows. quick: a fifth of the cells. Raises NotMeasured where PostgreSQL is not installed."""
    if find_programs() is None:
        raise NotMeasured("PostgreSQL is not installed; on Debian: apt-get install postgresql.")
    cells = FEWER if quick else CELLS
    name = (
        f"an experiment of {cells:,} inputs, {AT_ONCE} at once, N={BATCH_N}, {LATENCY_S * 1000:.0f} ms a call, "
        "every event committed, multiple of the ideal: "
    )
    with tempfile.TemporaryDirectory() as folder:
        yield Row(f"{name}SQLite", _times_ideal(open_store(Path(folder)), cells), unit="times")
    server = PostgresServer()
    try:
        server.start()
        store = open_store(database=server.new_database())
        yield Row(f"{name}PostgreSQL", _times_ideal(store, cells), "the ideal", 1.0, MOST, "times")
    finally:
        server.remove()


def _times_ideal(store: SqlStore, cells: int) -> float:
    with closing(Runs(store)) as runs:
        run_experiment(runs, WARM_UP, SPEC, AT_ONCE)
        return run_experiment(runs, cells, SPEC, AT_ONCE)
