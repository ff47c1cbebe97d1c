"""Limits for each model: calls at once, requests and tokens a minute; and a 429 that slows everybody on that model equally.

    with limit_rates({"openai/gpt-5": limits, "practice model": limits}) as rates:     from any thread; for the whole process
        ...                                                                            every call of these models waits its turn
        rates.slowed_models()      {"openai/gpt-5": 4}: models that a refusal slows now, and their calls at once
        rates.paces()              the same in full

So whoever runs an experiment installs it around the whole of its work: once for each time that it is started, with every model of its
arms (answers, advice, judging) by its label, and closes it at the end. Two at once on one model: the tighter limit of each kind holds.
A model is told apart by its address and its name, so arms that ask the same model share its limits, and other runs of this process, too.

What a call's wait is worth in a log: it waits *before* LMRequested, so it is no time of the model, it is not counted against timeout_s,
and a budget is looked at after the wait, right before the call. A call that may be answered by the cache looks there first,
and waits inside; that wait, and one before a further try, is left out of the call's took_s. What an attempt or a run took holds the waits.

While limits are in force the model is slowed by a 429, and that is no fault of the call: up to MAX_REFUSALS of them do not count as one of
its retries (see retries). A model that only refuses is given up (see turns, rule 4): each call of it ends with LMStillRefusedError.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping, Sequence
from contextvars import ContextVar
from typing import Any, Self

from refine_core.concurrency.cancellation import Cancel
from refine_core.concurrency.flows import Flow
from refine_core.errors import LMError, LMRateLimitError, LMStillRefusedError, LMUnavailableError
from refine_core.formatting import format_duration, format_time
from refine_core.lm.clock import Clock, SystemClock
from refine_core.lm.litellm_errors import as_litellm_error
from refine_core.lm.protocol import Model
from refine_core.lm.refusal_messages import ASK_LESS
from refine_core.lm.shared import shared
from refine_core.lm.turns import Limits, ModelLimiter, Pace, Streak, Turn
from refine_core.lm.types import Message, Reply

__all__ = ["Limits", "Pace", "RateLimits", "limit_rates"]

_turn: ContextVar[Turn | None] = ContextVar("refine_core_turn", default=None)


class Rates:
    """The limits in force in this process; in `shared.rates` while there are any."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._limiters: dict[tuple[str, str], ModelLimiter] = {}
        self.installed: list[RateLimits] = []

    def limiter_of(self, lm: Model) -> ModelLimiter | None:
        """The turns at this model; None where it has no limits."""
        return self.find_limiter(lm.address, lm.model)

    def find_limiter(self, address: str, label: str) -> ModelLimiter | None:
        """The same, by the model's address and its name."""
        key = (address, label)
        limiter = self._limiters.get(key)
        if limiter is None:
            with self._lock:
                limits = self._limits_of(label)
                if limits is not None:
                    limiter = self._limiters.setdefault(key, ModelLimiter(label, limits, self._clock))
        return limiter if limiter is not None and limiter.is_limited else None

    def turn(self, lm: Model, messages: Sequence[Message], *, before_request: bool = False) -> Turn | None:  # noqa: ARG002
        """A turn for one call of this model. before_request: whether the call is recorded only after its turn has come."""
        if (limiter := self.limiter_of(lm)) is None:
            return None
        tokens = 0
        if limiter.counts_tokens:
            tokens = limiter.estimate_tokens(sum(len(message["content"]) for message in messages))
        return Turn(limiter, tokens)

    def update(self) -> None:
        """After limits came or went."""
        with self._lock:
            for limiter in self._limiters.values():
                limiter.set_limits(self._limits_of(limiter.label))

    def paces(self) -> list[Pace]:
        """Of every model that was asked."""
        return [limiter.pace() for limiter in [*self._limiters.values()] if limiter.is_limited]

    def _limits_of(self, label: str) -> Limits | None:
        found = [one.limits[label] for one in self.installed if label in one.limits]
        return _Tightest(found) if found else None


class _Tightest:
    """Of several limits the lowest of each kind."""

    def __init__(self, limits: Sequence[Limits]) -> None:
        self.at_once = min(one.at_once for one in limits)
        self.requests_per_minute = _lowest(one.requests_per_minute for one in limits)
        self.tokens_per_minute = _lowest(one.tokens_per_minute for one in limits)


def _lowest(values: Any) -> int | None:
    known: list[int] = [value for value in values if value is not None]
    return min(known, default=None)


