"""Validators of a program description: read, checked in the reward's worker, recorded, and written as source."""

from dataclasses import replace

import pytest

from refine_core import Prediction
from refine_core.errors import RewardError
from refine_core.events import RunStarted
from refine_core.log import codec
from refine_core.programs import EXAMPLES, ValidatorSpec, check_spec_rules, find_problems, program_source
from refine_core.rewards import RewardRunner
from refine_core.runs import Credentials, Runs
from refine_core.spec.rules import read_rule
from refine_core.store import MemoryStore
from tests.threads import run_to_end

ONE_WORD = replace(EXAMPLES["one_word"].spec, example=None)
REWARD = "LONGEST = 3\n\n\ndef reward(args, pred):\n    return 1.0\n"
SHORT = ValidatorSpec("short", "len(pred.answer) < 3", "Answer in two letters.")


def score(*checks, answer="Paris", reward=REWARD, timeout_s=5.0):
    rules = [read_rule(f"rule {i}", check) for i, check in enumerate(checks)]
    with RewardRunner(reward, rules=rules, timeout_s=timeout_s) as runner:
        return runner.score({"question": "?"}, {"answer": answer})


@pytest.mark.parametrize(
    "check",
    [
        "len(pred.answer) < 3",
        "len(pred.answer)\n< 3  # short",
        "lambda args, pred: len(pred.answer) < 3",
        "def check(args, pred):\n    return len(pred.answer) < LONGEST",
        "def short(text):\n    return len(text) < 3\n\ndef check(args, pred):\n    return short(pred.answer)",
    ],
)
def test_a_check_is_an_expression_or_a_function_of_the_rewards_arguments(check):
    assert score(check).unmet == ("rule 0",)
    assert score(check, answer="no").unmet == ()


def test_a_check_that_raises_fails_the_score_and_is_named():
    with pytest.raises(RewardError, match="the check of rule 1 failed: ZeroDivisionError") as caught:
        score("True", "1 / 0")
    assert (caught.value.rule, caught.value.line) == ("rule 1", None)


def test_a_check_that_never_ends_is_stopped_and_named():
    with pytest.raises(RewardError, match=r"the check of rule 0 failed: took longer than 0\.3 s"):
        score("[0 for _ in iter(int, 1)]", timeout_s=0.3)


def test_what_a_check_binds_does_not_reach_the_reward():
    assert score("def reward(args, pred):\n    return False").value == 1.0


def run_with(*validators):
    runs = Runs(MemoryStore())
    run_id = runs.start(replace(ONE_WORD, validators=validators), Credentials())
    return run_to_end(runs, run_id, 60).timeline


def test_a_run_whose_validator_is_never_met_does_not_stop_early():
    never = ValidatorSpec("never", "False", "There is nothing to be done.")
    attempts = run_with(never).attempts
    assert max(one.reward for one in attempts) >= ONE_WORD.threshold
    assert [dict(one.unmet) for one in attempts] == [{"never": never.message}] * ONE_WORD.N


def test_the_adviser_reads_the_message_of_a_validator_that_was_not_met():
    attempts = run_with(SHORT).attempts
    assert (attempts[-2].reward, dict(attempts[-2].unmet)) == (1.0, {"short": SHORT.message})
    assert (attempts[-1].outputs, dict(attempts[-1].unmet)) == ({"answer": "Br"}, {})


def test_a_run_recorded_before_there_were_validators_has_none():
    start = RunStarted(replace(ONE_WORD, validators=(SHORT,)), (0.0,), ("answer",), "1", ())
    kind, version, text = codec.encode(start)
    assert codec.decode(kind, version, text) == start
    before = codec.loads(text)
    del before["spec"]["validators"]
    assert codec.decode(kind, version, codec.dumps(before)).spec.validators == ()


@pytest.mark.parametrize(
    ("validator", "field", "words"),
    [
        (replace(SHORT, name=" "), "validators.0.name", "give the validator a name"),
        (replace(SHORT, check=""), "validators.0.check", "write a check, such as"),
        (replace(SHORT, check="pred."), "validators.0.check", "SyntaxError"),
        (replace(SHORT, check="x = 1"), "validators.0.check", "neither an expression nor a function"),
        (replace(SHORT, message=""), "validators.0.message", "the adviser reads this message"),
    ],
)
def test_a_validator_that_cannot_be_used_is_refused_in_words(validator, field, words):
    (problem,) = find_problems(replace(ONE_WORD, validators=(validator,)))
    assert problem.field == field
    assert words in problem.message


def test_two_validators_of_one_name_are_refused():
    (problem,) = find_problems(replace(ONE_WORD, validators=(SHORT, SHORT)))
    assert problem.field == "validators.1.name"


def test_reading_a_check_finds_unknown_fields_and_names():
    rules = (
        replace(SHORT, check="len(pred.anser) < LONGEST"),
        replace(SHORT, check="def check(a, p):\n    return foo(p)"),
    )
    found = check_spec_rules(replace(ONE_WORD, reward=REWARD, validators=rules))
    assert [(place, one.subject, one.line) for place, one in found] == [(0, "anser", 1), (1, "foo", 2)]


def test_the_source_of_a_program_holds_its_validators():
    checks = (SHORT, ValidatorSpec("any", "def check(args, pred):\n    return bool(pred)", "Say something."))
    names: dict[str, object] = {}
    exec(program_source(replace(ONE_WORD, validators=checks)), names)
    (first, short, message), (_, any_, _) = names["VALIDATORS"]
    assert (first, message) == ("short", SHORT.message)
    assert not short({}, Prediction(answer="Paris"))
    assert any_({}, Prediction(answer="Paris"))
