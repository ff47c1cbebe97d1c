"""The pauses and steps of a run that works elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from refine_core.executors.protocol import DownKind
from refine_core.refine.stepping import Hints, Stepper


class RemoteStepper(Stepper):
    """A run's pauses and steps, told to its worker. steer: sends it one of them."""

    def __init__(self, steer: Callable[[DownKind, Mapping[str, Any]], None], *, stepwise: bool) -> None:
        super().__init__(stepwise=stepwise)
        self._steer = steer
        self.waits = False

    @property
    def is_waiting(self) -> bool:
        """Whether the run waits now, as far as its worker has said."""
        return self.waits

    def pause(self) -> None:
        """Have the run wait before each step from the next one on."""
        self.stepwise = True
        self._steer("pause", {})

    def step(self, hints: Hints | None = None) -> bool:
        """Let the run do one step, and then wait again. Whether it was waiting."""
        return self._permit_there("step", hints)

    def go_on(self, hints: Hints | None = None) -> bool:
        """Let the run go on without further pauses. Whether it was waiting."""
        self.stepwise = False
        return self._permit_there("go_on", hints)

    def _permit_there(self, kind: DownKind, hints: Hints | None) -> bool:
        waited, self.waits = self.waits, False
        if waited:
            self._steer(kind, {"hints": hints})
        return waited
