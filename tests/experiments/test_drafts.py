"""Drafts of experiments: kept whole, never overwritten by another window, and what keeps one from being run."""

from __future__ import annotations

from dataclasses import replace

import pytest

from refine_core import runs
from refine_core.datasets import Column, Dataset, DatasetRow
from refine_core.experiments import RateLimit
from refine_core.experiments.drafts import (
    ArmDraft,
    ExperimentDraft,
    ProgramChoice,
    RewardChoice,
    add_arm_draft,
    build_experiment,
    find_draft_problems,
    list_drafts,
    name_arm_draft,
    name_draft,
    new_draft,
    propose_arms,
    read_draft,
    save_draft,
)
from refine_core.programs import EXAMPLES, ModelSpec


@pytest.fixture(autouse=True)
def _runs():
    runs.close()
    yield
    runs.close()


def drafted(**fields):
    example = EXAMPLES["one_word"]
    draft = replace(
        new_draft(),
        program=ProgramChoice(example.title, example.spec),
        dataset_id="d",
        dataset_version=1,
    )
    return replace(propose_arms(draft), **fields)


VALUES = EXAMPLES["one_word"].spec.inputs
TABLE = Dataset(
    "d", "words.csv", 1, tuple(Column(name, "input", name) for name in VALUES), [DatasetRow(1, VALUES)]
)


def test_a_draft_comes_back_as_it_was_typed():
    model = ModelSpec("litellm", "openai/gpt-4o-mini", connection="work")
    draft = add_arm_draft(
        drafted(name="Mine", usd=3.5, rate_limits={"m": RateLimit(2, 30, None)}, repeats=None),
        ArmDraft(
            "",
            "refine",
            3,
            "none",
            "own",
            model,
            RewardChoice("r, version 2", "def reward(args, pred):\n    return 1.0"),
        ),
    )
    saved = save_draft(draft)
    assert read_draft(draft.id) == saved
    assert replace(saved, saved_at=0.0) == draft
    assert list_drafts() == [saved]


def test_a_second_window_never_overwrites_what_the_first_one_kept():
    mine = save_draft(drafted())
    theirs = save_draft(replace(mine, name="theirs"))
    copy = save_draft(replace(mine, name="mine"))
    assert copy.id != mine.id
    assert read_draft(mine.id) == theirs
    assert read_draft(copy.id) == copy
    again = save_draft(replace(copy, name="more"))
    assert again.id == copy.id


def test_three_arms_are_proposed_and_no_key_comes_twice():
    draft = drafted()
    assert [(arm.key, name_arm_draft(arm)) for arm in draft.arms] == [
        ("a", "Refine, N 5"),
        ("b", "Best of 5"),
        ("c", "Single attempt"),
    ]
    fewer = replace(draft, arms=draft.arms[:2])
    assert add_arm_draft(fewer, ArmDraft("", "single")).arms[-1].key == "d"


def test_the_experiment_holds_what_each_arm_runs():
    model = ModelSpec("litellm", "openai/gpt-4o-mini")
    reward = RewardChoice("r, version 1", "def better(args, pred):\n    return 0.5", "better")
    draft = drafted(reward=reward, repeats=2, seed=7, usd=1.0, at_once=3)
    draft = add_arm_draft(draft, ArmDraft("", "refine", 4, "none", model=model))
    built = build_experiment(draft, rows=3)
    assert (built.id, built.rows, built.repeats, built.seed, built.budget.usd) == (draft.id, 3, 2, 7, 1.0)
    assert [arm.spec.strategy for arm in built.arms] == ["refine", "best_of_n", "single", "refine"]
    assert {arm.spec.reward for arm in built.arms} == {reward.source}
    assert all(arm.spec.inputs == {} and arm.spec.reward_name == "better" for arm in built.arms)
    last = built.arms[-1]
    assert (last.name, last.spec.N, last.spec.hints, last.spec.model) == (
        "Refine without hints, N 4, gpt-4o-mini",
        4,
        "none",
        model,
    )
    assert built.rate_limits["openai/gpt-4o-mini"].at_once == 3
    assert built.name == name_draft(draft)


def test_the_experiments_model_answers_in_every_arm_without_one_of_its_own():
    shared, own = (ModelSpec("litellm", f"openai/{name}") for name in ("shared", "own"))
    draft = add_arm_draft(drafted(model=shared), ArmDraft("", model=own))
    assert [arm.spec.model for arm in build_experiment(draft).arms] == [shared, shared, shared, own]
    assert [name_arm_draft(arm) for arm in draft.arms][::3] == ["Refine, N 5", "Refine, N 5, own"]


@pytest.mark.parametrize(
    ("fields", "where", "words"),
    [
        ({"program": None}, "program", "choose a program"),
        ({"dataset_id": ""}, "inputs", "choose a table"),
        ({"arms": ()}, "arms", "add an arm"),
        ({"reward": RewardChoice("r", "def reward(args pred):")}, "reward", "line 1"),
    ],
)
def test_each_problem_says_where_it_is(fields, where, words):
    (problem,) = find_draft_problems(drafted(**fields), None if "dataset_id" in fields else TABLE)
    assert problem.field == where
    assert words in problem.message


def test_a_draft_that_can_be_run_has_no_problem():
    assert find_draft_problems(drafted(), TABLE) == []


def test_an_arm_that_would_run_the_same_as_another_is_named():
    draft = add_arm_draft(drafted(), ArmDraft("", "best_of_n", 5))
    (problem,) = find_draft_problems(draft, TABLE)
    assert problem.field == "arms.d"
    assert "the same as Best of 5" in problem.message


def test_an_arms_own_problem_stands_at_that_arm_alone():
    draft = add_arm_draft(drafted(), ArmDraft("", model=ModelSpec("litellm")))
    problems = find_draft_problems(draft, TABLE)
    assert [one.field for one in problems] == ["arms.d"]


def test_a_draft_that_cannot_be_read_is_left_out_of_the_list():
    kept = save_draft(drafted())
    runs.default().store.put("experiment-draft", "broken", "{]")
    assert list_drafts() == [kept]
    assert read_draft("broken") is None


def test_a_new_draft_is_empty():
    draft = new_draft()
    assert draft == ExperimentDraft(draft.id)
    assert name_draft(draft) == "New experiment"
