"""The runs in the user's data folder, one for this process."""

from __future__ import annotations

import threading
from functools import partial

from refine_core.executors.choice import chosen_executor, open_executor
from refine_core.runs.registry import Runs
from refine_core.store import open_store


class DefaultRuns:
    """Opens the store of the user's data folder on first use, once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._runs: Runs | None = None

    def open(self) -> Runs:
        """The runs in the user's data folder; opened on first use. Raises StoreError."""
        with self._lock:
            if self._runs is None:
                chosen = chosen_executor()
                self._runs = Runs(open_store(), partial(open_executor, chosen) if chosen else None)
                self._runs.list.purge()
            return self._runs

    def close(self) -> None:
        """Close the store of the user's data folder, if it is open. The next use opens it again."""
        with self._lock:
            runs, self._runs = self._runs, None
        if runs is not None:
            runs.close()


DEFAULT = DefaultRuns()
