"""How a reward is read: the shape that it has, or that a person says it has.

read_reward_source(source, reading, columns) -> Recognized | ArgumentQuestion
read_for_run(source, reading) -> RunReward      the same as the fields of a program, for a run that calls it
pack_reading(reading) -> plain data             unpack_reading(data) -> Reading
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Final, get_args

from refine_core.errors import RewardError
from refine_core.rewards.shapes import ArgumentQuestion, Recognized, Shape, recognize, recognize_reward
from refine_core.rewards.source import parse_reward

OBJECTS: Final = frozenset(
    ("args", "inputs", "example", "gold", "pred", "prediction", "trace", "self", "cls")
)
"""Parameters that hold several fields."""
_KEPT: Final = 0.5  # of the lines: with fewer of them a text is another one


@dataclass(frozen=True, slots=True)
class Reading:
    """What a person has said of a reward; nothing at first.

    shape: "" to recognise it. name: the function that is the reward, where shape refine leaves a choice. weights: function -> weight.
    arguments: parameter -> role.
    """

    shape: str = ""
    name: str = ""
    weights: Mapping[str, float] = field(default_factory=dict)
    arguments: Mapping[str, str] = field(default_factory=dict)


def read_reward_source(
    source: str, reading: Reading, columns: Collection[str] | None = None
) -> Recognized | ArgumentQuestion:
    """Recognise a reward as it was said to be. What was said of functions and arguments that are gone does not count.

    columns: of the rows. Raises: RewardError for a source that does not parse, or has no reward.
    """
    if reading.shape == "refine":
        return recognize_reward(source, reading.name or None)
    shape: Shape | None = reading.shape if reading.shape in get_args(Shape) else None  # type: ignore[assignment]  # looked up
    plain = recognize(source, shape=shape, arguments=reading.arguments, columns=columns)
    if not reading.weights or isinstance(plain, ArgumentQuestion):
        return plain
    weights = {one.name: reading.weights.get(one.name, one.weight) for one in plain.functions}
    return recognize(source, weights, shape, arguments=reading.arguments, columns=columns)


@dataclass(frozen=True, slots=True)
class RunReward:
    """How a run calls a reward: the fields of that name of a ProgramSpec."""

    reward_shape: str
    reward_name: str | None = None
    reward_arguments: Mapping[str, str] = field(default_factory=dict)


def read_for_run(source: str, reading: Reading) -> RunReward:
    """How a run calls this reward, which scores one attempt at a time.

    Raises: RewardError, in words, for one that has to be asked about, that scores a group of rows at once, or whose parts were
    given weights, which a run does not know; and as read_reward_source.
    """
    found = read_reward_source(source, reading)
    if isinstance(found, ArgumentQuestion):
        raise RewardError(found.message, type_name="ArgumentsUnknown", line=found.line)
    if found.per == "group":
        only = next(one for one in found.functions if one.per == "group")
        raise RewardError(
            f"{only.name} scores a whole group of outputs at once, and a run has one attempt at a time",
            type_name="NeedsGroup",
            line=only.line,
        )
    if reading.weights and found != read_reward_source(source, replace(reading, weights={})):
        raise RewardError("a run does not know the weights that were set here", type_name="HasWeights")
    if found.shape == "refine":
        return RunReward("refine", reading.name or None)
    return RunReward(found.shape, None, dict(reading.arguments))


def pack_reading(reading: Reading) -> dict[str, object]:
    """What was said of a reward, as plain data."""
    return {
        "shape": reading.shape,
        "name": reading.name,
        "weights": dict(reading.weights),
        "arguments": dict(reading.arguments),
    }


def unpack_reading(held: object) -> Reading:
    """What pack_reading made; nothing was said where it is anything else."""
    match held:
        case {
            "shape": str() as shape,
            "name": str() as name,
            "weights": dict() as weights,
            "arguments": dict() as roles,
        }:
            return Reading(
                shape, name, {k: float(v) for k, v in weights.items()}, {k: str(v) for k, v in roles.items()}
            )
    return Reading()


def keeps_reward(before: str, after: str) -> bool:
    """Whether the reward function still has the name and the parameters that it had: then what was known of it holds."""
    try:
        return _header(before) == _header(after)
    except RewardError as error:
        return error.type_name == "SyntaxError"  # in the middle of typing


def reads_on(source: str) -> bool:
    """Whether a source parses and has a function, so that it is no text in the middle of typing."""
    return bool(_list_functions(source))


def is_another_reward(before: str, after: str) -> bool:
    """Whether one text was replaced by another: no function keeps its name, and few lines are the same."""
    if not _list_functions(before).isdisjoint(_list_functions(after)):
        return False
    old, new = ({line.strip() for line in text.splitlines() if line.strip()} for text in (before, after))
    return len(old & new) < _KEPT * min(len(old), len(new))


def list_fields_read(source: str) -> frozenset[str]:
    """Fields that a source asks its parameters for, as in pred.answer and args["question"], and parameters that are columns themselves."""
    try:
        tree = parse_reward(source)
    except RewardError:
        return frozenset()
    read: set[str] = set()
    for function in tree.body:
        if not isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef)):
            continue
        names = {
            one.arg for one in (*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs)
        }
        read |= names - OBJECTS
        for node in ast.walk(function):
            match node:
                case ast.Attribute(value=ast.Name(id=name), attr=field) if name in names & OBJECTS:
                    read.add(field)
                case ast.Subscript(value=ast.Name(id=name), slice=ast.Constant(value=str(field))) if (
                    name in names & OBJECTS
                ):
                    read.add(field)
    return frozenset(read)


def _list_functions(source: str) -> frozenset[str]:
    """Names of the functions and classes at the top of a source; none of what does not parse."""
    try:
        tree = parse_reward(source)
    except RewardError:
        return frozenset()
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    return frozenset(one.name for one in tree.body if isinstance(one, kinds))


def _header(source: str) -> tuple[str, tuple[str, ...]] | None:
    """Name and parameters; None where no function is one of shape refine. Raises RewardError for what does not parse."""
    try:
        (function,) = recognize_reward(source).functions
    except RewardError as error:
        if error.type_name == "SyntaxError":
            raise
        return None
    return function.name, function.parameters
