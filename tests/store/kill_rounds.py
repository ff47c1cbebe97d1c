"""Kill -9 at random moments: python kill_rounds.py PLACE ROUNDS SEED; PLACE is a folder, or "postgres" for a server of its own.

Every round a forked child opens the one store, starts three runs through `Runs`, and tells every event that the store
has acknowledged; it is killed after a random time. Then this process looks whether all of it is there. Now and then
the next child comes first, and opens what its forerunner left. In every fourth round on PostgreSQL the server dies first, at
a random moment, too; it is started again, and the child has to go on. Prints what it did, one line a round; ends with a
traceback at the first thing that is wrong.

Everything is imported before the first fork, and neither a thread nor a store is open at any.
"""
# ruff: noqa: T201  # what it prints is read by the test, and by whoever looks for what went wrong

import hashlib
import os
import random
import select
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import psycopg

from refine_core.concurrency.cancellation import Cancel
from refine_core.log import codec
from refine_core.log.folds import timeline
from refine_core.log.scope import Record
from refine_core.log.summaries import Summary, summarize
from refine_core.rewards import folder
from refine_core.runs import Runs
from refine_core.spec import ModelSpec, ProgramSpec, StageSpec
from refine_core.store import SqlStore, Store, open_store
from tests.postgres import PostgresServer, own_server
from tests.threads import call_within, eventually

MOST_S = 0.4
OPEN_S = 5.0  # to open what somebody who was killed has left; on a busy machine, too
SERVER_DIES = 4  # in every so many rounds
REWARD = "def reward(inputs, output): return len(output.answer) / 1000"
ONE = StageSpec("draft", "question -> answer")
INPUTS = {"question": "What is the capital of Belgium?"}
SPECS = (
    ProgramSpec(
        (ONE, StageSpec("check", "question, answer -> verdict")), REWARD, INPUTS, N=50, threshold=None
    ),
    ProgramSpec(
        (
            ONE,
            StageSpec("improve", "question, answer -> better"),
            StageSpec("rate", "better -> rating: float"),
        ),
        REWARD,
        INPUTS,
        N=50,
        threshold=None,
        model=ModelSpec(delay_s=0.001),
    ),
    ProgramSpec((ONE,), REWARD, INPUTS, N=2, threshold=None, strategy="best_of_n"),
)
Acknowledged = dict[tuple[str, int], str]


def digest(record: Record) -> str:
    kind, version, payload = codec.encode(record.event)
    text = f"{record.at!r} {record.span} {kind} {version} {payload}"
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()


class Place(Protocol):
    """Where the store is."""

    def open(self) -> SqlStore: ...

    def settle(self) -> None:
        """Wait until nothing is at work any more for whoever was killed."""

    def check(self, store: SqlStore) -> None:
        """See that nothing is broken below the store."""


@dataclass(frozen=True)
class Folder:
    """SQLite."""

    home: Path

    def open(self) -> SqlStore:
        return open_store(self.home)

    def settle(self) -> None:
        """Nothing is: a transaction ends with its process."""

    def check(self, store: SqlStore) -> None:
        with store.database.connect_to_read() as connection:
            assert connection.exec_driver_sql("PRAGMA quick_check").all() == [("ok",)]


