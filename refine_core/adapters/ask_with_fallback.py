"""Completing a signature: one request to a model, and a second one, as JSON, where the reply cannot be read.

inputs -> adapter.format -> ask -> adapter.parse -> outputs
                             |          | any error of parse, unless the answer was cut off
                             |          v
                             |     the adapter's fallback, once
                             | the server refuses the reply format
                             v
               the same with a weaker one, and at last without
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from refine_core.adapters.effects import CallAdapter
from refine_core.adapters.read_reply import check_completions, read_text
from refine_core.adapters.truncation import is_worth_retrying
from refine_core.adapters.types import AdapterLike
from refine_core.callbacks import callbacks_of, notify_callbacks
from refine_core.concurrency.flows import Flow
from refine_core.concurrency.overriding import overrides, own_pair
from refine_core.configuration import not_a_model_error
from refine_core.errors import LMRefusedError, ParseError
from refine_core.events import ParseFailed, Purpose
from refine_core.lm.ask import ask
from refine_core.lm.base import BaseLM
from refine_core.lm.format_refusals import is_about_format
from refine_core.lm.overrides import current_purpose, use_purpose
from refine_core.lm.types import Message, Reply
from refine_core.log.scope import Scope, current_scope
from refine_core.signatures import Signature

_CALL = frozenset(("__call__", "acall"))


# Not frozen: every call of a predictor makes one, and that would cost three times as much.
@dataclass(slots=True)
class Request:
    """One call of a predictor.

    signature: whose outputs are returned. prompt_signature: the one that the prompt is written for, which may have more
    inputs, such as a hint. inputs: those of `prompt_signature`, by name. params: the call's own, over the model's.
    """

    signature: type[Signature]
    prompt_signature: type[Signature]
    inputs: Mapping[str, Any]
    lm: BaseLM
    demos: Sequence[Mapping[str, Any]]
    params: Mapping[str, Any]
    purpose: Purpose
    scope: Scope


def complete_signature(request: Request, adapter: AdapterLike) -> Flow[list[dict[str, Any]]]:
    """The outputs, by name, of each reply: one, unless `n` among the parameters asks for more.

    An adapter with a `__call__` of the user's own is asked through that.
    Raises: LMError; ParseError, of the first reply even where the second could not be read, or was refused.
    """
    pair = own_pair(adapter, "__call__", "acall") if overrides(adapter, _CALL) else None
    return _ask_with_fallback(request, adapter) if pair is None else _ask_through_call(request, adapter, pair)


def complete_for_call(request: Request, adapter: AdapterLike) -> Flow[list[dict[str, Any]]]:
    """What `Adapter.__call__` does: the adapter and its fallback are asked. See `request_for_call`."""
    return _ask_with_fallback(request, adapter)


def request_for_call(
    lm: Any,
    params: Mapping[str, Any],
    signature: type[Signature],
    demos: Sequence[Mapping[str, Any]],
    inputs: Mapping[str, Any],
) -> Request:
    """The request that the arguments of `Adapter.__call__` describe; its purpose: see refine_core.lm.overrides.use_purpose."""
    if not isinstance(lm, BaseLM):
        raise not_a_model_error("lm", lm)
    return Request(signature, signature, inputs, lm, demos, params, current_purpose(), current_scope())


def _ask_through_call(
    request: Request, adapter: AdapterLike, pair: tuple[Callable[..., Any], Callable[..., Awaitable[Any]]]
) -> Flow[list[dict[str, Any]]]:
    """Asked through the adapter's own `__call__`. pair: that, and its async twin."""
    arguments = ({**request.params}, request.prompt_signature, list(request.demos), dict(request.inputs))
    with use_purpose(request.purpose, request.scope):
        outputs = yield CallAdapter(pair, request.lm, *arguments)
    return check_completions(adapter, request.signature, outputs)


def _ask_with_fallback(request: Request, adapter: AdapterLike) -> Flow[list[dict[str, Any]]]:
    """Asked by the adapter, and by its fallback where the reply cannot be read."""
    first, second = _order_adapters(request, adapter) if adapter.learns else (adapter, adapter.fallback)
    reply = yield from _ask(request, first)
    try:
        return _parse_outputs(request, first, reply)
    # A parse of the user's own may raise anything; as in dspy, the fallback is asked then, too.
    except Exception as error:
        fields = len(request.signature.output_fields)
        cut = isinstance(error, ParseError) and not is_worth_retrying(error, fields)
        if second is None or cut:
            raise
        try:
            reply = yield from _ask(request, second)
            outputs = _parse_outputs(request, second, reply)
        except (ParseError, LMRefusedError) as again:
            raise error from again
    if adapter.learns:
        request.lm.formats.json_first = second is not adapter
    return outputs


