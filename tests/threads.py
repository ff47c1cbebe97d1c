"""Waiting in tests, always with a limit: one that hangs fails its test, where a bare join(30) would pass it by.

Tests wait for events: the end of a thread or of a run, an event on record. Only what tells nobody is polled, by
`eventually`: the state of another process, a file, a draft.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import Protocol, TypeVar

from refine_core.log.scope import Record
from refine_core.runs import Run, Runs

T = TypeVar("T")


class Joinable(Protocol):
    """A thread or a process."""

    def join(self, timeout: float | None = None) -> None: ...

    def is_alive(self) -> bool: ...


def finish(*threads: Joinable, within_s: float = 30.0) -> None:
    """Wait for each of them to end. Raises AssertionError for one that has not ended within `within_s` seconds."""
    for thread in threads:
        thread.join(within_s)
        assert not thread.is_alive(), f"{thread} has not ended within {within_s:g} s"


def call_within(limit_s: float, call: Callable[[], T]) -> T:
    """What `call` returns or raises, on a thread. Raises AssertionError if it has not ended within `limit_s` seconds."""
    result: Future[T] = Future()

    def work() -> None:
        try:
            result.set_result(call())
        except BaseException as error:  # noqa: BLE001  # it is raised again, where it is awaited
            result.set_exception(error)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    finish(thread, within_s=limit_s)
    return result.result(0)


def be_slow(seconds: float) -> None:
    """Take that long: for fakes of slow things, such as a judge. A test that waits for something awaits its event."""
    threading.Event().wait(seconds)


def eventually(claim: Callable[[], T], within_s: float = 20.0) -> T:
    """Ask again and again until `claim` is true, and return what it says. For what no event tells."""
    deadline, pause = time.monotonic() + within_s, threading.Event()
    while not (value := claim()):
        assert time.monotonic() < deadline, f"not within {within_s:g} s"
        pause.wait(0.01)
    return value


def run_to_end(runs: Runs, run_id: str, within_s: float = 30.0) -> Run:
    """The run once its work is over."""
    runs.join(run_id, within_s)
    run = runs.get(run_id)
    assert run is not None
    return run


def wait_for_event(runs: Runs, run_id: str, kind: str, within_s: float = 20.0) -> Record:
    """The run's first record of this kind, once it is durable."""
    seen, deadline = 0, time.monotonic() + within_s
    while True:
        for record in runs.events(run_id, after=seen):
            seen = record.seq
            if record.event.kind == kind:
                return record
        assert runs.wait(run_id, seen, deadline - time.monotonic()), f"no {kind} within {within_s:g} s"
