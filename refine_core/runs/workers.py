"""How many workers there are where runs work: asked in the background, as a cluster may take long to answer, or never does."""

from __future__ import annotations

import threading
import time
from typing import Final

from refine_core.executors.dispatcher import Dispatcher
from refine_core.executors.protocol import ExecutorError, Workers

ASK_S: Final = 1.5  # after an answer, until it is asked again
KNOWN_S: Final = (
    20.0  # after which an answer counts no more; a scheduler that is away is waited for for 10 seconds
)


class WorkerWatch:
    """What the executor said last. Every method may be called from any thread, and returns at once."""

    def __init__(self, dispatcher: Dispatcher) -> None:
        self._dispatcher = dispatcher
        self._lock = threading.Lock()
        self._known: tuple[float, Workers] | None = None
        self._asks = False

    def look(self) -> Workers | None:
        """The workers, as far as that is known; None where it is not. Has the executor asked again, which is opened for it."""
        now = time.monotonic()
        with self._lock:
            known = self._known
            begins = not self._asks and (known is None or now - known[0] > ASK_S)
            self._asks = self._asks or begins
        if begins:
            threading.Thread(target=self._ask, name="workers", daemon=True).start()
        return known[1] if known is not None and now - known[0] < KNOWN_S else None

    def _ask(self) -> None:
        """The body of a thread."""
        try:
            workers = self._dispatcher.ready().alive()
        except ExecutorError as error:
            workers = Workers(0, str(error))
        except Exception as error:  # noqa: BLE001  # whatever it is, it is shown
            workers = Workers(0, f"Where runs work could not be asked: {type(error).__name__}: {error}")
        with self._lock:
            self._known, self._asks = (time.monotonic(), workers), False
