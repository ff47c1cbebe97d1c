"""Kill -9 at a random moment of several runs, again and again, on one store that grows."""

import os
import sys
from pathlib import Path

import pytest

from tests.postgres import find_programs
from tests.store.stored_runs import child

ROUNDS, SEED = 200, 20
POSTGRES_ROUNDS = int(
    os.environ.get("REFINESCOPE_POSTGRES_KILLS", "8")
)  # of which each fourth kills the server, too
ROUND_S = 1.4  # at most, on two slow cores

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="forks, and finds left-over workers as Linux tells of them"
)


def kill(place: object, rounds: int) -> tuple[list[str], str]:
    """Have them killed: a line for each round, and all that was said."""
    process = child("kill_rounds.py", place, rounds, SEED)
    out, err = process.communicate(timeout=60 + rounds * ROUND_S)
    told = f"seed {SEED}\n{out}{err}"
    assert process.returncode == 0, told
    *lines, last = out.splitlines()
    assert len(lines) == rounds
    assert last.startswith("done: "), told
    return lines, told


@pytest.mark.timeout(60 + ROUNDS * ROUND_S)  # about a minute on two slow cores
def test_two_hundred_kills_lose_no_acknowledged_event(tmp_path: Path):
    """No gap, no half-written run, each row the fold of its events, no worker and no lock file left over."""
    rounds, told = kill(home := tmp_path / "home", ROUNDS)
    assert any("opened 0" in line for line in rounds), told  # killed before the store was open
    assert any("opened 1, acknowledged 0" not in line and "opened 1" in line for line in rounds), told
    assert any("workers 0" not in line for line in rounds), told
    assert list((home / "locks").iterdir()) == []
    assert list(home.glob("*.damaged*")) == []


@pytest.mark.timeout(60 + POSTGRES_ROUNDS * ROUND_S)
def test_kills_of_app_and_server_lose_no_acknowledged_event():
    """The same on PostgreSQL; where its server died, the app went on with the next one."""
    if find_programs() is None:
        pytest.skip("PostgreSQL is not installed; on Debian: apt-get install postgresql")
    rounds, told = kill("postgres", POSTGRES_ROUNDS)
    assert sum("server died" in line for line in rounds) == POSTGRES_ROUNDS // 4
    assert all("acknowledged 0" not in line for line in rounds if "server died" in line), told
