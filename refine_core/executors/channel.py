"""What a worker sends to the app, and what it waits for.

Messages are numbered. What the app has not confirmed is kept, and sent again where the app asks for it or is silent for RESEND_S seconds. An app
that is silent for GONE_S seconds is taken to be gone: the run is cancelled here, and whoever starts that app again resumes it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from contextlib import suppress
from typing import Any, Final
from uuid import uuid4

from refine_core import errors
from refine_core.concurrency.cancellation import Cancel
from refine_core.errors import Halt, RunCancelled
from refine_core.executors.protocol import BeginAgain, Message, UpKind, write_messages

RESEND_S: Final = 2.0
GONE_S: Final = 60.0
DRAFT_S: Final = 0.2  # between two drafts of a run, and before the first of a call
_HALTS: Final = {
    one.__name__: one
    for one in (errors.RunCancelled, errors.BudgetUsedUp, errors.ArmStopped, errors.CellSetAside, BeginAgain)
}


class Channel:
    """The messages of one start of a run, whose name is made here. cancel: of the run; set when the app says so, or is gone.

    send: passes a text on to the app. flush_soon: has `flush` called within a few hundredths of a second: messages that nobody waits for
    travel together.
    """

    def __init__(self, run_id: str, send: Callable[[str], None], flush_soon: Callable[[], None]) -> None:
        self.run_id, self.start = run_id, uuid4().hex
        self._flush_soon = flush_soon
        self._buffer: list[Message] = []
        self.cancel = Cancel()
        self.limited = False  # whether any model of this run has limits, as the app says
        self.limiters: dict[tuple[str, str], Any] = {}  # of refine_core.executors.turns
        self._send = send
        self._lock = threading.Lock()
        self._number = 0
        self._unconfirmed: dict[int, Message] = {}
        self._awaited: dict[int, Future[Mapping[str, Any]]] = {}
        self._halt: Halt | None = None
        self._on_control: Callable[[Message], None] = lambda _: None
        self._heard = self._sent = self._draft_at = time.monotonic()

    def notify(self, kind: UpKind, body: Mapping[str, Any]) -> None:
        """Send a message without waiting. Raises the Halt by which the app refused an earlier one."""
        if self._halt is not None:
            raise self._halt
        self._number_and_send(kind, body, None)

    def ask(self, kind: UpKind, body: Mapping[str, Any]) -> Future[Mapping[str, Any]]:
        """Send a message; its result is what the app answers. It raises the Halt by which the app refuses it."""
        if self._halt is not None and not isinstance(self._halt, RunCancelled):
            raise self._halt
        answer: Future[Mapping[str, Any]] = Future()
        self._number_and_send(kind, body, answer)
        return answer

    @property
    def is_to_begin_again(self) -> bool:
        """Whether the app has refused this start, and wants another."""
        return isinstance(self._halt, BeginAgain)

    def begin_call(self) -> None:
        """A model is asked now; what it writes within DRAFT_S seconds is not shown as a draft."""
        self._draft_at = time.monotonic()

    def draft(self, span: str, text: str) -> None:
        """Show what a model has written so far; a few times a second at most, and it may be lost."""
        now = time.monotonic()
        if now - self._draft_at >= DRAFT_S:
            self._draft_at = now
            self._send(
                write_messages([Message("draft", self.run_id, self.start, 0, {"span": span, "text": text})])
            )

    def on_control(self, callback: Callable[[Message], None]) -> None:
        """Have `callback` called with pauses and steps."""
        self._on_control = callback

    def receive(self, message: Message) -> None:
        """Take a message of the app's. Called by whoever listens for this process."""
        self._heard = time.monotonic()
        match message.kind:
            case "welcome" | "confirm":
                self._confirm(message.number)
                self._answer(message.number, message.body)
            case "refuse":
                self._refuse(message)
            case "resend":
                self._resend(message.number)
            case "cancel":
                self.cancel.set()
            case _:
                self._on_control(message)

    def look_after(self) -> bool:
        """Send again what got no answer; give up an app that is gone. Called every second or so. Whether an answer is overdue."""
        now = time.monotonic()
        with self._lock:
            waits = bool(self._awaited)
        if waits and now - self._heard > GONE_S:
            self._abandon(RunCancelled("the app that began this run does not answer"))
        elif waits and now - max(self._heard, self._sent) > RESEND_S:
            self._resend(1)
            return True
        return False

    def flush(self) -> None:
        """Send what waits to be sent."""
        with self._lock:
            self._flush()

    def _flush(self) -> None:
        if self._buffer:
            self._sent = time.monotonic()
            self._send(write_messages(self._buffer))
            self._buffer = []

    def _number_and_send(
        self, kind: UpKind, body: Mapping[str, Any], answer: Future[Mapping[str, Any]] | None
    ) -> None:
        with self._lock:
            self._number += 1
            message = Message(kind, self.run_id, self.start, self._number, body)
            self._unconfirmed[self._number] = message
            self._buffer.append(message)
            if answer is not None:
                if not self._awaited:
                    self._heard = time.monotonic()  # nobody was to say anything before
                self._awaited[self._number] = answer
                self._flush()
                return
        self._flush_soon()

    def _confirm(self, number: int) -> None:
        with self._lock:
            for one in [one for one in self._unconfirmed if one <= number]:
                del self._unconfirmed[one]

    def _answer(self, number: int, body: Mapping[str, Any]) -> None:
        with self._lock:
            answer = self._awaited.pop(number, None)
        if answer is not None:
            answer.set_result(body)

    def _refuse(self, message: Message) -> None:
        self._confirm(message.number)
        halt = _HALTS.get(str(message.body.get("type")), RunCancelled)(str(message.body.get("message")))
        if isinstance(halt, BeginAgain):
            self._abandon(halt)
        if self.is_to_begin_again:
            return
        with self._lock:
            answer = self._awaited.pop(message.number, None)
        if answer is not None:
            answer.set_exception(halt)
        else:
            self._halt = halt

    def _resend(self, first: int) -> None:
        with self._lock:
            self._sent = time.monotonic()
            self._buffer = []
            missing = [one for number, one in sorted(self._unconfirmed.items()) if number >= first]
            if missing:
                self._send(write_messages(missing))

    def _abandon(self, halt: Halt) -> None:
        """Nothing more comes of this start."""
        self._halt = halt
        self.cancel.set()
        with self._lock:
            self._unconfirmed, self._buffer = {}, []
            awaited, self._awaited = list(self._awaited.values()), {}
        for answer in awaited:
            with suppress(Exception):
                answer.set_exception(halt)
