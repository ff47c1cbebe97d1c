"""One request and its reply: what a worker process is sent, what it answers, and what is wrong with that.

    encode_arguments -> send_frame -> await_reply -> parse_reply -> empty_folder

They raise WorkerFailure if the process cannot be used any more.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import TypeVar

from refine_core.concurrency.cancellation import Cancel
from refine_core.errors import RewardError
from refine_core.rewards.failures import Died, ProtocolError, TimedOut
from refine_core.rewards.process import Frame, WorkerProcess
from refine_core.rewards.value_codec import NotTransferable, encode_fields

_Reply = TypeVar("_Reply")


def encode_arguments(role: str, fields: Mapping[str, object]) -> dict[str, object]:
    """Inputs or outputs as JSON. role: "input" or "output", for the error. Raises: RewardError for a value that cannot be passed to another process."""
    try:
        return encode_fields(fields)
    except NotTransferable as error:
        raise RewardError(f"the {role} {error}", type_name="NotTransferable") from None


def send_frame(process: WorkerProcess, frame: Frame) -> None:
    """Send a frame. Raises: RewardError if it is too long."""
    try:
        process.request(frame)
    except ValueError as error:
        process.kill()  # it may be waiting for the judge's answer, and would take the next request for it
        raise RewardError(f"its inputs cannot be handed over: {error}", type_name="TooLarge") from None


def await_reply(process: WorkerProcess, deadline: float, cancel: Cancel) -> Frame:
    """The frame that the worker must send next. deadline: on the monotonic clock. Raises: TimedOut, Died; RunCancelled."""
    try:
        frame = cancel.result(process.reply, max(0.0, deadline - time.monotonic()))
    except TimeoutError:
        process.interrupt()
        raise TimedOut from None
    if frame is None:
        raise Died
    return frame


def parse_reply(read: Callable[..., _Reply], frame: Frame, *arguments: str) -> _Reply:
    """The frame as `read` reads it. Raises: ProtocolError."""
    try:
        return read(frame, *arguments)
    except ValueError:
        raise ProtocolError from None


def empty_folder(process: WorkerProcess) -> None:
    """Empty the worker's folder. Raises: Died if it held too much."""
    if excess := process.empty_folder():
        process.kill(f"it put {excess} into its folder")
        raise Died
