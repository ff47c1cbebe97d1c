"""Telling a key from a name: by its usual first letters, or because it looks random.

Rule: no model's real name may be taken for a key; some keys of no known kind are missed for that.
"""

from __future__ import annotations

import re

from refine_core.spec.secrets import SECRET_LIKE

LONG = 20  # characters from which on a word that looks like a key is no name any more
# A name's words: 8x7b, Instruct, PROJECT2, 20240718
_PLAIN = re.compile(r".{0,6}|(?:[A-Za-z][a-z]{0,19}|[A-Z]{0,20})[0-9]{0,4}|[0-9]+")
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_OPAQUE = 28  # characters of a word without blanks or dashes, from which on chance shows
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{36,}")  # may have dashes and slashes, as names do
_PIECE = re.compile(r"[A-Z]?[a-z]+|[A-Z]+|[0-9]+")  # a word, a number: MyModel2 has three
_HEX_KEY = 32
_PIECES, _PIECES_MIXED = 0.22, 0.3  # for each character; in keys of small letters, and of both kinds
_FEWEST_DIGITS = 2
_ALL_CAPITALS_KEY = re.compile(
    r"\b(?:(?:AKIA|ASIA)[A-Z0-9]{12,}|(?=[A-Z]*[0-9])(?=[0-9]*[A-Z])[A-Z0-9]{24,})\b"
)


def is_pasted_key(text: str) -> bool:
    """Whether a text that should be a name looks like a key instead. Names such as hf-mirror-llama-3-70b do not."""
    return begins_like_key(text) or _ALL_CAPITALS_KEY.search(text) is not None or _has_random_word(text)


def begins_like_key(text: str) -> bool:
    """Whether what begins like a key continues like one: long, and not of plain words and numbers."""
    matches = (match[0] for match in SECRET_LIKE.finditer(text))
    return any(len(f) >= LONG and not all(map(_PLAIN.fullmatch, re.split(r"[\W_]+", f))) for f in matches)


def _has_random_word(text: str) -> bool:
    """Whether a word in it looks random, as keys are that have no usual first letters. UUIDs do not count."""
    text = _UUID.sub("", text)
    words = re.findall(rf"[A-Za-z0-9]{{{_OPAQUE},}}", text)
    return any(map(_looks_random, words)) or any(map(_looks_random_with_dashes, _BASE64.findall(text)))


def _looks_random(word: str) -> bool:
    digits = sum(c.isdigit() for c in word)
    if digits < _FEWEST_DIGITS or digits == len(word):
        return False
    if len(word) >= _HEX_KEY and re.fullmatch(r"[0-9a-f]+|[0-9A-F]+", word):
        return True
    one_kind = word.islower() or word.isupper()
    return _pieces(word) >= (_PIECES if one_kind else _PIECES_MIXED)


def _looks_random_with_dashes(word: str) -> bool:
    """For words with dashes and slashes in them: only pieces that touch each other count, not those separated by a dash."""
    runs = re.findall(r"[A-Za-z0-9]+", word)
    return (
        not (word.islower() or word.isupper())
        and _looks_random("".join(runs))
        and _pieces(*runs) >= _PIECES_MIXED
    )


def _pieces(*runs: str) -> float:
    """How often a word or a number begins within the runs, for each character."""
    return sum(len(_PIECE.findall(run)) - 1 for run in runs) / (sum(map(len, runs)) - 1)
