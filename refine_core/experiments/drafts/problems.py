"""What keeps a draft from being run, each problem with its field."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from refine_core.errors import Problem
from refine_core.experiments.drafts.arms import arm_spec, name_arm_draft
from refine_core.experiments.drafts.document import ArmDraft, ExperimentDraft
from refine_core.refine.build import find_problems
from refine_core.spec import ProgramSpec


def find_draft_problems(draft: ExperimentDraft, row: Mapping[str, object] | None) -> list[Problem]:
    """What keeps it from being run, each with its field: "program", "reward", "inputs", "arms", or "arms.a" for that arm.

    row: values of the first row; None where there is none. What is wrong with the table is not asked here.
    """
    problems: list[Problem] = []
    if draft.program is None:
        problems.append(Problem("program", "choose a program"))
    if not draft.dataset_id:
        problems.append(Problem("inputs", "choose a table of inputs"))
    if draft.program is not None and not draft.arms:
        problems.append(Problem("arms", "add an arm"))
    found = {arm.key: _find_arm_problems(draft, arm, row) for arm in draft.arms}
    shared = set.intersection(*map(set, found.values())) if found else set()
    for where, message in sorted(shared):
        problems.append(Problem("reward" if where.startswith("reward") else "program", message))
    for key, several in found.items():
        problems += [
            Problem(f"arms.{key}", message) for where, message in several if (where, message) not in shared
        ]
    return [*problems, *_find_twins(draft)]


def _find_arm_problems(
    draft: ExperimentDraft, arm: ArmDraft, row: Mapping[str, object] | None
) -> list[tuple[str, str]]:
    spec = arm_spec(draft, arm)
    if spec is None:
        return []
    found = find_problems(replace(spec, inputs=row or {}))
    return [
        (one.field, one.message if one.line is None else f"{one.message} (line {one.line})")
        for one in found
        if not one.field.startswith("inputs")
    ]


def _find_twins(draft: ExperimentDraft) -> list[Problem]:
    """Arms that would run the same as one before, so that their difference is chance alone."""
    known: list[tuple[ProgramSpec, str]] = []
    problems = []
    for arm in draft.arms:
        spec = arm_spec(draft, arm)
        if spec is None:
            continue
        twin = next((name for other, name in known if other == spec), None)
        if twin is not None:
            problems.append(
                Problem(f"arms.{arm.key}", f"this is the same as {twin}; change one, or remove it")
            )
        known.append((spec, name_arm_draft(arm)))
    return problems
