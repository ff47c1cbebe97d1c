"""A cluster of Dask with two worker processes, and runs that work there."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from refine_core.executors.dask.cluster import DaskExecutor
from refine_core.runs import Runs
from refine_core.store import open_store

SECRET = "canary-51c0-of-the-workers"
"""The key that the workers have in their environment, as KEY_NAME."""
KEY_NAME = "REFINESCOPE_TEST_KEY"


@pytest.fixture(scope="package")
def cluster() -> Iterator[DaskExecutor]:
    os.environ[KEY_NAME] = SECRET
    executor = DaskExecutor(workers=2)
    try:
        yield executor
    finally:
        executor.close()
        del os.environ[KEY_NAME]


@pytest.fixture
def on_threads(tmp_path: Path) -> Iterator[Runs]:
    runs = Runs(open_store(tmp_path / "threads"))
    yield runs
    runs.close()


@pytest.fixture(scope="package")
def on_dask(cluster: DaskExecutor, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runs]:
    """Runs that work on the cluster: the same for all tests, as an executor has one reader."""
    runs = Runs(open_store(tmp_path_factory.mktemp("dask")), lambda: cluster)
    yield runs
    runs.store.close()
