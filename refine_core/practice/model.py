"""PracticeLM: the built-in model, for a first run without a key and for tests of whole runs."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import ClassVar, Literal

from refine_core.concurrency.cancellation import Cancel
from refine_core.concurrency.effects import Pause
from refine_core.concurrency.flows import Flow, run
from refine_core.errors import LMRefusedError, LMTimeoutError
from refine_core.lm.base import BaseLM
from refine_core.lm.pacing import write_slowly
from refine_core.lm.types import Message, OnRetry, OnText, Reply, Usage
from refine_core.practice.advise import advised, asks_for_advice
from refine_core.practice.answer import fill, plain_answer
from refine_core.practice.reading import Ask, read
from refine_core.practice.replying import TIME_OUT, confused, rendered
from refine_core.practice.sampling import Draw, draw_for

NAME = "practice model"
OWN_TEMPERATURE = 1.0  # where a call gives none
RETRY_WAIT_S = 0.05
_TOKEN = re.compile(r"\w+|[^\w\s]")


class PracticeLM(BaseLM):
    """The practice model. It sees messages and parameters, answers at once, and costs nothing.

    seed: another seed is another run; the same seed, messages and parameters give the same reply, in any process.
    temperature: the default of every call; 0 always takes the likeliest answer, None leaves it at the model's own, 1.0.
        See `sampling` for the mathematics.
    delay_s: seconds that each reply takes, for demos. num_retries: further tries after a time-out.
    A call may also give `rollout_id`, `max_tokens` and `num_retries`; other parameters change nothing.
    A token is a word or a punctuation mark, so the counts in `usage` are exact, for this model.
    Raises: LMTimeoutError, LMRefusedError, RunCancelled, when called.
    """

    kind: ClassVar[Literal["practice"]] = "practice"

    def __init__(
        self, seed: int = 0, *, temperature: float | None = 0.0, delay_s: float = 0.0, num_retries: int = 1
    ) -> None:
        super().__init__(NAME, temperature=temperature)
        del self.kwargs["max_tokens"]
        self.seed, self.delay_s, self.num_retries = seed, delay_s, num_retries

    def complete(
        self,
        messages: Sequence[Message],
        params: Mapping[str, object],
        *,
        cancel: Cancel | None = None,
        on_retry: OnRetry | None = None,
    ) -> Reply:
        """The reply to `messages`."""
        return run(self.flow(messages, params, cancel=cancel, on_retry=on_retry))

    def flow(
        self,
        messages: Sequence[Message],
        params: Mapping[str, object],
        *,
        cancel: Cancel | None = None,
        on_retry: OnRetry | None = None,
        on_text: OnText | None = None,
    ) -> Flow[Reply]:
        """`complete` as an operation; with a delay the reply is written over that time.

        Raises: LMTimeoutError, now and then, if a text in the prompt is garbled; LMRefusedError for a temperature that
        is no number or below 0; RunCancelled.
        """
        cancel = cancel or Cancel()
        temperature = self._temperature(params)
        retries = _whole(params.get("num_retries"), self.num_retries)
        ask = read(messages)
        for ordinal in range(1 + retries):
            draw = draw_for(
                seed=self.seed,
                messages=messages,
                temperature=temperature,
                rollout_id=params.get("rollout_id"),
                ordinal=ordinal,
            )
            if not (confused(ask) and draw.happens(TIME_OUT)):
                reply = self._reply(messages, _said(ask, draw), params.get("max_tokens"))
                yield from write_slowly(reply.text, self.delay_s, cancel, on_text)
                return reply
            yield Pause(self.delay_s, cancel)
            late = LMTimeoutError(
                "the practice model gave no answer in time, as it does now and then when a text is garbled; "
                "fix the text, or let more attempts fail",
                model=self.model,
            )
            if ordinal == retries:
                raise late
            if on_retry is not None:
                on_retry(ordinal + 1, RETRY_WAIT_S, late)
            yield Pause(RETRY_WAIT_S, cancel)
        raise AssertionError("the last try neither answered nor failed")

    def dump_state(self) -> dict[str, object]:
        """Its name, seed and parameters."""
        return {**super().dump_state(), "seed": self.seed}

    def _temperature(self, params: Mapping[str, object]) -> float:
        given = params.get("temperature", self.kwargs.get("temperature"))
        if given is None:
            return OWN_TEMPERATURE
        if isinstance(given, bool) or not isinstance(given, (int, float)) or not (0 <= given < math.inf):
            raise LMRefusedError(
                f"the temperature must be a number, 0 or more, not {given!r}", model=self.model
            )
        return float(given)

    def _reply(self, messages: Sequence[Message], text: str, max_tokens: object) -> Reply:
        tokens = list(_TOKEN.finditer(text))
        most = _whole(max_tokens, len(tokens))
        cut = len(tokens) > most
        usage = Usage(sum(len(_TOKEN.findall(m["content"])) for m in messages), min(most, len(tokens)))
        shown = text[: tokens[most].start()] if cut else text
        return Reply(shown, usage, self.model, "length" if cut else "stop", 0.0)


def _said(ask: Ask, draw: Draw) -> str:
    if not ask.outputs:
        return plain_answer(ask, draw)
    return rendered(ask, advised(ask, draw) if asks_for_advice(ask) else fill(ask, draw), draw)


def _whole(given: object, default: int) -> int:
    return given if isinstance(given, int) and not isinstance(given, bool) and given >= 0 else default
