"""What is built of a run's log is built once for all sessions, and anew for another state, run or log."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count

from pages.shared.run import kept
from tests import logs


def counting() -> Callable[[], int]:
    built = count(1)
    return lambda: next(built)


def test_what_is_built_of_one_state_is_built_once():
    timeline, build = logs.two_stages().timeline, counting()
    assert [kept.take(timeline, "one state", build) for _ in range(3)] == [1, 1, 1]
    assert kept.take(timeline, "another kind", build) == 2


def test_a_run_that_has_grown_is_built_anew():
    log, build = logs.Log(), counting()
    log.attempt(0.1)
    assert kept.take(log.timeline, "growing", build) == 1
    log.attempt(0.2)
    assert kept.take(log.timeline, "growing", build) == 2


def test_another_log_under_the_same_name_is_built_anew():
    """As the store of another data folder may hold."""
    build = counting()
    assert kept.take(logs.two_stages().timeline, "named alike", build) == 1
    assert kept.take(logs.two_stages().timeline, "named alike", build) == 2


def test_only_so_many_are_kept():
    timeline, build = logs.two_stages().timeline, counting()
    first = kept.take(timeline, 0, build)
    for other in range(1, kept.MAX_KEPT + 1):
        kept.take(timeline, other, build)
    assert kept.take(timeline, 0, build) > first
