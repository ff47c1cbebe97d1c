"""What happened in a run, on its way from the program's thread to the one that writes.

    RunScope.emit -> Note -> background

The program waits while a note is taken. So a note may hold a function in place of its event: whatever takes longer, such as
leaving out keys or numbering spans, is done where the note is written.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from refine_core.events import Event, RunFinished
from refine_core.log.scope import Record
from refine_core.log.span import RUN, Span
from refine_core.log.summaries import Summary

if TYPE_CHECKING:
    from refine_core.interop.dspy_recording.background import Background

Fact = Event | Callable[[], Event]
"""An event, or what makes it. The function must hold nothing that the program may change meanwhile."""


class Note(NamedTuple):
    """Something that happened. at: seconds since the epoch."""

    scope: RunScope
    at: float
    fact: Fact


@dataclass(slots=True, eq=False)
class Progress:
    """How far a run is written: what only the thread that writes looks at.

    seq, at: of the latest record. unwritten: records that the store has not taken yet. is_over: nothing more is to be written.
    """

    seq: int = 0
    at: float = 0.0
    summary: Summary | None = None
    unwritten: list[Record] = field(default_factory=list)
    is_over: bool = False


class RunLog:
    """One run while it is recorded. has_ended: whether its end was noted; it takes nothing after that."""

    __slots__ = ("__weakref__", "background", "began_at", "has_ended", "process", "progress", "run_id")

    def __init__(self, run_id: str, background: Background) -> None:
        self.run_id, self.background, self.process = run_id, background, background.process
        self.began_at = time.time() - time.monotonic()
        self.progress = Progress()
        self.has_ended = False


class RunScope:
    """Where in a run something happens; without a parent, the run itself. Safe from any thread."""

    __slots__ = ("_counts", "_index", "_kind", "_parent", "_span", "log")

    def __init__(
        self, log: RunLog, parent: RunScope | None = None, kind: str = "", index: int | None = None
    ) -> None:
        self.log = log
        self._parent, self._kind, self._index = parent, kind, index
        self._span: Span | None = None
        self._counts: Counter[tuple[str, int | None]] | None = None

    def emit(self, fact: Fact) -> None:
        """Note what happened here. A process that was forked meanwhile notes nothing: the run is its parent's."""
        log = self.log
        background = log.background
        if not log.has_ended and log.process is background.process:
            background.add(Note(self, log.began_at + time.monotonic(), fact))

    def end(self, fact: RunFinished) -> None:
        """Note the end of the run."""
        self.emit(fact)
        self.log.has_ended = True

    def begin(self, kind: str, index: int | None = None) -> RunScope:
        """The scope of something that begins here; see Span."""
        return RunScope(self.log, self, kind, index)

    def find_span(self) -> Span:
        """The span of this scope: numbered by the thread that writes, when something in it is first written."""
        if self._span is None:
            parent = self._parent
            self._span = RUN if parent is None else parent.number_child(self._kind, self._index)
        return self._span

    def number_child(self, kind: str, index: int | None) -> Span:
        """The next span of this kind and index in here."""
        counts = self._counts = self._counts or Counter()
        counts[kind, index] += 1
        return Span(kind, index, self.find_span(), counts[kind, index])
