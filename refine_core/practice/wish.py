"""A wish is one property of an answer: how well a text meets it, and how to edit a text so that it does.

A wish does not know the answer. It measures any text, from 0 to 1, and may offer edits, as a model would write them.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Collection
from dataclasses import dataclass

from refine_core.english import COUNTS, split_sentences, split_words
from refine_core.practice import texts
from refine_core.practice.things import Thing

NEAR = 0.3
"""The measure of a length or a number that is only just wrong."""

Measure = Callable[[str], float]
Edits = Callable[[str], tuple[str, ...]]


def _no_edits(_text: str) -> tuple[str, ...]:
    return ()


@dataclass(frozen=True, slots=True)
class Wish:
    """name: a short description; wishes with the same name are the same. measure: text -> 0..1. edits: text -> better texts.

    fields: the outputs that it is about; none means all. needle: a word that an answer should contain, lists included.
    """

    name: str
    measure: Measure
    edits: Edits = _no_edits
    fields: frozenset[str] = frozenset()
    needle: str = ""

    def applies_to(self, field: str) -> bool:
        """Whether the wish is about that output."""
        return not self.fields or field in self.fields


def matching(name: str, pattern: str, change: Callable[[str], str]) -> Wish:
    """The whole text matches `pattern`; `change` makes it so."""
    return Wish(name, lambda t: float(bool(re.fullmatch(pattern, t.strip()))), lambda t: (change(t),))


def count_within(low: float, high: float, unit: str) -> Wish:
    """A number of words, characters, sentences, lines or items in a range; a near miss counts for little."""
    count_units = COUNTS[unit]

    def measure(text: str) -> float:
        n = count_units(text)
        if low <= n <= high:
            return 1.0
        return NEAR * (n / low if n < low else max(high, 0) / n)

    def edits(text: str) -> tuple[str, ...]:
        longer = texts.pad(text, unit, int(low)) if low > 0 else text
        return (texts.cut(longer, unit, int(high)) if high < math.inf else longer,)

    return Wish(f"{low:g} to {high:g} {unit}s", measure, edits)


def number_within(low: float, high: float) -> Wish:
    """A number in a range; a near miss counts for little."""

    def measure(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            return 0.0
        return 1.0 if low <= value <= high else NEAR / (1 + min(abs(value - low), abs(value - high)))

    def edits(_text: str) -> tuple[str, ...]:
        start = low if low > -math.inf else high - 1
        end = high if high < math.inf else start + 1
        inside = (start + (end - start) * share for share in (0.5, 0.25, 0.75, 0.0, 1.0))
        return tuple(f"{round(value, 4):g}" for value in inside)

    return Wish(f"a number {low:g} to {high:g}", measure, edits)


def shorter() -> Wish:
    """Few words: 1 for a single one, less for each more."""

    def edits(text: str) -> tuple[str, ...]:
        if len(split_sentences(text)) > 1:
            return (texts.cut(text, "sentence", 1),)
        return (texts.cut(text, "word", max(2, len(split_words(text)) // 2)),)

    return Wish("shorter", lambda t: 4 / (3 + max(1, len(split_words(t)))), edits)


def longer() -> Wish:
    """A dozen words or more."""
    return Wish("longer", lambda t: min(1.0, len(split_words(t)) / 12), lambda t: (texts.pad(t, "word", 12),))


def with_word(word: str) -> Wish:
    """The text contains `word`, in any case."""
    return Wish(
        f"with {word!r}",
        lambda t: float(word.lower() in t.lower()),
        lambda t: (texts.add(t, word),),
        needle=word,
    )


def without_word(word: str) -> Wish:
    """The text does not contain `word`, in any case."""

    def edits(text: str) -> tuple[str, ...]:
        return (" ".join(re.sub(re.escape(word), "", text, flags=re.IGNORECASE).split()),)

    return Wish(f"without {word!r}", lambda t: float(word.lower() not in t.lower()), edits)


def exactly(word: str) -> Wish:
    """The text is `word`, in any case."""
    return Wish(
        f"exactly {word!r}",
        lambda t: float(t.strip().lower() == word.lower()),
        lambda _t: (word,),
        needle=word,
    )


def naming(thing: Thing) -> Wish:
    """The text names a thing of that kind; the edit adds a gap for it."""
    return Wish(f"names the {thing.name}", thing.named_in, lambda t: (texts.add(t, f"[{thing.name}]"),))


def json_with(keys: Collection[str]) -> Wish:
    """The text is JSON, an object with `keys` if there are any."""

    def measure(text: str) -> float:
        value = _parse_json(text)
        if not isinstance(value, dict):
            return 0.8 if isinstance(value, list) and not keys else 0.0
        return 0.4 + 0.6 * (sum(key in value for key in keys) / len(keys) if keys else 1.0)

    def edits(text: str) -> tuple[str, ...]:
        value = _parse_json(text)
        result = dict(value) if isinstance(value, dict) else {} if keys else {"answer": text.strip()}
        for key in keys:
            result.setdefault(key, text.strip())
        return (json.dumps(result, ensure_ascii=False),)

    return Wish(f"JSON {' '.join(keys)}", measure, edits)


def _parse_json(text: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
