"""The interface of a store of runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Final, Protocol

from refine_core.concurrency.cancellation import Cancel
from refine_core.errors import StoreError
from refine_core.log.scope import Record
from refine_core.log.summaries import Summary
from refine_core.store.listing import (
    NEWEST_FIRST,
    NO_ANNOTATION,
    NO_FILTERS,
    Annotation,
    Choices,
    Filters,
    Label,
    RunPage,
    Sort,
)


@dataclass(frozen=True, slots=True)
class RunRow:
    """One run in the history.

    alive: whether it is unfinished and the process that records it still holds its lock. A run that has not finished
    and is not alive was interrupted. imported: whether it came in a file, so that it was not recorded here.
    """

    run_id: str
    summary: Summary
    alive: bool
    imported: bool = False

    @property
    def interrupted(self) -> bool:
        return self.summary.reason is None and not self.alive


@dataclass(frozen=True, slots=True)
class WholeRun:
    """A run that was recorded elsewhere: all its records, the summary after them, and what was noted about it."""

    records: Sequence[Record]
    summary: Summary
    annotation: Annotation = NO_ANNOTATION


IMPORTED: Final = "imported"
"""The writer of a run that came in a file. No process has this name, so such a run is never taken for one at work."""
WHAT_IF_KIND: Final = "what-if"
HINT_TEST_KIND: Final = "hint-test"
BESIDE_RUNS: Final = (WHAT_IF_KIND, HINT_TEST_KIND)
"""The kinds of the documents that are kept beside a run and go with it; their names are "run id/…"."""
EXPERIMENT_KIND: Final = "experiment"
EXPERIMENT_STATE_KIND: Final = "experiment-state"
DELETED_EXPERIMENT_KIND: Final = "deleted-experiment"
OF_EXPERIMENTS: Final = (EXPERIMENT_KIND, EXPERIMENT_STATE_KIND, DELETED_EXPERIMENT_KIND)
"""The kinds of the documents that are kept of an experiment; their names are its id, or "its id/…"."""
LESSON_PROGRESS_KIND: Final = "lesson-progress"
"""How far learners are; the names of the documents are "learner/lesson"."""
ROOM_KIND: Final = "room"
"""Classes that guess together; the name of a document is the class's code."""
ROOM_GUESS_KIND: Final = "room-guess"
"""What they guess: a kind for each class, "room-guess/KT44"; the names of its documents are "lesson/a digest of the browser's token"."""
DATASET_KIND: Final = "dataset"
DATASET_ROWS_KIND: Final = "dataset-rows"
CLAIM_KIND: Final = "claim"
"""Who works at something alone: its name -> the writer."""


