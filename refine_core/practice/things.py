"""Kinds of things in a text that rewards look for and hints ask for."""

from __future__ import annotations

import re
from dataclasses import dataclass

_MONTHS = "January|February|March|April|May|June|July|August|September|October|November|December"


@dataclass(frozen=True, slots=True)
class Thing:
    """A kind of thing. name_pattern: how people name it. value_pattern: what it looks like.

    code_pattern: what a reward's regular expression for it looks like.
    """

    name: str
    name_pattern: re.Pattern[str]
    value_pattern: re.Pattern[str]
    code_pattern: re.Pattern[str]

    def find(self, text: str) -> str | None:
        """The first such thing in `text`."""
        match = self.value_pattern.search(text)
        return match.group() if match else None

    def named_in(self, text: str) -> float:
        """How far `text` names one: 1 if it does, 0.6 if it leaves a gap for it, such as `[date]`, else 0."""
        if self.value_pattern.search(text):
            return 1.0
        return 0.6 if any(self.name_pattern.search(gap) for gap in GAP.findall(text)) else 0.0


def _thing(name: str, called: str, looks: str, code: str) -> Thing:
    return Thing(name, re.compile(rf"\b(?:{called})\b", re.IGNORECASE), re.compile(looks), re.compile(code))


GAP = re.compile(r"\[[A-Za-z][A-Za-z _]{0,30}\]")
"""A gap left for a missing word, such as `[order number]`."""

THINGS = (
    _thing(
        "order number",
        r"(?:order|reference|invoice|ticket)[ _]?(?:numbers?|ids?|no)|order",
        r"\b[A-Z]{1,4}-?\d{3,8}\b",
        r"\[A-Z\].{0,8}\\d|\[A-Z\].{0,8}\[0-9\]",
    ),
    _thing(
        "date",
        r"dates?|day|deadline",
        rf"\b\d{{1,2}} (?:{_MONTHS})\b|\b(?:{_MONTHS}) \d{{1,2}}\b|\b\d{{4}}-\d\d-\d\d\b",
        rf"{_MONTHS}|\\d\{{4\}}-\\d",
    ),
    _thing(
        "amount",
        r"amounts?|prices?|costs?|sum",
        r"[€$£]\s?\d[\d.,]*|\b\d[\d.,]*\s?(?:EUR|USD|euros?|dollars?)\b",
        r"[€£]|\\\$|EUR|USD",
    ),
)
"""They are tried in this order; the first one that fits is used."""


def find_named(text: str) -> tuple[Thing, ...]:
    """The kinds that `text` asks for by name, such as "the order number and the date"."""
    return tuple(thing for thing in THINGS if thing.name_pattern.search(text))


def find_by_pattern(pattern: str, label: str = "") -> Thing | None:
    """The kind that a regular expression looks for, judged by its source and, in doubt, by `label`."""
    by_look = (thing for thing in THINGS if thing.code_pattern.search(pattern))
    return next(by_look, next(iter(find_named(label)), None))
