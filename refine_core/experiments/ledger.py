"""What this process knows of one experiment: its document, and its outcomes, each read from the store once.

    document, outcomes after the last number --refresh--> cells, outcomes by cell, what was spent

An outcome that was not written beside its run, as the process died in between, is folded from the run's log (`recover`).
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from refine_core.datasets import Dataset
from refine_core.errors import Problem, SpecError, StoreError
from refine_core.experiments.document import MAX_REPEATS, Cell, Experiment
from refine_core.experiments.outcome_text import Charges, read_outcome, write_outcome
from refine_core.experiments.outcomes import Outcome, fold_outcome
from refine_core.log import codec, folds
from refine_core.log.timeline import Timeline
from refine_core.store.protocol import EXPERIMENT_KIND, Store

logger = logging.getLogger("refine_core")

FOLDED_AT_ONCE: Final = 200
FindDataset = Callable[[Store, str, int | None], Dataset | None]


@dataclass(slots=True)
class Ledger:
    """What is known of an experiment. cells: in the order in which they are run. outcomes: by cell, without those that were cut off.

    by_run: id of a run -> its cell, of those that count now. Safe to use from any thread.
    """

    store: Store
    id: str
    find_dataset: FindDataset
    experiment: Experiment | None = None
    dataset: Dataset | None = None
    cells: tuple[Cell, ...] = ()
    by_run: Mapping[str, Cell] = field(default_factory=dict)
    version: int = 0
    _text: str = ""
    _number: int = 0
    _outcomes: dict[Cell, Outcome] = field(default_factory=dict)
    _shown: Mapping[Cell, Outcome] | None = None
    _runs: dict[str, Outcome] = field(default_factory=dict)
    _charges: dict[str, Charges] = field(default_factory=dict)
    _total: tuple[int, Charges] = (-1, Charges())
    _lock: threading.RLock = field(default_factory=threading.RLock)

    def refresh(self) -> bool:
        """Read what is new; False if there is no such experiment. Raises StoreError."""
        with self._lock:
            text = self.store.document(EXPERIMENT_KIND, self.id)
            if text is None:
                return False
            if text != self._text:
                self._set_document(text)
            number, fresh = self.store.outcomes(self.id, self._number)
            for run_id, written in fresh:
                try:
                    self._set_outcome(run_id, *read_outcome(written))
                except (ValueError, TypeError, KeyError) as error:  # it is folded anew
                    logger.warning("what became of run %s cannot be read (%s)", run_id, type(error).__name__)
            self._number = number
            return True

    def recover(self) -> None:
        """Fold what the logs tell and no outcome does, while nobody works at it. Raises StoreError.

        A run that was cut off may have gone on since, in a process that died before it could keep what became of it.
        """
        folded: dict[str, tuple[Outcome, Charges]] = {}
        with self._lock:
            for run_id, has_ended in self.store.cell_runs(self.id).items():
                known = self._runs.get(run_id)
                if known is not None and known.state != "cut off":
                    continue
                timeline = folds.timeline(self.store.events(run_id))
                if timeline is None:
                    continue
                outcome, charges = fold_outcome(timeline), charges_of(timeline)
                if outcome is None or not has_ended:
                    self.version += self._charges.get(run_id) != charges
                    self._charges[run_id] = charges
                    continue
                if (known, self._charges.get(run_id)) == (outcome, charges):
                    continue
                folded[run_id] = outcome, charges
                if len(folded) >= FOLDED_AT_ONCE:
                    self.add(folded)
                    folded = {}
            self.add(folded)

    def add(self, ended: Mapping[str, tuple[Outcome, Charges]]) -> None:
        """Take in what became of runs, and keep it. Raises StoreError; this process knows of it all the same."""
        with self._lock:
            for run_id, (outcome, charges) in ended.items():
                self._set_outcome(run_id, outcome, charges)
        self.store.add_outcomes(self.id, {run_id: write_outcome(*one) for run_id, one in ended.items()})

    def is_settled(self, cell: Cell) -> bool:
        """Whether it has ended, and not by being cut off."""
        return cell in self._outcomes

    @property
    def outcomes(self) -> Mapping[Cell, Outcome]:
        """What became of the cells; the same object until there is another one."""
        with self._lock:
            if self._shown is None:
                self._shown = dict(self._outcomes)
            return self._shown

    @property
    def cut_off(self) -> Mapping[Cell, Outcome]:
        """What became of the cells that a budget or a cancel ended, and that nobody has run on since."""
        with self._lock:
            return {
                cell: outcome
                for run_id, outcome in self._runs.items()
                if outcome.state == "cut off" and (cell := self.by_run.get(run_id)) is not None
            }

    @property
    def document(self) -> tuple[Experiment, Dataset]:
        """The experiment with its inputs, as last read. Raises StoreError before that."""
        if self.experiment is None or self.dataset is None:
            raise StoreError(f"experiment {self.id} was not read yet")
        return self.experiment, self.dataset

    @property
    def charges(self) -> Charges:
        """What all runs have cost, those that no longer count too."""
        with self._lock:
            if self._total[0] != self.version:
                self._total = self.version, sum(self._charges.values(), Charges())
            return self._total[1]

    def _set_document(self, text: str) -> None:
        experiment = read_experiment(self.id, text)
        before = self.experiment
        if before is None or (before.dataset_id, before.dataset_version) != (
            experiment.dataset_id, experiment.dataset_version,
        ):  # fmt: skip
            self.dataset = self.find_dataset(self.store, experiment.dataset_id, experiment.dataset_version)
        if self.dataset is None:
            message = f"the inputs of {experiment.name or 'this experiment'} were removed"
            raise SpecError([Problem("dataset", message)])
        self._text, self.experiment = text, experiment
        self.cells = tuple(experiment.cells(len(self.dataset.rows)))
        self.by_run = {cell.run_id(self.id): cell for cell in self.cells}
        self._outcomes = {
            cell: outcome
            for run_id, outcome in self._runs.items()
            if outcome.state != "cut off" and (cell := self.by_run.get(run_id)) is not None
        }
        self._shown = None
        self.version += 1

    def _set_outcome(self, run_id: str, outcome: Outcome, charges: Charges) -> None:
        self._runs[run_id], self._charges[run_id] = outcome, charges
        cell = self.by_run.get(run_id)
        if cell is not None and outcome.state != "cut off":
            self._outcomes[cell] = outcome
            self._shown = None
        self.version += 1


def read_experiment(experiment_id: str, text: str) -> Experiment:
    """The experiment that a document describes. Raises StoreError if it is damaged."""
    try:
        experiment = codec.build(Experiment, codec.loads(text))  # type: ignore[arg-type]  # what is not such data is caught
        _check_experiment(experiment)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise StoreError(
            f"experiment {experiment_id} cannot be read: its document is damaged ({error})"
        ) from error
    return experiment


def _check_experiment(experiment: Experiment) -> None:
    """Raise ValueError for what no experiment can be: what it says is read by every list."""
    if not all(isinstance(one, str) for one in (experiment.id, experiment.name, experiment.dataset_id)):
        raise ValueError("its id, its name or its dataset is no text")
    if not isinstance(experiment.repeats, int) or not 1 <= experiment.repeats <= MAX_REPEATS:
        raise ValueError(f"it has {experiment.repeats!r} repeats")
    if experiment.rows is not None and (not isinstance(experiment.rows, int) or experiment.rows < 1):
        raise ValueError(f"it has {experiment.rows!r} rows")
    if not experiment.arms:
        raise ValueError("it has no arms")


def charges_of(timeline: Timeline) -> Charges:
    """What a run has cost so far: calls, tokens and US dollars, with the models of which they are not known."""
    calls = timeline.calls
    return Charges.of(len(calls), (charge for call in calls for charge in call.charges))
