"""Wishes: what hints, instructions and descriptions ask for, read by the same rules, measured on any text, and met by editing one.

    "At most 3 words, no full stop." -> two wishes      logit of a candidate = its own + FORCE * sum of the measures of its field's wishes

A wish does not know the answer: it measures any text, from 0 to 1, and edits any text as a model would write it.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, replace

from refine_core.english import COUNTS, QUOTED, read_numbers, split_words
from refine_core.practice import texts, things

FORCE = 5.0
"""What a fully met wish adds to a logit."""
NEAR = 0.3
"""The measure of a length or a number that is only just wrong."""

_N = r"(-?\d+(?:\.\d+)?)"
_UNIT = r"(?:\s+|-)(?:short\s+|simple\s+|single\s+)?(word|character|letter|sentence|line|item|entr(?=y|ies)|element)"
_SENTENCES = re.compile(r"(?<=[.!?;])[\"”']?\s+|\n+")
_NEGATED = re.compile(
    r"\b(?:do not|don't|never|avoid|without|must not|should not|leave out|drop|remove|omit|instead of)\b"
)
_MENTION = re.compile(
    r"\b(?:includ(?:e|es|ing)|mention(?:s|ing)?|nam(?:e|es|ing)|contains?|list(?:ing)?|stat(?:e|ing)|add(?:ing)?|keep|"
    r"copy|give|use|with|say|repeat|quote|needs?|must appear|must have)\b"
)
# Lengths and bounds, in order; the first match is used. The unit is the last group; without a unit it is a bound of a number.
_RANGES = (
    (rf"{_N}\s*[-–]\s*{_N}(?:{_UNIT})?", "range"),  # noqa: RUF001  # people type that dash
    (rf"(?:between|from|range(?: of)?|in)\s+{_N}\s*(?:and|to)\s*{_N}(?:{_UNIT})?", "range"),
    (rf"{_N}\s*(?:and|to|or)\s*{_N}{_UNIT}", "range"),
    (rf"(?:at most|(?:no|not|never|(?:don't|do not|never) \w+) more than|up to|within|max(?:imum)?\.?(?: of)?|limit(?:ed)? to)\s+{_N}(?!\s+decimal)(?:{_UNIT})?", "max"),
    (rf"(?:under|fewer than|less than|below|shorter than)\s+{_N}(?:{_UNIT})?", "below"),
    (rf"(?:at least|no (?:fewer|less) than|min(?:imum)?\.?(?: of)?)\s+{_N}(?:{_UNIT})?", "min"),
    (rf"(?:more than|longer than|over|above)\s+{_N}(?:{_UNIT})?", "above"),
    (rf"{_N}{_UNIT}s?\s+(?:or (?:fewer|less)|at most|maximum)", "max"),
    (rf"{_N}{_UNIT}", "exact"),
    (r"\b(single|just a|only a)(?:\s+\w+)?[\s-]+(word|sentence|line|item)\b", "exact"),
)  # fmt: skip
# How an answer is written: the words that ask for it, what it looks like then, and how a text is made so.
_FORMS = (
    (r"\b(?:no|without) (?:\w+ ){0,2}(?:punctuation|full stop|period)|letters only|only letters|drop the (?:full stop|period)|bare word",
     r"[\w\s]*", texts.strip_punctuation),
    (r"lower[- ]?case|small letters", r"[^A-Z]*", str.lower),
    (r"upper[- ]?case|all caps|(?:all|only|in) capital", r"[^a-z]*", str.upper),
    (r"\b(?:whole|integer|bare|only a|just a|nothing but a)(?: whole)? (?:number|digits?)|\binteger\b|digits only|only digits",
     r"-?\d+", texts.number_in),
)  # fmt: skip
_SHORTER = re.compile(
    r"\b(?:short(?:er)?|brief(?:ly)?|concise(?:ly)?|terse|succinct|fewer words|nothing else)\b|"
    r"\b(?:only|just) the (?:answer|name|word|value|result)\b|\bno (?:full |whole )?sentence"
)
_LONGER = re.compile(r"(?<!no )(?<!not )\b(?:longer|more detail|in detail|elaborate|(?:full|whole) sentence)")
_KEYS = re.compile(r"\b(?:keys?|propert(?:y|ies))\b")
# Where a quoted word stands: the words that ask for it, what the text looks like then, and how the word gets there.
_PLACES: tuple[tuple[str, str, Callable[[str, str], str]], ...] = (
    (r"\b(?:begin|start)\w* with \"\"", "{}.*", lambda text, word: f"{word} {text}"),
    (r"\bend\w* (?:with|in) \"\"", ".*{}", texts.put_last),
    (r"\b(?:include|mention|contain)", ".*{}.*", texts.add),
    (r"\bexactly \"\"|\b(?:answer|reply|choose|classify\w*(?: \w+)* as|set \w+ to|should be|must be|is)\b[^\"]{0,20}\"\"(?!.*\"\")",
     "{}", lambda _text, word: word),
    ("", ".*{}.*", texts.add),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Wish:
    """name: wishes with the same name are the same. measure: text -> 0..1. edit: a text -> one that meets it better.

    needle: a word that an answer should contain, lists included. fields: the outputs that it is about; none means all.
    """

    name: str
    measure: Callable[[str], float]
    edit: Callable[[str], str]
    needle: str = ""
    fields: frozenset[str] = frozenset()


def read_wishes(text: str, fields: Collection[str] = ()) -> tuple[Wish, ...]:
    """The wishes in `text`. A sentence that names some of `fields` is about these only."""
    wishes: dict[tuple[str, frozenset[str]], Wish] = {}
    for sentence in _SENTENCES.split(text):
        named = frozenset(f for f in fields if re.search(rf"\b{re.escape(f)}\b", sentence, re.IGNORECASE))
        bare = sentence
        for name in fields:
            bare = bare.replace(f"`{name}`", name)
        for wish in _read_sentence(bare):
            wishes.setdefault((wish.name, named), replace(wish, fields=named))
    return tuple(wishes.values())


def shift(text: str, wishes: Collection[Wish]) -> float:
    """What the wishes add to the logit of an answer."""
    return FORCE * sum(wish.measure(text) for wish in wishes)


def is_satisfied(text: str, wishes: Collection[Wish], *, min_measure: float = 1.0) -> bool:
    """Whether `text` meets every wish, each to `min_measure`."""
    return all(wish.measure(text) >= min_measure for wish in wishes)


def exactly(word: str) -> Wish:
    """The text is `word`, in any case."""
    return _look_like(rf"(?i){re.escape(word)}", lambda _text: word, word)


def _look_like(pattern: str, change: Callable[[str], str], needle: str = "") -> Wish:
    """The whole text matches `pattern`; `change` makes it so."""
    looks = re.compile(pattern, re.DOTALL)
    return Wish(pattern, lambda t: float(bool(looks.fullmatch(t.strip()))), change, needle)


def _read_sentence(sentence: str) -> Iterator[Wish]:
    """The wishes in one sentence. Quoted text is a word to use, never a rule."""
    quoted = [next(filter(None, groups)) for groups in QUOTED.findall(sentence)]
    text = read_numbers(QUOTED.sub(' "" ', sentence))
    text = re.sub(r"\s+", " ", text)
    if (bound := _read_bound(text)) is not None:
        yield bound
    elif _SHORTER.search(text):
        yield Wish("shorter", lambda t: 4 / (3 + max(1, len(split_words(t)))), texts.shorten)
    elif _LONGER.search(text):
        yield _count_within(12, math.inf, "word")
    for asked, looks, change in _FORMS:
        if re.search(asked, text):
            yield _look_like(looks, change)
    is_negated = bool(_NEGATED.search(text))
    if (re.search(r"\bjson\b", text) and not is_negated) or (quoted and _KEYS.search(text)):
        yield _json_with([q for q in quoted if re.fullmatch(r"\w+", q)] if _KEYS.search(text) else [])
    else:
        unquoted = re.findall(r"\b(?:include|mention|contain|use|say|add) the words? (\w+)", text)
        yield from _read_words(text, quoted or unquoted, is_negated=is_negated)
    if not is_negated and _MENTION.search(text):
        for thing in things.find_named(text):
            gap = f"[{thing.name}]"
            yield Wish(gap, thing.named_in, _with_word(texts.add, gap))


def _read_words(text: str, words: list[str], *, is_negated: bool) -> Iterator[Wish]:
    """The wishes about quoted words: where they stand, or that they do not."""
    _, looks, put = next(row for row in _PLACES if re.search(row[0], text))
    for word in words if looks == ".*{}.*" else words[:1]:
        any_of = "|".join(map(re.escape, [word] if looks == ".*{}.*" else words))
        pattern = looks.format(f"(?:{any_of})")
        if is_negated:
            yield _look_like(rf"(?i)(?!{pattern}).*", _with_word(texts.remove, word))
        else:
            yield _look_like(rf"(?i){pattern}", _with_word(put, word), word)


def _with_word(change: Callable[[str, str], str], word: str) -> Callable[[str], str]:
    return lambda text: change(text, word)


def _read_bound(text: str) -> Wish | None:
    """The wish for a length or for the range of a number."""
    for pattern, how in _RANGES:
        if (match := re.search(pattern, text)) is None:
            continue
        unit = match[match.re.groups] or ""
        first = float(match[1]) if re.fullmatch(_N, match[1]) else 1.0
        step = 1 if unit else 0
        low, high = -math.inf, math.inf
        if how in {"range", "exact", "min", "above"}:
            low = first + (step if how == "above" else 0)
        if how in {"range", "exact", "max", "below"}:
            high = float(match[2]) if how == "range" else first - (step if how == "below" else 0)
        return (
            _count_within(low, high, {"entr": "item", "element": "item"}.get(unit, unit))
            if unit
            else _number_within(low, high)
        )
    return None


def _count_within(low: float, high: float, unit: str) -> Wish:
    """A number of words, characters, sentences, lines or items in a range; a near miss counts for little."""
    count_units = COUNTS[unit]

    def measure(text: str) -> float:
        n = count_units(text)
        return 1.0 if low <= n <= high else NEAR * (n / low if n < low else max(high, 0) / n)

    def edit(text: str) -> str:
        longer = texts.pad(text, unit, int(low)) if low > 0 else text
        return texts.cut(longer, unit, int(high)) if high < math.inf else longer

    return Wish(f"{low:g} to {high:g} {unit}s", measure, edit)


def _number_within(low: float, high: float) -> Wish:
    """A number in a range; a near miss counts for little."""

    def measure(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            return 0.0
        return 1.0 if low <= value <= high else NEAR / (1 + min(abs(value - low), abs(value - high)))

    middle = (low + high) / 2 if math.isfinite(low + high) else low + 1 if math.isfinite(low) else high - 1
    inside = next((n for n in (round(middle), middle) if low <= n <= high), low)
    return Wish(f"a number {low:g} to {high:g}", measure, lambda _text: f"{inside:g}")


def _json_with(keys: Collection[str]) -> Wish:
    """The text is JSON, an object with `keys` if there are any."""

    def parse(text: str) -> object:
        try:
            return json.loads(text)
        except (ValueError, RecursionError):
            return None

    def measure(text: str) -> float:
        value = parse(text)
        if not isinstance(value, dict):
            return 0.8 if isinstance(value, list) and not keys else 0.0
        return 0.4 + 0.6 * (sum(key in value for key in keys) / len(keys) if keys else 1.0)

    def edit(text: str) -> str:
        value = parse(text)
        start = value if isinstance(value, dict) else {} if keys else {"answer": text.strip()}
        return json.dumps({**dict.fromkeys(keys, text.strip()), **start}, ensure_ascii=False)

    return Wish(f"JSON {' '.join(keys)}", measure, edit)
