"""Lengths and ranges that a clause asks for: "at most 3 words", "between 0 and 1"."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import Final

from refine_core.uptake.rule import Rule, length, matching, number

_N: Final = r"(?<![\w.,$€£-])(-?\d+(?:\.\d+)?|\d{1,3}(?:,\d{3})+)(?![\w%]|[.,]\d)"
_ADJECTIVE: Final = r"(?:(?:short|simple|single|full|complete|brief|clear|plain|concise|separate|english|whole|lowercase)\s+)?"
_UNIT: Final = rf"(?:\s+|-){_ADJECTIVE}(word|character|char|letter|sentence|line|item|entry|entrie|element|bullet point|bullet)s?\b"
_ALONE: Final = r"(?=\s*(?:[.,;)!]|$|and\b|or\b|but\b|inclusive\b))"  # a number that counts nothing
_MANY: Final = 500  # characters of a clause, beyond which nobody writes a length

_MORE: Final = r"(?:more|longer|greater|larger|higher|bigger) than|over|above|exceed(?:s|ing)?"
_LESS: Final = r"(?:fewer|less|shorter|smaller|lower) than|under|below"
_NOT: Final = r"(?:\bno|\bnot|\bnever|\bdon't|\bwithout|\bcannot)"

# (pattern, low, high): groups 1 and 2 of the match are numbers, the last one a unit or nothing
_FORMS: Final = (
    (rf"(?:between|from)\s+{_N}\s*(?:and|to|[-–])\s*{_N}", "range"),  # noqa: RUF001
    (rf"(?:in the range(?: of)?|range(?: of)?|within)\s+\[?{_N}\s*(?:and|to|,|[-–])\s*{_N}\]?", "range"),  # noqa: RUF001
    (rf"{_NOT}(?:\s+\w+){{0,3}}?\s+(?:{_MORE})\s+{_N}", "max"),
    (rf"{_NOT}(?:\s+\w+){{0,3}}?\s+(?:{_LESS})\s+{_N}", "min"),
    (rf"(?:at most|up to|max(?:imum)?\.?(?: of)?|limit(?:ed)? of|(?:limit(?:ed)?|cut|trim|keep|shorten|reduce)(?:\s+\w+){{0,3}}?\s+to|within)\s+(?:at most |only |just )?{_N}", "max"),
    (rf"(?:at least|a minimum of|minimum(?: of)?|min\.?)\s+{_N}", "min"),
    (rf"(?:{_LESS})\s+{_N}", "below"),
    (rf"(?:{_MORE})\s+{_N}", "above"),
)  # fmt: skip
_BOUNDS: Final = tuple((re.compile(rf"{pattern}(?:{_UNIT}|{_ALONE})"), how) for pattern, how in _FORMS)
_AFTER: Final = (
    (re.compile(rf"{_N}\s*(?:to|or|[-–])\s*{_N}{_UNIT}"), "range"),  # noqa: RUF001
    (re.compile(rf"{_N}{_UNIT}\s+(?:or (?:fewer|less)|at most|max(?:imum)?|limit)\b"), "max"),
    (re.compile(rf"{_N}{_UNIT}\s+(?:or more|at least|minimum)\b"), "min"),
    (re.compile(rf"{_N}{_UNIT}\s+(?:only|exactly)\b"), "exact"),
    (re.compile(rf"(?:exactly|precisely|just|only)\s+(?:a |an )?{_N}{_UNIT}"), "exact"),
    (re.compile(
        rf"\b(?:answer|reply|respond|write|give|return|use|provide|produce|output|be|say it|express it|summari[sz]e(?:\s+\w+){{0,2}}?)"
        rf"(?:\s+(?:in|with|as|using|it|only))*\s+(?:a |an |the )?{_N}{_UNIT}(?!\s+(?:of|from|about|on|that|which|to)\b)"), "exact"),
    (re.compile(r"\b(?P<one>(?:answer|reply|respond|write|give|return|use|provide|be|must be)(?:\s+(?:in|with|as|only|just))*\s+(?:a|an|only a|just a))\s+single\s+(word|sentence|line|item)\b"), "exact"),
)  # fmt: skip
_OF_A_PART: Final = re.compile(r"\b(?:per|each|every|apiece|first|last|second|third|opening|closing|final)\b")
_VAGUE: Final = re.compile(r"(?:about|around|approximately|roughly|nearly|almost|some|~)\s*$")
_STATES: Final = re.compile(r"\b(?:is|are|has|have|contains|uses|runs to)(?:\s+\w+){0,2}\s*$")
_DECIMALS: Final = re.compile(r"(?:round\w*(?:\s+\w+)? to|with|to|at most|use)\s+(\d) decimal")
_UNITS: Final = {
    "char": "character",
    "entry": "item",
    "entrie": "item",
    "element": "item",
    "bullet": "item",
    "bullet point": "item",
}


def read_lengths(text: str) -> Iterator[Rule]:
    """The rules on lengths and numbers in a clause."""
    if decimals := _DECIMALS.search(text):
        places = int(decimals[1])
        yield matching(f"at most {places} decimals", rf"-?\d+(?:\.\d{{1,{max(places, 1)}}})?")
    if len(text) > _MANY or _OF_A_PART.search(text):
        return
    taken: list[tuple[int, int]] = []
    for pattern, how in (*_BOUNDS, *_AFTER):
        for match in pattern.finditer(text):
            if any(match.start() < end and start < match.end() for start, end in taken):
                continue
            taken.append(match.span())
            before = text[: match.start()]
            if _VAGUE.search(before) or (
                _STATES.search(before) and not re.search(r"\b(?:must|should|ensure|sure)\b", before)
            ):
                continue
            yield from _rule(match, how)


def _rule(match: re.Match[str], how: str) -> Iterator[Rule]:
    unit = match.group(match.re.groups) or ""
    unit = _UNITS.get(unit, unit)
    first = 1.0 if "one" in match.groupdict() else _read(match[1])
    if unit and (first < 0 or first != int(first)):
        return
    step = 1 if unit else 0
    if how == "range":
        second = _read(match[2])
        low, high = min(first, second), max(first, second)
    else:
        low = {"exact": first, "min": first, "above": first + step}.get(how, -math.inf)
        high = {"exact": first, "max": first, "below": first - step}.get(how, math.inf)
    yield length(low, high, unit) if unit else number(low, high, is_open=how in ("above", "below"))


def _read(text: str) -> float:
    return float(text.replace(",", ""))
