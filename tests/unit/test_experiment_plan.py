"""What an experiment will take and can show, before anything is asked."""

from __future__ import annotations

from dataclasses import replace
from statistics import stdev

import pytest

from refine_core.datasets import Column, Dataset, DatasetRow
from refine_core.errors import SpecError
from refine_core.experiments.document import Arm, Budget, Cell, Experiment, RateLimit
from refine_core.experiments.outcomes import Outcome
from refine_core.experiments.plan import TIMES
from refine_core.experiments.planning import plan_experiment, smallest_difference
from refine_core.experiments.problems import MAX_PROBLEMS, require_runnable
from refine_core.experiments.snapshot import Snapshot
from refine_core.runs import Credentials, Runs
from refine_core.spec import ModelSpec, ProgramSpec, StageSpec
from refine_core.store import MemoryStore
from tests.threads import run_to_end

REWARD = "def reward(args, pred):\n    return 0.5 if len(pred.answer) > 3 else 0.25\n"
BASE = ProgramSpec((StageSpec("answer", "question -> answer"),), REWARD, title="Answers", N=5, threshold=None)
REAL = ModelSpec("litellm", "openai/tiny", price_in_usd=1.0, price_out_usd=2.0)


@pytest.fixture
def runs():
    made = Runs(MemoryStore())
    yield made
    made.close()


def table(count=80, **values):
    columns = (Column("question", "input", "question"),)
    row = values or {"question": "Why?"}
    return Dataset("d", "questions.csv", 1, columns, [DatasetRow(n + 1, row) for n in range(count)])


def experiment(*arms, **changes):
    named = arms or (
        Arm("a", "Refine", BASE),
        Arm("b", "Best of 5", replace(BASE, strategy="best_of_n")),
        Arm("c", "Single", replace(BASE, strategy="single")),
    )
    return Experiment(
        **{
            "id": "e",
            "name": "E",
            "created_at": 0.0,
            "dataset_id": "d",
            "dataset_version": 1,
            "arms": named,
            **changes,
        }
    )


def of_model(model, *changes):
    return tuple(
        Arm(key, key.upper(), replace(BASE, model=model, **change))
        for key, change in zip("abc", changes, strict=False)
    )


def problems_of(runs, planned, dataset=None, **more):
    return [
        (one.field, one.message)
        for one in plan_experiment(runs, planned, dataset or table(), **more).problems
    ]


def test_runs_are_written_as_a_product(runs):
    plan = plan_experiment(runs, experiment(repeats=2), table())
    assert plan.runs_text == f"80 {TIMES} 3 {TIMES} 2 = 480"
    assert plan_experiment(runs, experiment(), table(1)).runs_text == "3"


def test_with_nothing_recorded_calls_are_at_least_and_at_most(runs):
    until = replace(BASE, threshold=0.5)
    plan = plan_experiment(
        runs,
        experiment(
            Arm("a", "Refine", until),
            Arm("b", "Best of 5", replace(until, strategy="best_of_n")),
            Arm("c", "Single", replace(until, strategy="single")),
        ),
        table(),
    )
    assert [arm.calls for arm in plan.by_arm] == [(1, 9), (1, 5), (1, 1)]
    assert [arm.calls_text for arm in plan.by_arm] == ["1.0 to 9.0", "1.0 to 5.0", "1.0"]
    assert plan.calls_text == "240 to 1,200"
    assert plan.source.startswith("At least and at most, from the programs alone")


def test_without_a_threshold_best_of_n_makes_every_attempt(runs):
    plan = plan_experiment(runs, experiment(), table())
    assert [arm.calls for arm in plan.by_arm] == [(9, 9), (5, 5), (1, 1)]


def test_the_practice_model_is_free_and_said_to_be_no_language_model(runs):
    plan = plan_experiment(runs, experiment(), table())
    assert plan.cost_text == "free"
    assert "The practice model answers: no key, no cost. It is not a language model." in plan.notes


def test_an_unknown_price_is_unknown_and_not_nothing(runs):
    plan = plan_experiment(runs, experiment(*of_model(replace(REAL), {}), budget=Budget(usd=3.0)), table())
    assert (plan.cost_usd, plan.cost_text, plan.seconds, plan.time_text) == (None, "unknown", None, "unknown")
    assert any("What it costs is not known" in note for note in plan.notes)


