"""Probes: outputs made from a right answer, without a model, of which one knows whether they deserve its score.

    right answer + form --list_probes--> Probe(name, claim, answer or whole output)

    nothing     no answer is in it                             must not be paid
    wrong       another answer, in the right form              must not be paid
    mention     it names the answer, but does not give it      a note if it is paid
    right       the answer, written differently                should be paid the same

What counts as the same answer depends on its kind: numbers have separators, words have upper and lower case, code has neither.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from refine_core.doctor.forms import Form
from refine_core.doctor.outputs import put_text
from refine_core.doctor.right_answers import RightAnswer, read_number_text
from refine_core.rows import Row

Claim = Literal["nothing", "wrong", "mention", "right"]

REFUSAL: Final = "I cannot help with that."
FILLER: Final = (
    "There are several aspects to consider here, and each of them deserves a careful and detailed look before anything is said. "
) * 6
_TWO_LINES: Final = "I look at what is asked.\nThen I work it out."
_THOUSAND: Final = 1000
_KEYWORD: Final = re.compile(r"\w{3,}")
_UNIT = re.compile(r"(?:\d|\bmany|\bmuch)\s+([a-z]{3,}s)\b")


@dataclass(frozen=True, slots=True)
class Probe:
    """One output to try.

    name: what it is, in a few words. claim: what one knows of it. family: probes that show the same fault.
    prediction: all outputs. text: the probed one, as text. is_strong: whether most people would call its refusal wrong.
    """

    name: str
    claim: Claim
    family: str
    prediction: Mapping[str, object]
    text: str
    is_strong: bool = False


def list_probes(right: RightAnswer, form: Form) -> list[Probe]:
    """Probes of one right answer, each text once; never the right answer itself."""
    if right.kind == "typed":
        made = [_make(right, one) for one in _list_typed(right.value)]
    else:
        made = [_make(right, one) for one in _list_texts(right, form)]
    if not right.is_known:  # of an output that somebody likes nobody knows which changes it bears
        made = [one for one in made if one.claim == "nothing"]
    seen = {_key(fill(right, form))}
    unique = []
    for probe in made:
        key = _key(probe.prediction)
        if key not in seen:
            seen.add(key)
            unique.append(probe)
    return unique


def fill(right: RightAnswer, form: Form) -> dict[str, object]:
    """The outputs with the right answer, in a form."""
    answer = form.fill(right.text) if isinstance(right.value, str) else right.value
    return {**right.row.prediction, **right.others, right.field: _put(right, answer)}


def _key(prediction: Mapping[str, object]) -> str:
    return json.dumps(prediction, sort_keys=True, default=str)


_Made = tuple[str, Claim, str, object, bool]
"""Name, claim, family, the probed output, is_strong."""


def _make(right: RightAnswer, made: _Made) -> Probe:
    name, claim, family, value, is_strong = made
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    emptied = (
        {other: _blank(given) for other, given in right.others.items()}
        if claim == "nothing"
        else right.others
    )
    prediction = {**right.row.prediction, **emptied, right.field: _put(right, value)}
    return Probe(name, claim, family, prediction, text, is_strong)


def _put(right: RightAnswer, value: object) -> object:
    """An output of the probed field: of chat messages, those of the row with another last reply."""
    return put_text(right.row.prediction[right.field], value) if isinstance(value, str) else value


def _blank(value: object) -> object:
    """Nothing, in the type of a value."""
    return type(value)() if isinstance(value, str | list | dict) else value


def _list_texts(right: RightAnswer, form: Form) -> Iterator[_Made]:
    """Everything to try with an answer that is text."""
    yield "nothing", "nothing", "empty", "", False
    yield "spaces", "nothing", "empty", "   \n", False
    if not form.is_plain:
        marks = "tags" if form.tail.lstrip().startswith("</") else "the form"
        yield f"{marks} with nothing inside", "nothing", "wrapper", form.empty(), False
    yield "a refusal", "nothing", "off-topic", REFUSAL, False
    if (prompt := find_prompt(right.row)) and right.text.lower() not in prompt.lower():
        yield "the question again", "nothing", "off-topic", prompt, False
    yield "long filler", "nothing", "length", FILLER.strip(), False
    if not form.is_plain:
        yield "long filler in the form", "wrong", "length", form.fill(FILLER.strip()), False
    for name, answer in _list_wrong(right):
        yield name, "wrong", "wrong", form.fill(answer), False
    for name, answer in _list_mentions(right):
        yield name, "mention", "mention", form.fill(answer), False
    for name, family, answer, is_strong in _list_right(right):
        yield name, "right", family, form.fill(answer), is_strong
    if form.has_thought:
        yield (
            "reasoning on two lines",
            "right",
            "several-lines",
            form.with_thought(_TWO_LINES).fill(right.text),
            True,
        )
    if not form.is_plain:
        yield "a line break at the end", "right", "spaces", form.fill(right.text) + "\n", False


def _list_wrong(right: RightAnswer) -> Iterator[tuple[str, str]]:
    """Other answers, which are none."""
    text = right.text
    number = read_number_text(text) if right.kind == "number" else None
    if number is not None:
        digits = re.sub(r"\D", "", text)
        if len(digits) > 2:  # noqa: PLR2004  # "first two digits" of three or more
            yield "first two digits", digits[:2]
        if len(digits) > 1:
            yield "one digit", next((one for one in digits[1:] if one not in {"0", digits[0]}), digits[0])
        yield "another number", _number(number + 1 if number != 1 else number + 2)
        if number:
            yield "the opposite sign", _number(-number)
    elif right.kind == "words":
        if len(text) > 3:  # noqa: PLR2004  # half of a shorter text may be anything
            yield "half of it", text[: len(text) // 2].strip()
        if len(text) > 1:
            yield "its first letter", text[:1]
        yield "another answer", "something else"
    else:
        yield "the first words of it", " ".join(text.split()[:2])
        if right.kind == "json":
            yield "an empty object", "{}" if text.lstrip().startswith("{") else "[]"


def _list_mentions(right: RightAnswer) -> Iterator[tuple[str, str]]:
    """Texts with the answer in them that do not give it."""
    text = right.text
    if right.kind in {"number", "words"}:
        number = read_number_text(text) if right.kind == "number" else None
        other = _number(number + 1) if number is not None else "something else"
        yield "the answer denied", f"not {text}"
        yield "a hedge", f"It may be {text}, or it may be {other}."
        if number is not None:
            yield "a list of candidates", ", ".join(_number(number + step) for step in (-1, 0, 1, 2))
        else:
            yield "a list of candidates", f"something else, {text}, nothing of the kind"
    yield "the answer twice", f"{text} {text}"
    if right.kind in {"words", "passage"} and len(words := _KEYWORD.findall(text)) > 2:  # noqa: PLR2004
        yield "only its keywords", " ".join(sorted(dict.fromkeys(words)))
    yield "padded with filler", f"{text}\n{FILLER.strip()}"


def _list_right(right: RightAnswer) -> Iterator[tuple[str, str, str, bool]]:
    """(name, family, answer, whether refusing it is plainly wrong)."""
    text = right.text
    if right.kind in {"number", "words", "passage"}:
        yield "blanks around it", "spaces", f" {text} ", False
    if right.kind == "number":
        number = read_number_text(text)
        assert number is not None  # noqa: S101  # that is what the kind says
        if "," in text:
            yield "without the comma", "separators", text.replace(",", ""), True
        elif abs(number) >= _THOUSAND:
            whole, point, rest = text.partition(".")
            yield "with a comma", "separators", f"{int(whole):,}{point}{rest}", True
        if "." not in text:
            yield "full stop", "full-stop", f"{text}.", False
            yield "decimals", "decimals", f"{text}.0", False
        yield "with a unit", "unit", f"{text} {find_unit(right.row)}", False
    if right.kind == "words":
        for name, changed in (
            ("in lower case", text.lower()),
            ("in capitals", text.upper()),
            ("with a capital", text[:1].upper() + text[1:]),
        ):
            if changed != text:
                yield name, "case", changed, True
        yield "full stop", "full-stop", f"{text}.", False
    if right.kind in {"number", "words"}:
        yield "in bold", "markdown", f"**{text}**", False
    if right.kind == "json":
        data = json.loads(text)
        yield "with line breaks", "json-layout", json.dumps(data, indent=2, ensure_ascii=False), True
        yield (
            "without blanks",
            "json-layout",
            json.dumps(data, separators=(",", ":"), ensure_ascii=False),
            True,
        )
    if right.kind in {"json", "code"}:
        yield "in a code block", "markdown", f"```\n{text}\n```", False


def _list_typed(value: object) -> Iterator[_Made]:
    """The same for an answer that is no text: the types stay."""
    if isinstance(value, bool):
        yield "the opposite", "wrong", "wrong", not value, False
    elif isinstance(value, int | float):
        yield "zero", "nothing", "empty", type(value)(0), False
        yield "another number", "wrong", "wrong", value + 1, False
        yield "the opposite sign", "wrong", "wrong", -value, False
        yield "a huge number", "wrong", "length", type(value)(10**9), False
        other: object = (
            float(value) if isinstance(value, int) else int(value) if value.is_integer() else value
        )
        yield (
            ("as a decimal number" if isinstance(value, int) else "as a whole number"),
            "right",
            "decimals",
            other,
            True,
        )
    elif isinstance(value, list):
        yield "an empty list", "nothing", "empty", [], False
        if value:
            yield "something else", "wrong", "wrong", [_other(value[0])], False
            yield "everything twice", "mention", "mention", [*value, *value], False
            yield "with one thing more", "mention", "mention", [*value, _other(value[0])], False
        if len(value) > 1:
            yield "only the first", "wrong", "wrong", value[:1], False
            yield "in another order", "right", "order", [*reversed(value)], False
    elif isinstance(value, dict):
        yield "an empty object", "nothing", "empty", {}, False
        yield (
            "every value empty",
            "wrong",
            "empty",
            {key: _blank(one) if isinstance(one, str | list | dict) else None for key, one in value.items()},
            False,
        )
        yield "in another order", "right", "order", dict(reversed(value.items())), True


def _other(value: object) -> object:
    return (
        "something else" if isinstance(value, str) else value + 1 if isinstance(value, int | float) else None
    )


def _number(value: float) -> str:
    return f"{value:.0f}" if value.is_integer() else f"{value:.10g}"


def find_prompt(row: Row) -> str:
    """What was asked, if it is text: the input that is called so, else the longest one; "" for none."""
    for name in ("question", "prompt", "input", "query", "instruction", "problem", "task"):
        if isinstance(value := row.inputs.get(name), str):
            return value
    texts = [
        value for name, value in row.inputs.items() if isinstance(value, str) and name not in row.prediction
    ]
    return max(texts, key=len, default="")


def find_unit(row: Row) -> str:
    """A unit that the question uses, such as euros; else "units"."""
    found = _UNIT.findall(find_prompt(row))
    return found[-1] if found else "units"
