"""Each figure beside a full enumeration of what it sums up, and beside values worked out by hand."""

from __future__ import annotations

import math
from itertools import combinations, permutations, product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from refine_core.statistics import (
    auc,
    best_of_k,
    best_of_n_kl,
    best_threshold,
    clustered_mean,
    cohen_kappa,
    constant_guess,
    expected_calls,
    groups_without_spread,
    judge_wobble,
    kaplan_meier,
    list_thresholds,
    paired_difference,
    pass_at_k,
    spearman,
    split_variance,
    wilson,
)

NAN, INF = math.nan, math.inf
few = st.lists(st.sampled_from([-1.0, 0.0, 0.25, 0.5, 1.0, 3.0]), min_size=1, max_size=6)
fast = settings(max_examples=60, deadline=None)


def mean(values):
    values = list(values)
    return math.fsum(values) / len(values)


def sets_of(k, things):
    return list(combinations(things, k))


def about(value):
    return pytest.approx(value, rel=1e-9, abs=1e-12)


def pairs_of(values, others):
    return st.integers(1, 7).flatmap(
        lambda n: st.tuples(
            st.lists(values, min_size=n, max_size=n), st.lists(others, min_size=n, max_size=n)
        )
    )


# --- draws ---


def test_pass_at_k_is_the_share_of_draws_with_a_correct_output():
    for n in range(7):
        for c in range(n + 1):
            for k in range(n + 1):
                correct = [True] * c + [False] * (n - c)
                assert pass_at_k(n, c, k) == about(mean(any(drawn) for drawn in sets_of(k, correct)))


def test_pass_at_k_of_more_outputs_than_there_are_is_not_defined():
    assert pass_at_k(3, 3, 4) is None
    assert pass_at_k(0, 0, 1) is None


def test_pass_at_k_by_hand():
    assert pass_at_k(200, 1, 1) == about(0.005)
    assert pass_at_k(4, 1, 2) == about(0.5)
    assert pass_at_k(10_000, 3, 5_000) == about(1 - (5_000 * 4_999 * 4_998) / (10_000 * 9_999 * 9_998))


@given(few.flatmap(lambda rewards: st.tuples(st.just(rewards), st.permutations(range(len(rewards))))))
@fast
def test_best_of_k_is_the_mean_over_all_draws_with_ties_shared(drawn):
    rewards, true = drawn
    for k in range(1, len(rewards) + 1):
        expected = []
        for places in sets_of(k, range(len(rewards))):
            top = max(rewards[i] for i in places)
            expected.append(mean(true[i] for i in places if rewards[i] == top))
        assert best_of_k(rewards, k, true) == about(mean(expected))
        assert best_of_k(rewards, k) == about(mean(max(some) for some in sets_of(k, rewards)))


def test_best_of_k_by_hand():
    assert best_of_k([0.0, 1.0], 1) == 0.5
    assert best_of_k([0.2, 0.9, 0.9], 3, [1.0, 0.0, 1.0]) == 0.5
    assert best_of_k([1.0, 2.0, 3.0], 2) == about((2 + 3 + 3) / 3)


def test_best_of_k_of_many_outputs_is_exact_and_quick():
    assert best_of_k(range(1, 10_001), 5_000) == about(5_000 * 10_001 / 5_001)


def test_best_of_k_is_not_defined_without_enough_rewards_or_an_order():
    assert best_of_k([], 1) is None
    assert best_of_k([1.0], 2) is None
    assert best_of_k([1.0], 0) is None
    assert best_of_k([1.0, NAN], 1) is None
    assert best_of_k([1.0, 2.0], 1, [NAN, 1.0]) is None
    assert best_of_k([1.0, INF], 1) is None


def test_a_reward_that_is_never_the_best_may_be_infinitely_low():
    assert best_of_k([-INF, 1.0, 2.0], 2) == about((1 + 2 + 2) / 3)
    assert best_of_k([-INF, 1.0, INF], 2, [5.0, 1.0, 0.0]) == about(1 / 3)


