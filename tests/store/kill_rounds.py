"""Kill -9 at random moments: python kill_rounds.py HOME ROUNDS SEED.

Every round a forked child opens the one store, starts three runs through `Runs`, and tells every event that the store
has acknowledged; it is killed after a random time. Then this process looks whether all of it is there. Now and then
the next child comes first, and opens what its forerunner left. Prints what it did, one line a round; ends with a
traceback at the first thing that is wrong.

Everything is imported before the first fork, and neither a thread nor a store is open at any.
"""
# ruff: noqa: T201  # what it prints is read by the test, and by whoever looks for what went wrong

import hashlib
import os
import random
import select
import signal
import sqlite3
import sys
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from refine_core.concurrency.cancellation import Cancel
from refine_core.log import codec
from refine_core.log.folds import timeline
from refine_core.log.scope import Record
from refine_core.log.summaries import Summary, summarize
from refine_core.runs import Runs
from refine_core.spec import ModelSpec, ProgramSpec, StageSpec
from refine_core.store import Store, open_store
from tests.threads import eventually

MOST_S = 0.4
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


def be_killed(home: Path, pipe: int) -> None:
    """The child: it works until it is killed."""
    runs = Runs(Telling(open_store(home), pipe))
    os.write(pipe, b"open\n")
    for spec in SPECS:
        runs.start(spec)
    while True:
        signal.pause()


def one_round(home: Path, life_s: float) -> tuple[bool, Acknowledged, int]:
    """Fork, kill after `life_s` seconds: whether it had the store open, what it told, how many workers it had."""
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            os.close(read)
            be_killed(home, write)
        finally:
            os._exit(1)  # only an error leads here
    os.close(write)
    heard, until = b"", time.monotonic() + life_s
    while (left := until - time.monotonic()) > 0:
        if select.select([read], [], [], left)[0]:
            heard += os.read(read, 1 << 16)
    had = workers()
    os.kill(pid, signal.SIGKILL)
    _, status = os.waitpid(pid, 0)
    while more := os.read(read, 1 << 16):
        heard += more
    os.close(read)
    if not os.WIFSIGNALED(status):
        raise AssertionError("the child ended by itself; see above")
    lines = heard.decode().splitlines()
    words = [line.split() for line in lines if line != "open"]
    return "open" in lines, {(run_id, int(seq)): text for run_id, seq, text in words}, had


def workers() -> int:
    """How many processes work in our own folder for temporary files, as reward workers do."""
    ours, found = os.environ["TMPDIR"], 0
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


def look(home: Path, acknowledged: Acknowledged, known: set[str], newest: int) -> int:
    """Check the store against what was acknowledged; return how many runs were cut off. known: is added to."""
    with closing(open_store(home)) as store:
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
    with closing(sqlite3.connect(home / "refinescope.db")) as connection:
        assert connection.execute("PRAGMA quick_check").fetchall() == [("ok",)]
        orphans = connection.execute("SELECT count(*) FROM events WHERE run_id NOT IN (SELECT id FROM runs)")
        assert orphans.fetchone() == (0,)
    return cut_off


def main(home: Path, rounds: int, seed: int) -> None:
    dice = random.Random(seed)
    known: set[str] = set()
    pending: Acknowledged = {}
    everything: Acknowledged = {}
    unseen = cut_off = 0
    for n in range(rounds):
        life_s = MOST_S * dice.random() ** 2  # more of them early: opening and the first events are soon over
        opened, told, had = one_round(home, life_s)
        all_gone()
        pending |= told
        everything |= told
        unseen += 1
        checked = dice.random() < 0.7 or n == rounds - 1  # else the next child opens what this one left
        if checked:
            cut_off += look(home, pending, known, newest=unseen * len(SPECS))
            pending, unseen = {}, 0
        print(
            f"round {n}: killed after {life_s:.4f} s, opened {opened:d}, acknowledged {len(told)}, workers {had}, checked {checked:d}",
            flush=True,
        )
    look(home, everything, set(), newest=rounds * len(SPECS))
    print(f"done: {len(known)} runs, {len(everything)} acknowledged, {cut_off} cut off", flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
