"""Spans: what encloses an event, as a node of the tree of what happens in a run.

    run > attempt 0 > draft.predict > lm            Span("lm", parent=Span("draft.predict", parent=Span("attempt", 0)))
                                                    on disk: "attempt-0/draft.predict/lm"

Only this module knows how a span is written. A second one of the same kind in one place has ordinal 2: "lm-2", or
"attempt-0-2" for an attempt that was begun again.
"""

from __future__ import annotations

import re
import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache

_ORDINAL = r"(?:-([2-9]|[1-9]\d+))?"
_ATTEMPT = re.compile(rf"attempt-(0|[1-9]\d*){_ORDINAL}")
_PART = re.compile(rf"(.+?){_ORDINAL}", re.DOTALL)


@dataclass(frozen=True, slots=True, eq=False)
class Span:
    """kind: "attempt", or what else begins there: "lm", "advice", "reward", "refine", or a predictor by its name.

    index: of an attempt, None for anything else. parent: the span around it, None for the run itself, which is `RUN`.
    ordinal: 1 for the first of this kind and index inside its parent. path: how it is written; "" is the run.
    """

    kind: str
    index: int | None = None
    parent: Span | None = None
    ordinal: int = 1
    path: str = field(init=False)

    def __post_init__(self) -> None:
        own = self.kind if self.index is None else f"{self.kind}-{self.index}"
        if self.ordinal > 1:
            own = f"{own}-{self.ordinal}"
        around = self.parent.path if self.parent is not None else ""
        path = "" if self.kind == "run" and self.parent is None else f"{around}/{own}" if around else own
        object.__setattr__(self, "path", path)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Span) and self.path == other.path

    def __hash__(self) -> int:
        return hash(self.path)

    def __str__(self) -> str:
        return self.path

    @classmethod
    def parse(cls, path: str) -> Span:
        """The span that is written like this. Raises nothing."""
        return _parse(path)

    @property
    def outward(self) -> Iterator[Span]:
        """This span, and then those around it up to the run's."""
        span: Span | None = self
        while span is not None:
            yield span
            span = span.parent

    @property
    def attempts(self) -> tuple[int, ...]:
        """Indices of the attempts that it lies in, the outermost first."""
        return tuple(span.index for span in self.outward if span.index is not None)[::-1]

    @property
    def is_nested(self) -> bool:
        """Whether it lies in an attempt of a refinement that is itself part of an attempt."""
        count, span = 0, self
        while span.parent is not None:
            count += span.index is not None
            span = span.parent
        return count > 1

    def is_in(self, other: Span) -> bool:
        """Whether it is `other`, or lies in it."""
        return any(span == other for span in self.outward)


RUN = Span("run")
"""The span of the run itself."""


@lru_cache(maxsize=4096)
def _parse(path: str) -> Span:
    if not path:
        return RUN
    around, _, own = path.rpartition("/")
    parent = _parse(around)
    if attempt := _ATTEMPT.fullmatch(own):
        return Span("attempt", int(attempt[1]), parent, int(attempt[2] or 1))
    part = _PART.fullmatch(own)
    return Span(part[1], None, parent, int(part[2] or 1)) if part else Span(own, None, parent)


class ChildSpans:
    """The spans that were begun inside one span, each with an ordinal of its own. Safe across threads.

    used: spans that are in the log already, where a run goes on.
    """

    __slots__ = ("_counts", "_lock", "used")

    def __init__(self, used: frozenset[Span] = frozenset()) -> None:
        self.used = used
        self._counts: Counter[tuple[str, int | None]] = Counter()
        self._lock = threading.Lock()

    def begin(self, parent: Span, kind: str, index: int | None = None) -> Span:
        """A new span inside `parent`."""
        with self._lock:
            while True:
                self._counts[kind, index] += 1
                span = Span(kind, index, parent, self._counts[kind, index])
                if span not in self.used:
                    return span
