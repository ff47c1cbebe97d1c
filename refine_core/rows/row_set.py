"""Many rows in little memory: each is kept as bytes, and becomes a Row again when somebody looks at it.

A page of a table reads a hundred of them; whatever scores them reads them one after another.
"""

from __future__ import annotations

import json
import math
from array import array
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, replace
from itertools import accumulate, chain
from typing import overload

import ujson

from refine_core.concurrency.cancellation import Cancel
from refine_core.errors import RowsError
from refine_core.rows.limits import FILE_BYTES, ROWS
from refine_core.rows.row import Row

OnProgress = Callable[[int], None]
"""Called with the number of rows read so far."""

_encode = json.JSONEncoder(ensure_ascii=False).encode
_EVERY = 500  # rows between two looks at whether to go on


@dataclass(frozen=True, slots=True)
class Columns:
    """Names of all values that rows have, each in the order of first appearance."""

    inputs: tuple[str, ...] = ()
    prediction: tuple[str, ...] = ()
    expected: tuple[str, ...] = ()
    parts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Problem:
    """A row that cannot be read. place: "line 17". message: why, such as “score” is “high”, not a number."""

    place: str
    message: str


class RowSet(Sequence[Row]):
    """Rows that do not change. Indexing and iterating make new Row objects.

    name: of the file, or what else they come from. format: what it was read as, such as "our own rows".
    notes: sentences about what was left out or chosen, to be shown. problems: the first of the rows that cannot be read and were left
    out; bad_count: how many there are. groups, scored, labelled: how many groups there are, and
    how many rows have a reward, a label.
    """

    def __init__(
        self,
        rows: Iterable[Row],
        *,
        name: str = "",
        format: str = "",  # noqa: A002  # the word for it
        on_progress: OnProgress | None = None,
        cancel: Cancel | None = None,
    ) -> None:
        self.name, self.format = name, format
        self._packed, self._ends, self._rewards = bytearray(), array("Q"), array("d")
        names: tuple[dict[str, None], ...] = ({}, {}, {}, {})
        groups: set[str] = set()
        self.scored = self.labelled = 0
        for row in rows:
            for seen, values in zip(
                names, (row.inputs, row.prediction, row.expected, row.parts), strict=True
            ):
                if not values.keys() <= seen.keys():
                    seen.update(dict.fromkeys(values))
            if row.group is not None:
                groups.add(row.group)
            self.scored += row.reward is not None
            self.labelled += row.label is not None
            self._packed += _pack(row)
            self._ends.append(len(self._packed))
            self._rewards.append(math.nan if row.reward is None else row.reward)
            if len(self._packed) > FILE_BYTES or len(self._ends) > ROWS:
                raise RowsError(
                    f"{name or 'The file'} has more than {ROWS:,} rows, or more than {FILE_BYTES >> 20} MB of them. Take a part of it.",
                    file=name,
                )
            if len(self._ends) % _EVERY == 0:
                if cancel is not None:
                    cancel.check()
                if on_progress is not None:
                    on_progress(len(self._ends))
        self.columns = Columns(*map(tuple, names))
        self.groups = len(groups)
        self.notes: tuple[str, ...] = ()
        self.problems: tuple[Problem, ...] = ()
        self.bad_count = 0
        self.given_labels: dict[int, str | None] = {}

    def with_labels(self, labels: Mapping[int, str | None]) -> RowSet:
        """The same rows, those at these positions with another label, or none. Nothing is copied; `dump` has the old ones."""
        other = copy(self)
        other.given_labels = {place: label for place, label in labels.items() if 0 <= place < len(self)}
        for place, label in other.given_labels.items():
            other.labelled += (label is not None) - (self[place].label is not None)
        return other

    def __len__(self) -> int:
        return len(self._ends)

    @overload
    def __getitem__(self, index: int) -> Row: ...
    @overload
    def __getitem__(self, index: slice) -> list[Row]: ...
    def __getitem__(self, index: int | slice) -> Row | list[Row]:
        if isinstance(index, slice):
            return [self._row(i) for i in range(*index.indices(len(self)))]
        if not -len(self) <= index < len(self):
            raise IndexError(f"row {index} of {len(self)}")
        return self._row(index % len(self))

    def __iter__(self) -> Iterator[Row]:
        return map(self._row, range(len(self)))

    def __repr__(self) -> str:
        return f"RowSet({self.name!r}, {self.format!r}, {len(self)} rows)"

    def reward_of(self, index: int) -> float | None:
        """The recorded reward of a row, without making the row."""
        reward = self._rewards[index]
        return None if math.isnan(reward) else reward

    def dump(self) -> str:
        """The rows as text, a line each, for a store; `load` is the inverse."""
        try:
            return self._packed.decode()
        except UnicodeDecodeError:  # half of a surrogate pair is written as an escape
            return "".join(f"{json.dumps(_fields(row))}\n" for row in self)

    @classmethod
    def load(cls, text: str, *, name: str = "", format: str = "") -> RowSet:  # noqa: A002  # the word for it
        """The rows that `dump` wrote."""
        lines = text.split("\n")
        return cls((Row(*json.loads(line)) for line in lines if line), name=name, format=format)

    @property
    def size_bytes(self) -> int:
        """How much memory the rows take."""
        return len(self._packed) + len(self._ends) * (self._ends.itemsize + self._rewards.itemsize)

    def _row(self, index: int) -> Row:
        start = self._ends[index - 1] if index else 0
        row = _unpack(self._packed[start : self._ends[index]])
        return replace(row, label=self.given_labels[index]) if index in self.given_labels else row


