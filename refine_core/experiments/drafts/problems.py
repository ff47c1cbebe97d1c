"""What keeps a draft from being run: the problems of its experiment, each at the part of the form that it is about."""

from __future__ import annotations

from refine_core.datasets import Dataset
from refine_core.errors import Problem
from refine_core.experiments.drafts.building import build_experiment
from refine_core.experiments.drafts.document import ExperimentDraft
from refine_core.experiments.problems import find_problems


def find_draft_problems(draft: ExperimentDraft, dataset: Dataset | None) -> list[Problem]:
    """What keeps it from being run. Fields: "program", "reward", "inputs", "arms", "arms.a" for that arm, "repeats", "budget.usd" and so on.

    What is wrong in every arm is the program's, or the reward's. Keys, and which columns are inputs, are asked for elsewhere.
    """
    if draft.program is None:
        missing = [Problem("program", "choose a program")]
        return missing if dataset is not None else [*missing, Problem("inputs", "choose a table of inputs")]
    experiment = build_experiment(draft)
    problems: list[Problem] = []
    of_arms: dict[tuple[str, str], list[str]] = {}  # where in an arm, and what -> keys of the arms
    for one in find_problems(experiment, dataset):
        top, _, rest = one.field.partition(".")
        key, _, where = rest.partition(".")
        if top != "arms" or not where:
            problems.append(one)
        elif not where.startswith("inputs") and not where.endswith(".key"):
            message = one.message if one.line is None else f"{one.message} (line {one.line})"
            of_arms.setdefault((where, message), []).append(key)
    for (where, message), keys in of_arms.items():
        shared = "reward" if where.startswith("reward") else "program"
        fields = [shared] if len(keys) == len(experiment.arms) else [f"arms.{key}" for key in keys]
        problems += [Problem(field, message) for field in fields]
    return problems
