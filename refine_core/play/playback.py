"""A run's prefixes, made quickly in the order in which a person steps.

One fold stands where the person was last: a step forward folds only the records in between. Timelines that were seen lately
are kept, so that a step back is free; a jump back further folds from the start.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence

from refine_core.log.folds import Fold
from refine_core.log.scope import Record
from refine_core.log.timeline import Timeline
from refine_core.play.steps import Step, StepFold

KEPT = 64  # timelines that were seen lately


def prefix(records: Sequence[Record], step: int) -> Timeline:
    """The run as it stood at the end of this step. Raises IndexError for a step that there is not."""
    return Playback(records).timeline(step)


class Playback:
    """A run to step through. Safe to use from any thread; the timelines that it gives never change."""

    def __init__(self, records: Sequence[Record] = ()) -> None:
        self._records: list[Record] = []
        self._steps = StepFold()
        self._fold, self._at = Fold(), 0
        self._seen: OrderedDict[int, Timeline] = OrderedDict()  # by the number of the last record
        self._lock = threading.Lock()
        self.extend(records)

    def extend(self, records: Sequence[Record]) -> None:
        """Take in records that are new; those that it has are passed over."""
        with self._lock:
            for record in records:
                if not self._records or record.seq > self._records[-1].seq:
                    self._records.append(record)
                    self._steps.add(record)

    @property
    def seq(self) -> int:
        """The number of the last record."""
        return self._records[-1].seq if self._records else 0

    @property
    def all_steps(self) -> tuple[Step, ...]:
        """All steps so far."""
        with self._lock:
            return tuple(self._steps.steps)

    def timeline(self, step: int) -> Timeline:
        """The run as it stood at the end of this step. Raises IndexError for a step that there is not."""
        with self._lock:
            if step < 0:
                raise IndexError(step)
            return self._up_to(self._steps.steps[step].seq)

    def time_of(self, step: int) -> float:
        """When this step was over, in seconds since 1970. Raises IndexError for a step that there is not."""
        with self._lock:
            return self._records[self._steps.steps[step].seq - 1].at  # a log counts its records from 1

    def _up_to(self, seq: int) -> Timeline:
        seen = self._seen.get(seq)
        if seen is None:
            if seq < self._at:
                self._fold, self._at = Fold(), 0
            for record in self._records[self._at : seq]:  # a log counts its records from 1
                self._fold.add(record)
            self._at = seq
            seen = self._fold.snapshot()
            if seen is None:
                raise IndexError(seq)
            self._seen[seq] = seen
        self._seen.move_to_end(seq)
        while len(self._seen) > KEPT:
            self._seen.popitem(last=False)
        return seen
