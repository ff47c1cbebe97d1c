"""Several processes on one store, and processes that die."""

import multiprocessing
import os
import random
import signal
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from refine_core.errors import StoreError
from refine_core.store import open_store
from refine_core.store.lock import WriterLock
from tests.store.stored_runs import append_one_by_one, child, output, run, summed_up
from tests.threads import finish

WRITE = "write_events.py"
unix = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals, and no fork")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


def kill_after(process: subprocess.Popen[str], lines: int) -> list[int]:
    """Kill a process once it has acknowledged so much; what it acknowledged. Half a line at the end does not count."""
    assert process.stdout is not None
    with process:
        said = [process.stdout.readline() for _ in range(lines)]
        process.send_signal(signal.SIGKILL)
        said += process.stdout
    return [int(line) for line in said if line.endswith("\n")]


@unix
def test_what_was_acknowledged_survives_a_kill(home: Path):
    """By kill -9 at ten random moments, two writers at a time: no acknowledged event is lost, no gap, the row fits."""
    dice = random.Random(7)
    for round_ in range(5):
        writers = {f"run-{round_}-{n}": child(WRITE, home, f"run-{round_}-{n}", 0) for n in range(2)}
        for process in writers.values():
            assert process.stdout is not None
            assert process.stdout.readline() == "open\n"
        acknowledged = {}
        for name, process in writers.items():
            acknowledged[name] = kill_after(process, dice.randrange(100))
        with closing(open_store(home)) as store:
            for name, seqs in acknowledged.items():
                records = store.events(name)
                assert [record.seq for record in records] == list(range(1, len(records) + 1))
                assert len(records) in (
                    len(seqs),
                    len(seqs) + 1,
                )  # the last may be committed and not yet printed
                row = store.row(name)
                if row is not None:
                    assert row.interrupted
                    assert row.summary == summed_up(records)
                assert (row is None) == (not records)
    assert any(acknowledged.values())


def test_two_processes_may_write_to_one_store_at_once(home: Path):
    writers = {name: child(WRITE, home, name, 300) for name in "ab"}
    for process in writers.values():
        assert output(process) == ["open", *map(str, range(1, 301))]
    with closing(open_store(home)) as store:
        for name in writers:
            assert [record.seq for record in store.events(name)] == list(range(1, 301))


OPEN = """
import pathlib, sys
from refine_core.store import migrations, open_store
for home in sys.argv[1:]:
    print("ready", flush=True)
    input()
    store = open_store(pathlib.Path(home))
    print(len(store.rows()), flush=True)
    store.close()
"""


def test_a_new_store_may_be_opened_by_several_processes_at_once(tmp_path: Path):
    """Everything is loaded beforehand, so that they open it at the same moment; and again, with other stores."""
    homes = [tmp_path / str(n) for n in range(8)]
    processes = [child(OPEN, *homes) for _ in range(3)]
    for _ in homes:
        for process in processes:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n", output(process)
        for process in processes:
            assert process.stdin is not None
            process.stdin.write("go\n")
            process.stdin.flush()
        for process in processes:
            assert process.stdout is not None
            assert process.stdout.readline() == "0\n", output(process)
    for process in processes:
        output(process)


def test_opening_a_store_twice_breaks_no_lock_of_the_first(home: Path):
    """Whoever closes a file in a process breaks all its locks on it; a third would then take the log for its own."""
    with closing(open_store(home)) as one:
        append_one_by_one(one, run("a"))
        open_store(home).close()
        log = (home / "refinescope.db-wal").stat()
        assert log.st_size > 0
        for code in (
            "import pathlib, sys; from refine_core.store import open_store as o; o(pathlib.Path(sys.argv[1]))",
            OTHER,
        ):
            output(child(code, home))
        assert (home / "refinescope.db-wal").stat().st_ino == log.st_ino
        append_one_by_one(one, run("b"))
        assert one.events("b") == run("b")


