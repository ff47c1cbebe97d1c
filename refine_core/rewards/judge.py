"""The judge that a reward may ask: what it is, and how one of its answers goes back to the worker."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from refine_core.rewards.failures import ProtocolError
from refine_core.rewards.process import Frame
from refine_core.rewards.value_codec import decode, encode_fields
from refine_core.rewards.worker_replies import JudgeRequest

JUDGE_CALLS = 32  # in one score; each costs somebody money


class Judge(Protocol):
    """What answers `judge("question -> score: float", question=…)` inside a reward: field name -> value."""

    def __call__(self, signature: str, /, **inputs: object) -> Mapping[str, object]: ...


def answer_judge(
    judge: Judge | None, request: JudgeRequest, count: int, limit: int = JUDGE_CALLS
) -> tuple[Frame, Exception | None]:
    """The frame that answers a reward's request, and the error of the judge, if it failed.

    count: how many requests the score has made, this one included. limit: how many it may make. Raises: ProtocolError for a malformed
    request, or if the reward has no judge.
    """
    if judge is None:
        raise ProtocolError
    if count > limit:
        return _answer_error(f"{limit} calls of the judge are the limit for one score"), None
    try:
        inputs: dict[str, object] = decode(request.inputs)
    except ValueError:
        raise ProtocolError from None
    try:
        return {"op": "answer", "value": encode_fields(judge(request.signature, **inputs))}, None
    except Exception as error:  # noqa: BLE001  # sent to the reward, and kept as the cause
        return _answer_error(f"{type(error).__name__}: {error}"), error


def _answer_error(message: str) -> Frame:
    return {"op": "answer", "error": message}
