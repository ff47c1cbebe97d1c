"""Runs out of files that were exported here or elsewhere: JSONL, or the one HTML file. All of a file is taken in, or nothing.

    data --read_runs_of--> runs --check_log--> runs that can be --Store.add--> the store, in one transaction

A run that is there already, with equal events, is left as it is. One with the same id and other events gets an id of its own,
made from its content: so the same file is not imported twice. Nothing of a file is ever run.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from refine_core.errors import ImportRefused
from refine_core.events import RewardComputed
from refine_core.export.importing.lines import ReadRun, read_lines
from refine_core.export.importing.log_rules import check_log
from refine_core.export.importing.traces import read_own_runs, read_refinements, read_spans
from refine_core.export.report import EmbeddingError, read_embedded
from refine_core.log import codec
from refine_core.log.scope import Record
from refine_core.log.summaries import Summary
from refine_core.store.listing import Annotation
from refine_core.store.protocol import Store, WholeRun

MAX_BYTES: Final = 256 * 1024 * 1024
_PACKED: Final = {b"PK\x03\x04": "a zip archive", b"\x1f\x8b": "packed with gzip", b"BZh": "packed with bzip2",
                  b"\xfd7zXZ": "packed with xz", b"(\xb5/\xfd": "packed with zstd", b"7z\xbc\xaf": "a 7z archive"}  # fmt: skip
_TABLES: Final = {b"PAR1": "a Parquet table", b"SQLite format 3": "a database"}


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of a file.

    run_ids: of all runs in it, as they are called here, in the file's order. new: those that were not here before. known: those that
    were, with equal events. renamed: id in the file -> id here, where another run had that id.
    """

    run_ids: tuple[str, ...]
    new: tuple[str, ...]
    known: tuple[str, ...] = ()
    renamed: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class PlannedRun:
    """What would become of a run of a file.

    run_id: as it would be called here; id_in_file: as the file calls it. is_new: whether it is not here yet.
    run: what would be kept.
    """

    run_id: str
    id_in_file: str
    is_new: bool
    run: WholeRun

    @property
    def name(self) -> str:
        """What the run is called."""
        return self.run.annotation.name or self.run.summary.title


def import_runs(store: Store, data: bytes) -> Imported:
    """Take in the runs of a file. Raises ImportRefused with the reason, StoreError; then nothing was kept."""
    return keep_runs(store, plan_import(store, data))


def plan_import(store: Store, data: bytes) -> tuple[PlannedRun, ...]:
    """What would become of each run of a file, in its order; nothing is kept. Raises ImportRefused with the reason, StoreError."""
    found = read_file(data)
    planned = tuple(_plan(store, run, _checked(run, several=len(found) > 1)) for run in found)
    if len({one.run_id for one in planned}) < len(planned):
        raise ImportRefused("it holds the same run twice")
    return planned


def keep_runs(store: Store, planned: Sequence[PlannedRun]) -> Imported:
    """Keep what was planned: all of it, or nothing. Raises StoreError, also for a run that has come in since."""
    store.add([one.run for one in planned if one.is_new])
    known = tuple(one.run_id for one in planned if not one.is_new)
    for run_id in known:  # it may have been deleted, and whoever imports it wants to see it
        if store.annotation(run_id).deleted_at is not None:
            store.annotate(run_id, lambda noted: replace(noted, deleted_at=None))
    return Imported(
        tuple(one.run_id for one in planned),
        tuple(one.run_id for one in planned if one.is_new),
        known,
        tuple((one.id_in_file, one.run_id) for one in planned if one.run_id != one.id_in_file),
    )


def _plan(store: Store, run: ReadRun, summary: Summary) -> PlannedRun:
    run_id = _find_id(store, run)
    records: Sequence[Record] = run.records
    if run_id != run.run_id:
        records = [replace(record, run_id=run_id) for record in records]
    whole = WholeRun(records, summary, Annotation(run.name, run.tags))
    return PlannedRun(run_id, run.run_id, store.row(run_id) is None, whole)


def read_file(data: bytes) -> list[ReadRun]:
    """The runs that a file holds, unchecked but for their form. Raises ImportRefused."""
    if len(data) > MAX_BYTES:
        raise ImportRefused(f"it is larger than {MAX_BYTES // 2**20} MB")
    for start, words in _PACKED.items():
        if data.startswith(start):
            raise ImportRefused(f"it is {words}. Unpack it, and import the files one by one")
    if (spans := read_spans(data)) is not None:
        if not (found := [*read_own_runs(spans), *read_refinements(spans)]):
            raise ImportRefused(
                "it is a trace that holds no dspy.Refine, no dspy.BestOfN and no run of Refinescope"
            )
        return found
    for start, words in _TABLES.items():
        if data.startswith(start):
            raise ImportRefused(
                f"it is {words}. Runs are imported from JSONL, from the one HTML file, or from a trace"
            )
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ImportRefused("it is not text in UTF-8, as JSONL and HTML are") from error
    if text[:200].lstrip().startswith("<"):
        try:
            text = read_embedded(data, max_bytes=MAX_BYTES).decode()
        except EmbeddingError as error:
            raise ImportRefused(_continue(str(error))) from error
        except UnicodeDecodeError as error:
            raise ImportRefused("its events are damaged") from error
    return read_lines(text)


def _checked(run: ReadRun, *, several: bool) -> Summary:
    try:
        return check_log(run.records)
    except ImportRefused as error:
        if several:
            raise ImportRefused(f"run {run.run_id}: {error}") from error
        raise


def _find_id(store: Store, run: ReadRun) -> str:
    """The id that the run has here: its own, unless another run has it."""
    there = store.events(run.run_id)
    added = there[len(run.records) :]  # of what was imported before, and scored since
    same = tuple(there[: len(run.records)]) == run.records
    if not there or (same and all(isinstance(one.event, RewardComputed) for one in added)):
        return run.run_id
    return f"{run.run_id[:80]}-{_digest(run.records)}"


def _digest(records: Sequence[Record]) -> str:
    digest = hashlib.sha256()
    for record in records:
        digest.update(
            repr((record.seq, record.at, record.span.path, codec.encode(record.event))).encode(
                "utf-8", "surrogatepass"
            )
        )
    return digest.hexdigest()[:12]


def _continue(sentence: str) -> str:
    """A sentence as the rest of one that begins with the file's name."""
    return sentence.replace("This HTML file", "it", 1).rstrip(".")
