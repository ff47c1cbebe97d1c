"""What a beginner gets wrong, and what is said then: what it is, where, and what to write instead.

Elsewhere: files that cannot be saved or loaded in test_saving.py, batches in test_parallel.py, signatures that do not
parse in test_signatures.py, replies in each adapter's own tests, rewards in their worker in test_reward_runner.py.
"""

from __future__ import annotations

import asyncio
import math
from functools import cache, partial, wraps

import pytest

from refine_core import (
    LM,
    BaseCallback,
    BestOfN,
    ChainOfThought,
    Example,
    InputError,
    JSONAdapter,
    LMError,
    Module,
    Parallel,
    ParseError,
    Predict,
    Prediction,
    Refine,
    RewardError,
    RewardRunner,
    Score,
    ScriptedLM,
    SpecError,
    Validator,
    configure,
    context,
    settings,
)
from refine_core.log.scope import Collector, Scope, use_scope
from tests.prompts import reply


def fine(args, pred):
    return 1.0


def one_argument(pred):
    return 1.0


@wraps(one_argument)
def wrapped(args, pred):
    return one_argument(pred)


class Watch:
    """Hears of models, and derives from nothing."""

    def on_lm_start(self, call_id, instance, inputs):
        pass


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
            r"input 'question' of .* is missing; .*got 'questoin', 'count'",
        ),
        ({}, r"input 'question' of .* is missing; .*got no inputs"),
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
    "a list": ("return [1.0]", r"a list; return a number or Score\(value, feedback=…", "WrongType"),
    "a dict": ("return {'score': 1.0}", r"a dict; return a number or Score\(value, feedback=…", "WrongType"),
}


@pytest.mark.parametrize("body", BODIES)
def test_a_reward_without_a_number_names_the_same_line_here_and_in_its_worker(body, tmp_path):
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
    assert "the reward returned None; return a number" in str(caught.value)
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


class Strict:
    def __call__(self, pred):
        return 1.0

    def scored(self, args, pred, *, how):
        return 1.0


@pytest.mark.parametrize(
    ("reward", "said"),
    [
        (lambda: 1.0, "'<lambda>' takes none"),
        (one_argument, "'one_argument' takes 1"),
        (lambda args, pred, more: 1.0, "'<lambda>' takes 3"),
        (Strict(), "'Strict' takes 1"),
        (Strict().scored, "'scored' takes 2, and how by name"),
        (len, "'len' takes 1"),
    ],
    ids=["none", "one", "three", "an object", "by name", "a builtin"],
)
def test_a_reward_or_check_that_cannot_take_two_arguments_is_refused_at_once(reward, said):
    said = rf"must take two arguments, \(inputs, prediction\); {said}$"
    refuses(TypeError, f"^reward_fn {said}", lambda: BestOfN(answer(), 2, reward, 1))
    rules = [("first", fine, "Be."), ("second", reward, "Be brief.")]
    refuses(
        SpecError,
        rf"^validators\.1: its check {said}",
        lambda: Refine(answer(), N=2, reward_fn=fine, threshold=1, validators=rules),
    )


async def later(args, pred):
    return 1.0


@pytest.mark.parametrize(
    "reward",
    [
        later,
        Score,
        partial(lambda scale, args, pred: scale, 1.0),
        partial(Strict().scored, how="well"),
        lambda *given: 1.0,
        lambda args, pred, trace=None: 1.0,
        wrapped,
        cache(one_argument),
        Module(),
        print,
    ],
    ids=["async", "class", "partial", "by name", "any", "default", "wrapper", "unknown", "module", "builtin"],
)
def test_a_reward_that_can_or_may_take_two_arguments_is_not_refused(reward):
    """A wrapper counts by what it takes, and not by what it wraps."""
    assert BestOfN(answer(), 2, reward, 1).N == 2


@pytest.mark.parametrize("wrong", ["x", 1, [fine]])
def test_what_is_told_of_attempts_is_a_function(wrong):
    said = "on_attempt must be a function that takes an attempt, not "
    refuses(TypeError, said, lambda: Refine(answer(), N=2, reward_fn=fine, threshold=1, on_attempt=wrong))


@pytest.mark.parametrize(
    "wrong", [fine, "short", None, Validator("short", fine, "Be brief."), {"short": fine}]
)
def test_validators_are_a_list(wrong):
    said = r"^validators is a list of Validator\(name, check, message\), not "
    refuses(TypeError, said, lambda: Refine(answer(), N=2, reward_fn=fine, threshold=1, validators=wrong))


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


def test_a_value_of_another_type_says_what_was_wanted_and_what_came():
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
    with pytest.raises(LMError, match=r"No model is set\. Call configure\(lm=LM\(.*set_lm\(…\)"):
        answer()(question="?")


@pytest.mark.parametrize("wrong", ["openai/gpt-4o-mini", ScriptedLM, 5])
def test_what_is_no_model_is_refused_wherever_it_comes_from(wrong):
    said = r"lm must be a model such as LM\('openai/…'\), not "
    own = answer()
    own.set_lm(wrong)
    for call in (
        lambda: own(question="?"),
        lambda: answer()(question="?", lm=wrong),
        lambda: context(lm=wrong),
        lambda: configure(lm=wrong),
        lambda: Refine(answer(), N=2, reward_fn=fine, threshold=1, advice_lm=wrong),
    ):
        refuses(TypeError, said, call)


