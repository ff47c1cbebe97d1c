"""One question to a model: the operation that `Predict`, the adviser and `lm(…)` share.

    callbacks told -> LMRequested -> the cache, else the model (LMRetried*) -> LMReplied | LMFailed
                   -> usage counted -> kept in the history -> callbacks told

What is named like a secret is sent, and shown to none of these.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from refine_core import settings
from refine_core.callbacks import Told, callbacks_of, told
from refine_core.effects import Steps
from refine_core.errors import LMError
from refine_core.events import Fault, LMFailed, LMReplied, LMRequested, LMRetried, Purpose
from refine_core.lm import history
from refine_core.lm.base import BaseLM, Message, OnRetry, OnText, Reply, public
from refine_core.lm.cache import cache, key_of
from refine_core.log.plain import plain_dict
from refine_core.log.scope import Scope
from refine_core.waiting import Cancel


def ask(
    lm: BaseLM,
    messages: Sequence[Message],
    params: Mapping[str, object],
    *,
    purpose: Purpose,
    scope: Scope,
    prompt: str | None = None,
) -> Steps[Reply]:
    """Ask a model: an operation, so `reply = yield from …` within others, and `run` or `arun` elsewhere.

    params: the call's own, over the model's defaults; `cache` among them overrides the model's. prompt: what `messages`
    were made of, if a text was asked. Raises LMError, RunCancelled, and whatever a model of the user's own raises.
    """
    asked = _ask(lm, messages, params, purpose=purpose, scope=scope, prompt=prompt)
    if not (heard := callbacks_of(lm)):
        return asked
    shown = {"prompt": prompt, "messages": [dict(m) for m in messages], "kwargs": public(params)}
    return _heard(asked, told("lm", lm, shown, heard))


def _heard(asked: Steps[Reply], told_of: Told) -> Steps[Reply]:
    """The same, with callbacks told before and after."""
    with told_of as call:
        reply = yield from asked
        call.outputs = [reply.text]
    return reply


def _ask(
    lm: BaseLM,
    messages: Sequence[Message],
    params: Mapping[str, object],
    *,
    purpose: Purpose,
    scope: Scope,
    prompt: str | None,
) -> Steps[Reply]:
    merged = {**lm.kwargs, **params}
    if not scope.wanted:
        reply = yield from _reply(lm, messages, merged, scope.cancel)
    else:
        here = scope.inside("lm")
        here.emit(
            LMRequested(lm.model, tuple(dict(m) for m in messages), plain_dict(_shown(merged)), purpose)
        )
        start = time.perf_counter()

        def retried(ordinal: int, wait_s: float, error: LMError) -> None:
            here.emit(LMRetried(ordinal, wait_s, Fault.of(error), error.charge))

        try:
            reply = yield from _reply(
                lm, messages, merged, scope.cancel, on_retry=retried, on_text=_writing(here)
            )
        except Exception as error:
            charge = error.charge if isinstance(error, LMError) else None
            here.emit(LMFailed(Fault.of(error), time.perf_counter() - start, charge))
            raise
        here.emit(_event(lm.model, reply, time.perf_counter() - start))
    tracker = settings.get("usage_tracker")
    if tracker is not None and not (reply.cache_hit or reply.replayed):
        tracker.add_usage(lm.model, {**reply.usage.as_dict(), "cost_usd": reply.cost_usd})
    history.note(lm.history, lm.model, messages, public(params), reply, prompt=prompt)
    return reply


def _reply(
    lm: BaseLM,
    messages: Sequence[Message],
    params: dict[str, object],
    cancel: Cancel,
    *,
    on_retry: OnRetry | None = None,
    on_text: OnText | None = None,
) -> Steps[Reply]:
    """From the cache, if it may be and is there; else from the model. params: all of them, the cache's own too."""
    cached, in_memory = params.pop("cache", lm.cache), bool(params.pop("cache_in_memory", lm.cache_in_memory))
    asked = lm.steps(messages, params, cancel=cancel, on_retry=on_retry, on_text=on_text)
    key = key_of(lm, messages, params) if cached else None
    return asked if key is None else _known(key, asked, cancel, in_memory=in_memory)


def _known(key: str, asked: Steps[Reply], cancel: Cancel, *, in_memory: bool) -> Steps[Reply]:
    """The reply that is kept under `key`, or else what is asked, kept for the next time."""
    cancel.check()
    place = cache()
    if (known := (yield from place.find(key, in_memory=in_memory))) is not None:
        return known
    reply = yield from asked
    yield from place.keep(key, reply, in_memory=in_memory)
    return reply


def _shown(params: Mapping[str, object]) -> dict[str, object]:
    """What is told of the parameters: those that the model gets, without what is secret."""
    return {n: v for n, v in public(params).items() if n not in ("cache", "cache_in_memory")}


def _writing(here: Scope) -> OnText | None:
    """Who reads along with the call at this place, if anybody does."""
    return None if here.draft is None else partial(here.draft, here.span.path)


def _event(model: str, reply: Reply, took_s: float) -> LMReplied:
    known: dict[str, Any] = {
        "prompt_tokens": reply.usage.prompt_tokens,
        "completion_tokens": reply.usage.completion_tokens,
        "cost_usd": reply.cost_usd,
        "finish_reason": reply.finish_reason,
        "cache_hit": reply.cache_hit,
        "model": model,
        "served_by": reply.model,
        "replayed": reply.replayed,
    }
    return LMReplied(reply.text, took_s, **known)
