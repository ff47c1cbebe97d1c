"""The machine's troubles, with real processes: a disk that is full, a locked database, two apps on one store."""

import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from refine_core import events as ev
from refine_core.concurrency.cancellation import Cancel
from refine_core.errors import RunCancelled, StoreError
from refine_core.log.folds import timeline
from refine_core.runs import Runs
from refine_core.store import Store, open_store
from refine_core.store.lock import WriterLock
from refine_core.store.sql import SqlStore
from refine_core.store.sqlite import Sqlite
from tests.store.an_app import LONG, SHORT, open_place
from tests.store.stored_runs import append_one_by_one, child, numbered, run, summed_up
from tests.threads import eventually, run_to_end

unix = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no limit for the size of files")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture(params=["sqlite", "postgres"])
def place(request: pytest.FixtureRequest, home: Path) -> object:
    """Where several apps keep their runs: a folder, or the address of a database."""
    return home if request.param == "sqlite" else request.getfixturevalue("postgres_url")


def database(home: Path, part: str = "") -> Path:
    return home / f"refinescope.db{part}"


@contextmanager
def an_app(home: object) -> Iterator[subprocess.Popen[str]]:
    app = child("an_app.py", home)
    try:
        assert hear(app) == "open"
        yield app
    finally:
        if app.poll() is None:
            app.kill()
        app.communicate(timeout=30)


def hear(app: subprocess.Popen[str]) -> str:
    assert app.stdout is not None
    line = app.stdout.readline()
    assert line, app.communicate(timeout=30)[1]
    return line.rstrip("\n")


def tell(app: subprocess.Popen[str], *words: object) -> str:
    assert app.stdin is not None
    app.stdin.write(" ".join(map(str, words)) + "\n")
    app.stdin.flush()
    return hear(app)


def seen_by(app: subprocess.Popen[str]) -> dict[str, str]:
    """How each run stands, in that app's eyes."""
    found, line = {}, tell(app, "see")
    while line != ".":
        run_id, state = line.split()
        found[run_id] = state
        line = hear(app)
    return found


def whole(store: Store, run_id: str) -> list[ev.Event]:
    """The events of a run, which has no gap and whose row is their fold."""
    records = store.events(run_id)
    assert [record.seq for record in records] == list(range(1, len(records) + 1))
    row = store.row(run_id)
    assert row is not None
    assert row.summary == summed_up(records)
    assert timeline(records) is not None
    return [record.event for record in records]


def reaches(store: Store, run_id: str, seq: int) -> None:
    """Wait until another process has recorded that much."""
    assert store.wait_for(run_id, seq - 1, timeout_s=60)


# A full disk


@unix
def test_a_disk_that_is_full_in_mid_run_ends_the_run_and_loses_nothing(home: Path):
    """No file may grow any more, as on a full disk: the run says so; later, with free space, the same app continues."""
    with closing(open_store(home)) as store, an_app(home) as app:
        run_id = tell(app, "start")
        reaches(store, run_id, 100)
        assert tell(app, "limit", database(home, "-wal").stat().st_size + 20_000) == "limited"
        state, _, trouble = tell(app, "trouble", run_id).partition(" ")
        assert state == "unrecorded"
        assert "It could not be recorded: cannot record event" in trouble
        assert "the disk failed to read or write; see whether it is full" in trouble
        assert "nothing was written" in trouble
        before = whole(store, run_id)
        assert len(before) >= 100
        assert not isinstance(before[-1], ev.RunFinished)
        assert tell(app, "limit") == "unlimited"
        other, state = tell(app, "finish").split()
        assert state == "finished"
        assert isinstance(whole(store, other)[-1], ev.RunFinished)
        assert whole(store, run_id) == before
    with closing(open_store(home)) as store:
        assert whole(store, run_id) == before
        row = store.row(run_id)
        assert row is not None
        assert row.interrupted  # so it may go on


# A locked database


