"""The events of runs as JSON lines: all that was recorded, so that a run can be imported again to an equal log.

    {"refinescope": "run", "format": 1, "run_id": "…", "events": 57, "name": "…", "tags": []}
    {"seq": 1, "at": 1700000000.0, "span": "", "kind": "run_started", "version": 1, "data": {…}}

Each run begins with such a header. What JSON cannot express is tagged as refine_core.log.codec describes.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Final

from refine_core.export.run_log import RunLog
from refine_core.log import codec
from refine_core.log.scope import Record

FORMAT: Final = 1
"""Version of this format; a reader refuses a newer one."""


def write_jsonl(runs: Iterable[RunLog]) -> bytes:
    """The runs, one after the other."""
    return "".join(f"{line}\n" for run in runs for line in jsonl_lines(run)).encode()


def jsonl_lines(run: RunLog) -> Iterator[str]:
    """A run as lines of JSON, without line ends: a header, then one line an event."""
    noted = run.annotation
    header = {
        "refinescope": "run",
        "format": FORMAT,
        "run_id": run.run_id,
        "events": len(run.records),
        "name": noted.name,
        "tags": list(noted.tags),
    }
    yield codec.dumps(header)
    yield from map(_line, run.records)


def _line(record: Record) -> str:
    kind, version, payload = codec.encode(record.event)
    place = f'"seq": {record.seq}, "at": {record.at!r}, "span": {codec.dumps(record.span.path)}'
    return f'{{{place}, "kind": {json.dumps(kind)}, "version": {version}, "data": {payload}}}'
