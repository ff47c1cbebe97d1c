"""A hint cut into clauses that each ask for something: what describes or only allows is left out.

"You wrote 12 words. Perhaps drop the date. Use at most 5 words." -> "Use at most 5 words."
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from refine_core.english import QUOTED, read_numbers

_PLACE: Final = 0xE000  # private characters stand for quotes, so that nothing in them is read as a request
_MAX_QUOTES: Final = 200
MAX_CHARS: Final = 20_000  # of a hint
_SENTENCE: Final = re.compile(r"(?<=[.!?])[\"”’']?\s+|\n+")  # noqa: RUF001
_CLAUSE: Final = re.compile(
    r";\s*|:\s+|,\s+(?=without\b)|\s+[–—-]\s+|,\s+(?:but|so|then|instead|yet)\s+|"  # noqa: RUF001
    r",?\s+and\s+(?=(?:do not|don't|never|avoid|use|write|give|keep|make|end|start|begin|include|mention|answer|put|"
    r"must|should|without|return|add)\b)|,?\s+(?:because|since|as it|which|so that|although|though|while)\s+"
)
_SUPPOSES: Final = re.compile(
    r"^\W*(?:if|when|whenever|unless|where|in case|once|otherwise)\b|\s(?:if|when|whenever|unless|where)\s"
)
_DESCRIBES: Final = re.compile(
    r"\b(?:was|were|had|did|didn't|has been|have been|does not|doesn't|is not|isn't|fail(?:s|ed)? to|failed|lack(?:s|ed)?|missing|missed|"
    r"contained|returned|wrote|gave|used|previous(?:ly)?|earlier|last time|currently|forgot|points? lost|not only)\b"
)
_ALLOWS: Final = re.compile(
    r"\b(?:may|might|could|you can|can be|optional(?:ly)?|consider|perhaps|maybe|ideally|for example|for instance)\b"
)
_VERBS: Final = frozenset(
    ("answer", "reply", "name", "list", "state", "output")
)  # names of fields that may be verbs
_AS_A_VERB: Final = re.compile(r"\s+(?:\"|exactly|only|just|with|in|as|the|a|an|either|\d)")
_OF_A_NOUN: Final = re.compile(r"(?:\b(?:the|your|its|this|that|each|every|an?)\s+|`)$", re.IGNORECASE)
_SAYS_NOTHING: Final = re.compile(
    r"\W*(?:(?:please|also|keep to this|remember|note|important|keep in mind|again|next time|\w+)\W*)?"
)
_DEMANDS: Final = re.compile(r"\b(?:ensure|make sure|be sure|see that|see to it|verify|must|should)\b")


@dataclass(frozen=True, slots=True)
class Clause:
    """text: in lower case, numbers as digits, quotes as one private character between straight quotes.

    quotes: their texts, by that character. fields: names of outputs that it is about. is_open: asks for something only under
    a condition, so that it states no rule.
    """

    text: str
    quotes: dict[str, str]
    fields: tuple[str, ...]
    is_open: bool = False


def split_clauses(hint: str, names: Collection[str]) -> Iterator[Clause]:
    """The clauses of a hint that ask for something. names: of the outputs."""
    for sentence in _SENTENCE.split(hint[:MAX_CHARS]):
        for name in names:
            sentence = sentence.replace(f"`{name}`", name)  # noqa: PLW2901 - the same sentence, its names unquoted
        masked, quotes = _mask(sentence)
        if _SUPPOSES.search(masked) or masked.rstrip().endswith("?"):
            yield Clause(masked, {}, (), is_open=True)
        else:
            yield from _clauses(masked, quotes, names)


def _mask(sentence: str) -> tuple[str, dict[str, str]]:
    """The sentence with a private character for each quote, and which it stands for."""
    quotes: dict[str, str] = {}

    def put_aside(match: re.Match[str]) -> str:
        if len(quotes) >= _MAX_QUOTES:
            return '""'
        mark = chr(_PLACE + len(quotes))
        quotes[mark] = next(filter(None, match.groups()))
        return f'"{mark}"'

    return read_numbers(QUOTED.sub(put_aside, sentence)), quotes


def _clauses(sentence: str, quotes: dict[str, str], names: Collection[str]) -> Iterator[Clause]:
    mentions = _mentions(sentence, names)
    start = 0
    for end, after in [
        *((m.start(), m.end()) for m in _CLAUSE.finditer(sentence)),
        (len(sentence), len(sentence)),
    ]:
        text = sentence[start:end]
        if (
            text.strip()
            and not _ALLOWS.search(text)
            and (_DEMANDS.search(text) or not _DESCRIBES.search(text))
        ):
            own = {mark: quoted for mark, quoted in quotes.items() if mark in text}
            yield Clause(text.strip(), own, _fields_of(mentions, start, end, sentence))
        start = after


def _mentions(sentence: str, names: Collection[str]) -> list[tuple[int, int, str]]:
    """Where names of outputs stand: (start, end, name)."""
    found = [
        (match.start(), match.end(), name)
        for name in names
        for match in re.finditer(rf"(?<!\w){re.escape(name.lower())}(?!\w)", sentence)
        if not is_verb(name, sentence[: match.start()], sentence[match.end() :])
    ]
    return sorted(found)


def is_verb(name: str, before: str, after: str) -> bool:
    """Whether an output's name is a verb where it stands: in "answer with one word", not in "the answer in one word"."""
    return name in _VERBS and _AS_A_VERB.match(after) is not None and _OF_A_NOUN.search(before[-10:]) is None


def _fields_of(
    mentions: Sequence[tuple[int, int, str]], start: int, end: int, sentence: str
) -> tuple[str, ...]:
    """The outputs that the clause names; without one, those that the sentence named last before it."""
    inside = [name for first, last, name in mentions if start <= first and last <= end]
    if inside:
        return tuple(dict.fromkeys(inside))
    before = [mention for mention in mentions if mention[1] <= start]
    if not before:
        return ()
    # "`headline` and `title`: at most 5 words" is about both
    chain = [before[-1]]
    for mention in reversed(before[:-1]):
        if not re.fullmatch(r"\s*(?:,|and|&|, and)\s*", sentence[mention[1] : chain[-1][0]]):
            break
        chain.append(mention)
    return tuple(dict.fromkeys(name for *_, name in reversed(chain)))


def asks_nothing(clause: Clause) -> bool:
    """Whether a clause that states no rule can be passed over: "Keep to this", a field's name, or one word."""
    return _SAYS_NOTHING.fullmatch(clause.text) is not None or clause.text in clause.fields
