"""What all real models share: the import of litellm, and one event loop that makes the calls.

Each starts when it is first needed, in a daemon thread. litellm is imported here and nowhere else: it takes seconds.
asyncio and tenacity are imported where they are used, so that a program without real models does not pay for them.
"""

from __future__ import annotations

import importlib
import os
import sys
import threading
from collections.abc import Coroutine
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any

from refine_core.concurrency.threads import BackgroundLoop, start_thread
from refine_core.errors import LMError

if TYPE_CHECKING:
    from concurrent.futures import ThreadPoolExecutor


class Engine:
    """What all real models share: the import of litellm, and one event loop. Each starts when it is first needed."""

    def __init__(self) -> None:
        self._loop = BackgroundLoop("lm-calls", _make_threads)
        self._reset()

    def _reset(self) -> None:
        self._lock = threading.Lock()
        self._import: Future[Any] | None = None  # Any: mypy would take minutes to read litellm
        self._pid = os.getpid()  # last: a thread that reads the right one finds the rest set

    def litellm(self) -> Future[Any]:
        """litellm, now or soon. A failed import is tried again at the next call."""
        self._check_fork()
        with self._lock:
            if self._import is None or (self._import.done() and self._import.exception()):
                self._import = start_thread(_import_litellm, name="lm-import")
            return self._import

    def ready(self) -> bool:
        """Whether litellm is imported, so that a call starts without delay."""
        self._check_fork()
        with self._lock:
            return self._import is not None and self._import.done() and not self._import.exception()

    def submit(self, work: Coroutine[Any, Any, Any]) -> Future[Any]:
        """Have the event loop do this work. Cancelling the result cancels it there."""
        return self._loop.submit(work)

    def _check_fork(self) -> None:
        """A forked process has none of its parent's threads, so an import that was under way never ends there."""
        if self._pid != os.getpid():
            self._reset()


def _make_threads() -> ThreadPoolExecutor:
    from refine_core.lm.unawaited import PreparingThreads

    return PreparingThreads(thread_name_prefix="litellm-prepare")


def _import_litellm() -> Any:
    """litellm, guarded. Raises LMError."""
    from refine_core.lm.process_wide import configure_litellm, prepare_litellm_import

    prepare_litellm_import()
    try:
        litellm = importlib.import_module("litellm")
        configure_litellm(litellm)
    except Exception as error:  # noqa: BLE001  # the callers get it in our words
        # What was half imported must go, or the next import would find its parts without their whole.
        for name in [n for n in sys.modules if n == "litellm" or n.startswith("litellm.")]:
            del sys.modules[name]
        failure = LMError(f"litellm cannot be imported ({type(error).__name__}: {error}). Reinstall it.")
    else:
        return litellm
    raise failure


engine = Engine()


def warm() -> None:
    """Start importing litellm in the background, so that the first call need not wait for it. Returns at once."""
    engine.litellm()


def litellm_ready() -> bool:
    """Whether litellm is imported, so that a call starts without delay."""
    return engine.ready()
