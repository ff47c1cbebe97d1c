"""What a value in a reward is, as far as reading can tell: its type, and whether the model wrote it.

Kind("text", written=True)            pred.answer.strip()
Kind("list", item=Kind("text"))       "a b".split()
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import get_args, get_origin


@dataclass(frozen=True, slots=True)
class Kind:
    """A value.

    type: "text", "letter", "found" (text of a form that a pattern asks for), "float", "int", "list", "tuple", "match", or what an argument is ("prediction", "inputs", …); "" where it is
    not known. written: made of what the model wrote. given: made of inputs or expected values.
    item: of a list. items: of a tuple.
    """

    type: str = ""
    written: bool = False
    given: bool = False
    item: Kind | None = None
    items: tuple[Kind, ...] = ()

    def as_type(self, name: str, item: Kind | None = None) -> Kind:
        """Another type, made of the same."""
        return Kind(name, self.written, self.given, item)

    @property
    def element(self) -> Kind:
        """What iterating over it gives."""
        if self.type == "text":
            return self.as_type("letter")
        if self.items:
            return join_kinds(self.items)
        return self.item if self.item is not None else self.as_type("")


UNKNOWN = Kind()
UNBOUND = Kind("unbound")
"""A name to which nothing has been assigned so far."""


def join_kinds(kinds: Iterable[Kind]) -> Kind:
    """What is one of these, no matter which."""
    joined = UNBOUND
    for one in kinds:
        joined = one if joined.type == "unbound" else joined if one.type == "unbound" else _join(joined, one)
    return joined if joined.type != "unbound" else UNKNOWN


def _join(one: Kind, other: Kind) -> Kind:
    mixed = replace(one, written=one.written or other.written, given=one.given or other.given)
    if one.type == other.type and (one.item, one.items) == (other.item, other.items):
        return mixed
    return mixed.as_type(one.type if one.type == other.type else "")


def mix_kinds(name: str, kinds: Iterable[Kind]) -> Kind:
    """A value of the type `name` that is made of all of these."""
    parts = tuple(kinds)
    return Kind(name, any(one.written for one in parts), any(one.given for one in parts))


def kind_of_type(declared: object, *, written: bool) -> Kind:
    """The kind of a field of this type. written: whether it is an output."""
    origin = get_origin(declared) or declared
    given = not written
    if origin in (list, tuple, set):
        inner = get_args(declared)
        return Kind("list", written, given, kind_of_type(inner[0], written=written) if inner else None)
    names = {str: "text", float: "float", int: "int", bool: "int", dict: "dict"}
    return Kind(names.get(origin, "") if isinstance(origin, type) else "", written, given)
