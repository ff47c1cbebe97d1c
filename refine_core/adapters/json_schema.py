"""Replies held to a JSON schema by the server; and the adapter that finds out which format a model keeps.

    json_schema --refused--> json_object --refused--> no response_format

Servers that know `response_format: json_schema` (OpenAI, llama.cpp, vLLM, LM Studio, Ollama) let a model write nothing
else, so that small models keep the format, too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from refine_core.adapters.chat import ChatAdapter
from refine_core.adapters.json import JSONAdapter, format_inputs_structure
from refine_core.adapters.schemas import build_reply_schema
from refine_core.errors import SignatureError
from refine_core.signatures.signature import Signature


class JSONSchemaAdapter(JSONAdapter):
    """Replies as JSONAdapter has them; the request carries the JSON schema that the reply must fit.

    The schema is made of the signature: every output is a required key, and nothing else is allowed. It is strict unless
    a type has open keys, such as dict[str, int]. `OutputField(json_schema_extra={…})` adds to the schema of a field.
    A server that refuses the schema is asked for any JSON object, and one that refuses that, too, without a
    response format; what it refused is remembered by the process (see refine_core.lm.format_refusals). No fallback.

    callbacks: notified of each format and each parse. template: whether the prompt shows one of the reply, as JSONAdapter's does.
    The schema says all that it would, and small models copy it: SmolLM2-135M wrote {"answer": "{answer}"} in two of three
    replies with it, and in none without. Raises: ParseError from `parse`, as ChatAdapter does.
    """

    returns_all_outputs = True

    def __init__(self, callbacks: Sequence[Any] | None = None, *, template: bool = True) -> None:
        super().__init__(callbacks)
        self.template = template

    def format_field_structure(self, signature: type[Signature]) -> str:
        """How the inputs are laid out, and the reply, which is an object."""
        return (
            super().format_field_structure(signature) if self.template else format_inputs_structure(signature)
        )

    def params(self, signature: type[Signature], supports: Callable[[str], bool]) -> Mapping[str, object]:
        """The request for a reply that fits the schema, if the model supports it."""
        if not supports("response_format"):
            return {}
        try:
            schema, strict = build_reply_schema(signature)
        except SignatureError:  # a type that no schema describes; its reader may still know what to do
            return super().params(signature, supports)
        wish = {"name": "reply", "schema": schema, "strict": strict}
        return {"response_format": {"type": "json_schema", "json_schema": wish}}

    def alternatives(
        self, signature: type[Signature], supports: Callable[[str], bool]
    ) -> Sequence[Mapping[str, object]]:
        """The schema, any JSON object, no response format."""
        strongest, weaker = self.params(signature, supports), super().params(signature, supports)
        return (strongest, weaker, {}) if strongest != weaker else super().alternatives(signature, supports)


class AutoAdapter(ChatAdapter):
    """The chat format first; a reply that cannot be read is asked for once more, held to a JSON schema.

    Where only the second could be read, the process asks this model that way first from then on, and by chat only
    if that fails. ChatAdapter, the library's default, asks by chat each time, as dspy does; the app's connections are
    asked by this one unless they say otherwise (`LM(…, reply_format="auto")` in the library).
    """

    learns = True
    returns_all_outputs = True

    def __init__(self, callbacks: Sequence[Any] | None = None) -> None:
        super().__init__(callbacks, use_json_fallback=False)
        self.fallback = JSONSchemaAdapter(callbacks)
