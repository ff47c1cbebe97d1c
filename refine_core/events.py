"""What can happen in a run, as facts in the past tense.

A run is an append-only list of these; whatever a person sees is a fold over a prefix of it. Events are frozen and never
amended. Payloads are plain JSON values: the emitter has copied them. Keys, headers and credentials never enter one.
The recorder stamps run, sequence number, time and span around an event (refine_core.log.Record); durations here are
in seconds of a monotonic clock. `kind` and `version` are what the codec writes; a `kind` is never reused.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Literal

from refine_core.errors import (
    AttemptError,
    BudgetUsedUp,
    Charge,
    InfrastructureError,
    LMError,
    ProgramError,
    RecordingEnded,
    RewardError,
)
from refine_core.spec import ProgramSpec

Purpose = Literal["predict", "advice", "judge"]
Phase = Literal["program", "reward"]
NextStep = Literal["attempt", "advice"]
FaultName = Literal["hint_of_another", "fail_count_shrank", "no_threshold"]
"""Faults of dspy that a recorder sees: a predictor got another's hint; the instance allows fewer failures than before; a BestOfN
without a threshold counts each attempt as failed."""
StopReason = Literal[
    "threshold_reached",
    "attempts_used_up",
    "too_many_failures",
    "every_attempt_failed",
    "budget_used_up",
    "recording_ended",
    "cancelled",
    "error",
    "reward_broken",
    "unknown",
]


@dataclass(frozen=True, slots=True)
class Fault:
    """An error as a fact.

    type: the exception's class name, or the reward's own. blame: who is at fault.
    line: of the reward's source, where it is to blame. stdout: what the reward had printed by then.
    repeats: whether it is an error of the reward that every further attempt would meet.
    unanswered: whether no server said anything, as LMError.unanswered says.
    """

    type: str
    message: str
    blame: Literal["program", "model", "machine", "code"]
    line: int | None = None
    stdout: str = ""
    repeats: bool = False
    unanswered: bool = False

    @classmethod
    def of(cls, error: BaseException) -> Fault:
        """The fact behind an exception; an exception of the user's own code is blamed on "code"."""
        if isinstance(error, AttemptError) and isinstance(error.fault, cls):
            return error.fault
        if isinstance(error, RewardError):
            return cls(error.type_name, error.message, "program", error.line, error.stdout, error.repeats)
        if isinstance(error, ProgramError | BudgetUsedUp | RecordingEnded):
            return cls(type(error).__name__, str(error), "program")
        if isinstance(error, LMError):
            return cls(type(error).__name__, str(error), "model", unanswered=error.unanswered)
        if isinstance(error, InfrastructureError):
            return cls(type(error).__name__, str(error), "machine")
        return cls(type(error).__name__, str(error), "code")


@dataclass(frozen=True, slots=True)
class Event:
    """The root of all events."""

    kind: ClassVar[str] = ""
    version: ClassVar[int] = 1


@dataclass(frozen=True, slots=True)
class RunStarted(Event):
    """A program began. Together with the spec it holds all of the run's plan; see refine_core.loop.Plan.of_run.

    temperatures: those of attempts 0..N-1. code_version: of refine_core.
    typed_key_roles: roles ("model", "adviser", "judge") whose key somebody typed, so that it must be typed again to go on.
    at_once: attempts that may be under way together.
    kept_events: of a branch, how many of the events that follow this one are copied from its parent. They cost nothing here.
    Their times are those of the parent, set back so that the last of them lies at the start of the branch.
    left_out: what was left out of the log before it was shared: "prompts", "inputs", "field answer"; () for a whole log.
    recorded_from: the library that runs it, as in "dspy 3.4.1", where only a recorder watches; "" for a run of our own.
    unknown: what the source of an imported run did not tell: "N", "threshold", "reward of attempt 2".
    """

    kind: ClassVar[str] = "run_started"
    spec: ProgramSpec
    temperatures: tuple[float, ...]
    predictors: tuple[str, ...]  # names, in the program's own order
    code_version: str
    typed_key_roles: tuple[str, ...] = ()
    at_once: int = 1
    kept_events: int = 0
    left_out: tuple[str, ...] = ()
    recorded_from: str = ""
    unknown: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AttemptStarted(Event):
    """temperature: of the program's first model; others follow schedules of their own.

    hints: predictor name -> hint in force. advice_from: index of the attempt whose advice they are, or None.
    fixed_temperature: names of predictors whose model takes no temperature; `index` is their rollout id instead.
    edited: names of predictors whose hint a person wrote.
    """

    kind: ClassVar[str] = "attempt_started"
    index: int
    temperature: float
    hints: Mapping[str, str] = field(default_factory=dict)
    advice_from: int | None = None
    fixed_temperature: tuple[str, ...] = ()
    edited: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ModuleStarted(Event):
    """A predictor was called. name: its path in the program. inputs: without the hint."""

    kind: ClassVar[str] = "module_started"
    name: str
    inputs: Mapping[str, object]
    hint: str | None = None


