"""ProgramSpec: the JSON description of what is run.

The form builds it, RunStarted holds it, history shows it, the source writer makes Python of it. It holds no key:
credentials travel beside it, never in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final, Literal

from refine_core.spec.limits import REWARD_TIMEOUT_S
from refine_core.spec.schedule import DSPY_2_6, Schedule

StageStrategy = Literal["predict", "chain_of_thought"]
Strategy = Literal["refine", "best_of_n", "single"]
HintSource = Literal["adviser", "feedback", "none"]
"""Where the next attempt's hints come from: a model's advice, the reward's own feedback, or nowhere."""
AdviceForm = Literal["full", "compact"]
ReplyFormat = Literal["auto", "chat", "json", "json_schema"]
"""How a model is asked to lay out its replies; "auto" finds out (see refine_core.adapters.AutoAdapter)."""
LOCAL_PREFIX: Final = "local/"
"""Before the name of a model that this app itself runs (refine_core.local_model)."""


@dataclass(frozen=True, slots=True)
class StageSpec:
    """One predictor of the program.

    name: how advice and the timeline call it; a Python identifier, unique in the program.
    signature: `question, context: list[str] -> answer: float`.
    instructions: the objective, in the user's words; "" for the default one.
    strategy: "predict", or "chain_of_thought" to have the model reason before it answers.
    descriptions: field name -> what it means, for the prompt.
    demos: worked examples for the prompt, each field name -> value.
    """

    name: str
    signature: str
    instructions: str = ""
    strategy: StageStrategy = "predict"
    descriptions: Mapping[str, str] = field(default_factory=dict)
    demos: tuple[Mapping[str, object], ...] = ()


@dataclass(frozen=True, slots=True)
class ValidatorSpec:
    """A rule that the outputs must meet to end a run early.

    name: what it is called, unique in the program. message: what the adviser is told where it is not met.
    check: a Python expression over `args` and `pred`, or the source of a function of both; whether the rule is met.
    """

    name: str
    check: str
    message: str


@dataclass(frozen=True, slots=True)
class ModelSpec:
    """Which model answers, without its key.

    kind: "practice" for the built-in practice model, "litellm" for any model that litellm reaches, "replay" for the
    replies that a recorded run holds.
    model: litellm's name for it, such as `openai/gpt-4o-mini`; unused by the practice model. In a replay, the recorded one's.
    api_base: address of an OpenAI-compatible server, or None for the provider's own.
    key_env: name of the environment variable that holds the key, or None.
    temperature: of the first attempt (T0) and of advice; None sends none. max_tokens: of a reply, or None for the
    provider's default.
    timeout_s: seconds for one request. retries: further tries after a passing failure.
    delay_s: seconds that the practice model, or a replay, takes for each reply, for demos; None in a replay as recorded.
    connection: name of the connection that all this was taken from; "" if it was typed for this run alone.
    provider: litellm's name of the provider, where the model's own does not say it.
    seed, stop, reasoning_effort: sent if given. extra: more parameters by litellm's names; none of them a secret.
    cache: whether identical calls are cached.
    price_in_usd, price_out_usd: US dollars for a million tokens sent and received; None for litellm's own table.
    recording_id: id of the run whose replies are replayed.
    reply_format: of the real model's replies; the practice model keeps the chat format.
    """

    kind: Literal["practice", "litellm", "replay"] = "practice"
    model: str = ""
    api_base: str | None = None
    key_env: str | None = None
    temperature: float | None = 0.0
    max_tokens: int | None = None
    timeout_s: float = 60.0
    retries: int = 3
    delay_s: float | None = 0.0
    connection: str = ""
    provider: str | None = None
    seed: int | None = None
    stop: tuple[str, ...] = ()
    reasoning_effort: str | None = None
    extra: Mapping[str, object] = field(default_factory=dict)
    cache: bool = True
    price_in_usd: float | None = None
    price_out_usd: float | None = None
    recording_id: str | None = None
    reply_format: ReplyFormat = "auto"

    @property
    def identity(self) -> ModelSpec:
        """The same without what changes no reply: its connection, key, prices and patience, and whether calls are cached."""
        return replace(
            self, connection="", key_env=None, timeout_s=0.0, retries=0, delay_s=None, cache=True,
            price_in_usd=None, price_out_usd=None,
        )  # fmt: skip

    @property
    def is_local(self) -> bool:
        """Whether it is a model that this app itself runs, on this machine."""
        return self.kind == "litellm" and self.model.startswith(LOCAL_PREFIX) and not self.api_base

    @property
    def label(self) -> str:
        """What a person is shown: "practice model", litellm's name, or "replay of …"."""
        match self.kind:
            case "practice":
                return "practice model"
            case "replay":
                return f"replay of {self.model or 'a recorded run'}"
            case _ if self.is_local:
                return f"{self.model.removeprefix(LOCAL_PREFIX)} on this machine"
            case _:
                return self.model


