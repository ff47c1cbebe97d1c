"""How far an experiment is: counts, the time that is left, failures by kind, a sentence for each state; and nothing that ranks arms."""

from __future__ import annotations

from dataclasses import replace

import pytest

from refine_core.experiments import Budget, Cell, RateLimit, build_progress
from refine_core.spec import ModelSpec
from tests.experiments.live_snapshots import FAILED, FIRST, cells, experiment, snapshot


def headline(**changes):
    return build_progress(snapshot(**changes)).headline


def test_nothing_is_estimated_before_each_arm_has_ended_a_run():
    progress = build_progress(snapshot(ended=1))
    assert progress.headline == "1 of 16 runs. The time left is not known yet, $0.01 so far."
    assert [arm.left for arm in progress.arms] == ["unknown", "unknown"]


def test_the_time_left_follows_what_runs_took_and_how_many_are_under_way():
    made = snapshot(ended=12)
    under_way = replace(made, under_way=cells(made, ("a", 3, 2), ("b", 3, 2)))
    progress = build_progress(under_way)
    assert progress.left_s == 0.5 * 2 + 2
    half = snapshot(ended=8)
    earlier = build_progress(replace(half, under_way=cells(half, ("a", 1, 2), ("b", 1, 2))))
    assert earlier.left_s == 0.5 * 2 + 3 * 2, "the six that wait run two at a time"
    long = replace(FIRST, took_s=600.0)
    slow = build_progress(replace(under_way, outcomes=dict.fromkeys(made.outcomes, long)))
    assert slow.headline == "12 of 16 runs. About 15 min left, $0.12 so far."
    assert [arm.left for arm in slow.arms] == ["15 min", "15 min"]


def limited(**limits):
    """Twelve of sixteen runs of 5 calls and 100 tokens have ended, two are under way: 15 calls are left."""
    made = snapshot(replace(experiment(), rate_limits={"practice model": RateLimit(**limits)}), ended=12)
    return replace(made, under_way=cells(made, ("a", 3, 2), ("b", 3, 2)))


@pytest.mark.parametrize(
    ("limits", "left_s"),
    [
        ({"requests_per_minute": 5}, 60 * 15 / 5),
        ({"tokens_per_minute": 50}, 60 * 300 / 50),
        ({"requests_per_minute": 5, "tokens_per_minute": 50}, 60 * 300 / 50),
        ({"requests_per_minute": 10_000}, 3.0),
    ],
)
def test_the_time_left_is_no_shorter_than_the_limits_a_minute_ask(limits, left_s):
    assert build_progress(limited(**limits)).left_s == left_s


def test_a_model_that_is_not_asked_for_now_is_named_and_waited_for():
    progress = build_progress(replace(limited(requests_per_minute=5), on_hold={"practice model": 600.0}))
    assert progress.left_s == 600 + 180
    assert progress.details[0].startswith("practice model refused calls (429): it is asked again at ")


def test_two_models_are_asked_side_by_side():
    made = experiment()
    other = replace(made.arms[1].spec, model=ModelSpec("litellm", "openai/other"))
    both = snapshot(replace(made, arms=(made.arms[0], replace(made.arms[1], spec=other))), ended=12)
    under_way = replace(both, under_way=cells(both, ("a", 3, 2), ("b", 3, 2)))
    slow = {cell: replace(FIRST, took_s=60.0 if cell.arm == "b" else 2.0) for cell in both.outcomes}
    progress = build_progress(replace(under_way, outcomes=slow))
    assert [arm.left for arm in progress.arms] == ["under 10 s", "2 min"]
    assert progress.left_s == 0.5 * 60 + 60


def test_an_arm_that_is_done_or_stopped_says_so():
    ended = {("a", row, repeat): FIRST for row in (1, 2, 3, 4) for repeat in (1, 2)}
    progress = build_progress(snapshot(ended=ended, stopped_arms={"b": "the key was refused"}))
    assert [(arm.done, arm.total, arm.left) for arm in progress.arms] == [(8, 8, "done"), (0, 8, "stopped")]
    assert "“Best of 5” was stopped. The key was refused." in progress.details


def test_each_limit_of_the_budget_stands_beside_what_was_spent():
    of = experiment(budget=Budget(calls=2000, tokens=50_000, usd=3.0))
    assert build_progress(snapshot(of, ended=1)).headline == (
        "1 of 16 runs. The time left is not known yet, $0.01 of $3.00, 5 of 2,000 calls, 100 of 50,000 tokens."
    )


