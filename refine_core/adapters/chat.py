"""The chat format: each field under a line `[[ ## name ## ]]`, the reply closed by `[[ ## completed ## ]]`.

    format(signature, demos, inputs) -> messages        parse(signature, reply) -> fields

Markers, their order, types and structure are dspy's (2.6.23), so that servers and cassettes made for one understand the
other; the sentences between them are ours.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

from refine_core.adapters.values import as_json, format_value, parse_value
from refine_core.errors import ParseError
from refine_core.signatures.fields import CONSTRAINTS, Field
from refine_core.signatures.signature import Signature
from refine_core.signatures.types import choices, json_schema, type_text

Messages = list[dict[str, str]]

_MARKER = re.compile(r"\[\[ ## (\w+) ## \]\]")
_NOT_SUPPLIED = "Not supplied for this example."
_INCOMPLETE = "This is an example of the task; some of its fields are not supplied."


class ChatAdapter:
    """Writes prompts and reads replies in the chat format. It keeps no state. Source: dspy.ChatAdapter."""

    def format(
        self, signature: type[Signature], demos: Sequence[Mapping[str, object]], inputs: Mapping[str, object]
    ) -> Messages:
        """System message, demos as turns (incomplete ones first), then the real inputs."""
        turns: Messages = [{"role": "system", "content": self.system(signature)}]
        names = set(signature.fields)
        complete = [d for d in demos if names <= set(d)]
        incomplete = [d for d in demos if d not in complete and self._teaches(signature, d)]
        for demo, note in [*((d, _INCOMPLETE) for d in incomplete), *((d, "") for d in complete)]:
            turns.append({"role": "user", "content": self.user(signature, demo, note)})
            turns.append({"role": "assistant", "content": self.reply(signature, demo)})
        turns.append({"role": "user", "content": self.user(signature, inputs, request=True)})
        return turns

    def system(self, signature: type[Signature]) -> str:
        """What the fields are, how a reply is laid out, and the objective."""
        return _system(signature)

    def user(
        self,
        signature: type[Signature],
        inputs: Mapping[str, object],
        note: str = "",
        *,
        request: bool = False,
    ) -> str:
        """The inputs under their markers and, for the real ones, the request for the outputs."""
        sections = [
            _section(f.name, format_value(f, inputs[f.name]))
            for f in signature.input_fields.values()
            if f.name in inputs
        ]
        parts = [note, *sections] if note else sections
        return "\n\n".join([*parts, self.request(signature)] if request else parts).strip()

    def request(self, signature: type[Signature]) -> str:
        """Which fields the reply must hold, in order, with the types of those that are no plain text."""
        return _request(signature)

    def reply(self, signature: type[Signature], fields: Mapping[str, object]) -> str:
        """A reply as a model would write it; a missing output is marked as not supplied."""
        sections = [
            _section(f.name, format_value(f, fields[f.name]) if f.name in fields else _NOT_SUPPLIED)
            for f in signature.output_fields.values()
        ]
        return "\n\n".join([*sections, _section("completed", "")]).strip()

    def parse(self, signature: type[Signature], reply: str) -> dict[str, object]:
        """The outputs in `reply`, by name, in the signature's order. Raises ParseError.

        The first section of a name wins; unknown sections are ignored; every output is required.
        """
        sections: dict[str, str] = {}
        for name, text in _sections(reply):
            sections.setdefault(name, text)
        outputs = signature.output_fields
        missing = tuple(name for name in outputs if name not in sections)
        if missing:
            raise ParseError(signature=signature.signature, reply=reply, missing=missing)
        values: dict[str, object] = {}
        invalid: dict[str, str] = {}
        for name, made in outputs.items():
            try:
                values[name] = parse_value(made, sections[name])
            except ValueError as why:
                invalid[name] = str(why)
        if invalid:
            raise ParseError(signature=signature.signature, reply=reply, invalid=invalid)
        return values

    @staticmethod
    def _teaches(signature: type[Signature], demo: Mapping[str, object]) -> bool:
        """An incomplete demo is of use if it has at least one input and one output."""
        return any(n in demo for n in signature.input_fields) and any(
            n in demo for n in signature.output_fields
        )


@lru_cache(maxsize=512)  # signatures never change, and every attempt asks for the same
def _system(signature: type[Signature]) -> str:
    inputs, outputs = signature.input_fields.values(), signature.output_fields.values()
    structure = [
        *(_section(f.name, f"{{{f.name}}}") for f in inputs),
        *(_section(f.name, f"{{{f.name}}}{_note(f)}") for f in outputs),
        _section("completed", ""),
    ]
    objective = signature.instructions.strip().replace("\n", "\n" + " " * 8)
    return "\n".join(
        [
            f"The input fields are:\n{_described(inputs)}",
            f"The output fields are:\n{_described(outputs)}",
            "Every message is laid out like this, with each value in its place.\n",
            "\n\n".join(structure).strip(),
            f"\nThe objective of this structure is:\n{' ' * 8}{objective}",
        ]
    )


@lru_cache(maxsize=512)
def _request(signature: type[Signature]) -> str:
    wanted = [
        f"`[[ ## {f.name} ## ]]`" + ("" if f.type is str else f" (a valid Python {type_text(f.type)})")
        for f in signature.output_fields.values()
    ]
    return f"Reply with the output fields, beginning with {', then '.join(wanted)}, and end with `[[ ## completed ## ]]`."


def _section(name: str, value: str) -> str:
    return f"[[ ## {name} ## ]]\n{value}".rstrip("\n") if value else f"[[ ## {name} ## ]]"


def _sections(reply: str) -> Iterable[tuple[str, str]]:
    """Name and text of each section. The rest of a marker's own line belongs to it."""
    name, lines = "", list[str]()
    for line in reply.splitlines():
        found = _MARKER.match(line.strip())
        if found is None:
            lines.append(line)
            continue
        if name:
            yield name, "\n".join(lines).strip()
        # The original cuts the line at the match's end without its indent, which leaves "]]" in the value.
        name, lines = found[1], [line.strip()[found.end() :]]
    if name:
        yield name, "\n".join(lines).strip()


def _described(fields: Iterable[Field]) -> str:
    return "\n".join(
        f"{i}. `{f.name}` ({type_text(f.type)})"
        + (f": {f.description}" if f.description else "")
        + _bounds(f)
        for i, f in enumerate(fields, 1)
    )


def _bounds(made: Field) -> str:
    said = ", ".join(f"{CONSTRAINTS[k]} {v}" for k, v in made.constraints.items())
    return f"\nConstraints: {said}" if said else ""


def _note(made: Field) -> str:
    """What stands under a typed output's placeholder."""
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
