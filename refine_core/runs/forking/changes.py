"""What a branch may change, and the description of the branch that comes of it.

parent's spec, ForkChanges --change_program--> spec, but for its temperatures --list_branch_temperatures--> the schedule
describe_fork(changes) --> "hint for draft, N = 7"
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final, TypedDict

from refine_core.formatting import format_number, format_temperature, pluralize
from refine_core.spec import AdviceForm, HintSource, ModelSpec, ProgramSpec, Schedule, Strategy
from refine_core.spec.schedule import list_temperatures
from refine_core.what_if import Changes, change_spec


class ForkChanges(Changes, total=False):
    """What a branch changes from its first own attempt on; what is not given stays as it is in the parent.

    hints: predictor name -> hint of that attempt, "" for none; the other predictors keep theirs. temperature: of that attempt
    alone. model, adviser: from there on. The rest as in refine_core.what_if.Changes: they also score the kept attempts again.
    """

    hints: Mapping[str, str] | None
    temperature: float | None
    model: ModelSpec | None
    adviser: ModelSpec | None


class AgainChanges(TypedDict, total=False):
    """What is changed when a run is done again from its first attempt; what is not given, or None, stays.

    seed: of the practice model, and sent to any other one. hints: where they come from, for the strategy "refine". advice_form: how an adviser is asked. n: attempts.
    """

    seed: int | None
    model: ModelSpec | None
    adviser: ModelSpec | None
    strategy: Strategy | None
    hints: HintSource | None
    advice_form: AdviceForm | None
    n: int | None


_SCORING = frozenset(Changes.__annotations__) - {"n"}
_STRATEGIES: Final[Mapping[Strategy, str]] = {
    "refine": "refine",
    "best_of_n": "best of N",
    "single": "a single attempt",
}
_HINTS: Final[Mapping[HintSource, str]] = {
    "adviser": "hints from an adviser",
    "feedback": "hints from the reward's feedback",
    "none": "no hints",
}
_SCORES = "reward", "reward_name", "reward_shape", "reward_arguments", "validators"


def scores_otherwise(recorded: ProgramSpec, spec: ProgramSpec) -> bool:
    """Whether recorded outputs may get other scores under another description, so that they are scored again."""
    return any(getattr(recorded, name) != getattr(spec, name) for name in _SCORES)


def change_scoring(spec: ProgramSpec, changes: ForkChanges) -> ProgramSpec:
    """The parent's description with another reward, validators, threshold or fail_count. Raises SpecError."""
    scoring = {name: value for name, value in changes.items() if name in _SCORING}
    return change_spec(spec, **scoring)  # type: ignore[arg-type]  # the keys of Changes, by the filter above


def change_program(scoring: ProgramSpec, changes: ForkChanges) -> ProgramSpec:
    """The description of a branch, but for its temperatures and its place in the family. scoring: see `change_scoring`.

    Raises SpecError for a wrong N.
    """
    model, adviser, n = changes.get("model"), changes.get("adviser"), changes.get("n")
    return replace(
        change_spec(scoring, n=n),
        model=scoring.model if model is None else model,
        adviser=scoring.adviser if adviser is None else adviser,
        starting_hints=dict(changes.get("hints") or {}),
        hint_test=None,
        experiment=None,
    )


def forget_branch(spec: ProgramSpec) -> ProgramSpec:
    """The description of a branch as that of a run of its own, which keeps nothing; any other one as it is."""
    if spec.fork_attempt is None:
        return spec
    by = spec.schedule if spec.schedule.kind == "list" else Schedule(spec.schedule.kind)
    return replace(spec, fork_attempt=None, starting_hints={}, schedule=by, change="")


def change_again(parent: ProgramSpec, run_id: str, changes: AgainChanges) -> ProgramSpec:
    """The description of run `run_id`, which is `parent`, done again from its first attempt."""
    given = {name: value for name, value in changes.items() if value is not None}
    if "n" in given:
        given["N"] = given.pop("n")
    spec = replace(forget_branch(parent), parent=run_id, hint_test=None, experiment=None, **given)  # type: ignore[arg-type]  # fields by their names
    if spec.model.kind == "litellm" and "seed" in given:
        spec = replace(spec, model=replace(spec.model, seed=spec.seed))
    return replace(spec, change=describe_again(parent, spec))