@dataclass(frozen=True, slots=True)
class ProgramSpec:
    """A program, its reward, and how it is refined.

    title: what its runs are called; "" for the signatures in a row. model: the one that answers.
    strategy: "refine" for attempts with hints, "best_of_n" for attempts without, "single" for one attempt.
    stages: in order; a stage's inputs come from the program's inputs and from earlier outputs, by name.
    inputs: name -> value for this run; the reward sees them all, so it may hold a reference answer too.
    reward: Python source; see refine_core.rewards. reward_name: which function, where the source leaves a choice.
    N: maximum number of attempts, >= 1. threshold: stop once reward >= threshold; None never stops early.
    fail_count: failed attempts tolerated; None means N.
    seed: of the practice model; another seed is another run.
    reward_timeout_s: seconds for one scoring.
    adviser: the model asked for advice; judge: the one that a reward may ask. None means `model`.
    budget_usd, budget_tokens: the run stops before the first call after this many US dollars, or tokens, were spent.
    example: which worked example it came from, or None. parent: the run that it was edited from, or None.
    hints: where they come from, for the strategy "refine". schedule: of the attempts' temperatures.
    advice_instructions: the adviser's instructions; "" for the default. advice_form: "compact" for small context windows.
    stop_on_repeating_error: whether the run stops at the first error of the reward that is bound to repeat.
    validators: rules that an attempt must meet to end the run early.
    reward_shape: the framework whose way of calling the reward is used, by its name in refine_core.rewards.shapes.
    reward_arguments: parameter -> what it is, where its name does not tell; for another shape than "refine".
    starting_hints: predictor -> hint in force at its first own attempt; {} for none.
    first_rollout: rollout id of the first attempt, where attempts have one; no two tries of a hint test share it.
    hint_test: id of the hint test that it is a try of, or None; lists of runs leave tries out.
    experiment: id of the experiment that it is a cell of, or None; lists of runs leave cells out.
    fork_attempt: of a branch, its first own attempt, from 1: those before it are kept from `parent`; None for any other run.
    change: what was changed since `parent`, in a few words, as in "hint for draft"; "" where nobody said.
    program_file: name of the Python file whose own program ran, and not these stages; "" for the stages.
    """

    stages: tuple[StageSpec, ...]
    reward: str
    inputs: Mapping[str, object] = field(default_factory=dict)
    title: str = ""
    strategy: Strategy = "refine"
    reward_name: str | None = None
    N: int = 5
    threshold: float | None = 1.0
    fail_count: int | None = None
    seed: int = 0
    reward_timeout_s: float = REWARD_TIMEOUT_S
    model: ModelSpec = ModelSpec()
    adviser: ModelSpec | None = None
    judge: ModelSpec | None = None
    budget_usd: float | None = None
    budget_tokens: int | None = None
    example: str | None = None
    parent: str | None = None
    hints: HintSource = "adviser"
    schedule: Schedule = DSPY_2_6
    advice_instructions: str = ""
    advice_form: AdviceForm = "full"
    stop_on_repeating_error: bool = False
    validators: tuple[ValidatorSpec, ...] = ()
    reward_shape: str = "refine"
    reward_arguments: Mapping[str, str] = field(default_factory=dict)
    starting_hints: Mapping[str, str] = field(default_factory=dict)
    first_rollout: int = 0
    hint_test: str | None = None
    experiment: str | None = None
    fork_attempt: int | None = None
    change: str = ""
    program_file: str = ""

    def __post_init__(self) -> None:
        threshold: object = self.threshold
        if type(threshold) is int and abs(threshold) < 2**53:  # as it is recorded; advice quotes it
            object.__setattr__(self, "threshold", float(threshold))

    @property
    def models(self) -> Mapping[str, ModelSpec]:
        """Role ("model", "adviser", "judge") -> the model chosen for it. A role without one of its own asks "model" and is not listed."""
        chosen = {"model": self.model, "adviser": self.adviser, "judge": self.judge}
        return {role: model for role, model in chosen.items() if model is not None}

    @property
    def attempt_count(self) -> int:
        """How many attempts there are at most."""
        return 1 if self.strategy == "single" else self.N

    @property
    def kept_attempts(self) -> int:
        """How many attempts are kept from `parent`: 0 for any other run than a branch."""
        return min(max(self.fork_attempt - 1, 0), self.attempt_count) if self.fork_attempt is not None else 0

    @property
    def hint_source(self) -> HintSource:
        """Where hints come from, under the strategy chosen."""
        return self.hints if self.strategy == "refine" else "none"

    @property
    def temperature_schedule(self) -> Schedule:
        """The schedule as it is used: a model that takes no temperature is sent none, whatever was chosen."""
        return Schedule("none") if self.model.temperature is None else self.schedule
