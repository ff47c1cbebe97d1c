"""What is asked: a recorded run's description with another reward, other validators, another threshold, N or fail_count."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping
from dataclasses import fields, replace
from typing import Final, Literal, TypedDict, Unpack

from refine_core.errors import Problem, SpecError
from refine_core.loop import Plan
from refine_core.rewards.shapes import find_run_shape
from refine_core.spec import ModelSpec, ProgramSpec, ValidatorSpec
from refine_core.spec.limits import find_limit_problems
from refine_core.spec.schedule import list_temperatures


class Keep(enum.Enum):
    """The type of AS_RECORDED: None means something of its own for a threshold and for fail_count."""

    AS_RECORDED = "as recorded"


AS_RECORDED: Final = Keep.AS_RECORDED
"""A threshold or a fail_count that stays what it was."""

WHAT_IF_FIELDS: Final = frozenset(
    (
        "reward", "reward_name", "reward_shape", "reward_arguments", "validators", "threshold", "N", "fail_count",
    )
)  # fmt: skip
"""Fields of a ProgramSpec that a what-if may change."""
_NO_MATTER: Final = frozenset((
    "title", "example", "parent", "budget_usd", "budget_tokens", "judge", "reward_timeout_s", "stop_on_repeating_error",
    "hint_test", "experiment", "fork_attempt", "change",
))  # fmt: skip


class Changes(TypedDict, total=False):
    """What is changed; what is not given stays as recorded.

    reward: Python source; reward_name: which function of it; reward_shape: how it is called, by default as its parameters say
    where the source is another than the recorded one; reward_arguments: which parameter is what, as in
    ProgramSpec. threshold: None never stops early. n: the most attempts that it may make.
    fail_count: failed attempts allowed; None means as many as there are attempts.
    """

    reward: str | None
    reward_name: str | None
    reward_shape: str | None
    validators: Iterable[ValidatorSpec] | None
    threshold: float | Literal[Keep.AS_RECORDED] | None
    n: int | None
    fail_count: int | Literal[Keep.AS_RECORDED] | None
    reward_arguments: Mapping[str, str] | None


def change_spec(spec: ProgramSpec, **changes: Unpack[Changes]) -> ProgramSpec:
    """The same description with some things changed.

    Raises SpecError with every wrong number, and for an N of a single attempt; TypeError for a change that there is not.
    """
    if unknown := changes.keys() - Changes.__annotations__.keys():
        raise TypeError(
            f"nothing is called {min(unknown)!r} here; it takes {', '.join(Changes.__annotations__)}"
        )
    reward, reward_name, n = changes.get("reward"), changes.get("reward_name"), changes.get("n")
    reward_shape, validators = changes.get("reward_shape"), changes.get("validators")
    reward_arguments = changes.get("reward_arguments")
    threshold = changes.get("threshold", AS_RECORDED)
    fail_count = changes.get("fail_count", AS_RECORDED)
    if reward_shape is None:
        is_new = reward is not None and reward != spec.reward
        reward_shape = find_run_shape(reward or "", reward_name) if is_new else spec.reward_shape
    if reward_arguments is None:
        reward_arguments = spec.reward_arguments if reward in (None, spec.reward) else {}
    changed = replace(
        spec,
        reward_shape=reward_shape,
        reward_arguments=reward_arguments,
        reward=spec.reward if reward is None else reward,
        reward_name=spec.reward_name if reward is None and reward_name is None else reward_name,
        validators=spec.validators if validators is None else tuple(validators),
        threshold=spec.threshold if threshold is AS_RECORDED else threshold,
        N=spec.N if n is None else n,
        fail_count=spec.fail_count if fail_count is AS_RECORDED else fail_count,
    )
    problems = find_limit_problems(changed.N, changed.threshold, changed.fail_count, in_app=True)
    if spec.strategy == "single" and n not in (None, 1):
        problems.append(Problem("N", "this run makes a single attempt, so it has no N to change"))
    if problems:
        raise SpecError(problems)
    return changed


def list_program_changes(recorded: ProgramSpec, other: ProgramSpec) -> tuple[str, ...]:
    """Names of the fields, beyond those of a what-if, in which another description differs so that its outputs would.

    () if a recorded output is one of `other`, too. Names, budgets and the judge do not count: they are no part of a prompt.
    """
    names = [one.name for one in fields(ProgramSpec) if one.name not in WHAT_IF_FIELDS | _NO_MATTER]
    advised = "adviser" in (recorded.hint_source, other.hint_source)
    if not advised:
        names = [name for name in names if name not in ("adviser", "advice_form", "advice_instructions")]
    return tuple(name for name in names if _what_counts(recorded, name) != _what_counts(other, name))


def _what_counts(spec: ProgramSpec, name: str) -> object:
    """A field, without what of a model changes no reply."""
    value = getattr(spec, name)
    if isinstance(value, ModelSpec):
        return value.identity
    return dict(value) if isinstance(value, Mapping) else value


def change_plan(recorded: Plan, spec: ProgramSpec) -> Plan:
    """The plan of a recorded run, changed as `spec` says."""
    count = spec.attempt_count
    temperatures = recorded.temperatures
    if count != len(temperatures):
        by, last = recorded.schedule, temperatures[-1]
        listed = list_temperatures(by, temperatures[0], count)
        temperatures = (*listed, *(last for _ in range(count - len(listed))))  # a list may be too short
    failures = count if spec.fail_count is None else spec.fail_count
    return replace(recorded, temperatures=temperatures, threshold=spec.threshold, fail_count=failures)
