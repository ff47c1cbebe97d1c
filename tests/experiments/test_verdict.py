"""The sentence on top of a result."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from refine_core.experiments import Arm
from refine_core.experiments.result import build_result, count_more, describe_pair
from refine_core.experiments.result.price import write_at_equal
from refine_core.experiments.result.verdict import write_verdict
from refine_core.formatting import MINUS
from refine_core.spec import ModelSpec
from tests.experiments.made import make_arms, make_failure, make_snapshot


def sentence(**changes):
    verdict = build_result(make_snapshot(**changes)).verdict
    return verdict.answer, verdict.headline


def always(**by_arm):
    """Rewards by arm and row, without chance: arm=function of the row."""
    return lambda _rng, arm, row: by_arm[arm](row)


def test_a_clear_difference_says_how_large_on_how_many_and_at_what_price():
    assert sentence(effect=0.1) == (
        "better",
        (
            "Refine, N 5 beats Best of 5 by 0.09 [0.07, 0.11] on 60 inputs, at 1.7 times the calls. "
            "At equal calls it is still better, by 0.06 [0.04, 0.08]."
        ),
    )


def test_too_few_inputs_could_be_either_and_how_many_more_is_said():
    snapshot = make_snapshot(arms=2, rows=15, rewards=always(a=lambda r: r % 3 / 2, b=lambda r: (r % 5) / 5))
    result = build_result(snapshot)
    assert result.verdict.answer == "not enough data"
    assert result.verdict.headline.startswith("Not enough data. Refine, N 5 minus Best of 5 is +0.10 [")
    assert result.verdict.headline.endswith("on 15 inputs: it could be either.")
    more = count_more(result.main)
    assert (
        f"About {more} more inputs would show a difference of this size, four times in five."
        in (result.verdict.details[0])
    )
    assert more == result.main.difference.needed - 15


def test_at_equal_calls_a_pair_told_the_other_way_round_says_the_same():
    main = build_result(make_snapshot(arms=2, rows=60, effect=0.3)).main
    turned = replace(
        main,
        first=main.second,
        second=main.first,
        difference=main.difference.reversed(),
        equal_budget={
            unit: replace(one, difference=one.difference.reversed())
            for unit, one in main.equal_budget.items()
        },
    )
    assert write_at_equal(main).startswith("At equal calls")
    assert write_at_equal(turned) == write_at_equal(main)


def test_a_small_interval_around_zero_is_no_difference_and_no_lack_of_data():
    level = always(a=lambda r: r % 2 * 1.0, b=lambda r: r % 2 * 1.0)
    assert sentence(arms=2, rows=100, rewards=level) == (
        "no difference",
        f"No difference larger than 0.05: Refine, N 5 minus Best of 5 is ±0 [{MINUS}0.03, 0.03] on 100 inputs.",
    )
    assert sentence(arms=2, rows=15, rewards=level)[0] == "not enough data"


@pytest.mark.parametrize(("low", "high"), [(-0.02, 0.2), (-0.2, 0.02)])
def test_an_interval_that_reaches_far_on_one_side_alone_is_not_enough_data(low, high):
    one = build_result(make_snapshot(arms=2, rows=15, effect=0.0)).main
    far = replace(one, difference=replace(one.difference, low=low, high=high), enough=False)
    assert describe_pair(far)[2] == "not enough data"


def test_a_reward_that_gives_every_run_the_same_cannot_tell_arms_apart():
    assert sentence(rewards=lambda *_: 1.0) == (
        "no difference",
        "No difference: every run got 1.00. This reward cannot tell them apart.",
    )


def test_runs_that_failed_are_not_said_to_have_got_the_same():
    answer, headline = sentence(rewards=lambda *_: 0.7, failed={"a": 0.4, "b": 0.1, "c": 0.1})
    assert (answer, headline[:51]) == (
        "no difference",
        "No difference: every run that was scored got 0.70. "[:51],
    )


def test_rewards_too_large_to_compute_with_are_not_called_equal_inputs():
    made = make_snapshot(arms=2, rewards=lambda *_: 0.5)
    huge = {cell: replace(one, reward=(-1) ** cell.row * 1.7e308) for cell, one in made.outcomes.items()}
    result = build_result(replace(made, outcomes=huge))
    assert (
        result.verdict.headline
        == "The rewards lie too far apart to compute with, so there is nothing to compare."
    )
    assert describe_pair(result.comparisons[0])[1:] == (
        "rewards too large to compute with",
        "nothing to compare",
    )


def test_rows_of_one_input_are_one_input_whatever_they_got():
    made = make_snapshot(arms=2, rows=8, equal_inputs=8, rewards=lambda rng, _arm, _row: rng.random())
    result = build_result(made)
    assert result.verdict.headline.startswith("The inputs that both arms share are all the same")
    assert describe_pair(result.comparisons[0])[1:] == ("one input", "nothing to compare")


def test_one_arm_is_nothing_to_compare():
    answer, headline = sentence(arms=1)
    assert answer == "nothing to compare"
    assert headline.startswith("One arm, so there is nothing to compare: Refine, N 5 got 0.74 [")


def test_runs_that_all_failed_are_nothing_to_compare():
    assert sentence(failed=1.0, rows=5) == (
        "nothing to compare",
        "All 15 runs failed, so there is nothing to compare.",
    )
    assert build_result(make_snapshot(failed=1.0, rows=5)).verdict.details == ()  # the headline has said it


def test_a_failed_run_costs_the_comparisons_of_its_arm_an_input():
    result = build_result(make_snapshot(arms=2, rows=40))
    several, one = (write_verdict(replace(result, failed=count)).details for count in (2, 1))
    assert "1 of 80 runs failed; its input is left out where its arm is compared." in one
    assert "2 of 80 runs failed; each input is left out where its arm is compared." in several


def test_no_run_at_all_is_nothing_to_compare():
    assert sentence(done=0, state="stopped")[1] == "No run has ended, so there is nothing to compare."


def test_arms_with_different_rewards_are_not_compared():
    first, second = make_arms(2)
    other = Arm(second.key, second.name, replace(second.spec, reward="def reward(i, p):\n    return 1.0\n"))
    result = build_result(make_snapshot(arms=(first, other), rows=30))
    assert result.comparisons == ()
    assert "different rewards" in result.verdict.headline


def test_one_arm_with_another_reward_leaves_the_others_comparable():
    first, second, third = make_arms(3)
    other = Arm(second.key, second.name, replace(second.spec, reward="def reward(i, p):\n    return 9.0\n"))
    result = build_result(make_snapshot(arms=(first, other, third), rows=30))
    assert [{one.first.key, one.second.key} for one in result.comparisons] == [{first.key, third.key}]
    assert result.verdict.answer in ("better", "no difference", "not enough data")
    assert any(
        f"the same reward are compared: not {second.name}. “What if”" in text
        for text in result.verdict.details
    )
    assert any(text.startswith(f"By its own reward, {second.name} got") for text in result.verdict.details)
    drawn = result.keep_alike(first.key).arms
    assert [bool(one.curve) for one in drawn] == [True, False, True]
    assert len(build_result(make_snapshot(arms=(first, third), rows=30)).comparisons) == 1


def test_a_price_that_is_not_known_is_called_unknown():
    level = always(a=lambda r: 0.9 + r % 2 / 10, b=lambda r: r % 3 / 10)
    assert "at as many calls, of unknown cost." in sentence(arms=2, cost=None, rewards=level)[1]


def test_a_free_model_needs_no_word_about_its_cost():
    level = always(a=lambda r: 0.9 + r % 2 / 10, b=lambda r: r % 3 / 10)
    assert sentence(arms=2, cost=0.0, rewards=level)[1].endswith("on 60 inputs, at as many calls.")


def test_a_paused_experiment_says_no_more_than_a_running_one():
    verdict = build_result(make_snapshot(state="paused", done=0.9)).verdict
    assert (verdict.answer, verdict.headline) == ("not finished", "Paused: 162 of 180 runs have ended.")


def test_a_stopped_experiment_says_how_many_ended_and_which_count():
    verdict = build_result(make_snapshot(state="stopped", done=0.4)).verdict
    assert (
        "Stopped: 72 of 180 runs ended. Only inputs that were run in every arm count: 24 of 60."
        in verdict.details
    )
    assert "A comparison read early favours whoever is ahead by luck." in verdict.details
    begun = build_result(make_snapshot(state="stopped", done=0.0)).verdict
    assert begun.details == ("Stopped: 0 of 180 runs ended.",)


def test_arms_that_were_stopped_of_one_cause_are_told_in_one_sentence():
    stopped = {"a": "the key was refused", "b": "the key was refused"}
    told = build_result(
        replace(make_snapshot(state="stopped", done=0.4), stopped_arms=stopped)
    ).verdict.details
    assert [one for one in told if "refused" in one] == [
        "“Refine, N 5” and “Best of 5” were stopped. The key was refused."
    ]


def test_failures_of_one_arm_bring_a_second_figure_with_them():
    verdict = build_result(make_snapshot(arms=2, failed={"a": 0.3})).verdict
    caution = next(one for one in verdict.details if "failed more often" in one)
    assert "counted as the lowest reward seen, Refine, N 5 minus Best of 5 would be" in caution


def test_several_arms_are_corrected_for_and_each_pair_has_its_line():
    verdict = build_result(make_snapshot(arms=3, effect=0.2)).verdict
    assert verdict.method.endswith("corrected for three arms.")
    assert [one.split(":")[0] for one in verdict.details] == [
        "Refine, N 5 against Single",
        "Best of 5 against Single",
    ]


def test_arms_that_ask_different_judges_are_compared_with_a_caution():
    asking = "def reward(inputs, prediction):\n    return judge('text -> score: float', text=prediction.headline).score\n"
    first, second = (replace(arm, spec=replace(arm.spec, reward=asking)) for arm in make_arms(2))
    other = replace(second, spec=replace(second.spec, model=ModelSpec("litellm", "openai/gpt-4o-mini")))

    def cautions(*arms):
        details = build_result(make_snapshot(arms=arms)).verdict.details
        return [one for one in details if "judge" in one]

    assert cautions(first, second) == []
    assert len(cautions(first, other)) == 1


VALUES = st.sampled_from((0.0, 0.5, 1.0))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(VALUES, VALUES, VALUES), min_size=3, max_size=25), st.randoms())
def test_swapping_arms_swaps_their_names_and_nothing_else(rewards, rng):
    """The arms' runs change places: the same sentence with the names changed, however the rewards fell."""
    order = [0, 1, 2]
    rng.shuffle(order)
    means = [sum(column) for column in zip(*rewards, strict=True)]
    if len(set(means)) < 3:
        return  # of equal arms, the order of the document decides which is named first
    names = ["one", "two", "three"]
    spec = make_arms(1)[0].spec

    def write(columns):
        arms = [Arm(key, names[column], spec) for key, column in zip("abc", columns, strict=True)]
        value = lambda _rng, arm, row: rewards[row - 1][columns["abc".index(arm)]]  # noqa: E731
        result = build_result(make_snapshot(arms=arms, rows=len(rewards), rewards=value))
        return result.verdict.headline, {describe_pair(one) for one in result.comparisons}

    assert write([0, 1, 2]) == write(order)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(VALUES, VALUES, VALUES), min_size=1, max_size=30))
