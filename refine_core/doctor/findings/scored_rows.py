"""Rows with their scores, as the findings on rows read them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from refine_core.doctor.answers.outputs import read_text
from refine_core.doctor.answers.right_answers import RightAnswer, find_right_answer
from refine_core.formatting import format_score
from refine_core.rows import Row
from refine_core.workbench.scores import RowScore

MAX_READ: Final = 5_000
QUOTED_CHARS: Final = 80
TIMEOUT: Final = "Timeout"
"""Type of the error of a row on which the reward did not come to an end: such a row is not scored again."""


@dataclass(frozen=True, eq=False)
class ScoredRows:
    """Rows and what a reward made of them, in one order.

    mentioned: names that occur in the reward's source. is_recorded: whether the scores are those that were recorded with the rows, as of
    a reward that asks a judge.
    """

    rows: Sequence[Row]
    scores: Sequence[RowScore]
    mentioned: frozenset[str] = frozenset()
    is_recorded: bool = False

    def __iter__(self) -> Iterator[tuple[Row, RowScore]]:
        return zip(self.rows, self.scores, strict=True)

    def __len__(self) -> int:
        return len(self.scores)

    @cached_property
    def scored(self) -> list[tuple[Row, float]]:
        """Rows that have a score."""
        return [(row, one.value) for row, one in self if one.value is not None and one.error is None]

    @cached_property
    def values(self) -> list[float]:
        """Their scores."""
        return [value for _, value in self.scored]

    @property
    def best(self) -> float | None:
        """The highest score."""
        return max(self.values, default=None)

    @property
    def lowest(self) -> float | None:
        """The lowest score."""
        return min(self.values, default=None)

    @cached_property
    def distinct_outputs(self) -> int:
        """How many different outputs have a score."""
        return len({prediction_key(row) for row, _ in self.scored})

    @cached_property
    def rights(self) -> list[RightAnswer | None]:
        """The right answer of each row, where it is known; of very many rows, of the first ones."""
        rest = len(self.rows) - MAX_READ
        return [find_right_answer(row, self.mentioned) for row in self.rows[:MAX_READ]] + [None] * max(
            0, rest
        )


def prediction_key(row: Row) -> str:
    """A row's prediction as text, equal for equal predictions, whatever their inputs."""
    return json.dumps(dict(row.prediction), sort_keys=True, default=str)


def quote(text: str) -> str:
    """A text on one line, in quotation marks; of a long one both ends, as an answer often stands at the end."""
    line = text.replace("\n", "↵")
    if len(line) <= QUOTED_CHARS:
        return f"“{line}”"
    return f"“{line[: QUOTED_CHARS // 3]}…{line[-QUOTED_CHARS // 2 :]}”"


def quote_output(row: Row, field: str | None = None) -> str:
    """A row's output, quoted: one field of it, or the only one, or all of them."""
    if field is None and len(row.prediction) == 1:
        field = next(iter(row.prediction))
    value = row.prediction[field] if field is not None else dict(row.prediction)
    text = read_text(value)
    return quote(text if text is not None else json.dumps(value, ensure_ascii=False, default=str))


def describe_score(value: float | None) -> str:
    """A score to two decimals; "no score" for None."""
    return "no score" if value is None else format_score(value)


def describe_change(old: float | None, new: float | None) -> str:
    """Two scores of one output, such as "0.62, then 0.11"; with more decimals where two do not tell them apart."""
    first, then = describe_score(old), describe_score(new)
    if first == then and old is not None and new is not None:
        first, then = f"{old:.6g}", f"{new:.6g}"
    return f"{first}, then {then}"
