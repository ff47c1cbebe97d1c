"""Values as people and models write them: numbers, and choices at any depth. What can be meant in two ways is refused."""

from __future__ import annotations

import enum
import json
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any, Literal, Optional

import pydantic
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typing_extensions import TypedDict

from refine_core import (
    ChatAdapter,
    InputField,
    JSONAdapter,
    OutputField,
    ParseError,
    Predict,
    ScriptedLM,
    Signature,
    context,
)
from tests.prompts import reply


class Color(enum.Enum):
    RED = "red"
    DARK_BLUE = "dark blue"


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 2


class Mood(pydantic.BaseModel):
    label: Literal["positive", "negative"]
    sure: bool = True
    share: float = pydantic.Field(default=0.0, le=1)
    percent: float = 0.0


class Moods(pydantic.RootModel[list[Mood]]):
    pass


@dataclass
class Point:
    color: Color
    x: int = 0


class Row(TypedDict):
    level: Level
    amount: float


CHOICES = [
    (Literal["positive", "negative"], "Positive.", "positive"),
    (Literal["positive", "negative"], "**positive**", "positive"),
    (Literal["positive", "negative"], '"positive"', "positive"),
    (Literal["positive", "negative"], "POSITIVE", "positive"),
    (Literal["positive", "negative"], "`Negative`!", "negative"),
    (Literal["positive", "negative"], '**"Positive."**', "positive"),
    (Literal["not spam", "spam"], "Not_Spam", "not spam"),
    (Literal["n/a", "yes"], "N/A.", "n/a"),
    (Literal["A-", "A", "A+"], "**A-**", "A-"),
    (Literal["C", "C#", "C++"], "**c#**", "C#"),
    (Literal["a", "A"], "a.", "a"),
    (Literal[-1, 0, 1], "1.", 1),
    (Literal[-1, 0, 1], "-1.", -1),
    (Literal[1, 2, 3], 2.0, 2),
    (Literal[1, 2, 3], "2.0", 2),
    (Color, "Red.", Color.RED),
    (Color, "DARK_BLUE", Color.DARK_BLUE),
    (Color, "Dark-Blue", Color.DARK_BLUE),
    (Color, "Color.RED", Color.RED),
    (Level, "high", Level.HIGH),
    (Optional[Color], "**red**", Color.RED),
    (Optional[Color], "None.", None),
    (list[Literal[1, 2, 3]], ["2"], [2]),
    (list[Literal[1, 2, 3]], ["2", 3, "1."], [2, 3, 1]),
    (list[Color], ["Red", "dark_blue"], [Color.RED, Color.DARK_BLUE]),
    (set[Literal["x", "y"]], ["X", "y."], {"x", "y"}),
    (tuple[Literal["x"], bool], ["X", "Yes."], ("x", True)),
    (tuple[Color, ...], ["RED"], (Color.RED,)),
    (list[bool], ["Yes.", "**no**", "TRUE", False], [True, False, True, False]),
    (bool, "Yes.", True),
    (bool, "**False**", False),
    (dict[str, Literal["a", "b"]], {"k": "A"}, {"k": "a"}),
    (dict[Color, bool], {"RED": "yes."}, {Color.RED: True}),
    (dict[Literal["a", "b"], list[Color]], {"B": ["red."]}, {"b": [Color.RED]}),
    (Color | int, "Red.", Color.RED),
    (list[Optional[Literal["a"]]], ["A", None, "none"], ["a", None, None]),
    (Mood, {"label": "Positive.", "sure": "No."}, Mood(label="positive", sure=False)),
    (list[Mood], [{"label": "**negative**"}], [Mood(label="negative")]),
    (Point, {"color": "RED", "x": "1,234"}, Point(Color.RED, 1234)),
    (Row, {"level": "High", "amount": "$12"}, {"level": Level.HIGH, "amount": 12.0}),
    (Moods, [{"label": "Negative."}], Moods([Mood(label="negative")])),
    (dict[str, Any], {"k": "A"}, {"k": "A"}),
]


def read(adapter: Any, kind: Any, data: object, **field: Any) -> Any:
    """What a predictor gives for this data in a reply."""
    signature = Signature({"q": (str, InputField()), "value": (kind, OutputField(**field))})
    text = data if isinstance(data, str) else json.dumps(data)
    answer = json.dumps({"value": data}) if isinstance(adapter, JSONAdapter) else reply(value=text)
    with context(lm=ScriptedLM([answer]), adapter=adapter):
        return Predict(signature)(q="?").value


ADAPTERS = pytest.mark.parametrize(
    "adapter", [ChatAdapter(use_json_fallback=False), JSONAdapter()], ids=["chat", "json"]
)


@pytest.mark.fault(4)
@ADAPTERS
@pytest.mark.parametrize(("kind", "data", "value"), CHOICES)
def test_a_choice_is_read_as_models_write_it_at_any_depth(adapter, kind, data, value):
    found = read(adapter, kind, data)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.fault(4)
@ADAPTERS
@pytest.mark.parametrize(
    ("kind", "data"),
    [
        (Literal["positive", "negative"], "positive or negative"),
        (Literal["positive", "negative"], "neutral"),
        (Literal["positive", "negative"], "not positive"),
        (Literal["Spam", "SPAM"], "spam"),
        (Literal[-1, 0], "1."),
        (Literal["<5", ">=5"], "5"),
        (Literal["A*", "B"], "A"),
        (Literal["a b", "a_b"], "A-B"),
        (list[Literal["Spam", "SPAM"]], ["spam"]),
        (dict[Literal["a", "b"], int], {"A": 1, "a": 2}),
        (bool | Literal["yes", "no"], "Yes."),
        (list[Color], ["green"]),
        (Mood, {"label": "mixed"}),
        (bool, "yes and no"),
    ],
)
def test_what_names_no_choice_or_two_of_them_is_refused(adapter, kind, data):
    with pytest.raises(ParseError):
        read(adapter, kind, data)


