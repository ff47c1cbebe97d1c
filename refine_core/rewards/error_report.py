"""What the user's code raised, told as a frame: its kind, where in the reward it happened, and what Python's message lacks.

Standard library only, like everything the worker imports. An error's class is the user's, and may answer to anything with anything.
"""

from __future__ import annotations

from refine_core.rewards.error_explanations import EXPLANATION_CHARS, explain_error, join_sentences
from refine_core.rewards.error_frames import clip, make_error
from refine_core.rewards.limits import MESSAGE_CHARS, NAME_CHARS
from refine_core.rewards.sandbox_api import FILE, Deadline, TimeLimit, list_reward_frames
from refine_core.rewards.sandbox_refusals import RefusalWatch

_NOT_SHOWN = "its message cannot be shown"
# Past whatever a class of the user's puts in their place.
_name_of = vars(type)["__name__"].__get__
_traceback_of = vars(BaseException)["__traceback__"].__get__


class ErrorReport:
    """Describes errors of one worker. clock: whether time is up. memory_bytes: its limit."""

    def __init__(self, clock: TimeLimit, memory_bytes: int) -> None:
        self._clock, self._memory_bytes = clock, memory_bytes
        self._reserve: bytes | None = bytes(4 << 20)  # freed when memory runs out, to say so

    def describe(self, error: BaseException, limit_s: float, refusals: RefusalWatch) -> dict[str, object]:
        """The frame of an error. limit_s: of the time that the code had. refusals: what the sandbox refused before it."""
        try:
            return self._describe(error, limit_s, refusals)
        except BaseException:  # noqa: BLE001  # whatever the error's class does
            name = _name_of(type(error))[:NAME_CHARS]
            frames = list_reward_frames(_traceback_of(error))
            return make_error(name, f"{name}: {_NOT_SHOWN}", frames[-1][1] if frames else None, frames)

    def _describe(self, error: BaseException, limit_s: float, refusals: RefusalWatch) -> dict[str, object]:
        if isinstance(error, Deadline) or self._clock.expired:
            frames = self._clock.frames
            line = frames[-1][1] if frames else None
            return make_error("Timeout", f"took longer than {limit_s:g} s", line, frames)
        if isinstance(error, MemoryError):
            self._reserve = None
            frames = list_reward_frames(error.__traceback__)
            needed = f"needed more than the {self._memory_bytes >> 20} MiB of memory that it may use"
            return make_error("MemoryLimit", needed, frames[-1][1] if frames else None, frames)
        frames = list_reward_frames(error.__traceback__)
        line, column = (frames[-1][1] if frames else None), None
        if isinstance(error, SyntaxError) and error.filename == FILE:
            line, column = error.lineno, error.offset
        name = type(error).__name__[:NAME_CHARS]
        try:
            text = clip(str(error), MESSAGE_CHARS - EXPLANATION_CHARS)
        except BaseException:  # noqa: BLE001  # a __str__ of the user's may do anything
            text = _NOT_SHOWN
        more = explain_error(error, refusals.list_refusals(), confined=refusals.confined)
        message = join_sentences(f"{name}: {text}" if text else name, more)
        return make_error(name, message, line, frames, column)
