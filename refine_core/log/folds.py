"""The log folded into what a screen shows (a row of the history is folded by refine_core.log.summaries).

    records --timeline--> Timeline(attempts: predictors: calls)

Folds group by span, never by adjacency: attempts may overlap. Any prefix of a log folds. Which attempt is the best, and
which is good enough, the loop is asked. What a refinement inside an attempt did is that attempt's; its own loop is not
told here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeVar

from refine_core import events as ev
from refine_core.log.scope import Record, nested
from refine_core.log.timeline import Advice, Attempt, Call, PredictorRun, Timeline
from refine_core.loop import Loop, Plan, evolve

T = TypeVar("T")
LOOP = (
    ev.AttemptStarted,
    ev.AttemptFailed,
    ev.RewardStarted,
    ev.RewardScored,
    ev.AdviceGiven,
    ev.AdviceFailed,
)


def timeline(records: Iterable[Record]) -> Timeline | None:
    """The run told by `records` (a prefix of its log), or None before its first one."""
    fold = _Fold()
    for record in records:
        fold.take(record)
    if fold.line is not None:
        fold.line.best = fold.line.loop.best
        _step(fold.line)
    return fold.line


def _step(line: Timeline) -> None:
    """Note with each attempt the best reward up to it."""
    loop, best = line.loop, None
    for attempt in line.attempts:
        i = attempt.index
        if attempt.reward is not None and (best is None or loop.rank(i) > loop.rank(best)):
            best = i
        attempt.best_so_far = None if best is None else loop.rewards[best]


class _Fold:
    """Finds what an event belongs to by its span: an attempt is "…attempt-k", a predictor's call lies inside it."""

    def __init__(self) -> None:
        self.line: Timeline | None = None
        self.attempts: dict[str, Attempt] = {}
        self.predictors: dict[str, PredictorRun] = {}
        self.advice: dict[str, Advice] = {}
        self.calls: dict[str, Call] = {}
        self.latest: dict[str, Call] = {}  # by the place that asked

    def take(self, record: Record) -> None:
        event, span = record.event, record.span
        if isinstance(event, ev.RunStarted):
            spec, temperatures = event.spec, event.temperatures
            loop = Loop(
                Plan((0.0,), spec.threshold, 0)
            )  # what is the best, and good enough, needs no more of it
            self.line = Timeline(
                record.run_id, spec, temperatures, event.predictors, record.at, loop, keyed=event.keyed
            )
        if self.line is None:
            return
        self.line.seq = record.seq
        if isinstance(event, LOOP) and nested(span):
            return
        self.line.loop = evolve(self.line.loop, event)
        if isinstance(event, ev.RunResumed):
            self._resume(self.line, event)
        elif isinstance(event, ev.RunFinished):
            self.line.finished, self.line.ended_at = event, record.at
            self.line.cut_short()
        elif isinstance(event, ev.AttemptStarted):
            attempt = Attempt(
                event.index,
                event.temperature,
                event.hints,
                event.advice_from,
                record.at,
                event.fixed_temperature,
            )
            self.attempts[span] = attempt
            self.line.attempts = [*(a for a in self.line.attempts if a.index != event.index), attempt]
        elif (owner := self._owner(self.attempts, span)) is not None:
            self._inside_attempt(owner, span, event, record.at)

    @staticmethod
    def _resume(line: Timeline, event: ev.RunResumed) -> None:
        """What was under way is over; it will begin anew. A run that had stopped by itself no longer has an end."""
        if line.finished is None:
            line.resumed += 1
        else:
            line.continued_after = event.from_index
        line.finished = line.ended_at = None
        line.cut_short()
        for attempt in [a for a in line.attempts if a.state == "cut_off"]:
            line.attempts.remove(attempt)
            line.cut_off.append(attempt)

    def _inside_attempt(self, attempt: Attempt, span: str, event: ev.Event, at: float) -> None:
        match event:
            case ev.RewardStarted():
                attempt.outputs, attempt.reward_offset_s = event.outputs, _since(attempt, at)
            case ev.RewardScored():
                attempt.state, attempt.reward, attempt.scored = "scored", event.value, event
                attempt.took_s = _since(attempt, at)
            case ev.AttemptFailed():
                attempt.state, attempt.phase, attempt.error = "failed", event.phase, event.error
                attempt.took_s = _since(attempt, at)
            case ev.ModuleStarted():
                run = PredictorRun(span, event.name, event.inputs, event.hint, _since(attempt, at))
                self.predictors[span] = run
                attempt.predictors.append(run)
            case ev.LMRequested():
                self._request(attempt, span, event, at)
            case ev.AdviceGiven():
                advice = self._advice(attempt, at)
                advice.given, advice.took_s = event, event.took_s
            case ev.AdviceFailed():
                advice = self._advice(attempt, at)
                advice.error, advice.took_s = event.error, event.took_s
            case _:
                self._inside_call(attempt, span, event)

    def _inside_call(self, attempt: Attempt, span: str, event: ev.Event) -> None:
        call, run, asked = self.calls.get(span), self._owner(self.predictors, span), self.latest.get(span)
        match event:
            case ev.LMRetried() if call:
                call.retries.append(event)
                call.params = {n: v for n, v in call.params.items() if n not in event.left_out}
                if "temperature" in event.left_out and call.purpose == "predict" and run:
                    attempt.fixed_temperature = tuple(dict.fromkeys((*attempt.fixed_temperature, run.name)))
            case ev.LMReplied() if call:
                call.reply, call.took_s = event, event.took_s
            case ev.LMFailed() if call:
                call.error, call.took_s, call.charge = event.error, event.took_s, event.charge
            case ev.ParseFailed() if asked:
                asked.parse_failed = event
            case ev.PredictorTraced() if run:
                run.outputs = event.outputs
            case ev.ModuleEnded() if run:
                run.took_s, run.error = event.took_s, event.error
            case _:
                pass  # an event of a newer version: it is kept in the log, and this view does not show it

    def _request(self, attempt: Attempt, span: str, event: ev.LMRequested, at: float) -> None:
        call = Call(span, event.model, event.purpose, event.messages, event.params, at)
        before = self.latest.get(call.place)
        call.again = before is not None and (
            before.parse_failed is not None or (before.again and before.error is not None)
        )
        self.calls[span] = self.latest[call.place] = call
        if event.purpose == "advice" and nested(span):
            attempt.inner_advice.append(call)
        elif event.purpose == "advice":
            advice = self._advice(attempt, at)
            advice.calls.append(call)
            advice.cut_off = False  # it is asked for anew, where the run was resumed
        elif event.purpose == "judge":
            attempt.judge_calls.append(call)
        elif (run := self._owner(self.predictors, span)) is not None:
            run.calls.append(call)

    def _advice(self, attempt: Attempt, at: float) -> Advice:
        if attempt.advice is None:
            attempt.advice = Advice(_since(attempt, at))
        return attempt.advice

    @staticmethod
    def _owner(places: Mapping[str, T], span: str) -> T | None:
        """What was begun at this span or nearest around it."""
        while span:
            if span in places:
                return places[span]
            span = span.rpartition("/")[0]
        return None


def _since(attempt: Attempt, at: float) -> float:
    """Seconds since the attempt began. A clock that was set back does not make them fewer than none."""
    return max(0.0, at - attempt.started_at)
