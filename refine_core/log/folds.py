"""The log folded into what a screen shows (a row of the history is folded by refine_core.log.summaries).

    records --timeline--> Timeline(attempts: predictors: calls)

Folds group by span, never by adjacency: attempts may overlap. Any prefix of a log folds; what has not happened yet is
None, and what is unknown (tokens, cost) is None too, never 0. Which attempt is the best, and which is good enough, the
loop is asked. What a refinement inside an attempt did is that attempt's; its own loop is not told here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeVar

from refine_core import events as ev
from refine_core.errors import Charge
from refine_core.log.scope import ATTEMPT, Record
from refine_core.loop import Loop, Plan, evolve
from refine_core.spec import ProgramSpec

T = TypeVar("T")
LOOP = (
    ev.AttemptStarted,
    ev.AttemptFailed,
    ev.RewardStarted,
    ev.RewardScored,
    ev.AdviceGiven,
    ev.AdviceFailed,
)
_ATTEMPT = re.compile(rf"{ATTEMPT}(\d+)(?:-\d+)?")

State = Literal["running", "scored", "failed", "cut_off"]


@dataclass(slots=True)
class Call:
    """One request to a model. reply is None until it answered; error is set if it never did.

    parse_failed: what of the reply could not be read. again: the same question once more, as JSON, after such a reply.
    draft: what the reply says so far, where somebody reads along. No log tells it, so no fold does. charge: what the answer
    cost that it failed with, if there was one.
    """

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
    parse_failed: ev.ParseFailed | None = None
    again: bool = False
    draft: str = ""
    charge: Charge | None = None

    @property
    def charges(self) -> list[Charge]:
        """What its answers cost, those of no use too."""
        told = (*self.retries, self.reply) if self.reply is not None else self.retries
        return [c for c in (*map(ev.charge_of, told), self.charge) if c is not None]

    @property
    def waiting(self) -> bool:
        """Whether it has neither an answer nor an end."""
        return self.reply is None and self.error is None

    @property
    def place(self) -> str:
        """The span of whatever asked: the same for a question and for its second asking."""
        return self.span.rpartition("/")[0]


@dataclass(slots=True)
class PredictorRun:
    """One call of one predictor. offset_s: since the attempt began. outputs: None unless parsed.

    calls: a second one where the first reply could not be read.
    """

    span: str
    name: str
    inputs: Mapping[str, object]
    hint: str | None
    offset_s: float
    calls: list[Call] = field(default_factory=list)
    outputs: Mapping[str, object] | None = None
    took_s: float | None = None
    error: ev.Fault | None = None

    @property
    def inner(self) -> tuple[int, ...]:
        """Indices of the attempts, inside this one, of nested refinements that it was part of; mostly empty."""
        return _attempts(self.span)[1:]


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

    untempered: names of predictors whose model takes no temperature; their rollout id is the index.
    state "cut_off": the run ended while it ran. took_s: until its reward or failure.
    best_so_far: reward of the best attempt up to here, which is not the highest where that one failed a validator.
    reward_offset_s: when the reward was asked, since the attempt began. calls: in judging too.
    inner_advice: requests for advice by a refinement that is part of the program.
    """

    index: int
    temperature: float
    hints: Mapping[str, str]
    advice_from: int | None
    started_at: float
    untempered: tuple[str, ...] = ()
    state: State = "running"
    predictors: list[PredictorRun] = field(default_factory=list)
    outputs: Mapping[str, object] | None = None
    reward: float | None = None
    scored: ev.RewardScored | None = None
    reward_offset_s: float | None = None
    judge_calls: list[Call] = field(default_factory=list)
    inner_advice: list[Call] = field(default_factory=list)
    phase: ev.Phase | None = None
    error: ev.Fault | None = None
    took_s: float | None = None
    advice: Advice | None = None
    best_so_far: float | None = None

    @property
    def calls(self) -> list[Call]:
        """Every request made on behalf of this attempt, its advice not counted."""
        made = [call for run in self.predictors for call in run.calls]
        return [*made, *self.inner_advice, *self.judge_calls]

    @property
    def unmet(self) -> Mapping[str, str]:
        """Name -> message of the validators that the outputs failed."""
        return self.scored.unmet if self.scored is not None else {}


