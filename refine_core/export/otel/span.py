"""One OpenTelemetry span as plain data. Its ids follow from the run, so that a run that is sent twice is one trace.

trace_id_of("20261130-200011-0a1b2c3d")      span_id_of(run id, "attempt-0/draft/lm")
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

AttributeValue = str | bool | int | float | Sequence[str]
Attributes = Mapping[str, AttributeValue]


@dataclass(frozen=True, slots=True)
class SpanEvent:
    """Something that happened in a span. at_ns: nanoseconds since the epoch."""

    name: str
    at_ns: int
    attributes: Attributes = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SpanLink:
    """A span elsewhere that this one goes back to."""

    trace_id: int
    span_id: int
    attributes: Attributes = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class OtelSpan:
    """parent_id: None for the run itself. start_ns, end_ns: nanoseconds since the epoch. error: why it failed; None if it did not.

    is_call: whether it asks a server, which OpenTelemetry calls a client span. is_cut_off: whether nobody knows how it would have ended.
    """

    trace_id: int
    span_id: int
    parent_id: int | None
    name: str
    start_ns: int
    end_ns: int
    attributes: Attributes
    events: tuple[SpanEvent, ...] = ()
    links: tuple[SpanLink, ...] = ()
    error: str | None = None
    is_call: bool = False
    is_cut_off: bool = False


def trace_id_of(run_id: str) -> int:
    """The id of a run's trace: the same each time it is sent."""
    return _number(f"refinescope/{run_id}", 16)


def span_id_of(run_id: str, path: str) -> int:
    """The id of a span of a run. path: where it is in the run; "" for the run itself."""
    return _number(f"refinescope/{run_id}/{path}", 8)


def to_ns(at: float) -> int:
    """Seconds since the epoch as nanoseconds: `ns / 10**9` is the same number of seconds again."""
    return round(Fraction(at) * 10**9)


def _number(text: str, size_bytes: int) -> int:
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(digest[:size_bytes], "big") or 1  # zero is no id
