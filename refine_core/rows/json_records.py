"""Records out of JSONL, and out of a JSON document that is a list of objects or holds one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from refine_core.rows.content import Content, format_bytes, open_text
from refine_core.rows.json_text import parse_json
from refine_core.rows.limits import DOCUMENT_BYTES, ROW_CHARS
from refine_core.rows.records import Record, Records, check_value
from refine_core.rows.row import describe_json

LISTS: Final = ("rows", "data", "results", "examples", "samples", "items", "records", "outputs")
"""Keys under which a document may hold its records."""


def is_jsonl(content: Content, encoding: str) -> bool:
    """Whether the first line that is not blank is a JSON object by itself."""
    line = next(_lines(content, encoding), (0, ""))[1]
    if not line.lstrip().startswith("{"):
        return False
    try:
        return isinstance(parse_json(line), dict)
    except ValueError:
        return False


def read_jsonl(content: Content, encoding: str) -> Records:
    """One record a line."""

    def read() -> Iterator[Record]:
        for number, line in _lines(content, encoding):
            yield _record(f"line {number}", line)

    return Records("JSONL", read, encoding.upper())


def _lines(content: Content, encoding: str) -> Iterator[tuple[int, str]]:
    """Number and text of the lines that are not blank; a line that is too long is cut, and its rest passed over."""
    with open_text(content, encoding) as stream:
        number = 0
        while line := stream.readline(ROW_CHARS + 1):
            number += 1
            rest = line
            while len(rest) > ROW_CHARS and not rest.endswith("\n"):
                rest = stream.readline(ROW_CHARS + 1)
            if line.strip():
                yield number, line


def _record(place: str, line: str) -> Record:
    if len(line) > ROW_CHARS:
        return Record(place, error=f"it has more than {ROW_CHARS // 1_000_000} million characters")
    try:
        value = parse_json(line)
    except ValueError as error:
        return Record(place, error=str(error))
    return as_record(place, value, len(line))


def as_record(place: str, value: object, chars: int = 0) -> Record:
    """A JSON value as a record. chars: of its text, where that is known."""
    if not isinstance(value, dict):
        return Record(place, error=f"it is {describe_json(value)}, not an object with named values")
    error = check_value(value, chars)
    return Record(place, error=error) if error else Record(place, value)


def read_document(content: Content, encoding: str) -> Any:
    """A whole JSON document. Raises RowsError."""
    with content.open() as stream:
        size = stream.seek(0, 2)
    if size > DOCUMENT_BYTES:
        raise content.error(
            f"is one JSON document of {format_bytes(size)}; up to {format_bytes(DOCUMENT_BYTES)} can be read."
            " Save it as JSONL, one object a line, which may be larger"
        )
    with open_text(content, encoding) as stream:
        text = stream.read()
    try:
        return parse_json(text)
    except ValueError as error:
        raise content.error(f"cannot be read: {error}") from None


def records_of_document(content: Content, document: object) -> Records:
    """The list of objects that a document is, or holds under one of LISTS. Raises RowsError if there is none."""
    key, items = "", document
    if isinstance(document, Mapping):
        found = [(k, v) for k, v in document.items() if isinstance(v, list) and v and isinstance(v[0], dict)]
        named = [pair for pair in found if pair[0] in LISTS]
        if len(named or found) != 1:
            raise content.error(
                "is a JSON object without a list of rows. Rows come as a list of objects, or one object a line"
            )
        key, items = (named or found)[0]
    if not isinstance(items, list):
        raise content.error(f"is {describe_json(document)} in JSON. Rows come as a list of objects")
    if not items:
        raise content.error("is an empty list: it has no rows")

    def read() -> Iterator[Record]:
        for number, value in enumerate(items, 1):
            yield as_record(f"row {number}", value, _chars(value))

    return Records("JSON", read, f"the list {key}" if key else "")


def _chars(value: object) -> int:
    """Characters of all texts in a value; a value that is nested too deep counts to where that shows."""
    waiting, total = [(value, 0)], 0
    while waiting:
        one, depth = waiting.pop()
        if isinstance(one, str):
            total += len(one)
        elif isinstance(one, (dict, list)) and depth < 100:  # noqa: PLR2004  # check_value says so of what is deeper
            waiting += [(v, depth + 1) for v in (one.values() if isinstance(one, dict) else one)]
    return total
