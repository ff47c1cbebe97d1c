"""The fields of a signature as adapters need them: by role, and with what reads each output."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING

from refine_core.signatures.fields import Field
from refine_core.signatures.signature import Signature
from refine_core.signatures.types import is_text

if TYPE_CHECKING:
    from refine_core.adapters.field_reader import FieldReader


@lru_cache(maxsize=512)  # a signature's fields never change, and every attempt reads the same fields
def fields_by_role(signature: type[Signature]) -> tuple[Mapping[str, Field], Mapping[str, Field]]:
    """The inputs and the outputs, name -> field, in order; must not be changed."""
    return signature.input_fields, signature.output_fields


@lru_cache(maxsize=512)
def output_readers(signature: type[Signature]) -> tuple[tuple[str, FieldReader | None], ...]:
    """Name and reader of each output, in order; None for text that is used as it is."""
    if all(is_text(field) for field in signature.output_fields.values()):
        return tuple((name, None) for name in signature.output_fields)
    from refine_core.adapters.field_reader import FieldReader  # what has text alone need not load it

    return tuple((n, None if is_text(f) else FieldReader(f)) for n, f in signature.output_fields.items())
