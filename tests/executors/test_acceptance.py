"""Three arms on a Dask cluster with the history in PostgreSQL: a worker is killed, then the app, and it ends as on threads and SQLite.

REFINESCOPE_DASK_ROWS=60: so many inputs (.ci/long dask); 4 without it.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest

from refine_core.executors.dask.cluster import DaskExecutor
from refine_core.experiments.snapshot import Snapshot
from refine_core.runs import Runs
from refine_core.store import open_store
from tests.executors.dask_programs import ROOT, Dask
from tests.executors.three_arms import ID, make_experiment, open_experiments
from tests.threads import eventually

ROWS = int(os.environ.get("REFINESCOPE_DASK_ROWS", "4"))


@pytest.fixture
def dask() -> Iterator[Dask]:
    one = Dask(workers=2)
    try:
        one.wait()
        yield one
    finally:
        one.close()


def told(snapshot: Snapshot | None) -> list[object]:
    """What became of each cell, but for its times, and for calls that were made again as the first was cut off."""
    assert snapshot is not None
    assert snapshot.state == "finished", snapshot.error
    cells = sorted(snapshot.outcomes.items(), key=lambda one: one[0].name)
    return [
        (
            cell.name,
            one.state,
            one.reward,
            one.reason,
            one.returned,
            [attempt.reward for attempt in one.attempts],
        )
        for cell, one in cells
    ]


@pytest.mark.timeout(240 + 10 * ROWS)
def test_three_arms_end_as_on_one_machine(dask: Dask, postgres_url: str, tmp_path: Path):
    with closing(Runs(open_store(tmp_path))) as runs:
        here = open_experiments(runs, ROWS)
        here.start(make_experiment())
        here.join(ID, 600)
        expected = told(here.get(ID))
    command = [sys.executable, "-m", "tests.executors.three_arms", postgres_url, dask.address, str(ROWS)]
    app = subprocess.Popen(command, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)})
    try:
        with closing(open_store(database=postgres_url)) as store:
            eventually(lambda: len(store.cell_runs(ID)) >= ROWS, 120)
            dask.kill_worker(0)
            eventually(lambda: sum(store.cell_runs(ID).values()) >= ROWS + 2, 120)
            app.kill()
            app.wait(20)
            assert sum(store.cell_runs(ID).values()) < 3 * ROWS  # it was in the middle
    finally:
        app.kill()
        app.wait(20)
    with closing(Runs(open_store(database=postgres_url), partial(DaskExecutor, dask.address))) as runs:
        there = open_experiments(runs, ROWS)
        eventually(lambda: there.resume(ID), 30)
        there.join(ID, 600)
        assert told(there.get(ID)) == expected
