"""An experiment as it is kept: which rows, which arms, how often each, and what it may spend.

    Experiment, rows, repeats --cells--> Cell --run_id--> an ordinary run

The id of a cell's run follows from the cell. So nothing is written down for a cell that has not begun, and a cell has begun exactly
if its run is in the store.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from refine_core.spec import ProgramSpec

MAX_REPEATS: Final = 100


@dataclass(frozen=True, slots=True)
class Arm:
    """One of the programs that are compared.

    key: one lower-case letter or more, unique in the experiment and never given twice: it stands in the ids of runs. name: for people.
    spec: what is run, without inputs, which come from the rows.
    """

    key: str
    name: str
    spec: ProgramSpec


@dataclass(frozen=True, slots=True)
class Budget:
    """What an experiment may spend: it stops before the first call after that. None: as much as it takes. calls, tokens: of all arms."""

    calls: int | None = None
    tokens: int | None = None
    usd: float | None = None


@dataclass(frozen=True, slots=True)
class RateLimit:
    """What one model is asked at most. at_once: calls under way. None: no limit but the server's own refusals."""

    at_once: int = 8
    requests_per_minute: int | None = None
    tokens_per_minute: int | None = None

    def takes_s(self, calls: float, tokens: float = 0.0) -> float:
        """How long so many calls and tokens take by the limits a minute, however fast the model is."""
        shares = ((calls, self.requests_per_minute), (tokens, self.tokens_per_minute))
        return max((60.0 * amount / most for amount, most in shares if most), default=0.0)


@dataclass(frozen=True, slots=True)
class Cell:
    """One run of an experiment: an arm on a row, for one of the repeats.

    row, repeat: from 1. again: how often it was begun again after a failure.
    """

    arm: str
    row: int
    repeat: int
    again: int = 0

    @property
    def name(self) -> str:
        """Arm, row and repeat in one word: "a00017-2". The same however often it was begun again."""
        return f"{self.arm}{self.row:05d}-{self.repeat}"

    def run_id(self, experiment_id: str) -> str:
        """The id of its run: "20261130-101500-1a2b3c4d-a00017-2", and "…-2-r1" once it was begun again."""
        again = f"-r{self.again}" if self.again else ""
        return f"{experiment_id}-{self.name}{again}"


@dataclass(frozen=True, slots=True)
class Experiment:
    """What is compared, on what.

    dataset_id, dataset_version: the table. rows: how many of its rows, the first ones; None: all. repeats: of each row in each arm.
    seed: of the first repeat; the next one has the next seed, in every arm. rate_limits: label of a model -> its limits; a model that is
    not named has the default ones. again: name of a cell -> how often it was begun again. lesson: name of the lesson that it belongs to, or
    "": lists of experiments leave it out.
    """

    id: str
    name: str
    created_at: float
    dataset_id: str
    dataset_version: int
    arms: tuple[Arm, ...]
    rows: int | None = None
    repeats: int = 1
    seed: int = 0
    budget: Budget = Budget()
    rate_limits: Mapping[str, RateLimit] = field(default_factory=dict)
    again: Mapping[str, int] = field(default_factory=dict)
    lesson: str = ""

    def cells(self, row_count: int) -> Iterator[Cell]:
        """Every cell, in the order in which they are run: all arms of a row before the next row, all rows before the next repeat.

        row_count: of the dataset's version.
        """
        for repeat in range(1, self.repeats + 1):
            for row in range(1, self.count_rows(row_count) + 1):
                for arm in self.arms:
                    cell = Cell(arm.key, row, repeat)
                    again = self.again.get(cell.name, 0) if self.again else 0
                    yield replace(cell, again=again) if again else cell

    def count_rows(self, row_count: int) -> int:
        """How many rows are run, where the dataset's version has so many."""
        return row_count if self.rows is None else min(self.rows, row_count)

    def arm(self, key: str) -> Arm:
        """The arm of that key. Raises KeyError."""
        for arm in self.arms:
            if arm.key == key:
                return arm
        raise KeyError(key)
