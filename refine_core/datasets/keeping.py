"""Datasets in the store: rows as they were found, and versions that say which of them there are and what the columns are.

    document "dataset" ID            names, parts, versions              document "dataset-rows ID" 1, 2 …   rows, a line each

Rows are written once. A version more is a part more, or another reading of the same rows; a version that is there never changes.
"""

from __future__ import annotations

import time
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import accumulate
from typing import Final, overload

from refine_core.datasets.checking import RowReader, TableProblem, describe_excess
from refine_core.datasets.dataset import Column, Dataset, DatasetRow
from refine_core.datasets.document import Document, Part, Version, read_document, read_places, write_places
from refine_core.datasets.limits import MAX_ROWS
from refine_core.datasets.packed import PackedRecords, join
from refine_core.datasets.table import Table
from refine_core.errors import RowsError
from refine_core.formatting import join_words, pluralize
from refine_core.rows.records import Record
from refine_core.store.protocol import DATASET_KIND, DATASET_ROWS_KIND, EXPERIMENT_KIND, Store

_IN_MEMORY: Final = 4


@dataclass(frozen=True, slots=True)
class ListedDataset:
    """A dataset in a list, without its rows. rows, columns, version: of its newest version. used: by how many experiments."""

    id: str
    name: str
    version: int
    rows: int
    columns: tuple[Column, ...]
    created_at: float
    used: int = 0


class KeptRows(Sequence[DatasetRow]):
    """The rows of a version. Indexing and iterating make new DatasetRow objects."""

    def __init__(
        self,
        records: Sequence[Record],
        places: Sequence[int],
        columns: Sequence[Column],
        ends: Sequence[tuple[int, str]],
    ) -> None:
        self._records, self._places, self._reader, self._ends = records, places, RowReader(columns), ends

    def __len__(self) -> int:
        return len(self._places)

    @overload
    def __getitem__(self, index: int) -> DatasetRow: ...
    @overload
    def __getitem__(self, index: slice) -> list[DatasetRow]: ...
    def __getitem__(self, index: int | slice) -> DatasetRow | list[DatasetRow]:
        if isinstance(index, slice):
            return [self._row(i) for i in range(*index.indices(len(self)))]
        if not -len(self) <= index < len(self):
            raise IndexError(f"row {index} of {len(self)}")
        return self._row(index % len(self))

    def __iter__(self) -> Iterator[DatasetRow]:
        return map(self._row, range(len(self)))

    def _row(self, index: int) -> DatasetRow:
        place = self._places[index]
        record = self._records[place]
        name = next(name for end, name in self._ends if place < end)
        return DatasetRow(index + 1, self._reader.read(record)[0], f"{name}, {record.place}")


def keep(
    store: Store,
    table: Table,
    columns: Sequence[Column],
    *,
    skip_bad: bool = False,
    pending: bool = False,
    extends: str | None = None,
    version: int | None = None,
    is_hidden: bool = False,
) -> Dataset:
    """Keep a table as a dataset, and return it; equal tables, read in the same way, are kept once.

    columns: of the table; one that is not named is left out. skip_bad: leave out the rows that cannot be read so; without it the first
    of them is a RowsError. pending: keep it all the same, as one that no experiment begins with. extends: the id of a dataset that gets
    these rows behind its own, whose numbers stay, and version: behind those of that version, else of the newest. Bad rows of it may be
    left out already, and one that waits for somebody to say so goes on waiting. is_hidden: lists leave it out, until somebody brings it.
    Raises RowsError, StoreError; then nothing was kept.
    """
    if table.total > len(table) and not skip_bad and not pending:
        raise RowsError(f"{table.name}: {describe_excess(table)}.", file=table.name)
    kept = _find(store, table.digest if extends is None else extends)
    if extends is not None:
        if kept is None:
            raise RowsError(
                "The dataset is not here any more, so nothing can be added to it.", file=table.name
            )
        last = _version_of(kept, version)
        if last is None:
            raise RowsError(f"{kept.name} has no version {version}.", file=table.name)
        return _extend(store, kept, last, table, skip_bad=skip_bad, pending=pending)
    document = kept or Document(table.digest, table.name, (_part(table),), is_hidden=is_hidden)
    if document.is_hidden and not is_hidden:
        document = replace(document, is_hidden=False)
        store.put(DATASET_KIND, document.id, document.write())
    first = _version(document, (1,), columns, table.records, skip_bad=skip_bad, pending=pending)
    if kept is None:
        store.put(_rows_kind(document.id), "1", table.records.text)
    return _put(store, document, first)


