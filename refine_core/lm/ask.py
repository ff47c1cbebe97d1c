"""One question to a model: the operation that `Predict`, the adviser and `lm(…)` share.

    callbacks -> LMRequested -> the cache, else the model (LMRetried*) -> LMReplied | LMFailed
              -> usage counted -> recorded in the history -> callbacks

Parameters that are named like a secret are sent, but none of these see them.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from refine_core.callbacks import CallbackCall, callbacks_of, notify_callbacks
from refine_core.concurrency.flows import Flow
from refine_core.configuration import get_setting
from refine_core.errors import LMError
from refine_core.events import Fault, LMFailed, LMReplied, LMRequested, LMRetried, Purpose
from refine_core.jsonable import to_jsonable
from refine_core.lm.overrides import ask_through_overrides, continue_call, current_purpose, has_overrides
from refine_core.lm.protocol import Model
from refine_core.lm.recent_calls import record_call
from refine_core.lm.shared import shared
from refine_core.lm.types import Message, OnText, Reply, public_params
from refine_core.log.scope import Scope, current_scope
from refine_core.reasoning import split_reasoning


def ask(
    lm: Model,
    messages: Sequence[Message],
    params: Mapping[str, object],
    *,
    purpose: Purpose,
    scope: Scope,
    prompt: str | None = None,
    through_call: bool = True,
) -> Flow[Reply]:
    """Ask a model: an operation, so `reply = yield from …` within others, and `run` or `arun` elsewhere.

    params: the call's own, over the model's defaults; `cache` among them overrides the model's. prompt: the text that
    `messages` were built from, if any. through_call: call the user's own `__call__` of the model, if it has one; see
    refine_core.lm.overrides. Raises LMError, RunCancelled, TypeError for `logprobs`, which no Reply can hold, and whatever
    a user's own model raises.
    """
    if params.get("logprobs", lm.kwargs.get("logprobs")):
        raise TypeError(
            "log probabilities are not supported: a reply is its text; leave out `logprobs` (docs/dspy.md says what else is absent)"
        )
    flow = _ask(lm, messages, params, purpose=purpose, scope=scope, prompt=prompt, through_call=through_call)
    if callbacks := callbacks_of(lm):
        inputs = {"prompt": prompt, "messages": [dict(m) for m in messages], "kwargs": public_params(params)}
        flow = _with_callbacks(flow, notify_callbacks("lm", lm, inputs, callbacks))
    if (rates := shared.rates) is None or has_overrides(lm):
        return flow
    from refine_core.lm.rate_limits import in_turn  # only where somebody has limited the calls

    may_be_cached = bool(params.get("cache", lm.cache))
    return in_turn(rates, lm, messages, flow, scope.cancel, may_be_cached=may_be_cached)


def ask_from_call(
    lm: Model, prompt: str | None, messages: Sequence[Message], params: Mapping[str, object]
) -> Flow[Reply]:
    """What `BaseLM.__call__` does: a whole call, or the rest of one that goes through the model's own `__call__`."""
    rest = continue_call(lm, prompt, messages, params)
    if rest is not None:
        return rest
    return ask(
        lm,
        messages,
        params,
        purpose=current_purpose(),
        scope=current_scope(),
        prompt=prompt,
        through_call=False,
    )


def _with_callbacks(flow: Flow[Reply], callback_call: CallbackCall) -> Flow[Reply]:
    """The flow, with callbacks notified before and after it."""
    with callback_call as call:
        reply = yield from flow
        call.outputs = list(reply.texts)
    return reply


def _ask(
    lm: Model,
    messages: Sequence[Message],
    params: Mapping[str, object],
    *,
    purpose: Purpose,
    scope: Scope,
    prompt: str | None,
    through_call: bool,
) -> Flow[Reply]:
    if not scope.sinks:
        reply = yield from ask_through_overrides(
            lm,
            prompt,
            messages,
            params,
            scope=scope,
            on_retry=None,
            on_text=None,
            through_call=through_call,
        )
    else:
        here = scope.begin("lm")
        here.emit(
            LMRequested(
                lm.model,
                tuple(dict(m) for m in messages),
                to_jsonable(_visible_params(lm.drop_refused_params({**lm.kwargs, **params}))),
                purpose,
            )
        )
        now = time.perf_counter if shared.rates is None else _working_time()
        start = now()

        def on_retry(ordinal: int, wait_s: float, error: LMError) -> None:
            here.emit(LMRetried(ordinal, wait_s, Fault.of(error), error.charge, error.left_out))

        try:
            reply = yield from ask_through_overrides(
                lm,
                prompt,
                messages,
                params,
                scope=here,
                on_retry=on_retry,
                on_text=_draft_callback(here),
                through_call=through_call,
            )
        except Exception as error:
            charge = error.charge if isinstance(error, LMError) else None
            here.emit(LMFailed(Fault.of(error), now() - start, charge))
            raise
        here.emit(_reply_event(lm.model, reply, now() - start))
    tracker = get_setting("usage_tracker")
    if tracker is not None and not (reply.cache_hit or reply.replayed):
        tracker.add_usage(lm.model, {**reply.usage.as_dict(), "cost_usd": reply.cost_usd})
    record_call(lm.history, lm.model, messages, public_params(params) if params else {}, reply, prompt=prompt)
    return reply


def _working_time() -> Callable[[], float]:
    """The clock that leaves out what a call waits for its turn."""
    from refine_core.lm.rate_limits import working_time  # only where somebody has limited the calls

    return working_time


def _visible_params(params: Mapping[str, object]) -> dict[str, object]:
    """The parameters that may be recorded: those that are sent, without secrets."""
    return {n: v for n, v in public_params(params).items() if n not in ("cache", "cache_in_memory")}


def _draft_callback(here: Scope) -> OnText | None:
    """The reader of this call's text while it is written, if there is one."""
    return None if here.draft is None else partial(here.draft, here.span)


def _reply_event(model: str, reply: Reply, took_s: float) -> LMReplied:
    facts: dict[str, Any] = {
        "prompt_tokens": reply.usage.prompt_tokens,
        "completion_tokens": reply.usage.completion_tokens,
        "cost_usd": reply.cost_usd,
        "finish_reason": reply.finish_reason,
        "cache_hit": reply.cache_hit,
        "model": model,
        "served_by": reply.model,
        "replayed": reply.replayed,
        "others": reply.others,
        "other_reasons": reply.other_reasons,
        "reasoning": reply.reasoning or split_reasoning(reply.text)[0],
    }
    return LMReplied(reply.text, took_s, **facts)
