"""Which temperature each attempt of a refinement is made at. How many attempts there may be: limits.py."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, get_args

from refine_core.errors import Problem
from refine_core.spec.limits import format_wrong_value

ScheduleKind = Literal["dspy-2.6", "dspy-3", "list", "none"]
MAX_TEMPERATURE = 2.0

_KINDS = get_args(ScheduleKind)


@dataclass(frozen=True, slots=True)
class Schedule:
    """How the attempts of a refinement differ in temperature.

    kind: "dspy-2.6" for the model's own temperature, then rising from 0.5; "dspy-3" for 1.0 each time, and rollout ids;
    "list" for `temperatures`, one an attempt, and rollout ids; "none" for no temperature at all, and rollout ids.
    temperatures: of a "list"; of the dspy kinds, those in place of the kind's own, as in a branch where one was changed.
    A rollout id is never sent: it keeps two identical calls apart in a cache and in a recording.
    """

    kind: ScheduleKind = "dspy-2.6"
    temperatures: tuple[float, ...] = ()

    @classmethod
    def of(cls, value: object) -> Schedule:
        """The schedule that `value` describes: one of the names, a list of temperatures, or a Schedule. Raises TypeError."""
        match value:
            case Schedule():
                return value
            case "dspy-2.6" | "dspy-3" | "none":
                return cls(value)
            case Iterable() if not isinstance(value, (str, bytes, dict)):
                return cls("list", tuple(value))
            case _:
                raise TypeError(
                    "schedule must be 'dspy-2.6', 'dspy-3', 'none' or a list of temperatures such as [0, 0.5, 0.9], "
                    f"not {value!r}"
                )

    @property
    def has_rollouts(self) -> bool:
        """Whether attempts are told apart by rollout ids."""
        return self.kind != "dspy-2.6"

    def find_problems(self, n: int) -> list[Problem]:
        """All problems with using it for `n` attempts."""
        if self.kind not in _KINDS:
            names = ", ".join(_KINDS)
            return [Problem("schedule", f"the schedule must be one of {names}, not {self.kind!r}")]
        if self.kind == "none" or (self.kind != "list" and not self.temperatures):
            return []
        for temperature in self.temperatures:
            if not _is_temperature(temperature):
                expected = f"a number from 0 to {MAX_TEMPERATURE:g}"
                return [
                    Problem(
                        "schedule", f"a temperature must be {expected}, not {format_wrong_value(temperature)}"
                    )
                ]
        if len(self.temperatures) != n:
            return [
                Problem(
                    "schedule",
                    f"list one temperature for each attempt (needed: {n}; listed: {len(self.temperatures)})",
                )
            ]
        return []


DSPY_2_6 = Schedule()
"""That of dspy 2.6.23, which is used where nothing else is said."""


def _is_temperature(value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return False
    return math.isfinite(value) and 0 <= value <= MAX_TEMPERATURE


@lru_cache(maxsize=256)
def schedule(first: float, n: int) -> tuple[float, ...]:
    """The temperatures of `n` attempts: `first`, then 0.5 + i * (0.5 / n); order kept, duplicates dropped, first `n`.

    Returns one an attempt, in the order of their indices. Raises ZeroDivisionError for n = 0.
    Source: dspy.Refine.forward, version 2.6.23.
    """
    return tuple(dict.fromkeys([first, *(0.5 + i * (0.5 / n) for i in range(n))]))[:n]


def list_temperatures(by: Schedule, first: float, n: int) -> tuple[float, ...]:
    """The temperatures of `n` attempts by a schedule; zeros if none is sent. first: the model's own temperature."""
    match by.kind:
        case "none":
            return (0.0,) * n
        case "list":
            return by.temperatures[:n]
        case _ if by.temperatures:
            return by.temperatures[:n]
        case "dspy-3":  # dspy.Refine.forward, version 3.4.1
            return (1.0,) * n
        case _:
            return schedule(first, n)
