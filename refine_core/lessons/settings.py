"""What is known of a lesson before it is run: how many inputs, repeats and attempts, the seed, thresholds and temperatures.

rows  repeats  seed  n_a  threshold_a  temperature_a        for each arm by its key
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from refine_core.experiments import Arm
from refine_core.spec import ProgramSpec

_OF_ARMS: Final = ("n", "threshold", "temperature")


def list_setting_names(arms: Sequence[Arm]) -> list[str]:
    """The names of the settings of these arms."""
    return ["rows", "repeats", "seed", *(f"{what}_{arm.key}" for arm in arms for what in _OF_ARMS)]


def read_settings(arms: Sequence[Arm], *, rows: int, repeats: int, seed: int) -> dict[str, Any]:
    """Name -> value. A threshold is None where no attempt ends a run early; so is a temperature that is not the same for all attempts."""
    found: dict[str, Any] = {"rows": rows, "repeats": repeats, "seed": seed}
    for arm in arms:
        found[f"n_{arm.key}"] = arm.spec.attempt_count
        found[f"threshold_{arm.key}"] = arm.spec.threshold
        found[f"temperature_{arm.key}"] = _temperature(arm.spec)
    return found


def _temperature(spec: ProgramSpec) -> float | None:
    """The one of every attempt, or None."""
    schedule = spec.temperature_schedule
    if spec.strategy == "single":
        return spec.model.temperature
    if schedule.kind == "dspy-3" and not schedule.temperatures:
        return 1.0
    if schedule.temperatures and len(set(schedule.temperatures)) == 1:
        return schedule.temperatures[0]
    return spec.model.temperature if spec.attempt_count == 1 else None
