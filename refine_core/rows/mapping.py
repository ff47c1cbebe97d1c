"""What a column of a table is: a mapping from its name to a role, and a record read by it.

{"question": "input", "answer": "expected", "completion": "output"}       a column that is not named is left out
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any, Final, Literal, get_args

from refine_core.rows.row import Row, read_number

Role = Literal[
    "input", "output", "expected", "group", "reward", "part", "label", "feedback", "id", "leave out"
]
RowMapping = Mapping[str, Role]
"""Name of a column -> its role."""

Mapper = Callable[[Mapping[str, Any], int, str], Row]
"""(values, number of the record, its place) -> the row."""

ROLES: Final[tuple[Role, ...]] = get_args(Role)
SINGLE: Final[frozenset[Role]] = frozenset({"reward", "label", "feedback", "id"})
"""Roles that one column has at most."""

_WORDS: Final = {"true": 1.0, "false": 0.0, "yes": 1.0, "no": 0.0, "pass": 1.0, "fail": 0.0}


def parse_mapping(pairs: Iterable[str]) -> dict[str, Role]:
    """["output=answer", "input=question"] as a mapping. Raises ValueError with a sentence."""
    mapping: dict[str, Role] = {}
    for pair in pairs:
        word, equals, column = pair.partition("=")
        role = next((role for role in ROLES if role == word.strip().lower().replace("-", " ")), None)
        if not equals or role is None:
            raise ValueError(
                f"“{pair}” is not ROLE=COLUMN; the roles are {', '.join(role.replace(' ', '-') for role in ROLES)}"
            )
        if column in mapping and mapping[column] != role:
            raise ValueError(f"“{column}” cannot be both {mapping[column]} and {role}")
        mapping[column] = role
    return mapping


def check_mapping(mapping: RowMapping, columns: Iterable[str]) -> None:
    """Raise ValueError with a sentence: a column that is not there, a role given twice, or no output."""
    check_columns(mapping, columns)
    if not columns_of(mapping, "output"):
        raise ValueError("no column is the output")


def check_columns(mapping: RowMapping, columns: Iterable[str]) -> None:
    """`check_mapping` without the question for an output."""
    columns = tuple(columns)
    unknown = [column for column in mapping if column not in columns]
    if unknown:
        raise ValueError(f"there is no column “{unknown[0]}”; the columns are {', '.join(columns)}")
    for role in SINGLE:
        bearers = columns_of(mapping, role)
        if len(bearers) > 1:
            raise ValueError(f"only one column can be the {role}, not {' and '.join(bearers)}")


def columns_of(mapping: RowMapping, role: Role) -> tuple[str, ...]:
    """The columns that have this role."""
    return tuple(column for column, its_role in mapping.items() if its_role == role)


def map_record(
    values: Mapping[str, Any],
    mapping: RowMapping,
    *,
    number: int,
    source: str,
    names: Mapping[str, str] | None = None,
) -> Row:
    """The row that a record is. names: column -> what its value is called in the row, where that differs.

    Raises ValueError with a sentence, such as “score” is “high”, not a number.
    """
    return mapper(mapping, names)(values, number, source)


def mapper(mapping: RowMapping, names: Mapping[str, str] | None = None) -> Mapper:
    """`map_record` for many records of one file: what does not depend on the record is done once."""
    named = {column: (names or {}).get(column, column) for column in mapping}
    inputs, outputs, expected, parts = (
        [(column, named[column]) for column in columns_of(mapping, role)]
        for role in ("input", "output", "expected", "part")
    )
    groups = columns_of(mapping, "group")
    reward, label, feedback, row_id = (
        next(iter(columns_of(mapping, role)), "") for role in ("reward", "label", "feedback", "id")
    )

    def read(values: Mapping[str, Any], number: int, source: str) -> Row:
        get = values.get
        prediction = {name: value for column, name in outputs if (value := get(column)) is not None}
        if outputs and not prediction:
            raise ValueError(f"“{outputs[0][0]}” is missing")
        return Row(
            id=(as_text(get(row_id)) if row_id else "") or str(number),
            inputs={name: get(column) for column, name in inputs},
            prediction=prediction,
            expected={name: value for column, name in expected if (value := get(column)) is not None},
            group=(" · ".join([as_text(v) for c in groups if (v := get(c)) is not None]) or None)
            if groups
            else None,
            reward=number_of(get(reward), reward) if reward else None,
            parts={
                name: part for column, name in parts if (part := number_of(get(column), column)) is not None
            },
            label=(as_text(get(label)) or None) if label else None,
            source=source,
            feedback=as_text(get(feedback)) if feedback else "",
        )

    return read


def remap(row: Row, mapping: RowMapping) -> Row:
    """A row of a known format, with the named values in other roles; names that it lacks are passed over. Raises ValueError."""
    every = {**row.parts, **row.expected, **row.inputs, **row.prediction}
    known = {column: role for column, role in mapping.items() if column in every}
    new = map_record(every, known, number=1, source=row.source)

    def kept(values: Mapping[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in values.items() if name not in known}

    prediction = {**kept(row.prediction), **new.prediction}
    if not prediction:
        raise ValueError("no output is left")
    roles = frozenset(known.values())
    return replace(
        row,
        inputs={**kept(row.inputs), **new.inputs},
        prediction=prediction,
        expected={**kept(row.expected), **new.expected},
        parts={**kept(row.parts), **new.parts},
        id=new.id if "id" in roles else row.id,
        group=new.group if "group" in roles else row.group,
        reward=new.reward if "reward" in roles else row.reward,
        label=new.label if "label" in roles else row.label,
        feedback=new.feedback if "feedback" in roles else row.feedback,
    )


def number_of(value: object, column: str) -> float | None:
    """A score as files write it: a number, true or false, or one of these as text. Raises ValueError."""
    if isinstance(value, str):
        text = value.strip()
        if not text or text.lower() in ("nan", "none", "null"):
            return None
        if text.lower() in _WORDS:
            return _WORDS[text.lower()]
        try:
            number = float(text)
        except ValueError:
            raise ValueError(f"“{column}” is “{text[:60]}”, not a number") from None
        if math.isfinite(number):
            return number
        raise ValueError(f"“{column}” must be finite, not {text[:60]}")
    return read_number(value, f"“{column}”")


def as_text(value: object) -> str:
    """A value as a name: text as it is, 3.0 as "3", other data as JSON; "" for none."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return json.dumps(value, ensure_ascii=False, sort_keys=True)