def test_what_is_no_model_is_shown_if_it_is_text_and_else_by_its_kind():
    """It may hold a key."""
    refuses(TypeError, "advice_lm must be .*, not 'gpt'$", lambda: advised_by("gpt"))
    refuses(TypeError, "advice_lm must be .*, not a value of type dict$", lambda: advised_by({"api_key": 1}))
    refuses(TypeError, r"advice_lm must be .*, not the class .*\.ScriptedLM$", lambda: advised_by(ScriptedLM))


def advised_by(lm):
    return Refine(answer(), N=2, reward_fn=fine, threshold=1, advice_lm=lm)


@pytest.mark.parametrize("wrong", ["json", JSONAdapter, 5])
def test_what_is_no_adapter_is_refused_where_it_is_set(wrong):
    said = r"adapter must be an adapter such as JSONAdapter\(\), not "
    refuses(TypeError, said, lambda: configure(adapter=wrong))
    refuses(TypeError, said, lambda: context(adapter=wrong))


def test_none_is_no_model_and_no_adapter_and_may_be_set():
    with context(lm=None, adapter=None, callbacks=None):
        assert (settings.lm, settings.adapter, settings.callbacks) == (None, None, [])


@pytest.mark.parametrize("call", [configure, context])
def test_a_setting_without_its_name_is_told_the_name(call):
    refuses(TypeError, rf"write {call.__name__}\(lm=…\)", lambda: call(Spent()))
    refuses(TypeError, rf"write {call.__name__}\(adapter=…\)", lambda: call(JSONAdapter()))


UNKNOWN = r"there is no setting 'llm'; there are lm, adapter, trace.*; did you mean 'lm'\?$"


@pytest.mark.parametrize("call", [lambda: configure(llm=1), lambda: context(llm=1)])
def test_an_unknown_setting_is_refused_with_those_that_there_are(call):
    refuses(TypeError, UNKNOWN, call)


def test_reading_an_unknown_setting_says_which_there_are():
    refuses(AttributeError, UNKNOWN, lambda: settings.llm)
    refuses(AttributeError, "no setting 'colour'; .*, provide_traceback$", lambda: settings.colour)


@pytest.mark.parametrize("wrong", [3, "loud", BaseCallback(), Watch])
@pytest.mark.parametrize(
    "made",
    [
        lambda given: Predict("question -> answer", callbacks=given),
        lambda given: ChainOfThought("question -> answer", callbacks=given),
        lambda given: Refine(answer(), N=1, reward_fn=fine, threshold=1, callbacks=given),
        lambda given: ScriptedLM(["a"], callbacks=given),
        lambda given: LM("openai/x", callbacks=given),
        lambda given: context(callbacks=given),
    ],
    ids=["Predict", "ChainOfThought", "Refine", "ScriptedLM", "LM", "context"],
)
def test_callbacks_are_a_list_of_callbacks(made, wrong):
    refuses(TypeError, "callbacks is a list of BaseCallback, not ", lambda: made(wrong))
    if not isinstance(wrong, BaseCallback):
        refuses(TypeError, r"callbacks\[1\] must be a BaseCallback, not ", lambda: made([Watch(), wrong]))


def test_a_callback_need_not_derive_from_ours():
    assert Predict("question -> answer", callbacks=[Watch()]).callbacks
    refuses(TypeError, r"the class .*Watch; write Watch\(\)$", lambda: ScriptedLM(["a"], callbacks=[Watch]))


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (
            lambda: LM("openai/x", api_base="localhost:8000"),
            "'localhost:8000' is not an address; write http://HOST:PORT/v1",
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


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"model": None}, "model must be a name such as 'openai/gpt-5', not None"),
        ({"model": 5}, "model must be a name such as 'openai/gpt-5', not 5"),
        ({"model": ""}, "model must be a name such as 'openai/gpt-5', not ''"),
        ({"num_retries": "3"}, "num_retries must be a whole number, 0 or more, not '3'"),
        ({"num_retries": -1}, "num_retries must be a whole number, 0 or more, not -1"),
        ({"num_retries": 1.5}, "num_retries must be a whole number, 0 or more, not 1.5"),
        ({"timeout_s": "1"}, "timeout_s must be a number of seconds above 0, not '1'"),
        ({"timeout_s": None}, "timeout_s must be a number of seconds above 0, not None"),
        ({"timeout": 0}, "timeout must be a number of seconds above 0, not 0"),
        ({"timeout": math.nan}, "timeout must be a number of seconds above 0, not nan"),
        ({"temperature": "hot"}, "temperature must be a number, or None to leave it out, not 'hot'"),
        ({"temperature": math.inf}, "temperature must be a number, or None to leave it out, not inf"),
        ({"max_tokens": "many"}, "max_tokens must be a whole number, 1 or more, or None, not 'many'"),
        ({"api_base": 8000}, "api_base must be text such as 'http://HOST:PORT/v1', not 8000"),
        ({"base_url": 8000}, "base_url must be text such as 'http://HOST:PORT/v1', not 8000"),
    ],
    ids=str,
)
def test_a_parameter_of_a_model_that_makes_no_sense_is_named_when_it_is_given(given, said):
    refuses((TypeError, ValueError), f"^{said}$", lambda: LM(**{"model": "openai/x", **given}))


