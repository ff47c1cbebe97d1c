"""Pickles of programs and their states: classes included where need be, keys never."""

from __future__ import annotations

import io
import pickle
import re
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

from refine_core.errors import StateError, UnwritableStateError
from refine_core.lm.base import BaseLM
from refine_core.modules.parameter import Parameter
from refine_core.modules.tree import Tree
from refine_core.spec.secrets import SECRET_NAME

_LOGIN = re.compile(r"(?<=://)[^/@\s]*@|\?.*", re.DOTALL)  # in an address: user and password, query


def dump_pickle(value: Any, modules: Sequence[ModuleType], describe: Callable[[], str]) -> bytes:
    """A pickle, classes of __main__ and of `modules` included, in which no model has a key."""
    cloudpickle: Any = import_module("cloudpickle")  # Any: it has no types

    for one in modules:
        if not isinstance(one, ModuleType):
            raise TypeError(
                f"modules_to_serialize lists Python modules, not {one!r}; import it and give the module"
            )
    already = cloudpickle.list_registry_pickle_by_value()
    added = [one for one in modules if one.__name__ not in already]
    for one in added:
        cloudpickle.register_pickle_by_value(one)
    try:
        return dumps(value)
    except Exception as error:
        raise UnwritableStateError(
            f"{describe()} cannot be pickled ({type(error).__name__}: {error}); remove it, or give its class a "
            "__getstate__ that leaves it out"
        ) from error
    finally:
        for one in added:
            cloudpickle.unregister_pickle_by_value(one)


def dumps(value: Any, public: Callable[[Any, Mapping[str, Any]], dict[str, Any]] | None = None) -> bytes:
    """A pickle. public: the attributes of a model or predictor as they are pickled; None: without secrets."""
    cloudpickle: Any = import_module("cloudpickle")  # Any: it has no types

    shown = public or (lambda _, attributes: remove_keys(attributes))

    class KeylessPickler(cloudpickle.Pickler):  # type: ignore[misc]  # Any, see above
        def reducer_override(self, one: Any) -> Any:
            if isinstance(one, (BaseLM, Parameter)) and not isinstance(one, type):
                reduced = one.__reduce_ex__(pickle.HIGHEST_PROTOCOL)
                if isinstance(reduced, tuple) and len(reduced) > 2 and isinstance(reduced[2], dict):  # noqa: PLR2004  # its state
                    return (*reduced[:2], shown(one, reduced[2]), *reduced[3:])
            return super().reducer_override(one)

    into = io.BytesIO()
    KeylessPickler(into).dump(value)
    return into.getvalue()


def remove_keys(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """A model's or predictor's attributes without secrets: a secret one is None, a secret parameter is left out."""
    public = {}
    for name, value in attributes.items():
        if name in ("kwargs", "config") and isinstance(value, Mapping):
            public[name] = remove_secrets(value)
        else:
            public[name] = None if SECRET_NAME.search(name) else _remove_login(value)
    return public


def remove_secrets(value: Any) -> Any:
    """Settings of a model without what is named like a secret, at any depth."""
    if isinstance(value, Mapping):
        return {
            name: remove_secrets(one)
            for name, one in dict(value).items()
            if not SECRET_NAME.search(str(name))
        }
    return _remove_login(value)


def _remove_login(value: Any) -> Any:
    is_address = isinstance(value, str) and value.startswith(("http://", "https://"))
    return _LOGIN.sub("", value) if is_address else value


def find_culprit(state: Mapping[str, Any]) -> str:
    """Which part of a state cannot be pickled, in words."""
    return next(
        (f"the state of {name!r}" for name, value in state.items() if not _can_pickle(value)), "the state"
    )


def find_culprit_attribute(module: Tree) -> str:
    """The deepest attribute that cannot be pickled by itself."""
    bad = [
        f"{path}.{name}"
        for path, one in module.named_sub_modules()
        for name, value in vars(one).items()
        if not _can_pickle(value)
    ]
    return repr(bad[-1]) if bad else f"this {type(module).__name__}"


def _can_pickle(value: Any) -> bool:
    try:
        dumps(value)
    except Exception:  # noqa: BLE001  # it is asked whether it would fail
        return False
    return True


def load_pickle(data: bytes, where: Path) -> Any:
    """What a pickle holds; this runs what is in it. Raises StateError that names the file."""
    try:
        return pickle.loads(data)  # noqa: S301  # the caller has said allow_pickle=True
    except (ModuleNotFoundError, AttributeError) as error:
        raise StateError(
            f"{where} needs code that is not here ({error}); install or import what it was saved with, or save it with "
            "modules_to_serialize=[…]"
        ) from error
    except Exception as error:
        raise StateError(
            f"{where} cannot be unpickled ({type(error).__name__}: {error}); it is damaged, truncated or was written by "
            "another version"
        ) from error
