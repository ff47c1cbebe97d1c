"""Who listens, and where in the run we are: the one way by which a fact is emitted.

    with use_scope(scope): ... current().emit(LMReplied(...))

A scope rides in a context variable and on an attempt's own copy of the program, so that a user's threads keep it.
"""

from __future__ import annotations

import re
import threading
from collections import Counter
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from typing import Protocol

from refine_core.concurrency.cancellation import Cancel
from refine_core.events import Event

ATTEMPT = "attempt-"
"""How the place of an attempt is called, before its index; no predictor's name has a dash."""

_ATTEMPT = re.compile(rf"{ATTEMPT}(\d+)(?:-\d+)?")


class Span:
    """A place in the tree of what happens: "" is the run, "attempt-0/draft.predict/lm" a call inside it.

    Children of one name get "-2", "-3" … appended, so that a path names one thing; safe across threads.
    taken: paths that are in use already, where a run goes on.
    """

    __slots__ = ("_lock", "_seen", "_taken", "path")

    def __init__(self, path: str = "", *, taken: frozenset[str] = frozenset()) -> None:
        self.path, self._taken = path, taken
        self._seen: Counter[str] = Counter()
        self._lock = threading.Lock()

    def child(self, name: str) -> Span:
        """A new place inside this one."""
        with self._lock:
            while True:
                self._seen[name] += 1
                count = self._seen[name]
                unique = name if count == 1 else f"{name}-{count}"
                path = f"{self.path}/{unique}" if self.path else unique
                if path not in self._taken:
                    return Span(path, taken=self._taken)


def attempts_around(path: str) -> tuple[int, ...]:
    """Indices of the attempts that a place lies in, the outermost first."""
    found = (_ATTEMPT.fullmatch(part) for part in path.split("/"))
    return tuple(int(one[1]) for one in found if one)


def nested(path: str) -> bool:
    """Whether a place lies in an attempt of a refinement that is itself part of an attempt."""
    return len(attempts_around(path)) > 1


@dataclass(frozen=True, slots=True)
class Record:
    """An event as kept. seq: 1, 2, 3 … within the run. at: seconds since the epoch, UTC. span: path of its place."""

    run_id: str
    seq: int
    at: float
    span: str
    event: Event


class Sink(Protocol):
    """Whoever wants the facts. It may raise a Halt to stop the run; any other error of its own is its own affair.

    span: path of the place, "" for the run. event: frozen, and shared with other sinks.
    """

    def accept(self, span: str, event: Event) -> None:
        """Take one fact; return when it is as safe as this sink makes it."""


Draft = Callable[[str, str], None]
"""Told what a model has written so far: the span of its call, and the text. None of it is kept: the reply will be."""


class Collector:
    """A sink that keeps the facts in memory: `facts` are (span, event) in order, `events` the events. Raises nothing."""

    def __init__(self) -> None:
        self.facts: list[tuple[str, Event]] = []

    def accept(self, span: str, event: Event) -> None:
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
    span: Span = field(default_factory=Span)
    cancel: Cancel = field(default_factory=Cancel)
    draft: Draft | None = None

    @property
    def wanted(self) -> bool:
        """Whether anybody listens; if not, payloads need not be copied."""
        return bool(self.sinks)

    def emit(self, event: Event) -> None:
        """Hand a fact to every sink, in order."""
        for sink in self.sinks:
            sink.accept(self.span.path, event)

    def inside(self, name: str) -> Scope:
        """The scope of something that begins here."""
        return Scope(self.sinks, self.span.child(name), self.cancel, self.draft) if self.sinks else self

    def also(self, *sinks: Sink) -> Scope:
        """The same place with more listeners."""
        return replace(self, sinks=(*self.sinks, *sinks))


_NOBODY = Scope()
_scope: ContextVar[Scope] = ContextVar("refine_core_scope", default=_NOBODY)


def current() -> Scope:
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
