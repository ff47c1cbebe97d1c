"""Jobs that are kept, such as scorings: they go on while a page is reloaded, and the same is worked out once, whoever asks.

    KeptJobs.start(key, work) -> Job

The work is what its key says: rows, source and judge, say. A key is never used for other work.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import Final, Generic, TypeVar

from refine_core.concurrency.background import Job, Work
from refine_core.workbench.scores import Scores

MAX_KEPT: Final = 32
MAX_ROWS_KEPT: Final = 400_000  # of all results together
Result = TypeVar("Result")
Scoring = Job[Scores]


class KeptJobs(Generic[Result]):
    """The jobs of one kind in one process. Safe to use from any thread; the results used last are kept."""

    def __init__(self, max_kept: int = MAX_KEPT) -> None:
        self._max_kept = max_kept
        self._jobs: OrderedDict[str, Job[Result]] = OrderedDict()
        self._lock = threading.Lock()

    def start(self, key: str, work: Work[Result]) -> Job[Result]:
        """The job of this key; started in a thread of its own unless it is there already, or was cancelled."""
        with self._lock:
            known = self._jobs.get(key)
            if known is not None and not known.cancelled:
                self._jobs.move_to_end(key)
                return known
            job = self._jobs[key] = Job.start(work, key)
            self._jobs.move_to_end(key)
            self._drop_oldest()
            return job

    def find(self, key: str) -> Job[Result] | None:
        """The job of this key, or None."""
        with self._lock:
            return self._jobs.get(key)

    def clear(self, key: str) -> None:
        """Drop the job of this key, unless it works."""
        with self._lock:
            known = self._jobs.get(key)
            if known is not None and not known.running:
                del self._jobs[key]

    def _drop_oldest(self) -> None:
        """Drop results, the least recently used first, until few enough are left. What works is never dropped."""
        rows = sum(one.total for one in self._jobs.values())
        for key, one in list(self._jobs.items())[:-2]:  # the newest, and what it is shown beside
            if len(self._jobs) <= self._max_kept and rows <= MAX_ROWS_KEPT:
                return
            if not one.running:
                del self._jobs[key]
                rows -= one.total
