"""Shapes of reward functions: which framework a function was written for, how it is called, and what its returns mean.

    source --recognize--> Recognized | ArgumentQuestion
    Recognized --to_plan--> JSON --worker: binding.py--> arguments of each call --returns.py--> value, feedback, parts

    types.py          the sixteen names, RewardFunction, Recognized, ArgumentQuestion
    callables.py      what a source binds that can be called: functions, lambdas, instances, factories, methods
    rules.py          names of parameters -> shape; first match wins
    recognition.py    which functions of a source are the reward; questions where names do not tell
    description.py    "Read as a TRL reward: completions, answer"
    outcomes.py       what the original framework would have made of an error

Inside the worker, standard library only:

    names.py          the alias table: what columns and parameters are called
    row_values.py     one row as its columns, its main output, its prompt, its expected value
    stand_ins.py      small objects in place of the frameworks' own: a run, a test case, a task's state
    shape_values.py   what each framework passes, by name or by position
    binding.py        shape and parameters -> the arguments of one call
    returns.py        what a function returned -> value, feedback, parts
    scoring.py        the calls themselves: rows, batches, groups, coroutines

Recognition reads the syntax tree: names of parameters and decorators, never their number. Nothing of a source is run here.
Facts about the frameworks: docs/rewards.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from refine_core.lazy_names import lazy_names

if TYPE_CHECKING:
    from refine_core.rewards.shapes.description import describe_function, describe_shape
    from refine_core.rewards.shapes.outcomes import describe_outcome
    from refine_core.rewards.shapes.recognition import (
        find_run_shape,
        list_function_names,
        recognize,
        recognize_reward,
    )
    from refine_core.rewards.shapes.types import (
        SHAPES,
        ArgumentQuestion,
        Recognized,
        RewardFunction,
        Shape,
    )

__all__ = [
    "SHAPES",
    "ArgumentQuestion",
    "Recognized",
    "RewardFunction",
    "Shape",
    "describe_function",
    "describe_outcome",
    "describe_shape",
    "find_run_shape",
    "list_function_names",
    "recognize",
    "recognize_reward",
]

_HOME = {
    "description": ("describe_function", "describe_shape"),
    "outcomes": ("describe_outcome",),
    "recognition": ("find_run_shape", "list_function_names", "recognize", "recognize_reward"),
    "types": ("SHAPES", "ArgumentQuestion", "Recognized", "RewardFunction", "Shape"),
}

if not TYPE_CHECKING:
    __getattr__ = lazy_names(__name__, _HOME)
