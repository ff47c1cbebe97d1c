"""Reading wishes in hints, instructions and descriptions, by the same rules.

logit of a candidate = its own logit + FORCE * sum of measures over the wishes for its field
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import replace

from refine_core.english import QUOTED, read_numbers
from refine_core.practice import texts, things
from refine_core.practice.wish import (
    Wish,
    count_within,
    exactly,
    json_with,
    longer,
    matching,
    naming,
    number_within,
    shorter,
    with_word,
    without_word,
)

FORCE = 5.0
"""What a fully met wish adds to a logit."""

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

# Lengths and bounds, in order; the first match is used. The unit is a group; without a unit it is a bound of a number.
_RANGES = (
    (re.compile(rf"{_N}\s*[-–]\s*{_N}(?:{_UNIT})?"), "range"),  # noqa: RUF001  # people type that dash
    (re.compile(rf"(?:between|from|range(?: of)?|in)\s+{_N}\s*(?:and|to)\s*{_N}(?:{_UNIT})?"), "range"),
    (re.compile(rf"{_N}\s*(?:and|to|or)\s*{_N}{_UNIT}"), "range"),
    (re.compile(rf"(?:at most|(?:no|not|never|(?:don't|do not|never) \w+) more than|up to|within|max(?:imum)?\.?(?: of)?|limit(?:ed)? to)\s+{_N}(?!\s+decimal)(?:{_UNIT})?"), "max"),
    (re.compile(rf"(?:under|fewer than|less than|below|shorter than)\s+{_N}(?:{_UNIT})?"), "below"),
    (re.compile(rf"(?:at least|no (?:fewer|less) than|min(?:imum)?\.?(?: of)?)\s+{_N}(?:{_UNIT})?"), "min"),
    (re.compile(rf"(?:more than|longer than|over|above)\s+{_N}(?:{_UNIT})?"), "above"),
    (re.compile(rf"{_N}{_UNIT}s?\s+(?:or (?:fewer|less)|at most|maximum)"), "max"),
    (re.compile(rf"{_N}{_UNIT}"), "exact"),
    (re.compile(r"\b(?P<one>single|just a|only a)(?:\s+\w+)?[\s-]+(word|sentence|line|item)\b"), "exact"),
)  # fmt: skip

# How an answer is written: the words that ask for it, and the wish.
_FORMS: tuple[tuple[re.Pattern[str], Callable[[], Wish]], ...] = (
    (
        re.compile(r"\bno (?:\w+ ){0,2}(?:punctuation|full stop|period)|without (?:\w+ ){0,2}(?:punctuation|full stop|period)|"
                   r"letters only|only letters|drop the (?:full stop|period)|bare word"),
        lambda: matching("no punctuation", r"[\w\s]*", texts.strip_punctuation),
    ),
    (re.compile(r"lower[- ]?case|small letters"), lambda: matching("lower case", r"[^A-Z]*", str.lower)),
    (re.compile(r"upper[- ]?case|all caps|(?:all|only|in) capital"), lambda: matching("upper case", r"[^a-z]*", str.upper)),
    (
        re.compile(r"\b(?:whole|integer|bare|only a|just a|nothing but a)(?: whole)? (?:number|digits?)|\binteger\b|digits only|only digits"),
        lambda: matching("a whole number", r"-?\d+", texts.number_in),
    ),
)  # fmt: skip
_SHORTER = re.compile(
    r"\b(?:short(?:er)?|brief(?:ly)?|concise(?:ly)?|terse|succinct|fewer words|nothing else)\b|"
    r"\b(?:only|just) the (?:answer|name|word|value|result)\b|\bno (?:full |whole )?sentence"
)
_LONGER = re.compile(r"(?<!no )(?<!not )\b(?:longer|more detail|in detail|elaborate|(?:full|whole) sentence)")
_KEYS = re.compile(r"\b(?:keys?|propert(?:y|ies))\b")
_EXACTLY = re.compile(
    r"\b(?:exactly|answer|reply|choose|classify\w*(?: \w+)* as|set \w+ to|should be|must be|is)\b[^\"]{0,20}\"\""
)


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


def _read_sentence(sentence: str) -> Iterator[Wish]:
    """The wishes in one sentence. Quoted text is a word to use, never a rule."""
    quoted = [next(filter(None, groups)) for groups in QUOTED.findall(sentence)]
    text = read_numbers(QUOTED.sub(' "" ', sentence))
    bound_wish = _read_bound(text)
    if bound_wish is not None:
        yield bound_wish
    elif _SHORTER.search(text):
        yield shorter()
    elif _LONGER.search(text):
        yield longer()
    for pattern, make in _FORMS:
        if pattern.search(text):
            yield make()
    yield from _read_content(text, quoted)


def _read_bound(text: str) -> Wish | None:
    """The wish for a length or for the range of a number."""
    for pattern, how in _RANGES:
        if (match := pattern.search(text)) is None:
            continue
        unit = match.group(match.re.groups) or ""
        first = 1.0 if "one" in match.groupdict() else float(match[1])
        step = 1 if unit else 0
        low, high = -math.inf, math.inf
        if how in {"range", "exact", "min", "above"}:
            low = first + (step if how == "above" else 0)
        if how in {"range", "exact", "max", "below"}:
            high = float(match[2]) if how == "range" else first - (step if how == "below" else 0)
        if not unit:
            return number_within(low, high)
        return count_within(low, high, "item" if unit in {"entr", "element"} else unit)
    return None


def _read_content(text: str, quoted: list[str]) -> Iterator[Wish]:
    """The wishes about the content of an answer: quoted words, keys, and kinds of things such as a date."""
    negated = bool(_NEGATED.search(text))
    if (re.search(r"\bjson\b", text) and not negated) or (quoted and _KEYS.search(text)):
        yield json_with([q for q in quoted if re.fullmatch(r"\w+", q)] if _KEYS.search(text) else [])
    elif quoted and negated:
        yield from map(without_word, quoted)
    elif len(quoted) == 1 and _EXACTLY.search(text) and not re.search(r"\b(?:include|mention|contain)", text):
        yield exactly(quoted[0])
    elif quoted:
        yield from map(with_word, quoted)
    elif named := re.search(r"\b(?:include|mention|contain|use|say|add) the words? (\w+)", text):
        yield without_word(named[1]) if negated else with_word(named[1])
    if not negated and _MENTION.search(text):
        yield from map(naming, things.find_named(text))
