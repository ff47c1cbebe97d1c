"""Frames between the runner and the worker, and values that JSON does not know.

    frame = length (4 bytes, little-endian) + JSON in ASCII

The JSON is strict: NaN and the infinities travel as {"~float": "nan"}; a user's own key that begins with "~" gets a
second one, so nothing is mistaken for that mark. ASCII escapes carry lone surrogates unharmed.
"""

from __future__ import annotations

import json
import math

HEADER_BYTES = 4
MAX_FRAME_BYTES = 32 << 20

# Bound now: the worker's user may replace what hangs on the json module.
_encode = json.JSONEncoder(allow_nan=False, separators=(",", ":")).encode
_MARK = "~float"
_MAX_DEPTH = 100


def pack(message: dict[str, object]) -> bytes:
    """The message as a frame. Values must be plain. Raises: ValueError if it is longer than MAX_FRAME_BYTES."""
    body = _encode(message).encode("ascii")
    if len(body) > MAX_FRAME_BYTES:
        raise ValueError(f"{len(body)} bytes are too many for one frame; the limit is {MAX_FRAME_BYTES}")
    return len(body).to_bytes(HEADER_BYTES, "little") + body


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
        return float(mark)
    return {key[1:] if key.startswith("~~") else key: value for key, value in mapping.items()}


def _refused(constant: str) -> object:
    raise ValueError(f"{constant} is not JSON")
