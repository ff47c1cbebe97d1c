"""What counts as a hint. An adviser writes "N/A" for a module that is not at fault; nobody's hint is that, too."""

from __future__ import annotations

from collections.abc import Mapping

HINT_FIELD = "hint_"
"""The input field through which a hint reaches a predictor; the library appends it, and no signature may declare it."""
NO_HINT = "N/A"
_NO_HINT_SPELLINGS = frozenset(("", NO_HINT, "NA"))


def is_hint(text: str | None) -> bool:
    """Whether a predictor has anything to learn from `text`: None, empty text and N/A are no hints."""
    return text is not None and text.strip().upper() not in _NO_HINT_SPELLINGS


def hint_for(name: str, hints: Mapping[str, str]) -> str:
    """What the prompt of predictor `name` shows as its hint: its own, or N/A."""
    return hints.get(name) or NO_HINT
