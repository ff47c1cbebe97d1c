"""Errors as the frames that the worker sends.

Standard library only, like everything the worker imports.
"""

from __future__ import annotations

from refine_core.rewards.limits import LINES, MESSAGE_CHARS


def make_error(
    kind: str,
    message: str,
    line: int | None,
    frames: list[tuple[str, int]] | None = None,
    column: int | None = None,
) -> dict[str, object]:
    """An error as a frame, within the limits. frames: (function, line) of the reward's own, outermost first."""
    return {
        "op": "error",
        "type": kind,
        "message": clip(message, MESSAGE_CHARS),
        "line": valid_line(line),
        "column": valid_line(column),
        "frames": [(function, at) for function, at in frames or [] if valid_line(at) is not None],
    }


def valid_line(line: object) -> int | None:
    """A line or column if it is plausible, else None; a SyntaxError of the user's may have any value there."""
    return int(line) if isinstance(line, int) and 0 <= line <= LINES else None


def clip(text: str, chars: int) -> str:
    """The first `chars` characters of a text, and how many there are more."""
    if len(text) <= chars:
        return str.__str__(text)
    return f"{text[:chars]}… ({len(text) - chars} more characters)"
