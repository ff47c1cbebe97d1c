"""What an experiment shows: which runs count, the pairs, the price, and the sentence on top."""

from __future__ import annotations

from dataclasses import replace

import pytest

from refine_core.experiments import Outcome
from refine_core.experiments.outcomes import AttemptFigures
from refine_core.experiments.result import build_result, describe_change, result_to_json
from refine_core.experiments.result.attempts import best_by_attempt
from tests.experiments.made import make_failure, make_outcome, make_snapshot


def test_no_mean_and_no_ranking_while_runs_are_left():
    result = build_result(make_snapshot(state="running", done=0.4))
    assert not result.is_final
    assert result.verdict.headline == "Running: 72 of 180 runs have ended."
    assert result.comparisons == ()
    assert [arm.mean for arm in result.arms] == [None] * 3


@pytest.mark.parametrize("arms", [2, 3, 4])
def test_every_pair_of_arms_is_compared_the_best_against_the_next_first(arms):
    result = build_result(make_snapshot(arms=arms, effect=0.2))
    assert len(result.comparisons) == arms * (arms - 1) // 2
    best, next_best = sorted(result.arms, key=lambda arm: -arm.mean)[:2]
    assert (result.main.first, result.main.second) == (best, next_best)
    assert all(one.difference.difference >= 0 for one in result.comparisons)


def test_json_has_the_keys_that_scripts_rely_on():
    data = result_to_json(build_result(make_snapshot(rows=30)))
    assert set(data) == {"verdict", "arms", "comparisons"}
    assert set(data["arms"][0]) == {"name", "runs", "mean", "interval", "calls", "tokens", "cost_usd"}
    assert set(data["comparisons"][0]) == {"a", "b", "difference", "interval", "p", "enough", "needed"}


def test_of_two_repeats_an_input_counts_once_with_their_mean():
    """Rows get 0.2 and 0.4, or 0.6 and 0.8: ten inputs, not twenty."""
    values = {}

    def reward(_rng, arm, row):
        values[arm, row] = values.get((arm, row), -1) + 1
        return 0.2 + 0.2 * values[arm, row] + (0.4 if row % 2 else 0) + (0.2 if arm == "a" else 0)

    result = build_result(make_snapshot(arms=2, rows=10, repeats=2, rewards=reward))
    assert result.arm("b").mean == pytest.approx(0.5)
    assert (result.arm("b").runs, result.arm("b").inputs) == (20, 10)
    assert result.main.difference.inputs == 10
    assert result.main.difference.difference == pytest.approx(0.2)
    one = result.main.by_input[0]
    assert (one.first_run[-6:], one.second_run[-6:]) == (
        "0" + f"{one.row:03d}" + "-1",
        "0" + f"{one.row:03d}" + "-1",
    )


def test_an_input_whose_runs_failed_in_one_arm_is_left_out_of_the_pair():
    snapshot = make_snapshot(arms=2, rows=30)
    outcomes = {
        cell: make_failure() if cell.arm == "a" and cell.row <= 3 else outcome
        for cell, outcome in snapshot.outcomes.items()
    }
    result = build_result(replace(snapshot, outcomes=outcomes))
    assert (result.main.inputs, result.main.left_out) == (27, 3)
    assert (result.arm("a").inputs, result.arm("b").inputs) == (27, 30)
    assert result.arm("a").failures == {"AdapterParseError": 3}


def test_rows_with_the_same_inputs_count_as_one_input():
    alone = build_result(make_snapshot(arms=2, rows=30)).main.difference
    result = build_result(make_snapshot(arms=2, rows=30, equal_inputs=3))
    assert result.clustered
    assert (result.main.difference.inputs, result.main.difference.clusters) == (30, 10)
    assert alone.clusters == 30
    assert "equal inputs counted as one" in result.verdict.method


def test_below_twenty_inputs_no_curve_is_drawn():
    few, enough = (build_result(make_snapshot(arms=2, rows=rows)) for rows in (19, 20))
    assert not few.draws_curves
    assert few.arms[0].curve == few.arms[0].survival == ()
    assert few.main.equal_budget == {}
    assert enough.draws_curves
    assert len(enough.arms[0].curve) == 5
    assert enough.arms[0].survival


def test_runs_that_a_budget_or_a_cancel_cut_off_are_censored_there():
    """Forty ended at the threshold with their first attempt; ten were cut off in their third, which nobody knows the end of."""
    snapshot = make_snapshot(arms=2, rows=50, attempts=5, threshold=0.5)
    ended, cut_off = {}, {}
    for cell in snapshot.cells:
        spec = snapshot.experiment.arm(cell.arm).spec
        if cell.row <= 40:
            ended[cell] = make_outcome([0.5 + cell.row % 2 / 10], spec)
        else:
            begun = make_outcome([0.1, None, None], spec)
            cut_off[cell] = replace(begun, state="cut off", reward=None, returned=None, failed_attempts=1)
    nothing = replace(make_failure(), state="cut off", attempts=(), failed_attempts=0)
    cut_off[snapshot.cells[-1]] = nothing
    stopped = replace(snapshot, state="stopped", stopped_by="budget", outcomes=ended, cut_off=cut_off)
    for arm, cut in zip(build_result(stopped).arms, (10, 9), strict=True):
        rows = [(one.row.attempt, one.row.at_risk, one.row.reached) for one in arm.survival]
        assert rows == [(1, 40 + cut, 40), (2, cut, 0)]
        assert (arm.runs, arm.cut_off) == (40, cut)
        assert arm.survival[-1].reached == pytest.approx(40 / (40 + cut))


