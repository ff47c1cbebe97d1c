"""The frames that a worker may send, checked before they are used.

    ready(confinement)    loaded(stdout)    scored(token, value, feedback, parts, refusals, unmet, stdout, threads)
    error(token, type, message, line, column, frames, rule, stdout, threads)    call(token, signature, inputs)

The reward runs in the worker's own interpreter, so a frame may be anything that JSON can be. Each kind has its parser:
it takes what it knows, within limits, and refuses the rest with ValueError. Nothing here is slower than reading.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from refine_core.rewards import wire
from refine_core.rewards.limits import (
    FEEDBACK_CHARS,
    FRAMES,
    LINES,
    MARGIN_CHARS,
    MESSAGE_CHARS,
    NAME_CHARS,
    PARTS,
    REFUSAL_CHARS,
    REFUSALS,
    RULES,
    STDOUT_CHARS,
)


@dataclass(frozen=True, slots=True)
class ScoreReply:
    """A score. refusals: as in ScoreResult. unmet: places of the rules not met. threads: how many the reward left running."""

    value: float
    feedback: str
    parts: dict[str, float]
    refusals: tuple[str, ...]
    unmet: tuple[int, ...]
    stdout: str
    threads: int


@dataclass(frozen=True, slots=True)
class ErrorReply:
    """An error while loading or scoring. type_name, line, column, frames: as in RewardError. rule: the place of the one that failed."""

    type_name: str
    message: str
    line: int | None
    column: int | None
    frames: tuple[tuple[str, int], ...]
    rule: int | None
    stdout: str
    threads: int


@dataclass(frozen=True, slots=True)
class JudgeRequest:
    """The reward asks the judge. inputs: still encoded, see value_codec.py."""

    signature: str
    inputs: dict[str, object]


def read_ready_reply(frame: dict[str, object]) -> tuple[str, ...]:
    """The restrictions that the worker has put on itself before it runs the user's code. Raises: ValueError."""
    steps = frame.get("confinement")
    if frame.get("op") != "ready" or not isinstance(steps, list) or len(steps) > FRAMES:
        raise ValueError("not ready")
    return tuple(read_text({"step": step}, "step", NAME_CHARS) for step in steps)


def read_load_reply(frame: dict[str, object]) -> ErrorReply | None:
    """Why the source could not be loaded; None if it is. Raises: ValueError."""
    if frame.get("op") == "error":
        return read_error(frame)
    if frame.get("op") != "loaded":
        raise ValueError("neither loaded nor an error")
    return None


def read_score_reply(frame: dict[str, object], token: str) -> ScoreReply | ErrorReply | JudgeRequest:
    """The reply to a request for a score. token: that of the request. Raises: ValueError."""
    if frame.get("token") != token:
        raise ValueError("not the answer to this request")
    operation = frame.get("op")
    if operation == "scored":
        return _read_score(frame)
    if operation == "error":
        return read_error(frame)
    if operation == "call":
        return read_judge_request(frame)
    raise ValueError("no such operation")


def _read_score(frame: dict[str, object]) -> ScoreReply:
    parts = frame.get("parts")
    if not isinstance(parts, dict) or len(parts) > PARTS or any(len(name) > NAME_CHARS for name in parts):
        raise ValueError("parts")
    refusals = frame.get("refusals", [])
    if not isinstance(refusals, list) or len(refusals) > REFUSALS:
        raise ValueError("refusals")
    unmet = frame.get("unmet", [])
    if not isinstance(unmet, list) or len(unmet) > RULES:
        raise ValueError("unmet")
    return ScoreReply(
        read_float(frame.get("value")),
        read_text(frame, "feedback", FEEDBACK_CHARS + MARGIN_CHARS),
        {name: read_float(value) for name, value in parts.items()},
        tuple(read_text({"refusal": refusal}, "refusal", REFUSAL_CHARS) for refusal in refusals),
        tuple(map(read_count, unmet)),
        read_text(frame, "stdout", STDOUT_CHARS + MARGIN_CHARS),
        read_count(frame.get("threads")),
    )


def read_error(frame: dict[str, object]) -> ErrorReply:
    """An error frame. Raises: ValueError, as do the others."""
    frames = frame.get("frames")
    if not isinstance(frames, list) or len(frames) > FRAMES:
        raise ValueError("frames")
    line, column, rule = frame.get("line"), frame.get("column"), frame.get("rule")
    return ErrorReply(
        read_text(frame, "type", NAME_CHARS),
        read_text(frame, "message", MESSAGE_CHARS + MARGIN_CHARS),
        None if line is None else read_count(line),
        None if column is None else read_count(column),
        tuple(map(_read_frame, frames)),
        None if rule is None else read_count(rule),
        read_text(frame, "stdout", STDOUT_CHARS + MARGIN_CHARS),
        read_count(frame.get("threads", 0)),
    )


def read_judge_request(frame: dict[str, object]) -> JudgeRequest:
    """A question to the judge."""
    inputs = frame.get("inputs")
    if not isinstance(inputs, dict):
        raise ValueError("inputs")  # noqa: TRY004  # it is the frame that is wrong
    wire.check_judge_inputs(inputs)
    return JudgeRequest(read_text(frame, "signature", MESSAGE_CHARS), inputs)


def read_text(frame: dict[str, object], key: str, chars: int) -> str:
    """A text of at most `chars` characters."""
    value = frame.get(key)
    if not isinstance(value, str) or len(value) > chars:
        raise ValueError(key)
    return value


def read_float(value: object) -> float:
    """A finite float."""
    if not isinstance(value, float) or not math.isfinite(value):  # JSON reads 1e999 as infinity
        raise ValueError("not a finite number")
    return value


def read_count(value: object) -> int:
    """A line, a column or a count."""
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= LINES:
        raise ValueError("not a line or a count")
    return value


def _read_frame(pair: object) -> tuple[str, int]:
    if not isinstance(pair, list) or len(pair) != 2:  # noqa: PLR2004  # a pair
        raise ValueError("frames")
    return read_text({"function": pair[0]}, "function", NAME_CHARS), read_count(pair[1])
