"""The reply formats of one model: which ones its server refuses, and whether the model keeps to JSON.

Any 400 to a request with a format may be about it, whatever its words; they decide only whether this schema is refused or
every one. Of a 5xx they decide that, too: refine_core.lm.refusal_messages.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from refine_core.errors import LMError, LMRefusedError

_STATUSES = frozenset((400, 415, 422, 500, 501))  # a 500 is a refusal only where it names the format

_ABOUT_ONE_SCHEMA = re.compile(
    r"invalid schema|schema conversion|grammar|\$ref|additionalProperties|keyword", re.IGNORECASE
)


@dataclass(slots=True)
class FormatSupport:
    """The formats of one model. json_first: it replied in JSON where it ignored the chat format. Any thread may write."""

    json_first: bool = False
    _accepts_schemas: bool = False
    _refused: set[str] = field(default_factory=set)

    def refuses(self, response_format: object) -> bool:
        """Whether the server has refused this before."""
        return not self._refused.isdisjoint(_keys(response_format))

    def add_reply(self, response_format: object) -> None:
        """Record that a request with this format was answered."""
        if isinstance(response_format, Mapping) and response_format.get("type") == "json_schema":
            self._accepts_schemas = True

    def add_refusal(self, response_format: object, error: LMError) -> None:
        """Record that the server refused this format and answered the same request with less.

        If the server accepts other schemas, only this one is recorded.
        """
        kind, whole = _keys(response_format)
        is_only_this = self._accepts_schemas or _ABOUT_ONE_SCHEMA.search(str(error))
        self._refused.add(whole if kind == "json_schema" and is_only_this else kind)

    def dump(self) -> list[Any] | None:
        """All of it as plain data, for `learn`; None where nothing is known yet."""
        if not (self.json_first or self._accepts_schemas or self._refused):
            return None
        return [self.json_first, self._accepts_schemas, sorted(self._refused)]

    def learn(self, dumped: Sequence[Any]) -> None:
        """Know, too, what another process found."""
        json_first, accepts_schemas, refused = dumped
        self.json_first |= json_first
        self._accepts_schemas |= accepts_schemas
        self._refused.update(refused)


def is_about_format(error: LMError) -> bool:
    """Whether a server may have refused a request because of its response format, so that asking with less may help."""
    return isinstance(error, LMRefusedError) and error.status in _STATUSES


def _keys(response_format: object) -> tuple[str, str]:
    """The kind of a response format, and all of it."""
    if not isinstance(response_format, Mapping):
        return ("", "")
    return str(response_format.get("type")), json.dumps(response_format, sort_keys=True, default=str)