def set_columns(
    store: Store,
    dataset_id: str,
    columns: Sequence[Column],
    version: int | None = None,
    *,
    skip_bad: bool = False,
    pending: bool = False,
) -> Dataset | None:
    """The same rows, with columns that are something else: a version more, unless there is one that is so already.

    version: whose rows; the newest one's, unless it is named. None if there is no such dataset. Raises RowsError, StoreError.
    """
    document = _find(store, dataset_id)
    found = _version_of(document, version)
    if document is None or found is None:
        return None
    records = _records(store, document.id, found.parts)
    return _put(
        store, document, _version(document, found.parts, columns, records, skip_bad=skip_bad, pending=pending)
    )


def get(store: Store, dataset_id: str, version: int | None = None) -> Dataset | None:
    """A version of a dataset, or its newest one; None if it is not here. Raises StoreError."""
    document = _find(store, dataset_id)
    found = _version_of(document, version)
    if document is None or found is None:
        return None
    return _read(store, document.id, document.versions.index(found) + 1)  # type: ignore[arg-type]  # hashed by its identity


def get_table(store: Store, dataset_id: str, version: int | None = None) -> Table | None:
    """The table that a version was read from, with the rows that are left out; None if it is not here. Raises StoreError."""
    document = _find(store, dataset_id)
    found = _version_of(document, version)
    if document is None or found is None:
        return None
    return _read_table(store, document.id, found.parts)  # type: ignore[arg-type]  # hashed by its identity


def list_datasets(store: Store) -> list[ListedDataset]:
    """The datasets, the newest first. No row is read. Raises StoreError."""
    experiments = list(store.documents(EXPERIMENT_KIND).values())
    listed = []
    for dataset_id, text in store.documents(DATASET_KIND).items():
        document = read_document(dataset_id, text)
        if document is None or not document.versions or document.is_hidden:
            continue
        newest = document.versions[-1]
        listed.append(
            ListedDataset(
                dataset_id,
                document.name,
                len(document.versions),
                newest.rows,
                newest.columns,
                newest.created_at,
                sum(dataset_id in one for one in experiments),
            )
        )
    return sorted(listed, key=lambda one: one.created_at, reverse=True)


def delete(store: Store, dataset_id: str) -> bool:
    """Remove a dataset with all its versions; whether there was one. Raises RowsError where an experiment has it; StoreError."""
    used = sum(dataset_id in text for text in store.documents(EXPERIMENT_KIND).values())
    if used:
        raise RowsError(
            f"{pluralize(used, 'experiment')} {'has' if used == 1 else 'have'} these inputs. Delete {'it' if used == 1 else 'them'} first."
        )
    was_there = store.drop(DATASET_KIND, dataset_id)
    for name in store.documents(_rows_kind(dataset_id)):
        store.drop(_rows_kind(dataset_id), name)
    _read.cache_clear()
    _read_table.cache_clear()
    return was_there


def _extend(
    store: Store, document: Document, last: Version, table: Table, *, skip_bad: bool, pending: bool
) -> Dataset:
    missing = [c.name for c in last.columns if c.role == "input" and c.name not in table.columns]
    if missing:
        raise RowsError(
            f"{table.name} has no column {join_words(missing)}, which {document.name} has.", file=table.name
        )
    before = _records(store, document.id, last.parts)
    if len(before) + len(table) > MAX_ROWS:
        raise RowsError(
            f"{document.name} would have more than {MAX_ROWS:,} rows with these.", file=table.name
        )
    new = RowReader(last.columns)
    good = [place for place, record in enumerate(table.records) if not new.read(record)[1]]
    is_whole = len(good) == table.total
    if not good or not (is_whole or skip_bad or pending):
        raise _refusal(table.name, table.records, last.columns)
    extended = replace(document, parts=(*document.parts, _part(table)))
    parts = (*last.parts, len(extended.parts))
    skipped = {*read_places(last.skipped), *range(len(before), len(before) + len(table))}
    skipped -= {len(before) + place for place in good}
    version = Version(
        parts,
        last.columns,
        write_places(sorted(skipped)),
        last.rows + len(good),
        time.time(),
        last.pending or (pending and not is_whole),
    )
    store.put(_rows_kind(document.id), str(parts[-1]), table.records.text)
    return _put(store, extended, version)