def record(runs, spec, count):
    for seed in range(count):
        run_id = runs.start(replace(spec, seed=seed, inputs={"question": f"Why {seed}?"}))
        run_to_end(runs, run_id)


def test_recorded_runs_of_the_program_say_what_a_run_takes(runs):
    record(runs, replace(BASE, N=2), 3)
    refine = replace(BASE, N=2)
    plan = plan_experiment(
        runs,
        experiment(Arm("a", "Refine", refine), Arm("b", "Single", replace(refine, strategy="single"))),
        table(10),
    )
    assert plan.source == "From 3 recorded runs of this program."
    assert plan.by_arm[0].calls == (3, 3)
    assert plan.by_arm[0].seconds is not None
    assert plan.by_arm[1].seconds is not None  # an attempt takes as long in an arm of one


def pilot_of(planned, rewards, **figures):
    """rewards: arm -> one a row."""
    outcomes = {
        Cell(arm, row, 1): Outcome("scored", reward, (), "attempts_used_up", **figures)
        for arm, several in rewards.items()
        for row, reward in enumerate(several, 1)
    }
    return Snapshot(planned, table(), "finished", tuple(outcomes), outcomes)


def test_recorded_rewards_that_never_vary_are_not_taken_for_certainty(runs):
    record(runs, replace(BASE, N=2), 3)
    two = (replace(arm, spec=replace(arm.spec, N=2)) for arm in experiment().arms[:2])
    plan = plan_experiment(runs, experiment(*two), table())
    assert plan.basis.startswith("Within each arm all recorded runs have the same reward, so")
    assert plan.detectable == pytest.approx(smallest_difference(0.5**0.5, 80))


def test_what_shows_follows_how_much_recorded_rewards_vary(runs):
    """Rewards 0, 1 and 0: a difference of two such arms varies by √2 times as much as each."""
    odd = "def reward(args, pred):\n    return float(int(args['question'][4]) % 2)\n"
    base = replace(BASE, reward=odd, strategy="single")
    record(runs, base, 3)
    arms = (Arm("a", "Single", base), Arm("b", "Best of 5", replace(base, strategy="best_of_n")))
    plan = plan_experiment(runs, experiment(*arms), table())
    assert plan.is_known
    assert plan.detectable == pytest.approx(smallest_difference(2**0.5 * stdev([0, 1, 0]), 80))


def test_runs_of_the_experiment_itself_count_before_others(runs):
    planned = experiment(*of_model(REAL, {}, {"strategy": "best_of_n"}))
    pilot = pilot_of(
        planned, {"a": [0.1, 0.5, 0.9], "b": [0.2, 0.5, 0.7]}, calls=4, cost_usd=0.01, took_s=2.0
    )
    plan = plan_experiment(runs, planned, table(100), pilot=pilot)
    assert plan.cost_usd == pytest.approx((2.0, 2.0))
    assert plan.source == "From 6 runs of this experiment."
    assert plan.seconds == pytest.approx((50.0, 50.0))  # 200 runs of 2 s, 8 at once
    assert "in the 3 inputs that were run" in plan.basis


def test_time_is_at_the_limits_of_the_model(runs):
    limits = {"openai/tiny": RateLimit(at_once=100, requests_per_minute=60)}
    planned = experiment(*of_model(REAL, {}, {"strategy": "best_of_n"}), rate_limits=limits)
    pilot = pilot_of(planned, {"a": [0.1, 0.5], "b": [0.2, 0.5]}, calls=3, cost_usd=0.01, took_s=1.0)
    plan = plan_experiment(runs, planned, table(100), pilot=pilot)
    assert plan.seconds == pytest.approx((600.0, 600.0))
    assert (plan.time_text, plan.at_once) == ("10 min", 100)


def test_a_model_that_was_never_asked_is_priced_by_its_own_prices(runs):
    """The tokens are those that another model took; how long it takes is not known."""
    record(runs, replace(BASE, strategy="single"), 2)
    plan = plan_experiment(runs, experiment(*of_model(REAL, {"strategy": "single"})), table(10))
    assert plan.cost_usd is not None
    assert plan.cost_usd[0] > 0
    assert plan.seconds is None


