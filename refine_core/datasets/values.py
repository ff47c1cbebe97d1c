"""A value of a table as what a run gets: of the type that the signature names, or as the reward is to see it.

    reader(Column("price", "reward only", "price", "number"))("39.90")   39.9
    … ("cheap")                                                          ValueError: is “cheap”, not a number

Rule 1: nothing is guessed here. A value that is not of its column's type is an error, never something near it.
Rule 2: no input is empty, unless its type has None; what only the reward sees may be.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Final

from refine_core.datasets.dataset import AS_IT_IS, JSON, NUMBER, TEXT, TRUTH, Column
from refine_core.datasets.limits import SHOWN_CHARS
from refine_core.errors import SignatureError
from refine_core.formatting import clip
from refine_core.jsonable import to_jsonable
from refine_core.programs.value_inputs import FormInput, as_form_input, read_text, write_text
from refine_core.rows.mapping import as_text
from refine_core.signatures.parsing import parse_fields
from refine_core.signatures.types import is_text, validate

Reader = Callable[[object], object]
"""A value as the table holds it -> JSON data. Raises ValueError with the end of a sentence: "is empty"."""

_WHOLE: Final = re.compile(r"[+-]?\d{1,300}")
_COMMA: Final = re.compile(r"[+-]?\d+,\d+")
_TRUTHS: Final = {"true": True, "false": False, "yes": True, "no": False}
_WHAT: Final[Mapping[str, str]] = {
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "date": "a date such as 2026-03-14",
    "datetime": "a date and time such as 2026-03-14 09:30",
    "time": "a time such as 09:30",
    "decimal": "a decimal number such as 39.90",
}


@lru_cache(maxsize=512)
def reader(column: Column) -> Reader:
    """What turns a cell of this column into its value. It raises ValueError with the rest of a sentence: "is “cheap”, not a number"."""
    if column.role == "input":
        form_input = _form_input(column)
        return lambda value: value if form_input is None else _read_input(form_input, value)
    return _REWARD_READERS[column.type]


def show(value: object) -> str:
    """A value in a sentence: “cheap”, cut where it is long."""
    text = as_text(value)
    return f"\N{LEFT DOUBLE QUOTATION MARK}{clip(' '.join(text.split()), SHOWN_CHARS)}\N{RIGHT DOUBLE QUOTATION MARK}"


def is_empty(value: object) -> bool:
    """Whether there is nothing in a cell."""
    return value is None or (isinstance(value, str) and not value.strip())


def as_number(value: object) -> int | float | None:
    """The number that a value is, or that its text writes; None if it is none."""
    if isinstance(value, str):
        text = value.strip()
        if _WHOLE.fullmatch(text):
            return int(text)
        try:
            value = float(text)
        except ValueError:
            return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return value if isinstance(value, int) or math.isfinite(value) else None


def _form_input(column: Column) -> FormInput | None:
    """None for a type that cannot be read here, such as one of a program's own: the run itself will say what is wrong."""
    try:
        return as_form_input(parse_fields(f"{column.field}: {column.type or 'str'} -> a_value_")[0])
    except SignatureError:
        return None


def _read_input(form_input: FormInput, value: object) -> object:
    if is_empty(value):
        if form_input.optional:
            return None
        raise ValueError("is empty")
    if isinstance(value, str):
        read, problem = read_text(form_input, value, "")
        if problem is None:
            return read
        raise ValueError(_mismatch(form_input, value, problem.message))
    if is_text(form_input.field):
        if isinstance(value, list | dict):
            raise ValueError(f"is {show(value)}, not text")
        return as_text(value)
    try:
        return to_jsonable(validate(form_input.field, value))
    except ValueError as why:
        raise ValueError(_mismatch(form_input, value, str(why))) from None


def _mismatch(form_input: FormInput, value: object, why: str) -> str:
    if form_input.choices:
        choices = ", ".join(write_text(form_input, one) for one in form_input.choices)
        return f"is {show(value)}, not one of {choices}"
    if form_input.kind in _WHAT and not form_input.field.constraints:
        return f"is {show(value)}, not {_WHAT[form_input.kind]}{_with_point(value)}"
    return f"is {show(value)}, not {form_input.type}: {clip(why.removeprefix(f'must be {form_input.type}: '), 200)}"


def _with_point(value: object) -> str:
    """What to write instead of a number with a comma."""
    text = value.strip() if isinstance(value, str) else ""
    return f"; write {text.replace(',', '.')}" if _COMMA.fullmatch(text) else ""


def _as_it_is(value: object) -> object:
    return value


def _as_text(value: object) -> object:
    return as_text(value)


def _number(value: object) -> object:
    if is_empty(value):
        return None
    number = as_number(value)
    if number is None:
        raise ValueError(f"is {show(value)}, not a number{_with_point(value)}")
    return number


def _truth(value: object) -> object:
    if isinstance(value, bool) or is_empty(value):
        return value if isinstance(value, bool) else None
    truth = _TRUTHS.get(value.strip().lower()) if isinstance(value, str) else None
    if truth is None:
        raise ValueError(f"is {show(value)}, not true or false")
    return truth


def _json(value: object) -> object:
    if not isinstance(value, str):
        return value
    if not value.strip():
        return None
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        raise ValueError(f"is {show(value)}, not JSON") from None


_REWARD_READERS: Final[Mapping[str, Reader]] = {
    AS_IT_IS: _as_it_is,
    TEXT: _as_text,
    NUMBER: _number,
    TRUTH: _truth,
    JSON: _json,
}
