"""What users of dspy override: models' `forward` and `__call__`, adapters' `__call__` and hooks, a signature's docstring."""

import asyncio
from types import SimpleNamespace as Record

import pytest

from refine_core import (
    LM,
    Adapter,
    BaseLM,
    ChatAdapter,
    Collector,
    InputField,
    JSONAdapter,
    OutputField,
    Predict,
    Refine,
    Scope,
    ScriptedLM,
    Signature,
    context,
    events,
    track_usage,
    use_scope,
)
from tests.openai_server import OpenAIServer
from tests.prompts import reply


def openai_shaped(*texts, usage=None, model="theirs"):
    """A response as OpenAI's client returns it."""
    choices = [Record(message=Record(content=text), finish_reason="stop") for text in texts]
    return Record(choices=choices, usage=usage or {}, model=model)


class Own(BaseLM):
    """A model of the user's own, as dspy's documentation shows one."""

    def __init__(self, *texts, **how):
        super().__init__("own", **how)
        self.texts, self.asked = list(texts), []

    def forward(self, prompt=None, messages=None, **kwargs):
        self.asked.append({"prompt": prompt, "messages": messages, "kwargs": kwargs})
        return openai_shaped(self.texts.pop(0), usage={"prompt_tokens": 3, "completion_tokens": 4})


def answer_of(program, *, through_acall=False, **inputs):
    return asyncio.run(program.acall(**inputs)) if through_acall else program(**inputs)


@pytest.mark.fault(26)
@pytest.mark.parametrize("through_acall", [False, True])
def test_a_forward_that_returns_openais_shape_answers(through_acall):
    lm, log = Own(reply(answer="x")), Collector()
    with context(lm=lm), use_scope(Scope(sinks=(log,))), track_usage() as tracker:
        assert answer_of(Predict("q -> answer"), through_acall=through_acall, q="?").answer == "x"
    assert tracker.get_total_tokens()["own"]["total_tokens"] == 7
    assert lm.history[-1]["outputs"] == [reply(answer="x")]
    replied = next(e for e in log.events if isinstance(e, events.LMReplied))
    assert (replied.prompt_tokens, replied.served_by) == (3, "theirs")
    assert lm.asked[0]["prompt"] is None
    assert lm.asked[0]["kwargs"] == {}


@pytest.mark.fault(26)
def test_a_forward_may_return_a_dict_and_is_asked_by_prompt_too():
    class Dicts(BaseLM):
        def forward(self, prompt=None, messages=None, **kwargs):
            return {"choices": [{"message": {"content": f"said {prompt}"}}], "usage": None, "model": None}

    assert Dicts("d")("hello") == ["said hello"]


@pytest.mark.fault(26)
def test_a_forward_that_returns_no_reply_is_named():
    class Odd(BaseLM):
        def forward(self, prompt=None, messages=None, **kwargs):
            return 7

    with pytest.raises(TypeError, match=r"Odd\.forward must return a reply as OpenAI shapes it"):
        Odd("o")("hello")


@pytest.mark.fault(26)
def test_the_base_models_constructor_is_dspys():
    class Positional(BaseLM):
        def __init__(self):
            super().__init__("m", "chat", 0.0, 1000, True)

    made = Positional()
    assert (made.model, made.model_type, made.kwargs) == (
        "m",
        "chat",
        {"temperature": 0.0, "max_tokens": 1000},
    )


@pytest.mark.fault(21)
@pytest.mark.parametrize("through_acall", [False, True])
@pytest.mark.parametrize("method", ["__call__", "forward", "acall", "aforward"])
def test_an_lm_subclass_is_asked_through_what_it_overrides(method, through_acall):
    async def later(self, prompt=None, messages=None, **kwargs):
        return now(self, prompt, messages, **kwargs)

    def now(self, prompt=None, messages=None, **kwargs):
        seen.append(messages[-1]["role"])
        text = reply(answer="mine")
        return [text] if "call" in method else openai_shaped(text)

    seen = []
    made = type("Mine", (LM,), {method: later if method.startswith("a") else now})
    with OpenAIServer() as server:
        with context(lm=made("openai/m", api_base=server.url, api_key="k")):
            assert answer_of(Predict("q -> answer"), through_acall=through_acall, q="?").answer == "mine"
        assert server.requests == []
    assert seen == ["user"]


