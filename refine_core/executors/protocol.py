"""What an executor is, and the messages between a run and the worker that does it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

import ujson

from refine_core.errors import Halt, InfrastructureError
from refine_core.spec import ProgramSpec

UpKind = Literal["hello", "fact", "draft", "turn", "ended", "lost"]
DownKind = Literal["welcome", "confirm", "refuse", "resend", "cancel", "pause", "step", "go_on"]


class BeginAgain(Halt):
    """This start of a run is not to go on: the worker asks what is on record, and begins anew."""


class ExecutorError(InfrastructureError):
    """Runs cannot work where they were to. The message says what to do."""


@dataclass(frozen=True, slots=True)
class Message:
    """A message of a worker's (UpKind) or to one (DownKind).

    start: which of several starts of the run sent it, or is to get it; "" for what the executor itself says ("lost": nobody works at the run
    any more). number: of a worker's, 1, 2, 3 … within the start, 0 for one that may be lost (a draft); of an answer, that of what it answers.
    """

    kind: UpKind | DownKind
    run_id: str
    start: str = ""
    number: int = 0
    body: Mapping[str, Any] = field(default_factory=dict)


def confirmation(of: Message, said: Mapping[str, Any]) -> Message:
    """The answer to a message that is on record."""
    return Message("confirm", of.run_id, of.start, of.number, said)


def refusal(of: Message, halt: Halt) -> Message:
    """The answer to a message that ends the run at the worker."""
    body = {"type": type(halt).__name__, "message": str(halt)}
    return Message("refuse", of.run_id, of.start, of.number, body)


def write_messages(messages: Iterable[Message]) -> str:
    """Messages as JSON text."""
    return ujson.dumps([[one.kind, one.run_id, one.start, one.number, one.body] for one in messages])


def read_messages(text: str) -> list[Message]:
    """The messages that `write_messages` wrote."""
    return [Message(*one) for one in ujson.loads(text)]


@dataclass(frozen=True, slots=True)
class Workers:
    """Whether an executor can work. count: of its workers now. problem: what is wrong, in words; "" for nothing."""

    count: int
    problem: str = ""


class Executor(Protocol):
    """Worker processes that do runs. Every method may be called from any thread."""

    @property
    def name(self) -> str:
        """What a person knows it by: "Dask at tcp://…"."""

    @property
    def lost(self) -> bool:
        """Whether it can never work again, so that another one has to be opened. Cheap."""

    def submit(
        self, run_id: str, spec: ProgramSpec, after_seq: int, settings: Mapping[str, Any] | None = None
    ) -> None:
        """Have a worker do the run, of which `after_seq` events are on record. Raises ExecutorError.

        settings: with which the worker begins at once; None: it asks for them, and for the records, before it begins.
        """

    def cancel(self, run_id: str) -> None:
        """Tell whoever works at the run to stop now."""

    def answer(self, message: Message) -> None:
        """Send a message to the worker that does this start of the run."""

    def events(self) -> Iterator[Message]:
        """What the workers send, as it comes, until the executor is closed. For one reader."""

    def clear(self, run_id: str) -> None:
        """Nothing of this run is wanted any more."""

    def alive(self) -> Workers:
        """Whether it can work."""

    def close(self) -> None:
        """Let the workers go. Calling twice is harmless."""