def list_branch_temperatures(
    parent: ProgramSpec, recorded: Sequence[float], spec: ProgramSpec
) -> tuple[float, ...]:
    """The temperatures of a branch's attempts, one each: those of its parent, as far as it has them.

    recorded: the parent's. Attempts beyond the parent's N get those that its schedule has for the branch's N and that no attempt
    of the parent's has, so that no two requests are the same. A model that takes no temperature in one of the two runs, and takes
    one in the other, makes all of them those of the branch's schedule.
    """
    count, by = spec.attempt_count, Schedule(spec.temperature_schedule.kind)
    own = spec.model.temperature or 0.0
    if by.kind != parent.temperature_schedule.kind:
        return list_temperatures(by, own, count)
    kept = tuple(recorded[:count])
    if len(kept) == count:
        return kept
    listed = list_temperatures(by, recorded[0] if recorded else own, count)
    unused = [one for one in listed if one not in recorded] if by.kind == "dspy-2.6" else [*listed]
    missing = count - len(kept)
    more = [*unused, *[kept[-1] if kept else own] * missing]  # a list knows no more than its own
    return (*kept, *(unused[-missing:] if len(unused) >= missing else more[:missing]))


def set_temperatures(spec: ProgramSpec, temperatures: tuple[float, ...]) -> ProgramSpec:
    """The description with these temperatures; with its plain schedule, where that has the very same."""
    kind = spec.schedule.kind
    if spec.temperature_schedule.kind == "none":
        return spec
    plain = Schedule(kind)
    if kind != "list" and (
        list_temperatures(plain, spec.model.temperature or 0.0, spec.attempt_count) == temperatures
    ):
        return replace(spec, schedule=plain)
    return replace(spec, schedule=Schedule(kind, temperatures))


def describe_fork(parent: ProgramSpec, spec: ProgramSpec, temperature: float | None) -> str:
    """What a branch changes, in a few words: "hint for draft", "T 0.9", "edited reward, N = 7"; "" for nothing."""
    words = []
    if spec.starting_hints:
        names = [name.removesuffix(".predict") for name in spec.starting_hints]
        words.append("hint" if len(parent.stages) == 1 else f"hint for {' and '.join(names)}")
    if temperature is not None:
        words.append(f"T {format_temperature(temperature)}")
    words += describe_roles(parent, spec)
    if any(getattr(parent, name) != getattr(spec, name) for name in _SCORES if name != "validators"):
        words.append("edited reward")
    if parent.validators != spec.validators:
        words.append(pluralize(len(spec.validators), "validator") if spec.validators else "no validators")
    if parent.threshold != spec.threshold:
        words.append(
            "no threshold" if spec.threshold is None else f"threshold {format_number(spec.threshold)}"
        )
    if parent.N != spec.N:
        words.append(f"N = {spec.N}")
    if parent.fail_count != spec.fail_count:
        allowed = spec.N if spec.fail_count is None else spec.fail_count
        words.append(f"{pluralize(allowed, 'failure')} allowed")
    return ", ".join(words)


def describe_roles(parent: ProgramSpec, spec: ProgramSpec) -> list[str]:
    """The model and the adviser of a run, where they are others than its parent's."""
    words = [spec.model.label] if parent.model.identity != spec.model.identity else []
    if spec.adviser is not None and (
        parent.adviser is None or parent.adviser.identity != spec.adviser.identity
    ):
        words.append(f"adviser {spec.adviser.label}")
    return words


def describe_again(parent: ProgramSpec, spec: ProgramSpec) -> str:
    """What a run that is done again changes, in a few words: "seed 3", "best of N"; "again" for nothing."""
    words = describe_roles(parent, spec)
    if parent.seed != spec.seed:
        words.append(f"seed {spec.seed}")
    if parent.strategy != spec.strategy:
        words.append(_STRATEGIES[spec.strategy])
    if parent.hint_source != spec.hint_source and spec.strategy == "refine":
        words.append(_HINTS[spec.hints])
    if parent.advice_form != spec.advice_form:
        words.append(f"{spec.advice_form} advice request")
    if parent.N != spec.N:
        words.append(f"N = {spec.N}")
    return ", ".join(words) or "again"
