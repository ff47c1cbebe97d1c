"""Changing texts, for wishes and answers."""

from __future__ import annotations

import re

from refine_core.english import COUNTS, split_sentences, split_words

_PUNCTUATION = re.compile(r"[^\w\s]")
_STOP_WORDS = frozenset(
    {"the", "a", "an", "of", "in", "on", "at", "to", "and", "or", "is", "are", "was", "were", "be", "it", "this", "that", "for", "with", "from", "by", "as", "about", "mostly", "its", "i", "we", "you", "my", "our", "your", "not", "no", "do", "does", "did", "what", "which", "who", "how", "why", "when", "where", "have", "has", "had", "will", "would", "can", "could", "there", "s", "t", "re"}
)  # fmt: skip
_FEW_WORDS = 4
_FILLER = "as far as the input tells and nothing speaks against it"
_MORE = "Nothing in the input speaks against that."


def keywords(text: str, limit: int = 4) -> list[str]:
    """The most informative words, judged by length, in the order of the text."""
    candidates = dict.fromkeys(w for w in re.findall(r"[^\W\d_]{2,}", text) if w.lower() not in _STOP_WORDS)
    informative = sorted(candidates, key=lambda w: (-len(w) - 2 * w[0].isupper(), w))[:limit]
    return [word for word in candidates if word in informative]


def strip_punctuation(text: str) -> str:
    """The text without punctuation marks."""
    return " ".join(_PUNCTUATION.sub(" ", text).split())


def number_in(text: str) -> str:
    """The first number in `text`, rounded; the number of words if there is no number."""
    first = re.search(r"-?\d+(?:\.\d+)?", text)
    return f"{float(first[0]) if first else len(split_words(text)):.0f}"


def cut(text: str, unit: str, limit: int) -> str:
    """The text cut to at most this many words, characters or sentences; a single word is the most informative one."""
    if COUNTS[unit](text) <= limit:
        return text
    if unit == "sentence":
        return " ".join(split_sentences(text)[:limit])
    if unit in {"character", "letter"}:
        short = text[:limit]
        return (short if text[limit : limit + 1].isspace() else short.rsplit(" ", 1)[0]).rstrip(" ,;:")
    if unit == "word" and limit == 1:
        return next(iter(keywords(text, 1)), strip_punctuation(text).split(" ")[0])
    if unit == "word":
        is_short = limit <= _FEW_WORDS  # so few words should be informative ones
        chosen = [w for w in split_words(text) if not is_short or w.lower() not in _STOP_WORDS]
        return " ".join(chosen[:limit]).rstrip(" ,;:.")
    return text


def pad(text: str, unit: str, minimum: int) -> str:
    """The text padded to at least this many words, characters or sentences, with phrases that add nothing, as models do."""
    longer = text.rstrip()
    if unit in {"item", "line"}:
        return longer
    for _ in range(4 * minimum):
        if COUNTS[unit](longer) >= minimum:
            break
        bare = longer.rstrip(".")
        longer = f"{bare}. {_MORE}" if unit == "sentence" else f"{bare}, {_FILLER}."
    return longer


def add(text: str, needle: str) -> str:
    """The text with `needle` added."""
    bare = text.rstrip(".!? ")
    return f"{bare}: {needle}{text[len(bare) :].strip() or ''}" if bare else needle


def put_last(text: str, needle: str) -> str:
    """The text with `needle` at its end, in place of a full stop."""
    return f"{text.rstrip('.!? ')}{' ' if needle[0].isalnum() else ''}{needle}"


def remove(text: str, needle: str) -> str:
    """The text without `needle`."""
    return " ".join(re.sub(re.escape(needle), "", text, flags=re.IGNORECASE).split())


def shorten(text: str) -> str:
    """The first sentence of the text; of a single one, half of its words."""
    if len(split_sentences(text)) > 1:
        return cut(text, "sentence", 1)
    return cut(text, "word", max(2, len(split_words(text)) // 2))
