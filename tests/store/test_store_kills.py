"""Two hundred times kill -9 at a random moment of several runs, on one store that grows."""

import sys
from pathlib import Path

import pytest

from tests.store.stored_runs import child

ROUNDS, SEED = 200, 20


@pytest.mark.skipif(
    sys.platform != "linux", reason="forks, and finds left-over workers as Linux tells of them"
)
@pytest.mark.timeout(300)  # about a minute on two slow cores
def test_two_hundred_kills_lose_no_acknowledged_event(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """No gap, no half-written run, each row the fold of its events, no worker and no lock file left over."""
    own = tmp_path / "tmp"
    own.mkdir()
    monkeypatch.setenv("TMPDIR", str(own))
    home = tmp_path / "home"
    out, err = (process := child("kill_rounds.py", home, ROUNDS, SEED)).communicate(timeout=280)
    told = f"seed {SEED}\n{out}{err}"
    assert process.returncode == 0, told
    *rounds, last = out.splitlines()
    assert len(rounds) == ROUNDS
    assert any("opened 0" in line for line in rounds), told  # killed before the store was open
    assert any("opened 1, acknowledged 0" not in line and "opened 1" in line for line in rounds), told
    assert any("workers 0" not in line for line in rounds), told
    assert last.startswith("done: "), told
    assert list((home / "locks").iterdir()) == []
    assert list(home.glob("*.damaged*")) == []
