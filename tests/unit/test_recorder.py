"""The recorder: numbers, latches, and what it takes once a run was cancelled."""

from __future__ import annotations

import threading
import time

import pytest

from refine_core import Cancel, Recorder, RecordingFailed, RunCancelled, StoreError
from refine_core import events as ev
from refine_core.log.span import RUN
from tests.threads import finish

DONE = ev.RunFinished("cancelled", None, None, 0.1)


def recorder(append=None, **kwargs):
    kept = []
    made = Recorder("r1", append or kept.extend, cancel=kwargs.pop("cancel", Cancel()), **kwargs)
    return made, kept


def test_records_are_numbered_without_gaps_also_from_several_threads():
    made, kept = recorder()
    threads = [
        threading.Thread(target=lambda: [made.accept(RUN, ev.RunResumed(0)) for _ in range(50)])
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    finish(*threads)
    assert [r.seq for r in kept] == list(range(1, 201))


def test_a_failure_is_latched_so_that_nothing_happens_that_is_not_on_record():
    calls = []

    def full(records):
        calls.append(records)
        raise StoreError("the disk is full")

    made, _ = recorder(full)
    for _ in range(2):
        with pytest.raises(RecordingFailed) as caught:
            made.accept(RUN, ev.RunResumed(0))
        assert str(caught.value.cause) == "the disk is full"
    assert len(calls) == 1


def test_gathered_facts_become_durable_together_and_the_end_at_once():
    appended = []
    made, _ = recorder(appended.append)
    made.gather()
    for _ in range(3):
        made.accept(RUN, ev.RunResumed(0))
    assert appended == []
    made.flush()
    made.flush()
    made.accept(RUN, ev.RunResumed(0))
    made.accept(RUN, DONE)
    assert [[record.seq for record in together] for together in appended] == [[1, 2, 3], [4, 5]]


def test_a_users_except_exception_cannot_swallow_it():
    def full(records):
        raise StoreError("the disk is full")

    made, _ = recorder(full)

    def careless():
        try:
            made.accept(RUN, ev.RunResumed(0))
        except Exception:  # noqa: BLE001 - what is tested
            return "swallowed"

    with pytest.raises(RecordingFailed):
        careless()


def test_once_cancelled_only_the_end_is_taken_and_after_the_end_nothing():
    cancel = Cancel()
    made, kept = recorder(cancel=cancel)
    made.accept(RUN, ev.RunResumed(0))
    cancel.set()
    with pytest.raises(RunCancelled):
        made.accept(RUN, ev.LMReplied("late", 1.0))
    made.accept(RUN, DONE)
    with pytest.raises(RunCancelled):
        made.accept(RUN, DONE)
    assert [type(r.event).__name__ for r in kept] == ["RunResumed", "RunFinished"]


class Clock:
    """A wall clock and a monotonic one, both moved by hand. at: seconds since the epoch."""

    def __init__(self, at):
        self.at, self.passed = at, 5000.0

    def tick(self, seconds, *, set_by=0.0):
        self.passed += seconds
        self.at += seconds + set_by

    def recorder(self, **kwargs):
        return recorder(wall=lambda: self.at, monotonic=lambda: self.passed, **kwargs)


@pytest.mark.parametrize("set_by", [-3600.0, 3600.0, -1e9])
def test_a_clock_that_is_set_changes_neither_order_nor_durations(set_by):
    clock = Clock(1000.0)
    made, kept = clock.recorder()
    for wait_s, jump in ((0.0, 0.0), (2.0, 0.0), (3.0, set_by), (0.5, 0.0)):
        clock.tick(wait_s, set_by=jump)
        made.accept(RUN, ev.RunResumed(0))
    assert [r.at for r in kept] == [1000.0, 1002.0, 1005.0, 1005.5]


def test_a_run_that_goes_on_is_not_earlier_than_it_was():
    """The clock was set back by an hour since; or it was not, and then the pause shows."""
    for now, first in ((1400.0, 5000.0), (9000.0, 9000.0)):
        clock = Clock(now)
        made, kept = clock.recorder(after=7, not_before=5000.0)
        for _ in range(2):
            made.accept(RUN, ev.RunResumed(0))
            clock.tick(1.0)
        assert [(r.seq, r.at) for r in kept] == [(8, first), (9, first + 1.0)]


def test_records_carry_the_time_of_day():
    before = time.time()
    made, kept = recorder()
    made.accept(RUN, ev.RunResumed(0))
    assert before - 1.0 <= kept[0].at <= time.time() + 1.0
