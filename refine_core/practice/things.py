"""Kinds of things in a text that rewards look for and hints ask for."""

from __future__ import annotations

import re
from typing import NamedTuple

_MONTHS = "January|February|March|April|May|June|July|August|September|October|November|December"
GAP = re.compile(r"\[[A-Za-z][A-Za-z _]{0,30}\]")
"""A gap left for a missing word, such as `[order number]`."""


class Thing(NamedTuple):
    """A kind of thing, with patterns: how people call it, what it looks like, and what a reward's regular expression for it does."""

    name: str
    called: str
    looks: str
    code: str

    def find(self, text: str) -> str | None:
        """The first such thing in `text`."""
        match = re.search(self.looks, text)
        return match.group() if match else None

    def named_in(self, text: str) -> float:
        """How far `text` names one: 1 if it does, 0.6 if it leaves a gap for it, such as `[date]`, else 0."""
        if self.find(text):
            return 1.0
        return 0.6 if any(self in find_named(gap) for gap in GAP.findall(text)) else 0.0


THINGS = (
    Thing(
        "order number",
        r"(?:order|reference|invoice|ticket)[ _]?(?:numbers?|ids?|no)|order",
        r"\b[A-Z]{1,4}-?\d{3,8}\b",
        r"\[A-Z\].{0,8}(?:\\d|\[0-9\])",
    ),
    Thing(
        "date",
        r"dates?|day|deadline",
        rf"\b\d{{1,2}} (?:{_MONTHS})\b|\b(?:{_MONTHS}) \d{{1,2}}\b|\b\d{{4}}-\d\d-\d\d\b",
        rf"{_MONTHS}|\\d\{{4\}}-\\d",
    ),
    Thing(
        "amount",
        r"amounts?|prices?|costs?|sum",
        r"[€$£]\s?\d[\d.,]*|\b\d[\d.,]*\s?(?:EUR|USD|euros?|dollars?)\b",
        r"[€£]|\\\$|EUR|USD",
    ),
)
"""They are tried in this order; the first one that fits is used."""


def find_named(text: str) -> list[Thing]:
    """The kinds that `text` asks for by name, such as "the order number and the date"."""
    return [thing for thing in THINGS if re.search(rf"\b(?:{thing.called})\b", text, re.IGNORECASE)]


def find_by_pattern(pattern: str, label: str = "") -> Thing | None:
    """The kind that a regular expression looks for, judged by its source and, in doubt, by `label`."""
    return next(
        (thing for thing in THINGS if re.search(thing.code, pattern)), next(iter(find_named(label)), None)
    )
