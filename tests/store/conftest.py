"""The stores of which the same is told."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from refine_core.store import MemoryStore, Store, open_store


@pytest.fixture(params=["memory", "sqlite", "postgres"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """An empty one of each kind."""
    one: Store
    if request.param == "memory":
        one = MemoryStore()
    elif request.param == "sqlite":
        one = open_store(tmp_path / "home")
    else:
        one = open_store(database=request.getfixturevalue("postgres_url"))
    yield one
    one.close()
