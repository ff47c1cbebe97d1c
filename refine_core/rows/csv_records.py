"""Records out of CSV and TSV: values between commas, semicolons or tabs, with a first line that names the columns."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator
from typing import Final

from refine_core.formatting import pluralize
from refine_core.rows.content import Content, open_text
from refine_core.rows.limits import COLUMNS
from refine_core.rows.records import Record, Records, check_value

_DELIMITERS: Final = {"\t": "tab", ",": "comma", ";": "semicolon", "|": "bar"}


def read_csv(content: Content, encoding: str) -> Records:
    """One record a line, or several lines where a value in quotes holds line ends. Raises RowsError: no usable header."""
    with open_text(content, encoding) as stream:
        first = stream.readline(1 << 20)
    outside = "".join(first.split('"')[::2])
    counts = {mark: outside.count(mark) for mark in _DELIMITERS}
    delimiter = max(counts, key=lambda mark: counts[mark])
    if counts[delimiter] == 0 and "," in first:  # every name is in one pair of quotes, or there is one column
        delimiter = ","
    names = _header(content, encoding, delimiter)
    columns = _distinct(names)
    renamed = {new: old for new, old in zip(columns, names, strict=True) if new != old}

    def read() -> Iterator[Record]:
        yield from _read(content, encoding, delimiter, columns)

    kind = "TSV" if delimiter == "\t" else "CSV"
    return Records(kind, read, f"{encoding.upper()}, {_DELIMITERS[delimiter]}", columns, renamed)


def _header(content: Content, encoding: str, delimiter: str) -> list[str]:
    with open_text(content, encoding) as stream:
        try:
            names = next((row for row in csv.reader(stream, delimiter=delimiter) if row), [])
        except csv.Error as error:
            raise content.error(f"has no header that can be read: {error}") from None
    if len(names) > COLUMNS:
        raise content.error(f"has {len(names):,} columns; up to {COLUMNS:,} can be read")
    if not any(name.strip() for name in names):
        raise content.error("has no header. The first line names the columns")
    return [name.strip() or f"column {i}" for i, name in enumerate(names, 1)]


def _distinct(names: list[str]) -> tuple[str, ...]:
    """The names, with a number behind each that was there before: "score", "score (2)"."""
    seen: Counter[str] = Counter()
    taken = set(names)
    distinct = []
    for name in names:
        seen[name] += 1
        new = name if seen[name] == 1 else f"{name} ({seen[name]})"
        while new != name and new in taken:
            seen[name] += 1
            new = f"{name} ({seen[name]})"
        taken.add(new)
        distinct.append(new)
    return tuple(distinct)


def _read(content: Content, encoding: str, delimiter: str, columns: tuple[str, ...]) -> Iterator[Record]:
    limit = csv.field_size_limit()
    with open_text(content, encoding) as stream:
        reader = csv.reader(stream, delimiter=delimiter)
        had_header = False
        while True:
            place = f"line {reader.line_num + 1}"
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                long = "field larger" in str(error)
                yield Record(
                    place,
                    error=f"a value has more than {limit:,} characters, too many for CSV; use JSONL or Parquet"
                    if long
                    else str(error),
                )
                continue
            if not cells:
                continue
            if not had_header:
                had_header = True
            elif len(cells) != len(columns):
                yield Record(
                    place, error=f"{pluralize(len(cells), 'value')} for {pluralize(len(columns), 'column')}"
                )
            else:
                wrong = check_value(None, sum(map(len, cells)))
                values = dict(zip(columns, cells, strict=True))
                yield Record(place, error=wrong) if wrong else Record(place, values)
