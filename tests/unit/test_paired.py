"""Two programs on the same inputs: the interval holds, of equal programs few are called different, and Holm's correction."""

from __future__ import annotations

import math

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from benchmarks.verdicts import EFFECTS, HELD, simulate
from refine_core.statistics import compare_arms, holm, holm_levels, mean_of_inputs
from refine_core.statistics.student import student_p, student_quantile

EXPERIMENTS, SEED = 2000, 1
REWARDS = st.lists(
    st.tuples(st.sampled_from((0.0, 0.25, 0.5, 1.0)), st.floats(0, 1)), min_size=2, max_size=40
)


@pytest.mark.parametrize("scenario", HELD)
def test_intervals_cover_the_truth_and_equal_programs_stay_equal(scenario):
    """15 to 100 inputs each. Of 10,000 experiments, 95.3 to 96.6 % are covered, and 4.1 to 4.5 % wrong; 2,000 tell it to half a point."""
    counts = {effect: simulate(HELD[scenario], effect, EXPERIMENTS, SEED) for effect in EFFECTS}
    assert all(0.93 <= one.coverage <= 0.97 for one in counts.values()), counts
    assert counts[0].wrong <= 0.05


@pytest.mark.parametrize("n", [15, 100])
@pytest.mark.parametrize("scenario", HELD)
def test_neither_few_nor_many_inputs_make_the_interval_too_narrow(scenario, n):
    """With 15 inputs it may be wider than it has to be: few of them differ at all. 2,000 experiments tell a share to one point."""
    count = simulate(HELD[scenario], 0, EXPERIMENTS, SEED, sizes=(n, n))
    assert count.coverage >= 0.94
    assert count.wrong <= 0.06


@pytest.mark.parametrize("level", [0.95, 1 - 0.05 / 6])
@pytest.mark.parametrize("n", [30, 80])
def test_as_many_inputs_as_needed_show_the_difference_four_times_in_five(n, level):
    """Also at the level of the first of six pairs, as four arms have."""
    draw = HELD["continuous"]
    first = [compare_arms(a, b, level=level) for a, b in _experiments(draw, 0.1, 300, n)]
    typical = sorted(one.needed for one in first)[150]
    found = [compare_arms(a, b, level=level).is_clear for a, b in _experiments(draw, 0.1, 600, typical)]
    assert 0.74 <= sum(found) / 600 <= 0.88


def _experiments(draw, effect, experiments, n):
    import numpy as np

    a, b, _ = draw(np.random.default_rng(n), (experiments, n), effect)
    return zip(a.tolist(), b.tolist(), strict=True)


@given(REWARDS)
def test_p_is_below_five_percent_exactly_where_the_interval_leaves_out_zero(rewards):
    a, b = zip(*rewards, strict=True)
    found = compare_arms(a, b)
    assume(found is not None)
    assert (found.p < 1 - found.level) == found.is_clear
    assert found.low <= found.difference <= found.high


@given(REWARDS)
def test_the_other_way_round_the_difference_has_the_other_sign(rewards):
    a, b = zip(*rewards, strict=True)
    one, other = compare_arms(a, b), compare_arms(b, a)
    assume(one is not None)
    assert (other.difference, other.low, other.high) == pytest.approx((-one.difference, -one.high, -one.low))
    assert other.p == pytest.approx(one.p)
    assert other.needed == one.needed


@given(REWARDS, st.sampled_from((1e-300, 1e-9, 1e9, 1e300)))
def test_huge_and_tiny_rewards_are_compared_as_any_others(rewards, size):
    a, b = ([value - 0.5 for value in column] for column in zip(*rewards, strict=True))
    assume(min(a + b) < 0)
    plain, scaled = compare_arms(a, b), compare_arms([x * size for x in a], [x * size for x in b])
    assume(plain is not None and scaled is not None and plain.scale > 1e-6)
    assert scaled.low / size == pytest.approx(plain.low, abs=1e-9)
    assert scaled.p == pytest.approx(plain.p)


def test_what_few_inputs_showed_of_a_reward_is_no_bound_of_what_more_would():
    """Two inputs between 0.50 and 0.54 do not show that no difference is larger than that."""
    found = compare_arms([0.5, 0.54], [0.54, 0.52])
    assert found.low < -0.05 < 0.05 < found.high
    none = compare_arms([0.9, 0.91], [0.9, 0.91])
    assert (none.low, none.high) == (-1, 1)
    points = compare_arms([80.0, 60.0, 75.0], [70.0, 71.0, 69.0])
    assert points.high > points.scale
    assert mean_of_inputs([0.5, 0.6, 0.55])[0] < 0.5
    assert mean_of_inputs([50.0, 60.0, 55.0])[1] > 60
    assert mean_of_inputs([0.0, 1.0, 1.0]) == pytest.approx((0, 1), abs=0.2)


def test_rewards_whose_sum_is_beyond_all_numbers_are_still_compared():
    a, b = [8e307, 8e307, -8e307] * 5, [-8e307] * 15
    found = compare_arms(a, b)
    assert found.low < found.difference < found.high < math.inf
    assert found.is_clear


