"""A recorded prompt in parts, as a screen shows it: the hint is a part of its own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from refine_core.adapters.hint_position import hint_position
from refine_core.log.timeline import Call


@dataclass(frozen=True, slots=True)
class PromptPart:
    """message: index of the message that it is part of. ordinal: 0, 1, 2 … within that message."""

    message: int
    ordinal: int
    text: str
    is_hint: bool = False


def prompt_parts(call: Call, hint: str | None = None) -> Iterator[PromptPart]:
    """The parts of a call's prompt in order, without empty ones. hint: the predictor's, as recorded; None for other calls."""
    at = hint_position(call.messages, hint)
    for i, message in enumerate(call.messages):
        text = message["content"]
        pieces = [(text, False)]
        if at is not None and i == at.message:
            pieces = [(text[: at.start], False), (text[at.start : at.end], True), (text[at.end :], False)]
        for ordinal, (piece, is_hint) in enumerate(pieces):
            if piece.strip():
                yield PromptPart(i, ordinal, piece, is_hint)
