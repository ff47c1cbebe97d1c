"""A reward of another framework in a run: how it is called there, what an attempt without a score is, what is refused."""

from dataclasses import replace

import pytest

from refine_core.errors import SpecError
from refine_core.refine.build import find_problems
from refine_core.runs import Credentials, Runs, try_reward
from refine_core.spec import ProgramSpec, StageSpec, ValidatorSpec
from refine_core.store import MemoryStore
from refine_core.what_if.changes import change_spec
from tests.threads import run_to_end

SPEC = ProgramSpec(
    (StageSpec("answer", "question -> answer"),),
    reward="def r(args, pred):\n    return 1.0",
    inputs={"question": "What is the capital of France?", "gold": "Paris"},
    N=2,
    threshold=0.9,
)
REWARDS = {
    "promptfoo": """
def get_assert(output, context):
    return {"pass": True, "score": 0.25 + ("Paris" == context["vars"]["gold"]), "reason": "because"}
""",
    "dspy": "def metric(example, pred, trace=None):\n    return bool(pred.answer) and example.gold == 'Paris'",
    "openai": "def grade(sample, item):\n    return float(bool(sample['output_text']) and item['gold'] == 'Paris')",
    "braintrust": "def r(output, expected):\n    return {'score': expected == 'Paris', 'name': 'r'}",
    "langsmith": "async def r(outputs, reference_outputs):\n    return {'key': 'k', 'score': 'gold' in reference_outputs}",
    "trl": "def r(completions, gold, **kwargs):\n    return [1.0 if one == 'Paris' else 0.0 for one in gold]",
    "verl": "def compute_score(data_source, solution_str, ground_truth, extra_info=None):\n    return ground_truth == 'Paris'",
}


def run(spec):
    runs = Runs(MemoryStore())
    try:
        return run_to_end(runs, runs.start(spec, Credentials())).timeline
    finally:
        runs.close()


@pytest.mark.parametrize("shape", sorted(REWARDS))
def test_a_reward_of_another_shape_scores_attempts(shape):
    timeline = run(replace(SPEC, reward=REWARDS[shape], reward_shape=shape))
    assert [attempt.reward for attempt in timeline.attempts] == [1.25 if shape == "promptfoo" else 1.0]


def test_the_reason_reaches_the_attempt_as_feedback():
    timeline = run(replace(SPEC, reward=REWARDS["promptfoo"], reward_shape="promptfoo"))
    assert timeline.attempts[0].score.feedback == "because"


ASYNC = """
import asyncio

async def r(args, pred):
    await asyncio.sleep(0)
    return 0.75
"""


@pytest.mark.parametrize("shape", ["refine", "dspy"])
def test_an_async_reward_is_awaited_in_a_run(shape):
    """As it is where rows are scored."""
    timeline = run(replace(SPEC, reward=ASYNC, reward_shape=shape, threshold=0.5))
    assert [one.reward for one in timeline.attempts] == [0.75]


def test_an_async_check_is_awaited():
    """A coroutine is true whatever it would return."""
    source = f"{ASYNC}\nasync def short(pred):\n    return len(pred.answer) < 0\n"
    rule = ValidatorSpec("short", "short(pred)", "Be short.")
    [first, _] = run(replace(SPEC, reward=source, reward_name="r", validators=(rule,))).attempts
    assert set(first.score.unmet) == {"short"}


@pytest.mark.parametrize("shape", ["refine", "dspy"])
def test_what_an_async_reward_returns_is_blamed_at_its_line(shape):
    source = "async def r(args, pred):\n    if pred:\n        return [object()]\n    return 1.0"
    [first, _] = run(replace(SPEC, reward=source, reward_shape=shape)).attempts
    assert (first.error.type, first.error.line) == ("WrongType", 3)


def test_an_unscored_attempt_is_a_failed_one():
    spec = replace(SPEC, reward="def r(output, expected):\n    return None", reward_shape="braintrust")
    timeline = run(spec)
    assert [(one.error.type, one.error.line) for one in timeline.attempts] == [("Unscored", 2)] * 2


def test_validators_are_checked_beside_a_reward_of_another_shape():
    spec = replace(
        SPEC,
        reward=REWARDS["dspy"],
        reward_shape="dspy",
        validators=(ValidatorSpec("never", "len(pred.answer) < 0", "be shorter than nothing"),),
    )
    assert [set(one.score.unmet) for one in run(spec).attempts] == [{"never"}, {"never"}]


def test_arguments_that_a_person_named_are_used():
    source = "def judge(text, truth):\n    return float(truth == 'Paris' and bool(text))"
    spec = replace(
        SPEC,
        reward=source,
        reward_shape="by_name",
        reward_arguments={"text": "output", "truth": "column:gold"},
    )
    assert [one.reward for one in run(spec).attempts] == [1.0]


@pytest.mark.parametrize(
    ("shape", "source", "sentence"),
    [
        ("trlx", "def r(a, b): ...", "no form of a reward is called 'trlx'"),
        ("by_name", "def r(a, b): ...", "Which argument is what?"),
        ("verifiers", "def r(completions, answers): ...", "one attempt at a time"),
    ],
)
def test_what_cannot_be_called_for_one_attempt_is_a_problem_of_the_spec(shape, source, sentence):
    [problem] = find_problems(replace(SPEC, reward=source, reward_shape=shape))
    assert (problem.field, sentence in problem.message) == ("reward", True)
    with pytest.raises(SpecError):
        run(replace(SPEC, reward=source, reward_shape=shape))


def test_a_spec_without_a_shape_calls_its_reward_as_before():
    """Recorded and saved rewards keep the shape refine, whatever their parameters are called."""
    spec = replace(SPEC, reward="def r(output, expected):\n    return float(output['gold'] == 'Paris')")
    assert [one.reward for one in run(spec).attempts] == [1.0]


def test_trying_a_reward_calls_it_in_its_shape():
    spec = replace(SPEC, reward=REWARDS["openai"], reward_shape="openai")
    assert try_reward(spec, {"answer": "x"}).value == 1.0


def test_a_what_if_reads_the_shape_of_a_new_reward_and_keeps_a_recorded_one():
    assert change_spec(SPEC, reward=REWARDS["promptfoo"]).reward_shape == "promptfoo"
    odd = replace(SPEC, reward="def r(output, expected): ...")
    assert change_spec(odd, reward=odd.reward).reward_shape == "refine"
    assert change_spec(SPEC, reward="def r(a, b): ...").reward_shape == "refine"