def test_nothing_is_called_better_whose_interval_holds_zero(rewards):
    value = lambda _rng, arm, row: rewards[row - 1]["abc".index(arm)]  # noqa: E731
    result = build_result(make_snapshot(rows=len(rewards), rewards=value))
    for one in result.comparisons:
        difference = one.difference
        clear = difference is not None and (difference.low > 0 or difference.high < 0)
        assert one.enough == clear == (describe_pair(one)[2] in ("better", "worse"))
        if one.p is not None:
            assert clear == (one.p < 0.05)
    assert (result.verdict.answer == "better") == (result.main is not None and result.main.enough)
    assert (" beats " in result.verdict.headline) == (result.verdict.answer == "better")


def test_of_three_equal_programs_few_are_called_better():
    """Through all of it: outcomes, pairs, Holm, sentence. 20 to 50 inputs; 300 experiments tell it to about a point."""
    wrong = 0
    for seed in range(300):
        snapshot = make_snapshot(
            rows=20 + seed % 31,
            seed=seed,
            rewards=lambda rng, _arm, row: float(rng.random() < 0.3 + row % 5 / 10),
        )
        verdict = build_result(snapshot).verdict
        said = [verdict.headline, *verdict.details]
        wrong += any(" beats " in one or one.endswith((", better.", ", worse.")) for one in said)
    assert wrong / 300 <= 0.05


@pytest.mark.parametrize("state", ["finished", "stopped"])
def test_one_scored_input_says_nothing_of_others(state):
    snapshot = make_snapshot(arms=2, rows=3, state=state, rewards=always(a=lambda _: 1.0, b=lambda _: 0.0))
    outcomes = {
        cell: outcome if cell.row == 1 else make_failure() for cell, outcome in snapshot.outcomes.items()
    }
    verdict = build_result(replace(snapshot, outcomes=outcomes)).verdict
    assert verdict.headline == "One input was scored in both arms: that says nothing of others."


def test_an_arm_whose_hints_gave_the_answer_away_says_in_how_many_runs():
    made = make_snapshot(arms=2, rows=20)
    told = {
        cell: replace(one, given_away=("expected",)) if cell.arm == "a" and cell.row <= 7 else one
        for cell, one in made.outcomes.items()
    }
    verdict = build_result(replace(made, outcomes=told)).verdict
    (caveat,) = (one for one in verdict.details if "should see" in one)
    assert caveat.startswith(
        "Refine, N 5: in 7 of 20 scored runs the hint of the attempt that counts quotes expected"
    )
