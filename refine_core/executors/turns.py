"""The limits of models, over all workers together: turns are given out by the app, in refine_core.lm.rate_limits.

On a worker a turn that a call waits for before it is recorded is asked for together with that record: one question instead of two.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from itertools import count
from typing import Any, Final

from refine_core.executors.channel import Channel
from refine_core.lm.clock import SystemClock
from refine_core.lm.protocol import Model
from refine_core.lm.rate_limits import Rates, call_turn
from refine_core.lm.shared import shared
from refine_core.lm.turns import ModelLimiter, Streak, Turn
from refine_core.lm.types import Message
from refine_core.log.scope import current_scope

_numbers: Final = count(1)


class RemoteTurn(Turn):
    """A turn that the app gives.

    address: of its model. characters: of the prompt, by which the app estimates its tokens. is_due: to be asked for with LMRequested.
    """

    __slots__ = ("address", "characters", "id", "is_due")

    def __init__(self, limiter: RemoteLimiter, characters: int, *, is_due: bool) -> None:
        super().__init__(limiter)
        self.id = next(_numbers)
        self.address, self.characters, self.is_due = limiter.address, characters, is_due

    @property
    def wish(self) -> dict[str, Any]:
        """What the app is asked for."""
        return {
            "id": self.id,
            "address": self.address,
            "model": self.limiter.label,
            "characters": self.characters,
        }


class RemoteLimiter(ModelLimiter):
    """The turns at one model, as a worker sees them."""

    def __init__(self, address: str, label: str, channel: Channel) -> None:
        super().__init__(label, None, SystemClock())
        self.address, self._channel = address, channel

    @property
    def is_limited(self) -> bool:
        """Whether a call has to wait its turn: the app knows."""
        return True

    def line_up(self, turn: Turn) -> Future[None] | None:
        """Ask the app for the turn; not yet where it is asked for with the record of the call."""
        turn = _of_worker(turn)
        if turn.is_due:
            turn.active = True
            return None
        granted: Future[None] = Future()
        answer = self._channel.ask("turn", {"take": turn.wish})

        def grant(done: Future[Mapping[str, Any]]) -> None:
            if (error := done.exception()) is not None:
                granted.set_exception(error)
            else:
                turn.active = True
                granted.set_result(None)

        answer.add_done_callback(grant)
        return granted

    def give_back(
        self, turn: Turn, tokens: int | None = None, *, sent: bool = True, good: bool = False
    ) -> None:
        """Tell the app that the turn is over."""
        turn = _of_worker(turn)
        turn.active = turn.is_due = False
        self._channel.notify("turn", {"give_back": turn.id, "tokens": tokens, "sent": sent, "good": good})

    def refuse(self, turn: Turn, retry_after_s: float | None) -> None:
        """Tell the app that the server refused the call; learn whether the model is given up."""
        turn = _of_worker(turn)
        body = {"refuse": turn.id, "retry_after_s": retry_after_s}
        said = self._channel.ask("turn", body).result().get("streak")
        self.streak = None if said is None else Streak(*said)

    def pause(self, seconds: float) -> None:
        """Tell the app that nobody is to send for so long."""
        self._channel.notify("turn", {"pause": [self.address, self.label], "seconds": seconds})


def _of_worker(turn: Turn) -> RemoteTurn:
    if not isinstance(turn, RemoteTurn):
        raise TypeError(f"a RemoteLimiter gives RemoteTurns, not {type(turn).__name__}")
    return turn


class RemoteRates(Rates):
    """The limits in force in the app that began the run which asks."""

    def __init__(self) -> None:
        super().__init__(SystemClock())

    def limiter_of(self, lm: Model) -> ModelLimiter | None:
        """The turns at this model; None for a run without limits."""
        channel = _find_channel()
        if channel is None or not channel.limited:
            return None
        key = (lm.address, lm.model)
        if key not in channel.limiters:
            channel.limiters[key] = RemoteLimiter(*key, channel)
        limiter: ModelLimiter = channel.limiters[key]
        return limiter

    def turn(self, lm: Model, messages: Sequence[Message], *, before_request: bool = False) -> Turn | None:
        """A turn for one call of this model. before_request: whether the call is recorded only after the turn has come."""
        limiter = self.limiter_of(lm)
        if not isinstance(limiter, RemoteLimiter):
            return None
        characters = sum(len(message["content"]) for message in messages)
        return RemoteTurn(limiter, characters, is_due=before_request)


def has_limits() -> bool:
    """Whether limits are in force in this process, which gives out the turns."""
    return shared.rates is not None and not isinstance(shared.rates, RemoteRates)


def install_remote_rates() -> None:
    """Have calls of this process's runs wait their turn in the app."""
    with shared.rates_lock:
        if shared.rates is None:
            shared.rates = RemoteRates()


def wanted_turn() -> RemoteTurn | None:
    """The turn that the call under way here is to be given with its record."""
    turn = call_turn()
    if not isinstance(turn, RemoteTurn) or not turn.is_due:
        return None
    turn.is_due = False
    return turn


def _find_channel() -> Channel | None:
    for sink in current_scope().sinks:
        channel = getattr(sink, "channel", None)
        if isinstance(channel, Channel):
            return channel
    return None


class AppTurns:
    """The turns of one start of a run, as the app gives them. What is left at the end is given back."""

    def __init__(self) -> None:
        self._turns: dict[int, Turn] = {}

    def make(self, wish: Mapping[str, Any]) -> Turn | None:
        """The turn that a worker wishes for; None where its model has no limits any more."""
        number = int(wish["id"])
        if number not in self._turns:
            rates = shared.rates
            limiter = None if rates is None else rates.find_limiter(str(wish["address"]), str(wish["model"]))
            if limiter is None:
                return None
            tokens = limiter.estimate_tokens(int(wish["characters"])) if limiter.counts_tokens else 0
            self._turns[number] = Turn(limiter, tokens)
        return self._turns[number]

    def settle(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """What became of a turn. Returns what the worker is told."""
        if "give_back" in body and (turn := self._turns.get(body["give_back"])) is not None:
            turn.limiter.give_back(turn, body["tokens"], sent=body["sent"], good=body["good"])
        elif "refuse" in body and (turn := self._turns.get(body["refuse"])) is not None:
            turn.limiter.refuse(turn, body["retry_after_s"])
            streak = turn.limiter.streak
            fields = (
                None
                if streak is None
                else [streak.since, streak.last, streak.count, streak.asks_s, streak.why]
            )
            return {"streak": fields}
        elif "pause" in body and shared.rates is not None:
            limiter = shared.rates.find_limiter(*body["pause"])
            if limiter is not None:
                limiter.pause(body["seconds"])
        return {}

    def close(self) -> None:
        """Give back what a worker had when it ended."""
        turns, self._turns = self._turns, {}
        for turn in turns.values():
            if turn.active:
                turn.limiter.give_back(turn)
