"""The trace that a worker sends, checked before it is used; see worker_replies.py.

    xrayed(token, result, trace, refusals, threads)    call(…), as for one score

The reward runs in the process that sends it, so a trace may claim anything. It is bounded and of the right form; numbers of sites,
calls and loops that the source does not have are left out.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from refine_core.rewards.limits import MARGIN_CHARS, NAME_CHARS, REFUSAL_CHARS, REFUSALS
from refine_core.rewards.row_replies import RowReply, read_result
from refine_core.rewards.worker_replies import JudgeRequest, read_count, read_judge_request, read_text

_VALUES = 16
_NAMES = 400
_VALUE_CHARS = 1_000
_PRINTED_CHARS = 2_000
_ENTRIES = 25_000

Value = float | int | bool | str | None
"""A number, True, False or None as itself; anything else as the text that Python would write."""


@dataclass(frozen=True, slots=True)
class TraceEvent:
    """What one site reported in one call. count: how often. first, last: its first values and, of more, the last ones.

    first_order, last_order: when it reported, among all reports. A site of several names has a tuple of values each time.
    """

    count: int
    first_order: int
    last_order: int
    first: tuple[Value | tuple[Value, ...], ...] = ()
    last: tuple[Value | tuple[Value, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class TraceCall:
    """One call of a function. parent: number of the call that made it, or None; line: where.

    events: site -> what it reported; -1 stands for the parameters. turns: loop -> (turns, how often it ran);
    comp_turns: comprehension -> (turns, evaluations, kept).
    printed: line -> text. caught: handler's site -> (class, text, line where it was raised; 0 if unknown), in their order.
    """

    number: int
    function: int
    parent: int | None
    line: int
    events: Mapping[int, TraceEvent] = field(default_factory=dict)
    turns: Mapping[int, tuple[int, int]] = field(default_factory=dict)
    comp_turns: Mapping[int, tuple[int, int, int]] = field(default_factory=dict)
    printed: Mapping[int, str] = field(default_factory=dict)
    caught: Mapping[int, tuple[tuple[str, str, int], ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Trace:
    """What one run of a source reported. totals: how often each function was called; is_full: whether more was left out.

    start: number of the first call that was made for the row; those before were made while the source was loaded.
    """

    calls: tuple[TraceCall, ...]
    totals: tuple[int, ...]
    is_full: bool
    start: int = 0


@dataclass(frozen=True, slots=True)
class XrayReply:
    """The result of one row, and its trace; None where the source could not be rewritten."""

    result: float | RowReply
    trace: Trace | None
    refusals: tuple[str, ...]
    threads: int


def read_xray_reply(frame: dict[str, object], token: str) -> XrayReply | JudgeRequest:
    """An X-ray, or a question to the judge. Raises: ValueError."""
    if frame.get("token") != token:
        raise ValueError("not the answer to this request")
    if frame.get("op") == "call":
        return read_judge_request(frame)
    refusals, trace = frame.get("refusals"), frame.get("trace")
    if frame.get("op") != "xrayed" or not isinstance(refusals, list) or len(refusals) > REFUSALS:
        raise ValueError("no X-ray")
    return XrayReply(
        read_result(frame.get("result")),
        None if trace is None else _read_trace(trace),
        tuple(read_text({"refusal": one}, "refusal", REFUSAL_CHARS) for one in refusals),
        read_count(frame.get("threads")),
    )


def _read_trace(trace: object) -> Trace:
    if not isinstance(trace, dict):
        raise ValueError("trace")  # noqa: TRY004  # it is the frame that is wrong, here and below
    events: dict[int, dict[int, TraceEvent]] = {}
    turns: dict[int, dict[int, tuple[int, int]]] = {}
    comps: dict[int, dict[int, tuple[int, int, int]]] = {}
    printed: dict[int, dict[int, str]] = {}
    caught: dict[int, dict[int, list[tuple[str, str, int]]]] = {}
    for call, site, count, first_order, last_order, first, last in _rows(trace, "events", 7):
        event = TraceEvent(
            read_count(count), read_count(first_order), read_count(last_order), _values(first), _values(last)
        )
        events.setdefault(read_count(call), {})[_number(site)] = event
    for row in _rows(trace, "turns", None):
        call, loop, *numbers = (_number(one) for one in row)
        counts = [max(one, 0) for one in numbers]
        if loop < 0 and len(counts) == 3:  # noqa: PLR2004  # turns, evaluations, kept
            comps.setdefault(call, {})[-1 - loop] = (counts[0], counts[1], counts[2])
        elif len(counts) == 2:  # noqa: PLR2004  # turns, how often
            turns.setdefault(call, {})[loop] = (counts[0], counts[1])
    for call, line, text in _rows(trace, "printed", 3):
        by_line = printed.setdefault(_number(call), {})
        by_line[read_count(line)] = by_line.get(_number(line), "") + _text(text, _PRINTED_CHARS)
    for call, site, name, text, line in _rows(trace, "caught", 5):
        one = (_text(name, NAME_CHARS), _text(text, _VALUE_CHARS), read_count(line))
        caught.setdefault(_number(call), {}).setdefault(_number(site), []).append(one)
    calls = [
        TraceCall(
            i,
            read_count(function),
            None if _number(parent) not in range(i) else _number(parent),
            read_count(line),
            events.get(i, {}),
            turns.get(i, {}),
            comps.get(i, {}),
            printed.get(i, {}),
            {site: tuple(all_) for site, all_ in caught.get(i, {}).items()},
        )
        for i, (function, parent, line) in enumerate(_rows(trace, "calls", 3))
    ]
    totals = trace.get("totals")
    if not isinstance(totals, list) or len(totals) > _ENTRIES:
        raise ValueError("totals")
    return Trace(
        tuple(calls), tuple(map(_number, totals)), trace.get("full") is True, read_count(trace.get("start"))
    )


def _rows(trace: dict[str, object], name: str, width: int | None) -> list[list[object]]:
    rows = trace.get(name)
    if not isinstance(rows, list) or len(rows) > _ENTRIES:
        raise ValueError(name)
    for row in rows:
        if not isinstance(row, list) or (len(row) != width if width is not None else not 2 <= len(row) <= 5):  # noqa: PLR2004
            raise ValueError(name)
    return rows


def _values(values: object) -> tuple[Value | tuple[Value, ...], ...]:
    if not isinstance(values, list) or len(values) > _NAMES:
        raise ValueError("values")
    return tuple(_value(one) if not isinstance(one, list) else _several(one) for one in values)


def _several(values: list[object]) -> tuple[Value, ...]:
    if len(values) > _NAMES:
        raise ValueError("values")
    return tuple(_value(one) for one in values)


def _value(value: object) -> Value:
    if isinstance(value, str):
        return _text(value, _VALUE_CHARS)
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError("not a finite number")
    if value is None or isinstance(value, (bool, int, float)):
        return value
    raise ValueError("value")


def _text(value: object, chars: int) -> str:
    return read_text({"text": value}, "text", chars + MARGIN_CHARS)


def _number(value: object) -> int:
    """An index, or a count of any size."""
    if not isinstance(value, int) or isinstance(value, bool):
        raise ValueError("not a number")  # noqa: TRY004
    return value
