"""Warm reward workers, lent to one run at a time: starting one takes a hundred times as long as a score.

    runner = pool.lease(key, make, judge)        pool.release(key, runner)        pool.close()

Rule 1: a worker is lent only for the very same source, rules and limits, and never to two runs at once.
Rule 2: whoever gets one that was used gets a module that is loaded anew: what another run's scoring left in it is gone.
A worker that died, hung or holds threads is replaced by its runner, as ever.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager

from refine_core.rewards.judge import Judge
from refine_core.rewards.runner import RewardRunner


class RunnerPool:
    """Runners that nobody uses now, at most `max_idle`. It must be closed. Safe to use from any thread."""

    def __init__(self, max_idle: int = 16) -> None:
        self._max_idle = max_idle
        self._idle: list[tuple[Hashable, RewardRunner]] = []
        self._lock = threading.Lock()
        self._closed = False

    def lease(self, key: Hashable, make: Callable[[], RewardRunner], judge: Judge) -> RewardRunner:
        """A runner for one run: a warm one if there is one of this key, else a new one. Raises as `make`."""
        with self._lock:
            found = next((one for one in self._idle if one[0] == key), None)
            if found is not None:
                self._idle.remove(found)
        if found is None:
            return make()
        found[1].renew(judge)
        return found[1]

    def release(self, key: Hashable, runner: RewardRunner) -> None:
        """Give a runner back, when nothing is scored by it any more."""
        with self._lock:
            is_kept = not (self._closed or runner.is_closed or len(self._idle) >= self._max_idle)
            if is_kept:
                self._idle.append((key, runner))
        if not is_kept:
            runner.close()

    def close(self) -> None:
        """End the workers that nobody uses; those that are lent end when they are given back."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
        for _, runner in idle:
            runner.close()


@contextmanager
def lend(
    pool: RunnerPool | None, key: Hashable, make: Callable[[], RewardRunner], judge: Judge
) -> Iterator[RewardRunner]:
    """A runner for a while: of the pool, or one of its own where there is none."""
    if pool is None:
        with make() as runner:
            yield runner
        return
    runner = pool.lease(key, make, judge)
    try:
        yield runner
    finally:
        pool.release(key, runner)
