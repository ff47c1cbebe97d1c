"""One start of a run, as the app sees it: what its worker sends is put into its order, and what was answered is kept for a while."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from refine_core.errors import Halt
from refine_core.executors.protocol import DownKind, Message, confirmation, refusal

KEPT_ANSWERS: Final = 20


class Start:
    """The start that a hello began. send: passes a message on to its worker."""

    def __init__(self, hello: Message, send: Callable[[Message], None]) -> None:
        self.run_id, self.name = hello.run_id, hello.start
        self._send = send
        self._next = hello.number + 1
        self._early: dict[int, Message] = {}
        self._answers: dict[int, Message] = {}

    def put_in_order(self, message: Message) -> list[Message]:
        """The messages that are next, now that this one came."""
        if message.number < self._next:
            self._send(self._answers.get(message.number) or confirmation(message, {}))  # the answer was lost
            return []
        self._early[message.number] = message
        if message.number > self._next:
            self._send(Message("resend", self.run_id, self.name, self._next))
        ready = []
        while (one := self._early.pop(self._next, None)) is not None:
            ready.append(one)
            self._next += 1
        return ready

    def confirm(self, message: Message, said: Mapping[str, Any]) -> None:
        """Tell the worker that its message is on record, and what it asked."""
        self.answer(confirmation(message, said))

    def refuse(self, message: Message, halt: Halt) -> None:
        """Have the worker end the run."""
        self.answer(refusal(message, halt))

    def answer(self, answer: Message) -> None:
        """Answer a message; the same once more, should it come again."""
        self._answers = {n: one for n, one in self._answers.items() if n > answer.number - KEPT_ANSWERS}
        self._answers[answer.number] = answer
        self._send(answer)

    def steer(self, kind: DownKind, body: Mapping[str, Any]) -> None:
        """Tell the worker something that it did not ask for."""
        self._send(Message(kind, self.run_id, self.name, 0, body))
