"""Many pieces of work at once: a few threads (or tasks of an event loop) that take them in order, until one stops it all.

    pool = Pool(work, num_threads=8, max_errors=10)      one call's worth; made anew for each
    pool.run()      or      await pool.arun()            then: pool.results, pool.failures

Rule 1: every piece of work runs in its own copy of the caller's context, under a Cancel within the caller's.
Rule 2: an Exception is a failure, counted; whatever else is raised (a Halt, Ctrl-C, an exit) stops the rest and is raised.
Rule 3: what is stopped is not waited for longer than GRACE_S; the threads are daemons, so the process can always end.
"""

from __future__ import annotations

import logging
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from contextvars import ContextVar, copy_context
from dataclasses import replace
from typing import Any, Self

from refine_core.effects import Effect, Flow, arun, run
from refine_core.errors import BatchError
from refine_core.log.scope import current, use_scope
from refine_core.modules.calm import calm
from refine_core.waiting import Cancel

logger = logging.getLogger("refine_core")

GRACE_S = 0.5
"""How long work that was stopped may take to end, before the caller goes on without it."""
TICK_S = 0.1
"""How often whoever waits looks up, to show progress."""
CROWD, APART_S = 32, 0.00025
"""More threads than this are started so far apart: those that begin together wait together, and come back all at once."""
TERMINAL_S, ELSEWHERE_S = 0.1, 10.0
"""How often the bar is drawn anew: on a terminal; in a file or a pipe, where every drawing stays."""

_inside: ContextVar[bool] = ContextVar("refine_core_pool", default=False)


class Pool:
    """Do all of `work`, at most `num_threads` pieces at once. For one call of `run` or `arun`.

    max_errors: with as many failures nothing more is begun. told: called with (index, failure) in the thread of each.
    results: one a piece, in order; None where it failed or was not begun. failures: index -> what it raised.
    """

    def __init__(
        self,
        work: Sequence[Effect[Any]],
        *,
        num_threads: int,
        max_errors: int,
        told: Callable[[int, Exception], None] | None = None,
        progress: bool = False,
    ) -> None:
        self.results: list[Any] = [None] * len(work)
        self.failures: dict[int, Exception] = {}
        self._work, self._told = work, told
        self._most, self._max_errors = min(num_threads, len(work)), max_errors
        self._lock = threading.Lock()
        self._begun = self._ended = 0
        self._reason: BaseException | None = None  # why the rest was stopped: the first one counts
        self._over: Callable[[], None] = _nothing  # wakes whoever waits
        self._bar = _Bar(len(work), wanted=progress and not _inside.get())
        self._cancel = Cancel(within=current().cancel)
        with use_scope(replace(current(), cancel=self._cancel)):
            self._context = copy_context()
        self._context.run(_inside.set, True)

    def run(self) -> None:
        """Do the work in threads. Raises BatchError, Halt, KeyboardInterrupt; whatever a piece raised that is no Exception."""
        over = threading.Event()
        self._over = over.set
        forget = self._cancel.tell(over.set)
        threads: list[threading.Thread] = []
        try:
            with calm() if self._most > CROWD else nullcontext(), self._bar as bar:
                self._spawn(threads)
                while self._ended < len(self._work) and not over.wait(TICK_S):
                    bar.show(self._ended)
                bar.show(self._ended)
        except BaseException as error:  # Ctrl-C arrives here, in the thread that waits
            self._stop(error)
            raise
        finally:
            until = time.monotonic() + GRACE_S
            for thread in threads:
                thread.join(max(0.0, until - time.monotonic()))
            forget()
            self._cancel.leave()
        self._conclude()

    async def arun(self) -> None:
        """`run` for async callers, in tasks of the running event loop; being cancelled stops the work."""
        import asyncio  # for async callers only: it is slow to import

        over = asyncio.Event()
        self._over = over.set

        async def worker() -> None:
            while (index := self._take()) is not None:
                await asyncio.create_task(arun(self._one(index)), context=self._context.copy())

        workers = [asyncio.create_task(worker()) for _ in range(self._most)]
        try:
            with calm() if self._most > CROWD else nullcontext(), self._bar as bar:
                while self._ended < len(self._work) and not self._cancel.is_set:
                    with suppress(TimeoutError):
                        async with asyncio.timeout(TICK_S):
                            await over.wait()
                    bar.show(self._ended)
        except BaseException as error:
            self._stop(error)
            raise
        finally:
            if self._cancel.is_set:
                for one in workers:
                    one.cancel()
            if workers:
                await asyncio.wait(workers, timeout=GRACE_S)
            self._cancel.leave()
        self._conclude()

    def _spawn(self, threads: list[threading.Thread]) -> None:
        """Start threads for as long as there is work for one more."""
        while len(threads) < self._most and self._waits():
            thread = threading.Thread(target=self._thread, name=f"batch-{len(threads)}", daemon=True)
            try:
                thread.start()
            except RuntimeError as error:  # the machine has no more of them
                if not threads:
                    raise
                logger.warning("going on with %d threads, not %d: %s", len(threads), self._most, error)
                return
            threads.append(thread)
            if self._most > CROWD:
                time.sleep(APART_S)

    def _thread(self) -> None:
        while (index := self._take()) is not None:
            self._context.copy().run(run, self._one(index))

    def _one(self, index: int) -> Flow[None]:
        """One piece of work, and what becomes of its end."""
        try:
            try:
                self.results[index] = yield self._work[index]
            except Exception as error:  # noqa: BLE001 - told, counted and handed to the caller
                self._failed(index, error)
        except BaseException as error:  # noqa: BLE001 - raised in the thread that waits
            self._stop(error)
        with self._lock:
            self._ended += 1
            last = self._ended == len(self._work)
        if last:
            self._over()

    def _failed(self, index: int, error: Exception) -> None:
        with self._lock:
            self.failures[index] = error
            too_many = len(self.failures) >= self._max_errors
        if self._told is not None:
            with self._bar.aside():
                self._told(index, error)
        if too_many:
            self._stop(error)

    def _waits(self) -> bool:
        """Whether there is work that nobody has begun and that may begin."""
        return self._begun < len(self._work) and not self._cancel.is_set

    def _take(self) -> int | None:
        """The next piece of work to begin; None if there is none, or none may begin."""
        with self._lock:
            if not self._waits():
                return None
            self._begun += 1
            return self._begun - 1

    def _stop(self, reason: BaseException) -> None:
        """Begin nothing more, and ask what runs to stop."""
        with self._lock:
            if self._reason is None:
                self._reason = reason
        self._cancel.set()
        self._over()

    def _conclude(self) -> None:
        """Raise what stopped the work, if anything did."""
        many, of = len(self.failures), len(self._work)
        if isinstance(self._reason, Exception) and many >= self._max_errors:
            raise BatchError(
                f"{many} of {of} examples failed (max_errors is {self._max_errors}), so {of - self._begun} were not begun; "
                f"the last error was {type(self._reason).__name__}: {self._reason}. It is the cause of this one; "
                "the results so far are in .results. Pass a larger max_errors to go on after more failures",
                failures=many,
                results=self.results,
            ) from self._reason
        if self._reason is not None:
            raise self._reason
        if self._ended < len(self._work):
            self._cancel.check()  # the caller's own cancel was set


