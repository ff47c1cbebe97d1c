"""The log folded into what a screen shows (a row of the history is folded by refine_core.log.summaries).

    records --Fold.add, one by one--> Timeline(loop, attempts: predictors: calls)

Folds group by span, never by adjacency: attempts may overlap. Any prefix of a log folds. `Timeline.loop` is the run's own
loop at that prefix, so `decide(timeline.loop)` is what the run did next. The loop also says which attempt is the best, and
which is good enough. What a refinement inside an attempt did belongs to that attempt, and its loop is not followed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

from refine_core import events as ev
from refine_core.log.scope import Record
from refine_core.log.span import Span
from refine_core.log.timeline import Advice, Attempt, Call, PredictorRun, Timeline
from refine_core.loop import Loop, Plan, evolve

T = TypeVar("T")
LOOP_EVENTS = (
    ev.AttemptStarted,
    ev.AttemptFailed,
    ev.RewardStarted,
    ev.RewardScored,
    ev.RewardComputed,
    ev.AdviceGiven,
    ev.AdviceFailed,
    ev.HintsEdited,
)


def timeline(records: Iterable[Record]) -> Timeline | None:
    """The run that `records` (a prefix of its log) describe, or None before its first one."""
    fold = Fold()
    for record in records:
        fold.add(record)
    return fold.current()


def cut_short(timeline: Timeline) -> Timeline:
    """The same run once nobody works at it any more: whatever has no end is cut off. `timeline` stays as it is."""
    attempts = [attempt.copy() for attempt in timeline.attempts]
    for attempt in attempts:
        _cut_short(attempt, recorded=bool(timeline.recorded_from))
    return replace(timeline, attempts=attempts, broken_off=timeline.end is None)


def add_drafts(timeline: Timeline, drafts: Mapping[Span, str]) -> Timeline:
    """The same run with what its models have written of their replies so far. `timeline` stays as it is.

    drafts: span of a call -> text.
    """
    attempts = []
    for original in timeline.attempts:
        attempt = original
        if any(call.waiting and call.span in drafts for call in original.all_calls):
            attempt = original.copy()
            for call in attempt.all_calls:
                call.draft = drafts.get(call.span, "") if call.waiting else ""
        attempts.append(attempt)
    return replace(timeline, attempts=attempts)


class Fold:
    """A run folded record by record.

    It finds what an event belongs to by its span: a predictor's lies in its attempt's, and a call's in that.
    """

    def __init__(self) -> None:
        self._timeline: Timeline | None = None
        self._snapshot: Timeline | None = None
        self._copies: dict[
            int, tuple[Attempt, Attempt]
        ] = {}  # id of an attempt -> itself, and its latest copy
        self._best_up_to: dict[int, int | None] = {}  # index of an attempt -> index of the best one up to it
        self._attempts: dict[Span, Attempt] = {}
        self._predictors: dict[Span, PredictorRun] = {}
        self._calls: dict[Span, Call] = {}
        self._latest: dict[Span | None, Call] = {}  # by the span of whatever asked
        self._paused_at: float | None = None
        self._paused_s = 0.0  # which no duration counts

    def add(self, record: Record) -> None:
        """Take in the next record of the run's log."""
        event, span = record.event, record.span
        at = record.at - self._paused_s
        if isinstance(event, ev.RunStarted):
            self._timeline = Timeline(
                record.run_id,
                event.spec,
                event.temperatures,
                event.predictors,
                record.at,
                Loop(Plan.of_run(event)),
                typed_key_roles=event.typed_key_roles,
                kept_events=event.kept_events,
                left_out=event.left_out,
                recorded_from=event.recorded_from,
                unknown=event.unknown,
            )
        if self._timeline is None:
            return
        self._snapshot = None
        self._timeline.seq = record.seq
        if isinstance(event, LOOP_EVENTS) and span.is_nested:
            return
        self._timeline.loop = evolve(self._timeline.loop, event)
        match event:
            case ev.RunPaused():
                self._timeline.pause, self._paused_at = event, record.at
            case ev.PauseEnded():
                self._end_pause(self._timeline, record.at)
            case ev.RunResumed():
                self._end_pause(self._timeline, record.at)
                self._resume(self._timeline, event)
            case ev.RunFinished():
                self._end_pause(self._timeline, record.at)
                self._timeline.end, self._timeline.ended_at = event, record.at
                self._note_returned(self._timeline)
                self._cut_short(self._timeline)
            case ev.AttemptStarted():
                self._start_attempt(self._timeline, span, event, at)
            case ev.LibraryFault() if not span.attempts:
                self._timeline.library_faults += (event,)
            case _ if (attempt := _owner(self._attempts, span)) is not None:
                self._copies.pop(id(attempt), None)
                self._add_to_attempt(self._timeline, attempt, record, at)

    def current(self) -> Timeline | None:
        """The run so far. It changes with the next record; `snapshot` gives one that does not."""
        return self._timeline

    def snapshot(self) -> Timeline | None:
        """The run so far, which no later record changes: the same object until there is another record.

        An attempt to which nothing happened since is the same object, too.
        """
        current = self.current()
        if self._snapshot is None and current is not None:
            self._snapshot = replace(
                current,
                attempts=[self._copy(attempt) for attempt in current.attempts],
                cut_off_attempts=[self._copy(attempt) for attempt in current.cut_off_attempts],
            )
        return self._snapshot

    def _copy(self, attempt: Attempt) -> Attempt:
        if id(attempt) not in self._copies:
            self._copies[id(attempt)] = attempt, attempt.copy()
        return self._copies[id(attempt)][1]

    # ---- what happens to the run

    def _start_attempt(self, timeline: Timeline, span: Span, event: ev.AttemptStarted, at: float) -> None:
        attempt = Attempt(
            event.index,
            event.temperature,
            event.hints,
            event.advice_from,
            at,
            event.fixed_temperature,
            edited_hints=event.edited,
            kept=event.index < timeline.kept_attempts,
        )
        self._attempts[span] = attempt
        if event.index in self._best_up_to:
            timeline.attempts = [a for a in timeline.attempts if a.index != event.index]
        timeline.attempts.append(attempt)
        self._note_best(timeline, len(timeline.attempts) - 1)

    def _end_pause(self, timeline: Timeline, at: float) -> None:
        """Nobody waits any more; the time until `at` is not counted."""
        if self._paused_at is not None:
            self._paused_s += max(0.0, at - self._paused_at)
            timeline.paused_s = self._paused_s
        timeline.pause = self._paused_at = None

    def _resume(self, timeline: Timeline, event: ev.RunResumed) -> None:
        """What was under way is over; it begins again. A run that had an end no longer has one."""
        if timeline.end is None:
            timeline.resume_count += 1
        elif timeline.end.reason == "cancelled":
            timeline.cancel_count += 1
        else:
            timeline.attempts_when_continued = event.from_index
        timeline.end = timeline.ended_at = None
        self._note_returned(timeline)
        self._cut_short(timeline)
        timeline.cut_off_attempts += [a for a in timeline.attempts if a.state == "cut_off"]
        timeline.attempts = [a for a in timeline.attempts if a.state != "cut_off"]

    def _cut_short(self, timeline: Timeline) -> None:
        """Nothing that has begun is under way any more."""
        for attempt in timeline.attempts:
            if _cut_short(attempt, recorded=bool(timeline.recorded_from)):
                self._copies.pop(id(attempt), None)

    def _note_returned(self, timeline: Timeline) -> None:
        """Mark the attempt that the caller was given, if there is one."""
        for attempt in timeline.attempts:
            if attempt.is_returned is not (attempt.index == timeline.returned_index):
                attempt.is_returned = not attempt.is_returned
                self._copies.pop(id(attempt), None)

    def _note_best(self, timeline: Timeline, first: int) -> None:
        """Mark the best attempt, and note the best reward up to each attempt from the one at position `first` on."""
        loop, attempts = timeline.loop, timeline.attempts
        best = self._best_up_to[attempts[first - 1].index] if first else None
        for attempt in attempts[first:]:
            i = attempt.index
            if attempt.reward is not None and (best is None or loop.rank(i) > loop.rank(best)):
                best = i
            self._best_up_to[i] = best
            reward = None if best is None else loop.rewards[best]
            if attempt.best_so_far != reward:
                attempt.best_so_far = reward
                self._copies.pop(id(attempt), None)
        if timeline.best != best:
            for attempt in attempts:
                if attempt.is_best is not (attempt.index == best):
                    attempt.is_best = not attempt.is_best
                    self._copies.pop(id(attempt), None)
            timeline.best = best

    # ---- what happens in an attempt

    def _add_to_attempt(self, timeline: Timeline, attempt: Attempt, record: Record, at: float) -> None:
        """at: when it happened, pauses not counted."""
        event, since = record.event, _since(attempt, at)
        match event:
            case ev.RewardStarted():
                attempt.outputs, attempt.reward_offset_s = event.outputs, since
            case ev.RewardScored():
                attempt.state, attempt.reward, attempt.score = "scored", event.value, event
                attempt.took_s, attempt.reaches_threshold = since, timeline.loop.reaches(event.index)
                self._note_best(timeline, _position(timeline.attempts, attempt))
            case ev.RewardComputed():
                attempt.state, attempt.reward, attempt.score = "scored", event.value, event.score
                attempt.took_s, attempt.computed_at = attempt.reward_offset_s, record.at
                attempt.reaches_threshold = timeline.loop.reaches(event.index)
                self._note_best(timeline, _position(timeline.attempts, attempt))
            case ev.AttemptFailed():
                attempt.state, attempt.phase, attempt.error = "failed", event.phase, event.error
                attempt.took_s = since
            case ev.AdviceGiven():
                advice = _advice_of(attempt, since)
                advice.state, advice.took_s = "done", event.took_s
                advice.kept = record.seq <= timeline.kept_events + 1
                advice.discussion, advice.hints = event.discussion, event.advice
                advice.dropped, advice.unnamed = event.dropped, event.unnamed
            case ev.AdviceFailed():
                advice = _advice_of(attempt, since)
                advice.state, advice.took_s, advice.error = "failed", event.took_s, event.error
                advice.kept = record.seq <= timeline.kept_events + 1
            case ev.LibraryFault():
                attempt.library_faults += (event,)
            case ev.ModuleStarted():
                run = PredictorRun(record.span, event.name, event.inputs, event.hint, since)
                self._predictors[record.span] = run
                attempt.predictors.append(run)
            case ev.PredictorTraced() | ev.ModuleEnded():
                self._add_to_predictor(record.span, event)
            case ev.LMRequested():
                self._add_call(attempt, record.span, event, at)
                self._calls[record.span].kept = record.seq <= timeline.kept_events + 1
            case _:
                self._add_to_call(attempt, record.span, event)

    def _add_to_predictor(self, span: Span, event: ev.PredictorTraced | ev.ModuleEnded) -> None:
        run = _owner(self._predictors, span)
        if run is None:
            return
        if isinstance(event, ev.PredictorTraced):
            run.outputs = event.outputs
        else:
            run.state = "done" if event.error is None else "failed"
            run.took_s, run.error = event.took_s, event.error

    def _add_call(self, attempt: Attempt, span: Span, event: ev.LMRequested, at: float) -> None:
        call = Call(span, event.model, event.purpose, event.messages, event.params, at)
        before = self._latest.get(call.caller)
        call.is_repeat = before is not None and (
            before.parse_failure is not None or (before.is_repeat and before.error is not None)
        )
        self._calls[span] = self._latest[call.caller] = call
        if event.purpose == "advice" and span.is_nested:
            attempt.inner_advice.append(call)
        elif event.purpose == "advice":
            advice = _advice_of(attempt, _since(attempt, at))
            advice.calls.append(call)
            if advice.state == "cut_off":  # where the run was resumed, it is asked for again
                advice.state = "running"
        elif event.purpose == "judge":
            attempt.judge_calls.append(call)
        elif (run := _owner(self._predictors, span)) is not None:
            run.calls.append(call)

    def _add_to_call(self, attempt: Attempt, span: Span, event: ev.Event) -> None:
        call = self._calls.get(span)
        match event:
            case ev.LMRetried() if call:
                call.retries.append(event)
                call.params = {n: v for n, v in call.params.items() if n not in event.left_out}
                run = _owner(self._predictors, span)
                if "temperature" in event.left_out and call.purpose == "predict" and run:
                    attempt.fixed_temperature = tuple(dict.fromkeys((*attempt.fixed_temperature, run.name)))
            case ev.LMReplied() if call:
                call.state, call.reply, call.took_s = "done", event, event.took_s
            case ev.LMFailed() if call:
                call.state, call.error = "failed", event.error
                call.took_s, call.charge = event.took_s, event.charge
            case ev.ParseFailed() if span in self._latest:
                self._latest[span].parse_failure = event
            case _:
                pass  # an event of a newer version: the log keeps it, and this view does not show it


