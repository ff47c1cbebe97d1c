"""The JSON format: inputs under markers as in the chat format, outputs as one JSON object in field order.

The first balanced {…} of a reply is read, and repaired where it is not quite JSON; extra keys are ignored. Structure and
order are dspy's (2.6.23); the sentences are ours.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Mapping
from functools import lru_cache
from typing import Any

from refine_core.adapters.base import NOT_SUPPLIED
from refine_core.adapters.field_values import (
    prompt_data,
    to_json_text,
    to_text,
)
from refine_core.adapters.output_readers import fields_by_role, output_readers
from refine_core.adapters.parse_errors import make_parse_error
from refine_core.adapters.template_echo import describe_echo, repeats_template
from refine_core.adapters.turn_adapter import (
    TurnAdapter,
    format_placeholder,
    format_requested_field,
    format_section,
)
from refine_core.reasoning import split_reasoning
from refine_core.signatures.signature import Signature

_STRICT = json.JSONDecoder(strict=False)
_MARKS = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|[{}\[\]"]', re.DOTALL)
_START = re.compile(r"\{(?!\s?\w{1,80}\s?\})")  # of an object; {name} is none
_TRIES = 4  # braces in prose that are taken for objects, at most
HasOutputs = Callable[[Mapping[str, Any]], bool]
_OBJECT: Mapping[str, object] = {"response_format": {"type": "json_object"}}


class JSONAdapter(TurnAdapter):
    """Writes prompts and reads replies in the JSON format: one object, its fields in the signature's order. No fallback.

    callbacks: notified of each format and each parse. Raises: ParseError from `parse`, as ChatAdapter does.
    Source: dspy.JSONAdapter, version 2.6.23, which tries a schema first.
    """

    returns_all_outputs = True

    def params(self, signature: type[Signature], supports: Callable[[str], bool]) -> Mapping[str, object]:
        """The request for a JSON object, if the model supports it."""
        del signature
        return _OBJECT if supports("response_format") else {}

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
        values = {n: prompt_data(outputs[n]) if n in outputs else missing for n in signature.output_fields}
        return to_json_text(values, indent=2)

    def parse(self, signature: type[Signature], completion: str) -> dict[str, Any]:
        """The outputs in `completion`, by name, in the signature's order. Raises ParseError.

        Unknown keys are ignored; every output is required.
        """
        outputs = fields_by_role(signature)[1]
        completion = split_reasoning(completion, outputs)[1]
        fields = output_readers(signature)
        values_by_key, _ = _find_object(completion, _output_test(signature))
        if any(name not in values_by_key for name, _ in fields):
            values_by_key = _rename_keys(values_by_key, outputs)
        invalid = {
            name: describe_echo(values_by_key[name])
            for name, field in outputs.items()
            if name in values_by_key and repeats_template(field, values_by_key[name])
        }
        missing = [name for name, _ in fields if name not in values_by_key or name in invalid]
        values: dict[str, Any] = {}
        for name, read in fields if not missing else ():
            value = values_by_key[name]
            if read is None and type(value) is str:
                values[name] = value
                continue
            try:
                values[name] = to_text(value) if read is None else read.read_data(value)
            except ValueError as why:
                invalid[name] = str(why)
        if missing or invalid:
            raise make_parse_error(
                signature,
                completion,
                missing=missing,
                invalid=invalid,
                found_names=values_by_key,
                expected=f"a JSON object with the key {missing[0]!r}" if missing else "",
            )
        return values

    def is_whole(self, signature: type[Signature], completion: str) -> bool:
        """Whether the object was closed."""
        names = signature.output_fields
        values_by_key, is_closed = _find_object(
            split_reasoning(completion, names)[1], _output_test(signature)
        )
        return is_closed and all(name in _rename_keys(values_by_key, names) for name in names)


@lru_cache(maxsize=512)  # a signature's fields never change, and every attempt asks for the same
def _structure(signature: type[Signature]) -> str:
    outputs = {n: format_placeholder(f) for n, f in signature.output_fields.items()}
    start = [*_inputs_structure(signature), "\nThe reply is one JSON object with these fields:\n"]
    return "\n".join([*start, to_json_text(outputs, indent=2), ""])


@lru_cache(maxsize=512)
def format_inputs_structure(signature: type[Signature]) -> str:
    """The same without a template of the reply."""
    return "\n".join([*_inputs_structure(signature), "\nThe reply is one JSON object.\n"])


def _inputs_structure(signature: type[Signature]) -> list[str]:
    return [
        "Every message is laid out like this, with each value in its place.\n",
        "The inputs are given so:\n",
        "\n\n".join(format_section(n, format_placeholder(f)) for n, f in signature.input_fields.items()),
    ]


@lru_cache(maxsize=512)
def _request(signature: type[Signature]) -> str:
    fields = ", then ".join(format_requested_field(f, n) for n, f in signature.output_fields.items())
    return f"Reply with one JSON object and nothing else, its fields in this order: {fields}."


def _find_object(reply: str, holds: HasOutputs) -> tuple[Mapping[str, Any], bool]:
    """The first JSON object in `reply` that holds outputs, or else the first one; {} if there is none.

    Also whether it was closed.
    """
    first: Mapping[str, Any] = {}
    is_closed = False
    start = _START.search(reply)
    for _ in range(_TRIES):
        if start is None:
            break
        candidate, end = _parse_object(reply, start.start(), holds)
        repaired_it = end == start.start() + 1
        if holds(candidate):
            return candidate, not repaired_it or _is_closed(reply, start.start())
        if not first:
            first, is_closed = candidate, not repaired_it
        start = _START.search(reply, end)
    return first, is_closed


def _rename_keys(data: Mapping[str, Any], names: Collection[str]) -> Mapping[str, Any]:
    """An object with its keys as the outputs are called, where they are written in another way, or one level deeper."""
    if (
        len(data) == 1
        and isinstance(inner := next(iter(data.values())), dict)
        and not _match_keys(data, names)
    ):
        data = inner
    return {
        **data,
        **{name: data[key] for name, key in _match_keys(data, names).items() if name not in data},
    }


def _match_keys(data: Mapping[str, Any], names: Collection[str]) -> dict[str, str]:
    """Output -> the one key that means it: "Final Answer" or "[[ ## final_answer ## ]]" for final_answer."""
    keys: dict[str, list[str]] = {}
    for key in data:
        keys.setdefault(_bare_key(key), []).append(key)
    return {name: keys[_bare_key(name)][0] for name in names if len(keys.get(_bare_key(name), ())) == 1}


def _bare_key(key: str) -> str:
    return re.sub(r"[\W_]", "", str(key)).lower()


def _is_closed(text: str, start: int) -> bool:
    """Whether from `start` on every string and every bracket is closed."""
    depth = 0
    for match in _MARKS.finditer(text, start):
        mark = match[0]
        if mark == '"':
            return False
        depth += (mark in "{[") - (mark in "}]")
    return depth <= 0


def _parse_object(reply: str, start: int, holds: HasOutputs) -> tuple[Mapping[str, Any], int]:
    """The object that begins at `start`, repaired if need be, and where to look for another one."""
    try:
        data, end = _STRICT.raw_decode(reply, start)
    except (ValueError, RecursionError):
        return _repair_object(reply[start:], holds), start + 1
    return data, end


def _repair_object(text: str, holds: HasOutputs) -> Mapping[str, Any]:
    """The object in broken JSON; of several, the first that holds outputs."""
    from refine_core.adapters.json_repairs import repair_json

    try:
        data = repair_json(text)
    except ValueError:
        return {}
    several = data if isinstance(data, list) else [data]
    objects = [one for one in several if isinstance(one, dict)]
    return next(filter(holds, objects), objects[0] if objects else {})


def _output_test(signature: type[Signature]) -> HasOutputs:
    """A function: whether an object has one of the outputs, and not only the template."""
    outputs = signature.output_fields

    def holds(data: Mapping[str, Any]) -> bool:
        return any(
            name in data and not repeats_template(field, data[name]) for name, field in outputs.items()
        )

    return holds
