"""The text of a recorded output, and another text in its place: a text is itself, chat messages have it in their last reply."""

from __future__ import annotations

from typing import Any

from refine_core.rewards.shapes.row_values import is_chat, last_reply


def read_text(recorded: object) -> str | None:
    """The text of an output; None for one that is neither text nor chat messages."""
    if isinstance(recorded, str):
        return recorded
    return last_reply(recorded) if isinstance(recorded, list) and is_chat(recorded) else None


def put_text(recorded: object, text: str) -> object:
    """The same output with another text."""
    if not isinstance(recorded, list) or not is_chat(recorded):
        return text
    messages: list[dict[str, Any]] = recorded
    at = max(
        (i for i, one in enumerate(messages) if one["role"] in {"assistant", "ai"}), default=len(messages) - 1
    )
    return [{**one, "content": text} if i == at else one for i, one in enumerate(messages)]
