"""How an output is to be written, as a clause asks for it: JSON, a list, lower case, no punctuation; that it holds a date."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Final

from refine_core.uptake.clauses import Clause
from refine_core.uptake.rule import (
    JsonKind,
    Rule,
    bulleted,
    ending_with,
    holding,
    json_with,
    lacking,
    matching,
    not_ending_with,
)

_NOT: Final = r"\b(?:no|not|never|don't|without|drop|remove|omit|avoid|leave out|strip)\b"
_MARKS: Final = {
    "full stop": ".",
    "period": ".",
    "question mark": "?",
    "exclamation mark": "!",
    "exclamation point": "!",
}
_MARK: Final = rf"({'|'.join(_MARKS)})"
_ENDS: Final = re.compile(
    rf"\b(?:end|finish|close)(?:s|ing)?\s+(?:\w+\s+){{0,2}}?(?:with|in|on)\s+(?:a|an|the)?\s*{_MARK}"
)
_NO_END: Final = re.compile(rf"{_NOT}\s+(?:\w+\s+){{0,3}}?{_MARK}s?\b")
_NO_PUNCTUATION: Final = re.compile(rf"{_NOT}\s+(?:\w+\s+){{0,2}}?punctuation\b")

# What a clause says, and the rule. A negation in the clause excludes the rule.
_FORMS: Final[tuple[tuple[re.Pattern[str], Callable[[], Rule]], ...]] = (
    (re.compile(r"\b(?:letters only|only letters)\b"), lambda: matching("letters only", r"[^\W\d_]+(?:\s+[^\W\d_]+)*")),
    (re.compile(r"\bletters and digits only\b"), lambda: matching("letters and digits only", r"[^\W_]+(?:\s+[^\W_]+)*")),
    (re.compile(r"\b(?:digits only|only digits)\b"), lambda: matching("digits only", r"\d+")),
    (re.compile(r"\b(?:whole number|integer)\b"), lambda: matching("a whole number", r"[-+]?\d+")),
    (re.compile(r"\b(?:all |in |only )*(?:lower[- ]?case|small letters)\b(?!\s+(?:first|initial|letter\b))"), lambda: lacking("lower case", r"[A-Z]")),
    (re.compile(r"\b(?:in |all |only )+(?:upper[- ]?case|caps|capitals|capital letters)\b(?!\s+(?:first|initial|letter\b))|\buppercase only\b"), lambda: lacking("upper case", r"[a-z]")),
    (re.compile(r"\b(?:as|use|in|write|return|give) (?:a )?(?:bulleted list|numbered list|bullet(?:ed)? points?|bullets)\b"), bulleted),
)  # fmt: skip
_JSON: Final = re.compile(
    r"\b(?:valid|only|raw|pure|bare|return|give|output|answer|reply|respond|produce|write|must be|should be|use|as|in)\b[^,]{0,30}?\bjson\b(?:\s+(object|array|list))?"
)
_FENCES: Final = re.compile(rf"{_NOT}[^.]{{0,30}}?\b(?:code fences?|code blocks?|backticks|markdown)\b")
_MENTIONS: Final = re.compile(
    r"\b(?:mention|include|give|state|name|add)\s+(?:the|a|an|its)\s+(date|amount)\b(?!\s+(?!and\b|or\b|in\b)\w)"
)
_MONTH: Final = r"(?:jan|feb|mar|apr|may|june?|july?|aug|sept?|oct|nov|dec)[a-z]*"
_DATE: Final = (
    rf"\b\d{{1,2}}(?:st|nd|rd|th|\.)?\s+(?:of\s+)?{_MONTH}\b|\b{_MONTH}\s+\d{{1,2}}(?:st|nd|rd|th)?\b|\b\d+([-/.])\d{{1,2}}\1\d+\b|"
    r"\b(?:mon|tues|wednes|thurs|fri|satur|sun)day\b|\b(?:today|tomorrow|yesterday)\b"
)
_KEYS: Final = re.compile(r"\b(?:keys?|propert(?:y|ies)|fields?)\b")
_KINDS: Final[Mapping[str, JsonKind]] = {"object": "object", "array": "list", "list": "list"}


def read_formats(clause: Clause) -> Iterator[Rule]:
    """The rules on how an output is written."""
    text = clause.text
    if _FENCES.search(text):
        yield lacking("no code fence", r"```")
    if _NO_PUNCTUATION.search(text):
        yield matching("no punctuation", r"(?:[\w\s]|(?<=\w)[-'’](?=\w))*")  # noqa: RUF001 - an apostrophe
    elif found := _NO_END.search(text):
        yield not_ending_with(_MARKS[found[1]], found[1])
    elif found := _ENDS.search(text):
        yield ending_with(_MARKS[found[1]], f"a {found[1]}")
    if re.search(_NOT, text):
        return
    if found := _MENTIONS.search(text):
        yield holding("a date", _DATE) if found[1] == "date" else holding("a number", r"\d")
    if (found := _JSON.search(text)) and not (clause.quotes and _KEYS.search(text)):
        yield json_with((), _KINDS.get(found[1] or "", ""))
    for pattern, make in _FORMS:
        if pattern.search(text):
            yield make()
