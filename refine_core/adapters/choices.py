"""A choice in a reply: one of a type's values, however a model marks it up, as in "**Positive.**"."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from enum import Enum
from functools import lru_cache
from typing import Any

from refine_core.signatures.types import list_choices

MAX_CHARS = 200  # of a number or a choice that is looked at
_WRAPS = (
    ("```", "```"),
    ("**", "**"),
    ("__", "__"),
    *((c, c) for c in "*_`'\""),
    *("\u201c\u201d", "\u2018\u2019", "«»", "()", "[]", "<>"),
)
_STOPS = ".,;:!"


def get_choice_table(kind: Any) -> Mapping[str, object] | None:
    """How a reply may write each of the values to choose from -> that value; None for a type without choices."""
    try:
        return _build_choice_table(kind)
    except TypeError:  # what cannot be hashed cannot be remembered
        return _build_choice_table.__wrapped__(kind)


@lru_cache(maxsize=512)
def _build_choice_table(kind: Any) -> Mapping[str, object] | None:
    allowed = list_choices(kind)
    if allowed is None:
        return None
    table: dict[str, object] = {}
    for one in kind if isinstance(kind, type) and issubclass(kind, Enum) else allowed:
        table.setdefault(str(one.value if isinstance(one, Enum) else one), one)
    for one in [one for one in table.values() if isinstance(one, Enum)]:  # names after values, as in dspy
        table.setdefault(one.name, one)
        table.setdefault(str(one), one)
    return table


def match_choice(table: Mapping[str, object], text: str) -> object:
    """The one choice that a text names: as it is, or without quotes, Markdown, a stop, or its case; the least change first.

    Raises KeyError for none, and for several.
    """
    for bare in iter_unwrapped(text):
        if bare in table:
            return table[bare]
        for change in (str.casefold, _fold_case):
            target = change(bare)
            matches = {id(value): value for key, value in table.items() if target and change(key) == target}
            if len(matches) == 1:
                return next(iter(matches.values()))
            if matches:
                raise KeyError(text)
    raise KeyError(text)


def is_none_text(text: str) -> bool:
    """Whether a text says that there is no value."""
    return not text.strip() or any(bare.lower() in ("none", "null") for bare in iter_unwrapped(text))


def _fold_case(text: str) -> str:
    return re.sub(r"[\s_-]+", " ", text.strip()).casefold() if any(map(str.isalpha, text)) else text


def iter_unwrapped(text: str) -> Iterator[str]:
    """A text, and what is left of it as quotes, Markdown and stops around it are taken away, one after another."""
    text = text.strip()
    if len(text) > MAX_CHARS:
        return
    if text.startswith(("Literal[", "str[")) and text.endswith("]"):
        text = text[text.find("[") + 1 : -1].strip()
    while text:
        yield text
        for opening, closing in _WRAPS:
            if len(text) > len(opening + closing) and text.startswith(opening) and text.endswith(closing):
                text = text[len(opening) : -len(closing)].strip()
                break
        else:
            if text[-1] in _STOPS:
                text = text[:-1].rstrip()
            elif whole := re.fullmatch(r"([+-]?\d+)\.0+", text):
                text = whole[1]
            else:
                return
