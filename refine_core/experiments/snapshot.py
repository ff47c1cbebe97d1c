"""An experiment at one moment: what has become of each cell so far. Progress and result are folds of it."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Literal

from refine_core.datasets import Dataset
from refine_core.experiments.document import Cell, Experiment
from refine_core.experiments.outcomes import Outcome

ExperimentState = Literal["running", "pausing", "paused", "cancelling", "stopped", "finished"]
"""running: cells are at work, here or in another process. stopped: cells are left and nothing is at work (cancelled, interrupted, out of
budget, or every arm that is left was stopped). finished: every cell has ended."""

StoppedBy = Literal["", "cancel", "crash", "budget", "store", "error", "arms"]
"""Why it stopped. "" unless it is stopped.

cancel: a person stopped it. crash: the process that ran it ended. budget: its budget was spent. store: the data folder could not be
written. error: an unexpected error, which `Snapshot.error` names. arms: every arm with cells left was stopped.
"""


@dataclass(frozen=True, slots=True)
class Spent:
    """What an experiment has cost so far. None: unknown."""

    calls: int
    tokens: int | None
    usd: float | None


@dataclass(frozen=True, slots=True)
class Snapshot:
    """An experiment at one moment.

    cells: every cell, in the order in which they are run. outcomes: of those that have ended; a cell that was cut off is not among them.
    cut_off: cells that a budget or a cancel ended, as far as they went: only attempts to the threshold are read of them.
    under_way: those at work. stopped_arms: key of an arm -> why it was stopped, such as a refused key; keyless_arms: those of them that another key may put right. error: why the rest was not run, or "".
    slowed: label of a model -> how many calls it is asked at once now, where a server asked for fewer. on_hold: label of one that is not
    asked at all for now -> seconds until it is. revision: changes whenever there is something new to show. is_local: whether this process may pause or cancel it. stopped_by: where the state is "stopped".
    spent: calls, tokens and dollars of all its runs, of those under way and cut off too, as the budget counts them; None: not known here.
    """

    experiment: Experiment
    dataset: Dataset
    state: ExperimentState
    cells: tuple[Cell, ...]
    outcomes: Mapping[Cell, Outcome]
    under_way: AbstractSet[Cell] = frozenset()
    stopped_arms: Mapping[str, str] = field(default_factory=dict)
    error: str = ""
    slowed: Mapping[str, int] = field(default_factory=dict)
    on_hold: Mapping[str, float] = field(default_factory=dict)
    revision: str = ""
    is_local: bool = True
    stopped_by: StoppedBy = ""
    spent: Spent | None = None
    cut_off: Mapping[Cell, Outcome] = field(default_factory=dict)
    keyless_arms: Collection[str] = ()

    @property
    def is_live(self) -> bool:
        """Whether more may come by itself."""
        return self.state in ("running", "pausing", "cancelling")

    @property
    def worked_s(self) -> float | None:
        """Seconds in which a run that has ended was under way: pauses between runs do not count. None before the first has ended."""
        spans = sorted(
            (one.ended_at - one.took_s, one.ended_at) for one in self.outcomes.values() if one.ended_at
        )
        if not spans:
            return None
        total, until = 0.0, -math.inf
        for start, end in spans:
            total += max(end - max(start, until), 0.0)
            until = max(until, end)
        return total

    @property
    def done(self) -> int:
        """How many cells have ended."""
        return len(self.outcomes)
