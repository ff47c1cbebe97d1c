"""The right answer of a row: which output it belongs into, what it is, and what kind of thing that is.

    row + source --find_right_answer--> RightAnswer(field, value, kind) | None

It is the row's expected value; else an input that has an output's name, or one of the usual names of expected values, as
`args["answer"]` in many rewards; else the whole output of a row that a person labelled good.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Final, Literal

from refine_core.cases import BAD, GOOD, read_label
from refine_core.doctor.answers.outputs import read_text
from refine_core.rewards.shapes.names import EXPECTED, MAIN_OUTPUT, REASONING
from refine_core.rows import Row

Kind = Literal["number", "words", "passage", "code", "json", "typed"]
"""Text that is a number; a few words; longer text; code; JSON; a value that is no text."""
Origin = Literal["expected", "input", "label", "row"]
"""label: the output of a row that somebody called good. row: that of the row with the highest score, where nothing better is known."""

_NUMBER = re.compile(r"[-+]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?|[-+]?\.\d+")
_FEW_WORDS: Final = 8
_CODE = re.compile(
    r"^\s*(?:def |class |import |from \S+ import |return\b|SELECT\b|#include|<\w+[ >]|function\b)|[{};]\s*$|```|=>|==|\w://",
    re.MULTILINE,
)
_FINAL = re.compile(r"####\s*(\S.*?)\s*$")
_TAGGED = re.compile(r"\s*<(\w+)>(.*)</\1>\s*", re.DOTALL)
_BOXED = re.compile(r"\\boxed\{([^{}]+)\}")


@dataclass(frozen=True, slots=True)
class RightAnswer:
    """What a row's output should say.

    row: where it is from. field: name of the output that it belongs into. value: as a model would give it; text unless kind is
    "typed". origin: where it was found. others: further outputs whose right values are known.
    """

    row: Row
    field: str
    value: object
    kind: Kind
    origin: Origin
    others: Mapping[str, object]

    @property
    def is_known(self) -> bool:
        """Whether it is told as the right answer, and not only the output of a good row."""
        return self.origin in {"expected", "input"}

    @property
    def text(self) -> str:
        """The value as text."""
        return (
            self.value
            if isinstance(self.value, str)
            else json.dumps(self.value, ensure_ascii=False, default=str)
        )


def find_right_answer(row: Row, mentioned: Collection[str] = ()) -> RightAnswer | None:
    """The right answer of a row; None where nobody knows it. mentioned: names that occur in the reward's source."""
    if not row.prediction:
        return None
    by_field, value, origin = _find_expected(row)
    main = find_main_output(row, tuple(by_field), mentioned)
    if main in by_field:
        value = by_field[main]
    if value is None and is_good(row):
        value, origin = _read_output(row.prediction[main]), "label"
    value = _unwrap(value, _read_output(row.prediction[main]), names_several=_names_several(row))
    if value is None or value in ("", [], {}):
        return None
    others = {name: other for name, other in by_field.items() if name != main}
    return RightAnswer(row, main, value, classify(value), origin, others)


def expect_another(right: RightAnswer) -> Row:
    """The row with another expected value: a reward that scores the right answer the same there never looks at what is expected."""
    row = right.row
    wanted = [right.value, *row.expected.values()]
    told = {*row.prediction, *row.expected, *EXPECTED}
    changed = {
        name: _change(value)
        for name, value in row.inputs.items()
        if name in told or any(_says_the_same(value, one) for one in wanted)
    }
    return replace(
        row,
        inputs={**row.inputs, **changed},
        expected={name: _change(value) for name, value in row.expected.items()},
    )


def _says_the_same(value: object, wanted: object) -> bool:
    """Whether an input holds what is expected, such as 1250.0 for "1250": a reward may compare with that one."""
    if value in (None, "", [], {}) or isinstance(value, bool):
        return False
    if value == wanted:
        return True
    one, other = (read_number_text(str(it).strip()) for it in (value, wanted))
    return one is not None and one == other


def _change(value: object) -> object:
    if isinstance(value, bool):
        return not value
    if isinstance(value, int | float):
        return 2 * value + 3
    if isinstance(value, str):
        number = read_number_text(value.strip())
        return "something else" if number is None else f"{2 * number + 3:g}"
    return (
        [_change(value[0])]
        if isinstance(value, list) and value
        else {}
        if isinstance(value, Mapping)
        else value
    )


def take_output(row: Row, mentioned: Collection[str] = ()) -> RightAnswer | None:
    """A row's own output in place of a right answer."""
    if not row.prediction:
        return None
    main = find_main_output(row, (), mentioned)
    value = _read_output(row.prediction[main])
    return None if value in (None, "", [], {}) else RightAnswer(row, main, value, classify(value), "row", {})


