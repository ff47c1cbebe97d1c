"""A dataset as it is kept beside its rows: its parts, which are written once, and its versions, which never change.

A part is a table that was brought. A version takes some of them, says what the columns are, and which rows are left out.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from refine_core.datasets.dataset import Column
from refine_core.log import codec

logger = logging.getLogger("refine_core")


@dataclass(frozen=True, slots=True)
class Part:
    """A table that was brought. rows: that are kept. The rest as Table has it."""

    name: str
    read_as: str
    columns: tuple[str, ...]
    rows: int
    total: int
    is_text: bool
    renamed: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Version:
    """parts: which it has, from 1. skipped: places of the rows that are left out, "3,7-9", from 0. rows: how many are left.

    pending: as of a Dataset.
    """

    parts: tuple[int, ...]
    columns: tuple[Column, ...]
    skipped: str
    rows: int
    created_at: float
    pending: bool = False


@dataclass(frozen=True, slots=True)
class Document:
    """A dataset. versions: the first has number 1. is_hidden: whether lists leave it out, as nobody brought it but a lesson."""

    id: str
    name: str
    parts: tuple[Part, ...] = ()
    versions: tuple[Version, ...] = ()
    is_hidden: bool = False

    def write(self) -> str:
        """The document as JSON text, for a store."""
        return codec.dumps(self)


def read_document(dataset_id: str, text: str) -> Document | None:
    """The inverse of `write`; None for one that cannot be read, perhaps of a newer version."""
    try:
        return codec.build(Document, codec.loads(text))  # type: ignore[arg-type]  # what it is shows on the next line
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        logger.warning(
            "dataset %r cannot be read (%s); it is left as it is", dataset_id, type(error).__name__
        )
        return None


def write_places(places: Iterable[int]) -> str:
    """Places in ascending order as ranges: "3,7-9"."""
    ranges: list[list[int]] = []
    for place in places:
        if ranges and ranges[-1][1] == place - 1:
            ranges[-1][1] = place
        else:
            ranges.append([place, place])
    return ",".join(str(low) if low == high else f"{low}-{high}" for low, high in ranges)


def read_places(text: str) -> Iterator[int]:
    """The inverse of `write_places`."""
    for part in filter(None, text.split(",")):
        low, _, high = part.partition("-")
        yield from range(int(low), int(high or low) + 1)