@dataclass(slots=True)
class Timeline:
    """A run as far as its log goes.

    spec, temperatures, predictors: from RunStarted. seq: the last record folded. finished: None while it runs.
    loop: the retry loop as it stands, which knows what is good enough. best: index of the attempt that it calls the
    best: every validator met, then the highest reward; a tie keeps the first.
    keyed: roles whose key was typed when it began. cut_off: attempts that were under way when the run was interrupted, and were made anew. resumed: how often it went on.
    """

    run_id: str
    spec: ProgramSpec
    temperatures: tuple[float, ...]
    predictors: tuple[str, ...]
    started_at: float
    loop: Loop
    attempts: list[Attempt] = field(default_factory=list)
    best: int | None = None
    finished: ev.RunFinished | None = None
    ended_at: float | None = None
    seq: int = 0
    cut_off: list[Attempt] = field(default_factory=list)
    resumed: int = 0
    keyed: tuple[str, ...] = ()

    def reaches(self, attempt: Attempt) -> bool:
        """Whether that attempt is good enough to stop."""
        return attempt.reward is not None and self.loop.reaches(attempt.index)

    def tempered(self, attempt: Attempt) -> bool:
        """Whether any of the program's models was given a temperature in that attempt."""
        names = self.predictors or tuple(run.name for run in attempt.predictors)
        return not names or not set(names) <= set(attempt.untempered)

    @property
    def first_failed(self) -> int | None:
        """Index of the first attempt that failed."""
        return next((a.index for a in self.attempts if a.state == "failed"), None)

    @property
    def calls(self) -> list[Call]:
        """Every request of the run, advice and judging included, and those of attempts that were cut off."""
        return [
            c
            for a in (*self.cut_off, *self.attempts)
            for c in (*a.calls, *(a.advice.calls if a.advice else ()))
        ]

    @property
    def usage(self) -> Usage:
        """Tokens and cost of the run."""
        return Usage.of(self.calls)


@dataclass(frozen=True, slots=True)
class Usage:
    """Sums over calls that answered; None where any of them is unknown.

    free: answered from memory, or replayed: their tokens were spent before. A refusal counts, and whatever else was an answer;
    calls that got none tell no cost.
    """

    calls: int
    prompt_tokens: int | None
    completion_tokens: int | None
    cost_usd: float | None
    free: int = 0

    @classmethod
    def of(cls, calls: Iterable[Call]) -> Usage:
        made = list(calls)
        free = [r for r in (c.reply for c in made) if r is not None and (r.cache_hit or r.replayed)]
        answers = [*(charge for call in made for charge in call.charges), *free]

        def total(name: str) -> int | float | None:
            values = [getattr(one, name) for one in answers]
            return None if not values or None in values else sum(values)

        prompt, completion, cost = (total(n) for n in ("prompt_tokens", "completion_tokens", "cost_usd"))
        return cls(len(made), prompt, completion, cost, len(free))  # type: ignore[arg-type]


def timeline(records: Iterable[Record]) -> Timeline | None:
    """The run told by `records` (a prefix of its log), or None before its first one."""
    fold = _Fold()
    for record in records:
        fold.take(record)
    if fold.line is not None:
        fold.line.best = fold.line.loop.best
        _step(fold.line)
    return fold.line


def nested(span: str) -> bool:
    """Whether a place lies in an attempt of a refinement that is itself part of an attempt."""
    return len(_attempts(span)) > 1


def _attempts(span: str) -> tuple[int, ...]:
    """Indices of the attempts that a place lies in, the outermost first."""
    found = (_ATTEMPT.fullmatch(part) for part in span.split("/"))
    return tuple(int(one[1]) for one in found if one)


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
            self._resume(self.line)
        elif isinstance(event, ev.RunFinished):
            self.line.finished, self.line.ended_at = event, record.at
            for attempt in self.line.attempts:
                if attempt.state == "running":
                    attempt.state = "cut_off"
        elif isinstance(event, ev.AttemptStarted):
            attempt = Attempt(
                event.index, event.temperature, event.hints, event.advice_from, record.at, event.untempered
            )
            self.attempts[span] = attempt
            self.line.attempts = [*(a for a in self.line.attempts if a.index != event.index), attempt]
        elif (owner := self._owner(self.attempts, span)) is not None:
            self._inside_attempt(owner, span, event, record.at)

    @staticmethod
    def _resume(line: Timeline) -> None:
        """What was under way is over; it will begin anew."""
        line.resumed += 1
        for attempt in [a for a in line.attempts if a.state == "running"]:
            attempt.state = "cut_off"
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
                self._inside_call(span, event)

    def _inside_call(self, span: str, event: ev.Event) -> None:
        call, run, asked = self.calls.get(span), self._owner(self.predictors, span), self.latest.get(span)
        match event:
            case ev.LMRetried() if call:
                call.retries.append(event)
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
        call.again = before is not None and before.parse_failed is not None
        self.calls[span] = self.latest[call.place] = call
        if event.purpose == "advice" and nested(span):
            attempt.inner_advice.append(call)
        elif event.purpose == "advice":
            self._advice(attempt, at).calls.append(call)
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
