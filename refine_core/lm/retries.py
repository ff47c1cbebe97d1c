"""Calls that are tried again after a failure that may pass: when, and after how long a wait.

The wait is what the server asked for (refusals.py reads it), at most MAX_RETRY_AFTER_S; else longer each time.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from refine_core.concurrency.cancellation import Cancel
from refine_core.concurrency.effects import Pause
from refine_core.concurrency.flows import Flow
from refine_core.errors import LMError, LMRateLimitError
from refine_core.lm.types import OnRetry, Reply

if TYPE_CHECKING:
    import tenacity

MAX_RETRY_AFTER_S = 30.0
"""The longest wait that a server may ask for."""

MAX_REFUSALS = 20
"""So many answers of 429 are waited out beyond the retries of a call, where calls wait their turn."""

FIRST_BACKOFF_S, MAX_BACKOFF_S = 0.5, 8.0


def retry(
    attempt: Callable[[int], Flow[Reply | LMError]],
    num_retries: int,
    cancel: Cancel,
    on_retry: OnRetry | None,
    *,
    is_limited: bool = False,
) -> Flow[Reply]:
    """The reply of the first attempt that succeeds.

    attempt: takes its number, from 1, and returns its error, so that the error is raised where no other one is attached to
    it. num_retries: further attempts after a retryable error. is_limited: whether the model's calls wait their turn, so that a refusal as
    one call too many (429) slows the model: up to MAX_REFUSALS of them count as no attempt. Raises the last attempt's LMError; RunCancelled.
    """
    import tenacity

    refusals = 0

    def before_sleep(state: tenacity.RetryCallState) -> None:
        error = _attempt_error(state)
        if on_retry is not None and state.next_action is not None and isinstance(error, LMError):
            on_retry(state.attempt_number, state.next_action.sleep, error)

    retrying = tenacity.Retrying(
        stop=lambda state: state.attempt_number - min(refusals, MAX_REFUSALS) > num_retries,
        wait=_wait_s,
        retry=tenacity.retry_if_exception(lambda e: isinstance(e, LMError) and e.retryable),
        before_sleep=before_sleep,
        reraise=True,
    )
    retrying.begin()
    state = tenacity.RetryCallState(retrying, fn=None, args=(), kwargs={})
    while True:  # the loop of tenacity.Retrying, with our own way to attempt and to wait
        step = retrying.iter(retry_state=state)
        if isinstance(step, tenacity.DoAttempt):
            result = yield from attempt(state.attempt_number)
            refusals += is_limited and isinstance(result, LMRateLimitError)
            if isinstance(result, LMError):
                state.set_exception((type(result), result, None))
            else:
                state.set_result(result)
        elif isinstance(step, tenacity.DoSleep):
            state.prepare_for_next_attempt()
            yield Pause(step, cancel)
        else:
            reply: Reply = step
            return reply


def _attempt_error(state: tenacity.RetryCallState) -> BaseException | None:
    return state.outcome.exception() if state.outcome is not None else None


def _wait_s(state: tenacity.RetryCallState) -> float:
    """Seconds before the next attempt: as the server asks, else longer each time."""
    from tenacity import wait_exponential, wait_random

    advised: float | None = getattr(_attempt_error(state), "retry_after_s", None)
    if advised is not None:
        return min(advised, MAX_RETRY_AFTER_S)
    return min((wait_exponential(multiplier=FIRST_BACKOFF_S) + wait_random(0, 0.5))(state), MAX_BACKOFF_S)
