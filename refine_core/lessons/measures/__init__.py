"""Measures: figures read off recorded runs, by kind. Each is a function of what was recorded and of the arguments in lesson.json.

    take_measures(lesson, snapshot) -> {"right": {1: 0.42, …}, "rows": 50, …}        settings too, so that texts have one set of values

recorded   the runs, as measures see them      reached   reached_by_n             theory   at_least_one
means      mean_reward, calls, tokens, attempts        alike     alike
shares     reached_difference, right_attempts
difference difference                          best_of    best_of_n              agreement equal_rewards
sweep      attempts_at, highest_threshold
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any, Final

from refine_core.lessons.measures import (
    agreement,
    alike,
    best_of,
    difference,
    means,
    reached,
    shares,
    sweep,
    theory,
)

KINDS: Final[Mapping[str, Callable[..., Any]]] = {
    "reached_by_n": reached.measure_reached_by_n,
    "at_least_one": theory.measure_at_least_one,
    "alike": alike.measure_alike,
    "reached_difference": shares.measure_reached_difference,
    "right_attempts": shares.measure_right_attempts,
    "mean_reward": means.measure_mean_reward,
    "calls": means.measure_calls,
    "tokens": means.measure_tokens,
    "attempts": means.measure_attempts,
    "difference": difference.measure_difference,
    "best_of_n": best_of.measure_best_of_n,
    "attempts_at": sweep.measure_attempts_at,
    "highest_threshold": sweep.measure_highest_threshold,
    "equal_rewards": agreement.measure_equal_rewards,
}
"""Kind of a measure -> its function, whose keyword arguments are those of lesson.json. Arguments called arm, first and second name an arm."""
OF_ARMS: Final = ("arm", "first", "second")


def find_argument_problems(kind: str, arguments: Mapping[str, Any], arms: set[str]) -> list[tuple[str, str]]:
    """What is wrong with the arguments of a measure: the place and a sentence each. arms: keys and names."""
    if kind not in KINDS:
        return [("kind", f"there is no measure {kind!r}; there are {', '.join(KINDS)}")]
    parameters = {
        name: one
        for name, one in inspect.signature(KINDS[kind]).parameters.items()
        if one.kind is inspect.Parameter.KEYWORD_ONLY
    }
    problems = [
        (f"arguments.{name}", f"{kind} has no {name}; it has {', '.join(parameters)}")
        for name in arguments
        if name not in parameters
    ]
    problems += [
        (f"arguments.{name}", f"{kind} needs it")
        for name, one in parameters.items()
        if one.default is inspect.Parameter.empty and name not in arguments
    ]
    return problems + [
        (
            f"arguments.{name}",
            f"no arm of experiment.json is called {arguments[name]!r}; there are {', '.join(sorted(arms))}",
        )
        for name in OF_ARMS
        if name in arguments and name in parameters and arguments[name] not in arms
    ]
