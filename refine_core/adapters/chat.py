"""The chat format: each field under a line `[[ ## name ## ]]`, the reply closed by `[[ ## completed ## ]]`.

Markers, their order, types and structure are dspy's (2.6.23), so that servers and recordings made for one understand the
other; the sentences between them are ours.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from refine_core.adapters.base import NOT_SUPPLIED
from refine_core.adapters.chat_sections import COMPLETED, compile_exact_reply, find_sections
from refine_core.adapters.field_values import format_value
from refine_core.adapters.json import JSONAdapter
from refine_core.adapters.output_readers import fields_by_role, output_readers
from refine_core.adapters.parse_errors import make_parse_error
from refine_core.adapters.template_echo import TEMPLATE_REPEATED, describe_echo, repeats_template
from refine_core.adapters.turn_adapter import (
    TurnAdapter,
    format_placeholder,
    format_requested_field,
    format_section,
)
from refine_core.hints import HINT_FIELD
from refine_core.reasoning import split_reasoning
from refine_core.signatures.signature import Signature

if TYPE_CHECKING:
    from refine_core.adapters.field_reader import FieldReader

_COMPLETED = format_section(COMPLETED)


class ChatAdapter(TurnAdapter):
    """Writes prompts and reads replies in the chat format.

    callbacks: notified of each format and each parse. use_json_fallback: whether a reply that cannot be read is asked for once
    more, as JSON. Raises: ParseError from `parse`, with what is missing or of the wrong type and how the reply began.
    Source: dspy.ChatAdapter, version 2.6.23; its fallback came after any error.
    """

    returns_all_outputs = True

    def __init__(self, callbacks: Sequence[Any] | None = None, *, use_json_fallback: bool = True) -> None:
        super().__init__(callbacks)
        self.fallback = JSONAdapter(callbacks) if use_json_fallback else None

    def format_field_structure(self, signature: type[Signature]) -> str:
        """How the fields of a message and of a reply are laid out."""
        return _structure(signature)

    def user_message_output_requirements(self, signature: type[Signature]) -> str | None:
        """Which fields the reply must hold, in order, with the types of those that are no plain text."""
        return _request(signature)

    def format_assistant_message_content(
        self,
        signature: type[Signature],
        outputs: Mapping[str, Any],
        missing_field_message: str | None = None,
    ) -> str:
        """A reply as a model would write it; a missing output is marked as such."""
        missing = NOT_SUPPLIED if missing_field_message is None else missing_field_message
        parts = [
            format_section(n, format_value(f, outputs[n]) if n in outputs else missing)
            for n, f in signature.output_fields.items()
        ]
        return "\n\n".join([*parts, _COMPLETED])

    def parse(self, signature: type[Signature], completion: str) -> dict[str, Any]:
        """The outputs in `completion`, by name, in the signature's order. Raises ParseError.

        The first section of a name wins; unknown sections are ignored; every output is required. See
        refine_core.adapters.chat_sections.
        """
        if (plain := _parse_exact_reply(signature, completion)) is not None:
            return plain
        inputs, outputs = fields_by_role(signature)
        completion = split_reasoning(completion, outputs)[1]
        is_echo: dict[str, bool] = {}

        def note_echo(name: str, text: str) -> bool:
            is_echo[name] = name in outputs and repeats_template(outputs[name], text)
            return is_echo[name]

        sections = find_sections(completion, outputs, inputs, is_echo=note_echo)
        values: dict[str, Any] = {}
        missing: list[str] = []
        echoes: dict[str, str] = {}
        invalid: dict[str, str] = {}
        for name, read in output_readers(signature):
            text = sections.get(name)
            if text is None or is_echo[name]:
                missing.append(name)
                if text is not None:
                    echoes[name] = describe_echo(text)
            elif read is None:
                values[name] = text
            else:
                try:
                    values[name] = read.read_text(text)
                except ValueError as why:
                    invalid[name] = str(why)
        if len(missing) == len(outputs) and (under := [n for n in (*inputs, HINT_FIELD) if n in sections]):
            echoes.setdefault(
                missing[0], f"{TEMPLATE_REPEATED}, and wrote under {format_section(under[-1])!r}, an input"
            )
        if missing or invalid:
            raise make_parse_error(
                signature,
                completion,
                missing=missing,
                invalid=echoes if missing else invalid,
                found_names=sections,
                expected=f"a line {format_section(missing[0])!r}" if missing else "",
            )
        return values

    def is_whole(self, signature: type[Signature], completion: str) -> bool:
        """Whether a marker follows the value of each output."""
        inputs, outputs = fields_by_role(signature)
        sections = find_sections(split_reasoning(completion, outputs)[1], outputs, inputs, closed_only=True)
        return all(name in sections for name in outputs)


def _parse_exact_reply(signature: type[Signature], reply: str) -> dict[str, Any] | None:
    """The outputs of a reply as the prompt asks for it; None for any other, and for one with a value of another type."""
    pattern, fields = _exact_reply(signature)
    match = pattern.fullmatch(reply)
    if match is None or "ot supplied" in reply:
        return None
    values: dict[str, Any] = {}
    for (name, read), group in zip(fields, match.groups(), strict=True):
        text = group.strip()
        if "{" in text and repeats_template(fields_by_role(signature)[1][name], text):
            return None
        try:
            values[name] = text if read is None else read.read_text(text)
        except ValueError:
            return None
    return values


@lru_cache(maxsize=512)  # a signature's fields never change, and every attempt asks for the same
def _exact_reply(
    signature: type[Signature],
) -> tuple[re.Pattern[str], Sequence[tuple[str, FieldReader | None]]]:
    """The pattern of a reply as the prompt asks for it, and the readers of its groups."""
    return compile_exact_reply(tuple(signature.output_fields)), output_readers(signature)


@lru_cache(maxsize=512)
def _structure(signature: type[Signature]) -> str:
    structure = [*(format_section(n, format_placeholder(f)) for n, f in signature.fields.items()), _COMPLETED]
    return "\n".join(
        [
            "Every message is laid out like this, with each value in its place.\n",
            "\n\n".join(structure),
            "",
        ]
    )


@lru_cache(maxsize=512)
def _request(signature: type[Signature]) -> str:
    fields = ", then ".join(
        format_requested_field(f, format_section(n)) for n, f in signature.output_fields.items()
    )
    return f"Reply with the output fields, beginning with {fields}, and end with `{_COMPLETED}`."