@contextmanager
def locked(home: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process keeps the database locked, until it is told a line."""
    other = child(LOCK, database(home))
    try:
        assert hear(other) == "locked"
        yield other
    finally:
        other.communicate("done\n" if other.poll() is None else None, timeout=30)


LOCK = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN IMMEDIATE")
connection.execute("UPDATE runs SET title = title")
print("locked", flush=True)
sys.stdin.readline()
connection.execute("ROLLBACK")
connection.close()
"""


def patient(home: Path, busy_s: float) -> SqlStore:
    """The store in `home`, which waits that long for others."""
    open_store(home).close()
    return SqlStore(Sqlite(database(home), busy_s=busy_s), WriterLock(home / "locks"))


def test_a_database_that_is_locked_for_too_long_ends_the_run_in_words(home: Path):
    runs = Runs(patient(home, busy_s=0.4))
    with closing(runs):
        run_id = runs.start(LONG)
        reaches(runs.store, run_id, 20)
        with locked(home):
            found = run_to_end(runs, run_id)
            assert found.state == "unrecorded"
            assert "another program keeps the database locked; close it and try again" in (found.error or "")
            before = whole(runs.store, run_id)  # reading needs no lock
        assert whole(runs.store, run_id) == before
        done = runs.start(SHORT)
        reaches(runs.store, done, 10)


def test_a_database_that_is_locked_for_a_while_only_delays_a_run(home: Path):
    runs = Runs(patient(home, busy_s=30))
    with closing(runs):
        run_id = runs.start(LONG)
        reaches(runs.store, run_id, 20)
        with locked(home):
            count = len(runs.events(run_id))
            while runs.wait(run_id, count, 0.5):  # one that was under way when the lock came
                count = len(runs.events(run_id))
            assert not runs.wait(run_id, count, 0.5)
            found = runs.get(run_id)
            assert found is not None
            assert found.state == "running"
        reaches(runs.store, run_id, count + 20)
        runs.cancel(run_id)
        assert run_to_end(runs, run_id).state == "finished"
        whole(runs.store, run_id)


def test_whoever_waits_for_a_locked_database_can_be_cancelled(home: Path):
    """Of two that wait, the one that is cancelled gives up at once; nothing of it is written, then or later."""
    first, second = run("a", finished=False), run("b", finished=False)
    with closing(patient(home, busy_s=30)) as store, ThreadPoolExecutor(2) as pool:
        for records in (first, second):
            store.append(records[:2], summed_up(records[:2]))
        cancel = Cancel()
        with locked(home):
            given_up = pool.submit(store.append, first[2:3], summed_up(first[:3]), cancel=cancel)
            patient_one = pool.submit(store.append, second[2:3], summed_up(second[:3]), cancel=Cancel())
            with pytest.raises(TimeoutError):
                given_up.result(timeout=0.3)
            cancel.set()
            with pytest.raises(
                RunCancelled, match=r"record event 3 of run a.* while the database was locked"
            ):
                given_up.result(timeout=1.0)
            assert not patient_one.done()
        patient_one.result(timeout=30)
        assert store.events("b") == second[:3]
        assert store.events("a") == first[:2]
        end = numbered("a", [*(r.event for r in first[:2]), ev.RunFinished("cancelled", None, None, 0.1)])
        store.append(end[2:], summed_up(end), cancel=cancel)  # nobody is in the way, so there is no waiting
        assert store.events("a") == end


def test_all_that_wait_for_a_locked_database_give_up_in_time(home: Path):
    with closing(patient(home, busy_s=0.5)) as store, ThreadPoolExecutor(8) as pool:
        append_one_by_one(store, run("a"))
        with locked(home):
            waiting = [pool.submit(append_one_by_one, store, run(f"run-{n}")[:1]) for n in range(8)]
            with pytest.raises(TimeoutError):
                waiting[0].result(timeout=0.4)
            for one in waiting:
                with pytest.raises(StoreError, match=r"keeps the database locked.*nothing was written"):
                    one.result(timeout=2.5)
        assert [row.run_id for row in store.rows()] == ["a"]


# Two apps


def test_two_apps_see_each_others_runs_alive_and_interrupted_once_killed(place: object):
    with an_app(place) as one, an_app(place) as two, closing(open_place(place)) as store:
        first, second = tell(one, "start"), tell(two, "start")
        for run_id in (first, second):
            reaches(store, run_id, 30)
        both = {first: "alive", second: "alive"}
        assert seen_by(one) == seen_by(two) == both
        one.kill()
        one.wait(timeout=30)
        eventually(lambda: seen_by(two) == both | {first: "interrupted"})  # a server has to notice first
        so_far = len(whole(store, first))
        reaches(store, second, len(store.events(second)) + 30)
        assert tell(two, "cancel", second) == "cancelled"
        assert tell(two, "trouble", second) == "finished None"
        assert seen_by(two) == {first: "interrupted", second: "cancelled"}
        assert len(whole(store, first)) == so_far
        whole(store, second)
    with an_app(place) as again:
        assert seen_by(again) == {first: "interrupted", second: "cancelled"}


GO_ON = """
import sys
from refine_core import events as ev
from refine_core.errors import StoreError
from tests.store.an_app import open_place
from tests.store.stored_runs import numbered, summed_up
store = open_place(sys.argv[1])
print("ready", flush=True)
for line in sys.stdin:
    before = store.events(line.strip())
    print("read", flush=True)
    sys.stdin.readline()
    more = numbered(line.strip(), [*(r.event for r in before), ev.RunResumed(1)])
    try:
        store.append(more[-1:], summed_up(more))
        print("won", flush=True)
    except StoreError as error:
        print(error, flush=True)
"""


def test_of_two_processes_that_go_on_with_one_run_exactly_one_wins(place: object):
    """They meet at the same event, again and again; the loser is told, and the run is the winner's."""
    names = [f"run-{n}" for n in range(20)]
    with closing(open_place(place)) as store:
        for name in names:
            append_one_by_one(store, run(name, finished=False))
    with closing(open_place(place)) as store:
        apps = [child(GO_ON, place) for _ in range(2)]
        try:
            assert [hear(app) for app in apps] == ["ready", "ready"]
            for name in names:
                assert [tell(app, name) for app in apps] == ["read", "read"]
                with ThreadPoolExecutor(2) as pool:
                    words = list(pool.map(lambda app: tell(app, "go"), apps))
                assert words.count("won") == 1
                (lost,) = (word for word in words if word != "won")
                assert f"cannot record event 10 of run {name}" in lost
                assert "another process may be recording the same run" in lost
                assert whole(store, name)[-1] == ev.RunResumed(1)
            assert all(row.alive for row in store.rows())
        finally:
            for app in apps:
                app.communicate(timeout=30)
        assert all(row.interrupted for row in store.rows())
