"""Programs as users of dspy 2.6.23 write them: what they get is what dspy gives, or an error that says what to do.

Each expected value was seen in dspy 2.6.23.
"""

import asyncio
import copy
import json
import pickle
import re
import threading
from types import SimpleNamespace

import pytest

import refine_core
from refine_core import (
    LM,
    Adapter,
    BaseLM,
    BestOfN,
    ChainOfThought,
    ChatAdapter,
    Completions,
    Example,
    InputField,
    LMError,
    OutputField,
    Predict,
    Prediction,
    Refine,
    ScriptedLM,
    Signature,
    SignatureError,
    StateError,
    configure_cache,
    context,
    inspect_history,
    settings,
)
from refine_core.lm.engine import engine
from tests.openai_server import OpenAIServer, status
from tests.threads import finish


def said(**fields):
    sections = [f"[[ ## {name} ## ]]\n{value}" for name, value in fields.items()]
    return "\n\n".join([*sections, "[[ ## completed ## ]]"])


def always(**fields):
    return ScriptedLM(lambda messages, params: fields)


class Own(BaseLM):
    """A model as dspy's documentation has one derived; it keeps what it was asked."""

    def __init__(self, text=None, **kwargs):
        super().__init__("own", **kwargs)
        self.text, self.asked = text or said(answer="a"), []

    def forward(self, prompt=None, messages=None, **kwargs):
        self.asked.append({**self.kwargs, **kwargs})
        choice = SimpleNamespace(message=SimpleNamespace(content=self.text))
        return SimpleNamespace(choices=[choice], usage={"total_tokens": 2}, model="served")


def shots(lm):
    """How many demos the last request to a scripted model showed."""
    return sum(message["role"] == "assistant" for message in lm.calls[-1].messages)


# Predictors


@pytest.mark.fault(21)
def test_an_empty_list_of_demos_shows_none_for_that_call():
    lm, predict = always(answer="a"), Predict("question -> answer")
    predict.demos = [{"question": "x", "answer": "y"}]
    with context(lm=lm):
        predict(question="q")
        assert shots(lm) == 1
        predict(question="q", demos=[])
        assert shots(lm) == 0
    assert len(predict.demos) == 1


@pytest.mark.fault(21)
def test_no_model_given_for_a_call_asks_the_one_in_force():
    predict = Predict("question -> answer")
    predict.lm = always(answer="own")
    with context(lm=always(answer="in force")):
        assert predict(question="q").answer == "own"
        assert predict(question="q", lm=None).answer == "in force"


@pytest.mark.fault(27)
def test_a_call_may_stay_out_of_the_trace():
    with context(lm=always(answer="a"), trace=[]):
        Predict("question -> answer")(question="q", _trace=False)
        assert settings.trace == []


@pytest.mark.fault(21)
def test_a_keyword_of_older_versions_is_refused():
    with context(lm=always(answer="a")), pytest.raises(TypeError, match="write signature="):
        Predict("question -> answer")(question="q", new_signature="question -> answer")


@pytest.mark.fault(28)
def test_what_a_subclass_puts_into_its_state_comes_back():
    class Versioned(Predict):
        def dump_state(self):
            return {**super().dump_state(), "version": 3}

    other = Versioned("q -> a")
    other.load_state(Versioned("q -> a").dump_state())
    assert other.version == 3
    for name in ("_x", "forward", "config", "attempt_context"):
        with pytest.raises(StateError, match=f"cannot hold {name!r}"):
            other.load_state({**Predict("q -> a").dump_state(), name: 1})


@pytest.mark.fault(5)
@pytest.mark.parametrize("kind", [Predict, ChainOfThought])
def test_a_subclass_may_call_its_own_attributes_steps_and_purpose(kind):
    class Mine(kind):
        def __init__(self):
            super().__init__("q -> a")
            self.steps, self.resumed, self.purpose = [1], False, "mine"

    with context(lm=always(reasoning="r", a="x")):
        assert Mine()(q="?").a == "x"
        assert asyncio.run(Mine().acall(q="?")).a == "x"
        assert Refine(Mine(), 1, lambda args, pred: 1.0, 1.0)(q="?").a == "x"


def test_every_module_has_a_list_of_callbacks():
    made = Predict("q -> a")
    assert (made.callbacks, settings.callbacks) == ([], [])
    made.callbacks.append(object())
    assert Predict("q -> a").callbacks == []


# Models


