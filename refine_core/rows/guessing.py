"""Which column of an unknown table is what: guesses with their reasons, and the question that is left.

Rule 1: a guess is shown with its reason, and a person accepts it; nothing here is applied by itself.
Rule 2: `answer` is the right answer in some files and the model's in others, and `label` is a right answer or a person's verdict:
these are always asked.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from refine_core.concurrency.cancellation import Cancel
from refine_core.formatting import clip
from refine_core.rows.mapping import (
    SINGLE,
    Role,
    RowMapping,
    as_text,
    check_columns,
    columns_of,
    map_record,
    number_of,
)
from refine_core.rows.records import Record, Records
from refine_core.rows.row import Row
from refine_core.rows.row_set import OnProgress

ALIASES: Final[Mapping[Role, tuple[str, ...]]] = {
    "input": ("prompt", "question", "input", "inputs", "query", "instruction", "messages", "context", "problem", "user"),
    "output": ("completion", "response", "output", "outputs", "prediction", "pred", "generated", "generation", "model_output", "assistant"),
    "expected": ("expected", "expected_output", "reference", "target", "ground_truth", "gold", "solution", "ideal", "correct_answer", "reference_answer"),
    "reward": ("reward", "score"),
    "label": ("human", "human_label", "human_score", "verdict", "rating", "annotation"),
    "group": ("group", "group_id", "prompt_id", "problem_id", "question_id", "example_id", "task_id"),
    "id": ("id", "row_id", "uuid"),
    "feedback": ("feedback", "reason", "rationale", "explanation"),
}  # fmt: skip
ASKED: Final[Mapping[str, tuple[str, ...]]] = {
    "Could be the right answer or the model's. Say which.": ("answer", "answers"),
    "Could be the right answer or a person's verdict. Say which.": ("label", "labels"),
}

_ROWS_LOOKED_AT = 20_000
_SHOWN_CHARS = 200
_NAMED = 3
_EVERY = 500
_MOST = 0.8
_DISTINCT = 10_000


@dataclass(frozen=True, slots=True)
class ColumnGuess:
    """A column of a table. first: its first value, as text, cut. role: a guess, or None where a person has to say.

    reason: why, or why not: "guessed from the name", "4 rows share each value".
    """

    column: str
    first: str
    role: Role | None
    reason: str


@dataclass(frozen=True, slots=True)
class MappingQuestion:
    """What has to be known before the rows of a table can be read. No guess has been applied.

    name: of the file. read_as: "CSV, UTF-8, comma". count: of its records. columns: in their order.
    problems: of the first records that cannot be read, each with its place; bad_count: how many there are in all.
    example: the first record's values. names: column -> what its value is called in a row, where that differs.
    """

    name: str
    read_as: str
    count: int
    columns: tuple[ColumnGuess, ...]
    problems: tuple[tuple[str, str], ...] = ()
    bad_count: int = 0
    example: Mapping[str, Any] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)

    @property
    def unclear(self) -> tuple[str, ...]:
        """Columns that a person has to say something of."""
        return tuple(guess.column for guess in self.columns if guess.role is None)

    @property
    def guesses(self) -> dict[str, Role]:
        """The guesses as a mapping, to be accepted by a person."""
        return {guess.column: guess.role for guess in self.columns if guess.role is not None}

    def complete(self, choices: RowMapping) -> dict[str, Role]:
        """The guesses with a person's choices on top; a guess gives way where only one column can have a role."""
        chosen = SINGLE.intersection(choices.values())
        kept = {c: role for c, role in self.guesses.items() if c not in choices and role not in chosen}
        return {**kept, **choices}

    def missing(self, choices: RowMapping | None = None) -> str:
        """What is still to be said, given these choices on top of the guesses; "" if nothing is."""
        choices = choices or {}
        mapping = self.complete(choices)
        try:
            check_columns(mapping, [guess.column for guess in self.columns])
        except ValueError as error:
            return f"{str(error)[:1].upper()}{str(error)[1:]}."
        unclear = [column for column in self.unclear if column not in choices]
        if unclear:
            names = " and ".join(f"“{column}”" for column in unclear[:_NAMED]) + (
                " …" if len(unclear) > _NAMED else ""
            )
            left = "1 choice left" if len(unclear) == 1 else f"{len(unclear)} choices left"
            return f"{left}: what {'is' if len(unclear) == 1 else 'are'} {names}?"
        return "" if columns_of(mapping, "output") else "Say which column is the output."

    def preview(self, choices: RowMapping | None = None) -> Row | None:
        """The first row by the guesses and these choices; None where it cannot be read so."""
        try:
            return map_record(
                self.example, self.complete(choices or {}), number=1, source="row 1", names=self.names
            )
        except ValueError:
            return None

    def to_json(self, choices: RowMapping | None = None) -> dict[str, Any]:
        """The question as JSON data, as the command line prints it."""
        return {
            "file": self.name,
            "read_as": self.read_as,
            "rows": self.count,
            "columns": [
                {"column": g.column, "first": g.first, "guess": g.role, "reason": g.reason}
                for g in self.columns
            ],
            "unclear": [column for column in self.unclear if column not in (choices or {})],
            "missing": self.missing(choices),
        }


