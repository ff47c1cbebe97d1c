"""Fields: a name, a type, a role, a description and, perhaps, bounds on the value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Role = Literal["input", "output"]

# Bounds that a field may carry, as pydantic names them, and how a prompt says them.
CONSTRAINTS: Mapping[str, str] = {
    "gt": "greater than",
    "ge": "greater than or equal to",
    "lt": "less than",
    "le": "less than or equal to",
    "min_length": "minimum length",
    "max_length": "maximum length",
    "multiple_of": "a multiple of",
    "pattern": "matching the pattern",
}


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a signature.

    type: any type that pydantic validates. description: for the prompt; "" says nothing beyond the name.
    constraints: bounds such as {"ge": 0, "le": 1}.
    """

    name: str
    role: Role
    type: Any = str
    description: str = ""
    constraints: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Declared:
    """What InputField() and OutputField() leave in a class body until the class is made."""

    role: Role
    description: str
    constraints: Mapping[str, Any]


def InputField(*, desc: str = "", **constraints: Any) -> Any:  # noqa: N802 - dspy's own name
    """Declare an input in a Signature class. desc: what it means. constraints: such as `max_length=80`.

    Source: dspy.InputField. Raises TypeError for a keyword that is neither `desc` nor a bound.
    """
    return _declare("input", desc, constraints)


def OutputField(*, desc: str = "", **constraints: Any) -> Any:  # noqa: N802 - dspy's own name
    """Declare an output in a Signature class. desc: what it means. constraints: such as `ge=0, le=1`.

    Source: dspy.OutputField. Raises TypeError for a keyword that is neither `desc` nor a bound.
    """
    return _declare("output", desc, constraints)


def _declare(role: Role, desc: str, constraints: dict[str, Any]) -> Declared:
    constraints.pop("prefix", None)  # dspy's older adapters used it; chat prompts never show it
    unknown = sorted(set(constraints) - set(CONSTRAINTS))
    if unknown:
        raise TypeError(f"a field has no {unknown[0]!r}; write desc=… or one of {', '.join(CONSTRAINTS)}")
    return Declared(role, desc, constraints)