class JoinedRows(Sequence[Row]):
    """Rows of several origins, one behind the other, as one sequence. Nothing is copied."""

    def __init__(self, *rows: Sequence[Row]) -> None:
        self._rows = rows
        self._ends = [*accumulate(map(len, rows))]

    def __len__(self) -> int:
        return self._ends[-1] if self._ends else 0

    @overload
    def __getitem__(self, index: int) -> Row: ...
    @overload
    def __getitem__(self, index: slice) -> list[Row]: ...
    def __getitem__(self, index: int | slice) -> Row | list[Row]:
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        which, inside = self._locate(index)
        return self._rows[which][inside]

    def __iter__(self) -> Iterator[Row]:
        return chain.from_iterable(self._rows)

    def reward_of(self, index: int) -> float | None:
        """The recorded reward of a row."""
        which, inside = self._locate(index)
        rows = self._rows[which]
        return rows.reward_of(inside) if isinstance(rows, RowSet) else rows[inside].reward

    @property
    def labelled(self) -> int:
        """How many rows have a label."""
        return sum(
            rows.labelled if isinstance(rows, RowSet) else sum(row.label is not None for row in rows)
            for rows in self._rows
        )

    def _locate(self, index: int) -> tuple[int, int]:
        if not -len(self) <= index < len(self):
            raise IndexError(f"row {index} of {len(self)}")
        index %= len(self)
        which = bisect_right(self._ends, index)
        return which, index - (self._ends[which - 1] if which else 0)


def _pack(row: Row) -> bytes:
    fields = _fields(row)
    try:
        return (
            ujson.dumps(fields, ensure_ascii=False, escape_forward_slashes=False, allow_nan=False).encode()
            + b"\n"
        )
    except (ValueError, OverflowError):  # NaN, half of a surrogate pair, an integer beyond 64 bits
        return _encode(fields).encode("utf-8", "surrogatepass") + b"\n"


def _fields(row: Row) -> list[object]:
    return [
        row.id, row.inputs, row.prediction, row.expected, row.group,
        row.reward, row.parts, row.label, row.source, row.feedback,
    ]  # fmt: skip


def _unpack(packed: bytes | bytearray) -> Row:
    return Row(*json.loads(packed.decode("utf-8", "surrogatepass")))
