"""One thread that writes, on one held connection, with group commit.

    write(job) … blocks …        jobs that wait together are committed in one transaction, then all callers go on

If a shared transaction fails, each of its jobs is tried alone, so that a bad one fails by itself.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from queue import Empty, SimpleQueue

from sqlalchemy.engine.interfaces import DBAPICursor

from refine_core.errors import StoreError
from refine_core.store.sqlite import Sqlite

Work = Callable[[DBAPICursor], None]


class _Job:
    """Something to write, and its caller who waits at `done`. A plain lock is the cheapest thing to wait at."""

    __slots__ = ("doing", "done", "error", "work")

    def __init__(self, doing: str, work: Work) -> None:
        self.doing, self.work = doing, work
        self.error: Exception | None = None
        self.done = threading.Lock()
        self.done.acquire()


class Writer:
    """Makes what it is given durable, from any thread. It must be closed; its thread keeps no interpreter alive."""

    def __init__(self, database: Sqlite) -> None:
        self._database = database
        self._connection = database.engine.raw_connection()
        self._cursor = self._connection.cursor()
        self._jobs: SimpleQueue[_Job | None] = SimpleQueue()
        self._gate = threading.Lock()
        self._closed = False
        self._thread = threading.Thread(target=self._serve, name="refinescope-store", daemon=True)
        self._thread.start()

    def write(self, doing: str, work: Work) -> None:
        """Run `work` in a transaction; return once it is committed. Raises StoreError; then nothing was written.

        work: may be run twice, the first time in vain. doing: what it does, for the error.
        """
        job = _Job(doing, work)
        with self._gate:
            if self._closed:
                raise StoreError(f"cannot {doing}: the store was closed; open it again")
            self._jobs.put(job)
        job.done.acquire()
        if job.error is not None:
            raise job.error

    def close(self) -> None:
        """Commit what waits, then end the thread and give the connection back."""
        with self._gate:
            if not self._closed:
                self._closed = True
                self._jobs.put(None)  # nothing can come after it
        self._thread.join()

    def _serve(self) -> None:
        try:
            while batch := self._next():
                self._commit(batch)
        finally:
            self._cursor.close()
            self._connection.close()

    def _next(self) -> list[_Job]:
        """All that waits now, at least one job; [] at the end."""
        batch: list[_Job] = []
        job = self._jobs.get()
        while job is not None:
            batch.append(job)
            try:
                job = self._jobs.get_nowait()
            except Empty:
                return batch
        if batch:
            self._jobs.put(None)  # the end was seen, but these come first
        return batch

    def _commit(self, batch: Sequence[_Job]) -> None:
        error = self._try(batch)
        alone = error is not None and len(batch) > 1 and not self._database.concerns_everybody(error)
        for job in batch:
            failure = self._try([job]) if alone else error
            if failure is not None:
                job.error = failure if isinstance(failure, StoreError) else self._explained(job, failure)
            job.done.release()

    def _try(self, jobs: Sequence[_Job]) -> Exception | None:
        """Do `jobs` in one transaction. The error, if it could not be had; then nothing was written."""
        try:
            self._database.begin(self._cursor)
            for job in jobs:
                job.work(self._cursor)
            self._connection.commit()
        except Exception as error:  # noqa: BLE001  # it is raised again, in the caller's own thread
            # A connection that is lost cannot roll back, and need not: what was not committed is gone with it.
            with suppress(self._database.engine.dialect.loaded_dbapi.Error):
                self._connection.rollback()
            return error
        return None

    def _explained(self, job: _Job, error: Exception) -> StoreError:
        explained = self._database.explain(job.doing, error, "; nothing was written")
        explained.__cause__ = error
        return explained
