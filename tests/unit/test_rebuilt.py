"""What the Lab says of a recorded program that it cannot rebuild as a whole."""

from __future__ import annotations

from dataclasses import replace

import pytest

from refine_core.events import AttemptStarted, ModuleStarted, RunStarted
from refine_core.export.importing.traces.prompt import read_signature
from refine_core.log import Record
from refine_core.log.folds import timeline
from refine_core.log.span import RUN, ChildSpans
from refine_core.programs import describe_rebuild
from refine_core.spec import ModelSpec, ProgramSpec, StageSpec
from refine_core.spec.lambdas import extract_lambda

REWARD = "def reward(args, pred):\n    return len(pred.answer)\n"
ONE = (StageSpec("self", "question -> answer"),)


def recorded(spec, *, calls=(), unknown=(), library="dspy 3.4.1"):
    """A run with one attempt, in which these predictors were called."""
    attempt = ChildSpans().begin(RUN, "attempt", 0)
    children = ChildSpans()
    facts = [
        (RUN, RunStarted(spec, (1.0,), (), "test", recorded_from=library, unknown=unknown)),
        (attempt, AttemptStarted(0, 1.0)),
        *((children.begin(attempt, name), ModuleStarted(name, {})) for name in calls),
    ]
    return timeline([Record("r", n, 1.7e9 + n, span, event) for n, (span, event) in enumerate(facts, 1)])


def points(spec, form=None, **more):
    return describe_rebuild(recorded(spec, **more), form or spec)


def test_a_bare_predictor_is_rebuilt_as_a_whole():
    assert points(ProgramSpec(ONE, REWARD, inputs={"question": "?"})) == ()


def test_a_model_with_no_address_on_record_is_said_to_be_asked_by_name():
    spec = ProgramSpec(ONE, REWARD, inputs={"question": "?"}, model=ModelSpec("litellm", "mine/slow"))
    [told] = points(spec)
    assert told.startswith("mine/slow is asked by its name, at its provider's usual address")
    assert points(spec, replace(spec, model=ModelSpec("practice"))) == ()
    known = replace(spec, model=ModelSpec("litellm", "openai/tiny", api_base="http://127.0.0.1:1234/v1"))
    assert points(known) == ()


def test_a_program_of_ours_has_nothing_to_tell():
    assert points(ProgramSpec(ONE, "# none", inputs={}), library="") == ()


def test_an_agent_loses_its_loop_and_its_tools():
    stages = (
        StageSpec("react", "question, trajectory -> next_thought, next_tool_name"),
        StageSpec("extract", "question, trajectory -> answer"),
    )
    spec = ProgramSpec(stages, REWARD, inputs={"question": "?"}, title="ReAct", program_file="agent.py")
    told = points(spec, calls=("react", "react", "extract"))
    assert told[0].startswith("ReAct joins its predictors in its own code, which is not recorded.")
    assert "react, extract" in told[0]
    assert [*told[1:]] == [
        "It calls tools, which are not recorded. Here the model names a tool and none is called.",
        "In an attempt it called react (2 times). Here each predictor runs once.",
        "Its own code made trajectory. Type a value for it.",
    ]
    typed = replace(spec, inputs={"question": "?", "trajectory": "none yet"})
    assert not any("Type a value" in one for one in points(spec, typed))


def test_a_name_that_the_reward_lacks_is_told_until_it_is_there():
    spec = ProgramSpec(ONE, "def reward(args, pred):\n    return LIMIT\n", inputs={"question": "?"})
    [told] = points(spec)
    assert told == "The reward uses LIMIT from its own file, which is not recorded. Add what is missing."
    assert points(spec, replace(spec, reward=f"LIMIT = 3\n{spec.reward}")) == ()


def test_what_a_trace_does_not_tell_stands_in_the_form_as_such():
    spec = ProgramSpec(
        ONE, "# the trace does not hold the source of the reward", inputs={"question": "?"}, N=2
    )
    told = points(spec, unknown=("N", "threshold", "reward function"))
    assert [one.split()[0] for one in told] == ["N", "The", "The"]


def test_a_prompt_tells_the_types_of_the_fields():
    system = (
        "Your input fields are:\n1. `question` (str):\n2. `hint_` (str): A hint\nYour output fields are:\n"
        "1. `tags` (list[str]): some\n2. `odd` (Widget):\nAll interactions will be structured in the following way\n"
        "In adhering to this structure, your objective is: \n        Tag the question.\n        Be brief."
    )
    messages = [{"role": "system", "content": system}]
    assert read_signature(messages, ["question"], ["tags"]) == (
        "question -> tags: list[str]",
        "Tag the question.\nBe brief.",
    )
    assert read_signature(messages, ["question"], ["odd"])[0] == "question -> odd"
    assert read_signature((), ["question"], []) == ("question -> outputs", "")


@pytest.mark.parametrize(
    "source",
    [
        'program = dspy.Refine(dspy.Predict("a -> b"), N=2, reward_fn=lambda args, pred: len(pred.b), threshold=1)\n',
        "        reward_fn=lambda args, pred: len(pred.b),\n",
        "dspy.Refine(program, N=3, reward_fn=lambda args, pred: len(pred.b))",
    ],
)
def test_a_reward_that_is_a_lambda_is_taken_out_of_its_statement(source):
    assert extract_lambda(source) == "reward = lambda args, pred: len(pred.b)\n"


@pytest.mark.parametrize("source", [REWARD, "f(lambda a: 1, lambda b: 2)", "x = 'lambda'", "(lambda"])
def test_a_source_without_a_single_lambda_stays_as_it_is(source):
    assert extract_lambda(source) == source
