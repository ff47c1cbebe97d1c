"""The frames that a worker may send, checked before they are used.

    ready(confinement)    loaded(stdout)    scored(token, value, feedback, parts, refusals, stdout, threads)
    error(token, type, message, line, column, frames, stdout, threads)    call(token, signature, inputs)

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
    STDOUT_CHARS,
)


@dataclass(frozen=True, slots=True)
class Answer:
    """A score. refusals: as in Scored. threads: how many the reward left running."""

    value: float
    feedback: str
    parts: dict[str, float]
    refusals: tuple[str, ...]
    stdout: str
    threads: int


@dataclass(frozen=True, slots=True)
class Failure:
    """An error while loading or scoring. type_name, line, column, frames: as in RewardError."""

    type_name: str
    message: str
    line: int | None
    column: int | None
    frames: tuple[tuple[str, int], ...]
    stdout: str
    threads: int


@dataclass(frozen=True, slots=True)
class JudgeCall:
    """The reward asks the judge. inputs: still encoded, see value_codec.py."""

    signature: str
    inputs: dict[str, object]


def read_ready_reply(frame: dict[str, object]) -> tuple[str, ...]:
    """What the worker gave up before it runs anybody's code. Raises: ValueError."""
    steps = frame.get("confinement")
    if frame.get("op") != "ready" or not isinstance(steps, list) or len(steps) > FRAMES:
        raise ValueError("not ready")
    return tuple(_text({"step": step}, "step", NAME_CHARS) for step in steps)


def read_load_reply(frame: dict[str, object]) -> Failure | None:
    """Why the source could not be loaded; None if it is. Raises: ValueError."""
    if frame.get("op") == "error":
        return _failure(frame)
    if frame.get("op") != "loaded":
        raise ValueError("neither loaded nor an error")
    return None


def read_score_reply(frame: dict[str, object], token: str) -> Answer | Failure | JudgeCall:
    """What came of asking for a score. token: that of the request. Raises: ValueError."""
    if frame.get("token") != token:
        raise ValueError("not the answer to this request")
    operation = frame.get("op")
    if operation == "scored":
        return _answer(frame)
    if operation == "error":
        return _failure(frame)
    if operation == "call":
        return _judge_call(frame)
    raise ValueError("no such operation")


def _answer(frame: dict[str, object]) -> Answer:
    parts = frame.get("parts")
    if not isinstance(parts, dict) or len(parts) > PARTS or any(len(name) > NAME_CHARS for name in parts):
        raise ValueError("parts")
    refusals = frame.get("refusals", [])
    if not isinstance(refusals, list) or len(refusals) > REFUSALS:
        raise ValueError("refusals")
    return Answer(
        _finite(frame.get("value")),
        _text(frame, "feedback", FEEDBACK_CHARS + MARGIN_CHARS),
        {name: _finite(value) for name, value in parts.items()},
        tuple(_text({"refusal": refusal}, "refusal", REFUSAL_CHARS) for refusal in refusals),
        _text(frame, "stdout", STDOUT_CHARS + MARGIN_CHARS),
        _whole(frame.get("threads")),
    )


def _failure(frame: dict[str, object]) -> Failure:
    frames = frame.get("frames")
    if not isinstance(frames, list) or len(frames) > FRAMES:
        raise ValueError("frames")
    line, column = frame.get("line"), frame.get("column")
    return Failure(
        _text(frame, "type", NAME_CHARS),
        _text(frame, "message", MESSAGE_CHARS + MARGIN_CHARS),
        None if line is None else _whole(line),
        None if column is None else _whole(column),
        tuple(map(_frame, frames)),
        _text(frame, "stdout", STDOUT_CHARS + MARGIN_CHARS),
        _whole(frame.get("threads", 0)),
    )


def _judge_call(frame: dict[str, object]) -> JudgeCall:
    inputs = frame.get("inputs")
    if not isinstance(inputs, dict):
        raise ValueError("inputs")  # noqa: TRY004  # it is the frame that is wrong
    wire.check_judge_inputs(inputs)
    return JudgeCall(_text(frame, "signature", MESSAGE_CHARS), inputs)


def _text(frame: dict[str, object], key: str, chars: int) -> str:
    value = frame.get(key)
    if not isinstance(value, str) or len(value) > chars:
        raise ValueError(key)
    return value


def _finite(value: object) -> float:
    if not isinstance(value, float) or not math.isfinite(value):  # JSON reads 1e999 as infinity
        raise ValueError("not a finite number")
    return value


def _whole(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= LINES:
        raise ValueError("not a line or a count")
    return value


def _frame(pair: object) -> tuple[str, int]:
    if not isinstance(pair, list) or len(pair) != 2:  # noqa: PLR2004  # a pair
        raise ValueError("frames")
    return _text({"function": pair[0]}, "function", NAME_CHARS), _whole(pair[1])