@dataclass(frozen=True, slots=True)
class ModuleEnded(Event):
    """The predictor returned, or raised. error: None if it returned."""

    kind: ClassVar[str] = "module_ended"
    name: str
    took_s: float
    error: Fault | None = None


@dataclass(frozen=True, slots=True)
class LMRequested(Event):
    """A model was asked. messages: role and content of each, as sent. params: without credentials."""

    kind: ClassVar[str] = "lm_requested"
    model: str
    messages: tuple[Mapping[str, str], ...]
    params: Mapping[str, object]
    purpose: Purpose = "predict"


@dataclass(frozen=True, slots=True)
class LMRetried(Event):
    """A request failed in passing and will be sent again after `wait_s`. ordinal: 1 for the first retry.

    charge: what the answer cost, where there was one, even if unusable. left_out: names of parameters that the server
    refused, and that it is sent again without.
    """

    kind: ClassVar[str] = "lm_retried"
    ordinal: int
    wait_s: float
    error: Fault
    charge: Charge | None = None
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LMReplied(Event):
    """A model answered. Tokens and cost (US dollars) are None where unknown.

    model: as it was asked for. served_by: the name that the server gave itself, "" if none.
    cache_hit: taken from the cache, so free. replayed: a recorded run's reply; its tokens were spent then.
    others: further texts, where several were asked for; other_reasons: why each of them ended. reasoning: what the model
    thought, as the server sent it beside `text` or as a tag within `text`, which is kept as it came.
    """

    kind: ClassVar[str] = "lm_replied"
    text: str
    took_s: float
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    cost_usd: float | None = None
    finish_reason: str | None = None
    cache_hit: bool = False
    model: str = ""
    served_by: str = ""
    replayed: bool = False
    others: tuple[str, ...] = ()
    reasoning: str = ""
    other_reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LMFailed(Event):
    """A model gave no reply, retries included. charge: what its last reply cost, where there was one, even if unusable."""

    kind: ClassVar[str] = "lm_failed"
    error: Fault
    took_s: float
    charge: Charge | None = None


def charge_of(event: Event) -> Charge | None:
    """What an answer cost, useful or not; None for a cached or replayed one, and for whatever is no reply."""
    match event:
        case LMReplied(cache_hit=False, replayed=False):
            return Charge(event.model, event.prompt_tokens, event.completion_tokens, event.cost_usd)
        case LMFailed(charge=charge) | LMRetried(charge=charge):
            return charge
        case _:
            return None


@dataclass(frozen=True, slots=True)
class ParseFailed(Event):
    """A reply lacked what its signature promised. missing: field names. invalid: field name -> why.

    cut: where it was cut off, a clause that says by what.
    """

    kind: ClassVar[str] = "parse_failed"
    missing: tuple[str, ...]
    invalid: Mapping[str, str]
    cut: str = ""


@dataclass(frozen=True, slots=True)
class PredictorTraced(Event):
    """A predictor's parsed outputs."""

    kind: ClassVar[str] = "predictor_traced"
    name: str
    outputs: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class RewardStarted(Event):
    """The program returned `outputs`, and the reward is being asked about them."""

    kind: ClassVar[str] = "reward_started"
    index: int
    outputs: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class RewardScored(Event):
    """value: higher is better. parts: named shares of it. stdout: what the reward printed.

    unmet: name -> message of the validators that the outputs failed; such an attempt does not end the run.
    refusals: what the sandbox refused to the reward, which went on: "line 3: reading /etc/hosts".
    rescored: whether a branch scored again, by a reward of its own, what its parent had made.
    """

    kind: ClassVar[str] = "reward_scored"
    index: int
    value: float
    took_s: float
    parts: Mapping[str, float] = field(default_factory=dict)
    feedback: str = ""
    stdout: str = ""
    unmet: Mapping[str, str] = field(default_factory=dict)
    refusals: tuple[str, ...] = ()
    rescored: bool = False


