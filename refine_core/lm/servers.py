"""What the calls of this process have shown about model servers. Nothing of it is saved.

    refused "temperature"   ->  later requests leave it out, if no person asked for it
    refused "json_schema"   ->  later requests ask for "json_object", or for nothing
    said how many tokens it takes  ->  a longer prompt is not sent (see context_size)

Only what no person asked for is left out: a stream, a default or scheduled temperature, the name of a limit. Another process,
or the same one after a restart, finds out again (a connection may keep what its test found, as its `reply_format`).
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING

from refine_core.lm.format_refusals import FormatSupport

if TYPE_CHECKING:
    from refine_core.lm.context_size import ContextSize

Server = tuple[str | None, str]
"""A server's address, None for the provider's own, and the model's name."""

OTHER_NAME = {"max_tokens": "max_completion_tokens", "max_completion_tokens": "max_tokens"}
"""The two names of one limit; servers take the one or the other."""


class Servers:
    """What servers refused, by address and model. Any thread may read and write."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._refused: dict[Server, set[str]] = {}
        self._contexts: dict[Server, ContextSize | None] = {}
        self._formats: dict[tuple[str, str, str], FormatSupport] = {}

    def refused_params(self, server: Server) -> frozenset[str]:
        """The parameters that this server is known to refuse for this model."""
        with self._lock:
            return frozenset(self._refused.get(server, ()))

    def add_refused(self, server: Server, names: frozenset[str]) -> None:
        """Record that the server refused a request with these parameters and answered it without them."""
        with self._lock:
            self._refused.setdefault(server, set()).update(names)

    def context(self, server: Server) -> tuple[bool, ContextSize | None]:
        """Whether the server was asked for its context size, and what it said; None where it said nothing."""
        with self._lock:
            return server in self._contexts, self._contexts.get(server)

    def note_context(self, server: Server, context: ContextSize | None) -> None:
        """Note what the server says of its context size for this model."""
        with self._lock:
            self._contexts[server] = context

    def format_support(self, address: str, provider: str | None, model: str) -> FormatSupport:
        """The reply formats of the model at this address; the same object for all who ask it."""
        with self._lock:
            return self._formats.setdefault((address.rstrip("/"), provider or "", model), FormatSupport())


def drop_params(params: Mapping[str, object], refused: frozenset[str]) -> dict[str, object]:
    """The parameters without those that are refused; a limit is sent under its other name."""
    remaining = {name: value for name, value in params.items() if name not in refused}
    for name in refused & OTHER_NAME.keys():
        if params.get(name) is not None and OTHER_NAME[name] not in refused:
            remaining.setdefault(OTHER_NAME[name], params[name])
    return remaining
