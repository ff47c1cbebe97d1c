"""An experiment that is being set up: what is typed and chosen, valid or not, kept so that a reload or a crash loses none of it.

    ExperimentDraft --find_draft_problems--> what is wrong, by field
                    --build_experiment-----> Experiment

What is chosen is kept as it was then: a program or a connection that somebody removes later leaves the draft as it is. Never a key.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from refine_core import runs
from refine_core.errors import Problem
from refine_core.experiments import shorthand
from refine_core.experiments.document import Arm, Budget, Experiment, RateLimit
from refine_core.log import codec
from refine_core.refine.build import find_problems
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


def arm_spec(draft: ExperimentDraft, arm: ArmDraft) -> ProgramSpec | None:
    """What an arm runs, without inputs; None while no program is chosen."""
    chosen = arm.program or draft.program
    if chosen is None:
        return None
    base = chosen.spec
    hinted = arm.strategy == "refine" and arm.hints != "none"
    spec = replace(
        base,
        strategy=arm.strategy,
        N=base.N if arm.strategy == "single" else arm.n,
        fail_count=None if base.fail_count in (None, base.N) else base.fail_count,
        hints=arm.hints if arm.strategy == "refine" else base.hints,
        starting_hints=base.starting_hints if hinted else {},
        inputs={},
        example=None,
        parent=chosen.origin or None,
        fork_attempt=None,
        change="",
        title=chosen.label,
    )
    if arm.model is not None:
        spec = replace(spec, model=arm.model)
    reward = arm.reward or draft.reward
    if reward is not None:
        spec = replace(
            spec,
            reward=reward.source,
            reward_name=reward.name,
            reward_shape=reward.shape,
            reward_arguments=dict(reward.arguments),
        )
    return spec


def describe_strategy(arm: ArmDraft) -> str:
    """What an arm is called after what it does: "Refine, N 5", "Best of 5", "Single attempt"."""
    return shorthand.name_arm(ProgramSpec((), "", strategy=arm.strategy, N=arm.n, hints=arm.hints))


def name_arm_draft(arm: ArmDraft) -> str:
    """An arm's name: what somebody called it, or what it does and what it has of its own."""
    if arm.name:
        return arm.name
    own = [
        *([arm.program.label] if arm.program is not None else []),
        *([_name_model(arm.model)] if arm.model is not None else []),
        *([arm.reward.label] if arm.reward is not None else []),
    ]
    return ", ".join([describe_strategy(arm), *own])


def _name_model(model: ModelSpec) -> str:
    return model.connection or model.model.rpartition("/")[2] or model.label


def propose_arms(draft: ExperimentDraft) -> ExperimentDraft:
    """The draft with the three arms that answer the first question: what do hints give, and what do more attempts."""
    n = draft.program.spec.N if draft.program is not None and draft.program.spec.N > 1 else 5
    hints = draft.program.spec.hints if draft.program is not None else "adviser"
    arms = (
        ArmDraft("", "refine", n, "adviser" if hints == "none" else hints),
        ArmDraft("", "best_of_n", n),
        ArmDraft("", "single", n),
    )
    for arm in arms:
        draft = add_arm_draft(draft, arm)
    return draft


def find_draft_problems(draft: ExperimentDraft, row: Mapping[str, object] | None) -> list[Problem]:
    """What keeps it from being run, each with its field: "program", "reward", "inputs", "arms", or "arms.a" for that arm.

    row: values of the first row; None where there is none. What is wrong with the table is not asked here.
    """
    problems: list[Problem] = []
    if draft.program is None:
        problems.append(Problem("program", "choose a program"))
    if not draft.dataset_id:
        problems.append(Problem("inputs", "choose a table of inputs"))
    if draft.program is not None and not draft.arms:
        problems.append(Problem("arms", "add an arm"))
    found = {arm.key: _find_arm_problems(draft, arm, row) for arm in draft.arms}
    shared = set.intersection(*map(set, found.values())) if found else set()
    for where, message in sorted(shared):
        problems.append(Problem("reward" if where.startswith("reward") else "program", message))
    for key, several in found.items():
        problems += [
            Problem(f"arms.{key}", message) for where, message in several if (where, message) not in shared
        ]
    return [*problems, *_find_twins(draft)]


def _find_arm_problems(
    draft: ExperimentDraft, arm: ArmDraft, row: Mapping[str, object] | None
) -> list[tuple[str, str]]:
    spec = arm_spec(draft, arm)
    if spec is None:
        return []
    found = find_problems(replace(spec, inputs=row or {}))
    return [
        (one.field, one.message if one.line is None else f"{one.message} (line {one.line})")
        for one in found
        if not one.field.startswith("inputs")
    ]


