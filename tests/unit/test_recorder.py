"""The recorder: numbers, latches, and what it takes once a run was cancelled."""

from __future__ import annotations

import threading

import pytest

from refine_core import Cancel, Recorder, RecordingFailed, RunCancelled, StoreError
from refine_core import events as ev

DONE = ev.RunFinished("cancelled", None, None, 0.1)


def recorder(append=None, **kwargs):
    kept = []
    made = Recorder("r1", append or kept.extend, cancel=kwargs.pop("cancel", Cancel()), **kwargs)
    return made, kept


def test_records_are_numbered_without_gaps_also_from_several_threads():
    made, kept = recorder()
    threads = [
        threading.Thread(target=lambda: [made.accept("", ev.RunResumed(0)) for _ in range(50)])
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [r.seq for r in kept] == list(range(1, 201))


def test_a_failure_is_latched_so_that_nothing_happens_that_is_not_on_record():
    calls = []

    def full(records):
        calls.append(records)
        raise StoreError("the disk is full")

    made, _ = recorder(full)
    for _ in range(2):
        with pytest.raises(RecordingFailed) as caught:
            made.accept("", ev.RunResumed(0))
        assert str(caught.value.cause) == "the disk is full"
    assert len(calls) == 1


def test_a_users_except_exception_cannot_swallow_it():
    def full(records):
        raise StoreError("the disk is full")

    made, _ = recorder(full)

    def careless():
        try:
            made.accept("", ev.RunResumed(0))
        except Exception:  # noqa: BLE001 - what is tested
            return "swallowed"

    with pytest.raises(RecordingFailed):
        careless()


def test_once_cancelled_only_the_end_is_taken_and_after_the_end_nothing():
    cancel = Cancel()
    made, kept = recorder(cancel=cancel)
    made.accept("", ev.RunResumed(0))
    cancel.set()
    with pytest.raises(RunCancelled):
        made.accept("", ev.LMReplied("late", 1.0))
    made.accept("", DONE)
    with pytest.raises(RunCancelled):
        made.accept("", DONE)
    assert [type(r.event).__name__ for r in kept] == ["RunResumed", "RunFinished"]