class Noting(BaseLM):
    """dspy's DummyLM, as users copy it: it notes its calls itself."""

    def __init__(self, answers):
        super().__init__("noting", "chat", 0.0, 1000, True)
        self.answers = iter(answers)

    def __call__(self, prompt=None, messages=None, **kwargs):
        outputs = [said(**next(self.answers))]
        entry = {
            "prompt": prompt,
            "messages": messages,
            "kwargs": kwargs,
            "outputs": outputs,
            "usage": 0,
            "cost": 0,
        }
        self.history.append(entry)
        self.update_global_history(entry)
        return outputs


@pytest.mark.fault(21)
def test_a_model_that_notes_its_own_calls_has_each_of_them_once(capsys):
    lm = Noting([{"a": "1"}, {"a": "2"}])
    with context(lm=lm):
        assert [Predict("q -> a")(q="?").a for _ in range(2)] == ["1", "2"]
    assert [entry["outputs"] for entry in lm.history] == [[said(a="1")], [said(a="2")]]
    inspect_history(2)
    assert capsys.readouterr().out.count("Response:") == 2


@pytest.mark.fault(21)
@pytest.mark.parametrize("base", [BaseLM, LM])
def test_a_model_may_leave_out_the_base_classs_constructor(base):
    class Client(base):
        def __init__(self, model, url):
            self.model, self.url, self.kwargs, self.history = model, url, {"temperature": 0.2}, []
            self.temperature = 0.2
            self.asked = []

        def __call__(self, prompt=None, messages=None, **kwargs):
            assert self.temperature == self.kwargs["temperature"]
            self.asked.append({**self.kwargs, **kwargs}["temperature"])
            return [said(a="x")]

    lm, rewards = Client(object(), "u"), iter([0, 0, 1])
    with context(lm=lm):
        assert BestOfN(Predict("q -> a"), 3, lambda args, pred: next(rewards), 1.0)(q="?").a == "x"
    assert lm.asked == [0.2, 0.5, 0.5 + 0.5 / 3]
    assert len(lm.history) == 3


@pytest.mark.fault(21)
def test_a_history_may_be_set_to_an_empty_list_and_equals_one():
    lm = Own()
    assert lm.history == []
    lm("x")
    assert (len(lm.history), lm.history == []) == (1, False)
    lm.history = []
    assert lm.history == []
    lm("y")
    assert [entry["prompt"] for entry in lm.history] == ["y"]


@pytest.mark.fault(26)
def test_the_response_in_the_history_is_shaped_as_openais():
    lm = Own("hello")
    lm("x")
    assert lm.history[-1]["response"].choices[0].message.content == "hello"


def test_a_cached_call_stands_in_the_history_without_tokens():
    with OpenAIServer(default="hi") as server:
        lm = LM("openai/tiny", api_base=server.url)
        lm("a question that nobody has asked before")
        lm("a question that nobody has asked before")
    assert [bool(entry["usage"]) for entry in lm.history] == [True, False]


@pytest.mark.fault(21)
def test_a_copy_may_be_another_model_and_set_what_a_subclass_has():
    class Tagged(Own):
        tag = "a"

    twin = Tagged().copy(model="other", tag="b", temperature=0.5, stop="x")
    assert (twin.model, twin.tag, Tagged().tag) == ("other", "b", "a")
    assert twin.kwargs == {"temperature": 0.5, "max_tokens": 1000, "stop": "x"}
    with OpenAIServer(default="hi") as server:
        lm = LM("openai/tiny", api_base=server.url, cache=False)
        lm.copy(model="openai/large")("q")
        assert server.requests[-1].json["model"] == "large"


@pytest.mark.fault(21)
def test_a_hook_of_dspys_models_that_is_never_called_is_refused():
    with pytest.raises(TypeError, match="override __call__ and acall instead"):

        class Mine(BaseLM):
            def _process_lm_response(self, response, prompt, messages, **kwargs):
                return ["never"]


@pytest.mark.fault(28)
@pytest.mark.parametrize("code", [400, 401, 403, 404, 408, 409, 422, 429, 500, 501, 502, 503, 504])
def test_an_error_is_what_litellm_itself_raises(code):
    litellm = engine.litellm().result()
    ask = {"model": "openai/tiny", "api_key": "sk-a", "messages": [{"role": "user", "content": "q"}]}
    with OpenAIServer() as server:
        server.script(status(code), status(code))
        with pytest.raises(Exception, match=r".") as theirs:
            litellm.completion(**ask, api_base=server.url, max_retries=0)
        with pytest.raises(LMError) as ours:
            LM("openai/tiny", api_base=server.url, api_key="sk-a", num_retries=0, cache=False)("q")
    assert isinstance(ours.value, type(theirs.value))
    assert str(pickle.loads(pickle.dumps(ours.value))) == str(ours.value)


