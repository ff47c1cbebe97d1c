"""Names that a package shows, and loads when they are first used.

_HOME = {"remote": ("LM", "warm"), "scripted": ("ScriptedLM",)}       module of the package -> names of it
if not TYPE_CHECKING:
__getattr__ = lazy_names(__name__, _HOME)
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from importlib import import_module


def lazy_names(package: str, home: Mapping[str, tuple[str, ...]]) -> Callable[[str], object]:
    """The `__getattr__` of a package. Type checkers read its imports instead, under TYPE_CHECKING."""
    modules = {name: module for module, names in home.items() for name in names}

    def load(name: str) -> object:
        if name not in modules:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        value: object = getattr(import_module(f"{package}.{modules[name]}"), name)
        setattr(sys.modules[package], name, value)
        return value

    return load
