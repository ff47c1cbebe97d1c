"""How far an experiment is: a fold of its snapshot. It tells no means and ranks nothing, so that no early lead is read as a result.

    Snapshot --build_progress--> Progress(headline, details, arms, failures, grid)

The words are in progress_sentences, kinds of failures in failure_kinds, the time that is left in time_left.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from refine_core.experiments.document import Arm, Cell
from refine_core.experiments.failure_kinds import FailureKind, list_failures
from refine_core.experiments.progress_sentences import Sums, describe_cost, write_details, write_headline
from refine_core.experiments.snapshot import Snapshot
from refine_core.experiments.time_left import estimate_left, format_about
from refine_core.formatting import pluralize

SCORED: Final = "s"
FAILED: Final = "f"
RUNNING: Final = "r"
NOT_RUN: Final = "-"


@dataclass(frozen=True, slots=True)
class GridArm:
    """The cells of an arm. states: a character each (SCORED, FAILED, RUNNING, NOT_RUN): all rows of the first repeat, then of the next.

    rewards: of the same cells; None unless scored.
    """

    key: str
    name: str
    states: str
    rewards: tuple[float | None, ...]


@dataclass(frozen=True, slots=True)
class Grid:
    """Input by repeat, for each arm. low, high: what the tints reach from and to: 0 and 1, or the rewards' own range beyond."""

    rows: int
    repeats: int
    low: float
    high: float
    arms: tuple[GridArm, ...]


@dataclass(frozen=True, slots=True)
class ArmProgress:
    """How far an arm is. place: among the arms, from 0. done: runs that have ended, failed ones too. calls: of those.

    cost: "$0.55", "free", "at least $0.55", "unknown". left: "2 min", "done", "stopped", "unknown", or "" while nothing is at work.
    stopped: why it was stopped, or "".
    """

    arm: Arm
    place: int
    total: int
    done: int
    failed: int
    under_way: int
    calls: int
    cost: str
    left: str
    stopped: str = ""

    @property
    def in_words(self) -> str:
        """For who does not see the grid: "Refine: 97 of 160 runs have ended, 95 with a reward, 2 failed; 4 are running."."""
        words = f"{self.arm.name}: {self.done:,} of {pluralize(self.total, 'run')} have ended"
        if self.done:
            words += f", {self.done - self.failed:,} with a reward, {self.failed:,} failed"
        return f"{words}; {self.under_way:,} running." if self.under_way else f"{words}."


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an experiment is. details: sentences below the headline. failed: runs. retried: calls that were made again."""

    headline: str
    details: tuple[str, ...]
    arms: tuple[ArmProgress, ...]
    failures: tuple[FailureKind, ...]
    grid: Grid
    done: int
    total: int
    failed: int
    left_s: float | None
    sums: Sums = field(default_factory=Sums)

    @property
    def retried(self) -> int:
        """Calls that were made again."""
        return sum(kind.count for kind in self.failures if kind.how == "retried")

    @property
    def failed_cells(self) -> tuple[Cell, ...]:
        """All cells that failed."""
        return tuple(cell for kind in self.failures for cell in kind.cells)


def build_progress(snapshot: Snapshot) -> Progress:
    """How far it is: counts by arm, the time left in seconds, failures by kind, and sentences that name no arm as better."""
    arms = snapshot.experiment.arms
    totals = dict.fromkeys((arm.key for arm in arms), 0)
    under_way = dict(totals)
    sums = {arm.key: Sums() for arm in arms}
    for cell in snapshot.cells:
        totals[cell.arm] += 1
    for cell in snapshot.under_way:
        under_way[cell.arm] += 1
    for cell, outcome in snapshot.outcomes.items():
        sums[cell.arm].add(outcome)
    left = estimate_left(snapshot) if snapshot.state == "running" else {}
    folded = tuple(
        ArmProgress(
            arm,
            place,
            totals[arm.key],
            sums[arm.key].runs,
            sums[arm.key].failed,
            under_way[arm.key],
            sums[arm.key].calls,
            describe_cost(sums[arm.key]),
            _describe_left(snapshot, arm.key, totals[arm.key] - sums[arm.key].runs, left),
            snapshot.stopped_arms.get(arm.key, ""),
        )
        for place, arm in enumerate(arms)
    )
    whole = Sums.total(sums.values())
    known = [seconds for seconds in left.values() if seconds is not None]
    left_s = max(known) if known and len(known) == len(left) else None
    return Progress(
        write_headline(snapshot, whole, left_s),
        tuple(write_details(snapshot, whole)),
        folded,
        tuple(list_failures(snapshot)),
        build_grid(snapshot),
        whole.runs,
        len(snapshot.cells),
        whole.failed,
        left_s,
        whole,
    )


def _describe_left(snapshot: Snapshot, key: str, cells: int, left: Mapping[str, float | None]) -> str:
    if not cells:
        return "done"
    if key in snapshot.stopped_arms:
        return "stopped"
    if snapshot.state != "running":
        return ""
    seconds = left.get(key)
    return "unknown" if seconds is None else format_about(seconds)


def build_grid(snapshot: Snapshot) -> Grid:
    """The cells of a snapshot with their rewards, by arm: row n of repeat r at index (r - 1) * rows + n - 1."""
    rows = max((cell.row for cell in snapshot.cells), default=0)
    repeats = max((cell.repeat for cell in snapshot.cells), default=0)
    arms = snapshot.experiment.arms
    states = {arm.key: [NOT_RUN] * (rows * repeats) for arm in arms}
    rewards: dict[str, list[float | None]] = {arm.key: [None] * (rows * repeats) for arm in arms}
    low, high = 0.0, 1.0
    for cell in snapshot.under_way:
        states[cell.arm][(cell.repeat - 1) * rows + cell.row - 1] = RUNNING
    for cell, outcome in snapshot.outcomes.items():
        at = (cell.repeat - 1) * rows + cell.row - 1
        states[cell.arm][at] = FAILED if outcome.reward is None else SCORED
        if outcome.reward is not None:
            rewards[cell.arm][at] = outcome.reward
            low, high = min(low, outcome.reward), max(high, outcome.reward)
    found = (GridArm(arm.key, arm.name, "".join(states[arm.key]), tuple(rewards[arm.key])) for arm in arms)
    return Grid(rows, repeats, low, high, tuple(found))
