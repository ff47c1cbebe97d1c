"""Measures that count: the same answer, right attempts, two arms against each other."""

from __future__ import annotations

from dataclasses import replace

import pytest

from refine_core.experiments.outcomes import AttemptFigures, Outcome
from refine_core.lessons.measures import alike, means, reached, shares
from refine_core.lessons.measures.recorded import Recorded
from refine_core.rows import Row
from refine_core.statistics import wilson
from tests.experiments.made import make_arms, make_snapshot


def record(rewards, *, rows=4, threshold=1.0, arms=2):
    """Runs of single attempts. rewards: (arm, row) -> reward."""
    snapshot = make_snapshot(
        make_arms(arms, threshold=threshold), rows, rewards=lambda _rng, arm, row: rewards(arm, row)
    )
    return Recorded(snapshot, lambda _id: None, {})


def test_the_most_frequent_answer_is_counted_among_first_attempts():
    recorded = record(lambda _arm, _row: 1.0, rows=5)
    texts = ["Brussels", "Brussels.", "Brussels", "It is Brussels.", "Brussels"]
    cells = recorded.outcomes("a")
    recorded._outputs["a"] = {
        cell: (Row("1", {}, {"answer": text}), Row("2", {}, {"answer": "Brussels."}))
        for cell, text in zip(cells, texts, strict=True)
    }
    found = alike.measure_alike(recorded, arm="a")
    assert found == {
        "count": 3,
        "answer": "Brussels",
        "different": 3,
        "counts": {1: 3, 2: 1, 3: 1},
        "total": 5,
    }


def test_where_no_run_has_an_output_no_answer_is_the_most_frequent():
    found = alike.measure_alike(record(lambda _arm, _row: 1.0), arm="a")
    assert (found["count"], found["answer"], found["total"]) == (None, None, 0)


def record_repeats(reaches, *, rows, repeats):
    """Runs of single attempts. reaches: (arm, row, repeat) -> whether that run is at the threshold."""
    snapshot = make_snapshot(make_arms(2), rows, repeats)
    outcomes = {}
    for cell in snapshot.cells:
        found = reaches(cell.arm, cell.row, cell.repeat)
        outcomes[cell] = Outcome(
            "scored", float(found), (AttemptFigures(float(found), {}, 1, reaches=found),), ""
        )
    return Recorded(replace(snapshot, outcomes=outcomes), lambda _id: None, {})


def test_repeats_that_are_all_alike_make_a_share_no_surer():
    once, five = (record_repeats(lambda _arm, row, _n: row <= 6, rows=20, repeats=n) for n in (1, 5))
    few, many = (reached.share_interval(reached.reach_by_row(one, "a"), 1) for one in (once, five))
    assert few == pytest.approx(wilson(6, 20))
    assert many[1] - many[0] > 0.9 * (few[1] - few[0])
    of_one = reached.reach_by_row(record_repeats(lambda _arm, _row, n: n <= 6, rows=1, repeats=20), "a")
    assert reached.share_interval(of_one, 1) == pytest.approx(wilson(6, 20))


def test_arms_are_compared_input_by_input_and_repeats_belong_together():
    once, five = (
        record_repeats(lambda arm, row, _n: row <= (20 if arm == "a" else 10), rows=30, repeats=n)
        for n in (1, 5)
    )
    found = [shares.measure_reached_difference(one, first="a", second="b") for one in (once, five)]
    assert found[0] == pytest.approx(found[1])
    assert (found[0]["low"], found[0]["high"]) == pytest.approx(
        (0.15, 0.51), abs=0.01
    )  # by hand: 0.326 ± 0.18


def test_the_difference_of_two_arms_is_that_of_their_shares_of_runs():
    recorded = record_repeats(lambda arm, _row, n: n <= (40 if arm == "a" else 10), rows=1, repeats=50)
    found = shares.measure_reached_difference(recorded, first="a", second="b")
    assert (found["first"], found["second"]) == (0.8, 0.2)
    assert found["difference"] == pytest.approx(0.6)
    assert (found["low"], found["high"]) == pytest.approx((0.42, 0.73), abs=0.01)  # by hand: 0.577 ± 0.157


def test_arms_that_all_reach_the_threshold_have_no_interval():
    found = shares.measure_reached_difference(record(lambda _arm, _row: 1.0), first="a", second="b")
    assert (found["difference"], found["low"], found["high"]) == (0.0, None, None)


@pytest.mark.parametrize("threshold", [1.0, None])
def test_right_attempts_are_at_the_threshold_or_without_one_at_one(threshold):
    recorded = record(lambda _arm, row: 1.0 if row == 3 else 0.5, threshold=threshold)
    assert shares.measure_right_attempts(recorded, arm="a") == 0.25


def test_the_most_calls_of_one_run_stand_beside_their_mean():
    snapshot = make_snapshot(1, 30, attempts=3, threshold=0.9)
    recorded = Recorded(snapshot, lambda _id: None, {})
    found = means.measure_calls(recorded, arm="a")
    assert found["most"] == max(one.calls for one in snapshot.outcomes.values())
    assert found["most"] > found["mean"]