@given(few)
@fast
def test_groups_without_spread_are_those_whose_rewards_are_equal(rewards):
    for size in range(1, len(rewards) + 1):
        alike = mean(len(set(group)) == 1 for group in sets_of(size, rewards))
        assert groups_without_spread(rewards, size) == about(alike)


def test_groups_larger_than_what_was_drawn_are_not_defined():
    assert groups_without_spread([1.0, 1.0], 3) is None
    assert groups_without_spread([], 1) is None
    assert groups_without_spread([1.0], 0) is None
    assert groups_without_spread([1.0, NAN], 2) is None
    assert groups_without_spread([True, 1.0, 1], 3) == 1.0


@given(few, st.sampled_from([-2.0, 0.0, 0.5, 4.0, INF, -INF]))
@fast
def test_expected_calls_are_the_mean_over_all_orders(rewards, threshold):
    for n in range(len(rewards) + 1):
        made = []
        for order in permutations(rewards):
            first = next((i for i, reward in enumerate(order[:n], 1) if reward >= threshold), n)
            made.append(first)
        assert expected_calls(rewards, threshold, n) == about(mean(made))


def test_expected_calls_of_more_attempts_than_rewards_are_not_defined():
    assert expected_calls([0.0, 1.0], 1.0, 3) is None
    assert expected_calls([], 1.0, 1) is None
    assert expected_calls([NAN, 1.0], 1.0, 1) is None
    assert expected_calls([0.0, 1.0], NAN, 1) is None


@given(few, st.integers(1, 4))
@fast
def test_kl_of_best_of_n_is_that_of_all_equally_likely_draws(rewards, n):
    rewards = rewards[:4]
    best = [max(drawn) for drawn in product(rewards, repeat=n)]
    expected = 0.0
    for value in set(rewards):
        p, q = rewards.count(value) / len(rewards), best.count(value) / len(best)
        expected += q * math.log(q / p) if q else 0.0
    assert best_of_n_kl(n, rewards) == about(expected)
    assert best_of_n_kl(n, rewards) <= best_of_n_kl(n) + 1e-12


def test_kl_of_best_of_n_is_not_defined_for_nothing():
    assert best_of_n_kl(0) is None
    assert best_of_n_kl(2, []) is None
    assert best_of_n_kl(2, [NAN]) is None
    assert best_of_n_kl(1) == 0.0


# --- intervals ---


def test_wilson_by_hand():
    assert wilson(5, 10) == about((0.236593090512564, 0.763406909487436))
    assert wilson(0, 10) == about((0.0, 0.277532799862889))
    assert wilson(10, 10) == about((0.722467200137111, 1.0))
    assert wilson(0, 0) == (None, None)


