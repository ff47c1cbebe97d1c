"""What a flow asks for around a module, named for what is asked."""

from __future__ import annotations

from typing import Any

from refine_core.concurrency.effects import SyncOrAsync


class CallModule(SyncOrAsync[Any]):
    """A prediction from a module of the user's own, whose `forward` is plain code and no flow."""

    __slots__ = ()
