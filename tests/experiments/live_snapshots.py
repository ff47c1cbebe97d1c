"""Snapshots of experiments at work, made without running anything."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from refine_core.datasets import Column, Dataset, DatasetRow
from refine_core.experiments import Arm, Budget, Cell, Experiment, Outcome, Snapshot
from refine_core.programs import EXAMPLES

SPEC = replace(EXAMPLES["one_word"].spec, inputs={})
FIRST = Outcome("scored", 0.5, (), "attempts_used_up", 0, calls=5, tokens=100, cost_usd=0.01, took_s=2.0)
FAILED = replace(
    FIRST, state="failed", reward=None, error_type="ParseError", error="it has no field 'answer'"
)


def experiment(*, rows: int = 4, repeats: int = 2, arms: int = 2, budget: Budget | None = None) -> Experiment:
    """Refine, Best of 5 and so on, over so many rows."""
    names = ("Refine, N 5", "Best of 5", "Single", *(f"Arm {n}" for n in range(4, 30)))
    made = tuple(Arm("abcdefghijklmnop"[n], names[n], SPEC) for n in range(arms))
    return Experiment("20261130-101500-1a2b3c4d", "Headlines: refine or best of 5?", 0.0, "d", 1, made, rows, repeats, budget=budget or Budget())  # fmt: skip


def snapshot(
    of: Experiment | None = None, ended: Mapping[tuple[str, int, int], Outcome] | int = 0, **changes: object
) -> Snapshot:
    """The experiment once these cells have ended, or the first so many; what is under way and all else by name."""
    of = of or experiment()
    rows = of.rows or 0
    cells = tuple(of.cells(rows))
    if isinstance(ended, int):
        outcomes = dict.fromkeys(cells[:ended], FIRST)
    else:
        outcomes = {cell: ended[at] for cell in cells if (at := (cell.arm, cell.row, cell.repeat)) in ended}
    columns = (Column("text", "input", "text"),)
    dataset = Dataset(
        "d", "headlines.csv", 1, columns, [DatasetRow(n, {"text": f"row {n}"}) for n in range(1, rows + 1)]
    )
    made = Snapshot(of, dataset, "running", cells, outcomes, revision="1")
    return replace(made, **changes)  # type: ignore[arg-type]


def cells(of: Snapshot, *at: tuple[str, int, int]) -> frozenset[Cell]:
    """The cells at these places: arm, row, repeat."""
    return frozenset(cell for cell in of.cells if (cell.arm, cell.row, cell.repeat) in at)