@given(st.integers(1, 60).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
@fast
def test_wilson_holds_just_the_shares_that_a_score_test_does_not_reject(counts):
    successes, n = counts
    low, high = wilson(successes, n)
    assert 0.0 <= low <= successes / n <= high <= 1.0
    for bound in {low, high} - {0.0, 1.0}:
        z = abs(successes / n - bound) / math.sqrt(bound * (1 - bound) / n)
        assert z == pytest.approx(1.959963984540054, rel=1e-6)


@given(pairs_of(st.integers(-20, 20), st.integers(0, 3)))
@fast
def test_a_clustered_error_is_that_of_the_formula_summed_pair_by_pair(drawn):
    values, clusters = drawn
    middle, error = clustered_mean(values, clusters)
    n, count = len(values), len(set(clusters))
    assert middle == about(mean(values))
    together = math.fsum(
        (values[i] - middle) * (values[j] - middle)
        for i in range(n)
        for j in range(n)
        if clusters[i] == clusters[j]
    )
    if count == 1:
        assert error is None
    else:
        assert error == pytest.approx(
            math.sqrt(max(0.0, count / (count - 1) * together)) / n, rel=1e-6, abs=1e-7
        )


def test_values_of_their_own_clusters_have_the_usual_standard_error():
    assert clustered_mean([1.0, 2.0, 3.0, 4.0], "abcd") == about((2.5, math.sqrt(5 / 3) / 2))


def test_a_mean_without_values_and_an_error_of_one_cluster_are_not_defined():
    assert clustered_mean([], []) == (None, None)
    assert clustered_mean([1.0, 3.0], ["a", "a"]) == (2.0, None)
    assert clustered_mean([1.0, NAN], ["a", "b"]) == (None, None)
    assert clustered_mean([1.0, INF], ["a", "b"]) == (None, None)
    assert clustered_mean([1.5e308, 1.5e308], ["a", "b"]) == (1.5e308, 0.0)


@given(pairs_of(st.integers(-9, 9), st.integers(-9, 9)))
@fast
def test_a_paired_difference_is_the_mean_of_the_differences(drawn):
    old, new = drawn
    own = range(len(old))
    assert paired_difference(old, new) == clustered_mean([b - a for a, b in zip(old, new, strict=True)], own)
    middle, error = paired_difference(old, new)
    back, same_error = paired_difference(new, old)
    assert (middle, error) == (-back, same_error)


def test_a_paired_difference_by_hand():
    assert paired_difference([0, 0, 1, 1], [1, 0, 1, 0]) == about((0.0, math.sqrt(4 / 3 * 2) / 4))
    assert paired_difference([0, 0, 1, 1], [1, 1, 1, 1], "aabb") == about((0.5, math.sqrt(2 * 2) / 4))
    assert paired_difference([0.0], [1.0]) == (1.0, None)
    assert paired_difference([], []) == (None, None)
    assert paired_difference([INF], [INF]) == (None, None)


# --- survival ---


def test_kaplan_meier_by_hand():
    rows = kaplan_meier([1, 2, 2, 3, 3], [True, True, False, True, False])
    assert rows == [(1, 5, 1, about(4 / 5)), (2, 4, 1, about(3 / 5)), (3, 2, 1, about(3 / 10))]
    assert rows[0].at_risk == 5


def test_a_run_that_was_cut_short_takes_part_until_then():
    assert kaplan_meier([2, 1], [True, False]) == [(1, 2, 0, 1.0), (2, 1, 1, 0.0)]
    assert kaplan_meier([3, 3], [False, False]) == [(3, 2, 0, 1.0)]
    assert kaplan_meier([], []) == []
    assert kaplan_meier([0, 1], [False, True]) == [(0, 2, 0, 1.0), (1, 1, 1, 0.0)]


@given(st.lists(st.integers(1, 6), min_size=1, max_size=8))
@fast
def test_without_censoring_not_yet_is_the_share_still_to_come(attempts):
    for attempt, at_risk, reached, not_yet in kaplan_meier(attempts, [True] * len(attempts)):
        assert not_yet == about(mean(one > attempt for one in attempts))
        assert (at_risk, reached) == (sum(one >= attempt for one in attempts), attempts.count(attempt))


@given(pairs_of(st.integers(1, 5), st.booleans()))
@fast
def test_a_censored_run_passes_its_weight_on_to_those_after_it(drawn):
    """Efron's redistribution to the right, which is another way to the same curve."""
    attempts, reached = drawn
    order = sorted(range(len(attempts)), key=lambda i: (attempts[i], not reached[i]))
    weights = dict.fromkeys(order, 1 / len(order))
    for place, i in enumerate(order):
        later = order[place + 1 :]
        if not reached[i] and later:
            for j in later:
                weights[j] += weights[i] / len(later)
            weights[i] = 0.0
    for row in kaplan_meier(attempts, reached):
        gone = math.fsum(weights[i] for i in order if reached[i] and attempts[i] <= row.attempt)
        assert row.not_yet == about(1.0 - gone)


# --- agreement ---


def test_cohen_kappa_by_hand():
    a = ["yes"] * 25 + ["no"] * 25
    b = ["yes"] * 20 + ["no"] * 5 + ["yes"] * 10 + ["no"] * 15
    assert cohen_kappa(a, b) == about(0.4)
    assert cohen_kappa([1, 1, 1], [1, 1, 1]) is None
    assert cohen_kappa([], []) is None
    assert cohen_kappa([1, 1], [0, 0]) == 0.0


@given(pairs_of(st.sampled_from("xyz"), st.sampled_from("xyz")))
@fast
def test_kappa_is_agreement_beyond_that_of_all_pairings(drawn):
    a, b = drawn
    observed = mean(x == y for x, y in zip(a, b, strict=True))
    by_chance = mean(x == y for x, y in product(a, b))
    if by_chance == 1.0:
        assert cohen_kappa(a, b) is None
    else:
        assert cohen_kappa(a, b) == about((observed - by_chance) / (1 - by_chance))


def test_a_constant_guess_is_right_as_often_as_the_most_frequent_label():
    assert constant_guess(["good", "bad", "good"]) == about(2 / 3)
    assert constant_guess([]) is None


@given(pairs_of(st.integers(-3, 3), st.integers(-3, 3)))
@fast
def test_spearman_is_pearson_of_shared_ranks(drawn):
    x, y = drawn

    def ranks(values):
        return [mean(i for i, other in enumerate(sorted(values), 1) if other == one) for one in values]

    if len(set(x)) == 1 or len(set(y)) == 1:
        assert spearman(x, y) is None
        return
    first, second = ranks(x), ranks(y)
    dx, dy = [r - mean(first) for r in first], [r - mean(second) for r in second]
    along = math.fsum(a * b for a, b in zip(dx, dy, strict=True))
    expected = along / math.sqrt(math.fsum(a * a for a in dx) * math.fsum(b * b for b in dy))
    assert spearman(x, y) == about(expected)
    assert spearman([value**3 for value in x], y) == spearman(x, y)


def test_spearman_by_hand():
    assert spearman([1, 2, 3], [1, 2, 3]) == 1.0
    assert spearman([1, 2, 3], [5, 4, -INF]) == -1.0
    assert spearman([1, 2, 3, 4], [1, 3, 2, 4]) == about(1 - 6 * 2 / (4 * 15))
    assert spearman([1], [1]) is None
    assert spearman([], []) is None
    assert spearman([1, NAN], [1, 2]) is None


@given(few, few)
@fast
def test_auc_is_the_share_of_pairs_in_the_right_order(good, bad):
    pairs = [1.0 if p > q else 0.5 if p == q else 0.0 for p, q in product(good, bad)]
    assert auc(good, bad) == about(mean(pairs))
    assert auc(good, bad) + auc(bad, good) == about(1.0)


def test_auc_is_not_defined_without_both_kinds_or_with_nan():
    assert auc([], [1.0]) is None
    assert auc([1.0], []) is None
    assert auc([NAN], [1.0]) is None
    assert auc([INF], [-INF]) == 1.0


# --- thresholds and spread ---


@given(pairs_of(st.sampled_from([0.0, 0.5, 1.0]), st.booleans()))
@fast
def test_each_threshold_counts_what_it_accepts(drawn):
    rewards, good = drawn
    rows = list_thresholds(rewards, good)
    assert [row.threshold for row in rows] == sorted(set(rewards))
    for row in rows:
        accepted = [is_good for reward, is_good in zip(rewards, good, strict=True) if reward >= row.threshold]
        assert (row.accepted, row.precision) == (len(accepted), about(mean(accepted)))
        assert row.recall == (about(sum(accepted) / sum(good)) if any(good) else None)
        if any(good) and not all(good):
            wrong = (len(accepted) - sum(accepted)) / (len(good) - sum(good))
            assert row.youden == about(row.recall - wrong)
        else:
            assert row.youden is None
    best = best_threshold(rewards, good)
    assert best == max(
        (row for row in rows if row.youden is not None), key=lambda r: (r.youden, r.threshold), default=None
    )


def test_a_threshold_on_nan_is_not_defined():
    assert list_thresholds([NAN], [True]) == []
    assert best_threshold([NAN, 1.0], [True, False]) is None


@given(pairs_of(st.integers(-5, 5), st.integers(0, 2)))
@fast
def test_variance_within_and_between_groups_is_all_of_it(drawn):
    values, groups = drawn
    spread = split_variance(values, groups)
    middle = mean(values)
    assert spread.within + spread.between == about(mean((value - middle) ** 2 for value in values))
    assert (spread.between_share is None) == (len(set(values)) == 1)
    inside = [{v for v, g in zip(values, groups, strict=True) if g == group} for group in set(groups)]
    assert spread.constant == about(mean(len(one) == 1 for one in inside))


def test_a_part_that_varies_between_inputs_only_tells_no_outputs_apart():
    assert split_variance([0.0, 0.0, 1.0, 1.0], "aabb") == (0.0, 0.25, 1.0, 1.0)
    assert split_variance([0.1, 0.1, 0.1], "abc") == (0.0, 0.0, None, 1.0)
    assert split_variance([], []) is None
    assert split_variance([1.0, INF], "ab") is None


def test_wobble_is_the_deviation_of_each_row_and_who_crosses_the_threshold():
    wobble = judge_wobble([[0.4, 0.6], [0.9, 0.9, 0.9], [0.1], []], threshold=0.5)
    assert wobble.deviations == (about(math.sqrt(0.02)), 0.0, None, None)
    assert wobble.mean_deviation == about(math.sqrt(0.02) / 2)
    assert wobble.crossing == 0.5
    assert judge_wobble([[0.4, 0.6]]).crossing is None
    assert judge_wobble([], 0.5) == ((), None, None)
    assert judge_wobble([[0.5, NAN, 0.5]], 0.5) == ((0.0,), 0.0, 0.0)


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: pass_at_k(-1, 0, 1), "n must be at least 0, not -1"),
        (lambda: pass_at_k(3, 4, 1), r"c must be at most n \(3\), not 4"),
        (lambda: pass_at_k(3, 1, -1), "k must be at least 0, not -1"),
        (lambda: best_of_k([1.0], -1), "k must be at least 0, not -1"),
        (lambda: best_of_k([1.0], 1, [1.0, 2.0]), "rewards and true must be equally long, but have 1 and 2"),
        (lambda: groups_without_spread([1.0], -2), "size must be at least 0, not -2"),
        (lambda: expected_calls([1.0], 1.0, -1), "n must be at least 0, not -1"),
        (lambda: best_of_n_kl(-1), "n must be at least 0, not -1"),
        (lambda: wilson(3, 2), r"successes must be at most n \(2\), not 3"),
        (lambda: wilson(-1, 2), "successes must be at least 0, not -1"),
        (lambda: clustered_mean([1.0], []), "values and clusters must be equally long, but have 1 and 0"),
        (lambda: paired_difference([1.0], []), "old and new must be equally long, but have 1 and 0"),
        (
            lambda: paired_difference([1], [1], [1, 2]),
            "values and clusters must be equally long, but have 1 and 2",
        ),
        (lambda: kaplan_meier([-1], [True]), "an attempt must be at least 0, not -1"),
        (lambda: kaplan_meier([1], []), "attempts and reached must be equally long, but have 1 and 0"),
        (lambda: cohen_kappa([1], []), "a and b must be equally long, but have 1 and 0"),
        (lambda: spearman([1], []), "x and y must be equally long, but have 1 and 0"),
    ],
)
def test_what_makes_no_sense_is_refused_in_words(call, sentence):
    with pytest.raises(ValueError, match=sentence):
        call()
