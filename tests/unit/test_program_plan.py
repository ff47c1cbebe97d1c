"""What the Lab says before a run, of what was edited since one, and of settings that are not at their defaults."""

from __future__ import annotations

from dataclasses import fields, replace

import pytest

from refine_core import programs
from refine_core.programs import EXAMPLES, ModelSpec, ProgramSpec, Schedule

ONE, TWO = EXAMPLES["one_word"].spec, EXAMPLES["two_stages"].spec
CHANGES = {
    "reward": "def reward(args, pred):\n    return 1.0\n",
    "reward_name": "reward",
    "reward_shape": "trl",
    "reward_arguments": {"text": "output"},
    "strategy": "best_of_n",
    "N": 7,
    "threshold": 0.5,
    "fail_count": 2,
    "seed": 3,
    "reward_timeout_s": 1.0,
    "model": ModelSpec(delay_s=1.0),
    "adviser": ModelSpec(),
    "judge": ModelSpec(),
    "budget_usd": 0.5,
    "budget_tokens": 1000,
    "hints": "none",
    "schedule": Schedule("dspy-3"),
    "advice_instructions": "Speak of length alone.",
    "advice_form": "compact",
}
OF_ONE_RUN = {
    "starting_hints",
    "first_rollout",
    "hint_test",
    "experiment",
    "fork_attempt",
    "change",
    "program_file",
}
NO_CHANGE = {"title", "example", "parent", "stop_on_repeating_error", *OF_ONE_RUN}


@pytest.mark.parametrize("field", list(CHANGES))
def test_each_setting_that_was_edited_is_named_alone(field):
    edited = replace(ONE, **{field: CHANGES[field]})
    assert len(programs.describe_changes(ONE, edited)) == 1
    assert programs.describe_changes(ONE, edited) == programs.describe_changes(edited, ONE)


def test_every_field_of_a_program_is_a_change_or_a_name():
    known = {*CHANGES, *NO_CHANGE, "stages", "inputs", "validators"}
    assert {field.name for field in fields(ProgramSpec)} == known


def test_names_are_no_change():
    renamed = replace(
        ONE, title="Mine", example=None, parent="run-1", model=replace(ONE.model, connection="work")
    )
    assert programs.describe_changes(ONE, renamed) == ()


def test_inputs_and_stages_are_named():
    first, second = TWO.stages
    edited = replace(TWO, stages=(first, replace(second, instructions="Be brief.")), inputs={"message": "Hi"})
    assert programs.describe_changes(TWO, edited) == ("instructions of write", "message")
    assert programs.describe_changes(TWO, replace(TWO, stages=(first,))) == ("stages",)


def test_the_models_of_a_replay_are_those_of_its_run():
    replay = replace(ONE, model=ModelSpec(kind="replay", recording_id="run-1"))
    assert programs.describe_changes(replay, ONE) == ()
    assert programs.describe_changes(ONE, replay) == ("model",)


def test_settings_at_their_defaults_are_not_told():
    assert programs.describe_settings(ProgramSpec((), "")) == ()


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"seed": 129}, "seed 129"),
        ({"hints": "feedback"}, "hints from the reward's feedback"),
        ({"schedule": Schedule("none")}, "no temperature"),
        ({"budget_tokens": 12_000}, "budget 12,000 tokens"),
        ({"reward_timeout_s": 1.5}, "reward time limit 1.5 s"),
        ({"adviser": ModelSpec()}, "adviser: practice model"),
    ],
)
def test_a_setting_that_is_not_at_its_default_is_told(changed, words):
    assert programs.describe_settings(replace(ONE, **changed)) == (words,)


@pytest.mark.parametrize(
    ("spec", "calls"),
    [
        (ONE, (9, 4)),
        (TWO, (17, 5)),
        (replace(ONE, strategy="best_of_n"), (5, 0)),
        (replace(ONE, strategy="single"), (1, 0)),
        (replace(ONE, hints="feedback"), (5, 0)),
    ],
)
def test_the_most_calls_are_counted(spec, calls):
    assert programs.max_calls(spec) == calls


def test_the_plan_names_the_model_and_the_budget():
    spec = replace(ONE, model=ModelSpec(kind="litellm", model="openai/tiny"), budget_usd=0.5)
    assert programs.describe_plan(spec) == (
        "Ready: up to 5 attempts and 4 requests for advice",
        "At most 9 calls on openai/tiny. The run stops once $0.5 is spent.",
    )


@pytest.mark.parametrize(
    ("temperatures", "words"),
    [
        ((), ""),
        ((0.0,), "T 0.0"),
        ((0.0, 0.5, 0.6, 0.7), "T 0.0, then 0.5\N{EN DASH}0.7"),
        ((0.0, 0.5), "T 0.0, then 0.5"),
        ((1.0, 1.0, 1.0), "T 1.0"),
    ],
)
def test_temperatures_fit_into_a_few_words(temperatures, words):
    assert programs.summarize_temperatures(temperatures) == words


@pytest.mark.parametrize("n", [1, 2, 3, 4, 50])
@pytest.mark.parametrize("strategy", ["refine", "best_of_n", "single"])
def test_the_steps_name_every_attempt_once(n, strategy):
    spec = replace(ONE, N=n, strategy=strategy)
    numbers = [step.attempts for step in programs.describe_steps(spec) if step.attempts[:1].isdecimal()]
    spans = [[int(part) for part in number.split("\N{EN DASH}")] for number in numbers]
    assert [k for span in spans for k in range(span[0], span[-1] + 1)] == list(
        range(1, spec.attempt_count + 1)
    )


@pytest.mark.parametrize("starter", programs.list_reward_starters(TWO), ids=lambda one: one.key)
def test_a_reward_to_start_from_reads_the_last_output_and_has_no_error(starter):
    spec = replace(TWO, reward=starter.source, inputs={**TWO.inputs, "answer": "x"})
    assert "pred.reply" in starter.source
    assert programs.find_problems(spec) == []
    assert [one for one in programs.check_spec_reward(spec) if one.severity == "error"] == []