class RateLimits:
    """Limits that were installed. limits: label of a model -> its limits. Close it, or use it as a block."""

    def __init__(self, limits: Mapping[str, Limits], rates: Rates) -> None:
        self.limits = dict(limits)
        self._rates = rates

    def change(self, limits: Mapping[str, Limits]) -> None:
        """Put other limits in their place, at once."""
        with shared.rates_lock:
            self.limits = dict(limits)
            self._rates.update()

    def slowed_models(self) -> dict[str, int]:
        """Label of a model of these that a refusal slows now -> how many calls it is asked at once. 0: nobody asks it for now."""
        slowed: dict[str, int] = {}
        for pace in self.paces():
            if pace.is_slowed:
                slowed[pace.label] = min(pace.at_once, slowed.get(pace.label, pace.at_once))
        return slowed

    def held_models(self) -> dict[str, float]:
        """Label of a model of these that nobody may ask now, as its server refused calls -> seconds until somebody may."""
        held: dict[str, float] = {}
        for pace in self.paces():
            if pace.resumes_in_s > 0:
                held[pace.label] = max(pace.resumes_in_s, held.get(pace.label, 0.0))
        return held

    def paces(self) -> list[Pace]:
        """How fast each of these models is asked, of those that were asked at all."""
        return [pace for pace in self._rates.paces() if pace.label in self.limits]

    def close(self) -> None:
        """The limits are gone. Calling twice is harmless."""
        with shared.rates_lock:
            if self in self._rates.installed:
                self._rates.installed.remove(self)
                self._rates.update()
            if not self._rates.installed and shared.rates is self._rates:
                shared.rates = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def limit_rates(limits: Mapping[str, Limits], *, clock: Clock | None = None) -> RateLimits:
    """Limit the calls of these models in this process until the result is closed. limits: label of a model -> its limits.

    clock: for tests; it counts where no other limits are in force.
    """
    with shared.rates_lock:
        rates = shared.rates
        if rates is None:
            rates = Rates(clock or SystemClock())
        installation = RateLimits(limits, rates)
        rates.installed.append(installation)
        rates.update()
        shared.rates = rates
    return installation


def in_turn(
    rates: Rates,
    lm: Model,
    messages: Sequence[Message],
    flow: Flow[Reply],
    cancel: Cancel,
    *,
    may_be_cached: bool,
) -> Flow[Reply]:
    """A call that waits its turn before anything of it begins; the turn is over when the call is.

    may_be_cached: then it waits within, once no cache has answered.
    """
    turn = rates.turn(lm, messages, before_request=not may_be_cached)
    if turn is None:
        return (yield from flow)
    if not may_be_cached:
        yield from turn.take(cancel)
    outer = _turn.get()
    _turn.set(turn)  # not by a token: an abandoned flow may be closed in another context
    try:
        reply = yield from flow
        give_back(turn, reply)
        return reply
    finally:
        _turn.set(outer)
        give_back(turn, None)


def current_turn(rates: Rates, lm: Model, messages: Sequence[Message]) -> Turn | None:
    """The turn that this call of the model waited for already, else one of its own; None where it has no limits."""
    turn = _turn.get()
    if turn is not None and turn.limiter is rates.limiter_of(lm):
        return turn
    return rates.turn(lm, messages)


def call_turn() -> Turn | None:
    """The turn of the call that is under way here."""
    return _turn.get()


def give_back(turn: Turn, result: Reply | LMError | None) -> None:
    """End the turn, if it has come, and learn from what came of it. None: nothing that could be told."""
    if not turn.active:
        return
    if isinstance(result, LMRateLimitError) and result.retryable:
        turn.limiter.refuse(turn, result.retry_after_s)
    elif isinstance(result, LMUnavailableError) and result.retry_after_s is not None:
        turn.limiter.pause(result.retry_after_s)
    if not isinstance(result, Reply):
        turn.limiter.give_back(turn)
        return
    sent, received = result.usage.prompt_tokens, result.usage.completion_tokens
    tokens = None if sent is None or received is None else sent + received
    turn.limiter.give_back(turn, tokens, good=True)


def give_up(turn: Turn, result: Reply | LMError) -> Reply | LMError:
    """The result of a call whose turn is over; the error that ends all waiting in its place, where the model was refused for too long."""
    streak = turn.limiter.streak
    if (
        not isinstance(result, LMRateLimitError)
        or not result.retryable
        or streak is None
        or not streak.is_hopeless
    ):
        return result
    streak.why = streak.why or _explain(streak, result)
    error = LMStillRefusedError(
        streak.why, model=result.model, status=result.status, retry_after_s=result.retry_after_s
    )
    return as_litellm_error(error)


def _explain(streak: Streak, refusal: LMRateLimitError) -> str:
    happened = str(refusal).replace(ASK_LESS, "")  # there is other advice
    if streak.asks_too_long:
        until = format_time(time.time() + streak.asks_s)
        return f"{happened} It asks to wait until {until}: resume then, or use another model."
    lasted = format_duration(streak.lasted_s)
    return (
        f"{happened} It went on like that for {lasted}, without a single reply. "
        "Wait, or lower the calls at once or a minute, then resume."
    )


def working_time() -> float:
    """A clock in seconds that stands still while the call under way here waits for its turn."""
    turn = _turn.get()
    return time.perf_counter() - (0.0 if turn is None else turn.waited_s)