@pytest.mark.parametrize(
    ("script", "said"),
    [
        (
            "hello",
            r"replies must be a list of texts or a function, not 'hello'; write ScriptedLM\(\['hello'\]\)",
        ),
        (5, "replies must be a list of texts or a function, not 5"),
        (None, "replies must be a list of texts or a function, not None"),
        ({"a": "b"}, "replies must be a list of texts or a function, not a value of type dict"),
        (["a", 5], r"replies\[1\]: the model's reply must be text, a dict of fields or a Reply, not 5"),
        ([None], r"replies\[0\]: the model's reply must be text, a dict of fields or a Reply, not None"),
        ([LMError], r"replies\[0\]: the model's reply must be .*, not the class refine_core.*LMError"),
    ],
    ids=str,
)
def test_a_script_that_is_none_is_refused_when_it_is_given(script, said):
    refuses(TypeError, said, lambda: ScriptedLM(script))


@pytest.mark.parametrize("made", [5, None])
def test_a_function_that_scripts_no_reply_is_told_what_one_is(made):
    said = f"the model's reply must be text, a dict of fields or a Reply, not {made}"
    refuses(TypeError, said, lambda: answer()(question="?", lm=ScriptedLM(lambda messages, params: made)))


# --- demos, config and examples


@pytest.mark.parametrize(
    ("demos", "said"),
    [
        ("x", "demos is a list of examples, not text"),
        (3, "demos is a list of examples, not 3"),
        (Example(question="a", answer="b"), r"demos is a list of examples; write \[example\]"),
        ([3], r"demos\[0\] must be an Example or a dict, not int"),
        ([{"question": "a", "answer": "b"}, "x"], r"demos\[1\] must be an Example or a dict, not str"),
    ],
    ids=str,
)
def test_demos_of_one_call_that_are_no_examples_are_refused(demos, said):
    refuses(TypeError, said, lambda: answer()(question="?", demos=demos))


@pytest.mark.parametrize(
    ("demos", "said"),
    [(3, "demos is a list of examples, not 3"), ([3], r"demos\[0\] must be an Example or a dict, not int")],
    ids=str,
)
def test_demos_that_cannot_be_shown_are_explained_where_they_fail(demos, said):
    program, log = answer(), Collector()
    program.demos = demos
    error = refuses(TypeError, said, lambda: program(question="?"))
    assert error.__cause__ is not None, "what the adapter said"
    with use_scope(Scope(sinks=(log,))):
        refuses(TypeError, said, lambda: program(question="?"))
    assert log.events[-1].error.message == str(error)


def test_an_error_that_is_not_of_the_demos_stays_as_it_is():
    said = KeyError("of the model's own")
    program = answer()
    program.demos = [Example(question="a", answer="b")]
    with context(lm=ScriptedLM([said])), pytest.raises(KeyError) as caught:
        program(question="?")
    assert caught.value is said


def test_any_row_of_examples_will_do_for_demos():
    demo = {"question": "a", "answer": "b"}
    for demos in ([demo], (demo,), (Example(demo) for _ in range(1))):
        lm = ScriptedLM([reply(answer="a")])
        answer()(question="?", demos=demos, lm=lm)
        assert len(lm.calls[0].messages) == 4


@pytest.mark.parametrize("wrong", [3, "hot", None])
def test_config_is_a_dict(wrong):
    said = f"config is a dict of model parameters, not {wrong!r}"
    refuses(TypeError, said, lambda: answer()(question="?", config=wrong))
    program = answer()
    program.config = wrong
    refuses(TypeError, said, lambda: program(question="?", config={}))


@pytest.mark.parametrize(
    ("examples", "said"),
    [
        (Example(question="a").with_inputs("question"), r"examples is a list; write \[example\]"),
        ({"question": "a"}, r"examples is a list; write \[example\]"),
        (None, "examples is a list of Examples, not None"),
        ("What?", r"examples is a list of Examples, not 'What\?'"),
    ],
    ids=str,
)
def test_a_batch_wants_a_list(examples, said):
    refuses(TypeError, said, lambda: answer().batch(examples, disable_progress_bar=True))
    refuses(TypeError, said, lambda: Refine(answer(), N=1, reward_fn=fine, threshold=1).batch(examples))


@pytest.mark.parametrize("pairs", [None, 3, {"a": 1}], ids=str)
def test_parallel_wants_a_list_of_pairs(pairs):
    said = r"exec_pairs is a list of pairs \(module, example\), not "
    refuses(TypeError, said, lambda: Parallel()(pairs))
    refuses(TypeError, said, lambda: asyncio.run(Parallel().acall(pairs)))


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