OTHER = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1] + "/refinescope.db")
connection.execute("SELECT count(*) FROM events").fetchall()
connection.close()
"""


def test_two_processes_cannot_record_one_run(home: Path):
    """Whoever comes second is refused: the events of a run are one history."""
    with closing(open_store(home)) as one, closing(open_store(home)) as two:
        records = run("a")
        one.append(records[:3], summed_up(records[:3]))
        with pytest.raises(StoreError, match="another process"):
            two.append(records[:1], summed_up(records[:1]))
        with pytest.raises(StoreError, match="another process"):
            two.append(records[2:3], summed_up(records[:3]))


def test_a_run_that_another_process_takes_up_is_held_by_that_one(home: Path):
    records = run("a", finished=False)
    with closing(open_store(home)) as two:
        with closing(open_store(home)) as one:
            one.append(records[:2], summed_up(records[:2]))
        assert [row.interrupted for row in two.rows()] == [True]
        two.append(records[2:3], summed_up(records[:3]))
        assert [row.alive for row in two.rows()] == [True]


def test_events_of_another_process_can_be_waited_for(home: Path):
    with closing(open_store(home)) as store:
        writer = child(WRITE, home, "theirs", 5)
        assert store.wait_for("theirs", after=4, timeout_s=30)
        output(writer)


def test_an_interpreter_that_ends_without_closing_does_not_hang(home: Path):
    """The script never closes its store, and its thread must keep nothing alive."""
    assert output(child(WRITE, home, "a", 4))[-1] == "4"
    with closing(open_store(home)) as store:
        assert [row.interrupted for row in store.rows()] == [True]


def test_a_run_is_interrupted_as_soon_as_its_process_is_gone(home: Path):
    with closing(open_store(home)) as store:
        writer = child(WRITE, home, "theirs", 0)
        assert store.wait_for("theirs", after=10, timeout_s=30)
        assert [row.alive for row in store.rows()] == [True]
        writer.kill()
        writer.communicate(timeout=30)
        assert [row.interrupted for row in store.rows()] == [True]


def test_a_lock_is_free_once_it_is_released(tmp_path: Path):
    one, two = WriterLock(tmp_path), WriterLock(tmp_path)
    assert one.alive(one.writer)
    assert one.alive(two.writer)
    two.release()
    assert not one.alive(two.writer)
    assert not one.alive("never heard of")
    assert [file.stem for file in tmp_path.glob("never*")] == []  # looking makes no file
    one.release()


def test_a_store_that_is_closed_leaves_no_lock_file(home: Path):
    with closing(open_store(home)) as store:
        append_one_by_one(store, run("a", finished=False))
        assert len(list((home / "locks").iterdir())) == 1
    assert list((home / "locks").iterdir()) == []


def test_lock_files_of_the_dead_are_swept(home: Path):
    """A run is interrupted whether its file is free or gone."""
    with closing(open_store(home)) as living:
        (own,) = (home / "locks").iterdir()
        output(child(WRITE, home, "broken", 3))
        row = living.row("broken")
        assert row is not None
        assert row.interrupted
        killed = child(WRITE, home, "killed", 0)
        assert living.wait_for("killed", after=3, timeout_s=30)
        killed.kill()
        killed.communicate(timeout=30)
        before = set((home / "locks").iterdir())
        assert own in before
        assert len(before) >= 2
        with closing(open_store(home)) as store:
            after = set((home / "locks").iterdir())
            assert own in after
            assert len(after) == 2
            assert before & after == {own}
            row = store.row("broken")
            assert row is not None
            assert row.interrupted
        append_one_by_one(living, run("living", finished=False))
        row = living.row("living")
        assert row is not None
        assert row.alive


@unix
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
def test_a_store_does_not_cross_a_fork(home: Path):
    """A fork's copy refuses, and its end neither frees the parent's lock nor hurts the parent's store."""
    with closing(open_store(home)) as store, closing(open_store(home)) as watcher:
        append_one_by_one(store, run("a", finished=False))

        def use_the_copy() -> None:
            for use in (store.rows, lambda: store.append(run("b"), summed_up(run("b")))):
                with pytest.raises(StoreError, match="fork"):
                    use()
            store.close()

        process = multiprocessing.get_context("fork").Process(target=use_the_copy)
        process.start()
        finish(process)
        assert process.exitcode == 0
        assert [row.alive for row in watcher.rows()] == [True]
        append_one_by_one(store, run("c"))
        assert os.getpid() != process.pid
