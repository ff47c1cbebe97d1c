"""One question to a model, told as events: LMRequested, then LMRetried*, then LMReplied or LMFailed."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

from refine_core.errors import LMError
from refine_core.events import Fault, LMFailed, LMReplied, LMRequested, LMRetried, Purpose
from refine_core.lm.base import SECRET_NAME, BaseLM, Message, Reply
from refine_core.log.plain import plain_dict
from refine_core.log.scope import Scope


def ask(
    lm: BaseLM, messages: Sequence[Message], params: Mapping[str, object], *, purpose: Purpose, scope: Scope
) -> Reply:
    """The model's reply to `messages`. params: the call's own, over the model's defaults.

    What is named like a secret is sent but never told. Raises LMError, RunCancelled.
    """
    merged = {**lm.kwargs, **params}
    if not scope.wanted:
        return lm.complete(messages, merged, cancel=scope.cancel)
    here = scope.inside("lm")
    shown = plain_dict({k: v for k, v in merged.items() if not SECRET_NAME.search(k)})
    here.emit(LMRequested(lm.model, tuple(dict(m) for m in messages), shown, purpose))
    start = time.perf_counter()

    def told(ordinal: int, wait_s: float, error: LMError) -> None:
        here.emit(LMRetried(ordinal, wait_s, Fault.of(error)))

    try:
        reply = lm.complete(messages, merged, cancel=scope.cancel, on_retry=told)
    except Exception as error:
        here.emit(LMFailed(Fault.of(error), time.perf_counter() - start))
        raise
    here.emit(_told(reply, time.perf_counter() - start))
    return reply


def _told(reply: Reply, took_s: float) -> LMReplied:
    known: dict[str, Any] = {
        "prompt_tokens": reply.usage.prompt_tokens,
        "completion_tokens": reply.usage.completion_tokens,
        "cost_usd": reply.cost_usd,
        "finish_reason": reply.finish_reason,
        "cache_hit": reply.cache_hit,
    }
    return LMReplied(reply.text, took_s, **known)
