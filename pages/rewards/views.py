"""Which rows are shown: all of them, those that changed, failed or have no score. Told once for each scoring.

A page looks at every row only when there are new scores: of 100,000 rows that takes a moment.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Final

from pages.rewards.bench import Bench
from refine_core.rows import JoinedRows
from refine_core.workbench import RowSource, Scores

REMEMBERED: Final = 4


def list_positions(bench: Bench, only: str) -> Sequence[int]:
    """Positions of the rows that are shown, in order."""
    if only == "all":
        return range(len(bench.rows))
    if bench.scores is None:
        return ()
    if only == "changed":
        return _changes(bench.scores, bench.base, bench.sources)[0]
    return _in_state(bench.scores, only)


def count_moves(bench: Bench) -> tuple[int, int, int]:
    """Of the rows that have a score: how many have a higher one than before, a lower one, and had none."""
    if bench.scores is None:
        return 0, 0, 0
    changed, up, new = _changes(bench.scores, bench.base, bench.sources)
    moved = sum(bench.scores.rows[i].state == "scored" for i in changed)
    return up, moved - up, new


def is_same(old: float, new: float | None) -> bool:
    """Whether two scores are equal, but for the noise of binary fractions."""
    return new is not None and math.isclose(old, new, rel_tol=1e-9, abs_tol=1e-12)


@lru_cache(maxsize=REMEMBERED)
def list_tops(scores: Scores) -> Mapping[str, float]:
    """Name of a part -> its highest value, in the order in which rows have them."""
    tops: dict[str, float] = {}
    for row in scores.rows:
        for name, value in row.parts.items():
            if value > tops.get(name, -math.inf):
                tops[name] = value
    return tops


@lru_cache(maxsize=REMEMBERED)
def _in_state(scores: Scores, state: str) -> tuple[int, ...]:
    return tuple(i for i, row in enumerate(scores.rows) if row.state == state)


@lru_cache(maxsize=REMEMBERED)
def _changes(
    scores: Scores, base: Scores | None, sources: tuple[RowSource, ...]
) -> tuple[tuple[int, ...], int, int]:
    """Rows with another score than before, or none any more; how many have a higher one, and how many their first."""
    rows = JoinedRows(*(one.rows for one in sources))
    changed: list[int] = []
    up = new = 0
    for i, row in enumerate(scores.rows):
        old = rows.reward_of(i)
        if old is None and base is not None:
            old = base.rows[i].value
        if old is None:
            new += row.state == "scored"
        elif row.state in ("failed", "unscored"):
            changed.append(i)
        elif row.value is not None and not is_same(old, row.value):
            changed.append(i)
            up += row.value > old
    return tuple(changed), up, new
