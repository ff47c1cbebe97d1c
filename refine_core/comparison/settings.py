"""What two attempts were made with, and what they took: each setting that differs, and the names of the rest."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from refine_core.comparison.texts import show_value
from refine_core.formatting import format_cost, format_duration, format_rollout, format_temperature
from refine_core.log.timeline import Attempt, Timeline, Usage
from refine_core.unseen import show_unseen

_OWN = frozenset(
    ("temperature", "rollout_id", "response_format")
)  # parameters that are shown as something of their own


@dataclass(frozen=True, slots=True)
class Setting:
    """name; before and after: as text, with its unit."""

    name: str
    before: str
    after: str


def compare_settings(
    first: Timeline, a: Attempt, second: Timeline, b: Attempt
) -> tuple[tuple[Setting, ...], tuple[str, ...]]:
    """Those that differ, in order, and the names of those that do not."""
    every = [*_settings(first, a, second, b)]
    differing = tuple(Setting(name, old, new) for name, old, new in every if old != new)
    return differing, tuple(name for name, old, new in every if old == new)


def _settings(first: Timeline, a: Attempt, second: Timeline, b: Attempt) -> Iterator[tuple[str, str, str]]:
    yield "temperature", _temperature(first, a), _temperature(second, b)
    yield "time", format_duration(a.took_s), format_duration(b.took_s)
    old, new = Usage.of(a.calls), Usage.of(b.calls)
    yield "tokens", _tokens(old), _tokens(new)
    yield "calls", str(old.calls), str(new.calls)
    yield "cost", format_cost(old.cost_usd), format_cost(new.cost_usd)
    if a.advice is not None or b.advice is not None:
        yield "advice after it", _advice(a), _advice(b)
    params, others = _parameters(a), _parameters(b)
    for name in dict.fromkeys((*params, *others)):
        yield show_unseen(name), params.get(name, "none"), others.get(name, "none")
    yield "model", _model(first, a), _model(second, b)
    yield "reward code", *_differ(first.spec.reward, second.spec.reward)
    yield "inputs", *_differ(dict(first.spec.inputs), dict(second.spec.inputs))


def _differ(old: object, new: object) -> tuple[str, str]:
    return ("equal", "equal") if old == new else ("one", "another")


def _temperature(timeline: Timeline, attempt: Attempt) -> str:
    if timeline.has_temperature(attempt):
        return format_temperature(attempt.temperature)
    return f"none, {format_rollout(attempt.index)}"


def _tokens(usage: Usage) -> str:
    if usage.prompt_tokens is None or usage.completion_tokens is None:
        return "unknown"
    return f"{usage.prompt_tokens + usage.completion_tokens:,}"


def _advice(attempt: Attempt) -> str:
    if attempt.advice is None:
        return "none"
    return format_duration(attempt.advice.took_s)


def _model(timeline: Timeline, attempt: Attempt) -> str:
    asked = dict.fromkeys(call.model for run in attempt.predictors for call in run.calls)
    return show_unseen(", ".join(asked) if len(asked) > 1 else timeline.spec.model.label)


def _parameters(attempt: Attempt) -> dict[str, str]:
    """Parameters of the program's requests; where predictors have several values, all of them."""
    values: dict[str, dict[str, None]] = {}
    for run in attempt.predictors:
        for call in run.calls[:1]:
            for name, value in call.params.items():
                if name not in _OWN and value is not None:
                    values.setdefault(name, {})[show_value(value)] = None
    return {name: ", ".join(several) for name, several in values.items()}
