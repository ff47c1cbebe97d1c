"""What a beginner gets wrong, and what is said then: what it is, where, and what to write instead.

Elsewhere: files that cannot be saved or loaded in test_saving.py, batches in test_parallel.py, signatures that do not
parse in test_signatures.py, replies in each adapter's own tests, rewards in their worker in test_reward_runner.py.
"""

from __future__ import annotations

import asyncio
import math

import pytest

from refine_core import (
    LM,
    BestOfN,
    ChainOfThought,
    Example,
    InputError,
    LMError,
    Module,
    ParseError,
    Predict,
    Prediction,
    Refine,
    RewardError,
    RewardRunner,
    ScriptedLM,
    SpecError,
    Validator,
    configure,
    context,
    settings,
)
from tests.prompts import reply


def fine(args, pred):
    return 1.0


def answer():
    return Predict("question -> answer")


class Spent(ScriptedLM):
    """A model that nobody should ask."""

    def __init__(self):
        super().__init__([])


def refuses(error, said, call):
    """`call` raises `error` with these words, and asks no model."""
    lm = Spent()
    with context(lm=lm), pytest.raises(error, match=said) as caught:
        call()
    assert lm.calls == []
    return caught.value


# --- inputs


@pytest.mark.parametrize(
    "program",
    [
        Predict("question, count: int -> answer"),
        ChainOfThought("question, count: int -> answer"),
        BestOfN(Predict("question, count: int -> answer"), N=1, reward_fn=fine, threshold=1, fail_count=0),
        Refine(ChainOfThought("question, count: int -> answer"), N=1, reward_fn=fine, threshold=1),
    ],
    ids=lambda program: type(program).__name__,
)
@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"question": "?"}, r"input 'count' of 'question, count -> .*answer' is missing; call with count=…"),
        (
            {"questoin": "?", "count": 1},
            r"input 'question' of .* is missing; .*given were 'questoin', 'count'",
        ),
        ({}, r"input 'question' of .* is missing; .*none was given"),
        (
            {"question": "?", "count": "many"},
            r"input 'count' of .* must be int: .*; given was 'many' \(str\)",
        ),
        ({"question": "?", "count": None}, r"input 'count' of .* must be int: .*; given was None"),
    ],
    ids=["one", "misspelt", "all", "text", "None"],
)
def test_a_missing_or_wrong_input_names_the_field_and_the_signature(program, given, said):
    error = refuses(InputError, said, lambda: program(**given))
    assert error.field in ("question", "count")
    assert error.signature.startswith("question, count -> ")


@pytest.mark.parametrize(
    ("signature", "given", "said"),
    [
        ("docs: list[str] -> answer", "one", r"input 'docs' .* must be list\[str\].*given was 'one' \(str\)"),
        ("tone: Literal['warm', 'cool'] -> answer", "hot", r"input 'tone' .*'warm'.*'cool'.*given was 'hot'"),
        ("sure: bool -> answer", "perhaps", r"input 'sure' .* must be bool.*given was 'perhaps'"),
        ("share: float -> answer", "x" * 500, r"input 'share' .* must be float.*given was 'x{79}… \(str\)"),
    ],
)
def test_a_wrong_type_says_what_is_wanted_and_what_came(signature, given, said):
    predictor = Predict(signature)
    (name,) = predictor.signature.input_fields
    refuses(InputError, said, lambda: predictor(**{name: given}))


@pytest.mark.parametrize(
    "program",
    [answer(), ChainOfThought("question -> answer"), Refine(answer(), N=1, reward_fn=fine, threshold=1)],
    ids=lambda program: type(program).__name__,
)
def test_inputs_by_position_are_refused_with_the_call_as_it_should_be(program):
    refuses(TypeError, r"takes its inputs by keyword: \(question=…\)", lambda: program("What?"))
    refuses(
        TypeError, r"takes its inputs by keyword: \(question=…\)", lambda: asyncio.run(program.acall("What?"))
    )


def test_an_example_without_inputs_is_named_before_anything_is_spent():
    examples = [Example(question="a", answer="b").with_inputs("question"), Example(question="c", answer="d")]
    program = Refine(answer(), N=1, reward_fn=fine, threshold=1)
    said = r"examples\[1\] does not know which of its fields are inputs; call \.with_inputs.*'question', 'answer'"
    refuses(ValueError, said, lambda: program.batch(examples, disable_progress_bar=True))


# --- rewards

BODIES = {
    "None": ("return None", "the reward returned None", "WrongType"),
    "text": ("return 'good'", r"returned the text 'good'.*Write float\(…\) around it", "WrongType"),
    "NaN": ("return float('nan')", "returned nan; expected a finite number", "NotFinite"),
    "infinity": ("return float('inf')", "returned inf; expected a finite number", "NotFinite"),
    "a list": ("return [1.0]", "a value of type list; expected a number, a bool or Score", "WrongType"),
    "a dict": ("return {'score': 1.0}", "a value of type dict; expected a number", "WrongType"),
}