@pytest.mark.fault(21)
@pytest.mark.parametrize("through_acall", [False, True])
def test_an_override_that_asks_the_server_tells_what_it_cost_once(through_acall):
    class Louder(LM):
        def __call__(self, prompt=None, messages=None, **kwargs):
            shouted = [*messages[:-1], {"role": "user", "content": messages[-1]["content"].upper()}]
            return super().__call__(messages=shouted, **kwargs)

        def forward(self, prompt=None, messages=None, **kwargs):
            response = super().forward(prompt, messages, **kwargs)
            response.choices[0].message.content = response.choices[0].message.content.replace("x", "y")
            return response

    log = Collector()
    with OpenAIServer(default=reply(answer="x")) as server:
        with context(lm=Louder("openai/m", api_base=server.url, api_key="k")), use_scope(Scope(sinks=(log,))):
            made = answer_of(Predict("q -> answer"), through_acall=through_acall, q="why")
        assert "WHY" in server.requests[0].json["messages"][-1]["content"]
    assert made.answer == "y"
    replied = [e for e in log.events if isinstance(e, events.LMReplied)]
    assert len(replied) == 1
    assert replied[0].prompt_tokens


@pytest.mark.fault(21)
def test_a_router_that_asks_other_models_pays_each_once():
    class Router(BaseLM):
        def __call__(self, prompt=None, messages=None, **kwargs):
            return inner(messages=messages)

    inner, log = Own(reply(answer="x")), Collector()
    with context(lm=Router("r")), use_scope(Scope(sinks=(log,))):
        assert Predict("q -> answer")(q="?").answer == "x"
    spent = [e.prompt_tokens for e in log.events if isinstance(e, events.LMReplied)]
    assert sorted(spent) == [0, 3]


@pytest.mark.fault(21)
def test_refine_tempers_a_model_that_overrides_call():
    temperatures = []

    class Spy(BaseLM):
        def __call__(self, prompt=None, messages=None, **kwargs):
            temperatures.append(self.kwargs["temperature"])
            advising = "advice" in messages[-1]["content"]
            return [reply(discussion="d", advice={"self": "h"}) if advising else reply(answer="x")]

    with context(lm=Spy("s")):
        Refine(Predict("q -> answer"), N=2, reward_fn=lambda a, p: 0.0, threshold=1.0)(q="?")
    assert temperatures == [0.0, 0.0, 0.5]


@pytest.mark.fault(22)
@pytest.mark.parametrize("through_acall", [False, True])
def test_an_adapters_own_call_is_asked_and_may_change_everything(through_acall):
    class Wrapper(ChatAdapter):
        def __call__(self, lm, lm_kwargs, signature, demos, inputs):
            inputs["extra"] = "from the wrapper"
            signature = signature.append("extra", InputField())
            return super().__call__(lm, {**lm_kwargs, "top_p": 0.5}, signature, demos, inputs)

    lm, log = ScriptedLM([reply(answer="x")]), Collector()
    with context(lm=lm, adapter=Wrapper()), use_scope(Scope(sinks=(log,))):
        assert answer_of(Predict("q -> answer"), through_acall=through_acall, q="?").answer == "x"
    assert "[[ ## extra ## ]]\nfrom the wrapper" in lm.calls[0].messages[-1]["content"]
    assert lm.calls[0].params["top_p"] == 0.5
    asked = [span.path for span, e in log.facts if isinstance(e, events.LMRequested)]
    assert asked == ["predict/lm"]


@pytest.mark.fault(22)
@pytest.mark.parametrize("kind", [ChatAdapter, JSONAdapter])
def test_adapters_may_be_called_by_hand(kind):
    lm = ScriptedLM([{"answer": "Paris"}, {"answer": "Paris"}])
    made = Signature("question -> answer")
    assert kind()(lm, {}, made, [], {"question": "?"}) == [{"answer": "Paris"}]
    assert asyncio.run(kind().acall(lm, {}, made, [], {"question": "?"})) == [{"answer": "Paris"}]


HOOKS = [
    "format_field_description",
    "format_field_structure",
    "format_task_description",
    "format_user_message_content",
    "format_assistant_message_content",
    "user_message_output_requirements",
    "format_demos",
]


@pytest.mark.fault(22)
@pytest.mark.parametrize("kind", [ChatAdapter, JSONAdapter])
@pytest.mark.parametrize("hook", HOOKS)
def test_every_hook_of_2_6_23_reaches_the_prompt(hook, kind):
    def mine(self, *args, **kwargs):
        if hook == "format_demos":
            return [{"role": "user", "content": "MINE"}]
        return "MINE"

    adapter = type("Mine", (kind,), {hook: mine})()
    messages = adapter.format(Signature("q -> a"), [{"q": "1", "a": "2"}], {"q": "?"})
    assert "MINE" in str(messages)