def _cut_short(attempt: Attempt, *, recorded: bool) -> bool:
    """Mark what has no end as cut off. Whether there was any. recorded: whether the run was recorded from elsewhere."""
    changed = False
    if attempt.state == "running":
        is_unknown = recorded and attempt.outputs is not None
        attempt.state, changed = "unknown" if is_unknown else "cut_off", True
    parts: list[PredictorRun | Call | Advice] = [*attempt.predictors, *attempt.all_calls]
    if attempt.advice is not None:
        parts.append(attempt.advice)
    for part in parts:
        if part.state == "running":
            part.state, changed = "cut_off", True
    return changed


def _advice_of(attempt: Attempt, since: float) -> Advice:
    if attempt.advice is None:
        attempt.advice = Advice(since)
    return attempt.advice


def _owner(by_span: Mapping[Span, T], span: Span) -> T | None:
    """What was begun at this span, or at the nearest one around it."""
    around: Span | None = span
    while around is not None:
        if around in by_span:
            return by_span[around]
        around = around.parent
    return None


def _position(attempts: Sequence[Attempt], attempt: Attempt) -> int:
    """Where `attempt` itself is among the attempts, mostly at the end; their number if it is there no more."""
    return next((i for i in range(len(attempts) - 1, -1, -1) if attempts[i] is attempt), len(attempts))


def _since(attempt: Attempt, at: float) -> float:
    """Seconds since the attempt began. A clock that was set back does not make them negative."""
    return max(0.0, at - attempt.started_at)
