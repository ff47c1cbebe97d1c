"""An experiment that is being set up: what is typed and chosen, valid or not, kept so that a reload or a crash loses none of it.

drafts           the data, and where it is kept        draft_arms      its arms: what each runs, and what each is called
draft_problems   what is wrong, by field               draft_building  from a draft to an Experiment, and back

What is chosen is kept as it was then: a program or a connection that somebody removes later leaves the draft as it is. Never a key.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from refine_core import runs
from refine_core.experiments.document import RateLimit
from refine_core.log import codec
from refine_core.runs import new_run_id
from refine_core.spec import HintSource, ModelSpec, ProgramSpec, Strategy

logger = logging.getLogger("refine_core")

KIND: Final = "experiment-draft"
MAX_DRAFTS: Final = 100
"""Once there are more, the oldest go."""


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
    """An arm: what it has other than the draft's program and reward. name: "" for one that says what it is. None: as the program has it."""

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

    dataset_id: "" for none yet. repeats, usd, calls, tokens, at_once, seed: as in Experiment; None for an empty field.
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


def new_draft() -> ExperimentDraft:
    """An empty one, which is not kept yet."""
    return ExperimentDraft(new_run_id())


def save_experiment_draft(draft: ExperimentDraft) -> ExperimentDraft:
    """Keep it in place of what it was; durable on return. Raises StoreError, and then nothing was written.

    What another window kept since is not overwritten: this one goes on as a copy, with an id of its own.
    """
    place = runs.default().store
    stored = read_experiment_draft(draft.id)
    if stored is not None and stored.saved_at > draft.saved_at:
        draft = replace(draft, id=new_run_id())
        stored = None
    saved = replace(draft, saved_at=time.time())
    place.put(KIND, saved.id, codec.dumps(saved))
    if stored is None:
        for old in list_experiment_drafts()[MAX_DRAFTS:]:
            place.drop(KIND, old.id)
    return saved


def read_experiment_draft(draft_id: str) -> ExperimentDraft | None:
    """The draft of that id, or None. Raises StoreError."""
    text = runs.default().store.documents(KIND).get(draft_id)
    return None if text is None else _read(draft_id, text)


def list_experiment_drafts() -> list[ExperimentDraft]:
    """The drafts, the newest first. What cannot be read is left out. Raises StoreError."""
    found = (_read(name, text) for name, text in runs.default().store.documents(KIND).items())
    return sorted(filter(None, found), key=lambda draft: -draft.saved_at)


def drop_experiment_draft(draft_id: str) -> None:
    """Remove it. Raises StoreError."""
    runs.default().store.drop(KIND, draft_id)


def _read(name: str, text: str) -> ExperimentDraft | None:
    try:
        return codec.build(ExperimentDraft, codec.loads(text))  # type: ignore[arg-type]  # what is no such data is caught
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        logger.warning("draft of an experiment %r cannot be read (%s)", name, type(error).__name__)
        return None
