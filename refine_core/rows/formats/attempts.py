"""A table of attempts that Refinescope exported, CSV or Parquet (refine_core.export.tables.attempts writes its rows).

Columns are called "input.question", "expected.label", "output.answer", "part.short". `json_columns` names, for each row, the columns
that hold JSON; text that begins like a formula has an apostrophe in front, in CSV.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, Final

from refine_core.rows.formats.base import Format, NoOutputError, Values
from refine_core.rows.mapping import as_text, number_of
from refine_core.rows.row import Row

JSON_COLUMNS: Final = "json_columns"
_NEEDED: Final = frozenset({"run_id", "attempt", "reward", JSON_COLUMNS})
_LIKE_A_FORMULA: Final = re.compile(r"'*\s*[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")
_NUMBER: Final = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")


def defuse(text: str) -> str:
    """Text for a cell: with an apostrophe in front where a spreadsheet would take it for a formula. A plain number stays."""
    return f"'{text}" if _LIKE_A_FORMULA.match(text) and not _NUMBER.fullmatch(text) else text


def undo_defuse(text: str) -> str:
    """The text that `defuse` was given."""
    return text[1:] if text.startswith("'") and _LIKE_A_FORMULA.match(text) else text


def _recognizes(names: frozenset[str], _: Values) -> bool:
    return names >= _NEEDED


def _rows(values: Values, number: int, place: str) -> Iterator[Row]:
    listed = values.get(JSON_COLUMNS)
    as_json = frozenset(json.loads(listed) if isinstance(listed, str) and listed else listed or ())
    is_csv = isinstance(listed, str)
    cells = {
        name: json.loads(value)
        if name in as_json and isinstance(value, str)
        else _text(value)
        if is_csv
        else value
        for name, value in values.items()
    }

    def named(group: str) -> dict[str, Any]:
        start = f"{group}."
        return {
            name.removeprefix(start): value
            for name, value in cells.items()
            if name.startswith(start) and value is not None
        }

    prediction = named("output")
    if not prediction:
        raise NoOutputError(
            f"it has no output: {as_text(values.get('error')) or 'all outputs are empty'}"[:300]
        )
    yield Row(
        id=f"{as_text(cells.get('run_id'))}/{as_text(cells.get('attempt')) or number}",
        inputs=named("input"),
        prediction=prediction,
        expected=named("expected"),
        group=as_text(cells.get("run_id")) or None,
        reward=number_of(cells.get("reward"), "reward"),
        parts={
            name: part
            for name, value in named("part").items()
            if (part := number_of(value, name)) is not None
        },
        label=as_text(cells.get("label")) or None,
        source=place,
        feedback=as_text(cells.get("feedback")),
    )


def _text(value: object) -> object:
    """A cell of CSV that is no JSON; an empty one is none."""
    return undo_defuse(value) or None if isinstance(value, str) else value


ATTEMPTS: Final = Format("Refinescope attempts", _recognizes, _rows, lambda row: "")  # noqa: ARG005