def test_a_cost_that_some_runs_do_not_tell_is_called_the_least():
    ended = {("a", 1, 1): FIRST, ("a", 2, 1): replace(FIRST, cost_usd=None), ("b", 1, 1): replace(FIRST, cost_usd=0.0)}  # fmt: skip
    progress = build_progress(snapshot(experiment(budget=Budget(usd=1.0)), ended=ended))
    assert [arm.cost for arm in progress.arms] == ["at least $0.01", "free"]
    assert "at least $0.01 of $1.00" in progress.headline
    assert "1 run did not tell what it cost" in " ".join(progress.details)
    assert (
        build_progress(snapshot(ended={("a", 1, 1): replace(FIRST, cost_usd=None)})).arms[0].cost == "unknown"
    )


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"state": "paused"}, "Paused. 10 of 16 runs are kept, 6 are left."),
        ({"state": "cancelling"}, "Cancelling … 10 of 16 runs are kept."),
        ({"state": "finished"}, "All 16 runs have ended."),
        (
            {"state": "stopped", "stopped_by": "cancel"},
            "Cancelled. 10 of 16 runs are kept; nothing that finished is paid for again.",
        ),
        (
            {"state": "stopped", "stopped_by": "crash"},
            "The app ended while this was running. 10 of 16 runs are kept; nothing that finished is paid for again.",
        ),
        (
            {"state": "stopped", "stopped_by": "budget"},
            "Stopped by its budget. 10 of 16 runs are kept; nothing that finished is paid for again.",
        ),
        (
            {"state": "stopped", "stopped_by": "store"},
            "Stopped: the history could not be written. 10 of 16 runs are kept; nothing that finished is paid for again.",
        ),
        (
            {"state": "stopped", "stopped_by": "error"},
            "Stopped by an error. 10 of 16 runs are kept; nothing that finished is paid for again.",
        ),
        (
            {"state": "stopped", "stopped_by": "arms"},
            "Stopped: no arm that has runs left can go on. 10 of 16 runs are kept; nothing that finished is paid for again.",
        ),
    ],
)
def test_each_state_has_its_sentence(changes, sentence):
    assert headline(ended=10, **changes) == sentence


def test_arms_that_stopped_of_one_cause_are_told_once():
    progress = build_progress(
        snapshot(
            state="stopped",
            stopped_by="arms",
            stopped_arms={"a": "the key was refused", "b": "the key was refused"},
        )
    )
    assert progress.headline == "Stopped: no arm that has runs left can go on. None of 16 runs has ended."
    assert progress.details[0] == "“Refine, N 5” and “Best of 5” were stopped. The key was refused."


def test_a_reward_that_fails_everywhere_leads_to_a_new_draft():
    """A reward of an experiment that has begun cannot be put right: Resume would meet it again."""
    why = {"a": "args has no 'answer'"}
    made = snapshot(ended=1, state="stopped", stopped_by="arms", stopped_arms=why)
    (cell, outcome) = next(iter(made.outcomes.items()))
    failed = replace(outcome, state="failed", error=f"KeyError: {why['a']}")
    broken = replace(made, outcomes={cell: failed}, stopped_arms={cell.arm: why["a"]})
    assert "new draft" in build_progress(broken).details[-1]
    assert "resume" in build_progress(made).details[-1]


def test_what_to_do_is_said_once_and_a_key_only_where_one_was_refused():
    stopped = {"ended": 1, "state": "stopped", "stopped_by": "arms"}

    def details(why, **more):
        return build_progress(replace(snapshot(**stopped, stopped_arms={"a": why}), **more)).details

    gone = "Cannot reach the server. Resume once it answers."
    assert details(gone) == (f"“Refine, N 5” was stopped. {gone}",)
    assert details("No such model.")[1:] == ("Put this right, then resume.",)
    assert details("It refused the key.", keyless_arms={"a"})[1:] == (
        "Resume asks again for a key that was refused.",
    )


def test_pausing_says_how_many_runs_end_first():
    made = snapshot(ended=10)
    assert headline(
        ended=10, state="pausing", under_way=cells(made, ("a", 2, 2), ("b", 2, 2), ("a", 3, 2))
    ) == ("Pausing: 3 runs under way will end first. 10 of 16 runs have ended.")


def test_an_experiment_of_another_process_says_where_to_pause_it():
    assert "Another Refinescope process" in build_progress(snapshot(ended=1, is_local=False)).details[0]


