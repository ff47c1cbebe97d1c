"""A cache of logs: each is read from the store and folded only once.

    records(run_id)   the run's events          timeline(run_id)   their fold, in text that a screen can show

A later call reads and folds only new events. Without new events `timeline` returns the same object, so that a caller can
tell that nothing changed; with new events, unchanged attempts are the same objects.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from refine_core.errors import Problem, SpecError
from refine_core.log.folds import Fold
from refine_core.log.scope import Record
from refine_core.log.timeline import Timeline
from refine_core.log.well_formed import make_well_formed
from refine_core.store.protocol import Store

MAX_RUNS = 32


def no_such_run(run_id: str) -> SpecError:
    """The error for an id that no run has."""
    where = "its id stands in the address of its page, after run="
    return SpecError([Problem("run", f"there is no run {run_id!r}; {where}")])


@dataclass(slots=True)
class _Log:
    records: list[Record] = field(default_factory=list)
    fold: Fold = field(default_factory=Fold)
    lock: threading.Lock = field(default_factory=threading.Lock)
    reading: threading.Lock = field(default_factory=threading.Lock)

    @property
    def seq(self) -> int:
        """The number of the last record."""
        return self.records[-1].seq if self.records else 0

    def add(self, records: Iterable[Record]) -> None:
        """Add the records that are new; another thread may have added some. The lock must be held."""
        for record in records:
            if record.seq > self.seq:
                self.records.append(record)
                self.fold.add(make_well_formed(record))


class RunLogs:
    """A cache of the logs in one store, of at most `max_runs` runs. Safe to use from any thread."""

    def __init__(self, store: Store, max_runs: int = MAX_RUNS) -> None:
        self._store, self._max_runs = store, max_runs
        self._logs: OrderedDict[str, _Log] = OrderedDict()
        self._lock = threading.Lock()

    def records(self, run_id: str, after: int = 0) -> list[Record]:
        """The run's records with seq > after, in order; [] for an unknown run. Raises StoreError."""
        with self._up_to_date(run_id) as log:
            return log.records[after:]

    def timeline(self, run_id: str) -> Timeline | None:
        """The run as far as it is recorded, or None if there is no such run. Raises StoreError.

        It never changes, and callers must not change it: they share one object.
        """
        with self._up_to_date(run_id) as log:
            return log.fold.snapshot()

    @contextmanager
    def _up_to_date(self, run_id: str) -> Iterator[_Log]:
        """The log, up to date with the store. It is locked for the block, but not while the store is read.

        Of many who wait for one event, one reads it. Without news the store is not read for a run of this process.
        """
        log = self._get(run_id)
        with log.reading:
            if self._store.wait_for(run_id, log.seq, 0.0):
                fresh = self._store.events(run_id, after=log.seq)
                with log.lock:
                    log.add(fresh)
        with log.lock:
            yield log

    def _get(self, run_id: str) -> _Log:
        with self._lock:
            log = self._logs.setdefault(run_id, _Log())
            self._logs.move_to_end(run_id)
            while len(self._logs) > self._max_runs:
                self._logs.popitem(last=False)
            return log
