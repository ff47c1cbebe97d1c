"""A recorded run as a model: every request gets the reply that it got then.

    records --Recording--> by prompt and temperature: replies and failures, in order
    ReplayLM(recording)  asks nobody: no network, no key, no cost

A request is the same if its messages, temperature, rollout id and kind of response format are. One that was made several times
gets its replies in their order, and the last one from then on. What was never asked has no reply, and says so. Where the
recorded run was cut short, its replay stops at the same place.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import ClassVar, Literal

from refine_core import errors
from refine_core.concurrency.cancellation import Cancel
from refine_core.concurrency.effects import Pause
from refine_core.concurrency.flows import Flow, run
from refine_core.errors import LMError, LMNotFoundError, RecordingEnded
from refine_core.events import (
    AdviceFailed,
    AdviceGiven,
    AttemptFailed,
    AttemptStarted,
    Event,
    Fault,
    LMFailed,
    LMReplied,
    LMRequested,
    LMRetried,
    Purpose,
    RewardScored,
    RunFinished,
    RunResumed,
)
from refine_core.lm.base import BaseLM
from refine_core.lm.pacing import write_slowly
from refine_core.lm.types import Message, OnRetry, OnText, Reply, Usage
from refine_core.log.scope import Record
from refine_core.spec import ModelSpec, ReplyFormat

_CUT_SHORT = {
    "cancelled": "that run was cancelled",
    "budget_used_up": "that run was stopped by its budget",
    "error": "that run was stopped by an error",
    "reward_broken": "that run was stopped by an error of its reward",
    "recording_ended": "that run was a replay, and ended so too",
}
_KEY_PARAMS = ("temperature", "rollout_id")
_STATUS = re.compile(r"\(([45]\d\d)\)")  # as refine_core.lm.refusal_messages writes it


@dataclass(slots=True)
class RecordedAnswer:
    """What came of one recorded request: a reply, or the failure of the last try; before it, the retries."""

    retries: list[LMRetried] = field(default_factory=list)
    end: LMReplied | LMFailed | None = None


class Recording:
    """The replies of a run, ready to be given again. Safe across threads.

    records: the run's log, or a prefix of it. run_id: the run. tempered: whether its models were given temperatures.
    cut_short: how the run ended before its loop had come to its end, in words; "" where it came there.
    """

    def __init__(self, records: Iterable[Record]) -> None:
        self.run_id, self.has_temperature = "", True
        self.cut_short = "that run did not come to its end"
        self._answers: dict[str, list[RecordedAnswer]] = {}
        self._used: dict[str, int] = {}
        self._formats = False
        self._lock = threading.Lock()
        under_way: dict[str, RecordedAnswer] = {}
        kept = list(records)
        restarted = _restarted_spans(kept)
        for record in kept:
            self.run_id = record.run_id
            if not any(record.span == place or record.span.startswith(f"{place}/") for place in restarted):
                self._read_record(record, under_way)

    def _read_record(self, record: Record, under_way: dict[str, RecordedAnswer]) -> None:
        match record.event:
            case RunFinished(reason=reason):
                self.cut_short = _CUT_SHORT.get(reason, "")
            case LMRequested(messages=messages, params=params):
                self._formats = self._formats or params.get("response_format") is not None
                answered = under_way[record.span] = RecordedAnswer()
                self._answers.setdefault(_request_key(messages, params), []).append(answered)
            case LMRetried() as retried if record.span in under_way:
                under_way[record.span].retries.append(retried)
            case (LMReplied() | LMFailed()) as end if record.span in under_way:
                under_way.pop(record.span).end = end
            case AttemptStarted(index=0, fixed_temperature=names) if names:
                self.has_temperature = False
            case _:
                pass

    def supports(self, param: str) -> bool:
        """Whether the recorded models took this parameter."""
        return (
            self.has_temperature if param == "temperature" else param == "response_format" and self._formats
        )

    def contains(self, messages: Sequence[Message], params: Mapping[str, object]) -> bool:
        """Whether this request was made."""
        return _request_key(messages, params) in self._answers

    def next_answer(self, messages: Sequence[Message], params: Mapping[str, object]) -> RecordedAnswer | None:
        """What came of this request the next time that it was made; None if it never was, or had no end.

        Raises RecordingEnded where the run was cut short, and everything that it recorded was given.
        """
        key = _request_key(messages, params)
        with self._lock:
            recorded = self._answers.get(key, [])
            known = [a for a in recorded if a.end is not None]
            given = self._used.get(key, 0)
            here = given >= len(known) and (len(recorded) > len(known) or not self._has_unused())
            if self.cut_short and here:
                raise self._end_error()
            if not known:
                return None
            place = min(given, len(known) - 1)
            self._used[key] = place + 1
            return known[place]

    def check(self, messages: Sequence[Message], params: Mapping[str, object]) -> None:
        """Raise RecordingEnded if the run was cut short before it made this request."""
        key = _request_key(messages, params)
        with self._lock:
            made = len(self._answers.get(key, []))
            if self.cut_short and self._used.get(key, 0) >= made and not self._has_unused():
                raise self._end_error()

    def _end_error(self) -> RecordingEnded:
        return RecordingEnded(f"The recording ends here: {self.cut_short}.")

    def _has_unused(self) -> bool:
        """Whether a recorded answer was not given yet."""
        return any(
            self._used.get(key, 0) < sum(a.end is not None for a in asked)
            for key, asked in self._answers.items()
        )


class ReplayGuard:
    """A sink before whoever records: a request that the recorded run was cut short before is not on record here either.

    recordings: by who asks. Raises RecordingEnded.
    """

    def __init__(self, recordings: Mapping[Purpose, Recording]) -> None:
        self._recordings = recordings

    def accept(self, _: str, event: Event) -> None:
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

    def offers(self, messages: Sequence[Message], params: Mapping[str, object]) -> bool:
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
        cassette=run_id,
        reply_format=model.reply_format,
    )


def _restarted_spans(records: Sequence[Record]) -> set[str]:
    """Places of attempts, and of advice, that were cut off before the run was resumed: other replies stand in their stead."""
    open_places: set[str] = set()
    cut_off: set[str] = set()
    for record in records:
        match record.event:
            case RunResumed():
                cut_off |= open_places
                open_places = set()
            case AttemptStarted():
                open_places.add(record.span)
            case LMRequested(purpose="advice"):
                open_places.add(record.span.rpartition("/")[0])
            case RewardScored() | AttemptFailed() | AdviceGiven() | AdviceFailed():
                open_places.discard(record.span)
            case _:
                pass
    return cut_off


def _request_key(messages: Sequence[Message], params: Mapping[str, object]) -> str:
    telling = {name: params[name] for name in _KEY_PARAMS if params.get(name) is not None}
    if (wished := params.get("response_format")) is not None:
        telling["response_format"] = wished.get("type") if isinstance(wished, Mapping) else str(wished)
    return json.dumps(([[m["role"], m["content"]] for m in messages], telling), sort_keys=True)


def _recorded_error(fault: Fault, model: str) -> LMError:
    """The recorded failure, as it was raised then."""
    kind = getattr(errors, fault.type, LMError)
    if not (isinstance(kind, type) and issubclass(kind, LMError)):
        kind = LMError
    status = _STATUS.search(fault.message)
    return kind(fault.message, model=model, status=int(status[1]) if status else None)
