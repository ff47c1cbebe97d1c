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
from refine_core.export.import_lines import ReadRun, read_lines
from refine_core.export.log_rules import check_log
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


def import_runs(store: Store, data: bytes) -> Imported:
    """Take in the runs of a file. Raises ImportRefused with the reason, StoreError; then nothing was kept."""
    found = read_file(data)
    whole: list[WholeRun] = []
    known: list[str] = []
    renamed: list[tuple[str, str]] = []
    ids: list[str] = []
    for run in found:
        summary = _checked(run, several=len(found) > 1)
        records: Sequence[Record] = run.records
        run_id = _find_id(store, run)
        ids.append(run_id)
        if run_id != run.run_id:
            records = [replace(record, run_id=run_id) for record in records]
            renamed.append((run.run_id, run_id))
        if store.row(run_id) is not None:
            known.append(run_id)
        else:
            whole.append(WholeRun(records, summary, Annotation(run.name, run.tags)))
    if len(set(ids)) < len(ids):
        raise ImportRefused("it holds the same run twice")
    store.add(whole)
    for run_id in known:  # it may have been deleted, and whoever imports it wants to see it
        if store.annotation(run_id).deleted_at is not None:
            store.annotate(run_id, lambda noted: replace(noted, deleted_at=None))
    new = tuple(run.records[0].run_id for run in whole)
    return Imported(tuple(ids), new, tuple(known), tuple(renamed))


def read_file(data: bytes) -> list[ReadRun]:
    """The runs that a file holds, unchecked but for their form. Raises ImportRefused."""
    if len(data) > MAX_BYTES:
        raise ImportRefused(f"it is larger than {MAX_BYTES // 2**20} MB")
    for start, words in _PACKED.items():
        if data.startswith(start):
            raise ImportRefused(f"it is {words}. Unpack it, and import the files one by one")
    for start, words in _TABLES.items():
        if data.startswith(start):
            raise ImportRefused(f"it is {words}. Runs are imported from JSONL or from the one HTML file")
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
    if not there or tuple(there) == run.records:
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
