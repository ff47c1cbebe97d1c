"""What happened in a run, on its way from the program's thread to the one that writes.

    RunScope.emit -> RunLog.add -> Note -> background

The program waits while a note is taken. So a note may hold a function in place of its event: whatever takes longer, such as
leaving out keys or reading the source of a reward, is done where the note is written.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from refine_core.events import Event, RunFinished
from refine_core.log.scope import Record
from refine_core.log.span import RUN, ChildSpans, Span
from refine_core.log.summaries import Summary

if TYPE_CHECKING:
    from refine_core.interop.dspy_recording.background import Background

Fact = Event | Callable[[], Event]
"""An event, or what makes it. The function must hold nothing that the program may change meanwhile."""


@dataclass(frozen=True, slots=True)
class Note:
    """Something that happened. at: seconds since the epoch."""

    log: RunLog
    at: float
    span: Span
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
    """One run while it is recorded. has_ended: whether its RunFinished was noted; it takes nothing after that."""

    def __init__(self, run_id: str, background: Background) -> None:
        self.run_id = run_id
        self.progress = Progress()
        self.has_ended = False
        self._background, self._process = background, background.process
        self._began_at = time.time() - time.monotonic()

    def add(self, span: Span, fact: Fact) -> None:
        """Note it, in order, from any thread. A process that was forked meanwhile adds nothing: the run is its parent's."""
        if self.has_ended or self._process is not self._background.process:
            return
        self.has_ended = isinstance(fact, RunFinished)
        self._background.add(Note(self, self._began_at + time.monotonic(), span, fact))


@dataclass(frozen=True, slots=True)
class RunScope:
    """Where in a run something happens."""

    log: RunLog
    span: Span = RUN
    children: ChildSpans = field(default_factory=ChildSpans)

    def emit(self, fact: Fact) -> None:
        """Note what happened here."""
        self.log.add(self.span, fact)

    def begin(self, kind: str, index: int | None = None) -> RunScope:
        """The scope of something that begins here; see Span."""
        return RunScope(self.log, self.children.begin(self.span, kind, index))
