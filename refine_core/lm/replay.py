"""A recorded run as a model: every request gets the reply that it got in that run. No network, no key, no cost."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import ClassVar, Literal

from refine_core import errors
from refine_core.concurrency.cancellation import Cancel
from refine_core.concurrency.effects import Pause
from refine_core.concurrency.flows import Flow
from refine_core.errors import LMError, LMNotFoundError
from refine_core.events import (
    Event,
    Fault,
    LMFailed,
    LMRequested,
    Purpose,
)
from refine_core.lm.base import FlowLM
from refine_core.lm.pacing import write_slowly
from refine_core.lm.recording import Recording
from refine_core.lm.types import Message, OnRetry, OnText, Reply, Usage
from refine_core.log.span import Span
from refine_core.spec import ModelSpec, ReplyFormat

_STATUS = re.compile(r"\(([45]\d\d)\)")  # as refusal_messages writes it


class ReplayGuard:
    """A sink before the recorder. It refuses requests after the point where the recorded run was cut short.

    recordings: by the purpose of the request. Raises RecordingEnded.
    """

    def __init__(self, recordings: Mapping[Purpose, Recording]) -> None:
        self._recordings = recordings

    def accept(self, _: Span, event: Event) -> None:
        """Check a request."""
        if isinstance(event, LMRequested) and (recording := self._recordings.get(event.purpose)):
            recording.check_request(event.messages, event.params)


class ReplayLM(FlowLM):
    """A model that gives the replies of a recording. They cost nothing and are marked as replayed.

    model: the recorded model's name. temperature, reply_format: as the recorded one's. delay_s: seconds that each reply
    takes; None for as long as it took in that run. Raises: LMNotFoundError for a request that was not made in that run; the
    recorded errors.
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

    def flow(
        self,
        messages: Sequence[Message],
        params: Mapping[str, object],
        *,
        cancel: Cancel | None = None,
        on_retry: OnRetry | None = None,
        on_text: OnText | None = None,
    ) -> Flow[Reply]:
        """`complete` as an operation; it retries and fails where the recorded call did."""
        cancel = cancel or Cancel()
        answer = self.recording.next_answer(messages, self._recorded_params(messages, params))
        if answer is None or answer.end is None:
            raise LMNotFoundError(
                f"The recording of run {self.recording.run_id} holds no reply to this request: the program, its inputs, "
                "its reward or its temperatures are not those of that run. Change them back, or choose a model.",
                model=self.model,
            )
        waited_s = 0.0
        for retry in answer.retries:
            wait_s = retry.wait_s if self.delay_s is None else 0.0
            if on_retry is not None:
                error = _recorded_error(retry.error, self.model)
                error.left_out = retry.left_out
                on_retry(retry.ordinal, wait_s, error)
            yield Pause(wait_s, cancel)
            waited_s += wait_s
            if "temperature" in retry.left_out:
                self.recording.has_temperature = False  # as the recorded run found out
        end = answer.end
        took_s = max(0.0, end.took_s - waited_s) if self.delay_s is None else self.delay_s
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
        """Whether the recorded run made this request. It did not make those that its model was known to refuse."""
        return self.recording.contains(messages, self._recorded_params(messages, params))

    def drop_refused_params(self, params: Mapping[str, object]) -> Mapping[str, object]:
        """The parameters that the recorded model was sent, as far as the recording has been replayed."""
        has_temperature = self.recording.has_temperature
        return params if has_temperature else {n: v for n, v in params.items() if n != "temperature"}

    def _recorded_params(
        self, messages: Sequence[Message], params: Mapping[str, object]
    ) -> Mapping[str, object]:
        """The parameters of the recorded request: a separate adviser may take a temperature where the program's model takes none."""
        return params if self.recording.contains(messages, params) else self.drop_refused_params(params)

    def supports(self, param: str) -> bool:
        """Whether the recorded model supported the parameter."""
        return self.recording.supports(param)


def replay_spec(model: ModelSpec, run_id: str) -> ModelSpec:
    """The description of a model that replays run `run_id`. A replay of a replay is one of the original run."""
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
    """The recorded error, as it was raised in that run."""
    kind = getattr(errors, fault.type, LMError)
    if not (isinstance(kind, type) and issubclass(kind, LMError)):
        kind = LMError
    status = _STATUS.search(fault.message)
    return kind(fault.message, model=model, status=int(status[1]) if status else None)
