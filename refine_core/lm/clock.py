"""The time, as an argument: a test has one that it turns itself."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Protocol


class Clock(Protocol):
    """The time, and how to be woken."""

    def now(self) -> float:
        """Seconds since some moment."""

    def call_later(self, seconds: float, callback: Callable[[], None]) -> Callable[[], None]:
        """Call once, on any thread. Returns what calls it off."""


class SystemClock:
    """The machine's own."""

    def now(self) -> float:
        """Seconds since the machine started."""
        return time.monotonic()

    def call_later(self, seconds: float, callback: Callable[[], None]) -> Callable[[], None]:
        """On a thread of its own, which does not keep the process alive."""
        timer = threading.Timer(seconds, callback)
        timer.daemon = True
        timer.start()
        return timer.cancel
