"""The log folded into what a person sees: Timeline for a screen, Summary for a row of the history.

    records --timeline--> Timeline(attempts: predictors: calls)        summary + record --summarize--> Summary

Folds group by span, never by adjacency: attempts may overlap. Any prefix of a log folds; what has not happened yet is
None, and what is unknown (tokens, cost) is None too, never 0.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal, TypeVar

from refine_core import events as ev
from refine_core.log.scope import Record
from refine_core.spec import ProgramSpec

T = TypeVar("T")
State = Literal["running", "scored", "failed", "cut_off"]


@dataclass(slots=True)
class Call:
    """One request to a model. text is None until it answered; error is set if it never did."""

    span: str
    model: str
    purpose: ev.Purpose
    messages: tuple[Mapping[str, str], ...]
    params: Mapping[str, object]
    started_at: float
    retries: list[ev.LMRetried] = field(default_factory=list)
    reply: ev.LMReplied | None = None
    error: ev.Fault | None = None
    took_s: float | None = None


@dataclass(slots=True)
class PredictorRun:
    """One call of one predictor. offset_s: since the attempt began. outputs: None unless parsed."""

    span: str
    name: str
    inputs: Mapping[str, object]
    hint: str | None
    offset_s: float
    calls: list[Call] = field(default_factory=list)
    outputs: Mapping[str, object] | None = None
    parse_failed: ev.ParseFailed | None = None
    took_s: float | None = None
    error: ev.Fault | None = None


@dataclass(slots=True)
class Advice:
    """What was advised after an attempt. given is None while asked for, or if it failed (then error says why)."""

    offset_s: float
    calls: list[Call] = field(default_factory=list)
    given: ev.AdviceGiven | None = None
    error: ev.Fault | None = None
    took_s: float | None = None


@dataclass(slots=True)
class Attempt:
    """One try. reward is None unless scored; error and phase are set if it failed.

    state "cut_off": the run ended while it ran. took_s: until its reward or failure. best_so_far: highest reward up to here.
    reward_offset_s: when the reward was asked, since the attempt began. calls: in judging too.
    """

    index: int
    temperature: float
    hints: Mapping[str, str]
    advice_from: int | None
    started_at: float
    state: State = "running"
    predictors: list[PredictorRun] = field(default_factory=list)
    outputs: Mapping[str, object] | None = None
    reward: float | None = None
    scored: ev.RewardScored | None = None
    reward_offset_s: float | None = None
    judge_calls: list[Call] = field(default_factory=list)
    phase: ev.Phase | None = None
    error: ev.Fault | None = None
    took_s: float | None = None
    advice: Advice | None = None
    best_so_far: float | None = None

    @property
    def calls(self) -> list[Call]:
        """Every request made on behalf of this attempt, its advice not counted."""
        return [call for run in self.predictors for call in run.calls] + self.judge_calls


@dataclass(slots=True)
class Timeline:
    """A run as far as its log goes.

    spec, temperatures, predictors: from RunStarted. seq: the last record folded. finished: None while it runs.
    """

    run_id: str
    spec: ProgramSpec
    temperatures: tuple[float, ...]
    predictors: tuple[str, ...]
    started_at: float
    attempts: list[Attempt] = field(default_factory=list)
    finished: ev.RunFinished | None = None
    ended_at: float | None = None
    seq: int = 0

    @property
    def best(self) -> int | None:
        """Index of the attempt with the highest reward; a tie keeps the first."""
        scored = [a for a in self.attempts if a.reward is not None]
        return max(scored, key=lambda a: a.reward or 0.0, default=None).index if scored else None  # type: ignore[union-attr]

    @property
    def first_failed(self) -> int | None:
        """Index of the first attempt that failed."""
        return next((a.index for a in self.attempts if a.state == "failed"), None)

    @property
    def calls(self) -> list[Call]:
        """Every request of the run, advice and judging included."""
        return [c for a in self.attempts for c in (*a.calls, *(a.advice.calls if a.advice else ()))]

    @property
    def usage(self) -> Usage:
        """Tokens and cost of the run."""
        return Usage.of(self.calls)


@dataclass(frozen=True, slots=True)
class Usage:
    """Sums over calls that answered; None where any of them is unknown."""

    calls: int
    prompt_tokens: int | None
    completion_tokens: int | None
    cost_usd: float | None

    @classmethod
    def of(cls, calls: Iterable[Call]) -> Usage:
        made = list(calls)
        replies = [c.reply for c in made if c.reply is not None]

        def total(name: str) -> int | float | None:
            values = [getattr(r, name) for r in replies]
            return None if not values or None in values else sum(values)

        prompt, completion, cost = (total(n) for n in ("prompt_tokens", "completion_tokens", "cost_usd"))
        return cls(len(made), prompt, completion, cost)  # type: ignore[arg-type]


def timeline(records: Iterable[Record]) -> Timeline | None:
    """The run told by `records` (a prefix of its log), or None before its first one."""
    fold = _Fold()
    for record in records:
        fold.take(record)
    return fold.line


class _Fold:
    """Finds what an event belongs to by its span: an attempt is "…attempt-k", a predictor's call lies inside it."""

    def __init__(self) -> None:
        self.line: Timeline | None = None
        self.attempts: dict[str, Attempt] = {}
        self.predictors: dict[str, PredictorRun] = {}
        self.advice: dict[str, Advice] = {}
        self.calls: dict[str, Call] = {}

    def take(self, record: Record) -> None:
        event, span = record.event, record.span
        if isinstance(event, ev.RunStarted):
            self.line = Timeline(record.run_id, event.spec, event.temperatures, event.predictors, record.at)
        if self.line is None:
            return
        self.line.seq = record.seq
        if isinstance(event, ev.RunFinished):
            self.line.finished, self.line.ended_at = event, record.at
            for attempt in self.line.attempts:
                if attempt.state == "running":
                    attempt.state = "cut_off"
        elif isinstance(event, ev.AttemptStarted):
            attempt = Attempt(event.index, event.temperature, event.hints, event.advice_from, record.at)
            self.attempts[span] = attempt
            self.line.attempts = [*(a for a in self.line.attempts if a.index != event.index), attempt]
        elif (owner := self._owner(self.attempts, span)) is not None:
            self._inside_attempt(owner, span, event, record.at)

    def _inside_attempt(self, attempt: Attempt, span: str, event: ev.Event, at: float) -> None:
        match event:
            case ev.RewardStarted():
                attempt.outputs, attempt.reward_offset_s = event.outputs, at - attempt.started_at
            case ev.RewardScored():
                attempt.state, attempt.reward, attempt.scored = "scored", event.value, event
                self._end(attempt, at)
            case ev.AttemptFailed():
                attempt.state, attempt.phase, attempt.error = "failed", event.phase, event.error
                self._end(attempt, at)
            case ev.ModuleStarted():
                run = PredictorRun(span, event.name, event.inputs, event.hint, at - attempt.started_at)
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
                self._inside_call(span, event)

    def _inside_call(self, span: str, event: ev.Event) -> None:
        call, run = self.calls.get(span), self._owner(self.predictors, span)
        match event:
            case ev.LMRetried() if call:
                call.retries.append(event)
            case ev.LMReplied() if call:
                call.reply, call.took_s = event, event.took_s
            case ev.LMFailed() if call:
                call.error, call.took_s = event.error, event.took_s
            case ev.ParseFailed() if run:
                run.parse_failed = event
            case ev.PredictorTraced() if run:
                run.outputs = event.outputs
            case ev.ModuleEnded() if run:
                run.took_s, run.error = event.took_s, event.error
            case _:
                pass  # an event of a newer version: it is kept in the log, and this view does not show it

    def _request(self, attempt: Attempt, span: str, event: ev.LMRequested, at: float) -> None:
        call = Call(span, event.model, event.purpose, event.messages, event.params, at)
        self.calls[span] = call
        if event.purpose == "advice":
            self._advice(attempt, at).calls.append(call)
        elif event.purpose == "judge":
            attempt.judge_calls.append(call)
        elif (run := self._owner(self.predictors, span)) is not None:
            run.calls.append(call)

    def _advice(self, attempt: Attempt, at: float) -> Advice:
        if attempt.advice is None:
            attempt.advice = Advice(at - attempt.started_at)
        return attempt.advice

    def _end(self, attempt: Attempt, at: float) -> None:
        attempt.took_s = at - attempt.started_at
        if self.line is not None:
            best: float | None = None
            for one in self.line.attempts:
                best = one.reward if best is None or (one.reward is not None and one.reward > best) else best
                one.best_so_far = best

    @staticmethod
    def _owner(places: Mapping[str, T], span: str) -> T | None:
        """What was begun at this span or nearest around it."""
        while span:
            if span in places:
                return places[span]
            span = span.rpartition("/")[0]
        return None