class Store(Protocol):
    """An append-only log a run, with a summary beside it; and small documents, by kind and name.

    Every method may be called from any thread.
    """

    @property
    def notices(self) -> tuple[str, ...]:
        """Messages for the user about the store, a sentence or more each; mostly ()."""

    def append(
        self,
        records: Sequence[Record],
        summary: Summary,
        *,
        cancel: Cancel | None = None,
        keep_writer: bool = False,
    ) -> None:
        """Make `records` and the summary after them durable, in one transaction, before returning.

        records: of one run, seq going on from what is there, the first being 1; [] does nothing.
        A run's first record creates it; the process that appended last is its writer.
        keep_writer: that process stays it, and an imported run stays one, as what is appended was not part of the run.
        cancel: once it is set, no more waiting for other processes that keep the database locked.
        Raises: StoreError, or RunCancelled instead of waiting; then nothing was written, or the error says that nobody knows:
        a server's answer to the commit may be lost.
        """

    def add(self, runs: Sequence[WholeRun]) -> None:
        """Keep runs that were recorded elsewhere, all or none of them, as imported ones.

        Raises StoreError, also where a run of one of their ids is there already; then nothing was written.
        """

    def events(self, run_id: str, after: int = 0) -> list[Record]:
        """The run's records with seq > `after`, in order; [] for an unknown run."""

    def row(self, run_id: str) -> RunRow | None:
        """The run's row, or None if there is no such run."""

    def rows(self, *, limit: int = 50, deleted: bool = True) -> list[RunRow]:
        """The newest runs first, at most `limit`. deleted: also those that were deleted and are still kept."""

    def run_count(self) -> int:
        """How many runs there are, deleted ones and those of experiments included. Raises StoreError."""

    def starts(self, *, limit: int = 500) -> list[Record]:
        """The first record of each of the newest runs, at most `limit`, without those that were deleted."""

    def search(
        self,
        text: str = "",
        filters: Filters = NO_FILTERS,
        sort: Sort = NEWEST_FIRST,
        *,
        limit: int = 25,
        offset: int = 0,
        index_s: float = 1.0,
        ended: AbstractSet[str] = frozenset(),
        paused: AbstractSet[str] = frozenset(),
    ) -> RunPage:
        """A page of the runs that have all words of `text` in their names, inputs, outputs, hints, models, tags or notes.

        text: anything a person may type; its last word may be incomplete; "" matches every run.
        index_s: how long runs that have changed since the last search may be read first; what is left is counted in the page.
        ended: unfinished runs that nobody works at any more, though their process lives. paused: those that wait for a person.
        """

    def choices(self, *, index_s: float = 1.0) -> Choices:
        """The models and tags of the runs in the list. index_s: as for `search`."""

    def annotate(self, run_id: str, change: Callable[[Annotation], Annotation]) -> Annotation:
        """Replace what was noted about a run by what `change` makes of it, which is returned; durable by then.

        change: may be called twice, the first time in vain. Raises StoreError, also for an unknown run.
        """

    def annotation(self, run_id: str) -> Annotation:
        """What was noted about a run; the default for nothing, and for an unknown run."""

    def label(self, run_id: str, attempt: int, label: Label | None) -> None:
        """Label the attempt of that index; None takes its label away. Raises StoreError, also for an unknown run."""

    def labels(self, run_id: str) -> Mapping[int, Label]:
        """Index of an attempt -> its label, for those that have one."""

    def purge(self, before: float) -> int:
        """Remove for good the runs that were deleted before that time (seconds since the epoch); how many. Raises StoreError.

        What was noted about them goes, too, and the what-ifs kept beside them; of experiments their documents and outcomes.
        """

    def reindex(self) -> None:
        """Forget what runs are found by; the next searches read it from their events again. Raises StoreError."""

    def wait_for(self, run_id: str, after: int, timeout_s: float) -> bool:
        """Wait until the run has records with seq > `after`; whether it has. Immediate for runs of this process.

        False once `timeout_s` seconds have passed or the store was closed. The run may yet be unknown.
        """

    def put(self, kind: str, name: str, text: str) -> None:
        """Keep `text` as the document `name` of its kind, in place of what was there; durable on return.

        Raises StoreError; then nothing was written.
        """

    def documents(self, kind: str) -> dict[str, str]:
        """The documents of a kind: name -> text, sorted by name; {} if there are none."""

    def document(self, kind: str, name: str) -> str | None:
        """The text of one document, or None if there is none. Raises StoreError."""

    def add_outcomes(self, experiment_id: str, texts: Mapping[str, str]) -> None:
        """Keep what became of cells of an experiment: run id -> text, in place of what was kept before; durable on return.

        Raises StoreError, also for an unknown run; then nothing was written.
        """

    def outcomes(self, experiment_id: str, after: int = 0) -> tuple[int, list[tuple[str, str]]]:
        """The number of the last outcome, and (run id, text) of those above `after`, in order of writing.

        An outcome that is written again has a new number. Raises StoreError.
        """

    def cell_runs(self, experiment_id: str) -> dict[str, bool]:
        """The runs of an experiment, imported ones aside: id -> whether it has ended, on record. Raises StoreError."""

    def delete_experiment(self, experiment_id: str, at: float | None) -> None:
        """Delete an experiment's runs as of that time, and mark it as deleted, for `purge`; None undoes that. Raises StoreError."""

    def claim(self, name: str) -> bool:
        """Begin to work at something that only one may work at; False if somebody does already, in this process or another.

        A process that dies releases what it claimed. Raises StoreError.
        """

    def release(self, name: str) -> None:
        """End what `claim` began. Raises StoreError."""

    def is_claimed(self, name: str) -> bool:
        """Whether somebody works at it, in this process or another. Raises StoreError."""

    def drop(self, kind: str, name: str) -> bool:
        """Remove a document for good; whether there was one. Raises StoreError."""

    def close(self) -> None:
        """Finish pending writes, then close the connection and release the lock. Calling twice is harmless."""


def check_order(records: Sequence[Record]) -> None:
    """Raise StoreError unless `records` are of one run with consecutive seq from 1 upwards."""
    run_id, first = records[0].run_id, records[0].seq
    for place, record in enumerate(records):
        if record.run_id != run_id or record.seq != first + place or first < 1:
            raise StoreError(
                f"cannot record event {record.seq} of run {record.run_id}: it does not follow event "
                f"{first + place - 1} of run {run_id}; nothing was written"
            )


def check_whole(run: WholeRun) -> None:
    """Raise StoreError unless its records are all of one run, from the first one on."""
    if not run.records or run.records[0].seq != 1:
        raise StoreError("a run that is imported must have all its events; nothing was written")
    check_order(run.records)


def check_document(kind: str, name: str, text: str = "") -> None:
    """Raise StoreError for lone surrogates, which a database cannot store as text."""
    try:
        for part in (kind, name, text):
            part.encode()
    except UnicodeEncodeError as error:
        raise StoreError(
            f"cannot keep the {kind} {name!r}: it has a character that is none ({error.reason}); nothing was written"
        ) from error


def out_of_order(run_id: str, seq: int) -> StoreError:
    """The refusal of a record that does not go on from what the store has."""
    return StoreError(
        f"cannot record event {seq} of run {run_id}: the store does not have exactly the {seq - 1} events before it; "
        "another process may be recording the same run. Nothing was written; start a new run"
    )


def unknown_run(run_id: str) -> StoreError:
    """The refusal to note anything about a run that is not there."""
    return StoreError(f"there is no run {run_id!r}, so nothing was noted about it")


def deleted_before(marker: str, before: float) -> bool:
    """Whether an experiment was deleted before that time. marker: the text of its document of DELETED_EXPERIMENT_KIND."""
    try:
        return float(marker) < before
    except ValueError:  # damaged; then it is kept
        return False
