"""The events inside the report: compressed text in a block that no browser runs or shows, read back within bounds.

    <template id="refinescope-events" data-format="jsonl+zlib+base64">eNp…</template>

The lines are those of refine_core.export.jsonl.
"""

from __future__ import annotations

import base64
import binascii
import re
import zlib
from collections.abc import Iterable
from typing import Final

from refine_core.export.jsonl import write_jsonl
from refine_core.export.run_log import RunLog
from refine_core.log.scope import Record
from refine_core.store.listing import NO_ANNOTATION, Annotation

_ID: Final = "refinescope-events"
_FORMAT: Final = "jsonl+zlib+base64"
_BLOCK: Final = re.compile(
    rf'<template id="{_ID}" data-format="([^"<>]{{1,80}})">([A-Za-z0-9+/=\s]*)</template>'.encode()
)
_LEVEL: Final = 6  # 9 takes ten times as long, for files that are smaller by a twentieth
MAX_BYTES: Final = 256 * 1024 * 1024
"""Of the events once they are unpacked."""


class EmbeddingError(ValueError):
    """A file holds no events, or events that cannot be read: the message says which."""


def embed_events(records: Iterable[Record], annotation: Annotation = NO_ANNOTATION) -> str:
    """The block that holds the records of one run, as markup."""
    return embed_lines(write_jsonl([RunLog(tuple(records), annotation)]).decode())


def embed_lines(lines: str) -> str:
    """The block that holds JSONL, as markup."""
    packed = base64.b64encode(zlib.compress(lines.encode(), _LEVEL)).decode("ascii")
    return f'<template id="{_ID}" data-format="{_FORMAT}">{packed}</template>'


def read_embedded(html: bytes, *, max_bytes: int = MAX_BYTES) -> bytes:
    """The JSONL of a report. max_bytes: of the result; unpacking stops there.

    Raises EmbeddingError.
    """
    blocks = _BLOCK.findall(html)
    if not blocks:
        raise EmbeddingError("This HTML file holds no run of Refinescope.")
    if len(blocks) > 1:
        raise EmbeddingError("This HTML file holds more than one run.")
    form, packed = blocks[0]
    if form != _FORMAT.encode():
        raise EmbeddingError("The events in this HTML file are in a format of a newer version.")
    unpacker = zlib.decompressobj()
    try:
        data = unpacker.decompress(base64.b64decode(packed, validate=False), max_bytes + 1)
    except (binascii.Error, ValueError, zlib.error) as error:
        raise EmbeddingError("The events in this HTML file are damaged.") from error
    if len(data) > max_bytes:
        raise EmbeddingError(f"The events in this HTML file unpack to more than {max_bytes:,} bytes.")
    if not unpacker.eof or unpacker.unused_data:
        raise EmbeddingError("The events in this HTML file are damaged.")
    return data
