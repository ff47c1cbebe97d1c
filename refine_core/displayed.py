"""How a value shows itself in a notebook and in a terminal.

What draws it (refine_core/export/notebook) stands far above what is drawn, so it is found by its name, and loaded when somebody looks.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

_DRAWS = "refine_core.export.notebook"


class Displayed:
    """A base for values that `print` and Jupyter show as what they mean, not as their fields."""

    __slots__ = ()

    def __str__(self) -> str:
        return str(import_module(_DRAWS).write_text(self))

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, Any]:
        """Plain text, and HTML without a script, for Jupyter. include, exclude: kinds that it wishes; both come in any case."""
        del include, exclude
        bundle: dict[str, Any] = import_module(_DRAWS).mimebundle(self)
        return bundle