@dataclass(frozen=True, slots=True)
class Summary:
    """A run as one row. reason: None until it finished. rewards: one an attempt, None where it failed or runs."""

    title: str
    strategy: str
    model: str
    N: int
    threshold: float | None
    started_at: float
    reason: ev.StopReason | None = None
    ended_at: float | None = None
    rewards: tuple[float | None, ...] = ()
    failed: int = 0
    best: int | None = None
    calls: int = 0
    events: int = 0
    example: str | None = None

    @property
    def best_reward(self) -> float | None:
        return None if self.best is None else self.rewards[self.best]


def title_of(spec: ProgramSpec) -> str:
    """What a run is called: its title, else its signatures in a row."""
    return spec.title or " → ".join(stage.signature for stage in spec.stages)


def summarize(summary: Summary | None, record: Record) -> Summary | None:
    """The row after one more record; None before RunStarted."""
    match record.event:
        case ev.RunStarted(spec=spec):
            begun = Summary(
                title_of(spec),
                spec.strategy,
                spec.model.label,
                spec.N,
                spec.threshold,
                record.at,
                example=spec.example,
            )
            return replace(begun, events=record.seq)
        case _ if summary is None:
            return None
        case ev.AttemptStarted(index=i):
            kept = (*summary.rewards, *([None] * (i + 1 - len(summary.rewards))))
            return replace(summary, rewards=kept, events=record.seq)
        case ev.RewardScored(index=i, value=value):
            rewards = (*summary.rewards[:i], value, *summary.rewards[i + 1 :])
            best = max(
                (k for k, r in enumerate(rewards) if r is not None),
                key=lambda k: rewards[k] or 0.0,
                default=None,
            )
            return replace(summary, rewards=rewards, best=best, events=record.seq)
        case ev.AttemptFailed():
            return replace(summary, failed=summary.failed + 1, events=record.seq)
        case ev.LMRequested():
            return replace(summary, calls=summary.calls + 1, events=record.seq)
        case ev.RunFinished(reason=reason):
            return replace(summary, reason=reason, ended_at=record.at, events=record.seq)
        case _:
            return replace(summary, events=record.seq)
