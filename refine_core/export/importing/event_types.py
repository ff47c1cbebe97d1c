"""Whether an event holds what its fields promise: types, numbers that a machine can count with, and data that is not too deep.

The codec trusts a store, which this program wrote. A file may be anybody's.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator, Mapping
from functools import cache
from types import NoneType, UnionType
from typing import Any, Final, Literal, Union, get_args, get_origin, get_type_hints

MAX_DEPTH: Final = 100
MAX_NUMBER: Final = 10**15
"""Of counts, tokens and durations: far beyond any run, and sums of them still fit into a database."""
MAX_DIGITS: Final = 1_000
"""Of a number in an input or an output; Python refuses to write numbers that are much longer."""
_BITS: Final = int(MAX_DIGITS * math.log2(10))
_ANY_INT: Final = frozenset({"seed"})
_ANY_FLOAT: Final = frozenset({"value", "threshold", "rewards", "parts"})  # rewards are in units of their own


def find_type_problem(event: object) -> str:
    """What is wrong with an event, such as "spec.N is text, not a whole number"; "" for nothing."""
    return next(_check(event, type(event), ""), "")


def _check(value: object, kind: Any, where: str) -> Iterator[str]:
    origin = get_origin(kind)
    if isinstance(kind, type) and dataclasses.is_dataclass(kind):
        return _check_object(value, kind, where)
    if origin in (Union, UnionType):
        inner = next(k for k in get_args(kind) if k is not NoneType)
        is_none = value is None and NoneType in get_args(kind)
        return iter(()) if is_none else _check(value, inner, where)
    if origin is Literal:
        named = f"{where} is none of {', '.join(map(str, get_args(kind)))}"
        return iter(() if value in get_args(kind) else (named,))
    if origin is tuple:
        return _check_items(value, get_args(kind)[0], where)
    if origin is Mapping:
        return _check_mapping(value, get_args(kind)[1], where)
    return _check_data(value, where) if kind is object else _check_plain(value, kind, where)


def _check_object(value: object, kind: type, where: str) -> Iterator[str]:
    if not isinstance(value, kind):
        yield f"{where} is {_describe(value)}, not an object"
        return
    for name, inner in _fields(kind):
        yield from _check(getattr(value, name), inner, f"{where}.{name}" if where else name)


def _check_items(value: object, kind: Any, where: str) -> Iterator[str]:
    if not isinstance(value, tuple):
        yield f"{where} is {_describe(value)}, not a list"
        return
    for one in value:
        yield from _check(one, kind, where)


def _check_mapping(value: object, kind: Any, where: str) -> Iterator[str]:
    if not isinstance(value, Mapping) or not all(isinstance(key, str) for key in value):
        yield f"{where} is {_describe(value)}, not an object with names"
        return
    for one in value.values():
        yield from _check(one, kind, where)


def _check_plain(value: object, kind: type, where: str) -> Iterator[str]:
    name = where.rpartition(".")[2]
    if kind is float and isinstance(value, float):
        if not math.isfinite(value) and where != "spec.threshold":
            yield f"{where} is {value}, not a finite number"
        elif abs(value) > MAX_NUMBER and name not in _ANY_FLOAT:
            yield f"{where} is too large a number"
    elif kind is int and isinstance(value, int) and not isinstance(value, bool):
        if abs(value) > (2**63 if name in _ANY_INT else MAX_NUMBER):
            yield f"{where} is too large a number"
    elif not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        words = {str: "text", int: "a whole number", float: "a number", bool: "true or false"}
        yield f"{where} is {_describe(value)}, not {words.get(kind, kind.__name__)}"


def _check_data(value: object, where: str) -> Iterator[str]:
    """Any JSON data, without recursion, as it may be deep."""
    level: list[object] = [value]
    for _ in range(MAX_DEPTH):
        inner: list[object] = []
        for one in level:
            if isinstance(one, Mapping):
                inner += [*one.keys(), *one.values()]
            elif isinstance(one, (list, tuple)):
                inner += one
            elif isinstance(one, int) and one.bit_length() > _BITS:
                yield f"{where} holds a number of more than {MAX_DIGITS:,} digits"
                return
        if not inner:
            return
        level = inner
    yield f"{where} is nested more than {MAX_DEPTH} levels deep"


@cache
def _fields(kind: type) -> tuple[tuple[str, object], ...]:
    hints = get_type_hints(kind)
    return tuple((field.name, hints[field.name]) for field in dataclasses.fields(kind))


def _describe(value: object) -> str:
    kinds = {str: "text", bool: "true or false", int: "a number", float: "a number", NoneType: "missing"}
    return kinds.get(type(value), "a list" if isinstance(value, (list, tuple)) else "an object")
