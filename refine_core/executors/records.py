"""Records as JSON text, to be sent to a worker."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from refine_core.log import codec
from refine_core.log.scope import Record
from refine_core.log.span import Span

Written = list[tuple[int, float, str, str, int, str]]


def write_records(records: Iterable[Record]) -> Written:
    """Records of one run, as plain data."""
    return [(one.seq, one.at, one.span.path, *codec.encode(one.event)) for one in records]


def read_records(run_id: str, written: Iterable[Sequence[object]]) -> list[Record]:
    """The records that `write_records` wrote."""
    return [
        Record(run_id, int(str(seq)), float(str(at)), Span.parse(str(span)), codec.decode(str(kind), int(str(version)), str(text)))
        for seq, at, span, kind, version, text in written
    ]  # fmt: skip
