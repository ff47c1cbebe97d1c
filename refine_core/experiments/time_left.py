"""How long the rest of an experiment will take, from how long its runs took so far: None until each arm that is left has ended a run.

Runs are begun in order, so many at once as are under way, and each takes as long as its arm's runs did on average.
"""

from __future__ import annotations

import heapq
from collections.abc import Mapping
from statistics import fmean

from refine_core.experiments.document import Cell
from refine_core.experiments.snapshot import Snapshot

_SOON_S = 10
_MINUTE_S, _HOUR_S = 60, 3600
_MINUTES_UP_TO_S = 90 * 60
_STEP_S = 5


def estimate_left(snapshot: Snapshot) -> Mapping[str, float | None]:
    """Key of an arm -> seconds until its last run has ended; None: unknown. Arms that are done or stopped are left out."""
    waiting = [cell for cell in snapshot.cells if _is_left(snapshot, cell)]
    took: dict[str, list[float]] = {}
    for cell, outcome in snapshot.outcomes.items():
        took.setdefault(cell.arm, []).append(outcome.took_s)
    left: dict[str, float | None] = {cell.arm: None for cell in waiting}
    if not snapshot.under_way or any(arm not in took for arm in left):
        return left
    means = {arm: fmean(took[arm]) for arm in left}
    free_at = [0.5 * means.get(cell.arm, 0.0) for cell in snapshot.under_way]
    heapq.heapify(free_at)
    for cell in waiting:
        if cell in snapshot.under_way:  # about half of which is over
            ends_at = 0.5 * means[cell.arm]
        else:
            ends_at = free_at[0] + means[cell.arm]
            heapq.heapreplace(free_at, ends_at)
        left[cell.arm] = max(left[cell.arm] or 0.0, ends_at)
    return left


def _is_left(snapshot: Snapshot, cell: Cell) -> bool:
    return cell not in snapshot.outcomes and cell.arm not in snapshot.stopped_arms


def format_about(seconds: float) -> str:
    """A time that nobody knows exactly: "under 10 s", "25 s", "4 min", "2 h", "2 h 40 min"."""
    if seconds < _SOON_S:
        return f"under {_SOON_S} s"
    if seconds < _MINUTE_S - _STEP_S / 2:
        return f"{round(seconds / _STEP_S) * _STEP_S} s"
    if seconds < _MINUTES_UP_TO_S:
        return f"{max(1, round(seconds / _MINUTE_S))} min"
    hours, tens = divmod(round(seconds / (10 * _MINUTE_S)), 6)
    return f"{hours} h {tens * 10} min" if tens else f"{hours} h"
