"""A model that repeats the template of its prompt has given no value."""

from __future__ import annotations

import json

import pytest

from refine_core import (
    ChatAdapter,
    JSONAdapter,
    MemoryStore,
    ParseError,
    Predict,
    Refine,
    ScriptedLM,
    Signature,
    context,
)
from refine_core.adapters import JSONSchemaAdapter
from refine_core.messages import describe_failure
from refine_core.runs import Runs
from tests.one_stage import run_one_stage
from tests.prompts import reply

CITY = Signature("question -> answer")
BOTH = Signature("question -> answer, score: int")
INT_NOTE = "# this value is one single int"
DSPY_NOTE = "# note: the value you produce must be a single int value"

CHAT = ChatAdapter(use_json_fallback=False)
OBJECTS = [JSONAdapter(), JSONSchemaAdapter()]

ECHOES = [
    "{answer}",
    '"{answer}"',
    "`{answer}`",
    "**{answer}**",
    "{answer}.",
    "{ answer }",
    "{Answer}",
    "{{answer}}",
    "${answer}",
    "<answer>",
    "[answer]",
    "{answer}        # note: the value you produce must be a str",
    "# this value is one single int",
    "Not supplied for this example.",
    "Not supplied for this particular example.",
]


def refused(adapter, signature, text):
    with context(lm=ScriptedLM([text]), adapter=adapter), pytest.raises(ParseError) as caught:
        Predict(signature)(question="?")
    return caught.value


@pytest.mark.fault(46)
@pytest.mark.parametrize("value", ECHOES)
def test_a_placeholder_is_a_missing_field(value):
    replies = [(CHAT, reply(answer=value)), *((one, json.dumps({"answer": value})) for one in OBJECTS)]
    for adapter, text in replies:
        error = refused(adapter, CITY, text)
        assert error.missing == ("answer",)
        assert "the model repeated the template" in str(error)


TYPED = [
    ("int", f"{{value}}        {INT_NOTE}"),
    ("int", INT_NOTE),
    ("int", DSPY_NOTE),
    ("bool", "{value}        # this value is True or False"),
    ("Literal['a', 'b']", "{value}        # this value is exactly one of: a; b"),
    ("list[str]", "{value}"),
    ("list[str]", '["{value}"]'),
    (
        "list[str]",
        '{value}        # this value is JSON that fits the schema {"items": {"type": "string"}, "type": "array"}',
    ),
    ("dict[str, str]", '{"k": "{value}"}'),
    ("dict[str, str]", '{"additionalProperties": {"type": "string"}, "type": "object"}'),
    ("Optional[int]", f"{{value}} {INT_NOTE}"),
]


@pytest.mark.fault(46)
@pytest.mark.parametrize(("kind", "value"), TYPED)
def test_the_note_on_a_type_is_no_value(kind, value):
    signature = Signature(f"question -> value: {kind}")
    for adapter, text in [
        (CHAT, reply(value=value)),
        *((one, json.dumps({"value": value})) for one in OBJECTS),
    ]:
        error = refused(adapter, signature, text)
        assert error.missing == ("value",)
        assert "the model repeated the template" in str(error)


@pytest.mark.fault(46)
@pytest.mark.parametrize(
    "text", ['{"answer": {answer}}', '{"answer": "{answer}"', '```json\n{"answer": "{answer}",}\n```']
)
def test_a_placeholder_in_broken_json_is_a_missing_field(text):
    assert refused(JSONAdapter(), CITY, text).missing == ("answer",)


@pytest.mark.fault(46)
@pytest.mark.parametrize("note", [INT_NOTE, DSPY_NOTE, f"{INT_NOTE}\n"])
def test_a_note_behind_a_value_or_before_it_is_no_part_of_it(note):
    for value in (f"5        {note}", f"{note}\n5"):
        replies = [
            (CHAT, reply(answer="x", score=value)),
            *((one, json.dumps({"answer": "x", "score": value})) for one in OBJECTS),
        ]
        for adapter, text in replies:
            with context(lm=ScriptedLM([text]), adapter=adapter):
                assert Predict(BOTH)(question="?").score == 5


