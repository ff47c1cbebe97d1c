"""From a hint's words to wishes. The same rules read hints, instructions and descriptions, and any wording that they cover works.

logit of a candidate = its own logit + FORCE * sum of measures over the wishes that hold for its field
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import replace

from refine_core.practice import texts, things
from refine_core.practice.wish import (
    Wish,
    beginning_with,
    count_within,
    ending_with,
    exactly,
    json_with,
    longer,
    looks,
    naming,
    number_within,
    shorter,
    with_word,
    without_word,
)

FORCE = 5.0
"""What one wish, wholly met, adds to a logit."""

_NUMBER_WORDS = {
    **{
        word: str(n)
        for n, word in enumerate(
            ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
        )
    },
    "twelve": "12",
    "fifteen": "15",
    "twenty": "20",
    "thirty": "30",
    "forty": "40",
    "fifty": "50",
}
_N = r"(-?\d+(?:\.\d+)?)"
_UNIT = r"(?:\s+|-)(?:short\s+|simple\s+|single\s+)?(word|character|letter|sentence|line|item|entr(?=y|ies)|element)"
_QUOTED = re.compile(r"\"([^\"\n]+)\"|“([^”\n]+)”|«([^»\n]+)»|(?<!\w)'([^'\n]+)'(?!\w)|`([^`\n]+)`")
_SENTENCES = re.compile(r"(?<=[.!?;])[\"”']?\s+|\n+")
_NEGATED = re.compile(
    r"\b(?:do not|don't|never|avoid|without|must not|should not|leave out|drop|remove|omit|instead of)\b"
)
_MENTION = re.compile(
    r"\b(?:includ(?:e|es|ing)|mention(?:s|ing)?|nam(?:e|es|ing)|contains?|list(?:ing)?|stat(?:e|ing)|add(?:ing)?|keep|"
    r"copy|give|use|with|say|repeat|quote|needs?|must appear|must have)\b"
)

# Lengths and bounds, in order; the first that fits wins. A unit is a group, and where there is none it is a number.
_RANGES = (
    (re.compile(rf"{_N}\s*[-–]\s*{_N}(?:{_UNIT})?"), "range"),  # noqa: RUF001  # people type that dash
    (re.compile(rf"(?:between|from|range(?: of)?|in)\s+{_N}\s*(?:and|to)\s*{_N}(?:{_UNIT})?"), "range"),
    (re.compile(rf"{_N}\s*(?:and|to|or)\s*{_N}{_UNIT}"), "range"),
    (re.compile(rf"(?:at most|(?:no|not|never|(?:don't|do not|never) \w+) more than|up to|within|max(?:imum)?\.?(?: of)?|limit(?:ed)? to)\s+{_N}(?!\s+decimal)(?:{_UNIT})?"), "most"),
    (re.compile(rf"(?:under|fewer than|less than|below|shorter than)\s+{_N}(?:{_UNIT})?"), "below"),
    (re.compile(rf"(?:at least|no (?:fewer|less) than|min(?:imum)?\.?(?: of)?)\s+{_N}(?:{_UNIT})?"), "least"),
    (re.compile(rf"(?:more than|longer than|over|above)\s+{_N}(?:{_UNIT})?"), "above"),
    (re.compile(rf"{_N}{_UNIT}s?\s+(?:or (?:fewer|less)|at most|maximum)"), "most"),
    (re.compile(rf"{_N}{_UNIT}"), "exact"),
    (re.compile(r"\b(?P<one>single|just a|only a)(?:\s+\w+)?[\s-]+(word|sentence|line|item)\b"), "exact"),
)  # fmt: skip

# How an answer is written: the words that ask for it, and what they ask for.
_FORMS: tuple[tuple[re.Pattern[str], Callable[[], Wish]], ...] = (
    (
        re.compile(r"\bno (?:\w+ ){0,2}(?:punctuation|full stop|period)|without (?:\w+ ){0,2}(?:punctuation|full stop|period)|"
                   r"letters only|only letters|drop the (?:full stop|period)|bare word"),
        lambda: looks("no punctuation", r"[\w\s]*", texts.plain),
    ),
    (re.compile(r"lower[- ]?case|small letters"), lambda: looks("lower case", r"[^A-Z]*", str.lower)),
    (re.compile(r"upper[- ]?case|all caps|(?:all|only|in) capital"), lambda: looks("upper case", r"[^a-z]*", str.upper)),
    (
        re.compile(r"\b(?:whole|integer|bare|only a|just a|nothing but a)(?: whole)? (?:number|digits?)|\binteger\b|digits only|only digits"),
        lambda: looks("a whole number", r"-?\d+", lambda t: texts.number_in(t, 0)),
    ),
    (
        re.compile(r"\bsingle number|\bonly (?:the|one) number"),
        lambda: looks("a number alone", r"-?\d+(?:\.\d+)?", lambda t: texts.number_in(t, None)),
    ),
)  # fmt: skip
_SHORTER = re.compile(
    r"\b(?:short(?:er)?|brief(?:ly)?|concise(?:ly)?|terse|succinct|fewer words|nothing else)\b|"
    r"\b(?:only|just) the (?:answer|name|word|value|result)\b|\bno (?:full |whole )?sentence"
)
_LONGER = re.compile(
    r"(?<!no )(?<!not )\b(?:longer|more detail|in detail|elaborate|full sentence|whole sentence)"
)
_DECIMALS = re.compile(r"(?:round\w* to|with|to|at most) (\d) decimal")
_EDGE = re.compile(r"\b(start|begin|open|end|close|finish)(?:s|ing)? (?:\w+ )?(?:with|in|on)\s+\"\"")
_KEYS = re.compile(r"\b(?:keys?|propert(?:y|ies))\b")
_EXACTLY = re.compile(
    r"\b(?:exactly|answer|reply|choose|classify\w*(?: \w+)* as|set \w+ to|should be|must be|is)\b[^\"]{0,20}\"\""
)


def understand(text: str, fields: Collection[str] = ()) -> tuple[Wish, ...]:
    """The wishes in `text`. A sentence that names some of `fields` is about those alone."""
    found: dict[tuple[str, frozenset[str]], Wish] = {}
    for sentence in _SENTENCES.split(text):
        named = frozenset(f for f in fields if re.search(rf"\b{re.escape(f)}\b", sentence, re.IGNORECASE))
        bare = sentence
        for name in fields:
            bare = bare.replace(f"`{name}`", name)
        for wish in _read(bare):
            found.setdefault((wish.name, named), replace(wish, fields=named))
    return tuple(found.values())


def shift(text: str, wishes: Collection[Wish]) -> float:
    """What `wishes` add to the logit of an answer `text`."""
    return FORCE * sum(wish.measure(text) for wish in wishes)


def satisfied(text: str, wishes: Collection[Wish], *, at_least: float = 1.0) -> bool:
    """Whether `text` meets every wish, each to `at_least`."""
    return all(wish.measure(text) >= at_least for wish in wishes)


def _read(sentence: str) -> Iterator[Wish]:
    """The wishes of one sentence. What stands in quotes is a word asked for, never a rule."""
    quoted = [next(filter(None, groups)) for groups in _QUOTED.findall(sentence)]
    said = re.sub(r"[a-z]+", lambda m: _NUMBER_WORDS.get(m[0], m[0]), _QUOTED.sub(' "" ', sentence).lower())
    bound = _bound(said)
    if bound is not None:
        yield bound
    elif _SHORTER.search(said):
        yield shorter()
    elif _LONGER.search(said):
        yield longer()
    for words, make in _FORMS:
        if words.search(said):
            yield make()
    if found := _DECIMALS.search(said):
        places = int(found[1])
        yield looks(
            f"{places} decimals", rf"-?\d+(?:\.\d{{0,{places}}})?", lambda t: texts.number_in(t, places)
        )
    yield from _words_asked_for(said, quoted)


def _bound(said: str) -> Wish | None:
    """A length, or the range of a number."""
    for pattern, how in _RANGES:
        if (found := pattern.search(said)) is None:
            continue
        unit = found.group(found.re.groups) or ""
        first = 1.0 if "one" in found.groupdict() else float(found[1])
        step = 1 if unit else 0
        low, high = -math.inf, math.inf
        if how in {"range", "exact", "least", "above"}:
            low = first + (step if how == "above" else 0)
        if how in {"range", "exact", "most", "below"}:
            high = float(found[2]) if how == "range" else first - (step if how == "below" else 0)
        if not unit:
            return number_within(low, high)
        return count_within(low, high, "item" if unit in {"entr", "element"} else unit)
    return None


def _words_asked_for(said: str, quoted: list[str]) -> Iterator[Wish]:
    """Wishes about what an answer says: quoted words, keys, and kinds of thing such as a date."""
    negated = bool(_NEGATED.search(said))
    if quoted and (edge := _EDGE.search(said)):
        yield beginning_with(quoted[0]) if edge[1] in {"start", "begin", "open"} else ending_with(quoted[0])
    elif (re.search(r"\bjson\b", said) and not negated) or (quoted and _KEYS.search(said)):
        yield json_with([q for q in quoted if re.fullmatch(r"\w+", q)] if _KEYS.search(said) else [])
    elif quoted and negated:
        yield from map(without_word, quoted)
    elif len(quoted) == 1 and _EXACTLY.search(said) and not re.search(r"\b(?:include|mention|contain)", said):
        yield exactly(quoted[0])
    elif quoted:
        yield from map(with_word, quoted)
    elif found := re.search(r"\b(?:include|mention|contain|use|say|add) the words? (\w+)", said):
        yield without_word(found[1]) if negated else with_word(found[1])
    if not negated and _MENTION.search(said):
        yield from map(naming, things.called(said))
