"""What is wrong with a table for a program, by row and column, before anything is spent.

    row 17 (line 18): price is “cheap”, not a number

A blocking problem concerns all rows: nothing can be run. The other rows of a table with bad ones can, if a person says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from refine_core.datasets.columns import ColumnGuess, list_inputs, suggest_columns
from refine_core.datasets.dataset import Column
from refine_core.datasets.limits import MAX_BYTES, MAX_ROWS, PROBLEMS
from refine_core.datasets.table import Table
from refine_core.datasets.values import reader
from refine_core.formatting import join_words, pluralize
from refine_core.rows.records import Record
from refine_core.spec import ProgramSpec
from refine_core.uptake.leaks import reference_names

_FORMULAS: Final = ("=", "@")


@dataclass(frozen=True, slots=True)
class TableProblem:
    """One thing that is wrong. row: from 1; None for all of the table. place: where the row stands, "line 18". column: its name, or ""."""

    message: str
    row: int | None = None
    place: str = ""
    column: str = ""

    def __str__(self) -> str:
        if self.row is None:
            return self.message
        here = f"row {self.row:,}"
        return (
            f"{here}: {self.message}"
            if self.place in ("", here)
            else f"{here} ({self.place}): {self.message}"
        )


@dataclass(frozen=True, slots=True)
class TableCheck:
    """What a table is for a program.

    rows: how many there are. good: how many of them can be run. blocking: why none can. problems: of the rows that cannot, the first
    ones. notes: sentences on what is worth knowing. distinct: how many different inputs the good rows have.
    """

    rows: int
    good: int
    blocking: tuple[TableProblem, ...] = ()
    problems: tuple[TableProblem, ...] = ()
    notes: tuple[str, ...] = ()
    distinct: int = 0

    @property
    def bad(self) -> int:
        """How many rows cannot be run."""
        return self.rows - self.good

    def is_ready(self, *, skip_bad: bool) -> bool:
        """Whether an experiment can have it. skip_bad: whether a person said that bad rows may be left out."""
        return not self.blocking and self.good > 0 and (skip_bad or not self.bad)


class RowReader:
    """Reads the values of records by what the columns are."""

    def __init__(self, columns: Sequence[Column]) -> None:
        self._columns = [(c.name, c.field, reader(c)) for c in columns if c.role != "left out"]
        self._inputs = [c.field for c in columns if c.role == "input"]

    def read(self, record: Record) -> tuple[dict[str, object], list[tuple[str, str]]]:
        """The values, and what is wrong with them: the name of a column and a sentence each."""
        if record.error:
            return {}, [("", record.error)]
        values: dict[str, object] = {}
        problems: list[tuple[str, str]] = []
        for name, field, convert in self._columns:
            try:
                values[field] = convert(record.values.get(name))
            except ValueError as error:
                problems.append((name, f"{name} {error}"))
        return values, problems

    def inputs_key(self, values: dict[str, object]) -> str:
        """Equal for rows with equal inputs."""
        return repr([values[field] for field in self._inputs])


def check_table(table: Table, columns: Sequence[Column], spec: ProgramSpec) -> TableCheck:
    """Look at every row of a table. columns: what they are, as `suggest_columns` guesses or a person says."""
    blocking = tuple(_blocking(table, columns, spec))
    if blocking:
        return TableCheck(table.total, 0, blocking)
    rows = RowReader(columns)
    problems: list[TableProblem] = []
    seen: set[int] = set()
    good = formulas = 0
    for number, record in enumerate(table.records, 1):
        values, wrong = rows.read(record)
        for name, message in wrong[: PROBLEMS - len(problems)]:
            problems.append(TableProblem(message, number, record.place, name))
        if wrong:
            continue
        good += 1
        seen.add(hash(rows.inputs_key(values)))
        if table.is_text:
            formulas += any(
                isinstance(v, str) and v.startswith(_FORMULAS) and len(v) > 1 for v in record.values.values()
            )
    if table.total > len(table):
        problems.append(TableProblem(f"T{describe_excess(table)[1:]}."))
    if not good:
        none = TableProblem(f"None of the {pluralize(table.total, 'row')} can be run.")
        return TableCheck(table.total, 0, (none,), tuple(problems))
    notes = [*_notes(table, columns, spec, good, len(seen))]
    if formulas:
        notes.append(
            f"{pluralize(formulas, 'row')} {'has' if formulas == 1 else 'have'} a value that begins like a formula of a spreadsheet:"
            " it is kept as text, not computed."
        )
    return TableCheck(table.total, good, (), tuple(problems), tuple(notes), len(seen))


def find_cell_problems(
    table: Table, columns: Sequence[Column], places: Iterable[int]
) -> dict[int, dict[str, str]]:
    """Place of a row, from 0 -> name of a column -> what is wrong there; "" for the row as a whole. Of these places only."""
    rows = RowReader(columns)
    found = ((place, rows.read(table.records[place])[1]) for place in places)
    return {place: dict(problems) for place, problems in found if problems}


def describe_excess(table: Table) -> str:
    """What to say of a table that was too long."""
    limit = f"{MAX_ROWS:,} rows" if len(table) >= MAX_ROWS else f"{MAX_BYTES >> 20} MB"
    return f"the table has {table.total:,} rows, and a dataset holds up to {limit}; the first {len(table):,} rows can be taken"


def _blocking(table: Table, columns: Sequence[Column], spec: ProgramSpec) -> Iterator[TableProblem]:
    inputs = list_inputs(spec)
    by_field: dict[str, list[str]] = {}
    for column in columns:
        if column.name not in table.columns:
            yield TableProblem(f"The table has no column {column.name}.", column=column.name)
        elif column.role != "left out":
            by_field.setdefault(column.field, []).append(column.name)
    for column in columns:
        if column.role == "input" and column.field not in inputs:
            yield TableProblem(f"The program has no input {column.field}.", column=column.name)
    missing = [field for field in inputs if field not in by_field]
    if missing:
        what = "input" if len(missing) == 1 else "inputs"
        have = join_words(list(table.columns[:12]))
        yield TableProblem(
            f"No column is the {what} {join_words(missing)}. The table has {have}{' …' if len(table.columns) > 12 else ''}."  # noqa: PLR2004
        )
    for field, names in by_field.items():
        if len(names) > 1:
            yield TableProblem(
                f"{join_words(names)} are both {field}. Leave one of them out.", column=names[1]
            )


def _why_left_out(guess: ColumnGuess) -> str:
    """As it was guessed; else somebody said so."""
    return guess.reason if guess.column.role == "left out" else "as chosen"


def _notes(
    table: Table, columns: Sequence[Column], spec: ProgramSpec, good: int, distinct: int
) -> Iterator[str]:
    for new, old in table.renamed.items():
        used = next((c for c in columns if c.name == new and c.role != "left out"), None)
        then = "the second is left out" if used is None else f"the second is {new}"
        yield f"Two columns are called {old}: {then}."
    left_out = [c.name for c in columns if c.role == "left out" and c.name not in table.renamed]
    if left_out:
        reasons = {one.column.name: one for one in suggest_columns(table, spec)}
        told = [f"{name} ({_why_left_out(reasons[name])})" for name in left_out]
        is_one = len(left_out) == 1
        yield f"{'Column' if is_one else 'Columns'} {join_words(told)} {'is' if is_one else 'are'} left out."
    if distinct < good:
        yield (
            f"{pluralize(good - distinct, 'row')} {'repeats' if good - distinct == 1 else 'repeat'} the inputs of another row:"
            f" {pluralize(distinct, 'different input')}, and the statistics count each once."
        )
    fields = {c.field for c in columns if c.role != "left out"}
    lost = sorted(name for name in reference_names(spec) if name not in fields)
    if lost:
        yield f"The program's own {join_words(lost)} for the reward {'is' if len(lost) == 1 else 'are'} in no column: the reward does not see {'it' if len(lost) == 1 else 'them'} here."
