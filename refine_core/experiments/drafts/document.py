"""An experiment that is being set up, as data: what is typed and chosen, valid or not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from refine_core.experiments.document import RateLimit
from refine_core.runs import new_run_id
from refine_core.spec import HintSource, ModelSpec, ProgramSpec, Strategy


@dataclass(frozen=True, slots=True)
class ProgramChoice:
    """A program that was chosen. label: what it is called: a worked example, a saved program, a run. origin: its run, where that came in a file, or ""."""

    label: str
    spec: ProgramSpec
    origin: str = ""


@dataclass(frozen=True, slots=True)
class RewardChoice:
    """A reward that was chosen. label: "Product headline, version 4". name, shape, arguments: as in a ProgramSpec."""

    label: str
    source: str
    name: str | None = None
    shape: str = "refine"
    arguments: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ArmDraft:
    """An arm: what it has other than the draft's program, reward and model. name: "" for one that says what it is. None: as the draft has it."""

    key: str
    strategy: Strategy = "refine"
    n: int = 5
    hints: HintSource = "adviser"
    name: str = ""
    model: ModelSpec | None = None
    reward: RewardChoice | None = None
    program: ProgramChoice | None = None


@dataclass(frozen=True, slots=True)
class ExperimentDraft:
    """What is set up. id: of the experiment that it will be. next_arm: how many arms there have ever been, so that no key comes twice.

    program, reward, model: of every arm that has none of its own; None: as the program has it. dataset_id: "" for none yet. repeats, usd, calls, tokens, at_once, seed: as in Experiment; None for an empty field.
    rate_limits: label of a model -> its limits. saved_at: seconds since the epoch; 0 where nobody has typed anything yet.
    """

    id: str
    name: str = ""
    program: ProgramChoice | None = None
    reward: RewardChoice | None = None
    arms: tuple[ArmDraft, ...] = ()
    next_arm: int = 0
    dataset_id: str = ""
    dataset_version: int = 0
    repeats: int | None = 1
    usd: float | None = None
    calls: int | None = None
    tokens: int | None = None
    at_once: int | None = 8
    seed: int | None = 0
    rate_limits: Mapping[str, RateLimit] = field(default_factory=dict)
    saved_at: float = 0.0
    model: ModelSpec | None = None


def new_draft() -> ExperimentDraft:
    """An empty draft under a new id. It is kept by `save_draft`."""
    return ExperimentDraft(new_run_id())