def _read_output(recorded: object) -> object:
    """An output as its text, if it has one; else as it is."""
    text = read_text(recorded)
    return recorded if text is None else text


def is_good(row: Row) -> bool:
    """Whether a person called the row's output good."""
    return read_label(row.label) == GOOD


def is_bad(row: Row) -> bool:
    """Whether a person called the row's output bad."""
    return read_label(row.label) == BAD


def find_main_output(row: Row, expected: Collection[str] = (), mentioned: Collection[str] = ()) -> str:
    """The output that a reward most likely reads. expected: outputs with an expected value. mentioned: names in the source."""
    names = list(row.prediction)
    for preferred in (
        [name for name in names if name in expected and name not in REASONING],
        [name for name in names if name in mentioned and name not in REASONING],
    ):
        if len(preferred) == 1:
            return preferred[0]
        names = preferred or names
    for name in MAIN_OUTPUT:
        if name in names:
            return name
    return ([name for name in names if name not in REASONING] or names)[-1]


def classify(value: object) -> Kind:
    """What kind of thing a right answer is, which decides what else would be as right."""
    if not isinstance(value, str):
        return "typed"
    text = value.strip()
    if read_number_text(text) is not None:
        return "number"
    if text[:1] in {"{", "["}:
        try:
            json.loads(text)
        except (ValueError, RecursionError):
            return "code"
        return "json"
    if _CODE.search(text) is not None:
        return "code"
    return "words" if len(text.split()) <= _FEW_WORDS and "\n" not in text else "passage"


def read_number_text(text: str) -> float | None:
    """The number that a text is, "1,250" and "-3.5" among them; None for any other text."""
    return float(text.replace(",", "")) if _NUMBER.fullmatch(text) else None


def _find_expected(row: Row) -> tuple[dict[str, object], object, Origin]:
    """Right values by the name of their output, the single one, and where they are from."""
    outputs = row.prediction
    by_field = {name: value for name, value in row.expected.items() if name in outputs}
    if row.expected:
        return by_field, next(iter(by_field.values()), None) or _pick(row.expected), "expected"
    by_field = {name: value for name, value in row.inputs.items() if name in outputs}
    if by_field:
        return by_field, next(iter(by_field.values())), "input"
    named = [name for name in EXPECTED if name in row.inputs]
    return {}, row.inputs[named[0]] if named else None, "input"


def _pick(expected: Mapping[str, object]) -> object:
    if len(expected) == 1:
        return next(iter(expected.values()))
    return next((expected[name] for name in EXPECTED if name in expected), None)


def _names_several(row: Row) -> bool:
    """Whether a list is a list of accepted answers, and not something else that the reward looks for."""
    names = {*row.expected} or {*row.inputs}
    return bool(names & {*row.prediction, *EXPECTED, *(f"{name}s" for name in EXPECTED), "aliases"})


def _unwrap(value: object, predicted: object, *, names_several: bool) -> object:
    """A value as a model would give it: the first of several accepted ones, what follows #### in a worked solution."""
    if isinstance(predicted, str):
        if isinstance(value, list | tuple) and value and all(isinstance(one, str) for one in value):
            value = value[0] if names_several else None
        if isinstance(value, bool) or value is None:
            return None if value is None else str(value)
        if isinstance(value, int | float):
            return f"{value:g}" if float(value).is_integer() and abs(value) < 1e15 else str(value)  # noqa: PLR2004
        if isinstance(value, str):
            tagged = _TAGGED.fullmatch(value)
            value = tagged[2].strip() if tagged else value
            final = _FINAL.search(value) or (_BOXED.search(value) if len(value) > len("\\boxed{}") else None)
            return final[1] if final else value
        return json.dumps(value, ensure_ascii=False, default=str) if value is not None else None
    return _read_typed(value, predicted) if isinstance(value, str) else value


def _read_typed(text: str, predicted: object) -> object:
    """The value of a text in the type of a recorded output, if it has one there."""
    if isinstance(predicted, bool):
        return {"true": True, "yes": True, "false": False, "no": False}.get(text.strip().lower())
    if isinstance(predicted, int | float):
        number = read_number_text(text.strip())
        return (
            None
            if number is None
            else int(number)
            if isinstance(predicted, int) and number.is_integer()
            else number
        )
    if isinstance(predicted, list | dict):
        try:
            value = json.loads(text)
        except (ValueError, RecursionError):
            return None
        return value if isinstance(value, type(predicted)) else None
    return text
