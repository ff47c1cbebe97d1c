"""How a reward is read: the shape that it has, or that a person says it has.

read_reward_source(source, reading, columns) -> Recognized | ArgumentQuestion
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import get_args

from refine_core.errors import RewardError
from refine_core.rewards.shapes import ArgumentQuestion, Recognized, Shape, recognize, recognize_reward


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


def keeps_reward(before: str, after: str) -> bool:
    """Whether the reward function still has the name and the parameters that it had: then what was known of it holds."""
    try:
        return _header(before) == _header(after)
    except RewardError as error:
        return error.type_name == "SyntaxError"  # in the middle of typing


def _header(source: str) -> tuple[str, tuple[str, ...]] | None:
    """Name and parameters; None where no function is one of shape refine. Raises RewardError for what does not parse."""
    try:
        (function,) = recognize_reward(source).functions
    except RewardError as error:
        if error.type_name == "SyntaxError":
            raise
        return None
    return function.name, function.parameters