NUMBERS = [
    (int, "1,234", 1234),
    (int, "1,234,567", 1234567),
    (int, "1 234", 1234),
    (int, "1\u202f234", 1234),
    (int, "1_234", 1234),
    (int, "1'234", 1234),
    (int, "1.234.567", 1234567),
    (int, "12,34,567", 1234567),
    (int, "85%", 85),
    (int, "\u22125", -5),
    (int, "\u20135", -5),
    (int, "$12", 12),
    (int, "-$12", -12),
    (int, "12 €", 12),
    (int, "USD 1,200.00", 1200),
    (int, "42.", 42),
    (int, "42!", 42),
    (int, "**42**", 42),
    (int, "`42`.", 42),
    (int, "1,234.0", 1234),
    (int, "\uff14\uff12", 42),
    (float, "1,234", 1234.0),
    (float, "1,234.5", 1234.5),
    (float, "1.234,56", 1234.56),
    (float, "1 234,5", 1234.5),
    (float, "$0.50", 0.5),
    (float, "**0.75**", 0.75),
    (float, "\u22120.5", -0.5),
    (float, "85%", 0.85),
    (float, "85 %", 0.85),
    (float, "+5", 5.0),
    (Decimal, "$1,234.50", Decimal("1234.50")),
    (Optional[int], "1,234", 1234),
    (list[int], ["1,234", "**5**", 6], [1234, 5, 6]),
    (dict[str, float], {"a": "$1.5", "b": "1,000"}, {"a": 1.5, "b": 1000.0}),
    (dict[int, str], {"1,000": "x"}, {1000: "x"}),
    (tuple[int, float], ["1,000", "50%"], (1000, 0.5)),
    (list[int | str], ["1,234"], ["1,234"]),
    (
        Mood,
        {"label": "positive", "share": "85%", "percent": "85%"},
        Mood(label="positive", share=0.85, percent=85),
    ),
]


@pytest.mark.fault(6)
@ADAPTERS
@pytest.mark.parametrize(("kind", "data", "value"), NUMBERS)
def test_a_number_is_read_as_people_write_it(adapter, kind, data, value):
    found = read(adapter, kind, data)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.fault(6)
@ADAPTERS
@pytest.mark.parametrize(
    ("kind", "text"),
    [
        *(
            (kind, text)
            for kind in (int, float)
            for text in ("1,23", "1,5", "0,500", "1,2345", "1 23", "12 34", "1,234,5")
        ),
        *((int, text) for text in ("1.5", "$1.50", "85.5%", "1,234.5")),
        *(
            (float, text)
            for text in (
                "8/10",
                "~5",
                "about 5",
                "5 apples",
                "1-2",
                "(1,234)",
                "10²",
                "five",
                "%",
                "$",
            )
        ),
        (float, "1,2,3"),
        (float, "--5"),
        (float, "$$5"),
        (float, "1,,234"),
        (int | float, "85%"),
    ],
)
def test_what_is_no_number_or_may_be_two_is_refused(adapter, kind, text):
    with pytest.raises(ParseError):
        read(adapter, kind, text)


@pytest.mark.fault(6)
@pytest.mark.parametrize(
    "field",
    [{"desc": "in percent"}, {"desc": "from 0 to 100"}, {"le": 100}, {"ge": 0, "lt": 101}],
)
@ADAPTERS
def test_a_field_in_percent_takes_the_number_itself(adapter, field):
    assert read(adapter, float, "85%", **field) == 85.0


@pytest.mark.fault(6)
@ADAPTERS
def test_bounds_hold_for_what_was_eased(adapter):
    assert read(adapter, float, "85%", ge=0, le=1) == 0.85
    assert read(adapter, Annotated[float, pydantic.Field(le=1)], "85%") == 0.85
    with pytest.raises(ParseError, match="less than or equal to 10"):
        read(adapter, int, "1,234", le=10)


@pytest.mark.fault(6)
@pytest.mark.parametrize(
    ("text", "value"), [("\u22125", -5.0), ("-5", -5.0), ("85%", 0.85), ("1,234", 1234.0)]
)
def test_a_number_without_quotes_in_an_object_is_the_same_number(text, value):
    """The repair of JSON would drop the minus and the percent sign."""
    adapter = JSONAdapter()
    assert adapter.parse(Signature("q -> value: float"), f'{{"value": {text}}}') == {"value": value}


KINDS = [kind for kind, *_ in CHOICES + NUMBERS]


@given(
    st.sampled_from(KINDS),
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers()
        | st.floats()
        | st.text("aAred1,.%$*`()-\u2212 {}[]\":'", max_size=12),
        lambda inner: (
            st.lists(inner, max_size=3) | st.dictionaries(st.text("aA1.", max_size=3), inner, max_size=3)
        ),
        max_leaves=6,
    ),
)
def test_any_value_is_read_or_refused(kind, data):
    signature = Signature({"q": (str, InputField()), "value": (kind, OutputField())})
    text = data if isinstance(data, str) else json.dumps(data)
    for adapter, answer in ((JSONAdapter(), json.dumps({"value": data})), (ChatAdapter(), reply(value=text))):
        try:
            adapter.parse(signature, answer)
        except ParseError:
            continue
