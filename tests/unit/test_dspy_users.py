"""What users of dspy catch, set and look up: errors, settings, attributes and names."""

import asyncio
import inspect
import json
import pickle
import re
import typing

import pytest

import refine_core
from refine_core import (
    LM,
    BaseCallback,
    BestOfN,
    ChainOfThought,
    LMError,
    Module,
    OutputField,
    Predict,
    Prediction,
    Refine,
    ScriptedLM,
    Signature,
    configure,
    context,
    settings,
)
from refine_core.callbacks import with_callbacks
from refine_core.lm.engine import engine
from tests.openai_server import Answer, OpenAIServer, status

CANARY = "sk-canary-0123456789"


def ask(server, **how):
    return LM("openai/tiny", api_base=server.url, api_key=CANARY, num_retries=0, cache=False, **how)("q")


FAULTS = [
    (status(429), "RateLimitError"),
    (status(401), "AuthenticationError"),
    (status(404), "NotFoundError"),
    (status(400), "BadRequestError"),
    (status(503), "ServiceUnavailableError"),
    (status(400, "This model's maximum context length is 10 tokens"), "ContextWindowExceededError"),
    (Answer(hang_s=30), "Timeout"),
]


@pytest.mark.fault(28)
@pytest.mark.parametrize(("behaviour", "theirs"), FAULTS, ids=[name for _, name in FAULTS])
def test_a_handler_of_litellms_exceptions_fires_and_finds_no_key(behaviour, theirs):
    litellm = engine.litellm().result()
    with OpenAIServer() as server:
        server.script(behaviour)
        with pytest.raises(getattr(litellm, theirs)) as caught:
            ask(server, timeout_s=0.5 if theirs == "Timeout" else 10)
    error = caught.value
    assert isinstance(error, LMError)
    assert str(error).startswith("The ")
    shown = [str(error), repr(error), repr(vars(error)), pickle.dumps(error).decode("latin-1")]
    assert not any(CANARY in text for text in shown)
    back = pickle.loads(pickle.dumps(error))
    assert isinstance(back, LMError)
    assert (str(back), back.model) == (str(error), "openai/tiny")
    assert re.match(r"LM\w+Error\(", repr(error))


@pytest.mark.fault(28)
@pytest.mark.parametrize("text", ["", "a", "a ->", "-> -> b", "a: Nonsense -> b"])
def test_a_signature_that_does_not_parse_is_a_value_error(text):
    with pytest.raises(ValueError, match=r"."):
        Signature(text)


@pytest.mark.fault(28)
def test_a_reply_that_does_not_parse_and_a_positional_input_are_value_errors():
    with context(lm=ScriptedLM(["nonsense"] * 2)):
        with pytest.raises(ValueError, match="no field 'a'"):
            Predict("q -> a")(q="?")
        with pytest.raises(ValueError, match="takes its inputs by keyword"):
            Predict("q -> a")("?")