@pytest.mark.fault(22)
def test_an_adapter_may_be_made_of_hooks_alone():
    class Plain(Adapter):
        def format_field_description(self, signature):
            return "fields"

        def format_field_structure(self, signature):
            return "structure"

        def format_task_description(self, signature):
            return signature.instructions

        def format_user_message_content(self, signature, inputs, prefix="", suffix="", main_request=False):
            return f"{prefix}{inputs}{suffix}"

        def parse(self, signature, completion):
            return {"a": completion}

    lm = ScriptedLM(["42"])
    with context(lm=lm, adapter=Plain()):
        assert Predict(Signature("q -> a", "Do."))(q="?").a == "42"
    assert lm.calls[0].messages[0]["content"] == "fields\nstructure\nDo."


@pytest.mark.fault(22)
@pytest.mark.parametrize(
    "hook", ["format_field_with_value", "format_conversation_history", "_call_postprocess"]
)
def test_a_hook_that_would_never_be_called_is_refused_at_once(hook):
    with pytest.raises(TypeError, match=f"Mine.{hook} would never be called here; override "):
        type("Mine", (ChatAdapter,), {hook: lambda self: None})


@pytest.mark.fault(23)
@pytest.mark.parametrize("adapter", [ChatAdapter(), JSONAdapter()])
@pytest.mark.parametrize("hint", [False, True])
def test_instructions_set_after_the_class_reach_the_prompt(adapter, hint):
    class Ask(Signature):
        """Old."""

        q: str = InputField()
        answer: str = OutputField()

    def say(messages, params):
        if "advice" in messages[-1]["content"]:
            return {"discussion": "d", "advice": {"self": "h"}}
        return {"answer": "x"}

    seen = []
    program = Refine(Predict(Ask), N=2 if hint else 1, reward_fn=lambda a, p: 0.0, threshold=1.0)
    for change in (
        lambda: None,
        lambda: setattr(Ask, "__doc__", "New."),
        lambda: setattr(Ask, "instructions", "Newer."),
    ):
        change()
        lm = ScriptedLM(say)
        with context(lm=lm, adapter=adapter):
            program(q="?")
        seen.append(
            [word for word in ("Old.", "New.", "Newer.") if all(word in str(c.messages) for c in lm.calls)]
        )
    assert seen == [["Old."], ["New."], ["Newer."]]
    assert (Ask.instructions, Ask.__doc__) == ("Newer.", "Newer.")


@pytest.mark.fault(24)
@pytest.mark.parametrize("through_acall", [False, True])
@pytest.mark.parametrize("place", ["model", "copy", "call", "config", "own forward"])
def test_log_probabilities_are_refused_and_not_dropped_in_silence(place, through_acall):
    """2.6.23 returns them beside the text; here a reply is its text."""
    with OpenAIServer(default=reply(answer="x")) as server:
        wish = {"logprobs": True}
        lm = LM("openai/m", api_base=server.url, api_key="k", **(wish if place == "model" else {}))
        lm = Own(reply(answer="x"), **wish) if place == "own forward" else lm
        lm = lm.copy(**wish) if place == "copy" else lm
        program = Predict("q -> answer", **(wish if place == "config" else {}))
        config = wish if place == "call" else {}
        with context(lm=lm), pytest.raises(TypeError, match="leave out `logprobs`"):
            answer_of(program, through_acall=through_acall, q="?", config=config)
        with pytest.raises(TypeError, match="leave out `logprobs`"):
            lm("hi", **wish)
        assert server.requests == []


@pytest.mark.fault(24)
@pytest.mark.parametrize("through_acall", [False, True])
def test_n_replies_become_completions(through_acall):
    lm = ScriptedLM([{"answer": "1"}, {"answer": "2"}, {"answer": "3"}])
    with context(lm=lm):
        made = answer_of(Predict("q -> answer", n=3), through_acall=through_acall, q="?")
    assert made.answer == "1"
    assert made.completions.answer == ["1", "2", "3"]
    assert lm.calls[0].params["temperature"] == 0.7
    assert lm.history[-1]["outputs"] == [reply(answer=n) for n in "123"]


@pytest.mark.fault(24)
def test_a_number_of_replies_that_is_none_is_refused():
    with pytest.raises(ValueError, match="n must be a whole number of replies"):
        ScriptedLM(["x"])("q", n="three")


@pytest.mark.fault(24)
def test_a_server_that_gives_one_reply_at_a_time_is_asked_again():
    with OpenAIServer(default="one") as server:
        texts = LM("openai/m", api_base=server.url, api_key="k", cache=False)("q", n=3)
    assert texts == ["one", "one", "one"]
    assert [request.json["n"] for request in server.requests] == [3, 2, 1]
