"""Threads in which litellm prepares a call: what it prepares, a coroutine, is closed if the call was cancelled meanwhile.

litellm awaits that coroutine once the thread is done. If it no longer does, Python would print "coroutine … was never awaited" in the
terminal of someone who only pressed Cancel.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any


class PreparingThreads(ThreadPoolExecutor):
    """The default executor of an event loop. A coroutine that a function returns may be awaited, or not."""

    def submit(self, function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Run a function in a thread."""

        def run() -> Any:
            result = function(*args, **kwargs)
            return _ClosedUnlessAwaited(result) if isinstance(result, Coroutine) else result

        return super().submit(run)


class _ClosedUnlessAwaited(Coroutine[Any, Any, Any]):
    """A coroutine that closes itself when it goes."""

    def __init__(self, coroutine: Coroutine[Any, Any, Any]) -> None:
        self._coroutine = coroutine

    def __await__(self) -> Any:
        return self._coroutine.__await__()

    def send(self, value: Any, /) -> Any:
        return self._coroutine.send(value)

    def throw(self, *error: Any) -> Any:
        return self._coroutine.throw(*error)

    def close(self) -> None:
        self._coroutine.close()

    def __del__(self) -> None:
        self._coroutine.close()
