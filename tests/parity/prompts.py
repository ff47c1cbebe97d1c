"""The signatures, demos and values whose prompts are compared, and the replies that both sides read.

No `from __future__ import annotations` here: signatures read their types off local classes.
"""

from collections.abc import Iterator, Mapping, Sequence
from enum import Enum
from functools import cache
from typing import Any, Literal, Optional

from pydantic import BaseModel

from tests.parity.play import Opaque


class Colour(Enum):
    """Names that are not their values."""

    RED = "red"
    DEEP_BLUE = "deep blue"


class Place(BaseModel):
    """A place."""

    name: str
    people: int
    known_for: list[str] = []


class Journey(BaseModel):
    """Two places."""

    start: Place
    end: Optional[Place] = None


ANNOTATED: dict[str, tuple[Any, Any]] = {
    "text": (str, "some text"),
    "int": (int, 42),
    "float": (float, 2.5),
    "bool": (bool, True),
    "list of texts": (list[str], ["one", "twö"]),
    "list of ints": (list[int], [1, 2, 3]),
    "dict": (dict[str, int], {"a": 1, "b": 2}),
    "literal": (Literal["red", "deep blue"], "deep blue"),
    "enum": (Colour, Colour.DEEP_BLUE),
    "model": (Place, Place(name="Gent", people=260000)),
    "nested model": (Journey, Journey(start=Place(name="Gent", people=260000, known_for=["towers"]))),
    "list of models": (list[Place], [Place(name="Gent", people=260000)]),
    "optional int": (Optional[int], 7),
    "optional text": (Optional[str], "there"),
    "tuple": (tuple[str, int], ("a", 1)),
}
"""Type of the output -> (the type, a value of it)."""

GIVEN: dict[str, Any] = {
    "empty list": [],
    "list of one": ["alone"],
    "list of lines": ["one", "two\nlines", "with «quotes»"],
    "dict": {"a": [1, "ü"], "b/c": None},
    "int": 3,
    "float": 0.1,
    "bool": True,
    "nothing": None,
    "model": Place(name="Gent", people=260000),
    "opaque": Opaque(),
    "several lines": "one\n\ntwo [[ ## three ## ]]",
    "spaces": "  around  ",
    "enum": Colour.RED,
}
"""What is given for an input of type str."""

DEMOS: dict[str, list[dict[str, Any]]] = {
    "complete": [
        {"question": "q1", "answer": "a1", "count": 1},
        {"question": "q2", "answer": "a2", "count": 2},
    ],
    "without an output": [{"question": "q1", "answer": "a1"}, {"question": "q2", "answer": "a2", "count": 2}],
    "without an input": [{"answer": "a1", "count": 1}, {"question": "q2", "answer": "a2", "count": 2}],
    "outputs that are None": [{"question": "q1", "answer": "a1", "count": None}],
    "unusable": [{"question": "q1"}, {"answer": "a1"}, {"elsewhere": "x"}, {}],
    "more than asked": [{"question": "q1", "answer": "a1", "count": 1, "augmented": True}],
}


@cache
def cases(lib: Any) -> dict[str, tuple[Any, list[dict[str, Any]], dict[str, Any], dict[str, Any]]]:
    """Name -> (signature, demos, inputs, outputs) in the classes of `lib`."""

    def of(
        text: str, inputs: Mapping[str, Any], outputs: Mapping[str, Any], demos: Sequence[Any] = ()
    ) -> Any:
        return lib.Signature(text), list(demos), dict(inputs), dict(outputs)

    made: dict[str, Any] = {
        f"output: {name}": _typed(lib, kind, value) for name, (kind, value) in ANNOTATED.items()
    }
    made |= {
        f"input: {name}": of("question -> answer", {"question": value}, {"answer": "a"})
        for name, value in GIVEN.items()
    }
    made |= {
        f"demos: {name}": of(
            "question -> answer, count: int", {"question": "q"}, {"answer": "a", "count": 1}, demos
        )
        for name, demos in DEMOS.items()
    }
    made["several fields"] = of(
        "question, context: list[str], limit: int -> reasoning, answer, sure: bool, score: float",
        {"question": "q", "context": ["one", "two"], "limit": 3},
        {"reasoning": "r", "answer": "a", "sure": False, "score": 0.5},
    )
    made["described"] = _described(lib), [], {"question": "q", "count": 2}, {"answer": "a", "count_": 3}
    hinted = lib.Signature("question -> answer").append("hint_", lib.InputField(desc="a hint"))
    made["hinted"] = hinted, [], {"question": "q", "hint_": "be brief"}, {"answer": "a"}
    return made


def _typed(lib: Any, kind: Any, value: Any) -> Any:
    class Typed(lib.Signature):
        """Answer the question."""

        question: str = lib.InputField()
        made: kind = lib.OutputField()

    return Typed, [{"question": "before", "made": value}], {"question": "q"}, {"made": value}


def _described(lib: Any) -> Any:
    class Described(lib.Signature):
        """Answer the question.

        Then count, and:
            - keep this indent
        """

        question: str = lib.InputField(desc="what is asked (of you)")
        count: int = lib.InputField(desc="how often", ge=1)
        answer: str = lib.OutputField(desc="in one word")
        count_: int = lib.OutputField(desc="again", ge=0, le=10)

    return Described


ODD_REPLIES: dict[str, tuple[str, ...]] = {
    "int": ("3", "3.0", " 3 ", "```json\n3\n```", "three", "", "-1", "+2", "3,000", "3 apples", "None"),
    "float": ("3", "3.5", ".5", "1e3", "```\n2.5\n```", "high", "", "NaN"),
    "bool": ("True", "true", "no", "yes", "0", "1", "False.", "maybe", "", "on"),
    "list of texts": (
        '["a", "b"]',
        "['a', 'b']",
        '```json\n["a"]\n```',
        '["a", "b"',
        "a, b",
        "",
        "- a\n- b",
        "[]",
    ),
    "list of ints": ("[1, 2]", "[1, '2']", "[1.0]", "1, 2", "[1, 2,]", "(1, 2)", "5"),
    "dict": ('{"a": 1}', "{'a': 1}", '{"a": "1"}', '{"a": 1', "a: 1", '```json\n{"a": 1}\n```', "{}", "[]"),
    "literal": ("red", "'red'", '"red"', "Literal['red']", "deep blue", " red ", "Red", "green", ""),
    "enum": ("red", "RED", "deep blue", "DEEP_BLUE", "Red", "green", ""),
    "model": (
        '{"name": "Gent", "people": 1}',
        '{"name": "Gent", "people": "1"}',
        "{'name': 'Gent', 'people': 1}",
        '{"name": "Gent"}',
        '```json\n{"name": "Gent", "people": 1}\n```',
        'Here: {"name": "Gent", "people": 1}',
        '{"name": "Gent", "people": 1, "more": 2}',
        "Gent",
        "",
    ),
    "list of models": ('[{"name": "Gent", "people": 1}]', '{"name": "Gent", "people": 1}', "[]", "Gent"),
    "optional int": ("7", "None", "null", "", "7.0", "seven"),
    "optional text": ("there", "None", "null", "", "'there'", "7"),
    "text": ("", "None", '"quoted"', "  spaces  ", "```json\n{}\n```", "two\n\nlines", "[1]"),
    "tuple": ('["a", 1]', "('a', 1)", '["a"]', "a, 1"),
}
"""What a model may write for an output of each type."""


def odd_replies() -> Iterator[tuple[str, str]]:
    """(type, text) of each."""
    return ((kind, text) for kind, texts in ODD_REPLIES.items() for text in texts)
