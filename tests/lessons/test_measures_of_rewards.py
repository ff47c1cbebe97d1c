"""Measures that read the rewards of all attempts: another threshold, the best of fewer, equal rewards, two arms."""

from __future__ import annotations

from dataclasses import replace

import pytest

from refine_core.experiments.outcomes import AttemptFigures, Outcome
from refine_core.lessons.measures import agreement, best_of, difference, sweep
from refine_core.lessons.measures.recorded import Recorded
from refine_core.statistics import compare_arms
from tests.experiments.made import make_arms, make_snapshot


def record(**rewards: list[list[float]]) -> Recorded:
    """Arm -> for each row, the rewards of a run's attempts. A part "true" is the reward's opposite."""
    snapshot = make_snapshot(make_arms(len(rewards)), len(next(iter(rewards.values()))))
    outcomes = {cell: make_outcome(rewards[cell.arm][cell.row - 1]) for cell in snapshot.cells}
    return Recorded(replace(snapshot, outcomes=outcomes), lambda _id: None, {}, str)


def make_outcome(rewards: list[float]) -> Outcome:
    attempts = tuple(AttemptFigures(one, {"true": 1 - one}, 1, reaches=one >= 1) for one in rewards)
    return Outcome("scored", max(rewards), attempts, "attempts_used_up")


def test_a_run_ends_at_its_first_attempt_at_the_threshold_else_takes_all():
    recorded = record(a=[[0.2, 0.8, 0.5, 1.0], [0.5, 0.5, 0.5, 0.8]])
    found = sweep.measure_attempts_at(recorded, arm="a", thresholds=[0.2, 0.8, 1.0])
    assert found == {0.2: 1.0, 0.8: (2 + 4) / 2, 1.0: 4.0}


@pytest.mark.parametrize(("most", "highest"), [(4, 1.0), (3, 0.8), (2.9, 0.2), (0.5, None)])
def test_the_highest_threshold_keeps_to_the_attempts_that_are_allowed(most, highest):
    recorded = record(a=[[0.2, 0.8, 0.5, 1.0], [0.5, 0.5, 0.5, 0.8]])
    assert (
        sweep.measure_highest_threshold(recorded, arm="a", thresholds=[0.2, 0.8, 1.0], most=most) == highest
    )


def test_the_best_of_n_is_drawn_from_all_attempts_and_may_be_read_by_a_part():
    recorded = record(a=[[0.0, 1.0], [0.0, 0.0]])
    assert best_of.measure_best_of_n(recorded, arm="a", n=[1, 2, 3]) == {1: 0.25, 2: 0.5, 3: None}
    assert best_of.measure_best_of_n(recorded, arm="a", n=[1, 2], part="true") == {1: 0.75, 2: 0.5}


def test_equal_rewards_are_counted_run_by_run():
    recorded = record(a=[[4, 4, 4, 2], [3, 3, 3, 3], [5, 4, 3, 2]])
    found = agreement.measure_equal_rewards(recorded, arm="a", threshold=4)
    assert found == {"mean": (3 + 4 + 1) / 3, "whole": 1, "split": 2}


def test_the_difference_of_two_arms_is_input_by_input():
    recorded = record(a=[[0.5], [0.2], [0.9]], b=[[0.6], [0.6], [0.9]])
    found = difference.measure_difference(recorded, first="b", second="a")
    theirs = compare_arms([0.6, 0.6, 0.9], [0.5, 0.2, 0.9])
    assert found == {name: getattr(theirs, name) for name in ("difference", "low", "high", "needed")}
    assert found["low"] < 0 < found["difference"] < found["high"]


def test_arms_whose_rewards_are_all_equal_have_no_difference_to_speak_of():
    found = difference.measure_difference(record(a=[[1.0], [1.0]], b=[[1.0], [1.0]]), first="a", second="b")
    assert set(found.values()) == {None}