def series(by_arm, rows=20, attempts=4, threshold=None):
    """A finished experiment of two arms in which every run of an arm has these rewards by attempt, a little apart by row."""
    snapshot = make_snapshot(arms=2, rows=rows, attempts=attempts, threshold=threshold)
    outcomes = {
        cell: make_outcome(
            [r if r is None else r + cell.row % 2 / 100 for r in by_arm[cell.arm]],
            snapshot.experiment.arm(cell.arm).spec,
        )
        for cell in snapshot.cells
    }
    return build_result(replace(snapshot, outcomes=outcomes))


def test_the_curve_is_the_best_of_the_first_attempts_against_what_they_took():
    """Refine asks for advice before each attempt but the first, so k attempts are 2k - 1 calls."""
    refined = series({"a": [0.2, 0.5, 0.4, 0.8], "b": [0.3, 0.3, 0.6, 0.6]}).arm("a")
    assert [round(one.mean, 3) for one in refined.curve] == [0.205, 0.505, 0.505, 0.805]
    assert [one.spent["calls"] for one in refined.curve] == [1, 3, 5, 7]
    assert refined.mean == pytest.approx(refined.curve[-1].mean)


def test_a_failed_first_attempt_has_no_best_reward_yet():
    refined = series({"a": [None, 0.5, 0.6, 0.6], "b": [0.3, 0.3, 0.6, 0.6]}).arm("a")
    assert [one.k for one in refined.curve] == [2, 3, 4]


def test_equal_calls_are_interpolated_between_two_attempts():
    """Best of 4 takes 4 calls; there Refine is half way between its second attempt (3) and its third (5)."""
    result = series({"a": [0.2, 0.5, 0.7, 0.8], "b": [0.3, 0.3, 0.4, 0.6]})
    equal = result.main.equal_budget["calls"]
    assert (equal.budget, equal.first_attempts, equal.second_attempts) == (4, 2.5, 4)
    assert equal.first == pytest.approx(0.605)
    assert equal.difference.difference == pytest.approx(0.6 - 0.6, abs=1e-9)


def test_attempts_to_the_threshold_are_censored_where_the_run_ended():
    arm = series({"a": [0.2, 0.5, 0.7, 0.95], "b": [0.3, 0.3, 0.4, 0.6]}, threshold=0.9)
    reached, never = arm.arm("a").survival, arm.arm("b").survival
    assert [(one.row.attempt, one.row.reached, one.reached) for one in reached] == [(4, 20, 1.0)]
    assert [(one.row.attempt, one.row.reached, one.reached) for one in never] == [(4, 0, 0.0)]
    assert never[0].low == 0 < never[0].high < 0.2
    assert (arm.arm("a").reached, arm.arm("b").share_reached) == (20, 0)


def test_best_of_k_is_for_independent_attempts_that_no_threshold_cut_short():
    result = series({"a": [0.2, 0.5, 0.7, 0.8], "b": [0.0, 0.0, 0.0, 0.8]})
    refined, best = result.arm("a"), result.arm("b")
    assert refined.best_of_k == ()
    assert refined.no_best_of_k == "Only attempts without hints can be drawn anew."
    assert [round(one.mean, 3) for one in best.best_of_k] == [0.205, 0.405, 0.605, 0.805]
    cut = build_result(make_snapshot(arms=2, rows=60, threshold=0.6)).arm("b")
    assert (cut.best_of_k, cut.no_best_of_k) == (
        (),
        "The threshold stopped some runs early, so their later attempts are not known.",
    )


def test_regressions_come_worst_first_and_say_which_parts_fell():
    result = build_result(make_snapshot(arms=2, rows=60, effect=0.05))
    worst = result.main.regressions
    assert [one.difference for one in worst] == sorted(one.difference for one in worst)
    assert result.main.worse + result.main.equal + result.main.better == 60
    change = describe_change(worst[0])
    assert " to " in change
    assert change.split()[0] in ("short", "price", "keywords")


def test_what_is_not_known_of_one_run_is_unknown_in_all():
    result = build_result(make_snapshot(cost=None))
    assert [arm.usd.total for arm in result.arms] == [None] * 3
    assert result_to_json(result)["arms"][0]["cost_usd"] is None
    assert result.main.equal_budget["usd"].reason == "It is not known what every run took."


def test_an_attempt_that_failed_a_validator_is_worse_than_any_that_met_it():
    figures = [AttemptFigures(0.9, unmet=True), AttemptFigures(0.4), AttemptFigures(0.8, unmet=True)]
    outcome = Outcome("scored", 0.4, tuple(figures), "attempts_used_up", 1)
    assert best_by_attempt(outcome, 3) == [0.9, 0.4, 0.4]


def test_the_parts_that_differ_come_first_with_an_interval():
    parts = build_result(make_snapshot(arms=2, effect=0.2)).main.parts
    sizes = [abs(one.first - one.second) for one in parts]
    assert sizes == sorted(sizes, reverse=True)
    assert {one.name for one in parts} == {"short", "price", "keywords"}
    assert parts[0].difference.low > 0
