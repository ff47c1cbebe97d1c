"""What an experiment shows: which runs count, the pairs, the price, and the sentence on top."""

from __future__ import annotations

import pytest

from refine_core.experiments import build_result, result_to_json
from tests.experiments.made import make_snapshot


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