def _version(
    document: Document,
    parts: tuple[int, ...],
    columns: Sequence[Column],
    records: Sequence[Record],
    *,
    skip_bad: bool,
    pending: bool,
) -> Version:
    """The version of these parts in which the columns are these."""
    named = {column.name: column for column in columns}
    names = dict.fromkeys(name for part in parts for name in document.parts[part - 1].columns)
    every = tuple(named.get(name, Column(name, "left out")) for name in names)
    reader = RowReader(every)
    skipped = [place for place, record in enumerate(records) if reader.read(record)[1]]
    if not pending and (len(skipped) == len(records) or (skipped and not skip_bad)):
        raise _refusal(document.name, records, every)
    rows = len(records) - len(skipped)
    return Version(parts, every, write_places(skipped), rows, time.time(), pending)


def _refusal(name: str, records: Sequence[Record], columns: Sequence[Column]) -> RowsError:
    """The error that names the first row that cannot be read, and counts the others."""
    reader = RowReader(columns)
    wrong = [
        (number, record.place, problems[0])
        for number, record in enumerate(records, 1)
        if (problems := reader.read(record)[1])
    ]
    if not wrong:
        return RowsError(f"{name} has no rows.", file=name)
    number, place, (column, message) = wrong[0]
    more = f" {pluralize(len(wrong) - 1, 'more row')} cannot be run." if len(wrong) > 1 else ""
    return RowsError(f"{name}, {TableProblem(message, number, place, column)}.{more}", file=name)


def _put(store: Store, document: Document, version: Version) -> Dataset:
    """Add a version to the document, unless it has one with these rows and columns."""
    for number, one in enumerate(document.versions, 1):
        if replace(one, created_at=0) == replace(version, created_at=0):
            return _read(store, document.id, number)  # type: ignore[arg-type]  # hashed by its identity
    document = replace(document, versions=(*document.versions, version))
    store.put(DATASET_KIND, document.id, document.write())
    return _read(store, document.id, len(document.versions))  # type: ignore[arg-type]  # hashed by its identity


def _part(table: Table) -> Part:
    return Part(
        table.name, table.read_as, table.columns, len(table), table.total, table.is_text, dict(table.renamed)
    )


def _find(store: Store, dataset_id: str) -> Document | None:
    text = store.documents(DATASET_KIND).get(dataset_id)
    return None if text is None else read_document(dataset_id, text)


def _version_of(document: Document | None, number: int | None) -> Version | None:
    versions = document.versions if document is not None else ()
    if number is None:
        return versions[-1] if versions else None
    return versions[number - 1] if 1 <= number <= len(versions) else None


def _rows_kind(dataset_id: str) -> str:
    return f"{DATASET_ROWS_KIND} {dataset_id}"  # a kind of its own: kinds are read as a whole


def _records(store: Store, dataset_id: str, parts: Sequence[int]) -> PackedRecords:
    texts = store.documents(_rows_kind(dataset_id))
    return join(PackedRecords(texts[str(number)].encode()) for number in parts)


@lru_cache(maxsize=_IN_MEMORY)
def _read(store: Store, dataset_id: str, number: int) -> Dataset:
    """A version, which never changes. Raises KeyError where it is not kept."""
    document = _find(store, dataset_id)
    if document is None or number > len(document.versions):
        raise KeyError(dataset_id)
    version = document.versions[number - 1]
    records = _records(store, dataset_id, version.parts)
    skipped = set(read_places(version.skipped))
    places = array("L", (place for place in range(len(records)) if place not in skipped))
    ends = [*accumulate(document.parts[part - 1].rows for part in version.parts)]
    names = [document.parts[part - 1].name for part in version.parts]
    rows = KeptRows(records, places, version.columns, [*zip(ends, names, strict=True)])
    return Dataset(
        dataset_id, document.name, number, version.columns, rows, version.created_at, version.pending
    )


@lru_cache(maxsize=_IN_MEMORY)
def _read_table(store: Store, dataset_id: str, parts: tuple[int, ...]) -> Table:
    document = _find(store, dataset_id)
    if document is None:
        raise KeyError(dataset_id)
    brought = [document.parts[part - 1] for part in parts]
    names = dict.fromkeys(name for part in brought for name in part.columns)
    return Table(
        document.name,
        brought[0].read_as,
        tuple(names),
        _records(store, dataset_id, parts),
        sum(part.total for part in brought),
        {new: old for part in brought for new, old in part.renamed.items()},
        all(part.is_text for part in brought),
    )
