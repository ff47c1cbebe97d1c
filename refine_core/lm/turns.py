"""Turns at one model: how many calls are under way, how many a minute, and how all of them slow down once the server refuses.

    Turn.take --line_up--> [ queue, first come first served ] --_advance--> granted     give_back: a reply, an error
                                                                                        refuse: 429

Rule 1: a refusal (429) concerns the model and not the run: until the time that the server named, or a growing backoff, nobody sends.
Rule 2: additive increase, multiplicative decrease. A refusal halves how many calls may be under way; GOOD_REPLIES replies allow one more.
Of the calls that were under way together only the first refusal halves.
Rule 3: a turn keeps its place. A refused call that is tried again goes before those that came after it.
Rule 4: nobody waits without end. Once a model has refused MAX_IN_A_ROW times in a row, over MIN_REFUSED_S at least, or asks to be left
alone until more than MAX_HOLD_S after its last reply, it is given up: a refusal holds nobody back then. One reply ends that.

Nothing here sleeps: who waits, waits for a future under their own Cancel, and the clock is an argument.
"""

from __future__ import annotations

import heapq
import math
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress
from dataclasses import dataclass
from typing import Final, Protocol

from refine_core.concurrency.cancellation import Cancel
from refine_core.concurrency.flows import Flow
from refine_core.lm.clock import Clock
from refine_core.lm.effects import AwaitTurn
from refine_core.lm.minute_window import Entry, MinuteWindow

GOOD_REPLIES: Final = 10
"""So many good replies after a refusal allow one call more at once."""
FIRST_BACKOFF_S, MAX_BACKOFF_S = 1.0, 60.0
MAX_IN_A_ROW, MIN_REFUSED_S = 10, 60.0
"""Refusals without a reply between them; of calls that were under way together only the first counts."""
MAX_HOLD_S: Final = 3600.0
"""The longest that a server's word holds back all calls, and all that it says without a reply between."""
REMEMBERED: Final = 20
"""By the mean of so many last calls the tokens of the next one are estimated."""


class Limits(Protocol):
    """What a model is asked at most; None: no limit. at_once: calls under way."""

    @property
    def at_once(self) -> int: ...
    @property
    def requests_per_minute(self) -> int | None: ...
    @property
    def tokens_per_minute(self) -> int | None: ...


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast a model may be asked now.

    at_once: calls at once now. limit: as set. refusals: answers of 429 so far. paused_s: for how long in all nobody was to send because of
    them. lowest: the fewest calls at once that they led to. waiting, under_way: calls. resumes_in_s: 0 unless nobody may send now.
    """

    label: str
    at_once: int
    limit: int
    refusals: int
    paused_s: float
    lowest: int
    waiting: int
    under_way: int
    resumes_in_s: float

    @property
    def is_slowed(self) -> bool:
        """Whether a refusal still slows it."""
        return self.at_once < self.limit or self.resumes_in_s > 0


@dataclass(slots=True)
class Streak:
    """Refusals in a row, without a reply. count: those of calls that were not under way together. asks_s: the wait that the last one asked for.

    why: what was said of it when it was given up.
    """

    since: float
    last: float = 0.0
    count: int = 0
    asks_s: float = 0.0
    why: str = ""

    @property
    def lasted_s(self) -> float:
        """From the first of them to the last."""
        return self.last - self.since

    @property
    def asks_too_long(self) -> bool:
        """Whether the server asks for a longer wait than anybody waits."""
        return self.lasted_s + self.asks_s > MAX_HOLD_S

    @property
    def is_hopeless(self) -> bool:
        """Whether the model is given up."""
        return self.asks_too_long or (self.count >= MAX_IN_A_ROW and self.lasted_s >= MIN_REFUSED_S)


class Turn:
    """One call's turn, its further tries included. tokens: about as many as it takes. waited_s: for its turn, in all, so far."""

    __slots__ = ("active", "epoch", "future", "limiter", "number", "request", "tokens", "used", "waited_s")

    def __init__(self, limiter: ModelLimiter, tokens: int = 0) -> None:
        self.limiter, self.tokens = limiter, tokens
        self.number = self.epoch = 0
        self.active = False
        self.future: Future[None] | None = None
        self.request: Entry | None = None
        self.used: Entry | None = None
        self.waited_s = 0.0

    def take(self, cancel: Cancel) -> Flow[None]:
        """Wait for the turn; nothing if it is its turn. Raises RunCancelled, at once."""
        cancel.check()
        if self.active or (future := self.limiter.line_up(self)) is None:
            return
        clock = self.limiter.clock
        began = clock.now()
        try:
            yield AwaitTurn(future, cancel)
        except BaseException:
            self.limiter.give_back(self, sent=False)
            raise
        finally:
            self.waited_s += clock.now() - began


