"""What was recognised, as the line above an editor."""

from __future__ import annotations

from refine_core.rewards.shapes.types import ROLES, SHAPES, Recognized, RewardFunction


def describe_shape(recognized: Recognized) -> str:
    """One line: "Read as a TRL reward: completions, answer"; of several functions also their names and weights."""
    first = recognized.functions[0]
    if len(recognized.functions) == 1:
        return f"Read as {describe_function(first)}"
    parts = ", ".join(
        f"{one.name}{'' if one.weight == 1 else f' (weight {one.weight:g})'}" for one in recognized.functions
    )
    shapes = list(dict.fromkeys(SHAPES[one.shape].split(" ", 1)[1] for one in recognized.functions))
    if len(shapes) == 1 and recognized.shape != "by_name":
        return f"Read as {len(recognized.functions)} {shapes[0]}s: {parts}"
    return f"Read as {len(recognized.functions)} functions ({', '.join(shapes)}): {parts}"


def describe_function(one: RewardFunction) -> str:
    """A function's shape and parameters: "a TRL reward: completions, answer"."""
    named = [
        f"{name} = {_describe_role(one.arguments[name])}" if name in one.arguments else name
        for name in one.parameters
    ]
    return SHAPES[one.shape] + (f": {', '.join(named)}" if named else "")


def _describe_role(role: str) -> str:
    return role.removeprefix("column:") if role.startswith("column:") else ROLES[role]