def _order_adapters(request: Request, adapter: AdapterLike) -> tuple[AdapterLike, AdapterLike | None]:
    """The adapter to ask by, and the one after it: the other way round where the model is known to need that.

    A replay follows its recording, whatever was known when that was made.
    """
    lm, second = request.lm, adapter.fallback
    if second is None:
        return adapter, None
    turned = lm.formats.json_first
    if not turned and lm.kind == "replay":
        messages = adapter.format(request.prompt_signature, request.demos, request.inputs)
        turned = not lm.should_ask(messages, {**lm.kwargs, **request.params})
    return (second, adapter) if turned else (adapter, second)


def _ask(request: Request, adapter: AdapterLike) -> Flow[Reply]:
    """The reply to the adapter's prompt, in the first reply format that the server does not refuse. Raises LMError."""
    messages, lm = _format_messages(request, adapter), request.lm
    alternatives = adapter.alternatives(request.prompt_signature, lm.supports)
    if len(alternatives) > 1 and "response_format" not in request.params:
        return _ask_by_format(request, messages, alternatives)
    extra, params = alternatives[0], request.params
    params = {**extra, **params} if extra else params  # the caller's own format wins over the adapter's
    if "response_format" in params:
        return _ask_and_note_format(request, messages, params)
    return ask(lm, messages, params, purpose=request.purpose, scope=request.scope)


def _format_messages(request: Request, adapter: AdapterLike) -> Sequence[Message]:
    """The adapter's prompt; callbacks are notified."""
    prompt_signature, demos, inputs = request.prompt_signature, request.demos, request.inputs
    callbacks = callbacks_of(adapter)
    if not callbacks:
        return adapter.format(prompt_signature, demos, inputs)
    # Copies, since a callback watches and changes nothing.
    arguments = {
        "signature": prompt_signature,
        "demos": [dict(demo) for demo in demos],
        "inputs": dict(inputs),
    }
    with notify_callbacks("adapter_format", adapter, arguments, callbacks) as call:
        messages = adapter.format(prompt_signature, demos, inputs)
        call.outputs = [dict(message) for message in messages]
    return messages


def _ask_and_note_format(
    request: Request, messages: Sequence[Message], params: Mapping[str, Any]
) -> Flow[Reply]:
    """The reply, and that the server took the request's reply format."""
    reply = yield from ask(request.lm, messages, params, purpose=request.purpose, scope=request.scope)
    request.lm.formats.add_reply(params["response_format"])
    return reply


def _ask_by_format(
    request: Request, messages: Sequence[Message], alternatives: Sequence[Mapping[str, object]]
) -> Flow[Reply]:
    """The reply to the first of `alternatives` that the server does not refuse; what it refused is noted."""
    lm = request.lm
    candidates = [{**extra, **request.params} for extra in alternatives]
    candidates = [one for one in candidates if lm.should_ask(messages, {**lm.kwargs, **one})] or candidates[
        -1:
    ]
    refusals: list[tuple[object, LMRefusedError]] = []
    for params in candidates:
        try:
            reply = yield from ask(lm, messages, params, purpose=request.purpose, scope=request.scope)
        except LMRefusedError as refusal:
            if not is_about_format(refusal):
                raise
            refusals.append((params.get("response_format"), refusal))
        else:
            break
    else:
        raise refusals[0][1]
    for response_format, error in refusals:
        lm.formats.add_refusal(response_format, error)
    lm.formats.add_reply(params.get("response_format"))
    return reply


def _parse_outputs(request: Request, adapter: AdapterLike, reply: Reply) -> list[dict[str, Any]]:
    """The outputs of each text of the reply. Raises ParseError, and whatever a parse of the user's own raises."""
    callbacks = callbacks_of(adapter)
    params = {**request.lm.kwargs, **request.params} if request.params else request.lm.kwargs
    signature = request.signature
    try:
        if not reply.others:
            reason = reply.finish_reason or ""
            return [read_text(adapter, signature, reply.text, reason, params=params, callbacks=callbacks)]
        return [
            read_text(adapter, signature, text, reason, params=params, callbacks=callbacks)
            for text, reason in zip(reply.texts, reply.reasons, strict=True)
        ]
    except ParseError as error:
        if request.scope.sinks:
            request.scope.emit(ParseFailed(error.missing, error.invalid, error.cut))
        raise
