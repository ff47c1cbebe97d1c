"""Quoted words that a clause requires or forbids: 'Mention "Friday"', 'Do not use "cheap"', 'Use "kettle" instead of "pot"'."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from refine_core.uptake.clauses import Clause
from refine_core.uptake.rule import (
    Rule,
    beginning_with,
    ending_with,
    exactly,
    json_with,
    with_word,
    without_word,
)

_Q: Final = '"([\ue000-\ue0ff])"'
_VERB: Final = (
    r"include|mention|contain|use|add|say|write|name|state|keep|quote|repeat|insert|feature|list|copy|retain|preserve|have|put|give|spell|show|"
    r"reply with|answer with"
)
_REQUIRES: Final = re.compile(
    rf"\b(?:{_VERB})\b|\b(?:by|try|start)\s+(?:including|mentioning|using|adding|naming|saying|stating)\b|"
    r"\b(?:requires?|needs?)\s+(?:the |to )|"
    r"\b(?:ensure|make sure|be sure|see to it|verify|check)\b.*\b(?:contains?|includes?|mentions?|uses?|names?|has|says?)\b"
)
_PASSIVE: Final = re.compile(
    r"^\s*(?:must|should|needs? to|has to|have to)\s+(?:appear|be (?:included|mentioned|used|named|present|kept|stated|there)|stay|remain)\b"
)
_PASSIVE_NOT: Final = re.compile(
    r"^\s*(?:must not|should not|shouldn't|mustn't|may not)\s+(?:appear|be (?:included|mentioned|used|named|present|there))\b"
)
_NOT: Final = re.compile(
    r"\b(?:do not|don't|never|must not|mustn't|should not|shouldn't|cannot|not|without|no)\b"
)
_AVOID: Final = re.compile(
    r"\b(?:avoid|omit|remove|drop|delete|leave out|cut|eliminate|strip|skip|get rid of)\b"
)
_NOT_AVOID: Final = re.compile(
    r"\b(?:do not|don't|never|not)\s+(?:to\s+)?(?:forget|fail|omit|drop|remove|leave out|skip|lose|neglect|delete|cut)\b"
)
_INSTEAD: Final = re.compile(
    r"\b(?:instead of|rather than|in place of|not)\s+(?:the (?:word|phrase) )?(?:using |saying |writing )?$"
)
_EXAMPLE: Final = re.compile(
    r"(?:(?:such as|like|e\.g\.,?|similar to|as in)\s*(?:\"[\ue000-\ue0ff]\"(?:,|,? and|,? or)?\s*)*|\b(?:format|pattern|style|form|template)\W*)$"
)
_TIMES: Final = re.compile(r"\b(?:twice|\d+ times|several times|as often as)\b")
_SWAP: Final = re.compile(
    rf"\b(?:replace|change|swap|substitute|correct)\s+(?:\w+\s+){{0,2}}?{_Q}\s+(?:with|by|to|for|into)\s+(?:\w+\s+){{0,2}}?{_Q}"
)
_EDGE: Final = re.compile(
    rf"\b(start|begin|open|end|finish|close)(?:s|ing)?\s+(?:\w+\s+){{0,3}}?(?:with|on|in)\s+(?:the (?:word|words|phrase) )?{_Q}"
)
_EXACT: Final = re.compile(
    rf"\b(?:exactly|answer|reply|respond|choose|return|output|set \w+ to|(?:must|should) be|be)"
    rf"(?:\s+(?:with|only|exactly|just|either|the word|the words|the single word|as))*\s+{_Q}(?!\s+(?:in|within|at|inside|somewhere)\b)"
)
_CHOICE: Final = re.compile(rf"{_Q}(?:\s*,\s*\"[\ue000-\ue0ff]\")*,?\s+or\s+{_Q}")
_KEYS: Final = re.compile(r"\b(?:keys?|propert(?:y|ies)|json fields?)\b")
_NEW_REQUEST: Final = re.compile(rf",\s*(?:and\s+)?(?:{_VERB})\b")
_UNQUOTED: Final = re.compile(
    r"\bthe (?:word|term|name)\s+([^\W\d_]\w*)(?=\s*(?:[.,;)!]|$|in\b|at\b|once\b|twice\b|somewhere\b))"
)
_NO_NAMES: Final = frozenset(("for", "of", "in", "that", "from", "you", "which", "and", "it", "limit", "count", "order", "itself", "as", "at", "or", "is", "only", "once", "twice", "somewhere"))  # fmt: skip


def read_quotes(clause: Clause) -> Iterator[Rule]:
    """The rules on quoted words in a clause, and on "the word kettle"."""
    text, quotes = clause.text, clause.quotes
    if not quotes:
        if (named := _UNQUOTED.search(text)) and named[1] not in _NO_NAMES:
            yield from _demand(text, named.start(), named.end(), [named[1]])
        return
    if re.search(r"\bjson\b", text) or _KEYS.search(text):
        if _KEYS.search(text) and not _NOT.search(text):
            yield json_with(list(quotes.values()), "object")
        return
    taken: set[str] = set()
    if swap := _SWAP.search(text):
        yield without_word(quotes[swap[1]])
        yield with_word([quotes[swap[2]]])
        taken |= {swap[1], swap[2]}
    if (edge := _EDGE.search(text)) and not _NOT.search(text[: edge.start()]):
        is_start = edge[1] in ("start", "begin", "open")
        yield (beginning_with if is_start else ending_with)(quotes[edge[2]])
        taken.add(edge[2])
    for group in _groups(text, quotes, taken):
        yield from _read_group(text, quotes, group)


def _groups(text: str, quotes: dict[str, str], taken: set[str]) -> Iterator[list[str]]:
    """Quotes one by one; those joined by "or" together."""
    joined: set[str] = set(taken)
    for match in _CHOICE.finditer(text):
        marks = [
            mark for mark in quotes if match.start() <= text.find(mark) < match.end() and mark not in joined
        ]
        joined |= set(marks)
        if marks:
            yield marks
    yield from ([mark] for mark in quotes if mark not in joined)


def _read_group(text: str, quotes: dict[str, str], marks: list[str]) -> Iterator[Rule]:
    start, end = text.find(marks[0]) - 1, text.find(marks[-1]) + 2
    words = [quotes[mark] for mark in marks]
    before = text[:start]
    if _EXAMPLE.search(before) or _TIMES.search(text):
        return
    exact = next((m for m in _EXACT.finditer(text) if m[1] == marks[0]), None)
    lone = len(quotes) == len(marks)
    is_choice = re.match(r"\s*(?:$|[.!]|answer (?:with )?1 of)", text[end:]) is not None
    if exact and lone and not _NOT.search(text[: exact.end()]) and (len(marks) == 1 or is_choice):
        yield exactly(words)
        return
    yield from _demand(text, start, end, words)


def _demand(text: str, start: int, end: int, words: list[str]) -> Iterator[Rule]:
    """What the clause wants of the words between start and end: that one of them is there, or that none is; or nothing."""
    before, after = text[:start], text[end:]
    if _INSTEAD.search(before) or _PASSIVE_NOT.match(after):
        yield from map(without_word, words)
        return
    if _PASSIVE.match(after):
        yield with_word(words)
        return
    if _NOT_AVOID.search(before):
        yield with_word(words)
        return
    avoids = [*_AVOID.finditer(before)]
    negations = [*_NOT.finditer(before)]
    asks = [*_REQUIRES.finditer(before)]
    refused = [m for m in (*avoids, *negations) if not _NEW_REQUEST.search(before[m.end() :])]
    if refused and (avoids or asks or re.search(r"\b(?:no|without)\s+(?:\w+\s+){0,3}$", before)):
        yield from map(without_word, words)
    elif asks and not refused:
        yield with_word(words)
