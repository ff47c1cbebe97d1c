"""PracticeLM: the built-in model, for a first run without a key and for tests of whole runs."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import ClassVar, Literal

from refine_core.concurrency.cancellation import Cancel
from refine_core.concurrency.effects import Pause
from refine_core.concurrency.flows import Flow
from refine_core.errors import LMRefusedError, LMTimeoutError
from refine_core.lm.base import FlowLM
from refine_core.lm.pacing import write_slowly
from refine_core.lm.types import Message, OnRetry, OnText, Reply, Usage
from refine_core.practice.advice import is_advice_request, write_advice
from refine_core.practice.outputs import draw_outputs, draw_plain_answer
from refine_core.practice.reply_text import TIMEOUT_PROBABILITY, is_garbled, render_reply
from refine_core.practice.request import Request, read_request
from refine_core.practice.sampling import Draw, make_draw

NAME = "practice model"
DEFAULT_TEMPERATURE = 1.0  # where a call sets none
RETRY_WAIT_S = 0.05
_TOKEN = re.compile(r"\w+|[^\w\s]")


class PracticeLM(FlowLM):
    """The practice model. It sees messages and parameters, answers at once, and costs nothing.

    seed: another seed is another run; the same seed, messages and parameters give the same reply, in any process.
    temperature: the default of every call; 0 always takes the most likely answer, None means the model's own, 1.0.
        See `sampling` for the mathematics.
    delay_s: seconds that each reply takes, for demos. num_retries: further attempts after a timeout.
    A call may also set `rollout_id`, `max_tokens` and `num_retries`; other parameters have no effect.
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

    def flow(
        self,
        messages: Sequence[Message],
        params: Mapping[str, object],
        *,
        cancel: Cancel | None = None,
        on_retry: OnRetry | None = None,
        on_text: OnText | None = None,
    ) -> Flow[Reply]:
        """`complete` as an operation; with a delay, the reply is written during it.

        Raises: LMTimeoutError, now and then, if an input is garbled; LMRefusedError for a temperature that
        is not a number of 0 or more; RunCancelled.
        """
        cancel = cancel or Cancel()
        temperature = self._temperature(params)
        retries = _whole_number(params.get("num_retries"), self.num_retries)
        request = read_request(messages)
        for ordinal in range(1 + retries):
            draw = make_draw(
                seed=self.seed,
                messages=messages,
                temperature=temperature,
                rollout_id=params.get("rollout_id"),
                ordinal=ordinal,
            )
            if not (is_garbled(request) and draw.happens(TIMEOUT_PROBABILITY)):
                reply = self._reply(messages, _write_reply(request, draw), params.get("max_tokens"))
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
        raise AssertionError("the last attempt neither answered nor failed")

    def dump_state(self) -> dict[str, object]:
        """Its name, seed and parameters."""
        return {**super().dump_state(), "seed": self.seed}

    def _temperature(self, params: Mapping[str, object]) -> float:
        temperature = params.get("temperature", self.kwargs.get("temperature"))
        if temperature is None:
            return DEFAULT_TEMPERATURE
        if (
            isinstance(temperature, bool)
            or not isinstance(temperature, (int, float))
            or not (0 <= temperature < math.inf)
        ):
            raise LMRefusedError(
                f"the temperature must be a number, 0 or more, not {temperature!r}", model=self.model
            )
        return float(temperature)

    def _reply(self, messages: Sequence[Message], text: str, max_tokens: object) -> Reply:
        tokens = list(_TOKEN.finditer(text))
        limit = _whole_number(max_tokens, len(tokens))
        is_cut = len(tokens) > limit
        usage = Usage(sum(len(_TOKEN.findall(m["content"])) for m in messages), min(limit, len(tokens)))
        shown = text[: tokens[limit].start()] if is_cut else text
        return Reply(shown, usage, self.model, "length" if is_cut else "stop", 0.0)


def _write_reply(request: Request, draw: Draw) -> str:
    if not request.outputs:
        return draw_plain_answer(request, draw)
    return render_reply(
        request,
        write_advice(request, draw) if is_advice_request(request) else draw_outputs(request, draw),
        draw,
    )


def _whole_number(value: object, default: int) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else default
