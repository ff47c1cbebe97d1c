"""The last calls, kept for people to look at."""

from __future__ import annotations

import copy
import io
import pickle
import threading
import tracemalloc

import pytest

from refine_core import settings
from refine_core.errors import LMError
from refine_core.lm import LM, History, Reply, ScriptedLM, Usage, inspect_history
from refine_core.lm.history import MAX_CALLS, format_entries
from refine_core.lm.recent_calls import record_call
from refine_core.lm.responses import to_response
from refine_core.lm.shared import shared
from tests.threads import finish

CANARY = "canary-27aa-of-any-shape"


@pytest.fixture(autouse=True)
def _empty_history():
    shared.history.clear()


def said(*replies):
    return ScriptedLM(list(replies))


def test_an_entry_says_all_about_its_call():
    lm = said(Reply("Because.", Usage(3, 2), model="served", cost_usd=0.5))
    lm("why?", temperature=0.7)
    (entry,) = lm.history
    assert len(entry.pop("uuid")) == 36
    assert entry.pop("timestamp")[:2] == "20"
    assert entry == {
        "prompt": "why?",
        "messages": [{"role": "user", "content": "why?"}],
        "kwargs": {"temperature": 0.7},
        "response": to_response(Reply("Because.", Usage(3, 2), model="served", cost_usd=0.5)),
        "outputs": ["Because."],
        "usage": {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5},
        "cost": 0.5,
        "cache_hit": False,
        "model": "scripted",
        "response_model": "served",
        "model_type": "chat",
    }


def test_an_entry_stays_the_same_whatever_is_done_to_what_was_read():
    lm = said("one")
    lm("a")
    lm.history[0]["outputs"].append("changed")
    lm.history[0]["messages"][0]["content"] = "changed"
    assert lm.history[0] == lm.history[-1] == lm.history[:][0]
    assert lm.history[0]["outputs"] == ["one"]
    assert lm.history[0]["messages"][0]["content"] == "a"


def test_a_models_history_has_the_calls_of_its_copies():
    lm = said("one", "two", "three")
    for twin in (lm.copy(temperature=0.5), copy.deepcopy(lm), copy.copy(lm)):
        twin("hi")
    assert [entry["outputs"] for entry in lm.history] == [["one"], ["two"], ["three"]]


def test_the_history_of_all_has_the_calls_of_every_model():
    said("one")("a")
    said("two")("b")
    assert [entry["prompt"] for entry in shared.history] == ["a", "b"]


def test_a_failed_call_leaves_no_entry():
    lm = said(LMError("no"))
    with pytest.raises(LMError):
        lm("hi")
    assert len(lm.history) == len(shared.history) == 0


def test_it_can_be_turned_off():
    lm = said("one", "two")
    with settings.context(disable_history=True):
        lm("a")
    lm("b")
    assert [entry["prompt"] for entry in lm.history] == ["b"]


def test_it_is_bounded_and_its_memory_is_flat():
    lm = ScriptedLM(lambda messages, params: "x" * 1000)

    def ask_often():
        for number in range(MAX_CALLS):
            lm(str(number) * 1000)
        lm.calls.clear()

    ask_often()
    tracemalloc.start()
    ask_often()
    before, _ = tracemalloc.get_traced_memory()
    ask_often()
    after, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(lm.history) == len(shared.history) == MAX_CALLS
    assert after - before < 100_000


def test_nothing_secret_is_kept():
    """Not even where only a debugger would look."""
    lm = said("one")
    lm("hi", api_key=CANARY, my_token=CANARY, temperature=0.5)
    assert lm.history[0]["kwargs"] == {"temperature": 0.5}
    assert CANARY not in repr([lm.history[:], shared.history[:], lm.history._calls[0].kwargs])


def test_a_pickled_model_takes_no_history_along():
    lm = LM("tiny")
    record_call(lm.history, lm.model, [], {}, Reply("a private reply"))
    assert len(lm.history) == 1
    data = pickle.dumps(lm)
    assert b"a private reply" not in data
    assert len(pickle.loads(data).history) == 0


def _call(text):
    lm = said(text)
    lm("hi")
    return lm.history._calls[0]


def test_it_may_be_read_while_others_write():
    history, lm = History(), ScriptedLM(lambda messages, params: "x")
    lm.history = history
    stop = threading.Event()

    def write():
        while not stop.is_set():
            lm("hi")

    threads = [threading.Thread(target=write) for _ in range(2)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(200):
            assert all(entry["outputs"] == ["x"] for entry in history[-5:])
    finally:
        stop.set()
        finish(*threads)


# What people see


def test_inspecting_prints_the_last_calls_and_only_then_is_anything_printed(capsys):
    lm = said("one", "two", "three")
    for prompt in "abc":
        lm(messages=[{"role": "system", "content": "Be brief."}, {"role": "user", "content": prompt}])
    assert capsys.readouterr() == ("", "")
    inspect_history(2)
    shown = capsys.readouterr().out
    assert "\x1b" not in shown, "no colours where there is no terminal"
    assert "one" not in shown
    heads = ["System message:", "User message:", "Response:"]
    assert [line for line in shown.splitlines() if line in heads] == heads * 2
    lm.inspect_history()
    assert capsys.readouterr().out.count("Response:") == 1
    lm.inspect_history(0)
    assert capsys.readouterr().out == ""


def test_it_can_be_written_elsewhere():
    said("one")("a")
    file = io.StringIO()
    inspect_history(5, file=file)
    assert "Response:\n\none\n" in file.getvalue()


def test_a_terminal_gets_colours():
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    said("one")("a")
    file = Terminal()
    inspect_history(file=file)
    assert "\x1b[32mone\x1b[0m" in file.getvalue()


def test_text_tells_a_known_reply_from_a_new_one():
    said(Reply("one", cache_hit=True))("a")
    assert "scripted, from the cache" in format_entries(shared.history)
