"""Rows on their way to the worker: as JSON, in frames of some megabytes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Protocol

from refine_core.errors import RewardError
from refine_core.rewards.exchange import encode_arguments
from refine_core.rewards.limits import ROWS_BYTES, ROWS_FRAME_BYTES
from refine_core.rewards.wire import MAX_FRAME_BYTES, measure

_MARGIN_BYTES = 1 << 16  # of a frame, for what stands around the rows


class ScorableRow(Protocol):
    """What is scored. group: rows of one group stay together. expected: a mapping by name, or one value, or None."""

    @property
    def group(self) -> str | None: ...
    @property
    def inputs(self) -> Mapping[str, object]: ...
    @property
    def prediction(self) -> Mapping[str, object]: ...
    @property
    def expected(self) -> object: ...


def list_row_frames(
    rows: Iterable[ScorableRow], unsendable: dict[int, RewardError], first: int = 0
) -> Iterator[list[object]]:
    """The rows as JSON, as many to a frame as ROWS_FRAME_BYTES allow.

    unsendable: is filled with place -> error of rows that cannot be handed over; an empty row stands in their place.
    first: the place of the first of these rows.
    Raises: RewardError, "TooLarge", for more than ROWS_BYTES in all.
    """
    part: list[object] = []
    size = total = 0
    for i, row in enumerate(rows, first):
        encoded: object
        try:
            encoded = encode_row(row.inputs, row.prediction, row.expected, row.group)
            size_bytes = measure(encoded)
            if size_bytes > MAX_FRAME_BYTES - _MARGIN_BYTES:
                raise RewardError(f"the row has {size_bytes} bytes, which are too many", type_name="TooLarge")  # noqa: TRY301  # kept for the row, as any other
        except RewardError as error:
            unsendable[i], encoded, size_bytes = error, [None, {}, {}, None], 32
        total += size_bytes
        if total > ROWS_BYTES:
            raise RewardError(
                f"the rows are larger than {ROWS_BYTES >> 20} MiB; score fewer at once", type_name="TooLarge"
            )
        if part and size + size_bytes > ROWS_FRAME_BYTES:
            yield part
            part, size = [], 0
        part.append(encoded)
        size += size_bytes
    if part:
        yield part


def encode_row(
    inputs: Mapping[str, object],
    prediction: Mapping[str, object],
    expected: object = None,
    group: str | None = None,
) -> list[object]:
    """A row as row_values.py reads it. Raises: RewardError for a value that cannot be passed to another process."""
    if expected is None:
        about: object = None
    elif isinstance(expected, Mapping) and set(expected) == {
        "expected"
    }:  # how rows name a value without a name
        about = {"bare": encode_arguments("expected value", expected)["expected"]}
    elif isinstance(expected, Mapping):
        about = {"named": encode_arguments("expected value", expected)}
    else:
        about = {"bare": encode_arguments("row", {"expected": expected})["expected"]}
    return [group, encode_arguments("input", inputs), encode_arguments("output", prediction), about]
