"""The annotations of a Signature's class body, as types."""

from __future__ import annotations

import inspect
import sys
import types
from collections.abc import Mapping
from typing import Any, get_type_hints

from refine_core.errors import SignatureTypeError
from refine_core.signatures.caller_names import find_caller_names
from refine_core.signatures.fields import Field


def refuse_undeclared(signature_class: type, declared: Mapping[str, Field]) -> None:
    """Raise SignatureError for an annotated name that is neither an input nor an output."""
    for name, kind in inspect.get_annotations(signature_class).items():
        if name not in declared and not name.startswith("_") and "ClassVar" not in str(kind):
            raise SignatureTypeError(
                f"{signature_class.__name__}: field {name!r} must be declared with InputField() or OutputField()"
            )


def resolve_annotations(
    signature_class: type, declared: Mapping[str, Field]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Name -> type of the annotations that can be resolved now, and name -> annotation of the others."""
    notes = {k: n for k, n in inspect.get_annotations(signature_class).items() if k in declared}
    kinds: dict[str, Any] = {}
    pending: dict[str, Any] = {}
    local = (find_caller_names(signature_class.__module__) or {}) if notes else {}
    for name, note in notes.items():
        try:
            kinds[name] = resolve_annotation(signature_class, note, local)
        except NameError:
            pending[name] = note
    return kinds, pending


def resolve_annotation(signature_class: type, note: Any, local: Mapping[str, Any]) -> Any:
    """An annotation as a type: names are looked up in the module of the class and in the calling functions."""
    home = vars(sys.modules[signature_class.__module__]) if signature_class.__module__ in sys.modules else {}
    holder = types.SimpleNamespace(__annotations__={"note": note})
    return get_type_hints(holder, dict(home), dict(local), include_extras=True)["note"]
