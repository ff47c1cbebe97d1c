"""From a draft to the experiment that it describes, and from an experiment to a draft that is set up alike.

ExperimentDraft --build_experiment--> Experiment --draft_of--> ExperimentDraft
"""

from __future__ import annotations

import time
from dataclasses import replace

from refine_core.experiments.document import Arm, Budget, Experiment, RateLimit
from refine_core.experiments.drafts.arms import add_arm_draft, arm_spec, name_arm_draft, name_draft
from refine_core.experiments.drafts.document import ArmDraft, ExperimentDraft, ProgramChoice, RewardChoice
from refine_core.runs import new_run_id
from refine_core.spec import ProgramSpec


def build_experiment(draft: ExperimentDraft, *, rows: int | None = None) -> Experiment:
    """The experiment that a draft without problems describes. rows: how many of the first ones; None for all."""
    specs = ((arm, arm_spec(draft, arm)) for arm in draft.arms)
    arms = tuple(Arm(arm.key, name_arm_draft(arm), spec) for arm, spec in specs if spec is not None)
    at_once = draft.at_once or RateLimit().at_once
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
        at_once=min((limit.at_once for limit in limits), default=RateLimit().at_once),
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