@dataclass(frozen=True)
class Server:
    """PostgreSQL."""

    server: PostgresServer
    url: str

    def open(self) -> SqlStore:
        return open_store(database=self.url)

    def settle(self) -> None:
        """The server finds out by itself, once it has answered the last statement."""
        others = (
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() "
            "AND backend_type = 'client backend'"
        )
        with psycopg.connect(self.url, autocommit=True) as connection:
            eventually(lambda: connection.execute(others).fetchall() == [(0,)], within_s=5)

    def check(self, store: SqlStore) -> None:
        """Every table and index, as the server's own checks see them; an index against all rows of its table."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute("CREATE EXTENSION IF NOT EXISTS amcheck")
            tables = "SELECT c.oid FROM pg_class c WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace"
            wrong = connection.execute(f"SELECT (verify_heapam(oid)).msg FROM ({tables}) AS each").fetchall()  # type: ignore[call-overload]
            assert wrong == []
            connection.execute(
                "SELECT bt_index_check(i.indexrelid, true) FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid "
                "JOIN pg_am a ON a.oid = c.relam WHERE a.amname = 'btree' AND c.relnamespace = 'public'::regnamespace"
            )

    def kill(self, dice: random.Random) -> str:
        """End the server without a word to anybody, and start it again; how it ended."""
        how = dice.choice(("immediate shutdown", "kill -9"))
        if how == "kill -9":
            self.server.kill()
        else:
            self.server.stop_at_once()
        self.server.start()
        return how


class Telling:
    """The store, and a pipe that is told of every append once it has returned."""

    def __init__(self, store: Store, pipe: int) -> None:
        self._store, self._pipe = store, pipe

    def append(
        self,
        records: Sequence[Record],
        summary: Summary,
        *,
        cancel: Cancel | None = None,
    ) -> None:
        self._store.append(records, summary, cancel=cancel)
        for record in records:
            os.write(self._pipe, f"{record.run_id} {record.seq} {digest(record)}\n".encode())

    def __getattr__(self, name: str) -> object:
        return getattr(self._store, name)


def be_killed(place: Place, pipe: int) -> None:
    """The child: it works until it is killed."""
    runs = Runs(Telling(place.open(), pipe))
    os.write(pipe, b"open\n")
    for spec in SPECS:
        runs.start(spec)
    while True:
        signal.pause()


class Child:
    """A child at work, and what it has told so far."""

    def __init__(self, place: Place) -> None:
        self._pipe, pipe = os.pipe()
        self.heard = b""
        self.pid = os.fork()
        if self.pid == 0:
            try:
                os.close(self._pipe)
                be_killed(place, pipe)
            except BaseException:  # noqa: BLE001  # nothing of the parent's may run on in its copy
                traceback.print_exc()
            finally:
                os._exit(1)
        os.close(pipe)

    def listen(self, for_s: float, enough: Callable[[], bool] = lambda: False) -> None:
        """Hear what it tells, for so long at most."""
        until = time.monotonic() + for_s
        while (left := until - time.monotonic()) > 0 and not enough():
            if select.select([self._pipe], [], [], left)[0]:
                self.heard += os.read(self._pipe, 1 << 16)

    def kill(self) -> None:
        """Kill it, and hear the rest."""
        os.kill(self.pid, signal.SIGKILL)
        _, status = os.waitpid(self.pid, 0)
        while more := os.read(self._pipe, 1 << 16):
            self.heard += more
        os.close(self._pipe)
        if not os.WIFSIGNALED(status):
            raise AssertionError("the child ended by itself; see above")

    @property
    def opened(self) -> bool:
        return self.heard.startswith(b"open\n")

    @property
    def acknowledged(self) -> Acknowledged:
        words = [line.split() for line in self.heard.decode().splitlines() if line != "open"]
        return {(run_id, int(seq)): text for run_id, seq, text in words}


def workers() -> int:
    """How many processes work in our own folder for temporary files, as reward workers do."""
    ours, found = str(Path(tempfile.gettempdir(), folder.PREFIX)), 0
    for process in Path("/proc").iterdir():
        if process.name.isdigit():
            try:
                found += str((process / "cwd").readlink()).startswith(ours)
            except OSError:  # it has just ended, or is somebody else's
                continue
    return found


def all_gone() -> None:
    """The workers of whoever was killed end by themselves, at once."""
    eventually(lambda: not workers(), within_s=5)


def look(place: Place, acknowledged: Acknowledged, known: set[str], newest: int) -> int:
    """Check the store against what was acknowledged; return how many runs were cut off. known: is added to."""
    with closing(place.open()) as store:
        assert store.notices == ()
        rows = {row.run_id: row for row in store.rows(limit=newest) if row.run_id not in known}
        assert {run_id for run_id, _ in acknowledged} <= set(rows), "a run is missing"
        for run_id, row in rows.items():
            records = store.events(run_id)
            assert records, f"{run_id} is half written: a row without events"
            assert [r.seq for r in records] == list(range(1, len(records) + 1)), f"{run_id} has a gap"
            told = {seq: text for (name, seq), text in acknowledged.items() if name == run_id}
            there = {record.seq: digest(record) for record in records}
            assert told.items() <= there.items(), f"{run_id}: an acknowledged event is missing or another"
            assert len(there) - len(told) in (0, 1), f"{run_id}: more than one event at a time was under way"
            summary = None
            for record in records:
                summary = summarize(summary, record)
            assert row.summary == summary, f"{run_id}: its row is not the fold of its events"
            assert not row.alive
            assert row.interrupted == (row.summary.reason is None)
            assert timeline(records) is not None
        known.update(rows)
        cut_off = sum(row.interrupted for row in rows.values())
        place.check(store)
        with store.database.connect_to_read() as connection:
            orphans = "SELECT count(*) FROM events WHERE run_id NOT IN (SELECT id FROM runs)"
            assert connection.exec_driver_sql(orphans).all() == [(0,)]
    return cut_off


def open_at_once(place: Place) -> None:
    """Whoever was killed keeps nobody waiting."""
    call_within(OPEN_S, lambda: place.open().close())


def one_round(place: Place, n: int, dice: random.Random) -> tuple[Child, str]:
    """Have a child work, and kill it after a random time; it, and what happened to it, in words."""
    child, words = Child(place), ""
    if isinstance(place, Server) and n % 2:
        child.listen(
            OPEN_S, lambda: child.opened
        )  # which takes longer there, and so there are runs under way
    if isinstance(place, Server) and n % SERVER_DIES == SERVER_DIES - 1:
        child.listen(MOST_S * dice.random())
        words = f"server died by {place.kill(dice)}, "
        had = len(child.heard)
        child.listen(OPEN_S * 4, lambda: len(child.heard) > had)
        assert len(child.heard) > had, "nothing was acknowledged after the server had come back"
    life_s = MOST_S * dice.random() ** 2  # more of them early: opening and the first events are soon over
    child.listen(life_s)
    had = workers()
    child.kill()
    return (
        child,
        f"{words}killed after {life_s:.4f} s, opened {child.opened:d}, acknowledged {len(child.acknowledged)}, workers {had}",
    )


@contextmanager
def find_place(name: str) -> Iterator[Place]:
    """A folder; or a database on a server that is removed in the end."""
    if name != "postgres":
        yield Folder(Path(name))
        return
    with own_server() as server:
        yield Server(server, server.new_database())


def main(place: Place, rounds: int, seed: int) -> None:
    dice = random.Random(seed)
    known: set[str] = set()
    pending: Acknowledged = {}
    everything: Acknowledged = {}
    unseen = cut_off = 0
    for n in range(rounds):
        child, words = one_round(place, n, dice)
        all_gone()
        pending |= child.acknowledged
        everything |= child.acknowledged
        unseen += 1
        checked = dice.random() < 0.7 or n == rounds - 1  # else the next child opens what this one left
        if checked:
            open_at_once(place)
            place.settle()
            cut_off += look(place, pending, known, newest=unseen * len(SPECS))
            pending, unseen = {}, 0
        print(f"round {n}: {words}, checked {checked:d}", flush=True)
    look(place, everything, set(), newest=rounds * len(SPECS))
    print(f"done: {len(known)} runs, {len(everything)} acknowledged, {cut_off} cut off", flush=True)


if __name__ == "__main__":
    with find_place(sys.argv[1]) as found, tempfile.TemporaryDirectory() as own:
        tempfile.tempdir = own  # where the workers of the children are found, and no others
        main(found, int(sys.argv[2]), int(sys.argv[3]))
