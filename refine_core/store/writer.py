"""One held connection that writes, with group commit.

    write(job)      whoever has the turn begins a transaction, and commits its own job with all that wait then;
                    whoever has it not waits, and mostly finds its job done

No thread of its own: handing a job to one and back took ten times as long as the transaction (1.5 ms against 0.15 ms
for nine). If a shared transaction fails, each of its jobs is tried alone, so that a bad one fails by itself. While
another process keeps the database locked, everybody tries again in slices, so that a cancel is heard.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress

from sqlalchemy.engine.interfaces import DBAPICursor

from refine_core.concurrency.cancellation import Cancel
from refine_core.errors import RunCancelled, StoreError
from refine_core.store.sqlite import Sqlite

Work = Callable[[DBAPICursor], None]
SLICE_S = 0.1  # of waiting, after which a writer looks whether it should give up


class _Job:
    """Something to write. done: committed or refused, with `error` then."""

    __slots__ = ("doing", "done", "error", "work")

    def __init__(self, doing: str, work: Work) -> None:
        self.doing, self.work = doing, work
        self.error: Exception | None = None
        self.done = False


class Writer:
    """Makes what it is given durable, from any thread. It must be closed."""

    def __init__(self, database: Sqlite) -> None:
        self._database = database
        self._connection = database.engine.raw_connection()
        self._cursor = self._connection.cursor()
        database.wait_at_most(self._cursor, min(SLICE_S, database.busy_s))
        self._jobs: deque[_Job] = deque()
        self._turn = threading.Lock()
        self._locked: Exception | None = None  # the latest refusal
        self._closed = False

    def write(self, doing: str, work: Work, cancel: Cancel | None = None) -> None:
        """Run `work` in a transaction; return once it is committed. Raises StoreError; then nothing was written.

        work: may be run twice, the first time in vain, and in another caller's thread. doing: what it does, for the
        error. cancel: once it is set, RunCancelled is raised rather than wait for other processes; nothing was written.
        """
        job, until = _Job(doing, work), time.monotonic() + self._database.busy_s
        self._jobs.append(job)
        try:
            while not self._settled(job, until, cancel):
                pass
        except BaseException:
            self._withdrawn(job)  # an interrupt of this thread, perhaps
            raise
        if job.error is not None:
            raise job.error

    def close(self) -> None:
        """Commit what waits, then give the connection back."""
        with self._turn:
            if self._closed:
                return
            until = time.monotonic() + self._database.busy_s
            while self._jobs and time.monotonic() < until:
                self._commit()
            self._closed = True  # whoever comes now is told so
            self._cursor.close()
            self._connection.close()

    def _settled(self, job: _Job, until: float, cancel: Cancel | None) -> bool:
        """Try for a slice of time to get the job done; whether it is. Raises once it is time to give up."""
        tried = self._turn.acquire(timeout=SLICE_S)
        if tried:
            try:
                if not job.done:  # else whoever had the turn took it along
                    self._commit()
            finally:
                self._turn.release()
        if job.done:
            return True
        if cancel is not None and cancel.is_set and self._withdrawn(job):
            raise RunCancelled(f"cannot {job.doing}: the run was cancelled while the database was locked")
        if tried and self._locked and time.monotonic() >= until and self._withdrawn(job):
            raise self._explained(job, self._locked)
        return False

    def _withdrawn(self, job: _Job) -> bool:
        """Take the job back. False: it is not waiting; whoever has the turn is at it."""
        try:
            self._jobs.remove(job)
        except ValueError:
            return False
        return True

    def _commit(self) -> None:
        """Commit all that waits. While the database is locked nothing happens: each tries again at its turn."""
        if self._closed:
            for job in self._taken():
                job.error = StoreError(f"cannot {job.doing}: the store was closed; open it again")
                job.done = True
            return
        batch: list[_Job] = []
        try:
            error = self._try(batch, gather=True)
            if self._is_locked(error):
                return
            batch = batch or self._taken()
            alone = error is not None and len(batch) > 1 and not self._database.concerns_everybody(error)
            for job in batch:
                failure = self._try([job]) if alone else error
                if self._is_locked(failure):
                    continue  # somebody came in between
                if failure is not None:
                    job.error = failure if isinstance(failure, StoreError) else self._explained(job, failure)
                job.done = True
        finally:
            self._jobs.extend(job for job in batch if not job.done)

    def _taken(self) -> list[_Job]:
        """All that waits now, taken out. Only whoever has the turn takes any but its own."""
        found: list[_Job] = []
        with suppress(IndexError):
            for _ in range(len(self._jobs)):
                found.append(self._jobs.popleft())  # noqa: PERF401  # what was taken is kept when the others are gone
        return found

    def _try(self, jobs: list[_Job], *, gather: bool = False) -> Exception | None:
        """Do `jobs` in one transaction. The error, if it could not be had; then nothing was written.

        gather: once the transaction has begun, take along all that waits.
        """
        try:
            self._database.begin(self._cursor)
            if gather:
                jobs.extend(self._taken())
            for job in jobs:
                job.work(self._cursor)
            self._connection.commit()
        except BaseException as error:  # it is raised again, for whom it concerns
            # A connection that is lost cannot roll back, and need not: what was not committed is gone with it.
            with suppress(self._database.engine.dialect.loaded_dbapi.Error):
                self._connection.rollback()
            if not isinstance(error, Exception):
                raise  # an interrupt of this thread; the others' jobs are theirs again, each at its turn
            return error
        return None

    def _is_locked(self, error: Exception | None) -> bool:
        if error is None or not self._database.is_locked(error):
            return False
        self._locked = error
        return True

    def _explained(self, job: _Job, error: Exception) -> StoreError:
        explained = self._database.explain(job.doing, error, "; nothing was written")
        explained.__cause__ = error
        return explained
