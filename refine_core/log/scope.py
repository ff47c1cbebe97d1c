"""Who listens, and where in the run we are: the one way by which a fact is emitted.

    with use_scope(scope): ... current_scope().emit(LMReplied(...))

A scope rides in a context variable and on an attempt's own copy of the program, so that a user's threads keep it.
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
    """An event as kept. seq: 1, 2, 3 … within the run. at: seconds since the epoch, UTC. span: where it happened."""

    run_id: str
    seq: int
    at: float
    span: Span
    event: Event


class Sink(Protocol):
    """Whoever wants the facts. It may raise a Halt to stop the run; any other error of its own is its own affair.

    span: where it happened. event: frozen, and shared with other sinks.
    """

    def accept(self, span: Span, event: Event) -> None:
        """Take one fact; return when it is as safe as this sink makes it."""


Draft = Callable[[Span, str], None]
"""Told what a model has written so far: the span of its call, and the text. None of it is kept: the reply will be."""


class Collector:
    """A sink that keeps the facts in memory: `facts` are (span, event) in order, `events` the events. Raises nothing."""

    def __init__(self) -> None:
        self.facts: list[tuple[Span, Event]] = []

    def accept(self, span: Span, event: Event) -> None:
        """Keep one fact."""
        self.facts.append((span, event))

    @property
    def events(self) -> list[Event]:
        return [event for _, event in self.facts]


@dataclass(frozen=True, slots=True)
class Scope:
    """sinks: who listens. span: where we are. cancel: what stops every wait under it.

    draft: told of replies while they are being written; None asks for whole ones.
    """

    sinks: tuple[Sink, ...] = ()
    span: Span = RUN
    cancel: Cancel = field(default_factory=Cancel)
    draft: Draft | None = None
    children: ChildSpans = field(default_factory=ChildSpans)

    @property
    def has_sinks(self) -> bool:
        """Whether anybody listens; if not, payloads need not be copied."""
        return bool(self.sinks)

    def emit(self, event: Event) -> None:
        """Hand a fact to every sink, in order."""
        for sink in self.sinks:
            sink.accept(self.span, event)

    def begin(self, kind: str, index: int | None = None) -> Scope:
        """The scope of something that begins here; see Span. The same one if nobody listens."""
        if not self.sinks:
            return self
        span = self.children.begin(self.span, kind, index)
        return Scope(self.sinks, span, self.cancel, self.draft, ChildSpans(self.children.used))


_NOBODY = Scope()
_scope: ContextVar[Scope] = ContextVar("refine_core_scope", default=_NOBODY)


def current_scope() -> Scope:
    """The scope in force here; one that nobody listens to and nothing cancels, if none was entered."""
    return _scope.get()


class use_scope:  # noqa: N801 - it reads as the statement that it is
    """Put `scope` in force for a block of code: `with use_scope(scope): ...`; for async code too."""

    __slots__ = ("_scope", "_token")

    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    def __enter__(self) -> Scope:
        self._token = _scope.set(self._scope)
        return self._scope

    def __exit__(self, *_: object) -> None:
        _scope.reset(self._token)
