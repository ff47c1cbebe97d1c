"""What k draws out of recorded outputs would have given: draws without replacement, each set of k equally likely.

These hold for best-of-n, whose attempts do not depend on each other. The attempts of Refine do: there, whole runs are
repeated, and clustered by input.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import groupby, islice

from refine_core.statistics.numbers import check_count, check_same_length, finite, has_nan, mean


def pass_at_k(n: int, c: int, k: int) -> float | None:
    """The chance that at least one of k outputs, drawn from n of which c are correct, is correct.

    1 - C(n-c, k)/C(n, k). Source: Chen et al., arXiv 2107.03374. None if k > n. Raises ValueError for negative counts and c > n.
    """
    check_count("n", n)
    check_count("c", c, high=n, of="n")
    check_count("k", k)
    if k > n:
        return None
    return 1.0 - math.comb(n - c, k) / math.comb(n, k)


def best_of_k(rewards: Sequence[float], k: int, true: Sequence[float] | None = None) -> float | None:
    """The expected true value of the output with the highest reward among k drawn from all; without `true`, of the reward itself.

    Sorted by reward, over blocks (i, j] of equal rewards: sum of [C(j, k) - C(i, k)]/C(N, k) times the mean true value in the
    block, as outputs with equal rewards are equally likely to be chosen. Source: Walder and Karkhanis, arXiv 2505.15201, for the
    maximum; the rule for ties is ours.
    None if k is 0 or more than there are rewards, if a value is NaN, and where infinite values leave no mean.
    Raises ValueError for a negative k, and for lists of unequal lengths.
    """
    check_count("k", k)
    values = rewards if true is None else true
    check_same_length(rewards, values, "rewards", "true")
    total = len(rewards)
    if not 1 <= k <= total or has_nan(rewards) or has_nan(values):
        return None
    places = sorted(range(total), key=rewards.__getitem__, reverse=True)
    chances = _chances_of_best(total, k)
    terms: list[float] = []
    for _, block in groupby(places, key=rewards.__getitem__):
        inside = [float(values[i]) for i in block]
        chance = math.fsum(islice(chances, len(inside)))
        if chance == 0.0:  # fewer than k outputs have so low a reward
            break
        if (middle := mean(inside)) is None:
            return None
        terms.append(chance * middle)
    return finite(math.fsum(terms))


def _chances_of_best(total: int, k: int) -> Iterator[float]:
    """For the places of a sorted list, from the highest: the chance C(j-1, k-1)/C(N, k) that it is the highest of k."""
    chance = k / total
    for j in range(total, 0, -1):
        yield chance
        if j > 1:
            chance *= (j - k) / (j - 1) if j > k else 0.0


def groups_without_spread(rewards: Sequence[float], size: int) -> float | None:
    """The share of groups of that size, drawn from the rewards of one input, in which all are equal: no gradient comes of them.

    Sum over distinct rewards v of C(m_v, G)/C(N, G), where m_v outputs have v. Source: the expectation of TRL's
    `frac_reward_zero_std`. None if the size is 0 or more than there are rewards, and if one is NaN. Raises ValueError for a
    negative size.
    """
    check_count("size", size)
    if not 1 <= size <= len(rewards) or has_nan(rewards):
        return None
    alike = sum(math.comb(count, size) for count in Counter(rewards).values())
    return alike / math.comb(len(rewards), size)


def expected_calls(rewards: Sequence[float], threshold: float, n: int) -> float | None:
    """Attempts that best-of-n makes on average if it stops at the first reward of at least the threshold, and after n.

    Sum over j < n of C(m-c, j)/C(m, j), where c of the m rewards are at the threshold: an attempt follows if the j before it were
    all below. Source: expectation by tails, for draws in random order. Only for attempts without hints, which do not depend on
    each other. None if n is more than there are rewards, and if a value is NaN. Raises ValueError for a negative n.
    """
    check_count("n", n)
    total = len(rewards)
    if n > total or has_nan(rewards) or math.isnan(threshold):
        return None
    below = sum(reward < threshold for reward in rewards)
    terms, all_below = [], 1.0
    for j in range(n):
        terms.append(all_below)
        all_below *= max(0, below - j) / (total - j)
    return math.fsum(terms)


def best_of_n_kl(n: int, rewards: Sequence[float] | None = None) -> float | None:
    """How far best-of-n moves outputs away from the model's own, as KL divergence in nats.

    Without rewards the upper bound log n - (n-1)/n, which no ties reach. With the rewards of a sample, exact for it, ties included:
    sum of q ln(q/p) over distinct rewards v, with p the share that has v and q = F(v)^n - F(v-)^n, for n draws with replacement.
    Source: Beirami et al., arXiv 2401.01879. None if n is 0, without rewards, and if one is NaN. Raises ValueError for a negative n.
    """
    check_count("n", n)
    if n == 0 or (rewards is not None and (not rewards or has_nan(rewards))):
        return None
    if rewards is None:
        return math.log(n) - (n - 1) / n
    total, before, terms = len(rewards), 0, []
    for _, count in sorted(Counter(rewards).items()):
        after = before + count
        q = (after / total) ** n - (before / total) ** n
        if q > 0.0:
            terms.append(q * math.log(q / (count / total)))
        before = after
    return max(0.0, math.fsum(terms))
