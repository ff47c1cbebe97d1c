"""What a file holds before anybody says what it means: records with named values, each with its place."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from refine_core.rows.limits import DEPTH, ROW_CHARS


@dataclass(frozen=True, slots=True)
class Record:
    """Named values. place: "line 3". error: why there are none, such as "7 values for 6 columns"; else ""."""

    place: str
    values: Mapping[str, Any] = field(default_factory=dict)
    error: str = ""


@dataclass(frozen=True, slots=True)
class Records:
    """The records of a file, which may be read more than once.

    kind: "CSV". details: of the kind, for people: "UTF-8, comma". read: begins at the first record each time; it may raise RowsError.
    columns: their names where a header says them; () where each record may have its own. renamed: name of a column -> its name in
    the header, where another column has that.
    """

    kind: str
    read: Callable[[], Iterator[Record]]
    details: str = ""
    columns: tuple[str, ...] = ()
    renamed: Mapping[str, str] = field(default_factory=dict)

    def sample(self, count: int = 20) -> list[Record]:
        """The first records that can be read."""
        return list(islice((record for record in islice(self.read(), 10 * count) if not record.error), count))


def check_value(value: object, chars: int) -> str:
    """What is wrong with a record of that many characters: too long, or nested too deep; "" if nothing is."""
    if chars > ROW_CHARS:
        return (
            f"it has {chars / 1e6:,.1f} million characters; a row may have {ROW_CHARS // 1_000_000} million"
        )
    return f"its lists and objects are nested more than {DEPTH} deep" if _is_deeper(value, DEPTH) else ""


def _is_deeper(value: object, depth: int) -> bool:
    if isinstance(value, dict):
        return depth == 0 or any(
            _is_deeper(one, depth - 1) for one in value.values() if isinstance(one, (dict, list))
        )
    if isinstance(value, list):
        return depth == 0 or any(_is_deeper(one, depth - 1) for one in value if isinstance(one, (dict, list)))
    return False
