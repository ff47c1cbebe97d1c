"""Filling a signature: one question to a model, and a second one, as JSON, where the reply cannot be read.

inputs -> adapter.format -> ask -> adapter.parse -> outputs
                             |          | whatever parse raises; not for an answer that was cut off
                             |          v
                             |     the adapter's fallback, once
                             | the server refuses the reply format
                             v
               the same with a weaker one, and at last without
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

from refine_core import settings
from refine_core.adapters import Adapter, AutoAdapter, ChatAdapter, JSONAdapter, JSONSchemaAdapter
from refine_core.adapters.cut import cut_error, is_worth_asking_again, thought_error, why_cut
from refine_core.adapters.values import sides
from refine_core.callbacks import callbacks_of, told
from refine_core.effects import Both, Steps, own_pair
from refine_core.errors import LMRefusedError, ParseError
from refine_core.events import ParseFailed, Purpose
from refine_core.lm.ask import ask
from refine_core.lm.base import BaseLM, Message, Reply
from refine_core.lm.overrides import asking_for, purpose_here
from refine_core.lm.reply_formats import may_be_about_format
from refine_core.log.scope import Scope, current
from refine_core.reasoning import split_reasoning
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
) -> Steps[list[dict[str, Any]]]:
    """The outputs of `signature` for `inputs`, by name, of each reply: one, unless `n` among the parameters wishes more.

    params: the call's own, over the model's. shown: what the prompt is written for, where it has more inputs than
    `signature`, such as a hint. An adapter with a `__call__` of the user's own is asked through that.
    Raises: LMError; ParseError, of the first reply even where the second could not be read, or was refused.
    """
    asked: dict[str, Any] = {"lm": lm, "demos": demos, "params": params, "purpose": purpose, "scope": scope}
    asked["shown"] = shown or signature
    if (pair := own_pair(adapter, "__call__", "acall")) is None:
        return (yield from _in_turn(signature, inputs, adapter, **asked))
    with asking_for(purpose, scope):
        made = yield Both(pair, lm, {**params}, asked["shown"], list(demos), dict(inputs))
    return _completions(adapter, signature, made)


def fill_for_call(  # noqa: PLR0917 - the order of an adapter's call, in dspy
    adapter: Adapter,
    lm: Any,
    lm_kwargs: Mapping[str, Any],
    signature: type[Signature],
    demos: Sequence[Mapping[str, Any]],
    inputs: Mapping[str, Any],
) -> Steps[list[dict[str, Any]]]:
    """What `Adapter.__call__` does, for whatever it is asked for: see refine_core.lm.overrides.asking_for."""
    if not isinstance(lm, BaseLM):
        raise settings.no_model("lm", lm)
    return _in_turn(
        signature,
        inputs,
        adapter,
        lm=lm,
        demos=demos,
        params=lm_kwargs,
        purpose=purpose_here(),
        scope=current(),
        shown=signature,
    )


def _in_turn(
    signature: type[Signature], inputs: Mapping[str, Any], adapter: Adapter, **asked: Any
) -> Steps[list[dict[str, Any]]]:
    """Asked by the adapter, and by its fallback where the reply cannot be read."""
    lm: BaseLM = asked["lm"]
    first, second = _in_order(
        adapter, lm, lambda one: one.format(asked["shown"], asked["demos"], inputs), asked["params"]
    )
    reply = yield from _ask(inputs, first, **asked)
    try:
        return _outputs(signature, reply, first, **asked)
    except (
        Exception
    ) as error:  # a parse of the user's own may raise anything; as in dspy, the fallback is asked then, too
        cut = isinstance(error, ParseError) and not is_worth_asking_again(error, len(signature.output_fields))
        if second is None or cut:
            raise
        try:
            reply = yield from _ask(inputs, second, **asked)
            outputs = _outputs(signature, reply, second, **asked)
        except (ParseError, LMRefusedError) as again:
            raise error from again
    if adapter.learns:
        lm.formats.json_first = second is not adapter
    return outputs


def _in_order(
    adapter: Adapter,
    lm: BaseLM,
    written: Callable[[Adapter], Sequence[Message]],
    params: Mapping[str, Any],
) -> tuple[Adapter, Adapter | None]:
    """The adapter to ask by, and the one after it: the other way round where the model is known to need that.

    A replay follows its recording, whatever was known when that was made.
    """
    second = adapter.fallback
    if second is None or not adapter.learns:
        return adapter, second
    turned = lm.formats.json_first
    if not turned and lm.kind == "replay":
        turned = not lm.offers(written(adapter), {**lm.kwargs, **params})
    return (second, adapter) if turned else (adapter, second)


def _ask(
    inputs: Mapping[str, Any],
    adapter: Adapter,
    *,
    lm: BaseLM,
    demos: Sequence[Mapping[str, Any]],
    params: Mapping[str, Any],
    purpose: Purpose,
    scope: Scope,
    shown: type[Signature],
) -> Steps[Reply]:
    heard = callbacks_of(adapter)
    if heard:
        # Copies, since a callback watches and changes nothing.
        given = {"signature": shown, "demos": [dict(demo) for demo in demos], "inputs": dict(inputs)}
        with told("adapter_format", adapter, given, heard) as call:
            messages = adapter.format(shown, demos, inputs)
            call.outputs = [dict(message) for message in messages]
    else:
        messages = adapter.format(shown, demos, inputs)
    return (
        yield from _reply(
            lm, messages, adapter.alternatives(shown, lm.takes), params, purpose=purpose, scope=scope
        )
    )


def _outputs(
    signature: type[Signature],
    reply: Reply,
    adapter: Adapter,
    *,
    lm: BaseLM,
    params: Mapping[str, Any],
    scope: Scope,
    **_: Any,
) -> list[dict[str, Any]]:
    """The outputs of each text of the reply. Raises ParseError, and whatever a parse of the user's own raises."""
    heard = callbacks_of(adapter)
    sent = {**lm.kwargs, **params} if params else lm.kwargs
    limit = sent.get("max_tokens") or sent.get("max_completion_tokens")
    try:
        return [
            read_text(adapter, signature, text, reason, limit=limit, heard=heard)
            for text, reason in zip(reply.texts, reply.reasons, strict=True)
        ]
    except ParseError as error:
        if scope.wanted:
            scope.emit(ParseFailed(error.missing, error.invalid, error.cut))
        raise


