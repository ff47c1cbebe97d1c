"""A recorded prompt in parts, as a screen shows it: the hint is a part of its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from refine_core.adapters.hint_position import hint_position
from refine_core.errors import SignatureError
from refine_core.log.timeline import Call
from refine_core.signatures import ensure_signature
from refine_core.signatures.types import format_type
from refine_core.spec import ProgramSpec


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


def output_types(spec: ProgramSpec, predictor: str) -> Mapping[str, str]:
    """Output field -> its type in words, of the stage that a predictor belongs to; {} where the program has no such stage."""
    stage = next((one for one in spec.stages if one.name == predictor.partition(".")[0]), None)
    if stage is None:
        return {}
    try:
        signature = ensure_signature(stage.signature)
    except SignatureError:
        return {}
    return {name: format_type(one.annotation) for name, one in signature.output_fields.items()}
