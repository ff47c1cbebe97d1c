"""What a form asks for to run a program of a file, and what a person typed into it as a request."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from refine_core.errors import Problem, RewardError
from refine_core.program_child.descriptions import OWN, TYPED, Description, ProgramEntry, RunRequest, Strategy
from refine_core.programs import FormInput, ModelSpec, list_form_inputs, model_to_data, read_value
from refine_core.rewards import find_reward
from refine_core.spec import StageSpec

MAX_N = 1_000


def list_inputs(program: ProgramEntry) -> list[FormInput]:
    """The program's inputs, each with the kind of its widget."""
    if not program.inputs:
        return []
    fields = ", ".join(f"{one.name}: {_type_of(one.type, optional=one.optional)}" for one in program.inputs)
    taken = {one.name for one in program.inputs}
    result = next(name for name in ("result", "result_", "result__") if name not in taken)
    stage = StageSpec(
        "program",
        f"{fields} -> {result}",
        descriptions={one.name: one.description for one in program.inputs if one.description},
    )
    return list_form_inputs([stage])


def _type_of(text: str, *, optional: bool) -> str:
    return f"Optional[{text}]" if optional and text != "Any" and not text.startswith("Optional[") else text


def read_request(
    description: Description,
    program: ProgramEntry,
    *,
    reward: str,
    strategy: Strategy,
    n: object,
    threshold: str,
    inputs: Mapping[str, object],
    model: ModelSpec | None = None,
    source: str = "",
) -> tuple[RunRequest | None, list[Problem]]:
    """What was typed as a request; or what is wrong with it, field by field. inputs: name -> value of its widget. source: of a typed reward.

    An optional input without a value is not given, so that the program's own default counts.
    """
    problems: list[Problem] = []
    values: dict[str, Any] = {}
    optional = {one.name for one in program.inputs if one.optional}
    for one in list_inputs(program):
        entry = inputs.get(one.name)
        if one.name in optional and (entry is None or (isinstance(entry, str) and not entry.strip())):
            continue
        values[one.name], problem = read_value(one, entry)
        if problem is not None:
            problems.append(problem)
    if reward == TYPED:
        problems += check_typed(source)
    elif reward not in description.list_rewards(program):
        named = "its own" if reward == OWN else reward
        problems.append(Problem("reward", f"the file no longer has the reward {named}; choose another one"))
    if not isinstance(n, int) or isinstance(n, bool) or not 1 <= n <= MAX_N:
        problems.append(Problem("N", f"write a whole number from 1 to {MAX_N:,}"))
    limit, problem = _read_threshold(threshold, program)
    if problem is not None:
        problems.append(problem)
    if not program.model and model is None:
        problems.append(Problem("model", "the file sets no model; choose one"))
    if problems or not isinstance(n, int):
        return None, problems
    data = model_to_data(model)
    return (
        RunRequest(
            program.name,
            reward,
            strategy,
            n,
            limit,
            values,
            data if isinstance(data, Mapping) else None,
            source if reward == TYPED else "",
        ),
        [],
    )


def check_typed(source: str) -> list[Problem]:
    """Why a typed text is no reward, with its line. It is not run."""
    try:
        find_reward(source)
    except RewardError as error:
        return [Problem("reward", str(error), line=error.line, column=error.column)]
    return []


def _read_threshold(text: str, program: ProgramEntry) -> tuple[float | None, Problem | None]:
    text = text.strip()
    if not text:
        if program.library == "dspy":
            return None, Problem(
                "threshold",
                "dspy needs a threshold; write one that is never reached, such as 1000, to make every attempt",
            )
        return None, None
    try:
        value = float(text.replace(",", "."))
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        return None, Problem("threshold", f"write a number, not {text!r:.40}")
    return value, None
