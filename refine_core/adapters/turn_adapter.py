"""What the chat format and the JSON format share: how a signature is described, and how inputs are shown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from refine_core.adapters.base import Adapter
from refine_core.adapters.field_values import format_value, to_json_text
from refine_core.signatures.fields import Field, format_bounds
from refine_core.signatures.signature import Signature
from refine_core.signatures.types import build_json_schema, format_type, list_choices


class TurnAdapter(Adapter):
    """An adapter whose user messages show each input under its marker; each format says how its replies look."""

    def format_field_description(self, signature: type[Signature]) -> str:
        """The numbered lists of inputs and of outputs."""
        return _describe_fields(signature)

    def format_task_description(self, signature: type[Signature]) -> str:
        """The instructions, each line indented by eight spaces."""
        return _format_objective(signature.instructions)

    def format_user_message_content(
        self,
        signature: type[Signature],
        inputs: Mapping[str, Any],
        prefix: str = "",
        suffix: str = "",
        main_request: bool = False,
    ) -> str:
        """The inputs under their markers and, for the real ones, the request for the outputs."""
        parts = [prefix] if prefix else []
        for name, marker, field in _input_markers(signature):
            if name in inputs:
                value = inputs[name]
                parts.append(marker + (value if type(value) is str else format_value(field, value)))
        if main_request and (request := self.user_message_output_requirements(signature)):
            parts.append(request)
        if suffix:
            parts.append(suffix)
        return "\n\n".join(parts).strip()


def format_section(name: str, value: str = "") -> str:
    """A field under its marker."""
    return f"[[ ## {name} ## ]]\n{value}" if value else f"[[ ## {name} ## ]]"


def format_marker(name: str) -> str:
    """What precedes the value of an input."""
    return f"[[ ## {name} ## ]]\n"


def format_placeholder(field: Field) -> str:
    """The placeholder for a value where the structure is shown: `{name}` and, for a typed output, a note."""
    return f"{{{field.name}}}" + (_type_note(field) if field.role == "output" else "")


def format_requested_field(field: Field, mark: str) -> str:
    """An output in the request for outputs."""
    return f"`{mark}`" + ("" if field.type is str else f" (a valid Python {format_type(field.type)})")


@lru_cache(maxsize=512)  # a signature's fields never change, and every attempt asks for the same
def _input_markers(signature: type[Signature]) -> tuple[tuple[str, str, Field], ...]:
    return tuple((n, format_marker(n), f) for n, f in signature.input_fields.items())


@lru_cache(maxsize=512)
def _format_objective(instructions: str) -> str:
    lines = instructions.strip().replace("\n", "\n" + " " * 8)
    return f"The objective of this structure is:\n{' ' * 8}{lines}"


@lru_cache(maxsize=512)
def _describe_fields(signature: type[Signature]) -> str:
    return (
        f"The input fields are:\n{_list_fields(signature.input_fields.values())}\n"
        f"The output fields are:\n{_list_fields(signature.output_fields.values())}"
    )


def _list_fields(fields: Iterable[Field]) -> str:
    return "\n".join(
        f"{i}. `{f.name}` ({format_type(f.type)})"
        + (f": {f.description}" if f.description else "")
        + (f"\nConstraints: {format_bounds(f.constraints)}" if f.constraints else "")
        for i, f in enumerate(fields, 1)
    )


def _type_note(field: Field) -> str:
    if field.type is str:
        return ""
    if field.type is bool:
        wish = "True or False"
    elif field.type in (int, float):
        wish = f"one single {field.type.__name__}"
    elif (allowed := list_choices(field.type)) is not None:
        wish = f"exactly one of: {'; '.join(map(str, allowed))}"
    else:
        wish = f"JSON that fits the schema {to_json_text(dict(build_json_schema(field.type)))}"
    return f"        # this value is {wish}"
