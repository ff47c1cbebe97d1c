"""What can be counted and changed in a text: the common ground of wishes and answers."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping

_SENTENCE_END = re.compile(r"(?<=[.!?])\s+")
_PUNCTUATION = re.compile(r"[^\w\s]")
_SMALL = frozenset(
    {"the", "a", "an", "of", "in", "on", "at", "to", "and", "or", "is", "are", "was", "were", "be", "it", "this", "that", "for", "with", "from", "by", "as", "about", "mostly", "its", "i", "we", "you", "my", "our", "your", "not", "no", "do", "does", "did", "what", "which", "who", "how", "why", "when", "where", "have", "has", "had", "will", "would", "can", "could", "there", "s", "t", "re"}
)  # fmt: skip
_FILLERS = (
    "as far as the input tells",
    "taken as a whole and without anything added",
    "which is all that is known so far",
    "and nothing in the text speaks against it",
)

_MORE = ("That is all that the input tells.", "Nothing in it speaks against that.", "The rest matters less.")


def words(text: str) -> list[str]:
    """The words, as `str.split` counts them."""
    return text.split()


def sentences(text: str) -> list[str]:
    """The sentences, each with its end mark."""
    return [part for part in _SENTENCE_END.split(text.strip()) if part]


def items(text: str) -> int:
    """How many things: of a JSON list its items, of a JSON object its entries, else the lines."""
    try:
        value = json.loads(text)
    except ValueError:
        value = None
    return len(value) if isinstance(value, (list, dict)) else len([x for x in text.splitlines() if x.strip()])


COUNTS: Mapping[str, Callable[[str], int]] = {
    "word": lambda text: len(words(text)),
    "character": len,
    "letter": len,
    "sentence": lambda text: len(sentences(text)),
    "line": lambda text: len(text.splitlines()),
    "item": items,
}
"""Unit -> how many of them a text has."""


def keywords(text: str, most: int = 4) -> list[str]:
    """The words that say most, by length, in the order of the text."""
    found = dict.fromkeys(w for w in re.findall(r"[^\W\d_]{2,}", text) if w.lower() not in _SMALL)
    telling = sorted(found, key=lambda w: (-len(w) - 2 * w[0].isupper(), w))[:most]
    return [word for word in found if word in telling]


def plain(text: str) -> str:
    """Without punctuation marks."""
    return " ".join(_PUNCTUATION.sub(" ", text).split())


def number_in(text: str, places: int | None) -> str:
    """The first number in `text`, rounded to `places` if given; without one, how many words there are."""
    found = re.search(r"-?\d+(?:\.\d+)?", text)
    number = float(found[0]) if found else float(len(words(text)))
    return f"{number:g}" if places is None else f"{number:.{places}f}"


def cut(text: str, unit: str, most: int) -> str:  # one answer for each kind
    """At most so many words, characters or sentences; one word is the most telling one."""
    if COUNTS[unit](text) <= most:
        return text
    if unit == "sentence":
        return " ".join(sentences(text)[:most])
    if unit == "line":
        return "\n".join(text.splitlines()[:most])
    if unit in {"character", "letter"}:
        short = text[:most]
        return (short if text[most : most + 1].isspace() else short.rsplit(" ", 1)[0]).rstrip(" ,;:")
    if unit == "word" and most == 1:
        return next(iter(keywords(text, 1)), plain(text).split(" ")[0])
    if unit == "word":
        kept = [w for w in words(text) if w.lower() not in _SMALL] if most <= 4 else words(text)  # noqa: PLR2004  # so few words had better be telling ones
        return " ".join(kept[:most]).rstrip(" ,;:.")
    return text


def pad(text: str, unit: str, least: int) -> str:
    """At least so many words, characters or sentences, by words that add nothing, as models do."""
    longer, turn = text.rstrip(), 0
    while (
        COUNTS[unit](longer) < least and turn < 4 * least and unit in COUNTS and unit not in {"item", "line"}
    ):
        filler = _FILLERS[turn % len(_FILLERS)]
        if unit == "sentence":
            longer = f"{longer.rstrip('.')}. {_MORE[turn % len(_MORE)]}"
        else:
            longer = f"{longer.rstrip('.')}, {filler}."
        turn += 1
    return longer


def add(text: str, needle: str) -> str:
    """With `needle` in it."""
    bare = text.rstrip(".!? ")
    return f"{bare}: {needle}{text[len(bare) :].strip() or ''}" if bare else needle
