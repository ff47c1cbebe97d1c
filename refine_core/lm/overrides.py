"""Models whose class overrides `__call__` or `forward`: every call of such a model goes through the user's method.

    ask --> lm.__call__ (the user's) --> super().__call__ --> lm.forward (the user's) --> super().forward --> the cache, the model

A level that is not overridden is skipped. `ask` records the call once, outside all levels.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from typing import Any

from refine_core.concurrency.cancellation import Cancel
from refine_core.concurrency.flows import Flow
from refine_core.concurrency.overriding import overrides, own_pair
from refine_core.configuration import describe_value
from refine_core.events import Purpose
from refine_core.lm.cached_calls import cached_reply
from refine_core.lm.effects import CallOverride
from refine_core.lm.protocol import Model
from refine_core.lm.types import Message, OnRetry, OnText, Reply, Usage, join_replies
from refine_core.log.scope import Scope, current_scope, use_scope

_METHODS = frozenset(("__call__", "acall", "forward", "aforward"))


def has_overrides(lm: Model) -> bool:
    """Whether a call of this model goes through methods of the user's own."""
    return overrides(lm, _METHODS)


@dataclass(slots=True)
class PendingCall:
    """A call under way through a user's method. replies: those that the model itself gave meanwhile.

    asks_others: the method asked another model, which records its own call and cost.
    """

    lm: Model
    cancel: Cancel
    on_retry: OnRetry | None
    on_text: OnText | None
    replies: list[Reply] = field(default_factory=list)
    asks_others: bool = False


_pending_call: ContextVar[PendingCall | None] = ContextVar("refine_core_question", default=None)
_purpose: ContextVar[Purpose] = ContextVar("refine_core_purpose", default="predict")


@contextmanager
def use_purpose(purpose: Purpose, scope: Scope) -> Iterator[None]:
    """Set the purpose and scope of the calls in this block, for code that knows neither: an adapter's own `__call__`."""
    token = _purpose.set(purpose)
    try:
        with use_scope(scope):
            yield
    finally:
        _purpose.reset(token)


def current_purpose() -> Purpose:
    """The purpose of a call that is made here."""
    return _purpose.get()


def continue_call(
    lm: Model, prompt: str | None, messages: Sequence[Message], params: Mapping[str, object]
) -> Flow[Reply] | None:
    """The rest of a call that is under way through the model's own `__call__`; None if this is a call of its own."""
    pending = _pending_call.get()
    if pending is None:
        return None
    if pending.lm is lm:
        return _call_forward(lm, prompt, messages, params, pending)
    pending.asks_others = True
    return None


def base_reply(lm: Model, messages: Sequence[Message], params: Mapping[str, object]) -> Flow[Reply]:
    """What `BaseLM.forward` does: ask the cache, else the model."""
    pending = _pending_call.get()
    mine = pending if pending is not None and pending.lm is lm else None
    options: dict[str, Any] = {"cancel": current_scope().cancel}
    if mine is not None:
        options = {"cancel": mine.cancel, "on_retry": mine.on_retry, "on_text": mine.on_text}
    reply = yield from cached_reply(lm, messages, {**lm.kwargs, **params}, **options)
    if mine is not None:
        mine.replies.append(reply)
    return reply


def ask_through_overrides(
    lm: Model,
    prompt: str | None,
    messages: Sequence[Message],
    params: Mapping[str, object],
    *,
    scope: Scope,
    on_retry: OnRetry | None,
    on_text: OnText | None,
    through_call: bool,
) -> Flow[Reply]:
    """The reply of a model, through the methods that its class overrides. params: the call's own.

    through_call: through its `__call__`, too; False for a call that came from there. Raises what the methods raise;
    TypeError if they do not return a reply.
    """
    is_own = has_overrides(lm)
    pair = own_pair(lm, "__call__", "acall") if is_own and through_call else None
    if not is_own or (pair is None and own_pair(lm, "forward", "aforward") is None):
        merged = {**lm.kwargs, **params}
        return cached_reply(lm, messages, merged, cancel=scope.cancel, on_retry=on_retry, on_text=on_text)
    return _ask_through(
        PendingCall(lm, scope.cancel, on_retry, on_text), scope, pair, prompt, messages, params
    )


def _ask_through(
    pending: PendingCall,
    scope: Scope,
    pair: tuple[Callable[..., Any], Callable[..., Any]] | None,
    *call: Any,
) -> Flow[Reply]:
    """Call the user's own methods. pair: `__call__` and its async twin; None if only `forward` is overridden.

    call: the prompt, the messages and the parameters.
    """
    prompt, messages, params = call
    lm, outer = pending.lm, _pending_call.get()
    _pending_call.set(pending)  # not by a token: an abandoned flow may be closed in another context
    try:
        with use_scope(scope):
            if pair is None:
                return (yield from _call_forward(lm, prompt, messages, params, pending))
            result = yield from _call_override(pair, *call)
    finally:
        _pending_call.set(outer)
    return _with_usage(_read_texts(lm, result), pending)


def _call_forward(
    lm: Model,
    prompt: str | None,
    messages: Sequence[Message],
    params: Mapping[str, object],
    pending: PendingCall,
) -> Flow[Reply]:
    """Call the user's own `forward`, if there is one."""
    pair = own_pair(lm, "forward", "aforward")
    if pair is None:
        return (yield from base_reply(lm, messages, params))
    from refine_core.lm.responses import read_response  # only models of the user's own need it

    count = len(pending.replies)
    result = yield from _call_override(pair, prompt, messages, params)
    reply = read_response(result, type(lm).__name__, lm.model)
    if len(pending.replies) == count:
        pending.replies.append(reply)
    return _with_usage(reply, pending)


def _call_override(
    pair: tuple[Callable[..., Any], Callable[..., Any]],
    prompt: str | None,
    messages: Sequence[Message],
    params: Mapping[str, object],
) -> Flow[Any]:
    """Call as dspy 2.6.23 does: with the prompt, if there is one, else with messages, and with the call's own parameters."""
    copies = None if prompt is not None else [dict(message) for message in messages]
    return (yield CallOverride(pair, prompt=prompt, messages=copies, **params))


def _read_texts(lm: Model, result: object) -> Reply:
    """The result of a user's own `__call__`, as a reply of unknown usage."""
    listed = [result] if isinstance(result, str) else result
    if isinstance(listed, (list, tuple)):
        texts = [one.get("text") if isinstance(one, Mapping) else one for one in listed]
        if texts and all(isinstance(text, str) for text in texts):
            return Reply(str(texts[0]), model=lm.model, others=tuple(map(str, texts[1:])))
    raise TypeError(
        f"{type(lm).__name__}.__call__ must return a list of texts, one a reply, not {describe_value(result)}"
    )


def _with_usage(reply: Reply, pending: PendingCall) -> Reply:
    """The reply with the tokens and the cost of the calls that were made for it."""
    if pending.replies:
        whole = join_replies(pending.replies)
        if reply.texts == whole.texts:
            return whole
        # It may be put together from several replies, and ends as the last of them does.
        reason = pending.replies[-1].finish_reason
        return replace(
            whole, text=reply.text, others=reply.others, finish_reason=reason, other_reasons=(), reasoning=""
        )
    if pending.asks_others:
        return replace(reply, usage=Usage(0, 0), cost_usd=0.0)
    return reply
