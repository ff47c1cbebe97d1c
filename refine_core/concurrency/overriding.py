"""A user's own method and its async twin: which of a library's methods a subclass, or an instance, overrides."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import lru_cache, partial
from typing import Any

from refine_core.concurrency.threads import block_on, in_thread


def overrides(instance: Any, names: frozenset[str]) -> bool:
    """Whether one of these methods is the user's own: of the instance itself, or of a class that is not the library's."""
    cls: Any = type(instance)  # Any: mypy says that a class cannot be hashed
    return _overrides_any(cls, names) or not names.isdisjoint(getattr(instance, "__dict__", ()))


def own_pair(
    instance: Any, name: str, async_name: str
) -> tuple[Callable[..., Any], Callable[..., Awaitable[Any]]] | None:
    """A method that a class of the user's own overrides, and its async twin, for `SyncOrAsync`; None where neither is.

    Where only one of the two is overridden, or the other one further up, it stands for both.
    """
    if not overrides(instance, frozenset((name, async_name))):
        return None  # as for nearly every call
    depth, async_depth = _depth(instance, name), _depth(instance, async_name)
    method, twin = getattr(instance, name), getattr(instance, async_name)
    if depth is None:
        return (lambda *args, **kwargs: block_on(twin(*args, **kwargs))), twin
    if async_depth is None or async_depth > depth:
        return method, partial(in_thread, method)
    return method, twin


def _depth(instance: Any, name: str) -> int | None:
    """How many classes up the user's own `name` is, -1 on the instance itself; None where it is the library's."""
    if name in getattr(instance, "__dict__", ()):
        return -1
    return _class_depth(type(instance), name)  # type: ignore[arg-type]  # every class can be hashed


@lru_cache(maxsize=2048)
def _overrides_any(cls: type, names: frozenset[str]) -> bool:
    return any(_class_depth(cls, name) is not None for name in names)


@lru_cache(maxsize=2048)
def _class_depth(cls: type, name: str) -> int | None:
    for depth, base in enumerate(cls.__mro__):
        if name in vars(base):
            return None if base.__module__.partition(".")[0] == "refine_core" else depth
    return None
