"""Choosing a threshold on labels: what each would accept, and how much of it is good."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from refine_core.statistics.numbers import check_same_length, has_nan


class ThresholdRow(NamedTuple):
    """One threshold: rows with at least this reward are accepted.

    accepted: how many. precision: the share of them that is good. recall: the share of good rows that is accepted; None where no row is
    good. youden: recall less the share of bad rows that is accepted; None where all rows are of one kind.
    """

    threshold: float
    accepted: int
    precision: float
    recall: float | None
    youden: float | None


def list_thresholds(rewards: Sequence[float], good: Sequence[bool]) -> list[ThresholdRow]:
    """Each distinct reward as a threshold, the lowest first. good: what people say of the rows.

    precision = TP/(TP + FP), recall = TP/(TP + FN), J = recall - FP/(FP + TN). Source: Youden, 1950. [] without rows, and if a reward is
    NaN. Choose on some labels and measure on others: the best threshold looks better on the labels that chose it.
    Raises ValueError for lists of unequal lengths.
    """
    check_same_length(rewards, good, "rewards", "good")
    if has_nan(rewards):
        return []
    goods = sum(map(bool, good))
    bads = len(good) - goods
    right = wrong = 0
    rows: list[ThresholdRow] = []
    pairs = sorted(zip(rewards, map(bool, good), strict=True), reverse=True)
    for i, (reward, is_good) in enumerate(pairs):
        right, wrong = right + is_good, wrong + (not is_good)
        if i + 1 < len(pairs) and pairs[i + 1][0] == reward:
            continue
        recall = right / goods if goods else None
        youden = right / goods - wrong / bads if goods and bads else None
        rows.append(ThresholdRow(float(reward), right + wrong, right / (right + wrong), recall, youden))
    return rows[::-1]


def best_threshold(rewards: Sequence[float], good: Sequence[bool]) -> ThresholdRow | None:
    """The threshold with the highest J, and of equal ones the highest; None where all rows are of one kind, and if a reward is NaN.

    Raises ValueError for lists of unequal lengths.
    """
    rows = [(row.youden, row) for row in list_thresholds(rewards, good) if row.youden is not None]
    return max(rows, key=lambda pair: (pair[0], pair[1].threshold), default=(None, None))[1]
