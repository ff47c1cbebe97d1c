"""Rows out of a file, uploaded bytes or pasted text.

rows = read_rows(Path("results.json"))            a known format: a RowSet
question = read_rows(Path("answers.csv"))         any other table: a MappingQuestion
rows = read_rows(Path("answers.csv"), {"question": "input", "answer": "expected", "reply": "output"})
rows = read_rows(Path("batch_output.jsonl"), join_with=Path("batch_input.jsonl"))
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path

from refine_core.concurrency.cancellation import Cancel
from refine_core.errors import RowsError
from refine_core.formatting import pluralize
from refine_core.rows.content import Content, take
from refine_core.rows.formats.base import NoOutputError
from refine_core.rows.guessing import ALIASES, ASKED, MappingQuestion
from refine_core.rows.joining import join
from refine_core.rows.limits import PROBLEMS
from refine_core.rows.mapping import RowMapping, check_columns, check_mapping, mapper, remap
from refine_core.rows.opening import RowFile, open_rows
from refine_core.rows.row import Row
from refine_core.rows.row_set import OnProgress, Problem, RowSet


def open_file(source: Path | bytes | str, *, name: str = "", encoding: str | None = None) -> RowFile:
    """Look at a file (a Path), an uploaded file (bytes) or pasted text (str) without reading all of it. Raises RowsError."""
    return open_rows(take(source, name), encoding)


def read_rows(
    source: Path | bytes | str | RowFile,
    mapping: RowMapping | None = None,
    *,
    name: str = "",
    join_with: Path | bytes | str | RowFile | None = None,
    encoding: str | None = None,
    skip_bad: bool = False,
    on_progress: OnProgress | None = None,
    cancel: Cancel | None = None,
) -> RowSet | MappingQuestion:
    """Read the rows of a file (a Path), of an uploaded file (bytes) or of pasted text (str); or ask what its columns are.

    mapping: column -> role; a column that is not named is left out. A file of a known format needs none; there it moves single values
    to another role. Without one, a table of no known format gives a MappingQuestion.
    name: what to call the file in sentences. encoding: of its text, if not UTF-8.
    join_with: a second file, where this is the output of an OpenAI batch: the batch's input, or a table with a column custom_id.
    skip_bad: leave out rows that cannot be read (RowSet.problems lists them); else the first of them is a RowsError.
    on_progress: called with the number of rows read so far. Raises RowsError, RunCancelled; then nothing has changed.
    """
    file = source if isinstance(source, RowFile) else open_file(source, name=name, encoding=encoding)
    if join_with is not None:
        second = join_with if isinstance(join_with, RowFile) else open_file(join_with, encoding=encoding)
        file = join(file, second, on_progress=on_progress, cancel=cancel)
    if mapping is None and file.format is None:
        return file.ask()
    problems = _Problems()
    rows = RowSet(
        _distinct(_rows(file, _checked(file, mapping), problems)),
        name=file.content.name,
        format=file.read_as,
        on_progress=on_progress,
        cancel=cancel,
    )
    return _finished(file, rows, problems, skip_bad=skip_bad)


def find_problems(file: RowFile, mapping: RowMapping, limit: int) -> tuple[list[Problem], int]:
    """What cannot be read with this mapping among the first `limit` records: the first problems, and how many there are."""
    problems = _Problems()
    records = replace(file.records, read=lambda: islice(file.records.read(), limit))
    for _ in _rows(replace(file, records=records), mapping, problems):
        pass
    return problems.first, problems.count


def find_table(text: str) -> RowFile | None:
    """The table or the JSON that pasted text is; None where it is rather outputs, a line each."""
    try:
        file = open_file(text)
    except RowsError:
        return None
    if file.format is not None or file.records.kind in ("JSON", "JSONL"):
        return file
    names = {name.strip().lower() for name in file.columns}
    known = names & {alias for aliases in (*ALIASES.values(), *ASKED.values()) for alias in aliases}
    even = all(not record.error for record in islice(file.records.read(), 50))
    return file if len(names) > 1 and even and (known or file.records.kind == "TSV") else None


@dataclass(slots=True)
class _Problems:
    """Rows that were left out. first: the first of those that cannot be read; without_output: how many have none."""

    first: list[Problem] = field(default_factory=list)
    count: int = 0
    without_output: int = 0

    def add(self, place: str, message: str) -> None:
        self.count += 1
        if len(self.first) < PROBLEMS:
            self.first.append(Problem(place, message))


def _checked(file: RowFile, mapping: RowMapping | None) -> RowMapping | None:
    """The mapping, if it fits the file. Raises RowsError."""
    if mapping is None:
        return None
    columns = file.columns
    try:
        if file.format is not None:
            columns = _names(file)
            check_columns(mapping, columns)
        elif file.records.columns:
            check_mapping(mapping, columns)
        else:  # a record of JSONL may have a name that the first ones lack
            check_mapping(mapping, {**dict.fromkeys(columns), **mapping})
    except ValueError as error:
        raise file.content.error(f"cannot be read so: {error}") from None
    return mapping


def _names(file: RowFile) -> tuple[str, ...]:
    """Names of the values in the first rows of a known format."""
    first = islice(_rows(file, None, _Problems()), 20)
    return tuple(
        dict.fromkeys(
            n for r in first for values in (r.inputs, r.prediction, r.expected, r.parts) for n in values
        )
    )


def _rows(file: RowFile, mapping: RowMapping | None, problems: _Problems) -> Iterator[Row]:
    read = mapper(mapping or {}, file.names)
    for number, record in enumerate(file.records.read(), 1):
        if record.error:
            problems.add(record.place, record.error)
            continue
        try:
            if file.format is None:
                yield read(record.values, number, record.place)
            else:
                for row in file.format.rows(record.values, number, record.place):
                    yield remap(row, mapping) if mapping else row
        except NoOutputError:
            problems.without_output += 1
        except ValueError as error:
            problems.add(record.place, str(error))
        except (TypeError, LookupError, AttributeError):
            kind = file.format.name if file.format is not None else "a row"
            problems.add(record.place, f"it is not as {kind} are written")


def _distinct(rows: Iterator[Row]) -> Iterator[Row]:
    """The rows with ids that are unique: "7", "7 (2)"."""
    seen: set[str] = set()
    again: Counter[str] = Counter()
    for row in rows:
        new = row.id
        while new in seen:
            again[row.id] += 1
            new = f"{row.id} ({again[row.id] + 1})"
        seen.add(new)
        yield row if new == row.id else replace(row, id=new)


def _finished(file: RowFile, rows: RowSet, problems: _Problems, *, skip_bad: bool) -> RowSet:
    if problems.count and (not skip_bad or not len(rows)):
        raise RowsError(_describe(file.content, problems), file=file.content.name)
    if not len(rows):
        raise file.content.error(
            f"has no outputs: {pluralize(problems.without_output, 'record')} without one"
        )
    notes = [file.format.note(rows[0])] if file.format is not None else []
    if problems.without_output:
        notes.append(f"{pluralize(problems.without_output, 'record')} without an output left out.")
    rows.notes = tuple(note for note in notes if note)
    rows.problems, rows.bad_count = tuple(problems.first), problems.count
    return rows


def _describe(content: Content, problems: _Problems) -> str:
    one = problems.first[0]
    more = f" {pluralize(problems.count - 1, 'more row')} cannot be read." if problems.count > 1 else ""
    return f"{content.name}, {one.place}: {one.message.rstrip('.')}.{more}"