class ModelLimiter:
    """The turns at one model. label: as people know it. streak: of refusals, up to now. Safe across threads and event loops."""

    def __init__(self, label: str, limits: Limits | None, clock: Clock) -> None:
        self.label, self.clock = label, clock
        self._lock = threading.Lock()
        self._limits = limits
        self._allowed = _at_once(limits)
        self._lowest = self._allowed
        self._queue: list[int] = []  # numbers, as a heap; of whoever has left, too
        self._waiting: dict[int, Turn] = {}
        self._numbers = self._under_way = 0
        self._requests, self._tokens = MinuteWindow(), MinuteWindow()
        self._recent: deque[int] = deque(maxlen=REMEMBERED)
        self._epoch = self._good = self._refusals = 0
        self._not_before = -math.inf
        self._paused_s = 0.0
        self._backoff_s = FIRST_BACKOFF_S
        self.streak: Streak | None = None
        self._alarm: tuple[float, Callable[[], None]] | None = None

    @property
    def is_limited(self) -> bool:
        """Whether there are limits, so that a call has to wait its turn."""
        return self._limits is not None

    @property
    def counts_tokens(self) -> bool:
        """Whether tokens are limited, so that it is worth to estimate them."""
        return self._limits is not None and self._limits.tokens_per_minute is not None

    def estimate_tokens(self, characters: int) -> int:
        """What the next call takes, by the last ones; by its prompt of so many characters where none is known."""
        recent = [*self._recent]
        return math.ceil(sum(recent) / len(recent)) if recent else characters // 4

    def set_limits(self, limits: Limits | None) -> None:
        """Other limits from now on; None: none at all, and nothing that was refused counts any more."""
        with self._lock:
            self.streak = None
            is_slowed = self._allowed < _at_once(self._limits)
            self._limits = limits
            most = _at_once(limits)
            self._allowed = min(self._allowed, most) if is_slowed and limits is not None else most
            if limits is None:
                self._not_before = -math.inf
            ready = self._advance()
        _notify(ready)

    def line_up(self, turn: Turn) -> Future[None] | None:
        """Queue up. None if it is this turn's turn already, else what is done once it is."""
        with self._lock:
            if not turn.number:
                self._numbers += 1
                turn.number = self._numbers
            future: Future[None] = Future()
            turn.future = future
            heapq.heappush(self._queue, turn.number)
            self._waiting[turn.number] = turn
            ready = self._advance()
            granted = turn.active
        _notify([one for one in ready if one is not future])
        return None if granted else future

    def give_back(
        self, turn: Turn, tokens: int | None = None, *, sent: bool = True, good: bool = False
    ) -> None:
        """End a turn, or leave the queue. tokens: that it took, if known. sent: whether the server was asked. good: whether it replied."""
        with self._lock:
            if good:
                self.streak = None
            if turn.active:
                turn.active = False
                self._under_way -= 1
                self._correct(turn, tokens, sent=sent)
                if good and turn.epoch == self._epoch:
                    self._recover()
            else:
                self._waiting.pop(turn.number, None)
            turn.future = None
            ready = self._advance()
        _notify(ready)

    def refuse(self, turn: Turn, retry_after_s: float | None) -> None:
        """The server refused that call as one too many: all of them slow down. retry_after_s: as it asks, if it does."""
        with self._lock:
            self._refusals += 1
            wait_s = retry_after_s
            now = self.clock.now()
            streak = self.streak = self.streak or Streak(now)
            streak.last, streak.asks_s = now, wait_s or 0.0
            if turn.epoch == self._epoch:
                streak.count += 1
                self._allowed = max(1, min(self._allowed, self._under_way) // 2)
                self._lowest = min(self._lowest, self._allowed)
                self._epoch += 1
                self._good = 0
                if wait_s is None:
                    wait_s = self._backoff_s
                    self._backoff_s = min(2 * wait_s, MAX_BACKOFF_S)
            if not streak.is_hopeless:
                self._pause(wait_s or 0.0)

    def pause(self, seconds: float) -> None:
        """Nobody sends for so long, as the server asks, but for another reason than too many calls."""
        with self._lock:
            self._pause(seconds)

    def pace(self) -> Pace:
        """How fast it goes now."""
        with self._lock:
            return Pace(
                self.label,
                self._allowed,
                _at_once(self._limits),
                self._refusals,
                self._paused_s,
                min(self._lowest, self._allowed),
                len(self._waiting),
                self._under_way,
                max(0.0, self._not_before - self.clock.now()),
            )

    def _pause(self, seconds: float) -> None:
        now = self.clock.now()
        until = now + min(max(seconds, 0.0), MAX_HOLD_S)
        if until > self._not_before:
            self._paused_s += until - max(now, self._not_before)
            self._not_before = until

    def _recover(self) -> None:
        """Count a good reply to a call that was sent after the last refusal."""
        if self._allowed >= _at_once(self._limits):
            return
        self._good += 1
        if self._good >= GOOD_REPLIES:
            self._good = 0
            self._allowed += 1
            self._backoff_s = max(FIRST_BACKOFF_S, self._backoff_s / 2)

    def _correct(self, turn: Turn, tokens: int | None, *, sent: bool) -> None:
        """Count what the call really took, in place of what was estimated."""
        if tokens is not None:
            self._recent.append(tokens)
            self._tokens.change(turn.used, tokens)
        elif not sent:
            self._tokens.change(turn.used, 0)
            self._requests.change(turn.request, 0)

    def _advance(self) -> list[Future[None]]:
        """Grant turns as far as limits allow, and set the alarm for the next one. Returns what is to be told, outside the lock."""
        ready: list[Future[None]] = []
        limits = self._limits
        while self._queue and self._under_way < self._allowed:
            turn = self._waiting.get(self._queue[0])
            if turn is None or turn.future is None:
                heapq.heappop(self._queue)
                continue
            now = self.clock.now()
            at = self._not_before
            if limits is not None:
                at = max(at, self._requests.room_at(1, limits.requests_per_minute, now))
                at = max(at, self._tokens.room_at(turn.tokens, limits.tokens_per_minute, now))
            if at > now:
                self._wake_at(at, now)
                break
            heapq.heappop(self._queue)
            del self._waiting[turn.number]
            self._under_way += 1
            turn.active, turn.epoch = True, self._epoch
            if limits is not None:
                turn.request = self._requests.add(1, limits.requests_per_minute, now)
                turn.used = self._tokens.add(turn.tokens, limits.tokens_per_minute, now)
            ready.append(turn.future)
            turn.future = None
        return ready

    def _wake_at(self, at: float, now: float) -> None:
        if self._alarm is not None:
            if self._alarm[0] <= at:
                return
            self._alarm[1]()
        self._alarm = at, self.clock.call_later(at - now, self._on_alarm)

    def _on_alarm(self) -> None:
        with self._lock:
            self._alarm = None
            ready = self._advance()
        _notify(ready)


def _at_once(limits: Limits | None) -> int:
    return 2**31 if limits is None else max(1, limits.at_once)


def _notify(ready: list[Future[None]]) -> None:
    for future in ready:
        with suppress(InvalidStateError):  # whoever waited has left; they give the turn back
            future.set_result(None)
