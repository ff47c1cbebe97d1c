"""A run as a screen shows it: its attempts, their predictors, their calls (refine_core.log.folds makes it of a log).

What has not happened yet is None, and what is unknown (tokens, cost) is None too, never 0.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from refine_core import events as ev
from refine_core.errors import Charge
from refine_core.hints import is_hint
from refine_core.log.span import Span
from refine_core.loop import Loop
from refine_core.reasoning import split_reasoning
from refine_core.spec import ProgramSpec

State = Literal["running", "scored", "failed", "cut_off", "unknown"]
Outcome = Literal["running", "scored", "best", "stopped", "failed", "cut_off", "unknown"]
PartState = Literal["running", "done", "failed", "cut_off"]
"""Of a call, a predictor's run, or advice. "cut_off": the run stopped before it ended."""


@dataclass(slots=True)
class Call:
    """One request to a model. reply is None until it answered; error is set if it never did.

    parse_failure: what of the reply could not be read. is_repeat: the same question once more, as JSON, after such a reply.
    draft: what the reply says so far, where somebody reads along. It is not in the log, so no fold sets it. charge: what its failed
    answer cost, if there was one. kept: whether the parent of a branch made it, so that it costs nothing here.
    """

    span: Span
    model: str
    purpose: ev.Purpose
    messages: tuple[Mapping[str, str], ...]
    params: Mapping[str, object]
    started_at: float
    retries: list[ev.LMRetried] = field(default_factory=list)
    reply: ev.LMReplied | None = None
    error: ev.Fault | None = None
    took_s: float | None = None
    parse_failure: ev.ParseFailed | None = None
    is_repeat: bool = False
    draft: str = ""
    charge: Charge | None = None
    state: PartState = "running"
    kept: bool = False

    @property
    def charges(self) -> list[Charge]:
        """What its replies cost, unusable ones too."""
        answers = (*self.retries, self.reply) if self.reply is not None else self.retries
        return [c for c in (*map(ev.charge_of, answers), self.charge) if c is not None]

    @property
    def is_free(self) -> bool:
        """Whether its reply came from the cache or out of a recording, so that no model was asked."""
        return self.reply is not None and (self.reply.cache_hit or self.reply.replayed)

    @property
    def waiting(self) -> bool:
        """Whether its answer may still come."""
        return self.state == "running"

    @property
    def reasoning_and_answer(self) -> tuple[str, str]:
        """What the model thought, and what it answered; of the draft, while that is being written."""
        if self.reply is None:
            return split_reasoning(self.draft)
        thought, answer = split_reasoning(self.reply.text)
        return self.reply.reasoning or thought, answer

    @property
    def reply_format(self) -> Literal["chat", "JSON", "JSON object", "JSON schema"]:
        """The reply format that was asked for; "JSON" where the prompt alone asks for it."""
        wished = self.params.get("response_format")
        kind = wished.get("type") if isinstance(wished, Mapping) else None
        if kind == "json_schema":
            return "JSON schema"
        if kind == "json_object":
            return "JSON object"
        request = self.messages[-1]["content"] if self.messages else ""
        if "[[ ## completed ## ]]" in request:
            return "chat"
        return "JSON" if self.is_repeat or "JSON object" in request else "chat"

    @property
    def caller(self) -> Span | None:
        """The span of whatever asked: the same for a question and for its second asking."""
        return self.span.parent


@dataclass(slots=True)
class PredictorRun:
    """One call of one predictor. offset_s: since the attempt began. outputs: None unless parsed.

    calls: a second one where the first reply could not be read.
    """

    span: Span
    name: str
    inputs: Mapping[str, object]
    hint: str | None
    offset_s: float
    calls: list[Call] = field(default_factory=list)
    outputs: Mapping[str, object] | None = None
    took_s: float | None = None
    error: ev.Fault | None = None
    state: PartState = "running"

    @property
    def inner(self) -> tuple[int, ...]:
        """Indices of the attempts, inside this one, of nested refinements that it was part of; mostly empty."""
        return self.span.attempts[1:]


@dataclass(slots=True)
class Advice:
    """The advice after an attempt. discussion, hints (predictor name -> text): once it is "done"; error: if it "failed".

    dropped: hints for names that are no predictor. unnamed: predictors that the adviser left out. kept: whether it is the parent's, in a
    branch that begins after it.
    """

    offset_s: float
    calls: list[Call] = field(default_factory=list)
    discussion: str = ""
    hints: Mapping[str, str] = field(default_factory=dict)
    error: ev.Fault | None = None
    took_s: float | None = None
    state: PartState = "running"
    dropped: Mapping[str, str] = field(default_factory=dict)
    unnamed: tuple[str, ...] = ()
    kept: bool = False


