"""A run to be exported: its records, with what a person noted about it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from refine_core.errors import Problem, SpecError
from refine_core.log.scope import Record
from refine_core.store.listing import NO_ANNOTATION, Annotation, Label
from refine_core.store.protocol import Store


@dataclass(frozen=True, slots=True)
class RunLog:
    """records: all of one run, in order. annotation: its name and tags. labels: index of an attempt -> a person's label."""

    records: Sequence[Record]
    annotation: Annotation = NO_ANNOTATION
    labels: Mapping[int, Label] = field(default_factory=dict)

    @property
    def run_id(self) -> str:
        """The run's id. There must be a record."""
        return self.records[0].run_id


def read_runs(store: Store, run_ids: Iterable[str]) -> Iterator[RunLog]:
    """These runs out of a store, one after the other. Raises StoreError; SpecError for a run that is not there."""
    for run_id in run_ids:
        records = store.events(run_id)
        if not records:
            raise SpecError([Problem("run", f"there is no run {run_id!r}")])
        yield RunLog(records, store.annotation(run_id), store.labels(run_id))
