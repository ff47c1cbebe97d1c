"""Frames between the runner and the worker.

    frame = length (4 bytes, little-endian) + JSON in ASCII

The JSON is strict; values that it does not know are encoded by value_codec.py. ASCII escapes carry lone surrogates unharmed.
"""

from __future__ import annotations

import json
import sys

from refine_core.rewards.limits import JUDGE_DEPTH, JUDGE_UNORDERED, JUDGE_VALUES, REPLY_BRACKETS, REPLY_BYTES
from refine_core.rewards.value_codec import UNORDERED

HEADER_BYTES = 4
MAX_FRAME_BYTES = 32 << 20  # to the worker; what comes from it is bounded in limits.py

# Bound now: the worker's user may replace what hangs on the json module.
_encode = json.JSONEncoder(allow_nan=False, separators=(",", ":")).encode
_INT_DIGITS = 4_300  # Python's own default limit; more take quadratic time


def pack(message: dict[str, object]) -> bytes:
    """The message, which must be JSON, as a frame. Raises: ValueError if it is longer than MAX_FRAME_BYTES."""
    body = _encode(message).encode("ascii")
    if len(body) > MAX_FRAME_BYTES:
        raise ValueError(f"{len(body)} bytes are too many for one frame; the limit is {MAX_FRAME_BYTES}")
    return len(body).to_bytes(HEADER_BYTES, "little") + body


def measure(value: object) -> int:
    """How many bytes a JSON value takes in a frame."""
    return len(_encode(value))


def pack_reply(message: dict[str, object]) -> bytes:
    """The same for a frame of the worker, which is bounded more narrowly. Raises: ValueError."""
    frame = pack(message)
    _check_reply(frame)
    return frame


def unpack_reply(body: bytes) -> dict[str, object]:
    """A frame of the worker, whose reward may have forged it: JSON and no more, read by C code alone.

    Values in it are still encoded. Raises: ValueError for whatever is not a JSON object.
    """
    parse_int = None if 0 < sys.get_int_max_str_digits() <= _INT_DIGITS else _parse_short_int
    decoder = json.JSONDecoder(parse_constant=_refuse_constant, parse_int=parse_int)
    _check_reply(body)
    try:
        message = decoder.decode(body.decode("ascii"))
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if not isinstance(message, dict):
        raise ValueError("a frame must be an object")  # noqa: TRY004  # it is the text that is wrong
    return message


def check_judge_inputs(inputs: dict[str, object]) -> None:
    """Check the limits on a judge's inputs, level by level, so that no nesting is too deep to check. Raises: ValueError."""
    level: list[object] = [inputs]
    values = 0
    for _ in range(JUDGE_DEPTH):
        below: list[object] = []
        for value in level:
            if isinstance(value, dict):
                if any(
                    len(value[tag]) > JUDGE_UNORDERED
                    for tag in UNORDERED & value.keys()
                    if isinstance(value[tag], list)
                ):
                    raise ValueError(
                        f"a set or dict of more than {JUDGE_UNORDERED} members is too large for the judge"
                    )
                below.extend(value.values())
            elif isinstance(value, list):
                below.extend(value)
        values += len(below)
        if not below:
            return
        if values > JUDGE_VALUES:
            raise ValueError(f"more than {JUDGE_VALUES} values are too many for the judge")
        level = below
    raise ValueError("nested too deeply for the judge")


def unpack(body: bytes) -> dict[str, object]:
    """A frame's body as its message. Raises: ValueError for whatever is not a JSON object."""
    try:
        message = json.loads(body, parse_constant=_refuse_constant)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if not isinstance(message, dict):
        raise ValueError(f"a frame must be an object, not {type(message).__name__}")  # noqa: TRY004  # it is the text that is wrong
    return message


def _refuse_constant(constant: str) -> object:
    raise ValueError(f"{constant} is not JSON")


def _check_reply(body: bytes) -> None:
    """Check the size, so that reading it takes some hundredths of a second at most. Raises: ValueError."""
    if len(body) > REPLY_BYTES + HEADER_BYTES:
        raise ValueError(f"{len(body)} bytes are too many to send back; the limit is {REPLY_BYTES}")
    if body.count(b"[") + body.count(b"{") > REPLY_BRACKETS:
        raise ValueError(f"more than {REPLY_BRACKETS} brackets are too many to send back")


def _parse_short_int(digits: str) -> int:
    if len(digits) > _INT_DIGITS:
        raise ValueError("too many digits")
    return int(digits)
