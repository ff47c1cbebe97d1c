"""The words of a text as SQLite's full-text index tells them apart (unicode61 without diacritics), for a database that has no such index.

    split_words("GPT-4.1, Crème") -> ["gpt", "4", "1", "creme"]

On PostgreSQL the columns of run_text hold words with a space between them, and `words` is their tsvector, for the index. A tsvector says
which words are there; that some follow each other ("gpt-4.1") is looked up in the columns.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from sqlalchemy import ColumnElement, and_, cast, func, or_
from sqlalchemy.dialects.postgresql import TSQUERY

from refine_core.store.index_tables import WORDS, run_text
from refine_core.store.run_text import match_words

WORD_CHARACTERS: Final = 400  # of a word that are compared; PostgreSQL takes 2,046 bytes
ALL_BYTES: Final = (
    150_000  # of the words of one column: a tsvector holds 1 MB, of which a word takes 8 bytes more
)
_GREEK_END: Final = 0x400
_MARKS: Final = range(0x300, 0x332)  # combining marks, which the index leaves out


def split_words(text: str) -> list[str]:
    """The words of `text`, in lower case, without diacritics. A very long word is cut off."""
    return ["".join(word)[:WORD_CHARACTERS] for word in _words(text)]


def take_words(text: str) -> list[str]:
    """The words of one column of run_text: those of `text`, but no further different ones beyond ALL_BYTES."""
    known: dict[str, None] = {}
    left = ALL_BYTES
    taken = []
    for word in split_words(text):
        if word not in known:
            size = len(word.encode())
            if size > left:
                continue
            left -= size
            known[word] = None
        taken.append(word)
    return taken


def _words(text: str) -> Iterator[list[str]]:
    word: list[str] = []
    for sign in text:
        folded = _fold(sign)
        if folded is not None:
            word.append(folded)
        elif word:
            yield word
            word = []
    if word:
        yield word


@lru_cache(maxsize=65_536)
def _fold(sign: str) -> str | None:
    """The sign as it is compared; "" for one that is left out within a word; None for one that ends a word."""
    if ord(sign) in _MARKS:
        return ""
    category = unicodedata.category(sign)
    if category[0] not in "LN" and category not in ("Co", "So"):
        return None
    lower = sign.lower()
    if lower == sign and len(sign.casefold()) == 1 and ord(sign) < _GREEK_END:
        lower = sign.casefold()  # the final sigma, and the like
    base = unicodedata.normalize("NFD", lower)
    if "a" <= base[0] <= "z" and all(unicodedata.combining(mark) for mark in base[1:]):
        return base[0]
    return lower if len(lower) == 1 else sign


def has_postgres_words(typed: str) -> ColumnElement[bool] | None:
    """Whether a row of run_text has all the words that a person typed; None where these are none. The last one may be incomplete."""
    phrases = [words for one in match_words(typed) if (words := split_words(one))]
    if not phrases:
        return None
    is_open = not typed[-1:].isspace()
    last = len(phrases) - 1
    found: list[ColumnElement[bool]] = []
    terms = []
    for place, words in enumerate(phrases):
        may_go_on = is_open and place == last
        terms += [_quote(word) for word in words]
        if may_go_on:
            terms[-1] += ":*"
        if len(words) > 1:
            wanted = f" {' '.join(words)}" + ("" if may_go_on else " ")
            found.append(
                or_(*(func.strpos(func.concat(" ", run_text.c[name], " "), wanted) > 0 for name in WORDS))
            )
    query = cast(" & ".join(terms), TSQUERY)
    return and_(run_text.c.words.op("@@", is_comparison=True)(query), *found)


def _quote(word: str) -> str:
    escaped = word.replace("\\", "\\\\").replace("'", "''")
    return f"'{escaped}'"
