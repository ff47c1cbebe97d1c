"""Where the hint is in a prompt, as the adapters that write it under a marker know.

A predictor's hint is its last input, so its section is the last one before the request for outputs. Recorded prompts are
asked about in the same way, with the hint that was recorded beside them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from refine_core.adapters.turn_adapter import format_marker
from refine_core.hints import HINT_FIELD


@dataclass(frozen=True, slots=True)
class HintPosition:
    """message: its index in the prompt. start, end: of the hint with its marker, in that message's content."""

    message: int
    start: int
    end: int


def hint_position(messages: Sequence[Mapping[str, str]], hint: str | None) -> HintPosition | None:
    """Where `hint` is in a prompt of a TurnAdapter; None without one, or where another adapter wrote the prompt."""
    if hint is None or not messages:
        return None
    section = format_marker(HINT_FIELD) + hint
    start = messages[-1]["content"].rfind(section)
    return None if start < 0 else HintPosition(len(messages) - 1, start, start + len(section))
