"""What the user's code meets inside the worker: where its output goes, the clock, and who looks at its frames.

Standard library only, like everything the worker imports.
"""

from __future__ import annotations

import io
import signal
import sys
import time
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Any

from refine_core.rewards.limits import FRAMES, NAME_CHARS, STDOUT_CHARS

FILE, RULE_FILE = "reward.py", "rule.py"  # what the user's code is called in tracebacks


class Deadline(BaseException):
    """The time for this score is over. Not an Exception, so that `except Exception` does not catch it."""


class CapturedOutput(io.TextIOBase):
    """stdout and stderr of the user's code: the first STDOUT_CHARS characters, and a count of the rest."""

    encoding = "utf-8"
    errors = "replace"

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._kept_chars = self._dropped_chars = 0
        self.watch: Callable[[str], None] | None = None  # is told what is kept
        self.buffer = _CapturedOutputBytes(self)

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        part = text[: STDOUT_CHARS - self._kept_chars]
        if part:
            self._parts.append(str.__str__(part))
            self._kept_chars += len(part)
            if self.watch is not None:
                self.watch(part)
        self._dropped_chars += len(text) - len(part)
        return len(text)

    def take(self) -> str:
        """The text since the last call."""
        if not self._parts and not self._dropped_chars:
            return ""
        text = "".join(self._parts)
        if self._dropped_chars:
            text += f"\n… {self._dropped_chars} more characters were printed and dropped"
        self._parts, self._kept_chars, self._dropped_chars = [], 0, 0
        return text


class _CapturedOutputBytes(io.RawIOBase):
    def __init__(self, text: CapturedOutput) -> None:
        self._text = text

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._text.write(bytes(data).decode("utf-8", "replace"))
        return len(data)


class TimeLimit:
    """The time that a score may take. Raises Deadline once, and keeps the line that was running, even if the code ignores that.

    start … stop    one score: the alarm is set, and set back
    begin … end     one of many calls: the alarm, once set, is left to ring, and is set again if the call has time left; `stop`
                    after the last. Setting it for each call would take a third of the time of a short one.
    """

    def __init__(self) -> None:
        self.expired, self._left = False, 0.0
        self._until: float | None = None
        self._is_set = self._rings_for_many = False
        self.frames: list[tuple[str, int]] = []
        self._there = hasattr(signal, "setitimer")  # else the runner's deadline is all there is
        if self._there:
            signal.signal(signal.SIGALRM, self._ring)

    def start(self, seconds: float) -> None:
        self.expired, self.frames = False, []
        if self._there:
            signal.setitimer(signal.ITIMER_REAL, seconds)

    def begin(self, seconds: float) -> None:
        if self.expired:
            self.expired, self.frames = False, []
        self._until = time.monotonic() + seconds
        if not self._is_set and self._there:
            self._is_set = self._rings_for_many = True
            signal.setitimer(signal.ITIMER_REAL, seconds)

    def end(self) -> None:
        self._until = None

    def pause(self) -> None:
        if self._there:
            self._left = signal.setitimer(signal.ITIMER_REAL, 0)[0]
            if self._until is not None:
                self._left = max(self._until - time.monotonic(), 0.0)

    def resume(self) -> None:
        if self._there and self._left > 0:
            signal.setitimer(signal.ITIMER_REAL, self._left)
            if self._until is not None:
                self._until = time.monotonic() + self._left

    def stop(self) -> None:
        self._until, self._is_set, self._rings_for_many = None, False, False
        if self._there:
            signal.setitimer(signal.ITIMER_REAL, 0)

    def _ring(self, _signal: int, frame: FrameType | None) -> None:
        if self._rings_for_many:
            left = None if self._until is None else self._until - time.monotonic()
            self._is_set = left is not None and left > 0
            if self._is_set:
                signal.setitimer(signal.ITIMER_REAL, left or 0.0)
            if left is None or left > 0:
                return
        self.expired, inside = True, False
        while frame is not None and len(self.frames) < FRAMES:  # from the innermost outwards
            inside = inside or frame.f_code.co_filename in (FILE, RULE_FILE)
            if frame.f_code.co_filename == FILE:
                self.frames.append((frame.f_code.co_name[:NAME_CHARS], frame.f_lineno or 0))
            frame = frame.f_back
        self.frames.reverse()
        if inside:  # never into our own code
            raise Deadline


class FirstFrame:
    """A trace function that keeps the first of the reward's frames and then switches tracing off again.

    A finished frame remembers the line where it ended: that of the `return` which gave the value.
    """

    def __init__(self) -> None:
        self._frame: FrameType | None = None

    def __call__(self, frame: FrameType, _event: str, _argument: object) -> None:
        if frame.f_code.co_filename == FILE:
            self._frame = frame
            sys.settrace(None)

    def follow(self, coroutine: object) -> None:
        """Keep the frame of a coroutine that the reward returned, in place of the one that made it."""
        frame = getattr(coroutine, "cr_frame", None)
        if isinstance(frame, FrameType) and frame.f_code.co_filename == FILE:
            self._frame = frame

    def take_line(self) -> int | None:
        """The line where the frame ended. The frame is released, so that its values are freed within the time limit."""
        frame, self._frame = self._frame, None
        return frame.f_lineno if frame is not None else None


def list_reward_frames(traceback: TracebackType | None) -> list[tuple[str, int]]:
    """(function, line) of the reward's own frames, outermost first; the last FRAMES of them."""
    frames: list[tuple[str, int]] = []
    while traceback is not None:
        code = traceback.tb_frame.f_code
        if code.co_filename == FILE:
            frames.append((code.co_name[:NAME_CHARS], traceback.tb_lineno or 0))
            if len(frames) > 2 * FRAMES:
                del frames[:FRAMES]
        traceback = traceback.tb_next
    return frames[-FRAMES:]
