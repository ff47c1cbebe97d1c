"""The arms of a draft: what each runs, and what each is called.

draft, arm --arm_spec--> ProgramSpec        arm --name_arm_draft--> "Refine, N 5, gpt-5"
"""

from __future__ import annotations

from dataclasses import replace

from refine_core.experiments import shorthand
from refine_core.experiments.drafts.document import ArmDraft, ExperimentDraft
from refine_core.spec import ModelSpec, ProgramSpec


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
    model = arm.model or draft.model
    if model is not None:
        spec = replace(spec, model=model)
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


def name_draft(draft: ExperimentDraft) -> str:
    """What it is called while nobody has said: "Product headline: Refine, N 5 or Best of 5?"."""
    if draft.program is None:
        return "New experiment"
    names = [name_arm_draft(arm) for arm in draft.arms]
    if not names:
        return draft.program.label
    listed = f"{', '.join(names[:-1])} or {names[-1]}" if len(names) > 1 else names[0]
    return f"{draft.program.label}: {listed}?" if len(names) > 1 else f"{draft.program.label}: {listed}"


def add_arm_draft(draft: ExperimentDraft, arm: ArmDraft) -> ExperimentDraft:
    """The draft with one more arm, under a key that no other has had."""
    return replace(
        draft,
        arms=(*draft.arms, replace(arm, key=shorthand.name_key(draft.next_arm))),
        next_arm=draft.next_arm + 1,
    )


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
