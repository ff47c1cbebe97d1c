"""Who is notified, and where in the run the code is: every event is emitted through a Scope.

    with use_scope(scope): ... current_scope().emit(LMReplied(...))

A scope is in a context variable, and on an attempt's own copy of the program, so that threads of the user's keep it.
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Protocol

from refine_core.concurrency.cancellation import Cancel
from refine_core.events import Event
from refine_core.log.span import RUN, ChildSpans, Span


@dataclass(frozen=True, slots=True)
class Record:
    """An event as it is recorded. seq: 1, 2, 3 … within the run. at: seconds since the epoch, UTC. span: where it happened."""

    run_id: str
    seq: int
    at: float
    span: Span
    event: Event


class Sink(Protocol):
    """Receives events. It may raise a Halt to stop the run; it handles any other error of its own.

    span: where it happened. event: frozen, and shared with other sinks.
    """

    def accept(self, span: Span, event: Event) -> None:
        """Take one event; return once it is as durable as this sink makes it."""


Draft = Callable[[Span, str], None]
"""Called with what a model has written so far: the span of its call, and the text. It is not recorded; the reply will be."""


class Collector:
    """A sink that keeps events in memory: `facts` are (span, event) in order, `events` the events. Raises nothing."""

    def __init__(self) -> None:
        self.facts: list[tuple[Span, Event]] = []

    def accept(self, span: Span, event: Event) -> None:
        """Keep one event."""
        self.facts.append((span, event))

    @property
    def events(self) -> list[Event]:
        return [event for _, event in self.facts]


@dataclass(frozen=True, slots=True)
class Scope:
    """Who is notified, and where.

    sinks: who is notified; where nobody is, payloads need not be copied. span: where the code is. cancel: what stops every
    wait inside. draft: called with replies while they are being written; None asks for whole ones. children: the spans
    begun here.
    """

    sinks: tuple[Sink, ...] = ()
    span: Span = RUN
    cancel: Cancel = field(default_factory=Cancel)
    draft: Draft | None = None
    children: ChildSpans = field(default_factory=ChildSpans)

    def emit(self, event: Event) -> None:
        """Notify every sink, in order."""
        for sink in self.sinks:
            sink.accept(self.span, event)

    def begin(self, kind: str, index: int | None = None) -> Scope:
        """The scope of something that begins here; see Span. The same one if nobody is notified."""
        if not self.sinks:
            return self
        span = self.children.begin(self.span, kind, index)
        return Scope(self.sinks, span, self.cancel, self.draft, ChildSpans(self.children.used))


_NOBODY = Scope()
SCOPE: ContextVar[Scope] = ContextVar("refine_core_scope", default=_NOBODY)


def current_scope() -> Scope:
    """The scope in force here; without one, a scope that has no sinks and is never cancelled."""
    return SCOPE.get()


class use_scope:  # noqa: N801 - it reads as the statement that it is
    """Put `scope` in force for a block of code: `with use_scope(scope): ...`; for async code too."""

    __slots__ = ("_scope", "_token")

    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    def __enter__(self) -> Scope:
        self._token = SCOPE.set(self._scope)
        return self._scope

    def __exit__(self, *_: object) -> None:
        SCOPE.reset(self._token)
