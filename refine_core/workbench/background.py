"""Work in the background, such as scoring: it goes on while a page is reloaded, and its result is kept.

    Bench.score(key, work) -> Job       the same is worked out once, whoever asks
    Job.wait(0.3), .done, .total, .result, .error, .cancel()

The work is what its key says: rows, source and judge, say. A key is never used for other work.
"""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, Generic, TypeVar

from refine_core.concurrency.cancellation import Cancel
from refine_core.errors import RefineError, RunCancelled, WorkerError
from refine_core.workbench.scores import Scores
from refine_core.workbench.scoring import Progress

logger = logging.getLogger("refine_core")

MAX_KEPT: Final = 32
MAX_ROWS_KEPT: Final = 400_000  # of all results together
Result = TypeVar("Result")
Work = Callable[[Progress, Cancel], Result]


@dataclass(slots=True)
class Job(Generic[Result]):
    """One piece of work, going on or ended.

    done, total: rows. result: once it succeeded. error: why there is none, such as that the reward could not be loaded.
    """

    key: str
    done: int = 0
    total: int = 0
    result: Result | None = None
    error: RefineError | None = None
    cancelled: bool = False
    _cancel: Cancel = field(default_factory=Cancel)
    _ended: threading.Event = field(default_factory=threading.Event)

    @property
    def running(self) -> bool:
        """Whether it still works."""
        return not self._ended.is_set()

    def wait(self, timeout_s: float) -> bool:
        """Wait for its end, at most `timeout_s` seconds; whether it has ended."""
        return self._ended.wait(timeout_s)

    def cancel(self) -> None:
        """Ask it to stop now; its worker is killed. May be repeated."""
        self._cancel.set()

    def work(self, work: Work[Result]) -> None:
        """The body of its thread."""
        try:
            self.result = work(self._report, self._cancel)
        except RunCancelled:
            self.cancelled = True
        except RefineError as error:
            self.error = error
        except Exception as error:
            logger.exception("work ended unexpectedly")
            self.error = WorkerError(f"an internal error ended it: {type(error).__name__}: {error}")
        finally:
            self._ended.set()

    def _report(self, done: int, total: int) -> None:
        self.done, self.total = done, total


Scoring = Job[Scores]


class Bench(Generic[Result]):
    """The jobs of one kind in one process. Safe to use from any thread; the results used last are kept."""

    def __init__(self, max_kept: int = MAX_KEPT) -> None:
        self._max_kept = max_kept
        self._jobs: OrderedDict[str, Job[Result]] = OrderedDict()
        self._lock = threading.Lock()

    def score(self, key: str, work: Work[Result]) -> Job[Result]:
        """The job of this key; started in a thread of its own unless it is there already, or was cancelled."""
        with self._lock:
            known = self._jobs.get(key)
            if known is not None and not known.cancelled:
                self._jobs.move_to_end(key)
                return known
            job = self._jobs[key] = Job(key)
            self._jobs.move_to_end(key)
            self._drop_oldest()
            threading.Thread(target=job.work, args=(work,), name="score rows", daemon=True).start()
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
