"""What an `async def` of the user's code returns, awaited inside the worker.

Standard library only, like everything the worker imports; asyncio comes with the first coroutine.
"""

from __future__ import annotations

from typing import Any

from refine_core.rewards.sandbox_api import Deadline, TimeLimit

_AFTER_ALARM_S = 0.05


class Awaiting:
    """Finishes coroutines, all in one event loop. clock: of the call that returned them. limit_s: of that call."""

    def __init__(self, clock: TimeLimit, limit_s: float) -> None:
        self._clock, self._limit_s = clock, limit_s
        self._loop: Any = None

    def finish(self, awaitable: Any) -> Any:
        """Its result; what it leaves running is cancelled. Raises Deadline, and whatever it raises."""
        import asyncio

        if self._loop is None:
            self._loop = asyncio.new_event_loop()

        async def finish() -> Any:
            try:
                return await asyncio.wait_for(awaitable, self._limit_s + _AFTER_ALARM_S)
            finally:
                for task in asyncio.all_tasks() - {asyncio.current_task()}:
                    task.cancel()

        try:
            return self._loop.run_until_complete(finish())
        except TimeoutError:
            if self._clock.expired:  # the alarm rang while nothing of the source was running
                raise Deadline from None
            raise


def is_awaitable(result: object) -> bool:
    """Whether a result has to be awaited."""
    return hasattr(type(result), "__await__")
