"""What a flow asks for around an adapter, named for what is asked."""

from __future__ import annotations

from typing import Any

from refine_core.concurrency.effects import SyncOrAsync


class CallAdapter(SyncOrAsync[Any]):
    """Completions from the `__call__` that a user's adapter overrides."""

    __slots__ = ()
