"""A reward as typed: which function it is, what reading finds wrong with it, and fixes."""

from __future__ import annotations

from refine_core.errors import RewardError
from refine_core.refine.build import list_reward_fields
from refine_core.rewards import find_reward
from refine_core.rewards.checks import Finding, Fix, check_reward, find_call_question
from refine_core.rewards.source import list_names
from refine_core.spec import ProgramSpec

_ALSO_PROBLEMS = ("syntax", "no-reward", "many-rewards")


def list_reward_candidates(source: str) -> tuple[str, ...]:
    """The functions between which a person must choose; () where there is nothing to choose."""
    try:
        find_reward(source)
    except RewardError as error:
        return error.candidates
    return ()


def check_spec_reward(spec: ProgramSpec) -> tuple[Finding, ...]:
    """Findings about the reward, without those that prevent `spec` from running (see `problems`)."""
    findings = check_reward(spec.reward, spec.reward_name, list_reward_fields(spec))
    return tuple(one for one in findings if one.code not in _ALSO_PROBLEMS)


def find_reward_question(spec: ProgramSpec) -> Finding | None:
    """What to ask before a reward is called that seems to be written for another framework; None for others."""
    return find_call_question(spec.reward, spec.reward_name, list_reward_fields(spec))


def apply_fix(source: str, fix: Fix) -> str:
    """The source with one finding fixed."""
    lines = source.split("\n")
    line = lines[fix.line - 1]
    lines[fix.line - 1] = line[: fix.column - 1] + fix.text + line[fix.end_column - 1 :]
    return "\n".join(lines)


def may_give_feedback(reward: str) -> bool:
    """Whether this source can return more than a number: its code names Score or feedback. It is not run."""
    try:
        return not list_names(reward).isdisjoint(("Score", "feedback"))
    except RewardError:
        return False
