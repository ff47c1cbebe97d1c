"""How English writes what hints ask for: numbers as words, quotes, sentences; and how words and other units are counted.

read_numbers("at most three words") -> "at most 3 words"        COUNTS["word"]("a b") -> 2
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Final

_TEENS: Final = [
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
]
NUMBER_WORDS: Final[Mapping[str, str]] = {
    **{
        word: str(n)
        for n, word in enumerate(
            ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
        )
    },
    **{word: str(n) for n, word in enumerate(_TEENS, 10)},
    **{
        word: str(10 * n)
        for n, word in enumerate(
            ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"], 2
        )
    },
}
QUOTED: Final = re.compile(
    r"\"([^\"\n]+)\"|“([^”\n]+)”|«([^»\n]+)»|(?<![\w])[‘']([^'’\n]+)['’](?!\w)|`([^`\n]+)`"  # noqa: RUF001 - typed so
)
"""A quoted text, in one of several groups."""
_SENTENCE_END: Final = re.compile(r"(?<=[.!?])\s+")


def read_numbers(text: str) -> str:
    """A text in lower case with its number words as digits."""
    return re.sub(r"[a-z]+", lambda m: NUMBER_WORDS.get(m[0], m[0]), text.lower())


def split_words(text: str) -> list[str]:
    """The words, as `str.split` counts them."""
    return text.split()


def split_sentences(text: str) -> list[str]:
    """The sentences, each with its end mark."""
    return [part for part in _SENTENCE_END.split(text.strip()) if part]


def count_items(text: str) -> int:
    """The number of items of a JSON list, entries of a JSON object, or else lines."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        value = None
    return len(value) if isinstance(value, (list, dict)) else len([x for x in text.splitlines() if x.strip()])


COUNTS: Final[Mapping[str, Callable[[str], int]]] = {
    "word": lambda text: len(split_words(text)),
    "character": len,
    "letter": len,
    "sentence": lambda text: len(split_sentences(text)),
    "line": lambda text: len(text.splitlines()),
    "item": count_items,
}
"""Unit -> how many of them a text has."""
