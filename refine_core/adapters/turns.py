"""What the chat format and the JSON format share: how a signature is described, and how a prompt is laid out in turns.

system    fields, structure, objective            made once a signature
user      a demo's inputs  ┐
assistant a demo's outputs ┘ incomplete demos first
user      the real inputs, and the request for the outputs
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from refine_core.adapters.base import Adapter, Messages
from refine_core.adapters.values import as_json, format_value
from refine_core.signatures.fields import Field, bounds_text
from refine_core.signatures.signature import Signature
from refine_core.signatures.types import choices, is_optional, json_schema, type_text

NOT_SUPPLIED = "Not supplied for this example."
_INCOMPLETE = "This is an example of the task; some of its fields are not supplied."


class TurnAdapter(Adapter):
    """An adapter whose prompts are turns; each format says how its system message, request and replies look."""

    def format(
        self, signature: type[Signature], demos: Sequence[Mapping[str, Any]], inputs: Mapping[str, Any]
    ) -> Messages:
        """System message, demos as turns (incomplete ones first), then the real inputs."""
        turns: Messages = [{"role": "system", "content": self.system(signature)}]
        for demo, note in _in_order(signature, demos) if demos else ():
            turns.append({"role": "user", "content": self.user(signature, demo, note)})
            turns.append({"role": "assistant", "content": self.reply(signature, demo)})
        turns.append({"role": "user", "content": self.user(signature, inputs, request=True)})
        return turns

    @abstractmethod
    def system(self, signature: type[Signature]) -> str:
        """What the fields are, how a reply is laid out, and the objective."""

    @abstractmethod
    def request(self, signature: type[Signature]) -> str:
        """Which fields the reply must hold, in order, with the types of those that are no plain text."""

    @abstractmethod
    def reply(self, signature: type[Signature], fields: Mapping[str, Any]) -> str:
        """A reply as a model would write it; a missing output is marked as not supplied."""

    def user(
        self,
        signature: type[Signature],
        inputs: Mapping[str, Any],
        note: str = "",
        *,
        request: bool = False,
    ) -> str:
        """The inputs under their markers and, for the real ones, the request for the outputs."""
        parts = [note] if note else []
        for name, marker, made in _input_markers(signature):
            if name in inputs:
                value = inputs[name]
                parts.append(marker + (value if type(value) is str else format_value(made, value)))
        if request:
            parts.append(self.request(signature))
        return "\n\n".join(parts).strip()


def section(name: str, value: str = "") -> str:
    """A field under its marker."""
    return f"[[ ## {name} ## ]]\n{value}" if value else f"[[ ## {name} ## ]]"


def described(signature: type[Signature]) -> str:
    """The numbered lists of inputs and of outputs."""
    return (
        f"The input fields are:\n{_listed(signature.input_fields.values())}\n"
        f"The output fields are:\n{_listed(signature.output_fields.values())}"
    )


def objective(signature: type[Signature]) -> str:
    """The instructions, each line indented by eight spaces."""
    lines = signature.instructions.strip().replace("\n", "\n" + " " * 8)
    return f"The objective of this structure is:\n{' ' * 8}{lines}"


def placeholder(made: Field) -> str:
    """What stands for a value where the structure is shown: `{name}` and, for a typed output, a note."""
    return f"{{{made.name}}}" + (_note(made) if made.role == "output" else "")


def wanted(made: Field, mark: str) -> str:
    """An output in the request for outputs."""
    return f"`{mark}`" + ("" if made.type is str else f" (a valid Python {type_text(made.type)})")


@lru_cache(maxsize=512)  # signatures never change, and every attempt asks for the same
def _input_markers(signature: type[Signature]) -> tuple[tuple[str, str, Field], ...]:
    return tuple((n, f"[[ ## {n} ## ]]\n", f) for n, f in signature.input_fields.items())


def _in_order(
    signature: type[Signature], demos: Sequence[Mapping[str, Any]]
) -> Iterable[tuple[Mapping[str, Any], str]]:
    """The demos that teach something, each with its note: those that lack a field first.

    Of those, a demo is of use if it has at least one input and one output.
    """
    fields = signature.fields
    complete: list[tuple[Mapping[str, Any], str]] = []
    incomplete: list[tuple[Mapping[str, Any], str]] = []
    for demo in demos:
        there = {f.role for name, f in fields.items() if name in demo}
        if all(n in demo and (demo[n] is not None or is_optional(f.type)) for n, f in fields.items()):
            complete.append((demo, ""))
        elif there == {"input", "output"}:
            incomplete.append((demo, _INCOMPLETE))
    return [*incomplete, *complete]


def _listed(fields: Iterable[Field]) -> str:
    return "\n".join(
        f"{i}. `{f.name}` ({type_text(f.type)})"
        + (f": {f.description}" if f.description else "")
        + (f"\nConstraints: {bounds_text(f.constraints)}" if f.constraints else "")
        for i, f in enumerate(fields, 1)
    )


def _note(made: Field) -> str:
    if made.type is str:
        return ""
    if made.type is bool:
        wish = "True or False"
    elif made.type in (int, float):
        wish = f"one single {made.type.__name__}"
    elif (allowed := choices(made.type)) is not None:
        wish = f"exactly one of: {'; '.join(map(str, allowed))}"
    else:
        wish = f"JSON that fits the schema {as_json(dict(json_schema(made.type)))}"
    return f"        # this value is {wish}"
