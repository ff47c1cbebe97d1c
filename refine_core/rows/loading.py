"""A file read in a thread of its own, so that a page goes on: with a count, an end, and a way to stop it.

loading = Loading(lambda on_progress, cancel: read_rows(file, mapping, on_progress=on_progress, cancel=cancel))
loading.wait(0.3), loading.count, loading.result, loading.error, loading.cancel()
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Generic, TypeVar

from refine_core.concurrency.cancellation import Cancel
from refine_core.errors import RefineError, RunCancelled
from refine_core.rows.row_set import OnProgress

T = TypeVar("T")
logger = logging.getLogger("refine_core")


class Loading(Generic[T]):
    """Work that was begun. count: rows so far. result: once it succeeded. error: why it did not; None after a cancellation."""

    def __init__(self, work: Callable[[OnProgress, Cancel], T]) -> None:
        self.count = 0
        self.result: T | None = None
        self.error: RefineError | None = None
        self._cancel, self._ended = Cancel(), threading.Event()
        threading.Thread(target=self._run, args=(work,), name="read rows", daemon=True).start()

    @property
    def running(self) -> bool:
        """Whether it still works."""
        return not self._ended.is_set()

    def wait(self, timeout_s: float) -> bool:
        """Wait for its end, at most that long; whether it has ended."""
        return self._ended.wait(timeout_s)

    def cancel(self) -> None:
        """Ask it to stop. May be repeated."""
        self._cancel.set()

    def _run(self, work: Callable[[OnProgress, Cancel], T]) -> None:
        try:
            self.result = work(self._report, self._cancel)
        except RefineError as error:
            self.error = error
        except RunCancelled:
            pass
        except Exception as error:  # a fault of ours: whoever waits is told, and the log has all of it
            logger.exception("reading rows failed")
            self.error = RefineError(f"The file could not be read: {type(error).__name__}.")
        finally:
            self._ended.set()

    def _report(self, count: int) -> None:
        self.count = count
