"""A PostgreSQL server whose disk is full: one in memory, of a fixed size. `.ci/long postgres` runs it; it needs root, who may mount.

What was recorded is there, what was not is told so, and the open app goes on once there is room.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import psycopg
import pytest

from refine_core import events as ev
from refine_core.errors import StoreError
from refine_core.store import open_store
from tests.postgres import PostgresServer, own_server
from tests.store.stored_runs import run, summed_up
from tests.store.test_store_trouble import an_app, reaches, tell, whole
from tests.threads import eventually

SIZE_MB = 128


@pytest.fixture(scope="module")
def disk() -> Iterator[Path]:
    """A small one, mounted for these tests."""
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={SIZE_MB}m", "tmpfs", folder],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            pytest.skip(f"nothing can be mounted here: {done.stderr}")
        try:
            yield Path(folder)
        finally:
            subprocess.run(["umount", folder], check=True)


@pytest.fixture(scope="module")
def server(disk: Path) -> Iterator[PostgresServer]:
    with own_server(disk) as one:
        yield one


@pytest.fixture
def url(server: PostgresServer) -> str:
    return server.new_database(server.migrated())


def fill(disk: Path, *, leave_mb: int = 0) -> Path:
    """Take what room there is; the file that does."""
    ballast = disk / "ballast"
    room = os.statvfs(disk)
    with ballast.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, room.f_bavail * room.f_frsize - (leave_mb << 20))
    return ballast


def test_a_full_disk_ends_a_run_in_words_and_loses_nothing(disk: Path, url: str):
    with closing(open_store(database=url)) as store, an_app(url) as app:
        run_id = tell(app, "start")
        reaches(store, run_id, 100)
        ballast = fill(disk)
        state, _, trouble = tell(app, "trouble", run_id).partition(" ")
        assert state == "unrecorded"
        assert "the disk of its server is full; free some space and try again; nothing was written" in trouble
        before = whole(store, run_id)
        assert len(before) >= 100
        assert not isinstance(before[-1], ev.RunFinished)
        ballast.unlink()
        other, state = tell(app, "finish").split()
        assert state == "finished"
        assert isinstance(whole(store, other)[-1], ev.RunFinished)
        assert whole(store, run_id) == before
    with closing(open_store(database=url)) as store:
        row = store.row(run_id)
        assert row is not None
        assert row.interrupted  # so it may go on


def test_a_server_that_ends_as_its_log_finds_no_room_loses_nothing(
    disk: Path, server: PostgresServer, url: str
):
    """Its write-ahead log cannot begin a new file: PostgreSQL then gives up altogether, until somebody makes room and starts it."""
    records, recorded, error = run("a", attempts=40), 0, ""
    with closing(open_store(database=url)) as store:
        ballast = fill(disk, leave_mb=4)  # enough for tables, and too little for a file of the log
        while not error:
            try:
                store.append(records[recorded : recorded + 1], summed_up(records[: recorded + 1]))
                recorded += 1
            except StoreError as told:
                error = str(told)
            with suppress(psycopg.Error):
                server.execute("SELECT pg_switch_wal()")  # the next append needs another file
        assert recorded
        assert f"cannot record event {recorded + 1} of run a: its server " in error
        eventually(lambda: not server.is_running)
        ballast.unlink()
        server.start()
        there = store.events("a")
        assert there in (records[:recorded], records[: recorded + 1])
        assert len(there) == recorded or "whether it was written is not known" in error
        store.append(records[len(there) :], summed_up(records))
        assert store.events("a") == records
