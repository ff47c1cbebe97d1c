"""What two runs were set up with: each setting that differs by its name, long texts line by line, and the names of the rest."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

from refine_core.comparison.changes import LineBlock, fold_lines
from refine_core.comparison.settings import Setting
from refine_core.comparison.texts import show_value
from refine_core.formatting import format_amount, format_number
from refine_core.spec import ModelSpec, ProgramSpec, StageSpec
from refine_core.unseen import show_unseen

_MAX_SHORT: Final = 60  # characters; longer values are compared by line
_UNNAMED: Final = frozenset(
    ("kind", "model", "connection", "recording_id")
)  # of a model: said by its label, or no setting

# Fields of a program, besides its stages, inputs, reward and models: what the form calls them, and how they are written.
_FIELDS: Final[Mapping[str, tuple[str, Callable[[Any], str]]]] = {
    "reward_name": ("reward function", lambda v: v or "the only one"),
    "reward_shape": ("form of the reward", str),
    "reward_arguments": ("arguments of the reward", lambda v: ", ".join(f"{n} = {role}" for n, role in v.items()) or "by their names"),
    "strategy": ("strategy", lambda v: {"best_of_n": "best of N"}.get(v, v)),
    "N": ("max attempts", str),
    "threshold": ("threshold", format_number),
    "fail_count": ("failures allowed", lambda v: "as max attempts" if v is None else str(v)),
    "hints": ("source of hints", lambda v: {"feedback": "the reward's feedback"}.get(v, v)),
    "schedule": ("temperatures", lambda v: v.kind if not v.temperatures else ", ".join(map(format_number, v.temperatures))),
    "seed": ("seed", str),
    "budget_usd": ("budget", lambda v: "none" if v is None else format_amount(v)),
    "budget_tokens": ("token budget", lambda v: "none" if v is None else f"{v:,}"),
    "reward_timeout_s": ("reward time limit", lambda v: f"{format_number(v)} s"),
    "advice_form": ("advice request", str),
    "advice_instructions": ("instructions for advice", str),
}  # fmt: skip
_ALWAYS: Final = frozenset(("max attempts", "threshold", "seed"))  # said to be equal at their defaults, too
_DEFAULT: Final = ProgramSpec((), "")
_ROLES: Final = ("model", "adviser", "judge")


@dataclass(frozen=True, slots=True)
class TextDifference:
    """A long text that differs: the reward, instructions, an input. blocks: its lines."""

    name: str
    blocks: tuple[LineBlock, ...]


@dataclass(frozen=True, slots=True)
class SpecComparison:
    """settings: short ones that differ. texts: long ones. equal: names of what does not differ."""

    settings: tuple[Setting, ...]
    texts: tuple[TextDifference, ...]
    equal: tuple[str, ...]


def compare_specs(a: ProgramSpec, b: ProgramSpec) -> SpecComparison:
    """Names of programs and of connections do not count, nor where a run came from."""
    settings: list[Setting] = []
    texts: list[TextDifference] = []
    equal: list[str] = []
    defaults = {name: show_unseen(value) for name, value, _ in _fields(_DEFAULT, _DEFAULT)}
    for group, values in (
        ("model", _models(a, b)),
        ("program", _stages(a, b)),
        ("inputs", _inputs(a, b)),
        ("reward", iter([("reward", a.reward, b.reward)])),
        ("", _fields(a, b)),
    ):
        before = len(settings) + len(texts)
        for name, old, new in values:
            old, new = show_unseen(old), show_unseen(new)  # noqa: PLW2901
            if old == new:
                equal += [name] if not group and (name in _ALWAYS or old != defaults[name]) else []
            elif max(len(old), len(new)) <= _MAX_SHORT and "\n" not in old + new:
                settings.append(Setting(show_unseen(name), old or "empty", new or "empty"))
            else:
                texts.append(TextDifference(show_unseen(name), fold_lines(old, new)))
        if group and len(settings) + len(texts) == before:
            equal.append(group)
    return SpecComparison(tuple(settings), tuple(texts), tuple(equal))


Values = Iterator[tuple[str, str, str]]


def _models(a: ProgramSpec, b: ProgramSpec) -> Values:
    for role in _ROLES:
        old, new = getattr(a, role), getattr(b, role)
        if old is None and new is None:
            continue
        yield role, _label(old), _label(new)
        if old is not None and new is not None:
            yield from _parameters(role, old, new)


def _label(model: ModelSpec | None) -> str:
    return "the model" if model is None else model.label


def _parameters(role: str, old: ModelSpec, new: ModelSpec) -> Values:
    after = asdict(new)
    for name, value in asdict(old).items():
        if name not in _UNNAMED:
            words = name.replace("_", " ")
            yield words if role == "model" else f"{role}: {words}", _write(value), _write(after[name])


def _stages(a: ProgramSpec, b: ProgramSpec) -> Values:
    if len(a.stages) != len(b.stages):
        yield "stages", _names(a.stages), _names(b.stages)
    for old, new in _pair(a.stages, b.stages):
        whose = f" of {new.name}" if max(len(a.stages), len(b.stages)) > 1 else ""
        yield f"name{whose}", old.name, new.name
        yield f"signature{whose}", old.signature, new.signature
        yield f"module{whose}", old.strategy.replace("_", " "), new.strategy.replace("_", " ")
        yield f"instructions{whose}", old.instructions, new.instructions
        yield f"field descriptions{whose}", _lines(old.descriptions), _lines(new.descriptions)
        yield f"demos{whose}", "\n".join(map(show_value, old.demos)), "\n".join(map(show_value, new.demos))


def _pair(old: tuple[StageSpec, ...], new: tuple[StageSpec, ...]) -> list[tuple[StageSpec, StageSpec]]:
    """Stages in order; by name, where there are more of them in one."""
    if len(old) == len(new):
        return [*zip(old, new, strict=True)]
    by_name = {stage.name: stage for stage in new}
    return [(stage, by_name[stage.name]) for stage in old if stage.name in by_name]


def _names(stages: tuple[StageSpec, ...]) -> str:
    return ", ".join(stage.name for stage in stages)


def _lines(values: Mapping[str, object]) -> str:
    return "\n".join(f"{name}: {show_value(value)}" for name, value in values.items())


def _inputs(a: ProgramSpec, b: ProgramSpec) -> Values:
    for name in dict.fromkeys((*a.inputs, *b.inputs)):
        yield f"input {name}", _input(a, name), _input(b, name)


def _input(spec: ProgramSpec, name: str) -> str:
    return show_value(spec.inputs[name]) if name in spec.inputs else "not given"


def _fields(a: ProgramSpec, b: ProgramSpec) -> Values:
    for field, (name, write) in _FIELDS.items():
        yield name, write(getattr(a, field)), write(getattr(b, field))


def _write(value: object) -> str:
    if value is None:
        return "default"
    return "yes" if value is True else "no" if value is False else show_value(value)
