"""Statistics of rewards, as functions of plain numbers. Each docstring has its formula and its source.

draws.py       pass@k, best-of-k, groups without spread, calls until the threshold, KL of best-of-n
intervals.py   Wilson, means with an error, rows clustered by input, paired differences
survival.py    Kaplan-Meier: attempts until the threshold
agreement.py   Cohen's kappa, Spearman, AUC, the constant guess
thresholds.py  precision, recall and Youden's J at each threshold
paired.py      two programs on the same inputs: their difference with its interval, and Holm's correction for several
student.py     Student's t distribution
two_means.py   two small groups of rewards: their difference with its interval, and how many values would show it
spread.py      what varies within groups and between them; how much re-scores wobble

A figure that is not defined is None, such as the best of 5 out of 3, or any figure of values that hold NaN: an unscored
row has to be left out first. Of a function that returns a pair, each figure may be None. Counts that make no sense, such as
more successes than trials, and lists of unequal lengths raise ValueError.
"""

from __future__ import annotations

from refine_core.statistics.agreement import auc, cohen_kappa, constant_guess, spearman
from refine_core.statistics.draws import (
    best_of_k,
    best_of_n_kl,
    expected_calls,
    groups_without_spread,
    pass_at_k,
)
from refine_core.statistics.intervals import clustered_mean, paired_difference, wilson
from refine_core.statistics.paired import (
    ArmDifference,
    compare_arms,
    holm,
    holm_levels,
    mean_of_inputs,
)
from refine_core.statistics.spread import Spread, Wobble, judge_wobble, split_variance
from refine_core.statistics.survival import SurvivalRow, kaplan_meier, survival_bands
from refine_core.statistics.thresholds import ThresholdRow, best_threshold, list_thresholds
from refine_core.statistics.two_means import (
    MeanDifference,
    detectable_difference,
    mean_difference,
    mean_interval,
    values_needed,
)

__all__ = [
    "ArmDifference",
    "MeanDifference",
    "Spread",
    "SurvivalRow",
    "ThresholdRow",
    "Wobble",
    "auc",
    "best_of_k",
    "best_of_n_kl",
    "best_threshold",
    "clustered_mean",
    "cohen_kappa",
    "compare_arms",
    "constant_guess",
    "detectable_difference",
    "expected_calls",
    "groups_without_spread",
    "holm",
    "holm_levels",
    "judge_wobble",
    "kaplan_meier",
    "list_thresholds",
    "mean_difference",
    "mean_interval",
    "mean_of_inputs",
    "paired_difference",
    "pass_at_k",
    "spearman",
    "split_variance",
    "survival_bands",
    "values_needed",
    "wilson",
]
