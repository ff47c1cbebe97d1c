"""What a reward makes of rows: a score each, or why there is none, and all of them summed up."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

State = Literal["scored", "unscored", "failed", "waiting"]


@dataclass(frozen=True, slots=True)
class RowError:
    """An error of the reward on one row. type: of the exception. line: of the reward's source, from 1, if it is known."""

    type: str
    message: str
    line: int | None = None


@dataclass(frozen=True, slots=True)
class RowScore:
    """The score of one row.

    id, group: the row's. value: None where the reward gave none, which never counts as 0. parts: what the value is made of.
    feedback: the reward's reason. error: why there is no score. framework_outcome: what the framework that the reward was
    written for makes of such an error, in words; "" where that is not known. stdout: what the reward printed.
    waits: whether it has no score because nobody has allowed the question to its judge.
    """

    id: str
    group: str | None = None
    value: float | None = None
    parts: Mapping[str, float] = field(default_factory=dict)
    feedback: str = ""
    error: RowError | None = None
    framework_outcome: str = ""
    stdout: str = ""
    waits: bool = False

    @property
    def state(self) -> State:
        """Whether it has a score; "unscored" is the reward's own word, None or NaN."""
        if self.waits:
            return "waiting"
        if self.error is not None:
            return "failed"
        return "unscored" if self.value is None else "scored"

    def to_json(self) -> dict[str, Any]:
        """The score as JSON data."""
        error = self.error
        return {
            "id": self.id,
            "group": self.group,
            "value": self.value,
            "parts": dict(self.parts),
            "feedback": self.feedback,
            "error": None
            if error is None
            else {"type": error.type, "message": error.message, "line": error.line},
            "framework_outcome": self.framework_outcome,
            "stdout": self.stdout,
        }


@dataclass(frozen=True, slots=True)
class ErrorCount:
    """An error that several rows share: their count, and the first of them."""

    error: RowError
    count: int
    first_row: int


@dataclass(frozen=True, slots=True)
class Summary:
    """All rows summed up. mean, low, high: of those that have a score; None without any. errors: the most frequent first."""

    rows: int
    scored: int
    unscored: int
    failed: int
    mean: float | None
    low: float | None
    high: float | None
    errors: tuple[ErrorCount, ...] = ()
    waiting: int = 0


@dataclass(frozen=True, eq=False)  # told apart by identity: there may be very many rows
class Scores:
    """What one reward made of rows.

    rows: as many as there were rows, in their order. shape: the framework whose form the reward has. functions: name -> weight.
    took_s: seconds for all. judge_calls: how often a model was asked; 0 if none was. changed_alone: places of rows that have another score when
    they are scored alone. refusals: what the sandbox refused. confinement: the restrictions on the worker.
    """

    rows: tuple[RowScore, ...]
    shape: str = "refine"
    functions: Mapping[str, float] = field(default_factory=dict)
    took_s: float = 0.0
    judge_calls: int = 0
    changed_alone: tuple[int, ...] = ()
    refusals: tuple[str, ...] = ()
    confinement: tuple[str, ...] = ()

    @cached_property
    def summary(self) -> Summary:
        """Counts and the range of the scores."""
        return summarize(self.rows)

    def count_passed(self, threshold: float) -> int:
        """How many rows have at least this score."""
        return sum(row.value is not None and row.value >= threshold for row in self.rows if row.error is None)

    def to_json(self, threshold: float | None = None) -> dict[str, Any]:
        """The scores as JSON data, as `refinescope score --json` prints them; docs/command-line.md describes the form."""
        summary = self.summary
        return {
            "shape": self.shape,
            "functions": [{"name": name, "weight": weight} for name, weight in self.functions.items()],
            "rows": [row.to_json() for row in self.rows],
            "summary": {
                "rows": summary.rows,
                "scored": summary.scored,
                "unscored": summary.unscored,
                "failed": summary.failed,
                "mean": summary.mean,
                "low": summary.low,
                "high": summary.high,
                "threshold": threshold,
                "passed": None if threshold is None else self.count_passed(threshold),
                "changed_alone": [self.rows[i].id for i in self.changed_alone],
                "refusals": list(self.refusals),
            },
        }


def summarize(rows: tuple[RowScore, ...]) -> Summary:
    """Sum up the scores of rows. Those without a score are in no mean."""
    states = Counter(row.state for row in rows)
    values = [row.value for row in rows if row.error is None and row.value is not None]
    return Summary(
        len(rows),
        states["scored"],
        states["unscored"],
        states["failed"],
        math.fsum(values) / len(values) if values else None,
        min(values, default=None),
        max(values, default=None),
        _count_errors(rows),
        states["waiting"],
    )


def _count_errors(rows: tuple[RowScore, ...]) -> tuple[ErrorCount, ...]:
    """Errors of one type at one line are the same error, whatever value their message names."""
    first: dict[tuple[int | None, str], tuple[int, RowError]] = {}
    counts: Counter[tuple[int | None, str]] = Counter()
    for i, row in enumerate(rows):
        if row.error is not None:
            key = (row.error.line, row.error.type)
            first.setdefault(key, (i, row.error))
            counts[key] += 1
    return tuple(ErrorCount(first[key][1], count, first[key][0]) for key, count in counts.most_common())