def test_the_cache_is_configured_by_dspys_keywords():
    configure_cache(enable_disk_cache=False, enable_memory_cache=True, enable_litellm_cache=False)
    with pytest.raises(ValueError, match="litellm's own cache is not supported"):
        configure_cache(enable_litellm_cache=True)


# Adapters


class Wrapper(Adapter):
    """An adapter of `__call__` alone, around another one."""

    def __init__(self, inner):
        self.inner = inner

    def __call__(self, lm, lm_kwargs, signature, demos, inputs):
        self.demos = demos
        return self.inner(lm, lm_kwargs, signature, demos, {**inputs, "question": "wrapped"})


@pytest.mark.fault(22)
def test_an_adapter_may_be_made_of_its_call_alone():
    lm, adapter, predict = always(answer="a"), Wrapper(ChatAdapter()), Predict("question -> answer")
    predict.demos = [Example(question="x", answer="y")]
    with context(lm=lm, adapter=adapter):
        assert predict(question="q").answer == "a"
    assert "wrapped" in lm.calls[-1].messages[-1]["content"]
    assert adapter.demos[0].answer == "y"


@pytest.mark.fault(22)
def test_an_adapter_without_a_parse_says_so():
    with (
        context(lm=always(answer="a"), adapter=Adapter()),
        pytest.raises(NotImplementedError, match="Adapter has no"),
    ):
        Predict("question -> answer")(question="q")


@pytest.mark.fault(22)
@pytest.mark.parametrize("error", [ValueError("cannot"), KeyError("cannot")])
def test_whatever_a_users_parse_raises_the_reply_is_asked_for_as_json(error):
    class Strict(ChatAdapter):
        def parse(self, signature, completion):
            raise error

    lm = ScriptedLM([said(answer="a"), '{"answer": "b"}', said(answer="a"), "no JSON"])
    with context(lm=lm, adapter=Strict()):
        assert Predict("question -> answer")(question="q").answer == "b"
        with pytest.raises(type(error)) as raised:
            Predict("question -> answer")(question="q")
    assert raised.value is error


@pytest.mark.fault(22)
def test_a_function_in_the_place_of_an_adapter_is_refused_with_what_to_do():
    with pytest.raises(TypeError, match="not a value of type function; derive your own from Adapter"):
        context(adapter=lambda lm, lm_kwargs, signature, demos, inputs: [{"answer": "a"}])


# Settings


@pytest.mark.fault(25)
def test_settings_are_read_as_dspys_are():
    assert settings.get("no such setting") is None
    assert settings.get("no such setting", 5) == 5
    with context(num_threads=3):
        assert settings.copy()["num_threads"] == settings.config.num_threads == 3
    assert settings.copy().async_max_workers == 8
    with pytest.raises(AttributeError, match="there is no setting 'no_such'"):
        settings.copy().no_such  # noqa: B018
    with pytest.raises(AttributeError, match="there is no setting 'no_such'"):
        settings["no_such"]


@pytest.mark.fault(25)
def test_a_context_may_decorate_a_function_that_several_threads_call():
    inside = threading.Barrier(2)

    @context(num_threads=3)
    def decorated(found):
        inside.wait(10)
        found.append(settings.num_threads)
        inside.wait(10)

    found = []
    threads = [threading.Thread(target=decorated, args=(found,)) for _ in range(2)]
    for thread in threads:
        thread.start()
    finish(*threads)
    assert found == [3, 3]
    assert settings.num_threads == 8


# Examples, predictions and signatures


@pytest.mark.fault(5)
def test_names_values_and_items_of_an_example_are_lists():
    example = Example(a=1, b=2)
    assert (example.keys(), example.values(), example.items()) == (["a", "b"], [1, 2], [("a", 1), ("b", 2)])
    assert example.keys(include_dspy=True) == ["a", "b"]
    assert dict(example) == {**example} == {"a": 1, "b": 2}
    named = Example(keys="k", items="i")
    assert (dict(named), named.keys) == ({"keys": "k", "items": "i"}, "k")


@pytest.mark.fault(5)
def test_parts_of_an_example_are_of_its_class_and_a_missing_one_is_an_error():
    class Row(Example):
        def double(self):
            return 2 * self.a

    row = Row(a=1, b=2).with_inputs("a")
    assert (row.inputs().double(), type(row.labels()), type(row.without("b"))) == (2, Row, Row)
    with pytest.raises(KeyError, match="c"):
        row.without("c")


