"""A signature with outputs of many types, and values for it. For tests of what is written and read again."""

from __future__ import annotations

import dataclasses
import datetime
import enum
import uuid
from decimal import Decimal
from typing import Literal, Optional

from hypothesis import strategies as st
from pydantic import BaseModel

from refine_core import OutputField, Signature


class Color(enum.Enum):
    RED = "red"
    SKY = "blue"


class Part(BaseModel):
    name: str
    count: int = 1


class Doc(BaseModel):
    title: str
    parts: list[Part]
    main: Optional[Part]
    shades: dict[str, Color]
    made: Optional[datetime.datetime]


@dataclasses.dataclass
class Point:
    x: int
    y: float


_TEXT = st.text(max_size=20)
_FLOAT = st.floats(allow_nan=False, allow_infinity=False)
_PART = st.builds(Part, name=_TEXT, count=st.integers())
_VALUES = {
    int: st.integers(),
    float: _FLOAT,
    bool: st.booleans(),
    list[str]: st.lists(_TEXT, max_size=3),
    dict[str, float]: st.dictionaries(_TEXT, _FLOAT, max_size=3),
    tuple[int, str]: st.tuples(st.integers(), _TEXT),
    set[int]: st.sets(st.integers(), max_size=3),
    Literal["a b", "c", 3]: st.sampled_from(["a b", "c", 3]),
    Color: st.sampled_from(Color),
    Optional[int]: st.none() | st.integers(),
    Optional[Color]: st.none() | st.sampled_from(Color),
    datetime.datetime: st.datetimes(),
    datetime.date: st.dates(),
    Decimal: st.decimals(allow_nan=False, allow_infinity=False, places=3),
    uuid.UUID: st.uuids(),
    Point: st.builds(Point, x=st.integers(), y=_FLOAT),
    Doc: st.builds(
        Doc,
        title=_TEXT,
        parts=st.lists(_PART, max_size=2),
        main=st.none() | _PART,
        shades=st.dictionaries(_TEXT, st.sampled_from(Color), max_size=2),
        made=st.none() | st.datetimes(),
    ),
    list[Part]: st.lists(_PART, max_size=2),
    dict[str, Part]: st.dictionaries(_TEXT, _PART, max_size=2),
}
RICH = Signature(
    {"text": OutputField(), **{f"f{i}": (kind, OutputField()) for i, kind in enumerate(_VALUES)}}
)


def rich_values(*, in_chat: bool) -> st.SearchStrategy[dict[str, object]]:
    """Values of RICH. in_chat: without text that the chat format cannot hold: blanks at its ends, CR, markers."""
    plain = st.text().filter(lambda t: t == t.strip() and "\r" not in t and "[[ ##" not in t)
    typed = {f"f{i}": values for i, values in enumerate(_VALUES.values())}
    return st.fixed_dictionaries({"text": plain if in_chat else st.text(), **typed})
