"""Figures about the rows of an examination, for the screen and for JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class PartFigures:
    """How far one part of the score moves it.

    low, high: its range over rows and probes. weight: in the value. moves: weight times range. within_groups, between_share: how it
    varies on rows (statistics.split_variance); None where that is not defined. never_varies_on_rows: whether all rows have the same.
    """

    low: float
    high: float
    weight: float
    moves: float
    within_groups: float | None
    between_share: float | None
    never_varies_on_rows: bool


@dataclass(frozen=True, slots=True)
class LabelFigures:
    """Whether a reward says what people said of the same rows.

    good, bad: how many there are. threshold: from which a score counts as good; the best one where nobody chose one. agreement: share of
    labels that are the same. constant_guess: the agreement of the same answer for every row. kappa, auc: see refine_core.statistics;
    None where not defined. best_threshold, best_youden: what tells them apart best on these labels, and how well.
    """

    good: int
    bad: int
    threshold: float
    agreement: float
    constant_guess: float | None
    kappa: float | None
    auc: float | None
    best_threshold: float
    best_youden: float | None


@dataclass(frozen=True, slots=True)
class Figures:
    """What the rows come to.

    mean, low, high: of the scores; None without any. passed: rows that reach the threshold; None without one. groups: with several
    rows; expected_share_without_spread: of groups of four (statistics.groups_without_spread). same_when_repeated: whether scores
    repeat; None where none was scored again. recorded: whether the scores are those that were recorded with the rows.
    """

    rows: int
    scored: int
    unscored: int
    failed: int
    mean: float | None
    low: float | None
    high: float | None
    distinct_scores: int
    distinct_outputs: int
    threshold: float | None
    passed: int | None
    groups: int
    groups_without_spread: int
    expected_share_without_spread: float | None
    ms_per_row: float | None
    parts: Mapping[str, PartFigures] = field(default_factory=dict)
    labels: LabelFigures | None = None
    same_when_repeated: bool | None = None
    recorded: bool = False

    def to_json(self) -> dict[str, Any]:
        """As `refinescope check --json` prints it under "statistics"."""
        return asdict(self) | {"labels": {} if self.labels is None else asdict(self.labels)}