@pytest.mark.fault(28)
def test_saving_raises_what_dspy_raises(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(NotADirectoryError):
        Predict("q -> a").save(tmp_path / "file", save_program=True)
    odd = Predict("q -> a")
    odd.demos = [{"q": object(), "a": "x"}]
    with pytest.raises(RuntimeError):
        odd.save(tmp_path / "state.json")
    with pytest.raises(KeyError):
        ChainOfThought("q -> a").load_state({})


@pytest.mark.fault(28)
def test_an_extra_name_in_a_state_is_left_alone_and_told(tmp_path, caplog):
    program = ChainOfThought(Signature("q -> a", "Saved."))
    state = {**program.dump_state(), "more": {}}
    (tmp_path / "state.json").write_text(json.dumps(state))
    other = ChainOfThought("q -> a")
    other.load(tmp_path / "state.json")
    assert other.predict.signature.instructions == "Saved."
    assert "'more', which this program does not have" in caplog.text


OF_2_6_23 = {
    "rm": None,
    "branch_idx": 0,
    "bypass_assert": False,
    "bypass_suggest": False,
    "assert_failures": 0,
    "suggest_failures": 0,
    "experimental": False,
    "backoff_time": 10,
    "async_max_workers": 8,
    "send_stream": None,
    "caller_predict": None,
    "stream_listeners": [],
}


@pytest.mark.fault(25)
def test_the_settings_of_2_6_23_are_taken_without_a_word(caplog):
    configure(**OF_2_6_23, inherit_config=False)
    assert settings.async_max_workers == 8
    assert caplog.text == ""


@pytest.mark.fault(25)
@pytest.mark.parametrize(
    "changed",
    [
        {"experimental": True},
        {"rm": print},
        {"max_tokens": 5},
        {"temperature": 0.5},
        {"async_max_workers": 2},
    ],
)
def test_a_setting_that_would_change_nothing_is_warned_of(changed, caplog):
    with context(**changed):
        assert getattr(settings, next(iter(changed))) == next(iter(changed.values()))
    assert "has no effect: " in caplog.text


@pytest.mark.fault(25)
def test_a_setting_that_nobody_knows_is_refused_with_the_nearest():
    with pytest.raises(TypeError, match="did you mean 'num_threads'"):
        configure(num_thread=3)


@pytest.mark.fault(27)
def test_the_trace_of_who_has_set_none_is_a_list_that_does_not_grow_for_ever():
    assert isinstance(settings.trace, list)
    settings.trace.clear()
    assert settings.trace == []
    with context(lm=ScriptedLM(lambda messages, params: {"a": "x"})):
        Predict("q -> a")(q="?")
    assert [inputs for _, inputs, _ in settings.trace] == [{"q": "?"}]
    settings.trace.extend(range(5000))
    assert len(settings.trace) == 1000


@pytest.mark.fault(27)
@pytest.mark.parametrize("kind", [Refine, BestOfN])
def test_a_refiner_has_the_attributes_that_2_6_23_sets(kind):
    def one_word(args, pred):
        return 1.0

    class Program(Module):
        def forward(self, q):
            return None

    made = kind(Program(), 3, one_word, 1.0)
    assert (made.N, made.threshold, made.fail_count) == (3, 1.0, 3)
    assert "class Program(Module)" in made.module_code
    assert "def one_word(args, pred)" in made.reward_fn_code
    assert kind(Program(), 3, one_word, 1.0, fail_count=1).fail_count == 1


class Heard(BaseCallback):
    """Keeps what it is told of modules."""

    def __init__(self):
        self.calls = []

    def on_module_start(self, call_id, instance, inputs):
        self.calls.append(inputs)

    def on_module_end(self, call_id, outputs, exception=None):
        self.calls.append(exception or outputs)


def test_a_method_of_the_users_own_may_be_watched():
    class Target(Module):
        @with_callbacks
        def add(self, x, y=1):
            return x + y

        @with_callbacks
        async def later(self, x):
            raise ValueError(x)

    heard = Heard()
    with context(callbacks=[heard]):
        assert Target().add(1, y=2) == 3
        with pytest.raises(ValueError, match="7"):
            asyncio.run(Target().later(7))
    assert heard.calls[:3] == [{"x": 1, "y": 2}, 3, {"x": 7}]
    assert isinstance(heard.calls[3], ValueError)


def test_bounds_are_told_as_dspy_tells_them():
    made = OutputField(min_length=5, multiple_of=2).json_schema_extra["constraints"]
    assert made == "minimum length: 5, a multiple of the given number: 2"


@pytest.mark.fault(29)
@pytest.mark.filterwarnings("ignore:.* is deprecated; use")
def test_every_public_name_is_listed_at_once_and_is_there():
    assert set(refine_core.__all__) <= set(dir(refine_core))
    assert all(hasattr(refine_core, name) for name in refine_core.__all__)


@pytest.mark.fault(29)
def test_help_explains_every_parameter_of_refine():
    told = inspect.getdoc(Refine)
    for name in inspect.signature(Refine.__init__).parameters:
        assert name == "self" or re.search(rf"\b{name}\b", told), name


@pytest.mark.fault(29)
def test_a_forgotten_configure_says_how_to_set_a_model():
    with context(lm=None), pytest.raises(LMError, match=r"^No model is set\. Call configure\(lm=LM\("):
        Refine(Predict("q -> a"), 2, lambda a, p: 0.0, 1.0)(q="?")


@pytest.mark.fault(29)
def test_history_says_that_it_is_no_conversation():
    assert inspect.getdoc(refine_core.History).startswith("The call log of a model, and no conversation")


@pytest.mark.fault(30)
@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("ReAct", "agents and tools are out of scope"),
        ("Image", "images, audio and files are out of scope"),
        ("MIPROv2", "optimisers are out of scope"),
        ("Retrieve", "retrieval is out of scope"),
        ("Evaluate", "evaluation is out of scope"),
    ],
)
def test_a_name_of_dspys_that_is_absent_points_to_the_table(name, why):
    with pytest.raises(AttributeError, match=rf"refine_core has no '{name}': {why}.*see docs/dspy\.md"):
        getattr(refine_core, name)


@pytest.mark.fault(30)
def test_a_misspelt_name_is_told_the_nearest():
    with pytest.raises(AttributeError, match="did you mean 'Predict'"):
        refine_core.Predct  # noqa: B018


@pytest.mark.fault(29)
@pytest.mark.parametrize("kind", [Refine, BestOfN, Predict, ChainOfThought])
def test_calls_are_typed_as_predictions(kind):
    for method in (kind.__call__, kind.acall):
        assert typing.get_type_hints(method)["return"] is Prediction
