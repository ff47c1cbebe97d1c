"""dspy in both versions; without its environments the tests are skipped, which CI takes amiss."""

from __future__ import annotations

from pathlib import Path

import pytest

from refine_core.store import open_store
from tests.parity.environment import VERSIONS, Missing, python
from tests.parity.sides import Side


@pytest.fixture(scope="session", params=VERSIONS)
def dspy_version(request):
    return request.param


@pytest.fixture(scope="session")
def dspy_python(dspy_version):
    try:
        return python(dspy_version)
    except Missing as why:
        pytest.skip(str(why))


@pytest.fixture(scope="session")
def watched(dspy_python):
    side = Side(dspy_python, "tests.interop.watched")
    yield side
    side.close()


@pytest.fixture(scope="session")
def scenes(dspy_python):
    side = Side(dspy_python, "tests.interop.scenes")
    yield side
    side.close()


@pytest.fixture
def play(scenes, tmp_path):
    """Plays a scene: its runs with their events, the oldest first, and what the script printed."""

    def run(scene: str, home: Path = tmp_path / "home", database: str = "") -> str:
        words = str(tmp_path / "words.txt")
        played = scenes.do({"scene": scene, "home": str(home), "database": database, "words": words})
        assert played["status"] == 0, played["words"]
        return played["words"]

    def show(scene: str):
        said = run(scene)
        store = open_store(tmp_path / "home")
        try:
            rows = sorted(store.rows(), key=lambda row: row.summary.started_at)
            return [(row, [record.event for record in store.events(row.run_id)]) for row in rows], said
        finally:
            store.close()

    show.run = run
    return show