def test_how_the_budget_stops_it_is_said(runs):
    plan = plan_experiment(runs, experiment(budget=Budget(usd=3.0)), table())
    assert plan.stop == "The run stops at $3.00, between two calls, and keeps what is done."
    assert plan_experiment(runs, experiment(), table()).stop == ""


def test_a_budget_that_will_not_do_is_said_before(runs):
    planned = experiment(*of_model(REAL, {}), budget=Budget(usd=0.5))
    pilot = pilot_of(planned, {"a": [0.1, 0.5]}, calls=4, cost_usd=0.01, took_s=2.0)
    notes = plan_experiment(runs, planned, table(100), pilot=pilot).notes
    assert any(note.startswith("$0.50 will not do for all of it") for note in notes)


def test_what_this_can_show_is_said_with_the_assumption_that_it_rests_on(runs):
    plan = plan_experiment(runs, experiment(), table(80))
    assert plan.detectable == pytest.approx(smallest_difference(0.5**0.5, 80, 3))
    assert plan.shows_text.startswith("With 80 inputs, a difference between two arms of 0.2")
    assert "Nothing is recorded yet, so this is for rewards from 0 to 1" in plan.shows_text


def test_the_smallest_difference_shows_in_four_of_five_cases():
    """Source of the figure: n = ((1.96 + 0.8416) s/d)², so of 80 inputs with s = 0.5 it is 0.157."""
    assert smallest_difference(0.5, 80) == pytest.approx(0.1566, abs=1e-4)
    assert smallest_difference(0.5, 80, pairs=3) > smallest_difference(0.5, 80)
    assert smallest_difference(0.5, 1) is None


def test_few_inputs_show_no_difference_at_all(runs):
    assert "is sure to show" in plan_experiment(runs, experiment(), table(3)).shows_text
    assert "at least two" in plan_experiment(runs, experiment(), table(1)).shows_text


def test_one_arm_is_compared_with_nothing(runs):
    plan = plan_experiment(runs, experiment(Arm("a", "Refine", BASE)), table())
    assert plan.problems == ()
    assert plan.shows_text == "One arm is measured, and compared with nothing."


def test_what_runs_is_planned_without_a_problem(runs):
    assert problems_of(runs, experiment()) == []


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"arms": ()}, "arms", "add an arm"),
        ({"repeats": 0}, "repeats", "from 1 to 100"),
        ({"repeats": 101}, "repeats", "from 1 to 100"),
        ({"seed": -1}, "seed", "at least 0"),
        ({"rows": 0}, "rows", "at least one row"),
        ({"budget": Budget(usd=0.0)}, "budget.usd", "more than 0"),
        ({"rate_limits": {"x": RateLimit(at_once=0)}}, "rate_limits.x", "at least 1"),
        ({"arms": (Arm("a", "One", BASE), Arm("b", "Two", BASE))}, "arms.b", "the same as One"),
        (
            {"arms": (Arm("a", "One", BASE), Arm("b", "one ", replace(BASE, N=3)))},
            "arms.b",
            "two arms are called",
        ),
        (
            {"arms": (Arm("a", "One", replace(BASE, model=ModelSpec("replay", recording_id="r"))),)},
            "arms.a.model",
            "a replay has only recorded replies",
        ),
        ({"arms": (Arm("a", "One", replace(BASE, reward="")),)}, "arms.a.reward", ""),
        (
            {"arms": (Arm("a", "One", replace(BASE, stages=(StageSpec("s", "topic -> answer"),))),)},
            "arms.a.inputs",
            "no column of questions.csv is the input topic",
        ),
    ],
)
def test_what_cannot_run_is_named_with_its_field(runs, changes, field, words):
    found = problems_of(runs, experiment(**changes))
    assert [message for where, message in found if where == field and words in message], found


def test_an_input_of_the_wrong_type_is_named_by_its_row(runs):
    typed = replace(BASE, stages=(StageSpec("answer", "question: int -> answer"),))
    found = problems_of(runs, experiment(Arm("a", "One", typed)))
    assert found
    assert found[0][0] == "arms.a.inputs.question"
    assert found[0][1].startswith("row 1: ")


