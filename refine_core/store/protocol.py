"""What a store of runs is to everybody else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from refine_core.log.folds import Summary
from refine_core.log.scope import Record


@dataclass(frozen=True, slots=True)
class RunRow:
    """One run in the history.

    owner: whose it is; "local" until the app serves several people.
    alive: whether the process that records it still holds its lock. A run that has not finished and is not alive was
    interrupted.
    """

    run_id: str
    owner: str
    summary: Summary
    alive: bool

    @property
    def interrupted(self) -> bool:
        return self.summary.reason is None and not self.alive


class Store(Protocol):
    """An append-only log a run, with a summary beside it."""

    def append(self, records: Sequence[Record], summary: Summary, *, owner: str = "local") -> None:
        """Make `records` (of one run, in order) and the summary durable, in one transaction, before returning.

        A run's first record creates it, held by this process. Raises StoreError; then nothing was written.
        """

    def events(self, run_id: str, after: int = 0, limit: int | None = None) -> list[Record]:
        """The run's records with seq > `after`, in order; [] for an unknown run."""

    def row(self, run_id: str) -> RunRow | None:
        """The run's row, or None if there is no such run."""

    def rows(self, *, owner: str | None = None, limit: int = 50, offset: int = 0) -> list[RunRow]:
        """The newest runs first."""

    def close(self) -> None:
        """Give back the connection and the lock."""
