"""The runs of an experiment as rows of a table: one a cell, with a column for each input and each part of the reward.

    arm, row, repeat, "input.question", "expected.answer", state, reward, "part.short", attempts, calls, cost_usd, run_id, …

What is unknown is None, never 0. A cell that has not ended is there, too, so that no input is missing in silence.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from refine_core.datasets import DatasetRow
from refine_core.experiments import Cell, Outcome, Snapshot
from refine_core.jsonable import to_jsonable

Cells = dict[str, object]

FIRST: Final = ("experiment", "arm", "row", "source", "repeat", "seed", "model", "strategy", "N", "threshold")
LAST: Final = (
    "attempts", "returned_attempt", "failed_attempts", "calls", "tokens", "cost_usd", "seconds", "reason", "error_type", "error", "run_id",
)  # fmt: skip
TYPES: Final[Mapping[str, str]] = {
    **dict.fromkeys((*FIRST, *LAST, "state"), "text"),
    **dict.fromkeys(("row", "repeat", "seed", "N", "attempts", "returned_attempt", "failed_attempts", "calls", "tokens"), "whole"),
    **dict.fromkeys(("threshold", "reward", "cost_usd", "seconds"), "number"),
}  # fmt: skip
"""Column that every table has -> "text", "whole" (number) or "number"."""


def cell_rows(snapshot: Snapshot) -> Iterator[Cells]:
    """The rows, in the order in which the cells are run. Values are JSON data."""
    experiment = snapshot.experiment
    roles = {
        column.field or column.name: "expected" if column.role == "reward only" else "input"
        for column in snapshot.dataset.columns
        if column.role != "left out"
    }
    arms = {arm.key: arm for arm in experiment.arms}
    rows = {row.number: (row, _values(row, roles)) for row in snapshot.dataset.rows[: experiment.rows]}
    for cell in snapshot.cells:
        arm = arms[cell.arm]
        row, values = rows[cell.row]
        outcome = snapshot.outcomes.get(cell)
        yield {
            "experiment": experiment.name,
            "arm": arm.name,
            "row": cell.row,
            "source": row.source or None,
            "repeat": cell.repeat,
            "seed": experiment.seed + cell.repeat - 1,
            "model": arm.spec.model.label,
            "strategy": arm.spec.strategy,
            "N": arm.spec.attempt_count,
            "threshold": arm.spec.threshold,
            **values,
            "state": _state(snapshot, cell, outcome),
            **({} if outcome is None else _figures(outcome)),
            "run_id": cell.run_id(experiment.id),
        }


def columns_of(rows: list[Cells]) -> list[str]:
    """The columns of a table with these rows, in their order."""
    names = dict.fromkeys(name for row in rows for name in row)
    groups: dict[str, list[str]] = {"input": [], "expected": [], "part": []}
    for name in names:
        group, dot, _ = name.partition(".")
        if dot and group in groups:
            groups[group].append(name)
    return [*FIRST, *groups["input"], *groups["expected"], "state", "reward", *groups["part"], *LAST]


def _values(row: DatasetRow, roles: Mapping[str, str]) -> Cells:
    return {f"{roles.get(name, 'input')}.{name}": to_jsonable(value) for name, value in row.values.items()}


def _state(snapshot: Snapshot, cell: Cell, outcome: Outcome | None) -> str:
    if outcome is not None:
        return outcome.state
    return "under way" if cell in snapshot.under_way else "not run"


def _figures(outcome: Outcome) -> Cells:
    return {
        "reward": outcome.reward,
        **{f"part.{name}": value for name, value in outcome.parts.items()},
        "attempts": len(outcome.attempts),
        "returned_attempt": None if outcome.returned is None else outcome.returned + 1,
        "failed_attempts": outcome.failed_attempts,
        "calls": outcome.calls,
        "tokens": outcome.tokens,
        "cost_usd": outcome.cost_usd,
        "seconds": outcome.took_s,
        "reason": outcome.reason,
        "error_type": outcome.error_type or None,
        "error": outcome.error or None,
    }
