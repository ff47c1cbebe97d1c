"""What all real models share: the import of litellm, and one event loop that makes the calls.

Each starts when it is first needed, in a daemon thread. litellm is imported here and nowhere else: it takes seconds.
asyncio, tenacity and the like are imported where they are used, so that whoever calls no real model does not pay for them.
"""

from __future__ import annotations

import importlib
import os
import sys
import threading
from collections.abc import Coroutine
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any

from refine_core.errors import LMError
from refine_core.lm.process_wide import configure_litellm, prepare_litellm_import

if TYPE_CHECKING:
    import asyncio


class Engine:
    """What all models share: the import of litellm, and one event loop. Each starts when it is first needed."""

    def __init__(self) -> None:
        self._start_afresh()

    def _start_afresh(self) -> None:
        self._lock = threading.Lock()
        self._import: Future[Any] | None = None  # Any: mypy would take minutes to read litellm
        self._loop: asyncio.AbstractEventLoop | None = None
        self._pid = os.getpid()  # last: whoever reads the right one finds the rest in place

    def _check_fork(self) -> None:
        """A forked process has litellm, if its parent had, but none of its parent's threads."""
        if self._pid != os.getpid():
            self._start_afresh()

    def litellm(self) -> Future[Any]:
        """litellm, now or soon. A failed import is tried again at the next call."""
        self._check_fork()
        with self._lock:
            failed = self._import is not None and self._import.done() and self._import.exception()
            if self._import is None or failed:
                self._import = Future()
                self._import.set_running_or_notify_cancel()  # one impatient caller must not cancel it for all
                threading.Thread(
                    target=_import_litellm, args=(self._import,), name="lm-import", daemon=True
                ).start()
            return self._import

    def ready(self) -> bool:
        """Whether litellm is imported, so that a call starts without delay."""
        self._check_fork()
        with self._lock:
            return self._import is not None and self._import.done() and not self._import.exception()

    def submit(self, work: Coroutine[Any, Any, Any]) -> Future[Any]:
        """Have the event loop do this work. Cancelling the result cancels it there."""
        import asyncio

        self._check_fork()
        with self._lock:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                threading.Thread(target=self._loop.run_forever, name="lm-calls", daemon=True).start()
        return asyncio.run_coroutine_threadsafe(work, self._loop)


def _import_litellm(done: Future[Any]) -> None:
    prepare_litellm_import()
    try:
        litellm: Any = importlib.import_module("litellm")
        configure_litellm(litellm)
    except Exception as error:  # noqa: BLE001  # the waiting callers get it
        # What was half imported must go, or the next import would find its parts without their whole.
        for name in [n for n in sys.modules if n == "litellm" or n.startswith("litellm.")]:
            del sys.modules[name]
        done.set_exception(
            LMError(f"litellm cannot be imported ({type(error).__name__}: {error}). Reinstall it.")
        )
    else:
        done.set_result(litellm)


engine = Engine()


def warm() -> None:
    """Start importing litellm in the background, so that the first call need not wait for it. Returns at once."""
    engine.litellm()


def litellm_ready() -> bool:
    """Whether litellm is imported, so that a call starts without delay."""
    return engine.ready()