def read_text(
    adapter: Adapter,
    signature: type[Signature],
    text: str,
    finish_reason: str,
    *,
    limit: object = None,
    heard: Sequence[Any] = (),
) -> dict[str, Any]:
    """The outputs in a model's text, without what it thought before. limit: of tokens. heard: callbacks to tell.

    Raises ParseError, also for a text that was cut off before all of its outputs were whole.
    """
    answer = split_reasoning(text, sides(signature)[1])[1]
    why = why_cut(finish_reason)
    try:
        outputs = _read(adapter, signature, answer, heard)
    except ParseError as error:
        if why:
            raise cut_error(signature.signature, text, why, limit, error) from error
        error.reply = text
        if text.strip() and not answer.strip():
            raise thought_error(signature.signature, text, error) from error
        raise
    if why and not adapter.is_whole(signature, answer):
        raise cut_error(signature.signature, text, why, limit, None)
    return outputs


def _read(adapter: Adapter, signature: type[Signature], text: str, heard: Sequence[Any]) -> dict[str, Any]:
    if not heard:
        return _whole(adapter, signature, adapter.parse(signature, text), text)
    with told("adapter_parse", adapter, {"signature": signature, "completion": text}, heard) as call:
        outputs = _whole(adapter, signature, adapter.parse(signature, text), text)
        call.outputs = dict(outputs)
    return outputs


def _completions(adapter: Adapter, signature: type[Signature], made: object) -> list[dict[str, Any]]:
    """What an adapter's own `__call__` returned, if it is what it should be. Raises TypeError, ParseError."""
    if not isinstance(made, list) or not made or not all(isinstance(one, Mapping) for one in made):
        raise TypeError(
            f"{type(adapter).__name__}.__call__ must return a list of dicts, output name -> value, one a reply, "
            f"not {settings.shown(made)}"
        )
    return [_whole(adapter, signature, one, repr(one)) for one in made]


def _reply(
    lm: BaseLM,
    messages: Sequence[Message],
    alternatives: Sequence[Mapping[str, object]],
    params: Mapping[str, Any],
    *,
    purpose: Purpose,
    scope: Scope,
) -> Steps[Reply]:
    """The reply to the first of `alternatives` whose format the server does not refuse. Raises LMError."""
    if "response_format" in params:
        alternatives = alternatives[:1]  # the caller's own, which wins over each of them
    wanted = [{**extra, **params} if extra else params for extra in alternatives]
    if len(wanted) > 1:
        wanted = [one for one in wanted if lm.offers(messages, {**lm.kwargs, **one})] or wanted[-1:]
    refused: list[tuple[Mapping[str, Any], LMRefusedError]] = []
    for one in wanted:
        try:
            reply = yield from ask(lm, messages, one, purpose=purpose, scope=scope)
        except LMRefusedError as refusal:
            if not may_be_about_format(refusal):
                raise
            refused.append((one, refusal))
        else:
            break
    else:
        raise refused[0][1]
    for stronger, why in refused:
        lm.formats.note_refusal(stronger.get("response_format"), why)
    lm.formats.note_reply(one.get("response_format"))
    return reply


def _whole(adapter: Adapter, signature: type[Signature], outputs: object, reply: str) -> dict[str, Any]:
    """What an adapter read, once it is seen to be all that the signature promised. Ours promise so themselves."""
    if type(adapter) in (ChatAdapter, JSONAdapter, JSONSchemaAdapter, AutoAdapter):
        return cast("dict[str, Any]", outputs)
    found = dict(outputs) if isinstance(outputs, Mapping) else {}
    missing = tuple(name for name in signature.output_fields if name not in found)
    if missing:
        raise ParseError(signature=signature.signature, reply=reply, missing=missing)
    return found
