"""A Cancel that sets itself after some seconds."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from refine_core.concurrency.cancellation import Cancel


@contextmanager
def time_limit(cancel: Cancel, limit_s: float) -> Iterator[Cancel]:
    """A child of `cancel` that is set once `limit_s` seconds have passed."""
    limit = Cancel(parent=cancel)
    clock = threading.Timer(limit_s, limit.set)
    clock.daemon = True
    clock.start()
    try:
        yield limit
    finally:
        clock.cancel()
        limit.detach()
