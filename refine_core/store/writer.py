"""One open connection that writes, with group commit.

    write(job)      the caller that holds the turn begins a transaction, and commits its own job with all that wait;
                    the others wait, each for itself, until it is woken: its job is done, or the turn is free for it

It has no thread: handing a job to one and back took ten times as long as the transaction (1.5 ms against 0.15 ms
for nine). If a shared transaction fails, each of its jobs is tried alone, so that a bad one fails by itself. While
another process keeps the database locked, every caller tries again in slices, so that a cancel is noticed.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from refine_core.concurrency.cancellation import Cancel
from refine_core.errors import RunCancelled, StoreError
from refine_core.store.database import Database, LivenessLock

Execute = Callable[[Connection], None]
"""Executes the statements of one job."""
SLICE_S = 0.1  # of waiting, after which a writer checks whether it should give up


class _Job:
    """Something to write. done: committed, or refused with `error`. bell: rung for whoever waits for it.

    in_doubt: whether it may be in the database, as no answer to its commit came.
    """

    __slots__ = ("bell", "cancel", "doing", "done", "error", "execute", "in_doubt")

    def __init__(self, doing: str, execute: Execute, cancel: Cancel | None = None) -> None:
        self.doing, self.execute, self.cancel = doing, execute, cancel
        self.error: Exception | None = None
        self.done = self.in_doubt = False
        self.bell = threading.Lock()
        self.bell.acquire()

    @property
    def is_cancelled(self) -> bool:
        return self.cancel is not None and self.cancel.is_set

    def ring(self) -> None:
        """Wake whoever waits for it; once is enough."""
        with suppress(RuntimeError):  # it was rung, and nobody has heard it yet
            self.bell.release()


class Writer:
    """Commits jobs from any thread. It must be closed."""

    def __init__(self, database: Database, lock: LivenessLock) -> None:
        self._database, self._lock = database, lock
        self._at_work: list[_Job] = []  # what the holder of the turn executes
        self._connection = self._connect()
        self._is_lost = False
        self._in_doubt: tuple[str, list[_Job]] | None = None
        self._jobs: dict[_Job, bool] = {}  # the queue, in order; whoever takes a job out of it gets True
        self._turn = threading.Lock()
        self._locked: Exception | None = None  # the latest refusal, if nothing was committed since
        self._closed = False

    def write(self, doing: str, execute: Execute, cancel: Cancel | None = None) -> None:
        """Call `execute` in a transaction; return once it is committed.

        Raises StoreError, RunCancelled; then nothing was written, or the error says that nobody knows.
        execute: may be called twice, the first time in vain, and in another caller's thread. doing: what it does, for the
        error. cancel: once it is set, RunCancelled is raised instead of waiting for other processes.
        """
        job, until = _Job(doing, execute, cancel), time.monotonic() + self._database.busy_s
        self._jobs[job] = True
        try:
            while not self._try_to_finish(job, until):
                pass
        except BaseException:
            self._withdraw(job)  # an interrupt of this thread, perhaps
            raise
        if job.error is not None:
            raise job.error

    def close(self) -> None:
        """Commit waiting jobs, then close the connection."""
        with self._turn:
            if self._closed:
                return
            until = time.monotonic() + self._database.busy_s
            while self._jobs and time.monotonic() < until:
                self._commit()
            self._closed = True  # a later caller gets an error
            with suppress(SQLAlchemyError):
                self._connection.close()

    def _try_to_finish(self, job: _Job, until: float) -> bool:
        """Try for a slice of time to get the job done; whether it is. Raises once it is time to give up."""
        had_turn = self._turn.acquire(blocking=False)
        if had_turn:
            try:
                if not job.done:  # else the holder of the turn before committed it
                    self._commit(job)
            finally:
                self._turn.release()
                self._pass_turn()
        else:
            job.bell.acquire(timeout=SLICE_S)
        if job.done:
            return True
        if job.is_cancelled and self._withdraw(job):
            raise RunCancelled(self._describe_cancel(job))
        if (locked := self._locked) and time.monotonic() >= until and self._withdraw(job):
            raise self._explain(job, locked)
        return False

    def _pass_turn(self) -> None:
        """Wake the first that waits. Whoever comes later finds the turn free: a job is in the queue before the turn is asked for."""
        with suppress(
            StopIteration, RuntimeError
        ):  # nobody waits, or just now somebody else changed the queue
            next(iter(self._jobs)).ring()

    def _withdraw(self, job: _Job) -> bool:
        """Take the job back. False if the holder of the turn is committing it."""
        return self._jobs.pop(job, False)

    def _commit(self, own: _Job | None = None) -> None:
        """Commit all waiting jobs. While the database is locked nothing happens: each tries again at its turn.

        own: the caller's own job, which nobody else withdraws. If it is the only one, its first statement begins the
        transaction, which is faster than to begin it first.
        """
        if self._closed:
            for job in self._take_waiting():
                job.error = StoreError(
                    f"cannot {job.doing}: the store was closed; open it again{_result(job)}"
                )
                job.done = True
            return
        batch = [own] if own is not None and len(self._jobs) == 1 else []
        try:
            error = self._try(batch, gather=True)
            if self._is_locked(error):
                return
            batch = batch or self._take_waiting()
            alone = error is not None and len(batch) > 1 and not self._database.concerns_all(error)
            for job in batch:
                failure = self._try([job]) if alone else error
                if self._is_locked(failure):
                    continue  # another process locked it in between
                if failure is not None:
                    job.error = failure if isinstance(failure, StoreError) else self._explain(job, failure)
                job.done = True
        finally:
            for job in batch:
                if job.done:
                    self._withdraw(job)
                    job.ring()
                else:
                    self._jobs[job] = True

    def _take_waiting(self) -> list[_Job]:
        """Take all waiting jobs out of the queue. Only the holder of the turn may."""
        return [job for job in list(self._jobs) if self._withdraw(job)]

    def _try(self, jobs: list[_Job], *, gather: bool = False) -> Exception | None:
        """Execute `jobs` in one transaction. Returns the error if it failed; then nothing was written.

        gather: add all jobs that wait once the transaction has begun.
        """
        transaction: str | None = None
        self._at_work = jobs
        try:
            if self._is_lost:
                self._reconnect()
                jobs[:] = [job for job in jobs if not job.done]
            if not self._connection.in_transaction():
                self._connection.begin()  # which the driver is not told of: its own begins with the first statement
            if not jobs:
                self._database.begin(self._connection)
            for job in jobs:
                job.execute(self._connection)
            if gather:
                more = [job for job in self._take_waiting() if job not in jobs]
                jobs.extend(more)
                for job in more:
                    job.execute(self._connection)
            self._lock.keep()
            transaction = self._database.before_commit(self._connection)
            self._connection.commit()
        except BaseException as error:  # returned, or raised again
            # A lost connection cannot roll back, and need not: what was not committed is gone with it.
            with suppress(SQLAlchemyError):
                self._connection.rollback()
            if not isinstance(error, Exception):
                if transaction is not None:
                    self._doubt(transaction, jobs)
                raise  # an interrupt of this thread; the other jobs wait again
            cause = _cause(error)
            if self._database.is_lost(cause):
                self._is_lost = True
                if transaction is not None:
                    self._doubt(transaction, jobs)
            return cause
        self._locked = None
        return None

    def _doubt(self, transaction: str, jobs: list[_Job]) -> None:
        self._is_lost = True
        self._in_doubt = transaction, list(jobs)
        for job in jobs:
            job.in_doubt = True

    def _connect(self) -> Connection:
        return self._database.connect_to_write(min(SLICE_S, self._database.busy_s), self._is_cancelled)

    def _is_cancelled(self) -> bool:
        return any(job.is_cancelled for job in self._at_work)

    def _reconnect(self) -> None:
        """Another connection in place of the one that was lost, and what became of the transaction that was in doubt."""
        with suppress(SQLAlchemyError):
            self._connection.invalidate()
        try:
            self._connection = self._connect()
        except SQLAlchemyError:
            time.sleep(SLICE_S)  # a server that is not there refuses at once
            raise
        self._lock.reacquire()
        if self._in_doubt is not None:
            transaction, jobs = self._in_doubt
            is_there = self._database.was_committed(self._connection, transaction)
            self._in_doubt = None
            for job in jobs:
                job.in_doubt, job.done = False, job.done or is_there
                if is_there:
                    self._withdraw(job)
                    job.ring()
        self._is_lost = False

    def _is_locked(self, error: Exception | None) -> bool:
        if error is None or not self._database.is_locked(error):
            return False
        self._locked = error
        return True

    def _explain(self, job: _Job, error: Exception) -> StoreError:
        explained = self._database.explain(job.doing, error, _result(job))
        explained.__cause__ = error
        return explained

    def _describe_cancel(self, job: _Job) -> str:
        is_away = job.in_doubt or (self._locked is not None and self._database.is_lost(self._locked))
        why = "did not answer" if is_away else "was locked"
        return f"cannot {job.doing}: the run was cancelled while the database {why}{_result(job)}"


def _result(job: _Job) -> str:
    return "; whether it was written is not known" if job.in_doubt else "; nothing was written"


def _cause(error: Exception) -> Exception:
    """The database's own error, where this one explains it: the liveness lock's do."""
    cause = error.__cause__ if isinstance(error, StoreError) else None
    return cause if isinstance(cause, SQLAlchemyError) else error
