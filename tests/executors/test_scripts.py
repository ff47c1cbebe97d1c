"""The scripts of tests/parity give the same on threads and on Dask: as runs of the app, and as Python objects through `batch`.

REFINESCOPE_DASK_SCRIPTS=1000: so many (.ci/long dask); 10 without it.
"""

from __future__ import annotations

import os
from typing import Any

import pytest

from refine_core.executors.dask.cluster import DaskExecutor
from refine_core.modules.parallel import batch
from refine_core.runs import Runs
from tests.executors.scripted_runs import Stage, play_objects
from tests.parity.scripts import scripts
from tests.parity.sides import difference

COUNT, SEED = int(os.environ.get("REFINESCOPE_DASK_SCRIPTS", "10")), 7
AT_ONCE = 8


def differing(ours: list[Any], theirs: list[Any]) -> list[str]:
    """Which scripts went another way, and where."""
    found = [difference(a, b, f"script {i}") for i, (a, b) in enumerate(zip(ours, theirs, strict=True))]
    return [one for one in found if one]


@pytest.mark.timeout(60 + 2 * COUNT)
def test_runs_of_scripts_are_the_same_on_threads_and_on_dask(on_threads: Runs, on_dask: Runs):
    """Compared is the whole log but for its times, what the server was asked, in order, and how each run ended."""
    some, played = scripts(COUNT, SEED), []
    for runs in (on_threads, on_dask):
        stage = Stage()
        with stage.server:
            played.append(stage.play(runs, some, AT_ONCE))
    on_one, on_other = played
    kinds = {kind for calls in on_one for call in calls for _, kind, _ in call.get("log", ())}
    assert {"reward_scored", "advice_given", "run_finished"} <= kinds
    assert differing(on_one, on_other) == []


@pytest.mark.timeout(60 + COUNT)
def test_scripts_of_objects_are_the_same_here_and_in_a_batch_on_dask(cluster: DaskExecutor):
    some = [{"script": one} for one in scripts(COUNT, SEED)]
    here, there = (
        batch(play_objects, some, executor=executor, num_threads=n, disable_progress_bar=True)
        for executor, n in ((None, 1), (cluster._client.get_executor(), None))
    )
    assert sum(len(call.get("asked", ())) for calls in here for call in calls) > COUNT
    assert differing(here, there) == []
