"""Filling a signature: one question to a model, and a second one, as JSON, where the reply cannot be read.

inputs -> adapter.format -> ask -> adapter.parse -> outputs
                                        | ParseError, and only that
                                        v
                             the adapter's fallback, once
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

from refine_core.adapters import Adapter, ChatAdapter, JSONAdapter
from refine_core.callbacks import callbacks_of, told
from refine_core.effects import Steps
from refine_core.errors import ParseError
from refine_core.events import ParseFailed, Purpose
from refine_core.lm.ask import ask
from refine_core.lm.base import BaseLM
from refine_core.log.scope import Scope
from refine_core.signatures import Signature


def fill(
    signature: type[Signature],
    inputs: Mapping[str, Any],
    *,
    lm: BaseLM,
    adapter: Adapter,
    demos: Sequence[Mapping[str, Any]] = (),
    params: Mapping[str, Any],
    purpose: Purpose,
    scope: Scope,
    shown: type[Signature] | None = None,
) -> Steps[dict[str, Any]]:
    """The outputs of `signature` for `inputs`, by name. params: the call's own, over the model's.

    shown: what the prompt is written for, where it has more inputs than `signature`, such as a hint.

    Raises: LMError; ParseError, of the adapter's own reading even where its fallback failed too.
    """
    asked: dict[str, Any] = {"lm": lm, "demos": demos, "params": params, "purpose": purpose, "scope": scope}
    asked["shown"] = shown or signature
    try:
        return (yield from _ask(signature, inputs, adapter, **asked))
    except ParseError as error:
        second = adapter.fallback
        if second is None:
            raise
        try:
            return (yield from _ask(signature, inputs, second, **asked))
        except ParseError as again:
            raise error from again


def _ask(
    signature: type[Signature],
    inputs: Mapping[str, Any],
    adapter: Adapter,
    *,
    lm: BaseLM,
    demos: Sequence[Mapping[str, Any]],
    params: Mapping[str, Any],
    purpose: Purpose,
    scope: Scope,
    shown: type[Signature],
) -> Steps[dict[str, Any]]:
    heard = callbacks_of(adapter)
    if heard:
        # Copies, since a callback watches and changes nothing.
        given = {"signature": shown, "demos": [dict(demo) for demo in demos], "inputs": dict(inputs)}
        with told("adapter_format", adapter, given, heard) as call:
            messages = adapter.format(shown, demos, inputs)
            call.outputs = [dict(message) for message in messages]
    else:
        messages = adapter.format(shown, demos, inputs)
    extra = adapter.params(shown, lm.takes)
    reply = yield from ask(
        lm, messages, {**extra, **params} if extra else params, purpose=purpose, scope=scope
    )
    try:
        if not heard:
            return _whole(adapter, signature, adapter.parse(signature, reply.text), reply.text)
        with told(
            "adapter_parse", adapter, {"signature": signature, "completion": reply.text}, heard
        ) as call:
            outputs = _whole(adapter, signature, adapter.parse(signature, reply.text), reply.text)
            call.outputs = dict(outputs)
    except ParseError as error:
        if scope.wanted:
            scope.emit(ParseFailed(error.missing, error.invalid))
        raise
    return outputs


def _whole(adapter: Adapter, signature: type[Signature], outputs: object, reply: str) -> dict[str, Any]:
    """What an adapter read, once it is seen to be all that the signature promised. Ours promise so themselves."""
    if type(adapter) in (ChatAdapter, JSONAdapter):
        return cast("dict[str, Any]", outputs)
    found = dict(outputs) if isinstance(outputs, Mapping) else {}
    missing = tuple(name for name in signature.output_fields if name not in found)
    if missing:
        raise ParseError(signature=signature.signature, reply=reply, missing=missing)
    return found
