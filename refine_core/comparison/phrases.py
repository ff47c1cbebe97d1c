"""A sentence in phrases, so that a page can set some of its words apart; and names in a row."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Style = Literal["", "strong", "good", "bad"]


@dataclass(frozen=True, slots=True)
class Phrase:
    """A part of a sentence. style: "strong" for what it turns on; "good" and "bad" for a judgement."""

    text: str
    style: Style = ""


def strong_names(names: Iterable[str]) -> list[Phrase]:
    """Names in a row, each strong: a, b and c."""
    every = [*names]
    phrases: list[Phrase] = []
    for i, name in enumerate(every):
        if i:
            phrases.append(Phrase(" and " if i == len(every) - 1 else ", "))
        phrases.append(Phrase(name, "strong"))
    return phrases


def as_text(phrases: Iterable[Phrase]) -> str:
    """The sentence as plain text."""
    return "".join(phrase.text for phrase in phrases)
