"""Probes of an answer that is text, inside the form that the reward wants."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Final

from refine_core.doctor.answers.forms import Form
from refine_core.doctor.answers.questions import find_prompt, find_unit
from refine_core.doctor.answers.right_answers import RightAnswer, read_number_text
from refine_core.doctor.probes.drafts import Claim, Draft

REFUSAL: Final = "I cannot help with that."
FILLER: Final = " ".join(
    [
        "There are several aspects to consider here, and each of them deserves a careful look before anything is said."
    ]
    * 6
)
_TWO_LINES: Final = "I look at what is asked.\nThen I work it out."
_THOUSAND: Final = 1_000
_WORD: Final = re.compile(r"\w{3,}")
_UNLIKE: Final = frozenset(("the answer of another row", "another number", "another answer"))
_OPPOSITES: Final = {"yes": "no", "true": "false", "a": "b", "b": "c", "c": "d", "d": "a"}


def list_text_probes(right: RightAnswer, form: Form, other: str = "") -> Iterator[Draft]:
    """What to try in place of a right answer that is text. other: the right answer of another row."""
    yield from _list_empty(right, form)
    for name, answer in _list_wrong(right, other):
        is_inside = right.text.lower() in answer.lower()  # as 4 in -4
        claim: Claim = "mention" if is_inside else "wrong"
        family = "other" if name in _UNLIKE and not is_inside else claim
        yield Draft(name, claim, family, form.wrap(answer))
    for name, answer in _list_mentions(right):
        yield Draft(name, "mention", "mention", form.wrap(answer))
    for draft in _list_right(right):
        yield draft._replace(output=form.wrap(str(draft.output)))
    yield from _list_layouts(right, form)


def _list_empty(right: RightAnswer, form: Form) -> Iterator[Draft]:
    """Texts without an answer."""
    yield Draft("nothing", "nothing", "empty", "")
    yield Draft("spaces", "nothing", "empty", "   \n")
    if not form.is_plain:
        marks = "tags" if form.tail.lstrip().startswith("</") else "the form"
        yield Draft(f"{marks} with nothing inside", "nothing", "wrapper", form.empty())
    yield Draft("a refusal", "nothing", "off-topic", REFUSAL)
    if (prompt := find_prompt(right.row)) and right.text.lower() not in prompt.lower():
        yield Draft("the question again", "nothing", "off-topic", prompt)
    yield Draft("long filler", "nothing", "length", FILLER)
    if not form.is_plain:
        yield Draft("long filler in the form", "wrong", "length", form.wrap(FILLER))


def _list_wrong(right: RightAnswer, other: str) -> Iterator[tuple[str, str]]:
    """Other answers. Numbers are far from the right one, as a reward may allow a tolerance."""
    text = right.text
    if other and other.strip().lower() != text.strip().lower():
        yield "the answer of another row", other
    if right.kind == "number":
        yield from _list_wrong_numbers(text)
    elif right.kind == "words":
        if opposite := _OPPOSITES.get(text.lower()) or {b: a for a, b in _OPPOSITES.items()}.get(
            text.lower()
        ):
            yield "the opposite", opposite.upper() if text.isupper() else opposite
        if len(text) > 3:  # noqa: PLR2004  # half of a shorter text may be anything
            yield "half of it", text[: len(text) // 2].strip()
        if len(text) > 1:
            yield "its first letter", text[:1]
        yield "another answer", "something else"
    else:
        yield "the first words of it", " ".join(text.split()[:2])
        if right.kind == "json":
            yield "an empty object", "{}" if text.lstrip().startswith("{") else "[]"


def _list_wrong_numbers(text: str) -> Iterator[tuple[str, str]]:
    number, digits = _read(text), re.sub(r"\D", "", text)
    tried = []
    if len(digits) > 2:  # noqa: PLR2004  # "first two digits" of three or more
        tried.append(("first two digits", digits[:2]))
    if len(digits) > 1:
        tried.append(
            ("one digit", next((one for one in digits[1:] if one not in {"0", digits[0]}), digits[0]))
        )
    tried.append(("another number", _write(2 * number + 3)))
    if abs(number) >= 1:
        tried.append(("the opposite sign", _write(-number)))
    yield from ((name, answer) for name, answer in tried if read_number_text(answer) != number)


def _list_mentions(right: RightAnswer) -> Iterator[tuple[str, str]]:
    """Texts with the answer in them that do not give it."""
    text = right.text
    if right.kind == "number":
        number = _read(text)
        yield "the answer denied", f"not {text}"
        yield "a hedge", f"It may be {text}, or it may be {_write(2 * number + 3)}."
        yield "a list of candidates", ", ".join(_write(number + step) for step in (-1, 0, 1, 2))
    elif right.kind == "words":
        yield "the answer denied", f"not {text}"
        yield "a hedge", f"It may be {text}, or it may be something else."
        yield "a list of candidates", f"something else, {text}, nothing of the kind"
    yield "the answer twice", f"{text} {text}"
    if right.kind in {"words", "passage"} and len(words := _WORD.findall(text)) > 2:  # noqa: PLR2004  # of two words it is the text
        yield "only its keywords", " ".join(sorted(dict.fromkeys(words)))
    yield "padded with filler", f"{text}\n{FILLER}"


def _list_right(right: RightAnswer) -> Iterator[Draft]:
    """The answer itself, written differently."""
    text = right.text
    if right.kind in {"number", "words", "passage"}:
        yield Draft("spaces around it", "right", "spaces", f" {text} ")
    if right.kind == "number":
        yield from _list_right_numbers(text)
        yield Draft("with a unit", "right", "unit", f"{text} {find_unit(right.row)}")
    if right.kind == "words":
        for name, changed in (
            ("in lower case", text.lower()),
            ("in capitals", text.upper()),
            ("with a capital", text[:1].upper() + text[1:]),
        ):
            yield Draft(name, "right", "case", changed)
        if not text.endswith((".", "!", "?")):
            yield Draft("full stop", "right", "full-stop", f"{text}.")
    if right.kind in {"number", "words"}:
        yield Draft("in bold", "right", "markdown", f"**{text}**")
    if right.kind == "json":
        data = json.loads(text)
        for name, layout in (
            ("with line breaks", json.dumps(data, indent=2, ensure_ascii=False)),
            ("without spaces", json.dumps(data, separators=(",", ":"), ensure_ascii=False)),
        ):
            yield Draft(name, "right", "json-layout", layout, is_strong=True)
    if right.kind in {"json", "code"}:
        yield Draft("in a code block", "right", "markdown", f"```\n{text}\n```")


def _list_right_numbers(text: str) -> Iterator[Draft]:
    if "," in text:
        yield Draft("without the comma", "right", "separators", text.replace(",", ""), is_strong=True)
    elif abs(_read(text)) >= _THOUSAND:
        whole, point, rest = text.partition(".")
        yield Draft("with a comma", "right", "separators", f"{int(whole):,}{point}{rest}", is_strong=True)
    if "." not in text:
        yield Draft("full stop", "right", "full-stop", f"{text}.")
        yield Draft("decimals", "right", "decimals", f"{text}.0")


def _list_layouts(right: RightAnswer, form: Form) -> Iterator[Draft]:
    """The right answer in the form, with line breaks that mean nothing."""
    if form.has_thought:
        several = form.with_thought(_TWO_LINES).wrap(right.text)
        yield Draft("reasoning on two lines", "right", "several-lines", several, is_strong=True)
    if form.tail.startswith("</") and not form.as_json:
        yield Draft(
            "on a line of its own", "right", "own-line", form.wrap(f"\n{right.text}\n"), is_strong=True
        )
    if not form.is_plain:
        yield Draft("a line break at the end", "right", "spaces", form.wrap(right.text) + "\n")


def _read(text: str) -> float:
    number = read_number_text(text)
    if number is None:
        raise ValueError(f"{text!r} is no number")
    return number


def _write(value: float) -> str:
    return f"{value:.0f}" if value.is_integer() else f"{value:.10g}"
