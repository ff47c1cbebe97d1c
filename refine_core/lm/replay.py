"""A recorded run as a model: every request gets the reply that it got then.

ReplayLM(recording)  asks nobody: no network, no key, no cost
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import ClassVar, Literal

from refine_core import errors
from refine_core.concurrency.cancellation import Cancel
from refine_core.concurrency.effects import Pause
from refine_core.concurrency.flows import Flow, run
from refine_core.errors import LMError, LMNotFoundError
from refine_core.events import (
    Event,
    Fault,
    LMFailed,
    LMRequested,
    Purpose,
)
from refine_core.lm.base import BaseLM
from refine_core.lm.pacing import write_slowly
from refine_core.lm.recording import Recording
from refine_core.lm.types import Message, OnRetry, OnText, Reply, Usage
from refine_core.log.span import Span
from refine_core.spec import ModelSpec, ReplyFormat

_STATUS = re.compile(r"\(([45]\d\d)\)")  # as refine_core.lm.refusal_messages writes it


class ReplayGuard:
    """A sink before whoever records: a request that the recorded run was cut short before is not on record here either.

    recordings: by who asks. Raises RecordingEnded.
    """

    def __init__(self, recordings: Mapping[Purpose, Recording]) -> None:
        self._recordings = recordings

    def accept(self, _: Span, event: Event) -> None:
        """Refuse the request."""
        if isinstance(event, LMRequested) and (recording := self._recordings.get(event.purpose)):
            recording.check(event.messages, event.params)


class ReplayLM(BaseLM):
    """A model that gives the replies of a recording. Replies cost nothing, and say that they are replayed.

    model: the recorded model's name. temperature, reply_format: as the recorded one's. delay_s: seconds that each reply
    takes; None for as long as it took then. Raises: LMNotFoundError for a request that was never made; the failures recorded.
    """

    kind: ClassVar[Literal["replay"]] = "replay"

    def __init__(
        self,
        recording: Recording,
        model: str,
        *,
        temperature: float | None = 0.0,
        delay_s: float | None = None,
        reply_format: ReplyFormat = "chat",
    ) -> None:
        super().__init__(model, temperature=temperature)
        del self.kwargs["max_tokens"]
        self.recording, self.delay_s, self.reply_format = recording, delay_s, reply_format

    def complete(
        self,
        messages: Sequence[Message],
        params: Mapping[str, object],
        *,
        cancel: Cancel | None = None,
        on_retry: OnRetry | None = None,
    ) -> Reply:
        """The recorded reply."""
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
        """`complete` as an operation; it retries where the recorded call did, and fails where that failed."""
        cancel = cancel or Cancel()
        answered = self.recording.next_answer(messages, self._recorded_params(messages, params))
        if answered is None or answered.end is None:
            raise LMNotFoundError(
                f"The recording of run {self.recording.run_id} holds no reply to this request: the program, its inputs, "
                "its reward or its temperatures are not those of that run. Change them back, or ask a model.",
                model=self.model,
            )
        waited = 0.0
        for retried in answered.retries:
            wait_s = retried.wait_s if self.delay_s is None else 0.0
            if on_retry is not None:
                error = _recorded_error(retried.error, self.model)
                error.left_out = retried.left_out
                on_retry(retried.ordinal, wait_s, error)
            yield Pause(wait_s, cancel)
            waited += wait_s
            if "temperature" in retried.left_out:
                self.recording.has_temperature = False  # as the recorded run found out
        end = answered.end
        took_s = max(0.0, end.took_s - waited) if self.delay_s is None else self.delay_s
        if isinstance(end, LMFailed):
            yield Pause(took_s, cancel)
            raise _recorded_error(end.error, self.model)
        yield from write_slowly(end.text, took_s, cancel, on_text)
        usage = Usage(end.prompt_tokens, end.completion_tokens)
        return Reply(
            end.text,
            usage,
            end.served_by or end.model,
            end.finish_reason,
            cost_usd=0.0,
            replayed=True,
            others=end.others,
            reasoning=end.reasoning,
            other_reasons=end.other_reasons,
        )

    def should_ask(self, messages: Sequence[Message], params: Mapping[str, object]) -> bool:
        """Whether the recorded run made this request: what a model was known to refuse then was not asked for."""
        return self.recording.contains(messages, self._recorded_params(messages, params))

    def drop_refused_params(self, params: Mapping[str, object]) -> Mapping[str, object]:
        """What the recorded model was sent, as far as the recording was given."""
        has_temperature = self.recording.has_temperature
        return params if has_temperature else {n: v for n, v in params.items() if n != "temperature"}

    def _recorded_params(
        self, messages: Sequence[Message], params: Mapping[str, object]
    ) -> Mapping[str, object]:
        """The parameters of the recorded request: an adviser of its own may take a temperature where the program's model took none."""
        return params if self.recording.contains(messages, params) else self.drop_refused_params(params)

    def supports(self, param: str) -> bool:
        """Whether the recorded model took it."""
        return self.recording.supports(param)


def replay_spec(model: ModelSpec, run_id: str) -> ModelSpec:
    """The description of the same model as run `run_id` recorded it; a replay of a replay is one of the first run."""
    if model.kind == "replay":
        return model
    return replace(
        ModelSpec(),
        kind="replay",
        model=model.label,
        temperature=model.temperature,
        delay_s=None,
        recording_id=run_id,
        reply_format=model.reply_format,
    )


def _recorded_error(fault: Fault, model: str) -> LMError:
    """The recorded failure, as it was raised then."""
    kind = getattr(errors, fault.type, LMError)
    if not (isinstance(kind, type) and issubclass(kind, LMError)):
        kind = LMError
    status = _STATUS.search(fault.message)
    return kind(fault.message, model=model, status=int(status[1]) if status else None)
