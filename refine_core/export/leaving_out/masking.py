"""Values that are to be left out, found wherever a text quotes them: whole, in pieces, in other capitals, or as JSON escapes them.

    Masker(values, public)(text) -> the text with LEFT_OUT in their place

Rule 1: every value as it is, and every three words of it that stand together.
Rule 2: every word of it that tells by itself: with a digit or a capital, or a long one; but no word that the program itself uses.
Rule 3: a short value (one or two words), and what is written without blanks (KT-4471), is masked as a whole.
What a model says in words of its own is not found: nobody can promise that.
"""

from __future__ import annotations

import base64
import html
import json
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from refine_core.left_out import LEFT_OUT

_WIDE: Final = "\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff"  # scripts without blanks: each character is a word
# What JSON and Python write for line ends and quotes separates words; \u00e9 is a letter of one.
_TOKEN: Final = re.compile(
    rf"\\[nrtbfv\"'\\/]|([{_WIDE}]|(?:[^\W_{_WIDE}]|\\u[0-9a-fA-F]{{4}}|\\x[0-9a-fA-F]{{2}})+)"
)
_ESCAPE: Final = re.compile(r"\\(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2}))")
_TOGETHER: Final = 3
_SHORT: Final = 2
_LONG: Final = 8
_TELLING_CHARS: Final = 3
_COMMON: Final = """
a about after all also an and any are as at be because been before but by can could did do does each for from had has have he
her here him his how i if in into is it its just like may me more most must my no not now of on one only or other our out over
said same see she should so some such than that the their them then there these they this those to too two up us use very was
we were what when where which while who why will with would yes you your please thank thanks hello dear regards kind
"""


@dataclass(frozen=True, slots=True)
class _Word:
    """text: in small letters. start, end: where it stands. looks: as it is written."""

    text: str
    start: int
    end: int
    looks: str


class Masker:
    """values: what is to be left out, JSON data. public: texts of the program itself, whose words tell nothing."""

    def __init__(self, values: Iterable[object], public: Iterable[str] = ()) -> None:
        known = {word.text for text in (*public, _COMMON) for word in _words(text)}
        self._exact: set[str] = set()
        self._whole: dict[str, set[tuple[str, ...]]] = {}  # first word -> short values that begin with it
        self._together: set[tuple[str, ...]] = set()
        self._single: set[str] = set()
        for text in dict.fromkeys(one for value in values for one in _texts(value)):
            composed = (unicodedata.normalize(form, text) for form in ("NFC", "NFD"))
            for form in dict.fromkeys(
                (text, json.dumps(text)[1:-1], json.dumps(text, ensure_ascii=False)[1:-1], *composed)
            ):
                self._add(form, known)
            self._exact |= set(_encoded(text))
        order = sorted(self._exact, key=len, reverse=True)
        self._pattern = re.compile("|".join(map(re.escape, order))) if order else None

    def __bool__(self) -> bool:
        return self._pattern is not None or bool(self._whole)

    def __call__(self, text: str) -> str:
        """The text with the values left out."""
        if not self or not text:
            return text
        spans = [match.span() for match in self._pattern.finditer(text)] if self._pattern else []
        spans += self._find_words(text)
        return _cut(text, spans) if spans else text

    def _add(self, text: str, known: set[str]) -> None:
        words = list(_words(text))
        if not words or len(words) > _SHORT:
            self._exact.add(text.strip())
        if words and len(words) <= _SHORT:
            self._whole.setdefault(words[0].text, set()).add(tuple(word.text for word in words))
        for i in range(len(words) - _TOGETHER + 1):
            self._together.add(tuple(word.text for word in words[i : i + _TOGETHER]))
        self._single |= {word.text for word in words if word.text not in known and _tells(word)}
        for chunk in text.split():  # an order number, an address: its parts go together
            parts = list(_words(chunk))
            if len(parts) > 1 and any(map(_tells, parts)):
                self._whole.setdefault(parts[0].text, set()).add(tuple(part.text for part in parts))

    def _find_words(self, text: str) -> Iterator[tuple[int, int]]:
        words = list(_words(text))
        for i, word in enumerate(words):
            if word.text in self._single:
                yield word.start, word.end
            for whole in self._whole.get(word.text, ()):
                if tuple(one.text for one in words[i : i + len(whole)]) == whole:
                    yield word.start, words[i + len(whole) - 1].end
            together = words[i : i + _TOGETHER]
            if len(together) == _TOGETHER and tuple(one.text for one in together) in self._together:
                yield word.start, together[-1].end


def _encoded(text: str) -> Iterator[str]:
    """A text as an address, markup or base64 has it, where that looks otherwise and is long enough to be no accident."""
    raw = text.strip().encode("utf-8", "surrogatepass")
    forms = (quote(raw, safe=""), html.escape(text.strip()), base64.b64encode(raw).decode().rstrip("="))
    yield from (form for form in forms if form != text and len(form) >= _LONG)


def _texts(value: object) -> Iterator[str]:
    """The texts in a value, its numbers as they are usually written among them; true, false and null tell too little."""
    if isinstance(value, str):
        if value.strip() and value != LEFT_OUT:
            yield value
    elif isinstance(value, Mapping):
        for name, one in value.items():
            yield from _texts(name)
            yield from _texts(one)
    elif isinstance(value, list | tuple):
        for one in value:
            yield from _texts(one)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield from _numbers(value)


def _numbers(value: float) -> Iterator[str]:
    try:
        forms = {repr(value), f"{value:g}", f"{value:,}", f"{value:.1f}", f"{value:.2f}", f"{value:.3f}"}
    except (OverflowError, ValueError):  # too large a number to be written so
        return
    yield from forms


def _words(text: str) -> Iterator[_Word]:
    for match in _TOKEN.finditer(text):
        if (looks := match[1]) is not None:
            plain = _ESCAPE.sub(_unescape, looks) if "\\" in looks else looks
            yield _Word(plain.casefold(), match.start(1), match.end(1), plain)


def _unescape(match: re.Match[str]) -> str:
    return chr(int(match[1] or match[2], 16))


def _tells(word: _Word) -> bool:
    """Whether a single word gives a value away."""
    looks = word.looks
    if len(looks) < _TELLING_CHARS:
        return False
    return any(c.isdigit() for c in looks) or any(c.isupper() for c in looks) or len(looks) >= _LONG


def _cut(text: str, spans: Iterable[tuple[int, int]]) -> str:
    """The text with LEFT_OUT for each span; for several with nothing but blanks and marks between them, once."""
    parts: list[str] = []
    end = 0
    for start, stop in sorted(spans):
        if stop <= end:
            continue
        between = text[end:start] if start > end else ""
        if not parts or _says_something(between):
            parts += [between, LEFT_OUT]
        end = stop
    return "".join((*parts, text[end:]))


def _says_something(between: str) -> bool:
    return any(c.isalnum() for c in between) or "\n" in between
