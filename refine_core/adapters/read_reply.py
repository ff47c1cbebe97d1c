"""Reading a reply: the outputs in a model's text, and the check that none of them is missing.

text -> without its reasoning -> adapter.parse -> outputs, each that the signature names
cut off before its end -> ParseError that says at what
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from refine_core.adapters.output_readers import fields_by_role
from refine_core.adapters.truncation import find_truncation, make_reasoning_only_error, make_truncation_error
from refine_core.adapters.types import AdapterLike
from refine_core.callbacks import notify_callbacks
from refine_core.configuration import describe_value
from refine_core.errors import ParseError
from refine_core.reasoning import split_reasoning
from refine_core.signatures import Signature


def read_text(
    adapter: AdapterLike,
    signature: type[Signature],
    text: str,
    finish_reason: str,
    *,
    params: Mapping[str, object],
    callbacks: Sequence[Any] = (),
) -> dict[str, Any]:
    """The outputs in a model's text, without its reasoning.

    params: of the call; an error names the token limit among them. callbacks: notified of the parse.
    Raises ParseError, also for a text that was cut off before all of its outputs were complete.
    """
    answer = split_reasoning(text, fields_by_role(signature)[1])[1]
    why = find_truncation(finish_reason)
    try:
        if callbacks or not adapter.returns_all_outputs:
            outputs = _parse_text(adapter, signature, answer, callbacks)
        else:
            outputs = adapter.parse(signature, answer)
    except ParseError as error:
        if why:
            limit = _token_limit(params)
            raise make_truncation_error(signature.signature, text, why, limit, error) from error
        error.reply = text
        if text.strip() and not answer.strip():
            raise make_reasoning_only_error(signature.signature, text, error) from error
        raise
    if why and not adapter.is_whole(signature, answer):
        raise make_truncation_error(signature.signature, text, why, _token_limit(params), None)
    return outputs


def _token_limit(params: Mapping[str, object]) -> object:
    return params.get("max_tokens") or params.get("max_completion_tokens")


def _parse_text(
    adapter: AdapterLike, signature: type[Signature], text: str, callbacks: Sequence[Any]
) -> dict[str, Any]:
    """The outputs, none of them missing: an adapter of the user's own may have left some out."""
    if not callbacks:
        return _check_outputs(signature, adapter.parse(signature, text), text)
    with notify_callbacks(
        "adapter_parse", adapter, {"signature": signature, "completion": text}, callbacks
    ) as call:
        outputs = _check_outputs(signature, adapter.parse(signature, text), text)
        call.outputs = dict(outputs)
    return outputs


def check_completions(
    adapter: AdapterLike, signature: type[Signature], completions: object
) -> list[dict[str, Any]]:
    """What an adapter's own `__call__` returned, checked. Raises TypeError, ParseError."""
    if (
        not isinstance(completions, list)
        or not completions
        or not all(isinstance(one, Mapping) for one in completions)
    ):
        raise TypeError(
            f"{type(adapter).__name__}.__call__ must return a list of dicts, output name -> value, one a reply, "
            f"not {describe_value(completions)}"
        )
    return [_check_outputs(signature, one, repr(one)) for one in completions]


def _check_outputs(signature: type[Signature], outputs: object, reply: str) -> dict[str, Any]:
    """What an adapter read. Raises ParseError if an output is missing."""
    values = dict(outputs) if isinstance(outputs, Mapping) else {}
    missing = tuple(name for name in signature.output_fields if name not in values)
    if missing:
        raise ParseError(signature=signature.signature, reply=reply, missing=missing)
    return values
