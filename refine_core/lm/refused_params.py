"""What servers refused in this process, by address and model: later requests leave it out or send it under another name.

Only what no person asked for is left out: a stream, a default or scheduled temperature, the name of a limit.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping

Place = tuple[str | None, str]
"""A server's address, None for the provider's own, and the model's name."""

OTHER_NAME = {"max_tokens": "max_completion_tokens", "max_completion_tokens": "max_tokens"}
"""The two names of one limit; servers take the one or the other."""

_lock = threading.Lock()
_refused: dict[Place, set[str]] = {}


def refused_at(place: Place) -> frozenset[str]:
    """The parameters that this server does not take for this model, as far as it was asked."""
    with _lock:
        return frozenset(_refused.get(place, ()))


def note_refused(place: Place, names: frozenset[str]) -> None:
    """The server refused a request with these, and answered the same without them."""
    with _lock:
        _refused.setdefault(place, set()).update(names)


def without(params: Mapping[str, object], refused: frozenset[str]) -> dict[str, object]:
    """The parameters less those refused; a limit goes by its other name."""
    kept = {name: value for name, value in params.items() if name not in refused}
    for name in refused & OTHER_NAME.keys():
        if params.get(name) is not None and OTHER_NAME[name] not in refused:
            kept.setdefault(OTHER_NAME[name], params[name])
    return kept
