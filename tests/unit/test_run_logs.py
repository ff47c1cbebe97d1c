"""A page that asks again folds only what is new."""

from __future__ import annotations

from functools import reduce

from refine_core.log.folds import timeline
from refine_core.log.summaries import summarize
from refine_core.runs import Runs
from refine_core.runs.logs import RunLogs
from refine_core.store import MemoryStore
from tests import logs
from tests.store.stored_runs import run


class CountingStore(MemoryStore):
    """How many records were read."""

    read = 0

    def events(self, run_id, after=0):
        found = super().events(run_id, after)
        self.read += len(found)
        return found


def put(store, records, *, upto=None):
    """Append records 1 to `upto`, less those that are there."""
    there = len(MemoryStore.events(store, records[0].run_id))
    wanted = records[:upto]
    store.append(wanted[there:], reduce(summarize, wanted, None))


def test_a_run_is_read_and_folded_from_its_news_on():
    records, store = logs.two_stages().records, CountingStore()
    kept = RunLogs(store)
    assert kept.timeline("run-1") is None
    for n in range(1, len(records) + 1):
        put(store, records, upto=n)
        assert kept.timeline("run-1") == timeline(records[:n])
    assert store.read == len(records)
    assert kept.timeline("run-1") is kept.timeline("run-1")
    assert kept.records("run-1", after=3) == records[3:]
    assert store.read == len(records)


def test_what_was_shown_before_stays_as_it_was():
    records, store = logs.running().records, MemoryStore()
    kept, shown = RunLogs(store), []
    for n in range(1, len(records) + 1):
        put(store, records, upto=n)
        shown.append(kept.timeline("run-1"))
    assert [one.seq for one in shown] == list(range(1, len(records) + 1))
    assert shown == [timeline(records[:n]) for n in range(1, len(records) + 1)]


def test_only_the_runs_asked_for_last_are_kept():
    store = CountingStore()
    for run_id in ("a", "b", "c"):
        put(store, run(run_id))
    kept = RunLogs(store, max_runs=2)
    for run_id in ("a", "b", "a", "c"):
        kept.timeline(run_id)
    read = store.read
    kept.timeline("a")
    assert store.read == read
    kept.timeline("b")
    assert store.read > read


def test_that_one_run_was_interrupted_changes_nothing_for_others_who_look():
    """Who works at it is no part of the log, so the fold that all share knows nothing of it."""
    store = MemoryStore()
    put(store, logs.running().records)
    store.interrupt()
    runs = Runs(store)
    shown = runs.get("run-1").timeline
    assert [a.state for a in shown.attempts] == ["scored", "scored", "scored", "cut_off"]
    assert [a.state for a in runs.timeline("run-1").attempts] == ["scored", "scored", "scored", "running"]