def _find_twins(draft: ExperimentDraft) -> list[Problem]:
    """Arms that would run the same as one before, so that their difference is chance alone."""
    known: list[tuple[ProgramSpec, str]] = []
    problems = []
    for arm in draft.arms:
        spec = arm_spec(draft, arm)
        if spec is None:
            continue
        twin = next((name for other, name in known if other == spec), None)
        if twin is not None:
            problems.append(
                Problem(f"arms.{arm.key}", f"this is the same as {twin}; change one, or remove it")
            )
        known.append((spec, name_arm_draft(arm)))
    return problems


def add_arm_draft(draft: ExperimentDraft, arm: ArmDraft) -> ExperimentDraft:
    """The draft with one more arm, under a key that no other has had."""
    return replace(
        draft,
        arms=(*draft.arms, replace(arm, key=shorthand.name_key(draft.next_arm))),
        next_arm=draft.next_arm + 1,
    )


def draft_of(experiment: Experiment) -> ExperimentDraft:
    """A new draft that is set up as this experiment is, not kept yet."""
    first = experiment.arms[0].spec
    base = ProgramChoice(first.title or experiment.name, first, first.parent or "")
    limits = list(experiment.rate_limits.values())
    draft = ExperimentDraft(
        new_run_id(),
        program=base,
        dataset_id=experiment.dataset_id,
        dataset_version=experiment.dataset_version,
        repeats=experiment.repeats,
        usd=experiment.budget.usd,
        calls=experiment.budget.calls,
        tokens=experiment.budget.tokens,
        at_once=limits[0].at_once if limits else RateLimit().at_once,
        seed=experiment.seed,
        rate_limits=experiment.rate_limits,
    )
    for arm in experiment.arms:
        draft = add_arm_draft(draft, _draft_arm(draft, arm))
    return replace(draft, name=f"{experiment.name} (copy)")


def _draft_arm(draft: ExperimentDraft, arm: Arm) -> ArmDraft:
    """The arm as what it has other than the draft's program, or else with a program of its own."""
    spec, base = arm.spec, draft.program.spec if draft.program is not None else arm.spec
    wanted = replace(spec, title=base.title)
    plain = ArmDraft("", spec.strategy, spec.N, spec.hints)
    reward = RewardChoice(
        "another reward", spec.reward, spec.reward_name, spec.reward_shape, spec.reward_arguments
    )
    ways = (
        plain,
        replace(plain, model=spec.model),
        replace(plain, reward=reward),
        replace(plain, model=spec.model, reward=reward),
    )
    own = replace(plain, program=ProgramChoice(spec.title or arm.name, spec, spec.parent or ""))
    found = next((way for way in ways if _runs_same(arm_spec(draft, way), wanted)), own)
    return found if name_arm_draft(found) == arm.name else replace(found, name=arm.name)


def _runs_same(one: ProgramSpec | None, other: ProgramSpec) -> bool:
    """Whether they run the same, whatever they are called."""
    return one is not None and replace(one, title="", example=None) == replace(other, title="", example=None)


def build_experiment(draft: ExperimentDraft, *, rows: int | None = None) -> Experiment:
    """The experiment that a draft without problems describes. rows: how many of the first ones; None for all."""
    specs = ((arm, arm_spec(draft, arm)) for arm in draft.arms)
    arms = tuple(Arm(arm.key, name_arm_draft(arm), spec) for arm, spec in specs if spec is not None)
    at_once = draft.at_once or 1
    labels = {label for arm in arms for label in list_models(arm.spec)}
    return Experiment(
        draft.id,
        draft.name or name_draft(draft),
        time.time(),
        draft.dataset_id,
        draft.dataset_version,
        arms,
        rows,
        draft.repeats or 1,
        draft.seed or 0,
        Budget(draft.calls, draft.tokens, draft.usd),
        {
            label: replace(draft.rate_limits.get(label, RateLimit()), at_once=at_once)
            for label in sorted(labels)
        },
    )


def list_models(spec: ProgramSpec) -> tuple[str, ...]:
    """The labels of the models that a program may ask, the one that answers first."""
    asked = (spec.model, spec.adviser if spec.hint_source == "adviser" else None, spec.judge)
    return tuple(dict.fromkeys(model.label for model in asked if model is not None))


def name_draft(draft: ExperimentDraft) -> str:
    """What it is called while nobody has said: "Product headline: Refine, N 5 or Best of 5?"."""
    if draft.program is None:
        return "New experiment"
    names = [name_arm_draft(arm) for arm in draft.arms]
    if not names:
        return draft.program.label
    listed = f"{', '.join(names[:-1])} or {names[-1]}" if len(names) > 1 else names[0]
    return f"{draft.program.label}: {listed}?" if len(names) > 1 else f"{draft.program.label}: {listed}"
