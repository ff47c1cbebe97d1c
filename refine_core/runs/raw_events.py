"""The events of one attempt as JSON text, just as they are recorded."""

from __future__ import annotations

import json
from collections.abc import Iterable

from refine_core.log.codec import encode
from refine_core.log.scope import Record


def format_attempt(records: Iterable[Record], attempt: int, until: int) -> str:
    """The events with seq <= `until` that belong to the attempt of that index, indented."""
    rows = []
    for record in records:
        if record.seq > until or record.span.attempts[:1] != (attempt,):
            continue
        kind, version, text = encode(record.event)
        rows.append(
            {
                "seq": record.seq,
                "at": record.at,
                "span": str(record.span),
                "kind": kind,
                "version": version,
                "data": json.loads(text),
            }
        )
    return json.dumps(rows, indent=1, ensure_ascii=False)