@dataclass(frozen=True, slots=True)
class RewardComputed(Event):
    """Afterwards a person ran the recorded reward on the recorded outputs of an attempt whose reward is not on record.

    It decided nothing of the run, and may differ from what the reward returned then. Fields as in RewardScored.
    """

    kind: ClassVar[str] = "reward_computed"
    index: int
    value: float
    took_s: float
    parts: Mapping[str, float] = field(default_factory=dict)
    feedback: str = ""
    stdout: str = ""
    unmet: Mapping[str, str] = field(default_factory=dict)
    refusals: tuple[str, ...] = ()

    @classmethod
    def of(cls, scored: RewardScored) -> RewardComputed:
        """The same score, as one that was computed afterwards."""
        return cls(scored.index, scored.value, scored.took_s, scored.parts, scored.feedback, scored.stdout, scored.unmet, scored.refusals)  # fmt: skip

    @property
    def score(self) -> RewardScored:
        """What a run holds of it: "scored again", as a later score is."""
        return RewardScored(self.index, self.value, self.took_s, self.parts, self.feedback, self.stdout, self.unmet, self.refusals, rescored=True)  # fmt: skip


@dataclass(frozen=True, slots=True)
class AdviceGiven(Event):
    """after: index of the attempt that it judges. advice: predictor name -> what to do next time, or "N/A".

    dropped: advice for names that are no predictor, so that nobody got it. unnamed: predictors that the adviser left out,
    which is another thing than "N/A". Older logs have neither.
    """

    kind: ClassVar[str] = "advice_given"
    after: int
    discussion: str
    advice: Mapping[str, str]
    took_s: float
    dropped: Mapping[str, str] = field(default_factory=dict)
    unnamed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AdviceFailed(Event):
    """No advice could be had; the latest good one stays in force and no attempt is lost."""

    kind: ClassVar[str] = "advice_failed"
    after: int
    error: Fault
    took_s: float


@dataclass(frozen=True, slots=True)
class AttemptFailed(Event):
    """The program or the reward raised, so the attempt has no reward. rescored: as in RewardScored."""

    kind: ClassVar[str] = "attempt_failed"
    index: int
    phase: Phase
    error: Fault
    rescored: bool = False


@dataclass(frozen=True, slots=True)
class RunResumed(Event):
    """A run that was interrupted or cancelled was resumed; attempts from `from_index` are restarted.

    anyway: it had stopped for an error of its reward, and goes on in spite of that and of further ones.
    """

    kind: ClassVar[str] = "run_resumed"
    from_index: int
    anyway: bool = False


@dataclass(frozen=True, slots=True)
class RunPaused(Event):
    """The run waits for a person before its next step. index: of the attempt that starts then, or is advised on."""

    kind: ClassVar[str] = "run_paused"
    before: NextStep
    index: int


@dataclass(frozen=True, slots=True)
class PauseEnded(Event):
    """A person let the run go on. took_s: how long it waited, which no duration counts."""

    kind: ClassVar[str] = "pause_ended"
    took_s: float


@dataclass(frozen=True, slots=True)
class HintsEdited(Event):
    """A person wrote hints for an attempt that is about to start; they stay in force until there is newer advice.

    index: of that attempt. hints: predictor name -> hint in force from now on. names: the predictors whose hint was changed.
    """

    kind: ClassVar[str] = "hints_edited"
    index: int
    hints: Mapping[str, str]
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RunFinished(Event):
    """best: index of the best attempt so far, or None. returned: index of the one handed to the caller, or None."""

    kind: ClassVar[str] = "run_finished"
    reason: StopReason
    best: int | None
    returned: int | None
    took_s: float
    error: Fault | None = None


@dataclass(frozen=True, slots=True)
class LibraryFault(Event):
    """A known fault of the library whose run is recorded showed here; its span says in which attempt.

    predictor: whom it concerns, "" for all. detail: what it met, as `refine_core.messages` puts it into words.
    """

    kind: ClassVar[str] = "library_fault"
    fault: FaultName
    predictor: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Unknown(Event):
    """An event of a newer version, kept as it came. name, of_version, data: its kind, version and payload."""

    kind: ClassVar[str] = "unknown"
    name: str
    of_version: int
    data: Mapping[str, object]


ALL: tuple[type[Event], ...] = (
    RunStarted,
    AttemptStarted,
    ModuleStarted,
    ModuleEnded,
    LMRequested,
    LMRetried,
    LMReplied,
    LMFailed,
    ParseFailed,
    PredictorTraced,
    RewardStarted,
    RewardScored,
    AdviceGiven,
    AdviceFailed,
    AttemptFailed,
    RunResumed,
    RunFinished,
    RunPaused,
    PauseEnded,
    HintsEdited,
    LibraryFault,
    RewardComputed,
)
