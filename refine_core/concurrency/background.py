"""Work in a thread of its own, so that whoever began it goes on: with a count, an end, and a way to stop it.

job = Job.start(lambda progress, cancel: read_rows(file, on_progress=progress, cancel=cancel))
job.wait(0.3), job.done, job.total, job.result, job.error, job.cancel()
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Generic, Protocol, Self, TypeVar

from refine_core.concurrency.cancellation import Cancel
from refine_core.errors import RefineError, RunCancelled

logger = logging.getLogger("refine_core")
Result = TypeVar("Result")


class Progress(Protocol):
    """What work calls to say how far it is. total: 0 where that is not known."""

    def __call__(self, done: int, total: int = 0, /) -> None: ...


Work = Callable[[Progress, Cancel], Result]


@dataclass(slots=True)
class Job(Generic[Result]):
    """One piece of work, going on or ended.

    key: what whoever keeps it finds it by. done, total: of rows, mostly. result: once it succeeded. error: why there is none, such
    as that a file cannot be read; None after a cancellation.
    """

    key: str = ""
    done: int = 0
    total: int = 0
    result: Result | None = None
    error: RefineError | None = None
    cancelled: bool = False
    _cancel: Cancel = field(default_factory=Cancel)
    _ended: threading.Event = field(default_factory=threading.Event)

    @classmethod
    def start(cls, work: Work[Result], key: str = "") -> Self:
        """Begin the work."""
        job = cls(key)
        threading.Thread(target=job._run, args=(work,), name="background work", daemon=True).start()
        return job

    @property
    def running(self) -> bool:
        """Whether it still works."""
        return not self._ended.is_set()

    def wait(self, timeout_s: float) -> bool:
        """Wait for its end, at most `timeout_s` seconds; whether it has ended."""
        return self._ended.wait(timeout_s)

    def cancel(self) -> None:
        """Ask it to stop now; a worker of its own is killed. May be repeated."""
        self._cancel.set()

    def _run(self, work: Work[Result]) -> None:
        try:
            self.result = work(self._report, self._cancel)
        except RunCancelled:
            self.cancelled = True
        except RefineError as error:
            self.error = error
        except Exception as error:  # a fault of ours: whoever waits is told, and the log has all of it
            logger.exception("work in the background ended unexpectedly")
            self.error = RefineError(f"An internal error ended this: {type(error).__name__}: {error}")
        finally:
            self._ended.set()

    def _report(self, done: int, total: int = 0, /) -> None:
        self.done, self.total = done, total
