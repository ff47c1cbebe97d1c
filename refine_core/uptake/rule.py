"""A rule is one property of an output that a hint asks for in so many words, and that can be looked up in the output.

Rule("at most 3 words").is_met({"answer": "Paris"}) -> True        None where it cannot be told which output is meant
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from refine_core.english import COUNTS
from refine_core.formatting import format_number

Scope = Literal["any", "all", "one", "number"]
"""Which outputs a rule is about that names none: one of them, each, the only one, or the only number."""
JsonKind = Literal["", "object", "list"]
REASONING: Final = "reasoning"
ANY_JSON: Final = "valid JSON"
JSON_OBJECT: Final = "a JSON object"
_BULLET: Final = re.compile(r"\s*(?:[-*•–]|\d+[.)])\s+\S")  # noqa: RUF001 - lists are written so


@dataclass(frozen=True, slots=True)
class Rule:
    """text: the rule in a few words. test: a value -> whether it keeps the rule. fields: the outputs named; () for none."""

    text: str
    test: Callable[[object], bool]
    scope: Scope = "one"
    fields: tuple[str, ...] = ()

    def is_met(self, outputs: Mapping[str, object]) -> bool | None:
        """Whether the outputs keep the rule; None where it is open which output it is about."""
        named = [outputs[name] for name in self.fields if name in outputs]
        if named:
            return all(self.test(value) for value in named)
        if self.fields:
            return None
        values = [value for name, value in outputs.items() if name != REASONING]
        if self.scope == "number":
            values = [
                value for value in values if as_number(value) is not None and not isinstance(value, str)
            ] or values
        if self.scope in ("any", "all"):
            return (
                (any if self.scope == "any" else all)(self.test(value) for value in values)
                if values
                else None
            )
        return self.test(values[0]) if len(values) == 1 else None


def as_text(value: object) -> str:
    """A value as text to look words up in: a list as its items, a line each."""
    if isinstance(value, str):
        return value
    if isinstance(value, (list, tuple)):
        return "\n".join(as_text(item) for item in value)
    if isinstance(value, Mapping):
        return json.dumps(dict(value), ensure_ascii=False, default=str)
    return str(value)


def as_number(value: object) -> float | None:
    """A value as a number; None for what is none."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def holds_word(value: object, word: str) -> bool:
    """Whether the text holds a word or phrase as such, in any case and spacing; a plural counts, a longer word does not."""
    pattern = r"\s+".join(re.escape(part) for part in word.split())
    if not pattern:
        return False
    head = r"(?<!\w)" if word.strip()[0].isalnum() else ""
    tail = r"(?:['’]s|e?s)?(?!\w)" if word.strip()[-1].isalnum() else ""  # noqa: RUF001
    return re.search(f"{head}{pattern}{tail}", as_text(value), re.IGNORECASE) is not None


def with_word(words: Sequence[str]) -> Rule:
    """The text holds one of these."""
    return Rule(" or ".join(map(quote, words)), lambda v: any(holds_word(v, word) for word in words), "any")


def without_word(word: str) -> Rule:
    """The text does not hold this."""
    return Rule(f"no {quote(word)}", lambda v: not holds_word(v, word), "all")


def exactly(words: Sequence[str]) -> Rule:
    """The text is one of these and nothing else."""
    wanted = {_normalize(word) for word in words}
    return Rule(f"exactly {' or '.join(map(quote, words))}", lambda v: _normalize(as_text(v)) in wanted)


def beginning_with(word: str) -> Rule:
    """The text begins with this."""
    return Rule(f"begins with {quote(word)}", lambda v: _normalize(as_text(v)).startswith(_normalize(word)))


def ending_with(word: str, name: str = "") -> Rule:
    """The text ends with this. name: what to call it."""
    return Rule(
        f"ends with {name or quote(word)}", lambda v: _normalize(as_text(v)).endswith(_normalize(word))
    )


def not_ending_with(word: str, name: str) -> Rule:
    """The text does not end with this. name: what to call it."""
    return Rule(f"no {name} at the end", lambda v: not _normalize(as_text(v)).endswith(word))


def matching(name: str, pattern: str) -> Rule:
    """The whole text matches a pattern."""
    compiled = re.compile(pattern)
    return Rule(name, lambda v: compiled.fullmatch(as_text(v).strip()) is not None)


def lacking(name: str, pattern: str) -> Rule:
    """The text holds nothing that matches a pattern."""
    compiled = re.compile(pattern)
    return Rule(name, lambda v: compiled.search(as_text(v)) is None)


def holding(name: str, pattern: str) -> Rule:
    """One of the texts holds something that matches a pattern, in any case."""
    compiled = re.compile(pattern, re.IGNORECASE)
    return Rule(name, lambda v: compiled.search(as_text(v)) is not None, "any")


def length(low: float, high: float, unit: str) -> Rule:
    """So many words, characters, sentences, lines or items."""

    def test(value: object) -> bool:
        if unit == "item" and isinstance(value, (list, tuple, Mapping)):
            return low <= len(value) <= high
        return low <= COUNTS[unit](as_text(value).strip()) <= high

    return Rule(_bounds(low, high, unit), test)


def number(low: float, high: float, *, is_open: bool = False) -> Rule:
    """A number in a range. is_open: without its ends."""

    def test(value: object) -> bool:
        found = as_number(value)
        if found is None:
            return False
        return low < found < high if is_open else low <= found <= high

    if is_open:
        words = f"above {format_number(low)}" if high == math.inf else f"below {format_number(high)}"
        return Rule(f"a number {words}", test, "number")
    words = _bounds(low, high)
    return Rule(f"a number {'of' if words.startswith('at ') else 'from'} {words}", test, "number")


def json_with(keys: Sequence[str], kind: JsonKind = "") -> Rule:
    """The value is JSON, with these keys if there are any. kind: "object" or "list"; "" for any."""

    def test(value: object) -> bool:
        data = value
        if isinstance(value, str):
            try:
                data = json.loads(value)
            except (ValueError, RecursionError):
                return False
        if kind and not isinstance(data, dict if kind == "object" else list):
            return False
        return not keys or (isinstance(data, Mapping) and all(key in data for key in keys))

    names = {"": ANY_JSON, "object": JSON_OBJECT, "list": "a JSON list"}
    having = f" with {' and '.join(map(quote, keys))}" if keys else ""
    return Rule(f"{names[kind]}{having}", test)


def bulleted() -> Rule:
    """Each line is an item of a list."""

    def test(value: object) -> bool:
        lines = [line for line in as_text(value).splitlines() if line.strip()]
        return isinstance(value, (list, tuple)) or (
            bool(lines) and all(_BULLET.match(line) for line in lines)
        )

    return Rule("a list", test)


def quote(word: str) -> str:
    """A word as a rule's text quotes it."""
    return f"“{word}”"


def _bounds(low: float, high: float, unit: str = "") -> str:
    one = high if high < math.inf else low
    noun = f" {unit}{'' if one == 1 else 's'}" if unit else ""
    if low == high:
        return f"exactly {format_number(low)}{noun}"
    if low == -math.inf:
        return f"at most {format_number(high)}{noun}"
    if high == math.inf:
        return f"at least {format_number(low)}{noun}"
    return f"{format_number(low)} to {format_number(high)}{noun}"


def _normalize(text: str) -> str:
    return " ".join(text.split()).casefold()
