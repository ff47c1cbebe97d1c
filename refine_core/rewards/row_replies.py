"""Frames of the worker about many rows, checked before they are used; see worker_replies.py.

kept(token, count)    rows_scored(token, results, units_done, left, refusals, threads)    call(…), as for one score
"""

from __future__ import annotations

from dataclasses import dataclass

from refine_core.rewards.limits import (
    MARGIN_CHARS,
    NAME_CHARS,
    PARTS,
    REFUSAL_CHARS,
    REFUSALS,
    ROW_TEXT_CHARS,
)
from refine_core.rewards.worker_replies import (
    ErrorReply,
    JudgeRequest,
    read_count,
    read_error,
    read_float,
    read_judge_request,
    read_text,
)

_TEXT_CHARS = ROW_TEXT_CHARS + MARGIN_CHARS
_HAPPENINGS = frozenset(("exception", "length"))


@dataclass(slots=True)  # not frozen: every row makes one
class RowReply:
    """The score of one row. error: why there is none; failed: the function that is to blame; happening: see outcomes.py."""

    value: float | None = None
    feedback: str = ""
    parts: dict[str, float] | None = None
    stdout: str = ""
    error: ErrorReply | None = None
    happening: str = ""
    failed: str = ""


@dataclass(frozen=True, slots=True)
class RowsReply:
    """Scores of rows, in the order of the request; a number alone where there is nothing else. units_done: of those asked for. left: results that are still to come."""

    results: list[float | RowReply]
    units_done: int
    left: int
    refusals: tuple[str, ...]
    threads: int


_UNSCORED = RowReply()


def read_kept_reply(frame: dict[str, object], token: str) -> int | JudgeRequest:
    """How many rows the worker keeps. Raises: ValueError."""
    if frame.get("token") != token or frame.get("op") != "kept":
        raise ValueError("not kept")
    return read_count(frame.get("count"))


def read_rows_reply(frame: dict[str, object], token: str) -> RowsReply | JudgeRequest:
    """Scores of rows, or a question to the judge. Raises: ValueError."""
    if frame.get("token") != token:
        raise ValueError("not the answer to this request")
    if frame.get("op") == "call":
        return read_judge_request(frame)
    results, refusals = frame.get("results"), frame.get("refusals")
    if frame.get("op") != "rows_scored" or not isinstance(results, list) or not isinstance(refusals, list):
        raise ValueError("no scores")
    if len(refusals) > REFUSALS:
        raise ValueError("refusals")
    return RowsReply(
        [read_result(one) for one in results],
        read_count(frame.get("units_done")),
        read_count(frame.get("left")),
        tuple(read_text({"refusal": one}, "refusal", REFUSAL_CHARS) for one in refusals),
        read_count(frame.get("threads")),
    )


def read_result(result: object) -> float | RowReply:
    """The score of one row. Raises: ValueError."""
    if isinstance(result, float):
        return read_float(result)
    if result is None:
        return _UNSCORED
    if not isinstance(result, dict):
        raise ValueError("no result")  # noqa: TRY004  # it is the frame that is wrong
    stdout = read_text(result, "o", _TEXT_CHARS)
    if "e" in result:
        frame, happening = result["e"], result.get("h")
        if not isinstance(frame, dict) or happening not in _HAPPENINGS:
            raise ValueError("no error")
        error = read_error({**frame, "stdout": ""})
        return RowReply(
            stdout=stdout, error=error, happening=str(happening), failed=read_text(result, "n", NAME_CHARS)
        )
    parts, value = result.get("p"), result.get("v")
    if not isinstance(parts, dict) or len(parts) > PARTS or any(len(name) > NAME_CHARS for name in parts):
        raise ValueError("parts")
    return RowReply(
        None if value is None else read_float(value),
        read_text(result, "f", _TEXT_CHARS),
        {name: read_float(one) for name, one in parts.items()},
        stdout,
    )
