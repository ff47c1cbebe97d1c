"""Probes of an answer that is no text: a number, a truth value, a list, an object. The types stay."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from refine_core.doctor.probes.drafts import Draft


def list_typed_probes(value: object) -> Iterator[Draft]:
    """What to try in place of a value."""
    if isinstance(value, bool):
        yield Draft("the opposite", "wrong", "other", not value)
    elif isinstance(value, int | float):
        yield from _list_numbers(value)
    elif isinstance(value, list):
        yield from _list_lists(value)
    elif isinstance(value, Mapping):
        yield Draft("an empty object", "nothing", "empty", {})
        yield Draft("every value empty", "wrong", "empty", {key: blank(one) for key, one in value.items()})
        yield Draft("in another order", "right", "order", dict([*value.items()][::-1]), is_strong=True)


def blank(value: object) -> object:
    """Nothing, in the type of a value that has an empty one; else None."""
    return type(value)() if isinstance(value, str | list | dict) else None


def _list_numbers(value: float) -> Iterator[Draft]:
    yield Draft("another number", "wrong", "other", 2 * value + 3)
    if abs(value) >= 1:  # smaller ones may be within a tolerance of each other
        yield Draft("zero", "wrong", "wrong", type(value)(0))
        yield Draft("the opposite sign", "wrong", "wrong", -value)
    yield Draft("a huge number", "wrong", "length", type(value)(10**9))
    if isinstance(value, int):
        yield Draft("as a decimal number", "right", "decimals", float(value), is_strong=True)
    elif value.is_integer():
        yield Draft("as a whole number", "right", "decimals", int(value), is_strong=True)


def _list_lists(value: list[object]) -> Iterator[Draft]:
    yield Draft("an empty list", "nothing", "empty", [])
    if value:
        other = _other(value[0])
        yield Draft("something else", "wrong", "other", [other])
        yield Draft("everything twice", "mention", "mention", [*value, *value])
        yield Draft("with one thing more", "mention", "mention", [*value, other])
    if len(value) > 1:
        yield Draft("only the first", "mention", "mention", value[:1])
        yield Draft("in another order", "right", "order", [*reversed(value)])


def _other(value: object) -> object:
    if isinstance(value, str):
        return "something else"
    return 2 * value + 3 if isinstance(value, int | float) else None