@pytest.mark.parametrize("body", BODIES)
def test_a_reward_that_returns_no_number_names_the_same_line_in_this_process_and_in_its_worker(
    body, tmp_path
):
    line, said, kind = BODIES[body]
    source = f"# one word\n\ndef reward(args, pred):\n    words = pred.answer.split()\n    {line}\n"
    path = tmp_path / "my_reward.py"
    path.write_text(source, "utf-8")
    names = {}
    exec(compile(source, str(path), "exec"), names)
    with context(lm=ScriptedLM([reply(answer="a")])), pytest.raises(RewardError, match=said) as here:
        Refine(answer(), N=1, reward_fn=names["reward"], threshold=1)(question="?")
    with RewardRunner(source) as runner, pytest.raises(RewardError, match=said) as there:
        runner.score({"question": "?"}, {"answer": "a"})
    assert (here.value.line, there.value.line) == (5, 5)
    assert (here.value.type_name, there.value.type_name) == (kind, kind)
    assert "line 5: " in str(here.value)
    assert "reward in my_reward.py" in str(here.value)


def without_a_return(args, pred):
    pred.answer.upper()


def test_a_reward_without_a_return_is_named_and_asked_about_it():
    with context(lm=ScriptedLM([reply(answer="a")])), pytest.raises(RewardError) as caught:
        Refine(answer(), N=1, reward_fn=without_a_return, threshold=1)(question="?")
    assert "the reward returned None; expected a number" in str(caught.value)
    assert "Is a `return` missing? (without_a_return in test_bad_input.py)" in str(caught.value)
    assert caught.value.line == without_a_return.__code__.co_firstlineno


def test_a_reward_that_reads_a_field_that_is_not_there_is_told_which_are():
    with context(lm=ScriptedLM([reply(answer="a")])), pytest.raises(AttributeError) as caught:
        Refine(answer(), N=1, reward_fn=lambda args, pred: len(pred.anwser), threshold=1)(question="?")
    assert "Prediction has no field 'anwser'; its fields are: answer" in str(caught.value)


@pytest.mark.parametrize("wrong", [None, 1.0, "reward"])
def test_a_reward_that_cannot_be_called_is_refused_when_it_is_given(wrong):
    said = r"reward_fn must be a function \(inputs, prediction\) -> number, not "
    refuses(TypeError, said, lambda: Refine(answer(), N=2, reward_fn=wrong, threshold=1))


@pytest.mark.parametrize(
    ("validators", "said"),
    [
        ([fine], r"validators\.0: a validator is Validator\(name, check, message\)"),
        (("short", fine, "Be brief."), r"validators\.0: a validator is Validator\(name, check, message\)"),
        ([Validator("short", "len < 3", "Be brief.")], r"validators\.0: .* a check that can be called"),
        ([("short", fine, "Be brief.")] * 2, r"validators\.1: two validators are called 'short'"),
    ],
    ids=["a function", "one that is not in a list", "a check that is text", "two of one name"],
)
def test_a_validator_of_the_wrong_kind_is_named_by_its_place(validators, said):
    refuses(
        SpecError, said, lambda: Refine(answer(), N=2, reward_fn=fine, threshold=1, validators=validators)
    )


# --- numbers and programs


@pytest.mark.parametrize("kind", [Refine, BestOfN])
@pytest.mark.parametrize(
    ("field", "value"),
    [
        *(("N", value) for value in (0, -1, 1.5, "3", None, True)),
        *(("threshold", value) for value in ("1", math.nan, [1])),
        *(("fail_count", value) for value in (-1, 0.5, "1", True)),
    ],
)
def test_a_number_that_makes_no_sense_is_refused_when_it_is_given(kind, field, value):
    numbers = {"N": 2, "threshold": 1.0, "fail_count": None, field: value}
    error = refuses(SpecError, f"{field} must be", lambda: kind(answer(), reward_fn=fine, **numbers))
    assert [problem.field for problem in error.problems] == [field]
    assert error.problems[0].message.endswith(f"not {value!r}")


def test_every_wrong_number_is_told_at_once():
    error = refuses(
        SpecError,
        "N must be .*; threshold: .*; fail_count: ",
        lambda: Refine(answer(), N=0, reward_fn=fine, threshold="high", fail_count=-1),
    )
    assert [problem.field for problem in error.problems] == ["N", "threshold", "fail_count"]


@pytest.mark.parametrize("wrong", ["question -> answer", Predict, fine, None])
def test_a_module_that_is_none_is_refused_with_one_that_is(wrong):
    said = r"module must be a Module, such as Predict\('question -> answer'\), not "
    refuses(TypeError, said, lambda: Refine(wrong, N=2, reward_fn=fine, threshold=1))