KEPT = [
    "Use {answer} as the name of the field.",
    "{name}",
    "{'answer': 1}",
    '{"a": "{b}"}',
    "f'{answer}'",
    "{x | x > 0}",
    "# this value is mine",
    "x = 1  # this value is odd",
    "<b>answer</b>",
    "answer",
    "[1]",
    "Not supplied",
]


@pytest.mark.fault(46)
@pytest.mark.parametrize("value", KEPT)
def test_a_value_with_braces_is_a_value(value):
    for adapter, text in [
        (CHAT, reply(answer=value)),
        *((one, json.dumps({"answer": value})) for one in OBJECTS),
    ]:
        with context(lm=ScriptedLM([text]), adapter=adapter):
            assert Predict(CITY)(question="?").answer == value


@pytest.mark.fault(46)
@pytest.mark.parametrize(
    "signature", [CITY, BOTH, Signature("question, context: list[str] -> answer, tags: dict[str, int]")]
)
@pytest.mark.parametrize("adapter", [CHAT, *OBJECTS], ids=["chat", "json", "schema"])
def test_the_prompt_repeated_is_no_answer_and_the_answer_behind_it_is_read(adapter, signature):
    inputs = {"question": "What?", "context": ["c"]}
    messages = adapter.format(signature, [], {n: inputs[n] for n in signature.input_fields})
    prompt = "\n\n".join(message["content"] for message in messages)
    for echo in (prompt, messages[0]["content"], messages[-1]["content"]):
        with pytest.raises(ParseError):
            adapter.parse(signature, echo)
    meant = {"answer": "Brussels"}
    meant |= {"score": 5} if "score" in signature.output_fields else {}
    meant |= {"tags": {"a": 1}} if "tags" in signature.output_fields else {}
    for echo in (prompt, messages[0]["content"]):
        text = f"{echo}\n\n{adapter.format_assistant_message_content(signature, meant)}"
        assert adapter.parse(signature, text) == meant


@pytest.mark.fault(46)
@pytest.mark.parametrize("name", ["hint_", "question"])
def test_a_reply_under_the_marker_of_an_input_is_told(name):
    error = refused(CHAT, CITY, f"[[ ## {name} ## ]]\nBrussels\n\n[[ ## completed ## ]]")
    assert error.missing == ("answer",)
    assert f"the model repeated the template, and wrote under '[[ ## {name} ## ]]', an input" in str(error)


@pytest.mark.fault(46)
def test_an_echoed_template_is_asked_for_once_more_as_json():
    lm = ScriptedLM([reply(answer="{answer}"), '{"answer": "Brussels"}'])
    with context(lm=lm):
        assert Predict(CITY)(question="?").answer == "Brussels"


@pytest.mark.fault(46)
@pytest.mark.parametrize("echoed", [{"self": "{advice}"}, "{advice}"])
def test_advice_that_repeats_the_template_is_no_advice(echoed):
    advice = reply(discussion="d", advice=echoed)
    lm = ScriptedLM([reply(answer="a"), advice, advice, reply(answer="b")])
    with context(lm=lm):
        best = Refine(Predict(CITY), N=2, reward_fn=lambda args, pred: 0.5, threshold=1)(question="?")
    assert best.refinement.hints == ({}, {})


JUDGED = "def reward(args, pred):\n    return judge('answer -> score: float', answer=pred.answer).score\n"


@pytest.mark.fault(46)
@pytest.mark.parametrize(
    ("reward", "replies"),
    [
        (
            "def reward(args, pred):\n    return 1.0 if pred.answer else 0.0\n",
            [reply(answer="{answer}"), '{"answer": "{answer}"}'],
        ),
        (JUDGED, [reply(answer="x"), f"[[ ## score ## ]]\n{{score}}  {INT_NOTE}", '{"score": "{score}"}']),
    ],
    ids=["program", "judge"],
)
def test_an_attempt_whose_model_repeats_the_template_fails_in_words(reward, replies):
    runs = Runs(MemoryStore())
    line, _ = run_one_stage(runs, replies, reward)
    runs.close()
    (attempt,) = line.attempts
    assert (attempt.state, attempt.reward) == ("failed", None)
    assert "the model repeated the template" in describe_failure(attempt)
