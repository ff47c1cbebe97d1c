"""A run to be exported: its records, with what a person noted about it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from refine_core.log.scope import Record
from refine_core.runs.kept_what_ifs import KeptWhatIf, list_kept
from refine_core.runs.logs import no_such_run
from refine_core.store.listing import NO_ANNOTATION, Annotation, Label
from refine_core.store.protocol import WHAT_IF_KIND, Store


@dataclass(frozen=True, slots=True)
class RunLog:
    """records: all of one run, in order. annotation: its name and tags. labels: index of an attempt -> a person's label.

    what_ifs: those that were kept beside it; the report shows them.
    """

    records: Sequence[Record]
    annotation: Annotation = NO_ANNOTATION
    labels: Mapping[int, Label] = field(default_factory=dict)
    what_ifs: tuple[KeptWhatIf, ...] = ()

    @property
    def run_id(self) -> str:
        """The run's id. There must be a record."""
        return self.records[0].run_id


def read_runs(store: Store, run_ids: Iterable[str]) -> Iterator[RunLog]:
    """These runs out of a store, one after the other. Raises StoreError; SpecError for a run that is not there."""
    asked = {name.rpartition("/")[0] for name in store.documents(WHAT_IF_KIND)}
    for run_id in run_ids:
        records = store.events(run_id)
        if not records:
            raise no_such_run(run_id)
        what_ifs = tuple(list_kept(store, run_id)) if run_id in asked else ()
        yield RunLog(records, store.annotation(run_id), store.labels(run_id), what_ifs)
