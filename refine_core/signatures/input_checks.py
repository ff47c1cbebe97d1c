"""Inputs against their signature: every one there, each of its type."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from refine_core.errors import InputError
from refine_core.signatures.fields import Field
from refine_core.signatures.signature import Signature
from refine_core.signatures.types import format_type, is_text, make_validator

SHOWN_CHARS = 80
"""Of a wrong value, an error shows this many characters."""


def check_inputs(signature: type[Signature], inputs: Mapping[str, Any]) -> dict[str, Any]:
    """The signature's inputs as its types, in its order; what it does not name is left out, as in dspy.

    A str input takes any value, since prompts write every value as text. One that is left out takes its field's default,
    if there is one. Raises InputError that names the field, the signature and what came.
    """
    values: dict[str, Any] = {}
    for name, check in _input_checks(signature):
        if name not in inputs:
            values[name] = _default_value(signature, name, inputs)
        elif check is None:
            values[name] = inputs[name]
        else:
            try:
                values[name] = check(inputs[name])
            except ValueError as why:
                raise _input_error(signature, name, inputs[name], why) from None
    return values


@lru_cache(maxsize=512)  # a signature's fields never change, and every attempt asks the same
def _input_checks(signature: type[Signature]) -> tuple[tuple[str, Callable[[object], Any] | None], ...]:
    return tuple((n, None if is_text(f) else make_validator(f)) for n, f in signature.input_fields.items())


def _default_value(signature: type[Signature], name: str, inputs: Mapping[str, Any]) -> Any:
    extra = signature.input_fields[name].extra
    if "default" in extra and extra["default"] is not ...:
        return copy.deepcopy(extra["default"])  # else one list would serve every call
    if callable(make := extra.get("default_factory")):
        return make()
    arguments = f"got {', '.join(map(repr, inputs))}" if inputs else "got no inputs"
    raise InputError(
        f"input {name!r} of {signature.signature!r} is missing; call with {name}=… ({arguments})",
        field=name,
        signature=signature.signature,
    )


def _input_error(signature: type[Signature], name: str, value: object, why: ValueError) -> InputError:
    field: Field = signature.input_fields[name]
    text = repr(value)
    return InputError(
        f"input {name!r} of {signature.signature!r} must be {format_type(field.type)}: {why}; "
        f"given was {text if len(text) <= SHOWN_CHARS else text[:SHOWN_CHARS] + '…'} ({type(value).__name__})",
        field=name,
        signature=signature.signature,
    )
