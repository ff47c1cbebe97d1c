"""Records in little memory: each is kept as a line of JSON, and becomes a Record again when somebody looks at it."""

from __future__ import annotations

import json
from array import array
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import overload

import ujson

from refine_core.rows.records import Record

_encode = json.JSONEncoder(ensure_ascii=True).encode


class PackedRecords(Sequence[Record]):
    """Records that do not change, in order. Indexing and iterating make new Record objects; `text` is what a store keeps."""

    def __init__(self, packed: bytes = b"") -> None:
        self._packed = bytearray(packed)
        self._ends = array("Q")
        end = 0
        while end < len(packed):
            end = packed.index(b"\n", end) + 1
            self._ends.append(end)

    @classmethod
    def of(cls, records: Iterable[Record]) -> PackedRecords:
        """These records."""
        packed = cls()
        for record in records:
            packed.append(record)
        return packed

    def append(self, record: Record) -> None:
        """Add one at the end: while the records are read, and never after."""
        self._packed += _pack(record)
        self._ends.append(len(self._packed))

    @property
    def size_bytes(self) -> int:
        """How much memory they take."""
        return len(self._packed) + len(self._ends) * self._ends.itemsize

    @property
    def text(self) -> str:
        """A line a record."""
        return self._packed.decode()

    def __len__(self) -> int:
        return len(self._ends)

    @overload
    def __getitem__(self, index: int) -> Record: ...
    @overload
    def __getitem__(self, index: slice) -> list[Record]: ...
    def __getitem__(self, index: int | slice) -> Record | list[Record]:
        if isinstance(index, slice):
            return [self._record(i) for i in range(*index.indices(len(self)))]
        if not -len(self) <= index < len(self):
            raise IndexError(f"record {index} of {len(self)}")
        return self._record(index % len(self))

    def __iter__(self) -> Iterator[Record]:
        return map(self._record, range(len(self)))

    def _record(self, index: int) -> Record:
        start = self._ends[index - 1] if index else 0
        place, values, error = json.loads(self._packed[start : self._ends[index]])
        return Record(place, values, error)


def join(parts: Iterable[PackedRecords]) -> PackedRecords:
    """The records of all parts, one behind the other."""
    parts = list(parts)
    return parts[0] if len(parts) == 1 else PackedRecords.of(chain.from_iterable(parts))


def _pack(record: Record) -> bytes:
    fields = [record.place, record.values, record.error]
    try:
        packed = ujson.dumps(fields, ensure_ascii=False, escape_forward_slashes=False, allow_nan=False)
        return packed.encode() + b"\n"
    except (ValueError, OverflowError):  # NaN, half of a surrogate pair, an integer beyond 64 bits
        return _encode(fields).encode() + b"\n"