@dataclass(slots=True)
class _Facts:
    """What is known of a column's values. distinct: of those looked at, as text, up to a bound."""

    first: object = None
    values: int = 0
    distinct: dict[str, int] = field(default_factory=dict)
    numbers: int = 0

    def add(self, value: object, column: str) -> None:
        """Look at one more value."""
        if value is None or value == "":
            return
        if self.values == 0:
            self.first = value
        self.values += 1
        key = as_text(value)[:_SHOWN_CHARS]
        if key in self.distinct or len(self.distinct) < _DISTINCT:
            self.distinct[key] = self.distinct.get(key, 0) + 1
        try:
            self.numbers += not isinstance(value, list | dict) and number_of(value, column) is not None
        except ValueError:
            return

    @property
    def is_numeric(self) -> bool:
        return 0 < self.values == self.numbers


def ask(
    name: str,
    records: Records,
    known: Sequence[ColumnGuess] = (),
    on_progress: OnProgress | None = None,
    cancel: Cancel | None = None,
) -> MappingQuestion:
    """The question about these records. known: guesses that the kind of file brings along, which win.

    Raises RowsError, RunCancelled.
    """
    facts: dict[str, _Facts] = {column: _Facts() for column in records.columns}
    problems: list[tuple[str, str]] = []
    count = bad = 0
    example: Mapping[str, Any] = {}
    for record in records.read():
        count += 1
        if count % _EVERY == 0:
            if cancel is not None:
                cancel.check()
            if on_progress is not None:
                on_progress(count)
        if record.error:
            bad += 1
            problems += [(record.place, record.error)] if len(problems) < 20 else []  # noqa: PLR2004  # for a screen
            continue
        example = example or record.values
        if count <= _ROWS_LOOKED_AT:
            _look_at(record, facts)
    given = {guess.column: guess for guess in known}
    guesses = tuple(_guesses(facts, given))
    read_as = ", ".join(part for part in (records.kind, records.details) if part)
    return MappingQuestion(name, read_as, count, guesses, tuple(problems), bad, example)


def _look_at(record: Record, facts: dict[str, _Facts]) -> None:
    for column, value in record.values.items():
        facts.setdefault(column, _Facts()).add(value, column)


def _guesses(facts: Mapping[str, _Facts], given: Mapping[str, ColumnGuess]) -> Iterator[ColumnGuess]:
    taken: set[Role] = set()
    for column, fact in facts.items():
        first = show(fact.first)
        if column in given:
            guess = ColumnGuess(column, first, given[column].role, given[column].reason)
        else:
            guess = ColumnGuess(column, first, *_guess(column, fact))
        if guess.role in SINGLE and guess.role in taken:
            guess = ColumnGuess(column, first, "leave out", f"another column is the {guess.role}")
        if guess.role is not None:
            taken.add(guess.role)
        yield guess


def _guess(column: str, fact: _Facts) -> tuple[Role | None, str]:
    """A role and its reason."""
    name = column.strip().lower().replace(" ", "_").replace("-", "_")
    for reason, names in ASKED.items():
        if name in names:
            return None, reason
    if fact.values == 0:
        return "leave out", "it is empty"
    role: Role | None = next((role for role, names in ALIASES.items() if name in names), None)
    if role == "reward" and not fact.is_numeric:
        return None, "Named like a score, but not all of its values are numbers. Say what it is."
    if role == "group":
        return role, _shares(fact) or "guessed from the name"
    if role == "label" and fact.is_numeric:
        return role, "numbers 0 and 1" if set(fact.distinct) <= {
            "0",
            "1",
            "0.0",
            "1.0",
        } else "guessed from the name"
    if role is not None:
        return role, "guessed from the name"
    if len(fact.distinct) == 1 and fact.values > 1:
        return "leave out", "the same in all rows"
    if fact.is_numeric:
        return "leave out", "numbers of an unknown meaning"
    return None, "Nothing in its name says what it is. Say it, or leave it out."


def _shares(fact: _Facts) -> str:
    if len(fact.distinct) >= _DISTINCT:
        return ""
    size, times = Counter(fact.distinct.values()).most_common(1)[0]
    if size == 1 or times < _MOST * len(fact.distinct):
        return ""
    return (
        f"{size} rows share each value" if times == len(fact.distinct) else f"{size} rows share most values"
    )


def show(value: object) -> str:
    """A value as text for a table, cut where it is long."""
    text = value if isinstance(value, str) else "" if value is None else json.dumps(value, ensure_ascii=False)
    return clip(text, _SHOWN_CHARS)
