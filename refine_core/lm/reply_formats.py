"""What this process has learned of the reply formats of a model: what its server refused, and what the model kept.

    refused "json_schema"  ->  the next request asks for "json_object", or for nothing

Nothing of it is saved: another process, or the same after a restart, finds out anew (a connection may keep what a
test found, as its `reply_format`).
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field

from refine_core.errors import LMError, LMRefusedError

_STATUSES = frozenset((400, 415, 422, 500, 501))  # a 500 is a refusal only where it names the format
_ABOUT_ONE_SCHEMA = re.compile(
    r"invalid schema|schema conversion|grammar|\$ref|additionalProperties|keyword", re.IGNORECASE
)


@dataclass(slots=True)
class FormatSupport:
    """What is known of one model. json_first: it kept JSON where it did not keep the chat format. Any thread may write."""

    json_first: bool = False
    _took_schema: bool = False
    _refused: set[str] = field(default_factory=set)

    def refuses(self, response_format: object) -> bool:
        """Whether the server refused this before."""
        return not self._refused.isdisjoint(_keys(response_format))

    def note_reply(self, response_format: object) -> None:
        """A request with it was answered."""
        if isinstance(response_format, Mapping) and response_format.get("type") == "json_schema":
            self._took_schema = True

    def note_refusal(self, response_format: object, error: LMError) -> None:
        """The server refused it, and answered the same request with less. Of a server that takes schemas, it is this one."""
        kind, whole = _keys(response_format)
        this_one = self._took_schema or _ABOUT_ONE_SCHEMA.search(str(error))
        self._refused.add(whole if kind == "json_schema" and this_one else kind)


_lock = threading.Lock()
_known: dict[tuple[str, str, str], FormatSupport] = {}


def format_support(address: str, provider: str | None, model: str) -> FormatSupport:
    """What is known of the model at this address; the same object for all who ask it."""
    with _lock:
        return _known.setdefault((address.rstrip("/"), provider or "", model), FormatSupport())


def is_about_format(error: LMError) -> bool:
    """Whether a server may have refused a request for its response format, so that it is worth asking with less."""
    return isinstance(error, LMRefusedError) and error.status in _STATUSES


def _keys(response_format: object) -> tuple[str, str]:
    """The kind of a response format, and all of it."""
    if not isinstance(response_format, Mapping):
        return ("", "")
    return str(response_format.get("type")), json.dumps(response_format, sort_keys=True, default=str)