class _Bar:
    """The progress bar: one line on stderr, drawn by whoever waits. wanted: False draws nothing and imports nothing."""

    def __init__(self, total: int, *, wanted: bool) -> None:
        self._total, self._wanted = total, wanted
        self._terminal = False
        self._drawn: Any = None

    def __enter__(self) -> Self:
        if self._wanted and self._total and sys.stderr is not None:
            from tqdm.std import tqdm  # type: ignore[import-untyped]  # it ships no types

            self._terminal = sys.stderr.isatty()
            self._drawn = tqdm(
                total=self._total,
                desc=self._says(0),
                file=sys.stderr,
                dynamic_ncols=True,
                miniters=1,
                mininterval=TERMINAL_S if self._terminal else ELSEWHERE_S,
            )
        return self

    def __exit__(self, *_: object) -> None:
        drawn, self._drawn = self._drawn, None
        if drawn is not None:
            drawn.close()

    def show(self, ended: int) -> None:
        """Say that `ended` pieces of work have ended; drawn at once only if it was not drawn lately."""
        if self._drawn is not None and ended > self._drawn.n:
            self._drawn.set_description_str(self._says(ended), refresh=False)
            self._drawn.update(ended - self._drawn.n)

    def aside(self) -> AbstractContextManager[Any]:
        """Take the bar off the terminal while something else is written there."""
        drawn = self._drawn
        return (
            drawn.external_write_mode(file=drawn.fp)
            if drawn is not None and self._terminal
            else nullcontext()
        )

    def _says(self, ended: int) -> str:
        return f"Processed {ended} / {self._total} examples"


def _nothing() -> None:
    """Nobody waits yet."""
