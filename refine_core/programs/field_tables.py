"""A stage's signature as a table of fields, and back to its one line.

list_field_rows("question, n: int -> answer") -> FieldRow("question", "str", "input"), …     write_signature   the inverse
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from refine_core.errors import SignatureError
from refine_core.refine.build import build_stage_signature
from refine_core.signatures import Field
from refine_core.signatures.fields import Role
from refine_core.signatures.parsing import list_field_texts, parse_fields
from refine_core.spec import StageSpec

COMMON_TYPES: Final = (
    "str",
    "int",
    "float",
    "bool",
    "list[str]",
    "Literal['yes', 'no']",
    "date",
    "datetime",
    "time",
    "Decimal",
    "dict[str, str]",
    "Optional[str]",
)
"""What a field's type usually is; any other that a signature may name will do."""


@dataclass(frozen=True, slots=True)
class FieldRow:
    """One field. type: as the signature writes it; "str" where it writes none. description: what it means, for the prompt."""

    name: str
    type: str
    role: Role
    description: str = ""


def list_field_rows(signature: str, descriptions: Mapping[str, str]) -> tuple[FieldRow, ...] | None:
    """The fields of a signature, inputs first; None for text that is none."""
    try:
        parse_fields(signature)
    except SignatureError:
        return None
    return tuple(
        FieldRow(name, kind or "str", role, descriptions.get(name, ""))
        for name, kind, role in list_field_texts(signature)
    )


def write_signature(rows: Sequence[FieldRow]) -> str:
    """The signature in one line. Rows without a name are left out, so it may be one that cannot be read."""
    sides = ([one for one in rows if one.role == role and one.name.strip()] for role in ("input", "output"))
    return " -> ".join(", ".join(map(_write_field, side)) for side in sides).strip()


def list_stage_fields(stage: StageSpec) -> tuple[Field, ...]:
    """The fields of a stage as its predictor has them, its reasoning included; () if its signature cannot be read."""
    try:
        signature = build_stage_signature(stage)
    except SignatureError:
        return ()
    reasoning = (Field("reasoning", "output", str),) if stage.strategy == "chain_of_thought" else ()
    return (*signature.input_fields.values(), *reasoning, *signature.output_fields.values())


def _write_field(row: FieldRow) -> str:
    name, kind = row.name.strip(), row.type.strip()
    return name if kind in ("", "str") else f"{name}: {kind}"
