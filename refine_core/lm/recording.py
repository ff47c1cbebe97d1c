"""The replies of a recorded run, by request, ready to be given again.

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
    "recording_ended": "that run was a replay, and ended so too",
}

_KEY_PARAMS = ("temperature", "rollout_id")


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
        under_way: dict[Span, RecordedAnswer] = {}
        kept = list(records)
        restarted = _restarted_spans(kept)
        for record in kept:
            self.run_id = record.run_id
            if not any(record.span.is_in(span) for span in restarted):
                self._read_record(record, under_way)

    def _read_record(self, record: Record, under_way: dict[Span, RecordedAnswer]) -> None:
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


def _restarted_spans(records: Sequence[Record]) -> set[Span]:
    """Spans of attempts, and of advice, that were cut off before the run was resumed: other replies stand in their stead."""
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
    return cut_off


def _request_key(messages: Sequence[Message], params: Mapping[str, object]) -> str:
    telling = {name: params[name] for name in _KEY_PARAMS if params.get(name) is not None}
    if (wished := params.get("response_format")) is not None:
        telling["response_format"] = wished.get("type") if isinstance(wished, Mapping) else str(wished)
    return json.dumps(([[m["role"], m["content"]] for m in messages], telling), sort_keys=True)
