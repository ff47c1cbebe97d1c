"""How a program's reward is called: as `reward(inputs, prediction)`, or as the framework does that it was written for."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import cast

from refine_core.errors import RewardError
from refine_core.rewards import Judge, RewardRunner
from refine_core.rewards.shapes import SHAPES, ArgumentQuestion, Recognized, Shape, recognize
from refine_core.spec import ProgramSpec
from refine_core.spec.rules import Rule


def recognize_reward(spec: ProgramSpec) -> Recognized | None:
    """How the reward of `spec` is called; None for the shape "refine".

    Raises: RewardError where it cannot be called for one attempt: "UnknownShape", "ArgumentsUnknown", "NeedsGroup", and as
    refine_core.rewards.shapes.recognize.
    """
    if spec.reward_shape == "refine":
        return None
    if spec.reward_shape not in SHAPES:
        raise RewardError(
            f"no form of a reward is called {spec.reward_shape!r}; the forms are {', '.join(SHAPES)}",
            type_name="UnknownShape",
        )
    names = None if spec.reward_name is None else [spec.reward_name]
    shape = None if spec.reward_shape == "by_name" else cast("Shape", spec.reward_shape)
    try:
        found = recognize(spec.reward, names, shape, arguments=spec.reward_arguments)
    except ValueError as error:
        raise RewardError(str(error), type_name="ArgumentsUnknown") from None
    if isinstance(found, ArgumentQuestion):
        raise RewardError(found.message, type_name="ArgumentsUnknown", line=found.line)
    if found.per == "group":
        only = next(one for one in found.functions if one.per == "group")
        raise RewardError(
            f"{only.name} scores a whole group of outputs at once, and a run has one attempt at a time. "
            "Use it on the Rewards page",
            type_name="NeedsGroup",
            line=only.line,
        )
    return found


def make_reward_runner(
    spec: ProgramSpec,
    program_inputs: Collection[str],
    *,
    judge: Judge | None = None,
    rules: Sequence[Rule] = (),
) -> RewardRunner:
    """A runner for the reward of `spec`; nothing is started.

    program_inputs: names of the inputs that the program itself takes; the others are expected values, which frameworks pass
    apart from the inputs. Raises: RewardError.
    """
    return RewardRunner(
        spec.reward,
        name=spec.reward_name,
        timeout_s=spec.reward_timeout_s,
        judge=judge,
        rules=rules,
        recognized=recognize_reward(spec),
        expected_inputs=[name for name in spec.inputs if name not in program_inputs],
    )
