"""A store in memory, which behaves like the real one; for tests and short scripts."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace

from refine_core.concurrency.cancellation import Cancel
from refine_core.errors import StoreError
from refine_core.log import codec
from refine_core.log.scope import Record
from refine_core.log.span import Span
from refine_core.log.summaries import Summary
from refine_core.log.well_formed import make_well_formed
from refine_core.store.listing import (
    NEWEST_FIRST,
    NO_ANNOTATION,
    NO_FILTERS,
    Annotation,
    Choices,
    Filters,
    Label,
    ListedRun,
    RunPage,
    Sort,
)
from refine_core.store.memory_search import count_choices, find
from refine_core.store.notifier import RunNotifier
from refine_core.store.protocol import (
    BESIDE_RUNS,
    DELETED_EXPERIMENT_KIND,
    EXPERIMENT_KIND,
    OF_EXPERIMENTS,
    RunRow,
    WholeRun,
    check_document,
    check_order,
    check_whole,
    deleted_before,
    out_of_order,
    unknown_run,
)
from refine_core.store.run_text import RunText


@dataclass(slots=True)
class _Run:
    summary: Summary
    has_writer: bool = True
    rows: list[tuple[float, str, str, int, str]] = field(
        default_factory=list
    )  # at, span, kind, version, payload
    annotation: Annotation = NO_ANNOTATION
    labels: dict[int, Label] = field(default_factory=dict)
    imported: bool = False
    text: tuple[int, Annotation, RunText] | None = None  # for so many rows and this annotation


class MemoryStore:
    """A Store in memory. Events pass through the codec, so what comes back is what a database would give."""

    notices: tuple[str, ...] = ()

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._runs: dict[str, _Run] = {}
        self._documents: dict[tuple[str, str], str] = {}
        self._outcomes: dict[str, tuple[int, str, str]] = {}  # run -> number, experiment, text
        self._outcome_count = 0
        self._claims: set[str] = set()
        self._notifier = RunNotifier()
        self._closed = False

    def append(
        self,
        records: Sequence[Record],
        summary: Summary,
        *,
        cancel: Cancel | None = None,  # noqa: ARG002  # this store never waits
        keep_writer: bool = False,
    ) -> None:
        """Keep records with the summary that they lead to, all or nothing. Raises StoreError."""
        if not records:
            return
        check_order(records)
        first, last = records[0], records[-1]
        rows = [(r.at, r.span.path, *codec.encode(r.event)) for r in records]
        with self._lock:
            self._check_open()
            run = self._runs.get(first.run_id)
            if first.seq != 1 + (len(run.rows) if run else 0):
                raise out_of_order(first.run_id, first.seq)
            run = run or self._runs.setdefault(first.run_id, _Run(summary))
            run.summary, run.has_writer = summary, run.has_writer or not keep_writer
            run.rows.extend(rows)
        self._notifier.notify(first.run_id, last.seq, finished=summary.reason is not None)

    def add(self, runs: Sequence[WholeRun]) -> None:
        """Keep runs that were recorded elsewhere, all or none of them. Raises StoreError."""
        fresh: dict[str, _Run] = {}
        with self._lock:
            self._check_open()
            for run in runs:
                check_whole(run)
                run_id = run.records[0].run_id
                if run_id in self._runs or run_id in fresh:
                    raise out_of_order(run_id, 1)
                rows = [(r.at, r.span.path, *codec.encode(r.event)) for r in run.records]
                noted = make_well_formed(run.annotation)
                fresh[run_id] = _Run(run.summary, False, rows, noted, imported=True)
            self._runs |= fresh
        for run_id, one in fresh.items():
            self._notifier.notify(run_id, len(one.rows), finished=True)

    def events(self, run_id: str, after: int = 0) -> list[Record]:
        """The run's records with seq > after, in order. Raises StoreError."""
        with self._lock:
            self._check_open()
            run = self._runs.get(run_id)
            rows = run.rows[after:] if run else []
        return [
            Record(run_id, after + n, at, Span.parse(span), codec.decode(kind, version, payload))
            for n, (at, span, kind, version, payload) in enumerate(rows, start=1)
        ]

    def row(self, run_id: str) -> RunRow | None:
        """The run as one row, or None. Raises StoreError."""
        with self._lock:
            self._check_open()
            run = self._runs.get(run_id)
            return self._row(run_id, run) if run else None

    def rows(self, *, limit: int = 50, deleted: bool = True) -> list[RunRow]:
        """The newest runs first, at most `limit`. Raises StoreError."""
        with self._lock:
            self._check_open()
            rows = [
                self._row(run_id, run)
                for run_id, run in self._runs.items()
                if deleted or run.annotation.deleted_at is None
            ]
        rows.sort(key=lambda row: (row.summary.started_at, row.run_id), reverse=True)
        return rows[:limit]

    def run_count(self) -> int:
        """How many runs there are. Raises StoreError."""
        with self._lock:
            self._check_open()
            return len(self._runs)

    def starts(self, *, limit: int = 500) -> list[Record]:
        """The first record of each of the newest runs. Raises StoreError."""
        rows = self.rows(limit=limit, deleted=False)
        experiments = self.documents(EXPERIMENT_KIND)
        return [self.events(row.run_id)[0] for row in rows if not _is_cell(row.run_id, experiments)]

    def search(
        self,
        text: str = "",
        filters: Filters = NO_FILTERS,
        sort: Sort = NEWEST_FIRST,
        *,
        limit: int = 25,
        offset: int = 0,
        index_s: float = 1.0,  # noqa: ARG002  # this store has no index
        ended: AbstractSet[str] = frozenset(),
        paused: AbstractSet[str] = frozenset(),
    ) -> RunPage:
        """A page of the runs that match; words are looked for anywhere in the text. Raises StoreError."""
        with self._lock:
            self._check_open()
            listed = [self._listed(run_id, run, ended, paused) for run_id, run in self._runs.items()]
        return find(listed, text, filters, sort, limit=limit, offset=offset)

    def choices(self, *, index_s: float = 1.0) -> Choices:  # noqa: ARG002  # this store has no index
        """The models and tags of the runs in the list. Raises StoreError."""
        with self._lock:
            self._check_open()
            listed = [self._listed(i, run, frozenset(), frozenset())[0] for i, run in self._runs.items()]
        return count_choices(listed)

    def annotate(self, run_id: str, change: Callable[[Annotation], Annotation]) -> Annotation:
        """Replace what was noted about a run. Raises StoreError."""
        with self._lock:
            run = self._known(run_id)
            run.annotation = make_well_formed(change(run.annotation))
            return run.annotation

    def annotation(self, run_id: str) -> Annotation:
        """What was noted about a run. Raises StoreError."""
        with self._lock:
            self._check_open()
            return self._runs[run_id].annotation if run_id in self._runs else NO_ANNOTATION

    def label(self, run_id: str, attempt: int, label: Label | None) -> None:
        """Label an attempt, or take its label away. Raises StoreError."""
        with self._lock:
            labels = self._known(run_id).labels
            labels.pop(attempt, None)
            if label is not None:
                labels[attempt] = label

    def labels(self, run_id: str) -> Mapping[int, Label]:
        """The labels of a run's attempts. Raises StoreError."""
        with self._lock:
            self._check_open()
            return dict(sorted(self._runs[run_id].labels.items())) if run_id in self._runs else {}

    def purge(self, before: float) -> int:
        """Remove for good what was deleted before that time. Raises StoreError."""
        with self._lock:
            self._check_open()
            due = [
                run_id
                for run_id, run in self._runs.items()
                if (at := run.annotation.deleted_at) is not None
                and at < before
                and not self._row(run_id, run).alive
            ]
            for run_id in due:
                del self._runs[run_id]
                self._outcomes.pop(run_id, None)
            for kind, name in list(self._documents):
                if kind in BESIDE_RUNS and name.rpartition("/")[0] in due:
                    del self._documents[kind, name]
            self._purge_experiments(before)
            return len(due)

    def _purge_experiments(self, before: float) -> None:
        for (kind, experiment_id), marker in list(self._documents.items()):
            if kind != DELETED_EXPERIMENT_KIND or not deleted_before(marker, before):
                continue
            for of, name in list(self._documents):
                if of in OF_EXPERIMENTS and name.partition("/")[0] == experiment_id:
                    del self._documents[of, name]
            self._outcomes = {
                run_id: row for run_id, row in self._outcomes.items() if row[1] != experiment_id
            }

    def reindex(self) -> None:
        """Nothing to do: this store has no index. Raises StoreError."""
        with self._lock:
            self._check_open()

    def wait_for(self, run_id: str, after: int, timeout_s: float) -> bool:
        """Wait until the run has a record beyond `after`, at most `timeout_s` seconds; whether it has."""
        return self._notifier.wait(
            run_id, after, timeout_s, lambda: len(self._runs[run_id].rows) if run_id in self._runs else 0
        )

    def put(self, kind: str, name: str, text: str) -> None:
        """Keep a document in place of what was there. Raises StoreError."""
        check_document(kind, name, text)
        with self._lock:
            self._check_open()
            self._documents[kind, name] = text

    def documents(self, kind: str) -> dict[str, str]:
        """The documents of a kind: name -> text, sorted by name. Raises StoreError."""
        with self._lock:
            self._check_open()
            return {name: text for (of, name), text in sorted(self._documents.items()) if of == kind}

    def document(self, kind: str, name: str) -> str | None:
        """The text of one document, or None. Raises StoreError."""
        with self._lock:
            self._check_open()
            return self._documents.get((kind, name))

    def add_outcomes(self, experiment_id: str, texts: Mapping[str, str]) -> None:
        """Keep what became of cells of an experiment. Raises StoreError."""
        with self._lock:
            for run_id in texts:
                self._known(run_id)
            for run_id, text in texts.items():
                self._outcome_count += 1
                self._outcomes.pop(run_id, None)
                self._outcomes[run_id] = self._outcome_count, experiment_id, text

    def outcomes(self, experiment_id: str, after: int = 0) -> tuple[int, list[tuple[str, str]]]:
        """The number of the last outcome, and those above `after`. Raises StoreError."""
        with self._lock:
            self._check_open()
            rows = [
                (number, run_id, text)
                for run_id, (number, of, text) in self._outcomes.items()
                if of == experiment_id and number > after
            ]
        return (rows[-1][0] if rows else after), [(run_id, text) for _, run_id, text in rows]

    def cell_runs(self, experiment_id: str) -> dict[str, bool]:
        """The runs of an experiment: id -> whether it has ended, on record. Raises StoreError."""
        with self._lock:
            self._check_open()
            return {
                run_id: run.summary.reason is not None
                for run_id, run in sorted(self._runs.items())
                if _is_cell(run_id, (experiment_id,)) and not run.imported
            }

    def delete_experiment(self, experiment_id: str, at: float | None) -> None:
        """Delete an experiment with its runs, or undo that. Raises StoreError."""
        with self._lock:
            self._check_open()
            for run_id, run in self._runs.items():
                if _is_cell(run_id, (experiment_id,)) and not run.imported:
                    run.annotation = replace(run.annotation, deleted_at=at)
            self._documents.pop((DELETED_EXPERIMENT_KIND, experiment_id), None)
            if at is not None:
                self._documents[DELETED_EXPERIMENT_KIND, experiment_id] = repr(at)

    def claim(self, name: str) -> bool:
        """Begin to work at something alone; False if somebody does already. Raises StoreError."""
        with self._lock:
            self._check_open()
            is_free = name not in self._claims
            self._claims.add(name)
            return is_free

    def release(self, name: str) -> None:
        """End what `claim` began. Raises StoreError."""
        with self._lock:
            self._claims.discard(name)

    def is_claimed(self, name: str) -> bool:
        """Whether somebody works at it. Raises StoreError."""
        with self._lock:
            self._check_open()
            return name in self._claims

    def drop(self, kind: str, name: str) -> bool:
        """Remove a document; whether there was one. Raises StoreError."""
        check_document(kind, name)
        with self._lock:
            self._check_open()
            return self._documents.pop((kind, name), None) is not None

    def interrupt(self) -> None:
        """Make the unfinished runs look as if the process that records them had died."""
        with self._lock:
            for run in self._runs.values():
                run.has_writer = False
            self._claims.clear()

    def close(self) -> None:
        """Close the store; it cannot be used afterwards."""
        with self._lock:
            self._closed = True
        self._notifier.close()

    @staticmethod
    def _row(run_id: str, run: _Run) -> RunRow:
        return RunRow(run_id, run.summary, run.has_writer and run.summary.reason is None, run.imported)

    def _listed(
        self, run_id: str, run: _Run, ended: AbstractSet[str], paused: AbstractSet[str]
    ) -> tuple[ListedRun, str]:
        """A run in the list, with its words."""
        words = self._text(run)
        alive = self._row(run_id, run).alive and run_id not in ended
        facts = replace(words.facts, hint_test=None, experiment=None) if run.imported else words.facts
        row = ListedRun(run_id, run.summary, alive, run.annotation, facts, run_id in paused, run.imported)
        return row, words.all

    @staticmethod
    def _text(run: _Run) -> RunText:
        """Its words, folded once for as many rows as it has."""
        if run.text is None or run.text[:2] != (len(run.rows), run.annotation):
            events = [codec.decode(kind, version, payload) for _, _, kind, version, payload in run.rows]
            run.text = (len(run.rows), run.annotation, RunText.of(events, run.summary, run.annotation))
        return run.text[2]

    def _known(self, run_id: str) -> _Run:
        self._check_open()
        if run_id not in self._runs:
            raise unknown_run(run_id)
        return self._runs[run_id]

    def _check_open(self) -> None:
        if self._closed:
            raise StoreError("this store was closed; open it again")


def _is_cell(run_id: str, experiments: Collection[str]) -> bool:
    """Whether it is of one of these experiments, by its id."""
    return any(run_id.startswith(f"{one}-") for one in experiments)
