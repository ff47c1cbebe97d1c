"""A reward as typed: which function it is, what reading finds wrong with it, and fixes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from refine_core.errors import RewardError
from refine_core.refine.build import list_reward_fields
from refine_core.refine.reward_calls import recognize_reward
from refine_core.rewards import find_reward
from refine_core.rewards.checks import Finding, Fix, check_recognized, check_reward, find_call_question
from refine_core.rewards.shapes import SHAPES, describe_shape, find_run_shape
from refine_core.rewards.source import list_names
from refine_core.spec import ProgramSpec
from refine_core.spec.rules import read_rule

_OF_NUMBERS = ("no-return", "missing-return", "wrong-return")  # a check may return anything
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
    fields = list_reward_fields(spec)
    if spec.reward_shape == "refine":
        findings = check_reward(spec.reward, spec.reward_name, fields)
    else:
        try:
            recognized = recognize_reward(spec)
        except RewardError:
            return ()  # it is among the problems
        findings = () if recognized is None else check_recognized(recognized, fields)
    return tuple(one for one in findings if one.code not in _ALSO_PROBLEMS)


def check_spec_rules(spec: ProgramSpec) -> tuple[tuple[int, Finding], ...]:
    """(place of the validator, finding) of what reading finds wrong with the checks; lines are those of the check.

    What prevents `spec` from running is left out.
    """
    fields, found = list_reward_fields(spec), list[tuple[int, Finding]]()
    reward = spec.reward.rstrip("\n")
    before = reward.count("\n") + 1
    for i, validator in enumerate(spec.validators):
        try:
            rule = read_rule(validator.name, validator.check)
            find_reward(spec.reward, spec.reward_name)  # else nobody knows which names it would bind
        except RewardError:
            continue
        found += [
            (
                i,
                replace(
                    one,
                    line=one.line - before - rule.first_line + 1,
                    message=_of_check(one.message),
                    fix=None,
                ),
            )
            for one in check_reward(f"{reward}\n{rule.source}", rule.function, fields)
            if one.line is not None and one.line > before and one.code not in _OF_NUMBERS
            if one.severity != "note"
        ]
    return tuple(found)


def _of_check(message: str) -> str:
    return message.replace("The reward", "The check").replace("the reward", "the check")


def find_reward_question(spec: ProgramSpec) -> Finding | None:
    """What to ask before a reward is called that seems to be written for another framework; None for others."""
    if spec.reward_shape != "refine":
        return None
    return find_call_question(spec.reward, spec.reward_name, list_reward_fields(spec))


@dataclass(frozen=True, slots=True)
class RewardForm:
    """A reward that is written for another framework and can be called as there, in a run.

    header: "grade(sample, item)", under which a person's decision can be remembered. shape: as in ProgramSpec.
    noun: "an OpenAI grader". line: "Read as an OpenAI grader: sample, item". arguments: as in ProgramSpec.
    """

    header: str
    shape: str
    noun: str
    line: str
    arguments: Mapping[str, str]


def read_reward_form(spec: ProgramSpec) -> RewardForm | None:
    """The form of the reward of `spec`: as the spec says, or else as the parameters say; None for `refine`, and if they do not."""
    try:
        if spec.reward_shape == "refine":
            name = spec.reward_name
            if (shape := find_run_shape(spec.reward, name)) == "refine":
                return None
            spec = replace(spec, reward_shape=shape)
        found = recognize_reward(spec)
    except RewardError:
        return None
    if found is None:
        return None
    first = found.functions[0]
    noun = SHAPES[found.shape]
    header = f"{first.name}({', '.join(first.parameters)})"
    return RewardForm(header, spec.reward_shape, noun, describe_shape(found), spec.reward_arguments)


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
