"""The replies of a recorded run, by request, to be replayed.

    records --Recording--> by prompt and temperature: replies and failures, in order

Two requests are the same if their messages, temperature, rollout id and kind of response format are. A request that was made
several times gets its replies in their order, and the last one from then on. Where the recorded run was cut short, its replay
stops at the same place.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from refine_core.errors import RecordingEnded
from refine_core.events import (
    AdviceFailed,
    AdviceGiven,
    AttemptFailed,
    AttemptStarted,
    HintsEdited,
    LMFailed,
    LMReplied,
    LMRequested,
    LMRetried,
    RewardScored,
    RunFinished,
    RunResumed,
)
from refine_core.lm.types import Message
from refine_core.log.scope import Record
from refine_core.log.span import RUN, Span

_CUT_SHORT = {
    "cancelled": "that run was cancelled",
    "budget_used_up": "that run was stopped by its budget",
    "error": "that run was stopped by an error",
    "reward_broken": "that run was stopped by an error of its reward",
    "recording_ended": "that run was a replay whose recording ended",
}

_KEY_PARAMS = ("temperature", "rollout_id")


@dataclass(slots=True)
class RecordedAnswer:
    """The outcome of one recorded request. end: a reply, or the error of the last try; None if the run stopped before."""

    retries: list[LMRetried] = field(default_factory=list)
    end: LMReplied | LMFailed | None = None


class Recording:
    """The replies of a run, to be replayed. Safe across threads.

    records: the run's log, or a prefix of it. run_id: the run. has_temperature: whether its models were sent temperatures.
    cut_short: what stopped the run before its loop had finished, in words; "" if nothing did.
    edits: index of an attempt -> predictor name -> hint that a person wrote for it.
    """

    def __init__(self, records: Iterable[Record]) -> None:
        self.run_id, self.has_temperature = "", True
        self.cut_short = "that run did not finish"
        self._answers: dict[str, list[RecordedAnswer]] = {}
        self._used: dict[str, int] = {}
        self._formats = False
        self.edits: dict[int, dict[str, str]] = {}
        self._lock = threading.Lock()
        pending: dict[Span, RecordedAnswer] = {}
        all_records = list(records)
        restarted = _restarted_spans(all_records)
        for record in all_records:
            self.run_id = record.run_id
            if not any(record.span.is_in(span) for span in restarted):
                self._read_record(record, pending)

    def _read_record(self, record: Record, pending: dict[Span, RecordedAnswer]) -> None:
        match record.event:
            case RunFinished(reason=reason):
                self.cut_short = _CUT_SHORT.get(reason, "")
            case LMRequested(messages=messages, params=params):
                self._formats = self._formats or params.get("response_format") is not None
                answer = pending[record.span] = RecordedAnswer()
                self._answers.setdefault(_request_key(messages, params), []).append(answer)
            case LMRetried() as retried if record.span in pending:
                pending[record.span].retries.append(retried)
            case (LMReplied() | LMFailed()) as end if record.span in pending:
                pending.pop(record.span).end = end
            case HintsEdited(index=index, hints=hints, names=names) if not record.span.is_nested:
                self.edits.setdefault(index, {}).update({name: hints[name] for name in names})
            case AttemptStarted(index=0, fixed_temperature=names) if names:
                self.has_temperature = False
            case _:
                pass

    def supports(self, param: str) -> bool:
        """Whether the recorded models supported this parameter."""
        return (
            self.has_temperature if param == "temperature" else param == "response_format" and self._formats
        )

    def pass_over(self, records: Sequence[Record]) -> None:
        """Count the requests of a run that goes on as answered, but for those of attempts that it does again."""
        again = _restarted_spans(records, goes_on=True)
        with self._lock:
            for record in records:
                if isinstance(record.event, LMRequested) and not any(map(record.span.is_in, again)):
                    key = _request_key(record.event.messages, record.event.params)
                    self._used[key] = self._used.get(key, 0) + 1

    def contains(self, messages: Sequence[Message], params: Mapping[str, object]) -> bool:
        """Whether the run made this request."""
        return _request_key(messages, params) in self._answers

    def next_answer(self, messages: Sequence[Message], params: Mapping[str, object]) -> RecordedAnswer | None:
        """The next outcome of this request; None if the run did not make it, or it had no end.

        Raises RecordingEnded if the run was cut short and everything that it recorded has been replayed.
        """
        key = _request_key(messages, params)
        with self._lock:
            recorded = self._answers.get(key, [])
            complete = [a for a in recorded if a.end is not None]
            used = self._used.get(key, 0)
            is_over = used >= len(complete) and (len(recorded) > len(complete) or not self._has_unused())
            if self.cut_short and is_over:
                raise self._end_error()
            if not complete:
                return None
            index = min(used, len(complete) - 1)
            self._used[key] = index + 1
            return complete[index]

    def check_request(self, messages: Sequence[Message], params: Mapping[str, object]) -> None:
        """Raise RecordingEnded if the run was cut short before it made this request."""
        key = _request_key(messages, params)
        with self._lock:
            recorded = len(self._answers.get(key, []))
            if self.cut_short and self._used.get(key, 0) >= recorded and not self._has_unused():
                raise self._end_error()

    def _end_error(self) -> RecordingEnded:
        return RecordingEnded(f"The recording ends here: {self.cut_short}.")

    def _has_unused(self) -> bool:
        """Whether a recorded outcome has not been replayed yet."""
        return any(
            self._used.get(key, 0) < sum(a.end is not None for a in answers)
            for key, answers in self._answers.items()
        )


def _restarted_spans(records: Sequence[Record], *, goes_on: bool = False) -> set[Span]:
    """Spans of attempts, and of advice, that were cut off before the run was resumed; they were repeated afterwards.

    goes_on: whether the run is resumed after these records, too.
    """
    open_spans: set[Span] = set()
    cut_off: set[Span] = set()
    for record in records:
        match record.event:
            case RunResumed():
                cut_off |= open_spans
                open_spans = set()
            case AttemptStarted():
                open_spans.add(record.span)
            case LMRequested(purpose="advice"):
                open_spans.add(record.span.parent or RUN)
            case RewardScored() | AttemptFailed() | AdviceGiven() | AdviceFailed():
                open_spans.discard(record.span)
            case _:
                pass
    return cut_off | open_spans if goes_on else cut_off


def _request_key(messages: Sequence[Message], params: Mapping[str, object]) -> str:
    key = {name: params[name] for name in _KEY_PARAMS if params.get(name) is not None}
    if (response_format := params.get("response_format")) is not None:
        key["response_format"] = (
            response_format.get("type") if isinstance(response_format, Mapping) else str(response_format)
        )
    return json.dumps(([[m["role"], m["content"]] for m in messages], key), sort_keys=True)
