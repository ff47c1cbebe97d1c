"""A dataset: a table of inputs that does not change. Another version has another number."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

ColumnRole = Literal["input", "reward only", "left out"]
"""What a column is: an input of the program; a value that only the reward sees, such as the right answer; or nothing."""


AS_IT_IS, TEXT, NUMBER, TRUTH, JSON = "", "text", "number", "true or false", "JSON"
REWARD_TYPES: Final = (AS_IT_IS, TEXT, NUMBER, TRUTH, JSON)
"""How the values of a column are read that only the reward sees."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the table. name: as in the table. role: what it is. field: what its value is called in a run's inputs.

    type: what its values are: of an input the type as the signature writes it; of a value for the reward one of REWARD_TYPES.
    """

    name: str
    role: ColumnRole
    field: str = ""
    type: str = ""


@dataclass(frozen=True, slots=True)
class DatasetRow:
    """One row. number: from 1, the same in every later version. values: field -> value, all that a run gets as its inputs.

    source: where it stands, for people: "headlines.csv, line 3".
    """

    number: int
    values: Mapping[str, object]
    source: str = ""


@dataclass(frozen=True, slots=True)
class Dataset:
    """A version of a dataset. version: from 1. rows: in order, row n has number n + 1. created_at: seconds since the epoch.

    pending: it was kept while rows of its table could not be run, or none, and nobody has said yet that these may be left out. It is
    there so that nothing is lost; no experiment begins with it.
    """

    id: str
    name: str
    version: int
    columns: tuple[Column, ...]
    rows: Sequence[DatasetRow]
    created_at: float = 0.0
    pending: bool = False

    def fields(self, role: ColumnRole) -> tuple[str, ...]:
        """The fields of the columns that have this role."""
        return tuple(column.field or column.name for column in self.columns if column.role == role)