def test_no_sentence_compares_arms_while_runs_are_left():
    ended = {
        (arm, row, 1): replace(FIRST, reward=reward)
        for arm, reward in (("a", 0.875), ("b", 0.125))
        for row in (1, 2, 3)
    }
    progress = build_progress(snapshot(ended=ended))
    words = " ".join([progress.headline, *progress.details, *(arm.in_words for arm in progress.arms)])
    assert "favours whoever is ahead by luck" in words
    for sign in ("0.875", "0.125", "0.88", "0.12", "0.5", "mean", "best reward", "ahead of"):
        assert sign not in words


def test_failures_are_told_by_kind_with_their_inputs():
    time_out = replace(FAILED, error_type="LMTimeoutError", error="no answer within 60 s")
    ended = {
        ("a", 3, 1): FAILED,
        ("a", 4, 1): replace(FAILED, error="it has no field 'topic'"),
        ("b", 2, 1): time_out,
        ("b", 1, 1): FIRST,
    }
    progress = build_progress(snapshot(ended=ended))
    assert [(k.what, k.arms, k.inputs, k.count, k.how) for k in progress.failures] == [
        ("unreadable reply", ("Refine, N 5",), "inputs 3 and 4", 2, "failed"),
        ("no answer in time", ("Best of 5",), "input 2", 1, "failed"),
    ]
    assert progress.failures[0].detail == "it has no field 'answer' · 1 more like it"
    assert set(progress.failed_cells) == {Cell("a", 3, 1), Cell("a", 4, 1), Cell("b", 2, 1)}
    assert progress.failed == 3


@pytest.mark.parametrize(
    ("kind", "error", "what", "detail"),
    [
        ("AssertionError", "AssertionError", "AssertionError", ""),
        ("KeyError", "KeyError: 'no'", "KeyError", "'no'"),
        ("Timeout", "took longer than 5 s", "the reward took too long", "took longer than 5 s"),
    ],
)
def test_a_failure_names_its_kind_once(kind, error, what, detail):
    failed = {("a", 1, 1): replace(FAILED, error_type=kind, error=error)}
    (one,) = build_progress(snapshot(ended=failed)).failures
    assert (one.what, one.detail) == (what, detail)


def test_calls_that_were_made_again_are_counted_apart_and_go_on():
    waited = replace(FIRST, retries={"LMRateLimitError": 2}, waited_s={"LMRateLimitError": 4.0})
    made = snapshot(ended={("a", 1, 1): waited})
    model = made.experiment.arms[0].spec.model.label
    progress = build_progress(replace(made, slowed={model: 6}))
    (kind,) = progress.failures
    assert (kind.what, kind.how, kind.count) == ("rate limit (429)", "retried", 2)
    assert kind.detail == "waited 4.0 s in all, slowed all arms to 6 at once"
    assert (progress.retried, progress.failed) == (2, 0)


def test_many_kinds_of_failure_are_folded_into_one_row():
    ended = {("a", row, 1): replace(FAILED, error_type=f"Error{'abcdefghijkl'[row - 1]}") for row in range(1, 13)}  # fmt: skip
    progress = build_progress(snapshot(experiment(rows=12), ended=ended))
    assert len(progress.failures) == 9
    assert progress.failures[-1].what == "other errors"
    assert len(progress.failed_cells) == 12


def test_the_grid_has_every_cell_at_its_input_and_repeat():
    made = snapshot(ended={("a", 2, 2): replace(FIRST, reward=0.25), ("b", 1, 1): FAILED})
    grid = build_progress(replace(made, under_way=cells(made, ("a", 3, 1)))).grid
    first, second = grid.arms
    assert (grid.rows, grid.repeats) == (4, 2)
    assert (first.states, second.states) == ("--r--s--", "f-------")
    assert first.rewards[5] == 0.25
    assert [one for one in first.rewards if one is not None] == [0.25]


@pytest.mark.parametrize(
    ("rewards", "scale"), [((0.2, 0.9), (0.0, 1.0)), ((-2.0, 0.5), (-2.0, 1.0)), ((3.0, 8.0), (0.0, 8.0))]
)
def test_the_tints_reach_from_0_to_1_and_as_far_as_rewards_do(rewards, scale):
    ended = {("a", n, 1): replace(FIRST, reward=reward) for n, reward in enumerate(rewards, 1)}
    grid = build_progress(snapshot(ended=ended)).grid
    assert (grid.low, grid.high) == scale
