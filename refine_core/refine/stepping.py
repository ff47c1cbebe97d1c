"""A run that waits for a person before its next step.

    Driver --ask--> Stepper <--pause, step, go_on-- whoever watches the run

The driver records that it waits before it does, so a run whose app ends while it waits is an interrupted one.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from concurrent.futures import Future

Hints = Mapping[str, str]
"""Predictor name -> hint that a person wrote; "" for none."""


class Stepper:
    """Whether a run pauses before its steps, and the permission to go on. Safe to use from any thread.

    stepwise: whether it pauses before the next step; to be read only. edits: index of an attempt -> hints for it: those that its
    description starts with, and those that a person wrote in the run that is replayed. paused_s: how long it has paused, which no duration counts.
    """

    def __init__(self, *, stepwise: bool = False, edits: Mapping[int, Hints] | None = None) -> None:
        self.stepwise = stepwise
        self.edits = edits or {}
        self.paused_s = 0.0
        self._permission: Future[Hints | None] | None = None
        self._lock = threading.Lock()

    @property
    def is_waiting(self) -> bool:
        """Whether the run waits now."""
        permission = self._permission
        return permission is not None and not permission.done()

    def ask(self) -> Future[Hints | None]:
        """The permission for the next step, to be waited for; its result are the hints that a person wrote, or None."""
        with self._lock:
            self._permission = Future()
            return self._permission

    def pause(self) -> None:
        """Have the run wait before each step from the next one on."""
        with self._lock:
            self.stepwise = True

    def step(self, hints: Hints | None = None) -> bool:
        """Let the run do one step, and then wait again. Whether it was waiting."""
        with self._lock:
            return self._permit(hints)

    def go_on(self, hints: Hints | None = None) -> bool:
        """Let the run go on without further pauses. Whether it was waiting."""
        with self._lock:
            self.stepwise = False
            return self._permit(hints)

    def _permit(self, hints: Hints | None) -> bool:
        permission, self._permission = self._permission, None
        # A future that was cancelled belongs to a run that has ended.
        if permission is None or not permission.set_running_or_notify_cancel():
            return False
        permission.set_result(hints)
        return True
