"""What a flow asks for around a model, named for what is asked; how each waits is refine_core.concurrency.effects."""

from __future__ import annotations

from typing import Any

from refine_core.concurrency.effects import Blocking, FutureResult, MaybeAwaitable, SyncOrAsync
from refine_core.errors import LMError
from refine_core.lm.types import Reply


class CallModel(Blocking[Reply]):
    """A reply from a model's own sync `complete`."""

    __slots__ = ()


class CallReplyFunction(MaybeAwaitable[Any]):
    """A reply from the function that a ScriptedLM was given."""

    __slots__ = ()


class CallOverride(SyncOrAsync[Any]):
    """A reply from the `__call__` or `forward` that a user's model overrides."""

    __slots__ = ()


class AwaitReply(FutureResult[Reply | LMError]):
    """The reply to a request that the engine's event loop sends."""

    __slots__ = ()


class AwaitLitellm(FutureResult[Any]):
    """litellm, once it is imported."""

    __slots__ = ()


class AwaitTurn(FutureResult[None]):
    """The turn of a call of a model whose calls are limited."""

    __slots__ = ()


class CheckSupport(Blocking[bool]):
    """Whether a model supports a parameter; some ask litellm."""

    __slots__ = ()


class DropUnsupported(Blocking[Any]):
    """A copy of a model without the parameters that it does not support; some ask litellm."""

    __slots__ = ()


class ReadCache(Blocking[Reply | None]):
    """A reply from the cache on disk."""

    __slots__ = ()


class WriteCache(Blocking[None]):
    """A reply into the cache on disk."""

    __slots__ = ()
