"""Copies of a module: each attempt has its own.

    plain values, functions, classes     shared
    lists, tuples, dicts, modules        copied here, part by part, with one memo: what was shared stays shared
    anything else                        by its own __deepcopy__, or as copy.deepcopy does it
    what cannot be copied                copied shallowly; if that fails too, shared; a warning names it

The way down is short because every attempt takes it: copy.deepcopy's own machinery would cost more than the rest of
an attempt. Source: dspy.Module.deepcopy, version 2.6.23. Differs: there, one attribute that cannot be copied makes
all of a list's predictors shared between the copies.
"""

from __future__ import annotations

import copy
import logging
from collections.abc import Callable
from functools import lru_cache
from typing import Any, TypeVar, cast
from weakref import WeakKeyDictionary

from refine_core.modules.tree import LEAF_TYPES, Tree, format_key

logger = logging.getLogger("refine_core")

Memo = dict[int, Any]
Program = TypeVar("Program", bound=Tree)

_MISSING = object()
_warned_of: WeakKeyDictionary[type, set[str]] = (
    WeakKeyDictionary()
)  # what was warned of; an attempt must not say it again


def deepcopy(module: Program) -> Program:
    """A copy that shares no mutable state with `module`, models excepted.

    What cannot be copied is copied shallowly, else shared; a warning is logged, once for a class and attribute.
    """
    twin: Program = copy_value(module, {}, type(module), "")
    return twin


def reset_copy(module: Program) -> Program:
    """A deep copy whose parameters are reset: no demos, no models, nothing learned."""
    twin = deepcopy(module)
    for one in twin.parameters():
        one.reset()
    return twin


def copy_value(value: Any, memo: Memo, owner: type, path: str) -> Any:
    """A copy of `value`, which lies at `path` in a module of class `owner`. Raises nothing, whatever the value is."""
    kind = type(value)
    if kind in LEAF_TYPES or isinstance(value, type):
        return value
    known = memo.get(id(value), _MISSING)
    if known is not _MISSING:
        return known
    if kind is list:
        items: list[Any] = []
        memo[id(value)] = items
        for i, one in enumerate(value):
            items.append(one if type(one) in LEAF_TYPES else copy_value(one, memo, owner, f"{path}[{i}]"))
        return items
    if kind is dict:
        pairs: dict[Any, Any] = {}
        memo[id(value)] = pairs
        for key, one in list(value.items()):
            new_key = key if type(key) in LEAF_TYPES else copy_value(key, memo, owner, f"a key of {path}")
            plain = type(one) in LEAF_TYPES
            pairs[new_key] = one if plain else copy_value(one, memo, owner, path + format_key(key, value))
        return pairs
    if kind is tuple:
        return _copy_tuple(value, memo, owner, path)
    size = len(memo)
    try:
        own: Callable[[Any, Memo], Any] | None = getattr(kind, "__deepcopy__", None)
        twin = own(value, memo) if own is not None else _copy_whole(value, memo)
    except Exception as error:  # noqa: BLE001  # whatever a user's class raises: it is logged, and copied another way
        while len(memo) > size:  # half-made copies must not be taken for whole ones
            memo.popitem()
        twin = _copy_otherwise(value, memo, owner, path, error)
    memo[id(value)] = twin
    return twin


def _copy_whole(value: Any, memo: Memo) -> Any:
    kind: Any = type(value)  # Any: mypy holds a class for unhashable
    if isinstance(value, Tree):
        return _rebuild(value, memo) if _has_hooks(kind) else _copy_attributes(value, memo)
    return copy.deepcopy(value, memo)


def _copy_attributes(module: Tree, memo: Memo) -> Tree:
    kind = type(module)
    twin: Tree = object.__new__(kind)
    memo[id(module)] = twin
    into = twin.__dict__
    for name, value in list(module.__dict__.items()):  # a list: another thread may set an attribute meanwhile
        into[name] = value if type(value) in LEAF_TYPES else copy_value(value, memo, kind, name)
    return twin


@lru_cache(maxsize=1024)
def _has_hooks(kind: Any) -> bool:
    """Whether a class says itself what of it is to be copied, as the pickle protocol lets it."""
    return (
        kind.__getstate__ is not object.__getstate__
        or kind.__reduce_ex__ is not object.__reduce_ex__
        or kind.__reduce__ is not object.__reduce__
        or hasattr(kind, "__setstate__")
        or hasattr(kind, "__getnewargs_ex__")
        or hasattr(kind, "__getnewargs__")
        or hasattr(kind, "__slots__")
    )


def _rebuild(module: Tree, memo: Memo) -> Any:
    """A copy as the pickle protocol makes it, for a class with hooks of its own."""
    reduced = module.__reduce_ex__(4)
    if isinstance(reduced, str):
        return module
    memo.setdefault(id(memo), []).append(reduced)  # kept alive, as copy.deepcopy does: the memo goes by id
    make, args, state = (*reduced, None)[:3]
    twin: Any = make(*_copy_tuple(args, memo, type(module), "__reduce__"))
    memo[id(module)] = twin
    state = copy_value(state, memo, type(module), "__getstate__")
    if hasattr(twin, "__setstate__"):
        twin.__setstate__(state)
    elif state is not None:
        attributes, slots = state if isinstance(state, tuple) else (state, None)
        twin.__dict__.update(attributes or {})
        for name, value in (slots or {}).items():
            setattr(twin, name, value)
    return twin


def _copy_tuple(value: tuple[Any, ...], memo: Memo, owner: type, path: str) -> tuple[Any, ...]:
    items = [copy_value(one, memo, owner, f"{path}[{i}]") for i, one in enumerate(value)]
    if id(value) in memo:  # a tuple that holds itself, by way of a list
        return cast("tuple[Any, ...]", memo[id(value)])
    same = all(a is b for a, b in zip(items, value, strict=True))
    twin = value if same else tuple.__new__(type(value), items)
    memo[id(value)] = twin
    return twin


def _copy_otherwise(value: Any, memo: Memo, owner: type, path: str, error: Exception) -> Any:
    """Part by part where it has parts, each logged by itself; else shallowly; else not at all."""
    if isinstance(value, tuple):  # a named tuple
        return _copy_tuple(value, memo, owner, path)
    try:
        if isinstance(value, Tree):
            twin: Any = _copy_attributes(value, memo)
            how = "copied attribute by attribute"
        else:
            twin = copy.copy(value)
            how = "copied shallowly"
        if isinstance(twin, (list, dict)):  # a defaultdict, or one of a user's own class
            memo[id(value)] = twin
            for place, one in list(dict.items(twin) if isinstance(twin, dict) else enumerate(twin)):
                twin[place] = copy_value(one, memo, owner, f"{path}[{place!r}]")
            return twin
    except Exception:  # noqa: BLE001  # what can neither be copied deeply nor shallowly is shared, and logged
        twin, how = value, "shared between the copies"
    _warn(owner, path, how, error)
    return twin


def _warn(owner: type, path: str, how: str, error: Exception) -> None:
    paths = _warned_of.setdefault(owner, set())
    if path in paths:
        return
    paths.add(path)
    logger.warning(
        "%s of %s cannot be deep-copied (%s: %s), so it is %s: copies may see each other's changes to it; "
        "give its class a __deepcopy__, or keep it outside the module",
        f"attribute {path!r}" if path else "an instance",
        owner.__qualname__,
        type(error).__name__,
        error,
        how,
    )
