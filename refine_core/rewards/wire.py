"""Frames between the runner and the worker, and values that JSON does not know.

    frame = length (4 bytes, little-endian) + JSON in ASCII

The JSON is strict: NaN and the infinities travel as {"~float": "nan"}; a user's own key that begins with "~" gets a
second one, so nothing is mistaken for that mark. ASCII escapes carry lone surrogates unharmed.
"""

from __future__ import annotations

import json
import math
import sys

from refine_core.rewards.limits import JUDGE_DEPTH, JUDGE_VALUES, REPLY_BRACKETS, REPLY_BYTES

HEADER_BYTES = 4
MAX_FRAME_BYTES = 32 << 20  # to the worker; what comes from it is bounded in limits.py

# Bound now: the worker's user may replace what hangs on the json module.
_encode = json.JSONEncoder(allow_nan=False, separators=(",", ":")).encode
_INT_DIGITS = 4_300  # Python's own default limit; more take quadratic time
_MARK = "~float"
_MAX_DEPTH = 100


def pack(message: dict[str, object]) -> bytes:
    """The message as a frame. Values must be plain. Raises: ValueError if it is longer than MAX_FRAME_BYTES."""
    body = _encode(message).encode("ascii")
    if len(body) > MAX_FRAME_BYTES:
        raise ValueError(f"{len(body)} bytes are too many for one frame; the limit is {MAX_FRAME_BYTES}")
    return len(body).to_bytes(HEADER_BYTES, "little") + body


def pack_reply(message: dict[str, object]) -> bytes:
    """The same for a frame of the worker, which is bounded more narrowly. Raises: ValueError."""
    frame = pack(message)
    _check_reply(frame)
    return frame


def unpack_reply(body: bytes) -> dict[str, object]:
    """A frame of the worker, whose reward may have forged it: JSON and no more, read by C code alone.

    Marks are left as they are: see `revive`. Raises: ValueError for whatever is not a JSON object.
    """
    parse_int = None if 0 < sys.get_int_max_str_digits() <= _INT_DIGITS else _short_int
    decoder = json.JSONDecoder(parse_constant=_refused, parse_int=parse_int)
    _check_reply(body)
    try:
        message = decoder.decode(body.decode("ascii"))
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if not isinstance(message, dict):
        raise ValueError("a frame must be an object")  # noqa: TRY004  # it is the text that is wrong
    return message


def check_judge_inputs(inputs: dict[str, object]) -> None:
    """Level by level, so that no depth is too deep to look at. Raises: ValueError."""
    level: list[object] = [inputs]
    values = 0
    for _ in range(JUDGE_DEPTH):
        below: list[object] = []
        for value in level:
            if isinstance(value, dict):
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


def revive(value: object) -> object:
    """A plain value with its marks read, as `unpack` reads them. value: known to be neither deep nor large."""
    if isinstance(value, dict):
        return _revived({key: revive(member) for key, member in value.items()})
    if isinstance(value, list):
        return [revive(member) for member in value]
    return value


def unpack(body: bytes) -> dict[str, object]:
    """A frame's body as its message. Raises: ValueError for whatever is not a JSON object."""
    try:
        message = json.loads(body, object_hook=_revived if b'"~' in body else None, parse_constant=_refused)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if not isinstance(message, dict):
        raise ValueError(f"a frame must be an object, not {type(message).__name__}")  # noqa: TRY004  # it is the text that is wrong
    return message


def plain(value: object, depth: int = 0) -> object:  # a table of kinds, one line each
    """The value as JSON can carry it, for `pack`.

    Kept: None, bool, int, float, str, lists and mappings. A mapping's keys become text; tuples and sets become lists
    (sets in the order of their members' repr); pydantic models and dataclasses become mappings; dates and times become
    ISO text; NumPy values what their tolist() gives. Whatever else, bytes included, or nested over 100 deep: its repr.
    """
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else {_MARK: repr(float(value))}
    if depth > _MAX_DEPTH or isinstance(value, type):
        return repr(value)[:1000]
    if isinstance(value, dict):
        value = dict(value)  # a prediction's field may be called `keys`
    if isinstance(value, dict) or (hasattr(value, "keys") and hasattr(value, "__getitem__")):
        return {_escaped(str(key)): plain(value[key], depth + 1) for key in value.keys()}  # noqa: SIM118  # any mapping
    if isinstance(value, (list, tuple)):
        return [plain(member, depth + 1) for member in value]
    if isinstance(value, (set, frozenset)):
        return [plain(member, depth + 1) for member in sorted(value, key=repr)]
    for how in ("model_dump", "isoformat", "tolist"):
        convert = getattr(value, how, None)
        if callable(convert):
            return plain(convert(), depth + 1)
    fields = getattr(value, "__dataclass_fields__", None)
    if fields is not None:
        return {_escaped(name): plain(getattr(value, name, None), depth + 1) for name in fields}
    return repr(value)


def _escaped(key: str) -> str:
    return f"~{key}" if key.startswith("~") else key


def _revived(mapping: dict[str, object]) -> object:
    if len(mapping) == 1 and isinstance(mark := mapping.get(_MARK), str):
        return float(mark[:30])
    return {key[1:] if key.startswith("~~") else key: value for key, value in mapping.items()}


def _refused(constant: str) -> object:
    raise ValueError(f"{constant} is not JSON")


def _check_reply(body: bytes) -> None:
    """So that reading it takes some hundredths of a second at most. Raises: ValueError."""
    if len(body) > REPLY_BYTES + HEADER_BYTES:
        raise ValueError(f"{len(body)} bytes are too many to send back; the limit is {REPLY_BYTES}")
    if body.count(b"[") + body.count(b"{") > REPLY_BRACKETS:
        raise ValueError(f"more than {REPLY_BRACKETS} brackets are too many to send back")


def _short_int(digits: str) -> int:
    if len(digits) > _INT_DIGITS:
        raise ValueError("too many digits")
    return int(digits)
