"""One row: an output that somebody recorded, with what it was an output of. And its JSON form, which is our own.

    {"id": "7", "group": "q1", "inputs": {"question": "…"}, "prediction": {"answer": "…"}, "expected": {"answer": "…"},
     "reward": 0.5, "parts": {"format": 1.0}, "label": "good", "feedback": "…"}

Only "inputs" and "prediction" have to be there; what is absent is unknown, never 0. docs/command-line.md describes the form.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

Number = int | float

ROW_KEYS: Final = (
    "id", "group", "inputs", "prediction", "expected", "reward", "parts", "label", "feedback",
)  # fmt: skip
"""Keys of a row in JSON, in the order in which they are written."""

_TEXT = "text"  # what a bare value of "inputs" or "prediction" is called


@dataclass(frozen=True, slots=True)
class Row:
    """One recorded output. Values are JSON data.

    id: unique in its file. group: what rows of the same input, or of the same run, have in common; None for a row by itself.
    inputs, prediction: name -> value. expected: name -> value that the output should have; {} where none is known.
    reward: as recorded; None if it was not scored. parts: name -> number. label: a person's verdict, such as "good".
    source: where it comes from, for people: "results.jsonl, line 3". feedback: the reason that was given for the reward.
    """

    id: str
    inputs: Mapping[str, object]
    prediction: Mapping[str, object]
    expected: Mapping[str, object] = field(default_factory=dict)
    group: str | None = None
    reward: float | None = None
    parts: Mapping[str, float] = field(default_factory=dict)
    label: str | None = None
    source: str = ""
    feedback: str = ""

    def to_json(self) -> dict[str, Any]:
        """The row as JSON data, without what is unknown."""
        optional = {
            "group": self.group,
            "expected": dict(self.expected) or None,
            "reward": self.reward,
            "parts": dict(self.parts) or None,
            "label": self.label,
            "feedback": self.feedback or None,
        }
        every = {"id": self.id, "inputs": dict(self.inputs), "prediction": dict(self.prediction), **optional}
        return {key: every[key] for key in ROW_KEYS if every[key] is not None}


def is_own_row(value: object) -> bool:
    """Whether this looks like a row in our own form: an object with "inputs" and "prediction"."""
    return isinstance(value, Mapping) and "inputs" in value and "prediction" in value


def row_from_json(data: Mapping[str, Any], *, number: int, source: str = "") -> Row:
    """The row that `data` describes. number: from 1; the id of a row that has none.

    A bare value stands for an object: "prediction": "Paris" is {"text": "Paris"}, and "expected": "Paris" is
    {"expected": "Paris"}. Raises ValueError with a sentence, such as `"reward" must be a number, not text`.
    """
    parts = data.get("parts")
    if parts is not None and not isinstance(parts, Mapping):
        raise ValueError(f'"parts" must be an object of numbers, not {describe_json(parts)}')
    return Row(
        id=_text(data.get("id"), "id") or str(number),
        inputs=_named(data.get("inputs"), _TEXT),
        prediction=_named(data.get("prediction"), _TEXT),
        expected=_named(data.get("expected"), "expected"),
        group=_text(data.get("group"), "group"),
        reward=read_number(data.get("reward"), '"reward"'),
        parts={
            name: score
            for name, value in (parts or {}).items()
            if (score := read_number(value, f'"parts", {name}')) is not None
        },
        label=_text(data.get("label"), "label"),
        source=source,
        feedback=_text(data.get("feedback"), "feedback") or "",
    )


def read_number(value: object, what: str) -> float | None:
    """A recorded score; None where there is none, or where it is NaN. True and False are 1 and 0. Raises ValueError."""
    if value is None:
        return None
    if isinstance(value, bool | int | float):
        try:
            number = float(value)
        except OverflowError:
            raise ValueError(f"{what} is too large a number") from None
        if math.isinf(number):
            raise ValueError(f"{what} must be finite, not {number}")
        return None if math.isnan(number) else number
    raise ValueError(f"{what} must be a number, not {describe_json(value)}")


def describe_json(value: object) -> str:
    """What kind of JSON a value is, for a sentence: "text", "a list"."""
    kinds = (
        (bool, "true or false"),
        (str, "text"),
        (Mapping, "an object"),
        (list, "a list"),
        (Number, "a number"),
    )
    return next((words for kind, words in kinds if isinstance(value, kind)), "null")


def _named(value: object, name: str) -> dict[str, object]:
    if value is None:
        return {}
    return dict(value) if isinstance(value, Mapping) else {name: value}


def _text(value: object, key: str) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool | int | float):
        return str(value)
    raise ValueError(f'"{key}" must be text or a number, not {describe_json(value)}')