def test_module_and_reward_in_each_others_place_are_noticed():
    refuses(TypeError, "module must be a Module", lambda: Refine(fine, N=2, reward_fn=answer(), threshold=1))


@pytest.mark.parametrize(
    ("made", "said"),
    [("text", "not str"), (None, "not NoneType"), ((Prediction(answer="a"), 1), "not tuple")],
)
def test_a_program_that_returns_no_prediction_is_told_what_to_return(made, said):
    class Program(Module):
        def forward(self, question):
            return made

    with pytest.raises(TypeError, match=rf"{said}; return Prediction\(answer=…\)"):
        BestOfN(Program(), N=1, reward_fn=fine, threshold=1)(question="?")


@pytest.mark.parametrize("wrong", [5, None, answer()])
def test_a_predictor_wants_a_signature(wrong):
    refuses(TypeError, r"expected a signature such as 'question -> answer'", lambda: Predict(wrong))


# --- replies


def reads(signature, text):
    """The error of a reply that does not parse, in either format."""
    with context(lm=ScriptedLM([text, text])), pytest.raises(ParseError) as caught:
        Predict(signature)(question="?")
    return caught.value


def test_a_reply_that_lacks_a_field_says_which_what_was_there_and_what_came():
    error = reads("question -> answer, source", reply(answer="Brussels"))
    assert (error.missing, error.reply) == (("source",), reply(answer="Brussels"))
    assert str(error).startswith("question -> answer, source: no field 'source', found 'answer'")
    assert "expected a line '[[ ## source ## ]]'" in str(error)
    assert "Brussels" in str(error)


def test_a_reply_of_another_kind_says_so():
    error = reads("question -> answer", "I would rather not say.")
    assert error.missing == ("answer",)
    assert "found none" in str(error)
    assert "the reply was 'I would rather not say.'" in str(error)
    assert "the reply was empty" in str(reads("question -> answer", "  "))


def test_a_reply_with_a_value_of_another_type_says_what_was_wanted_and_what_came():
    error = reads("question -> count: int", reply(count="a few"))
    assert list(error.invalid) == ["count"]
    assert "question -> count: field 'count'" in str(error)
    assert "int" in error.invalid["count"]
    assert "a few" in str(error)


def test_of_a_long_reply_the_error_shows_the_beginning_and_keeps_all():
    error = reads("question -> answer", "so " * 5000)
    assert len(str(error)) < 500
    assert len(error.reply) == 15000


# --- models and settings


def test_without_a_model_both_ways_to_set_one_are_told():
    with pytest.raises(LMError, match=r"no model is set; call refine_core\.configure\(lm=…\), .*set_lm\(…\)"):
        answer()(question="?")


@pytest.mark.parametrize("wrong", ["openai/gpt-4o-mini", ScriptedLM, 5])
def test_what_is_no_model_is_refused_wherever_it_comes_from(wrong):
    said = r"lm must be a model such as LM\('openai/…'\) or ScriptedLM\(\[\.\.\.\]\), not "
    own = answer()
    own.set_lm(wrong)
    for call in (lambda: own(question="?"), lambda: answer()(question="?", lm=wrong)):
        refuses(TypeError, said, call)
    with context(lm=wrong), pytest.raises(TypeError, match=said):
        answer()(question="?")


@pytest.mark.parametrize("call", [lambda: configure(llm=1), lambda: context(llm=1)])
def test_an_unknown_setting_is_refused_with_those_that_there_are(call):
    refuses(TypeError, "there is no setting 'llm'; there are lm, adapter, trace", call)


def test_reading_an_unknown_setting_says_which_there_are():
    refuses(AttributeError, "there is no setting 'llm'; there are lm, adapter, trace", lambda: settings.llm)


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (
            lambda: LM("openai/x", api_base="localhost:8000"),
            "'localhost:8000' is no address; write http://HOST:PORT/v1",
        ),
        (
            lambda: LM("openai/x", model_type="text"),
            "model_type='text' is not supported; use a chat model",
        ),
    ],
    ids=["an address without http", "text completion"],
)
def test_a_model_that_cannot_be_is_refused_when_it_is_made(made, said):
    refuses(LMError, said, made)


def test_a_script_that_is_too_short_says_what_was_asked_beyond_it():
    with (
        context(lm=ScriptedLM([reply(answer="a")])),
        pytest.raises(LMError, match="the script of 1 replies is used up"),
    ):
        BestOfN(answer(), N=2, reward_fn=lambda args, pred: 0.0, threshold=1, fail_count=0)(question="?")


def test_a_number_from_text_is_fine_where_it_is_a_number():
    """What can be read as the type is read: forms and files give text."""
    lm = ScriptedLM([reply(answer="a")])
    with context(lm=lm):
        Predict("count: int -> answer")(count="7")
    assert lm.calls[0].messages[-1]["content"].startswith("[[ ## count ## ]]\n7")