def test_rewards_from_zero_to_one_have_no_interval_beyond():
    found = compare_arms([0.1, 0.9], [0.8, 0.1])
    assert (found.low, found.high) == (-1, 1)
    low, high = mean_of_inputs([0.0, 1.0])
    assert (low, high) == (0, 1)


def test_equal_differences_still_leave_a_doubt():
    """All inputs better by the same: fifteen such may be luck to a degree, five to a higher one."""
    few, many = (compare_arms([1.0] * n, [0.0] * n) for n in (5, 15))
    assert few.difference == many.difference == 1
    assert few.low < many.low < many.high == 1


def test_no_difference_on_any_input_still_has_the_doubt_of_the_rule_of_three():
    found = compare_arms([0.0, 1.0] * 20, [0.0, 1.0] * 20)
    assert found.low == -found.high
    assert found.high == pytest.approx(3 / 40, rel=0.1)  # the rule of three
    assert (found.p, found.needed) == (1, None)


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ([], []),
        ([1.0], [0.0]),
        ([1.0, 1.0], [1.0, 1.0]),
        ([math.nan, 1.0], [0.0, 1.0]),
        ([math.inf, 1.0], [0.0, 1.0]),
    ],
)
def test_nothing_is_said_of_one_input_equal_rewards_or_numbers_that_are_none(a, b):
    assert compare_arms(a, b) is None


def test_lists_of_unequal_lengths_are_refused():
    with pytest.raises(ValueError, match="equally long"):
        compare_arms([1.0, 2.0], [1.0])
    with pytest.raises(ValueError, match="equally long"):
        compare_arms([1.0, 2.0], [1.0, 3.0], [1])


def test_inputs_that_are_copies_of_one_another_count_once():
    """Ten inputs, each four times: as sure as ten, not as forty."""
    a, b = [0.2, 0.9, 0.4, 0.8, 0.5] * 2, [0.1, 0.5, 0.6, 0.4, 0.3] * 2
    ten, clustered = compare_arms(a, b), compare_arms(a * 4, b * 4, list(range(10)) * 4)
    assert (clustered.low, clustered.high) == pytest.approx((ten.low, ten.high))
    assert (clustered.inputs, clustered.clusters) == (40, 10)
    alone = compare_arms(a, b, list(range(10)))
    assert (alone.low, alone.high, alone.p) == pytest.approx((ten.low, ten.high, ten.p))


def test_intervals_of_clustered_inputs_cover_too():
    """Inputs in groups of three that share what makes them easier for one program."""
    import numpy as np

    rng = np.random.default_rng(1)
    covered = ignoring_it = 0
    groups = [i // 3 for i in range(75)]
    for _ in range(1000):
        shared = np.repeat(rng.normal(0, 0.2, 25), 3)
        b = rng.uniform(0.2, 0.8, 75)
        a = (b + shared + rng.normal(0, 0.1, 75)).tolist()
        found, plain = compare_arms(a, b.tolist(), groups), compare_arms(a, b.tolist())
        covered += found.low <= 0 <= found.high
        ignoring_it += plain.low <= 0 <= plain.high
    assert 0.94 <= covered / 1000 <= 0.98
    assert ignoring_it / 1000 < 0.85


@given(st.lists(st.floats(0, 1), min_size=1, max_size=6))
def test_holm_never_makes_a_p_smaller_and_keeps_their_order(p_values):
    found = holm(p_values)
    assert all(new >= old for new, old in zip(found, p_values, strict=True))
    assert sorted(range(len(found)), key=lambda i: (p_values[i], found[i])) == sorted(
        range(len(found)), key=lambda i: (found[i], p_values[i])
    )


@given(st.lists(st.floats(0, 0.2), min_size=1, max_size=6))
def test_a_level_is_passed_exactly_where_holm_rejects(p_values):
    for p, corrected, level in zip(p_values, holm(p_values), holm_levels(p_values), strict=True):
        assume(abs(corrected - 0.05) > 1e-9)
        assert (p < 1 - level) == (corrected < 0.05)


def test_holm_is_the_textbooks():
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])


@pytest.mark.parametrize(
    ("freedom", "quantile"),
    [(1, 12.7062), (2, 4.30265), (5, 2.57058), (14, 2.14479), (30, 2.04227), (100, 1.98397)],
)
def test_students_quantiles_are_those_of_the_tables(freedom, quantile):
    assert student_quantile(0.975, freedom) == pytest.approx(quantile, abs=1e-4)
    assert student_p(quantile, freedom) == pytest.approx(0.05, abs=1e-5)


def test_a_mean_stays_within_the_rewards_and_copies_do_not_narrow_it():
    low, high = mean_of_inputs([1.0] * 19 + [0.0])
    assert 0 < low < 0.95 < high <= 1
    values = [0.2, 0.9, 0.4, 0.8, 0.5]
    assert mean_of_inputs(values * 3, list(range(5)) * 3) == pytest.approx(mean_of_inputs(values))
    assert mean_of_inputs([0.5, 0.5]) == (None, None)
