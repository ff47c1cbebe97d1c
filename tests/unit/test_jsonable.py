"""One conversion of values to JSON data, for the log, for prompts and for what a page shows."""

from __future__ import annotations

import dataclasses
import datetime
import enum
from decimal import Decimal
from uuid import UUID

import pydantic
import pytest

from refine_core import Prediction
from refine_core.jsonable import TOO_DEEP, to_jsonable


class Colour(enum.Enum):
    RED = "red"


class Doc(pydantic.BaseModel):
    title: str
    tags: set[str] = set()


@dataclasses.dataclass
class Point:
    x: int
    colour: Colour = Colour.RED


class Word(str):
    """Text of a class of one's own."""

    __slots__ = ()


@pytest.mark.parametrize(
    ("value", "data"),
    [
        (Doc(title="A", tags={"x"}), {"title": "A", "tags": ["x"]}),
        (Point(1), {"x": 1, "colour": "red"}),
        ({1: (2, Colour.RED)}, {"1": [2, "red"]}),
        (datetime.date(2026, 1, 2), "2026-01-02"),
        (Decimal("1.50"), "1.50"),
        (UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        ([b"caf\xc3\xa9", b"\xff"], ["café", "\\xff"]),
        (Prediction(items=[1], keys="k"), {"items": [1], "keys": "k"}),
        ([Word("\ud83d")], ["\ud83d"]),
        ([object()], ["<non-serializable: object>"]),
        (Doc, "<non-serializable: ModelMetaclass>"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_value_becomes_the_data_that_pydantic_writes(value, data):
    assert to_jsonable(value) == data


def test_a_generator_is_not_used_up():
    values = iter([1, 2])
    assert to_jsonable({"values": values}) == {"values": "<non-serializable: list_iterator>"}
    assert list(values) == [1, 2]


def test_a_value_that_holds_itself_ends():
    ring: list[object] = []
    ring.append(ring)
    assert TOO_DEEP in repr(to_jsonable(ring))


def test_the_copy_shares_nothing_with_the_value():
    value = {"a": [{"b": [1]}]}
    copy = to_jsonable(value)
    copy["a"][0]["b"].append(2)
    assert value == {"a": [{"b": [1]}]}