@dataclass(slots=True)
class Attempt:
    """One try. reward is None unless scored; error and phase are set if it failed.

    fixed_temperature: names of predictors whose model takes no temperature; their rollout id is the index.
    state "cut_off": the run ended while it ran. "unknown": its outputs are on record, and its reward is not; only of a run that was
    recorded from elsewhere. computed_at: when a person had its reward computed afterwards, as seconds since the epoch; None if it is
    on record. took_s: until its reward or failure.
    reaches_threshold: whether it is good enough to stop. is_best: of all so far. is_returned: whether the caller was given it.
    best_so_far: reward of the best attempt up to here, which is not the highest where that one failed a validator.
    reward_offset_s: when the reward was asked, since the attempt began. calls: in judging too.
    inner_advice: requests for advice by a refinement that is part of the program.
    edited_hints: names of predictors whose hint a person wrote.
    kept: whether it is the parent's, in a branch that begins after it. library_faults: those of a recorded library that showed here.
    """

    index: int
    temperature: float
    hints: Mapping[str, str]
    advice_from: int | None
    started_at: float
    fixed_temperature: tuple[str, ...] = ()
    state: State = "running"
    predictors: list[PredictorRun] = field(default_factory=list)
    outputs: Mapping[str, object] | None = None
    reward: float | None = None
    score: ev.RewardScored | None = None
    reward_offset_s: float | None = None
    judge_calls: list[Call] = field(default_factory=list)
    inner_advice: list[Call] = field(default_factory=list)
    phase: ev.Phase | None = None
    error: ev.Fault | None = None
    took_s: float | None = None
    advice: Advice | None = None
    best_so_far: float | None = None
    reaches_threshold: bool = False
    is_best: bool = False
    is_returned: bool = False
    edited_hints: tuple[str, ...] = ()
    kept: bool = False
    library_faults: tuple[ev.LibraryFault, ...] = ()
    computed_at: float | None = None

    @property
    def outcome(self) -> Outcome:
        """What became of it. One that is good enough to stop is "stopped", even if it is the best too."""
        if self.state != "scored":
            return self.state
        return "stopped" if self.reaches_threshold else "best" if self.is_best else "scored"

    @property
    def has_ended(self) -> bool:
        """Whether it was scored, or failed."""
        return self.state in ("scored", "failed")

    @property
    def real_hints(self) -> dict[str, str]:
        """Predictor name -> hint that it was given; those without one are left out."""
        return {name: text for name, text in self.hints.items() if is_hint(text)}

    @property
    def calls(self) -> list[Call]:
        """Every request made on behalf of this attempt, its advice not counted."""
        calls = [call for run in self.predictors for call in run.calls]
        return [*calls, *self.inner_advice, *self.judge_calls]

    @property
    def all_calls(self) -> list[Call]:
        """Every request made on behalf of this attempt, and those for advice about it."""
        return [*self.calls, *(self.advice.calls if self.advice is not None else ())]

    def copy(self) -> Attempt:
        """A copy that shares no list with this attempt; events and values are shared."""
        return replace(
            self,
            predictors=[replace(run, calls=_copies(run.calls)) for run in self.predictors],
            judge_calls=_copies(self.judge_calls),
            inner_advice=_copies(self.inner_advice),
            advice=None if self.advice is None else replace(self.advice, calls=_copies(self.advice.calls)),
        )

    @property
    def unmet(self) -> Mapping[str, str]:
        """Name -> message of the validators that the outputs failed."""
        return self.score.unmet if self.score is not None else {}


def _copies(calls: Iterable[Call]) -> list[Call]:
    return [replace(call, retries=[*call.retries]) for call in calls]


