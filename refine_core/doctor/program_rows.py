"""Rows for the doctor before anything has run: what a program's form says of the right answer.

    program --rows_of_program--> rows whose outputs are empty, and whose right answer is known

It is an input that the signature does not take, a reference value; or the outputs of a worked example.
"""

from __future__ import annotations

from typing import Final

from refine_core.doctor.answers.right_answers import find_right_answer
from refine_core.errors import RewardError
from refine_core.rewards.source import list_names
from refine_core.rows import Row
from refine_core.runs import list_trial_fields
from refine_core.spec import ProgramSpec

TEXT: Final = "str"


def rows_of_program(spec: ProgramSpec) -> tuple[Row, ...]:
    """A row for the form's inputs and one for each worked example, as far as their right answer is text that is known."""
    kinds = list_trial_fields(spec)
    nothing: dict[str, object] = {name: "" if kind == TEXT else None for name, kind in kinds.items()}
    made = [Row("inputs", spec.inputs, nothing, source="the inputs")]
    for number, demo in enumerate(spec.stages[-1].demos if spec.stages else (), 1):
        expected = {name: value for name, value in demo.items() if name in kinds}
        inputs = {**spec.inputs, **{name: value for name, value in demo.items() if name not in kinds}}
        made.append(Row(f"example {number}", inputs, nothing, expected, source=f"worked example {number}"))
    try:
        mentioned = list_names(spec.reward)
    except RewardError:
        return ()
    return tuple(row for row in made if _is_probed(row, mentioned, kinds))


def _is_probed(row: Row, mentioned: frozenset[str], kinds: dict[str, str]) -> bool:
    right = find_right_answer(row, mentioned)
    return right is not None and kinds.get(right.field) == TEXT