def test_every_row_that_does_not_fit_is_named_before_anything_begins():
    typed = replace(BASE, stages=(StageSpec("answer", "question: int -> answer"),))
    rows = [DatasetRow(n, {"question": n if n < 3 else "many"}) for n in range(1, 33)]
    dataset = replace(table(), rows=rows)
    with pytest.raises(SpecError) as caught:
        require_runnable(experiment(Arm("a", "One", typed)), dataset)
    problems = caught.value.problems
    assert problems[0].field == "arms.a.inputs.question"
    assert problems[0].message.startswith("One: row 3: input 'question' must be int")
    assert (len(problems), problems[-1].message) == (MAX_PROBLEMS + 1, "there are 10 further problems")


def test_too_many_runs_say_which_number_to_lower(runs):
    assert problems_of(runs, experiment(), table(50_000)) == [
        (
            "rows",
            "50,000 inputs, 3 arms and 1 repeat are 150,000 runs, and 100,000 is the most: choose at most 33,333 rows",
        )
    ]
    assert problems_of(runs, experiment(repeats=100), table(1000))[0][0] == "repeats"


def test_a_missing_key_is_a_problem_until_it_is_typed(runs, monkeypatch):
    monkeypatch.delenv("NO_SUCH_KEY", raising=False)
    planned = experiment(*of_model(replace(REAL, key_env="NO_SUCH_KEY"), {}))
    assert [field for field, _ in problems_of(runs, planned)] == ["arms.a.model.key"]
    assert problems_of(runs, planned, credentials=Credentials({"a.model": "typed"})) == []


def test_arms_with_different_rewards_are_said_not_to_compare(runs):
    other = replace(BASE, reward=REWARD.replace("0.5", "0.75"))
    plan = plan_experiment(runs, experiment(Arm("a", "One", BASE), Arm("b", "Two", other)), table())
    assert plan.problems == ()
    assert any("different rewards" in note for note in plan.notes)


def labelled(name="expected", value="So"):
    columns = (Column("question", "input", "question"), Column(name, "reward only", name))
    return Dataset("d", "questions.csv", 1, columns, [DatasetRow(1, {"question": "Why?", name: value})])


def warnings_of(runs, reward, dataset, *ways):
    arms = (
        Arm(key, key.upper(), replace(BASE, reward=reward, **way))
        for key, way in zip("abc", ways, strict=False)
    )
    return plan_experiment(runs, experiment(*arms), dataset).warnings


def test_a_value_that_the_reward_reads_and_no_column_has_is_a_warning(runs):
    reward = "def reward(args, pred):\n    return float(args['answer'] == pred.answer)\n"
    (lacks, ignored) = warnings_of(runs, reward, labelled(), {})
    assert lacks.startswith("The reward reads answer in line 2, and no column is answer")
    assert ignored.startswith("The reward's code does not mention expected, which then counts for nothing")
    assert warnings_of(runs, reward, labelled("answer"), {"strategy": "single"}) == ()
    assert (
        warnings_of(
            runs, reward.replace("['answer']", ".get('answer')"), labelled("answer"), {"strategy": "single"}
        )
        == ()
    )


def test_an_adviser_who_is_shown_the_right_answer_is_a_warning(runs):
    """Else refining looks better than it is: the hint may say the answer."""
    reward = "def reward(args, pred):\n    return float(args['expected'] == pred.answer)\n"
    (told,) = warnings_of(runs, reward, labelled(), {}, {"strategy": "best_of_n"})
    assert told.startswith("A: The adviser is shown expected, as the reward is, so a hint can give it away")
    assert warnings_of(runs, reward, labelled(), {"advice_form": "compact"}, {"strategy": "single"}) == ()
    assert warnings_of(runs, reward, labelled(value="Why"), {}) == ()  # the question says it, too


def test_repeats_at_temperature_0_are_said_to_tell_little(runs):
    planned = experiment(*of_model(REAL, {}), repeats=3)
    assert any("repeats then tell little" in note for note in plan_experiment(runs, planned, table()).notes)


def test_a_plan_asks_nothing_and_keeps_nothing(runs):
    plan_experiment(runs, experiment(), table())
    assert runs.store.rows(limit=10) == []
