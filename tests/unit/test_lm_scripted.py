"""ScriptedLM, and what every model shares."""

from __future__ import annotations

import copy
import pickle
from concurrent.futures import ThreadPoolExecutor

import pytest

from refine_core.concurrency.cancellation import Cancel
from refine_core.errors import LMError, LMRateLimitError, RunCancelled
from refine_core.lm import Reply, ScriptedLM, Usage

ASK = [{"role": "user", "content": "why?"}]


def test_replies_come_in_the_order_of_the_script():
    lm = ScriptedLM(["one", "two"])
    assert [lm.complete(ASK, {}).text, lm.complete(ASK, {}).text] == ["one", "two"]


def test_a_function_answers_from_messages_and_params():
    lm = ScriptedLM(lambda messages, params: f"{messages[-1]['content']} at {params['temperature']}")
    assert lm.complete(ASK, {"temperature": 0.5}).text == "why? at 0.5"


def test_an_exception_in_the_script_is_raised():
    lm = ScriptedLM([LMRateLimitError("slow down"), "then this"])
    with pytest.raises(LMRateLimitError, match="slow down"):
        lm.complete(ASK, {})
    assert lm.complete(ASK, {}).text == "then this"


def test_a_whole_reply_in_the_script_is_returned_as_it_is():
    reply = Reply("hi", Usage(3, 1), model="m", cost_usd=0.5)
    assert ScriptedLM([reply]).complete(ASK, {}) is reply


def test_a_text_of_ones_own_kind_is_a_reply():
    class Text(str):
        __slots__ = ()

    assert ScriptedLM([Text("hi")]).complete(ASK, {}).text == "hi"


@pytest.mark.parametrize("made", [ScriptedLM(["one", "two"]), ScriptedLM(["one", "two"]).copy()])
def test_a_pickle_has_what_is_left_of_the_script_and_no_calls(made):
    made("why?")
    twin = pickle.loads(pickle.dumps(made))
    assert twin.calls == []
    assert (twin("why?"), len(twin.calls)) == (["two"], 1)
    assert (len(made.calls), made("why?")) == (1, ["two"])


def test_a_used_up_script_says_how_long_it_was_and_what_was_asked():
    lm = ScriptedLM(["one"])
    lm.complete(ASK, {})
    for _ in range(2):
        with pytest.raises(LMError, match=r"script of 1 replies is used up.*'why\?'"):
            lm.complete(ASK, {})


def test_unknown_usage_is_none_and_not_zero():
    reply = ScriptedLM(["one"]).complete(ASK, {})
    assert (reply.usage, reply.cost_usd) == (Usage(None, None), None)


def test_calls_are_kept_as_they_were_when_asked():
    lm, message, params = ScriptedLM(["one"]), dict(ASK[0]), {"temperature": 0.0}
    lm.complete([message], params)
    message["content"], params["temperature"] = "changed", 1.0
    assert lm.calls == [((ASK[0],), {"temperature": 0.0})]


@pytest.mark.parametrize("twin_of", [ScriptedLM.copy, copy.copy, copy.deepcopy])
def test_copies_share_script_and_calls(twin_of):
    lm = ScriptedLM(["one", "two"])
    twin = twin_of(lm)
    assert [twin("a"), lm("b")] == [["one"], ["two"]]
    assert len(lm.calls) == len(twin.calls) == 2


def test_a_copy_has_its_own_parameters():
    lm = ScriptedLM([])
    assert lm.copy(temperature=0.7).kwargs == {"temperature": 0.7}
    assert lm.kwargs == {"temperature": 0.0}


def test_threads_get_each_reply_once_and_calls_say_which():
    script = [str(number) for number in range(200)]
    lm = ScriptedLM(script)
    with ThreadPoolExecutor(8) as pool:
        said = list(pool.map(lambda ask: (lm(ask)[0], ask), script))
    assert sorted(text for text, _ in said) == sorted(script)
    assert {lm.calls[int(text)].messages[0]["content"] for text, _ in said} == set(script)
    assert all(lm.calls[int(text)].messages[0]["content"] == ask for text, ask in said)


def test_a_cancelled_call_leaves_the_script_alone():
    lm, cancel = ScriptedLM(["one"]), Cancel()
    cancel.set()
    with pytest.raises(RunCancelled):
        lm.complete(ASK, {}, cancel=cancel)
    assert lm.complete(ASK, {}).text == "one"


def test_calling_it_as_dspy_does_merges_defaults_and_returns_a_list():
    lm = ScriptedLM(["one", "two"])
    assert lm("why?", max_tokens=5) == ["one"]
    assert lm(messages=ASK) == ["two"]
    assert lm.calls[0] == ((ASK[0],), {"temperature": 0.0, "max_tokens": 5})


def test_asking_nothing_is_an_error():
    with pytest.raises(ValueError, match="give a prompt or messages"):
        ScriptedLM(["one"])()


def test_state_and_repr_name_model_and_parameters():
    lm = ScriptedLM([], temperature=0.5)
    assert lm.dump_state() == {"model": "scripted", "temperature": 0.5}
    assert repr(lm) == "ScriptedLM('scripted', temperature=0.5)"