@dataclass(slots=True)
class Timeline:
    """A run as far as its log goes.

    spec, temperatures, predictors: from RunStarted. seq: the last record folded. end: None while it runs.
    loop: the run's own retry loop, as it stands: `decide(loop)` is what the run does next. best: index of the attempt that it calls the
    best: every validator met, then the highest reward; a tie keeps the first.
    typed_key_roles: roles whose key was typed when it began. cut_off_attempts: those that were under way when the run was interrupted,
    and were restarted. resume_count: how often it was resumed after an interruption. attempts_when_continued: how many attempts there were when it stopped for its
    reward and a person continued it; None if that never happened. cancel_count: how often it was cancelled and then resumed.
    pause: what it waits for a person before; None while it does not. paused_s: how long it has waited so: times within the run,
    such as when an attempt began, are on a clock that stands still meanwhile, so this much behind those of the records.
    kept_events: of a branch, how many events after the first are its parent's. left_out: what was left out before it was shared.
    recorded_from, unknown: as in RunStarted. library_faults: those of that library that concern the whole run.
    broken_off: whether it has no end, and nobody works at it any more; see refine_core.log.folds.cut_short.
    """

    run_id: str
    spec: ProgramSpec
    temperatures: tuple[float, ...]
    predictors: tuple[str, ...]
    started_at: float
    loop: Loop
    attempts: list[Attempt] = field(default_factory=list)
    best: int | None = None
    end: ev.RunFinished | None = None
    ended_at: float | None = None
    seq: int = 0
    cut_off_attempts: list[Attempt] = field(default_factory=list)
    resume_count: int = 0
    typed_key_roles: tuple[str, ...] = ()
    attempts_when_continued: int | None = None
    cancel_count: int = 0
    pause: ev.RunPaused | None = None
    paused_s: float = 0.0
    kept_events: int = 0
    left_out: tuple[str, ...] = ()
    recorded_from: str = ""
    unknown: tuple[str, ...] = ()
    library_faults: tuple[ev.LibraryFault, ...] = ()
    broken_off: bool = False

    @property
    def is_over(self) -> bool:
        """Whether no attempt can follow: it has ended, or it was broken off and only its own script can run it."""
        return self.end is not None or (self.broken_off and bool(self.recorded_from))

    @property
    def kept_attempts(self) -> int:
        """How many of its attempts are kept from its parent: 0 unless it is a branch."""
        return self.spec.kept_attempts

    @property
    def new_attempts(self) -> list[Attempt]:
        """Its attempts without those that are kept from its parent."""
        return [attempt for attempt in self.attempts if not attempt.kept]

    @property
    def unscored(self) -> tuple[int, ...]:
        """Indices of the attempts whose reward is unknown, though their outputs are on record."""
        return tuple(a.index for a in self.attempts if a.state == "unknown")

    @property
    def computed(self) -> tuple[int, ...]:
        """Indices of the attempts whose reward was computed afterwards."""
        return tuple(a.index for a in self.attempts if a.computed_at is not None)

    @property
    def returned_index(self) -> int | None:
        """Index of the attempt that the caller was given, once the run has finished."""
        return self.end.returned if self.end is not None else None

    @property
    def uses_rollouts(self) -> bool:
        """Whether the attempts go by rollout ids, as none of the program's models takes a temperature."""
        if not self.attempts:
            return self.spec.temperature_schedule.kind == "none"
        return not self.has_temperature(self.attempts[-1])

    @property
    def shows_rollouts(self) -> bool:
        """Whether rollout ids tell the attempts apart: no model takes a temperature, or each attempt has the same one, as in dspy 3."""
        return self.uses_rollouts or (
            self.spec.temperature_schedule.kind == "dspy-3" and len({*self.temperatures}) <= 1
        )

    def rollout_of(self, index: int) -> int:
        """The rollout id of an attempt, where attempts have one."""
        return self.spec.first_rollout + index

    @property
    def is_advising(self) -> bool:
        """Whether advice is the last thing that was begun, and has not come."""
        last = self.attempts[-1].advice if self.attempts else None
        return last is not None and last.state in ("running", "cut_off")

    def has_temperature(self, attempt: Attempt) -> bool:
        """Whether any of the program's models was given a temperature in that attempt."""
        names = self.predictors or tuple(run.name for run in attempt.predictors)
        return not names or not set(names) <= set(attempt.fixed_temperature)

    @property
    def first_failed(self) -> int | None:
        """Index of the first attempt that failed."""
        return next((a.index for a in self.attempts if a.state == "failed"), None)

    @property
    def calls(self) -> list[Call]:
        """Every request of the run, advice and judging included, and those of attempts that were cut off."""
        return [call for attempt in (*self.cut_off_attempts, *self.attempts) for call in attempt.all_calls]

    @property
    def usage(self) -> Usage:
        """Tokens and cost of the run."""
        return Usage.of(self.calls)


@dataclass(frozen=True, slots=True)
class Usage:
    """Sums over calls that answered; None where any of them is unknown.

    free: cached or replayed, so their tokens were spent before. A refusal counts, and whatever else was an answer;
    failed calls report no cost. Calls that are kept from the parent of a branch count as none.
    """

    calls: int
    prompt_tokens: int | None
    completion_tokens: int | None
    cost_usd: float | None
    free: int = 0

    @property
    def tokens(self) -> int | None:
        """Sent and received; None where either is unknown."""
        if self.prompt_tokens is None or self.completion_tokens is None:
            return None
        return self.prompt_tokens + self.completion_tokens

    @classmethod
    def of(cls, calls: Iterable[Call]) -> Usage:
        every = list(calls)
        requests = [call for call in every if not call.kept]
        none_new = bool(every) and not requests  # which cost nothing, and that is known
        free = [c.reply for c in requests if c.reply is not None and c.is_free]
        answers = [*(charge for call in requests for charge in call.charges), *free]

        def total(name: str) -> int | float | None:
            values = [getattr(one, name) for one in answers]
            if not values:
                return 0 if none_new else None
            return None if None in values else sum(values)

        prompt, completion, cost = (total(n) for n in ("prompt_tokens", "completion_tokens", "cost_usd"))
        return cls(len(requests), prompt, completion, cost, len(free))  # type: ignore[arg-type]
