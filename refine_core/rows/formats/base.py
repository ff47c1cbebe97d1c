"""What a known kind of file is: how its records are told from others, and how a record becomes rows."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from refine_core.rows.mapping import as_text, number_of
from refine_core.rows.row import Row

Values = Mapping[str, Any]


class NoOutputError(ValueError):
    """A record of an output that never came, such as a model's error: it is left out, and nothing is wrong with the file."""


EXPECTED: Final = frozenset({
    "expected", "expected_output", "expected_answer", "reference", "reference_answer", "reference_output", "target", "ground_truth",
    "gold", "gold_answer", "ideal", "correct_answer", "correct_label", "solution",
})  # fmt: skip
"""Names that mean the right answer in every file; `answer` and `label` do not."""


@dataclass(frozen=True, slots=True)
class Format:
    """A kind of file that another tool writes.

    name: as it is shown: "TRL completions". recognizes: from the names of the first record's values, and the values.
    rows: a record's rows; number: of the record, from 1; place: for Row.source. It raises ValueError with a sentence.
    note: what to tell of a file's first row, or "". fit: the same kind, for a file whose first records have these values: what a record
    leaves open, such as whether an empty column is a score, the others may tell.
    """

    name: str
    recognizes: Callable[[frozenset[str], Values], bool]
    rows: Callable[[Values, int, str], Iterable[Row]]
    note: Callable[[Row], str] = lambda row: describe_expected(row)  # noqa: PLW0108  # it is defined below
    fit: Callable[[Sequence[Values]], Format] | None = None


def describe_expected(row: Row) -> str:
    """Which input was taken for the right answer by its name, for people; "" where none was."""
    moved = [name for name in row.expected if name in EXPECTED]
    if not moved or row.inputs == {}:
        return ""
    return f"Taken as the right answer, by its name: {', '.join(moved)}."


def split_expected(values: Values) -> tuple[dict[str, Any], dict[str, Any]]:
    """Inputs, and what is expected, by names that mean nothing else."""
    expected = {name: value for name, value in values.items() if name.lower() in EXPECTED}
    return {name: value for name, value in values.items() if name not in expected}, expected


def as_object(value: object, name: str) -> dict[str, Any]:
    """An object as it is; any other value under a name; {} for none."""
    if value is None:
        return {}
    return dict(value) if isinstance(value, Mapping) else {name: value}


def text_of(content: object) -> object:
    """The text of a message's content, which is text or a list of parts; other data stays as it is."""
    if isinstance(content, list) and content and all(isinstance(part, (str, Mapping)) for part in content):
        texts = [part if isinstance(part, str) else part.get("text") for part in content]
        if all(isinstance(text, str) for text in texts if text is not None) and any(texts):
            return "".join(text for text in texts if text)
    return content


def last_reply(messages: object) -> object:
    """What the model said at last: of a list of messages the last one of the assistant; text is itself."""
    if isinstance(messages, list):
        replies = [
            m for m in messages if isinstance(m, Mapping) and m.get("role") in ("assistant", "ai", None)
        ]
        if replies and "content" in replies[-1]:
            return text_of(replies[-1]["content"])
    return messages


def completion_of(value: object, name: str = "completion") -> dict[str, Any]:
    """A completion as a prediction: its text, and all of its messages where there are several."""
    if value is None:
        raise ValueError(f"“{name}” is missing")
    prediction: dict[str, Any] = {name: last_reply(value)}
    if isinstance(value, list) and len(value) > 1:
        prediction["messages"] = value
    return prediction


def numbers_of(values: Values) -> dict[str, float]:
    """Those of the values that are numbers, or true or false."""
    parts = {}
    for name, value in values.items():
        if isinstance(value, bool | int | float) and (number := number_of(value, name)) is not None:
            parts[name] = number
    return parts


def single(
    parts: Mapping[str, float], names: Collection[str] | None = None
) -> tuple[float | None, dict[str, float]]:
    """A reward and its parts: a lone score is the reward; several have no known total.

    names: of all scores that the file has, where this row may lack some.
    """
    count = len(parts if names is None else {*names, *parts})
    return (next(iter(parts.values()), None), {}) if count == 1 else (None, dict(parts))


def find_scores(sample: Iterable[Values], read: Callable[[Values], Mapping[str, float]]) -> frozenset[str]:
    """Names of all scores that these records have. read: those of one record."""
    return frozenset(name for values in sample for name in read(values))


def without_total(row: Row) -> str:
    """For files whose scores have no total."""
    names = ", ".join(row.parts)
    return (
        f"{len(row.parts)} scores without a total, kept as parts: {names}."
        if row.reward is None and row.parts
        else ""
    )


def parsed(value: object) -> object:
    """JSON text as data where it is a list or an object; anything else as it is."""
    if isinstance(value, str) and value[:1] in ("{", "["):
        try:
            return json.loads(value)
        except (ValueError, RecursionError):
            return value
    return value


def name_of(*parts: object) -> str | None:
    """Parts as one name: "3 · What is 2 + 2?"; None if there are none."""
    return " · ".join(text for part in parts if (text := as_text(part))) or None
