"""What has to be the same of a run, wherever it worked."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import ujson

from refine_core.events import RunResumed
from refine_core.log import codec
from refine_core.log.scope import Record

_TIMES = {"took_s", "wait_s"}


def tell(records: Iterable[Record]) -> list[tuple[str, str, Any]]:
    """The log without what depends on clocks: where, what, and the payload."""
    return [
        (one.span.path, one.event.kind, _without_times(ujson.loads(codec.encode(one.event)[2])))
        for one in records
    ]


def tell_uninterrupted(records: Iterable[Record]) -> list[tuple[str, Any]]:
    """The same of a log in which something was cut off and begun again, as if it had not been: without where."""
    told: list[tuple[Record, str, Any]] = []
    for record in records:
        if isinstance(record.event, RunResumed):
            told = [one for one in told if not _is_cut_off(one[0], record.event.from_index, told)]
            continue
        payload = _without_times(ujson.loads(codec.encode(record.event)[2]))
        told.append((record, record.event.kind, payload))
    return [(kind, payload) for _, kind, payload in told]


def _is_cut_off(record: Record, index: int, told: list[tuple[Record, str, Any]]) -> bool:
    """Whether what is told was under way when the run was interrupted before the attempt of this index."""
    if any(at >= index for at in record.span.attempts):
        return True
    inside = record.span.path
    if "advice" not in inside.split("/")[-1] and "/advice" not in inside:
        return False
    top = "/".join(inside.split("/")[:2])
    given = any(one.span.path == top and kind == "advice_given" for one, kind, _ in told)
    return not given and index - 1 in record.span.attempts


def _without_times(data: Any) -> Any:
    if isinstance(data, dict):
        return {name: _without_times(value) for name, value in data.items() if name not in _TIMES}
    if isinstance(data, list):
        return [_without_times(one) for one in data]
    return data
