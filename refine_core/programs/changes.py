"""What differs between two programs, and what of a program's settings is not at its default, in the words of the form.

describe_changes      ("reward", "threshold"): what was edited since a run
describe_settings     ("seed 3", "hints from the reward's feedback"): what is hidden behind "More", if it is not the default
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from refine_core.formatting import format_number, format_temperature, pluralize
from refine_core.spec import HintSource, ModelSpec, ProgramSpec, StageSpec

_SETTINGS: Final = {
    "reward": "reward",
    "reward_name": "reward function",
    "reward_shape": "form of the reward",
    "reward_arguments": "arguments of the reward",
    "validators": "validators",
    "strategy": "strategy",
    "N": "max attempts",
    "threshold": "threshold",
    "fail_count": "failures allowed",
    "model": "model",
    "adviser": "adviser",
    "judge": "judge",
    "budget_usd": "budget",
    "budget_tokens": "token budget",
    "seed": "seed",
    "hints": "source of hints",
    "schedule": "temperatures",
    "advice_instructions": "instructions for advice",
    "advice_form": "length of the advice request",
    "reward_timeout_s": "reward time limit",
}
"""Fields of a program -> how the form calls them, in its order, after the program and its inputs."""

_STAGE: Final = {
    "name": "name",
    "signature": "signature",
    "instructions": "instructions",
    "strategy": "module",
    "descriptions": "field descriptions",
    "demos": "demos",
}
_HINTS: Final[dict[HintSource, str]] = {
    "adviser": "hints from an adviser",
    "feedback": "hints from the reward's feedback",
    "none": "no hints",
}
_SCHEDULES: Final = {
    "dspy-3": "temperatures as in dspy 3",
    "list": "a list of temperatures",
    "none": "no temperature",
}


def describe_changes(then: ProgramSpec, now: ProgramSpec) -> tuple[str, ...]:
    """What `now` has changed since `then` was run, as the form calls it; () if a run would be the same.

    Names do not count, the program's and its connections', nor where it came from, nor whether it stops for its reward.
    A replay's models are those of the run that it repeats: they do not count unless `now` is a replay, too.
    """
    fields = dict(_SETTINGS)
    if then.model.kind == "replay" and now.model.kind != "replay":
        for one in ("model", "adviser", "judge", "budget_usd", "budget_tokens"):
            del fields[one]
    then, now = _unnamed(then), _unnamed(now)
    changed = [words for field, words in fields.items() if getattr(then, field) != getattr(now, field)]
    return (*_describe_stages(then.stages, now.stages), *_describe_inputs(then, now), *changed)


def _describe_stages(then: tuple[StageSpec, ...], now: tuple[StageSpec, ...]) -> list[str]:
    if len(then) != len(now):
        return ["stages"]
    changed: list[str] = []
    for old, new in zip(then, now, strict=True):
        whose = f" of {new.name}" if len(now) > 1 else ""
        changed += [
            f"{words}{whose}" for field, words in _STAGE.items() if getattr(old, field) != getattr(new, field)
        ]
    return changed


def _describe_inputs(then: ProgramSpec, now: ProgramSpec) -> list[str]:
    names = {**then.inputs, **now.inputs}
    missing = object()
    return [name for name in names if then.inputs.get(name, missing) != now.inputs.get(name, missing)]


def _unnamed(spec: ProgramSpec) -> ProgramSpec:
    def model(one: ModelSpec | None) -> ModelSpec | None:
        return None if one is None else replace(one, connection="")

    return replace(
        spec,
        model=replace(spec.model, connection=""),
        adviser=model(spec.adviser),
        judge=model(spec.judge),
        inputs=dict(spec.inputs),
    )


def describe_settings(spec: ProgramSpec) -> tuple[str, ...]:
    """Each setting behind "More" that is not at its default, as in "seed 3"; () if all are."""
    default = ProgramSpec((), "")
    words = {
        "hints": _HINTS[spec.hints],
        "schedule": _SCHEDULES.get(spec.schedule.kind, ""),
        "seed": f"seed {spec.seed}",
        "validators": pluralize(len(spec.validators), "validator"),
        "adviser": f"adviser: {spec.adviser.label}" if spec.adviser else "",
        "judge": f"judge: {spec.judge.label}" if spec.judge else "",
        "budget_tokens": f"budget {spec.budget_tokens:,} tokens" if spec.budget_tokens is not None else "",
        "advice_instructions": "own instructions for advice",
        "advice_form": "compact advice request",
        "reward_timeout_s": f"reward time limit {format_number(spec.reward_timeout_s)} s",
    }
    return tuple(
        text for field, text in words.items() if getattr(spec, field) != getattr(default, field) and text
    )


def summarize_temperatures(temperatures: tuple[float, ...]) -> str:
    """Those of the attempts, in a few words: "T 0.0, then 0.5-0.8" with a dash; "" for none."""
    if not temperatures:
        return ""
    first, rest = temperatures[0], temperatures[1:]
    lowest, highest = min(rest, default=first), max(rest, default=first)
    if lowest == highest == first:
        return f"T {_short(first)}"
    then = _short(lowest) if lowest == highest else f"{_short(lowest)}\N{EN DASH}{_short(highest)}"
    return f"T {_short(first)}, then {then}"


def _short(temperature: float) -> str:
    text = format_temperature(temperature)
    return text if "." in text else f"{text}.0"