@pytest.mark.fault(5)
def test_a_prediction_is_no_number_beside_text():
    for beside in (lambda p: p + "5", lambda p: p < "5", lambda p: p / b"5"):
        with pytest.raises(TypeError, match="cannot be combined with"):
            beside(Prediction(score=0.5))


def test_completions_are_columns_of_lists_of_one_length():
    assert Prediction.from_completions([{"a": 1}, {"b": 2}]) == Prediction(a=1, b=2)
    assert dict(Prediction.from_completions([])) == {}
    with pytest.raises(ValueError, match="as many values"):
        Prediction.from_completions([{"a": 1, "b": 2}, {"a": 3}])
    with pytest.raises(TypeError, match="must be a list"):
        Completions({"a": "xy"})


def fields(signature):
    return [(name, field.description) for name, field in signature.fields.items()]


@pytest.mark.fault(23)
def test_a_field_that_is_added_again_keeps_its_place():
    old = Signature("a, b -> c, d")
    new = InputField(desc="new")
    assert fields(old.append("a", new)) == [("a", "new"), ("b", ""), ("c", ""), ("d", "")]
    assert fields(old.prepend("b", new)) == [("b", ""), ("a", ""), ("c", ""), ("d", "")]
    moved = old.append("a", OutputField(desc="new"))
    assert list(moved.input_fields) == ["b"]
    assert list(moved.output_fields) == ["a", "c", "d"]


@pytest.mark.fault(23)
def test_the_reasoning_comes_first_wherever_the_signature_has_it():
    signature = ChainOfThought("question -> answer, reasoning").predict.signature
    assert list(signature.output_fields) == ["reasoning", "answer"]
    with pytest.raises(SignatureError, match="the input 'reasoning' has the name of the output"):
        ChainOfThought("question, reasoning -> answer")


@pytest.mark.fault(23)
def test_a_field_that_would_be_changed_in_place_says_how_to_change_it():
    class Ask(Signature):
        question: str = InputField()
        answer: str = OutputField()

    extra = Ask.fields["answer"].json_schema_extra
    for change in (
        lambda: extra.update(desc="new"),
        lambda: extra.__setitem__("desc", "new"),
        lambda: extra.pop("desc"),
        lambda: setattr(Ask.fields["answer"], "annotation", int),
        lambda: setattr(Ask.fields["answer"], "json_schema_extra", {}),
    ):
        with pytest.raises((TypeError, AttributeError), match=r"S = S\.with_updated_fields\('answer', desc="):
            change()
    mine = copy.deepcopy(extra)
    mine["desc"] = "mine"
    assert json.loads(json.dumps({**extra}))["desc"] == "${answer}"


def test_a_signature_says_that_it_is_no_pydantic_model():
    with pytest.raises(AttributeError, match="not pydantic models here; see `fields`"):
        Signature("a -> b").model_fields  # noqa: B018


# Names

OF_DSPY = re.findall(
    r"\w+",
    """
Adapter Assert Audio AvatarOptimizer BaseLM BaseModule BestOfN BetterTogether BootstrapFewShot
BootstrapFewShotWithOptuna BootstrapFewShotWithRandomSearch BootstrapFinetune BootstrapRS COPRO ChainOfThought
ChainOfThoughtWithHint ChatAdapter CodeAct ColBERTv2 Completions DSPY_CACHE DummyLM Embedder Ensemble Evaluate Example
History Image InferRules InputField JSONAdapter KNN KNNFewShot LM LabeledFewShot MIPROv2 Module MultiChainComparison
OldField OldInputField OldOutputField OutputField Parallel Predict Prediction Program ProgramOfThought Provider
PythonInterpreter ReAct Refine Retrieve SIMBA Signature SignatureMeta Tool TrainingJob TwoStepAdapter adapters
assertions asyncify cache clients configure configure_cache configure_dspy_loggers context disable_litellm_logging
disable_logging dsp enable_litellm_logging enable_logging ensure_signature evaluate infer_prefix inspect_history load
majority make_signature predict primitives propose retrieve retrievers settings signatures streamify streaming
teleprompt track_usage utils AdapterParseError CodeInterpreter ContextWindowExceededError DSPyError File Flex GEPA
LMAuthError LMRateLimitError LocalInterpreter RLM ReActV2 Reasoning ToolCallResults Type XMLAdapter bootstrap_trace_data
syncify
""",
)


@pytest.mark.fault(30)
@pytest.mark.parametrize("name", OF_DSPY)
def test_every_name_of_dspys_is_here_or_points_to_the_table(name):
    try:
        getattr(refine_core, name)
    except AttributeError as absent:
        assert str(absent).endswith("see docs/dspy.md")
