"""What a learner's runs recorded, as measures read it: the outcomes of an arm, and its outputs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from refine_core.experiments import Arm, Cell, Outcome, Snapshot
from refine_core.experiments.outcomes import AttemptFigures
from refine_core.lessons.expressions import evaluate
from refine_core.log.timeline import Timeline
from refine_core.rows import Row, rows_of_run
from refine_core.statistics.numbers import mean

FindTimeline = Callable[[str], Timeline | None]


@dataclass(frozen=True, slots=True)
class Recorded:
    """The runs of a lesson. values: settings, and the measures before this one."""

    snapshot: Snapshot
    find_timeline: FindTimeline
    values: Mapping[str, Any]
    _outputs: dict[str, dict[Cell, tuple[Row, ...]]] = field(default_factory=dict)

    def arm(self, name: str) -> Arm:
        """An arm by its key or its name. Raises KeyError."""
        for arm in self.snapshot.experiment.arms:
            if name in (arm.key, arm.name):
                return arm
        raise KeyError(name)

    def outcomes(self, arm: str) -> dict[Cell, Outcome]:
        """The runs of an arm that have ended, in the order of its rows and repeats."""
        key = self.arm(arm).key
        known = self.snapshot.outcomes
        return {cell: known[cell] for cell in self.snapshot.cells if cell.arm == key and cell in known}

    def outputs(self, arm: str) -> dict[Cell, tuple[Row, ...]]:
        """The outputs of all attempts of an arm's runs, each run's in their order; failed attempts have none."""
        if arm not in self._outputs:
            experiment_id = self.snapshot.experiment.id
            found: dict[Cell, tuple[Row, ...]] = {}
            for cell in self.outcomes(arm):
                timeline = self.find_timeline(cell.run_id(experiment_id))
                found[cell] = rows_of_run(timeline) if timeline is not None else ()
            self._outputs[arm] = found
        return self._outputs[arm]

    def evaluate(self, expression: str | float) -> Any:
        """A number, or what an expression over settings and earlier measures comes to."""
        return evaluate(expression, self.values) if isinstance(expression, str) else expression


def reaches(attempt: AttemptFigures, threshold: float | None) -> bool:
    """Whether an attempt is at the threshold; None: at that of its run."""
    if threshold is None:
        return attempt.reaches
    return attempt.reward is not None and attempt.reward >= threshold and not attempt.unmet


def text_of(row: Row) -> str:
    """An output as one text: that of its last field, which a program's answer is."""
    values = [*row.prediction.values()]
    return values[-1] if values and isinstance(values[-1], str) else repr(values[-1]) if values else ""


def mean_of(values: Iterable[float | None]) -> float | None:
    """The mean of those that are known; None where none is."""
    return mean([one for one in values if one is not None])
