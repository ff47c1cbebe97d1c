"""Which cell of which experiment a run is, told from the ids alone: no other run is read."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from refine_core.experiments.document import Cell, Experiment

_CELL: Final = re.compile(r"-([a-z]+)(\d{5,})-(\d+)(?:-r(\d+))?", re.ASCII)


@dataclass(frozen=True, slots=True)
class CellOrigin:
    """The experiment that a run belongs to, and the cell of it that the run is."""

    experiment: Experiment
    cell: Cell

    def describe(self) -> str:
        """In a line: "Row 17, Best of 5, of the experiment Headlines"; with the repeat, where there are several."""
        repeat = f", repeat {self.cell.repeat}" if self.experiment.repeats > 1 else ""
        arm = self.experiment.arm(self.cell.arm).name
        name = f" {self.experiment.name}" if self.experiment.name else ""
        return f"Row {self.cell.row:,}, {arm}{repeat}, of the experiment{name}"


def find_cell(experiment: Experiment, run_id: str) -> Cell | None:
    """The cell whose run has this id (see `Cell.run_id`); None where it is none of this experiment's."""
    found = _CELL.fullmatch(run_id.removeprefix(experiment.id)) if run_id.startswith(experiment.id) else None
    if found is None or all(arm.key != found[1] for arm in experiment.arms):
        return None
    return Cell(found[1], int(found[2]), int(found[3]), int(found[4] or 0))
