"""Identical calls are cached, and say so."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from dataclasses import replace

import pytest

from refine_core.concurrency.cancellation import Cancel
from refine_core.concurrency.flows import run
from refine_core.connect import connect
from refine_core.errors import LMError, LMRefusedError, RunCancelled, StoreError
from refine_core.events import LMReplied
from refine_core.lm import LM, BaseLM, Reply, ScriptedLM, Usage, configure_cache, warm
from refine_core.lm.ask import ask
from refine_core.lm.cache import Cache, cache_key
from refine_core.lm.disk_cache import FILE
from refine_core.lm.shared import shared
from refine_core.log.scope import Collector, Scope
from refine_core.spec import ModelSpec
from tests.openai_server import Answer, OpenAIServer, status
from tests.threads import finish

CANARY = "canary-91bb-of-any-shape"


@pytest.fixture(autouse=True)
def _empty_cache():
    configure_cache()
    yield
    configure_cache()


@pytest.fixture(scope="module", autouse=True)
def _litellm_is_imported_once():
    warm()
    with OpenAIServer() as server:
        assert LM("tiny", api_base=server.url, timeout_s=60.0)("hi") == ["hello"]


@pytest.fixture
def server():
    with OpenAIServer(counting()) as alive:
        yield alive


def counting():
    """Replies that differ, so that a known one is told from a new one."""
    numbers = iter(range(10**6))
    return lambda body: f"reply {next(numbers)}"


def lm_of(server, **settings):
    return LM("tiny", **{"api_base": server.url, "num_retries": 0, **settings})


class Counting(BaseLM):
    """A model of one's own that may be cached."""

    cache = True

    def __init__(self, **kwargs):
        super().__init__("counting", **kwargs)
        self.count = 0

    def complete(self, messages, params, *, cancel=None, on_retry=None):
        self.count += 1
        return Reply(f"reply {self.count}", Usage(3, 2), cost_usd=0.5)


def reply(lm, **params):
    return run(ask(lm, [{"role": "user", "content": "why?"}], params, purpose="predict", scope=Scope()))


# Over HTTP


def test_an_identical_call_is_sent_once(server):
    assert lm_of(server)("hi") == lm_of(server)("hi") == ["reply 0"]
    assert asyncio.run(lm_of(server).acall("hi")) == ["reply 0"]
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "other",
    [
        {"temperature": 0.5},
        {"max_tokens": 9},
        {"rollout_id": 1},
        {"stop": ["x"]},
        {"messages": [{"role": "user", "content": "ho"}]},
    ],
)
def test_another_parameter_or_message_is_another_call(server, other):
    lm = lm_of(server)
    lm("hi")
    assert lm(**{"prompt": "hi", **other}) == ["reply 1"]


def test_another_model_or_server_is_another_call(server):
    lm_of(server)("hi")
    assert LM("small", api_base=server.url)("hi") == ["reply 1"]
    with OpenAIServer("elsewhere") as other:
        assert lm_of(other)("hi") == ["elsewhere"]


def test_a_rollout_id_is_never_sent(server):
    assert lm_of(server)("hi", rollout_id=7) != lm_of(server)("hi", rollout_id=8)
    assert all("rollout_id" not in request.json for request in server.requests)


def test_a_model_or_one_call_can_do_without(server):
    lm = lm_of(server)
    assert lm("hi") == ["reply 0"]
    assert lm("hi", cache=False) == ["reply 1"]
    assert lm.copy(cache=False)("hi") == ["reply 2"]
    assert lm_of(server, cache=False)("hi") == ["reply 3"]
    assert lm("hi") == ["reply 0"]
    assert lm_of(server, cache_in_memory=False)("hi") == ["reply 4"]
    assert all("cache" not in name for request in server.requests for name in request.json)


def test_errors_are_never_kept(server):
    server.script(status(400), status(500))
    lm = lm_of(server)
    for _ in range(2):
        with pytest.raises(LMError):
            lm("hi")
    assert lm("hi") == ["reply 0"]


def test_two_identical_calls_at_once_wait_for_no_lock(server):
    server.default = Answer("slow", hang_s=0.3)
    threads = [threading.Thread(target=lm_of(server), args=("hi",)) for _ in range(2)]
    for thread in threads:
        thread.start()
    finish(*threads)
    assert len(server.requests) == 2
    assert abs(server.requests[0].at - server.requests[1].at) < 0.25


def test_a_misplaced_parameter_is_refused_for_a_cached_reply_too(server):
    lm_of(server)("hi")
    with pytest.raises(LMRefusedError, match="belongs to the model"):
        lm_of(server)("hi", base_url="http://elsewhere.invalid/v1")


# What is told


def test_a_known_reply_is_free_and_says_so_with_its_first_tokens():
    lm, facts = Counting(), Collector()
    first, again = (
        reply(lm),
        run(ask(lm, [{"role": "user", "content": "why?"}], {}, purpose="predict", scope=Scope((facts,)))),
    )
    assert (first.cache_hit, first.cost_usd) == (False, 0.5)
    assert again == Reply("reply 1", Usage(3, 2), cost_usd=0.0, cache_hit=True)
    told = [event for event in facts.events if isinstance(event, LMReplied)]
    assert [(event.text, event.cache_hit, event.cost_usd) for event in told] == [("reply 1", True, 0.0)]


def test_a_cancelled_run_gets_no_known_reply_either():
    lm, cancel = Counting(), Cancel()
    reply(lm)
    cancel.set()
    with pytest.raises(RunCancelled):
        run(ask(lm, [{"role": "user", "content": "why?"}], {}, purpose="predict", scope=Scope(cancel=cancel)))


def test_scripts_are_not_cached_and_the_apps_runs_are_as_their_spec_says():
    assert ScriptedLM(["one", "two"]).cache is False
    spec = ModelSpec(kind="litellm", model="tiny", api_base="http://127.0.0.1:9/v1")
    assert connect(spec).cache is True
    assert connect(replace(spec, cache=False)).cache is False


# Keys


def test_a_key_does_not_depend_on_order_or_on_what_is_left_out():
    lm, messages = Counting(), [{"role": "user", "content": "☃ \ud800"}]
    one = cache_key(lm, messages, {"a": 1, "b": {"x": 1, "y": 2}, "c": None, "timeout": 3})
    other = cache_key(lm, [{"content": "☃ \ud800", "role": "user"}], {"b": {"y": 2, "x": 1}, "a": 1})
    assert one == other != cache_key(lm, messages, {"a": 2, "b": {"x": 1, "y": 2}})


def test_a_secret_is_no_part_of_a_key():
    lm = LM("tiny", api_base="http://ann:word@h/v1?key=q", api_key=CANARY)
    other = LM("tiny", api_base="http://h/v1")
    assert cache_key(lm, [], {"api_token": CANARY}) == cache_key(other, [], {})


def test_a_call_whose_parameters_are_not_plain_is_sent_each_time():
    lm = Counting()
    assert cache_key(lm, [], {"tool": object()}) is None
    assert [reply(lm, tool=test_errors_are_never_kept).text for _ in range(2)] == ["reply 1", "reply 2"]


# Memory


def entries(store, *names):
    return [run(store.find(name)) for name in names]


def test_memory_is_bounded_and_forgets_the_least_recently_used():
    store = Cache(entries=2)
    for name in "ab":
        run(store.keep(name, Reply(name)))
    run(store.find("a"))
    run(store.keep("c", Reply("c")))
    assert [found and found.text for found in entries(store, "a", "b", "c")] == ["a", None, "c"]


def test_memory_is_bounded_by_bytes_as_well():
    store = Cache(size_bytes=100_000)
    for number in range(100):
        run(store.keep(str(number), Reply("x" * 10_000)))
        run(store.keep(str(number), Reply("y" * 10_000)))
    assert 3 <= len(store) <= 5
    run(store.keep("huge", Reply("x" * 100_000)))
    assert len(store) == 0
    run(store.keep("small", Reply("x")))
    assert len(store) == 1


def test_threads_may_use_it_at_once():
    store = Cache(entries=50)

    def use(start):
        for number in range(start, start + 500):
            run(store.keep(str(number % 97), Reply(str(number % 97))))
            found = run(store.find(str((number * 7) % 97)))
            assert found is None or found.text == str((number * 7) % 97)

    threads = [threading.Thread(target=use, args=(n * 31,)) for n in range(4)]
    for thread in threads:
        thread.start()
    finish(*threads)
    assert len(store) == 50


def test_it_can_be_turned_off_for_everybody():
    configure_cache(enable_memory_cache=False)
    lm = Counting()
    assert [reply(lm).text for _ in range(2)] == ["reply 1", "reply 2"]


# On disk


def test_a_file_serves_another_process_and_is_its_owners_alone(tmp_path):
    configure_cache(enable_disk_cache=True, disk_cache_dir=tmp_path / "new")
    lm = Counting()
    reply(lm)
    configure_cache(enable_disk_cache=True, disk_cache_dir=tmp_path / "new")  # as a new process does
    assert reply(lm) == Reply("reply 1", Usage(3, 2), cost_usd=0.0, cache_hit=True)
    assert len(shared.cache) == 1
    assert (tmp_path / "new" / FILE).stat().st_mode & 0o077 == 0


def test_the_file_holds_neither_prompts_nor_keys(tmp_path, server):
    configure_cache(enable_disk_cache=True, disk_cache_dir=tmp_path)
    lm = lm_of(server, api_key=CANARY, extra_headers={"X": CANARY})
    lm("a secret prompt", my_token=CANARY)
    configure_cache()
    kept = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert b"reply 0" in kept
    assert CANARY.encode() not in kept
    assert b"secret prompt" not in kept


def test_the_file_is_bounded_and_the_oldest_go(tmp_path):
    configure_cache(
        enable_disk_cache=True,
        enable_memory_cache=False,
        disk_cache_dir=tmp_path,
        disk_size_limit_bytes=20_000,
    )
    for number in range(40):
        run(shared.cache.keep(str(number), Reply("x" * 1000)))
    found = [number for number in range(40) if run(shared.cache.find(str(number)))]
    assert 10 <= len(found) <= 19
    assert found == list(range(found[0], 40))


def test_a_spoilt_file_costs_the_cache_and_no_call(tmp_path, caplog):
    configure_cache(enable_disk_cache=True, enable_memory_cache=False, disk_cache_dir=tmp_path)
    lm = Counting()
    reply(lm)
    with sqlite3.connect(tmp_path / FILE) as file:
        file.execute("update replies set reply = '[1]'")
    file.close()
    assert reply(lm).text == "reply 2"
    assert "cannot be read" in caplog.text
    with sqlite3.connect(tmp_path / FILE) as file:
        file.execute("drop table replies")
    file.close()
    assert reply(lm).text == "reply 3"
    assert "cannot be written" in caplog.text


def test_a_file_that_cannot_be_opened_is_told_at_once(tmp_path):
    (tmp_path / FILE).write_text("this is no database, and long enough to be told from an empty one" * 10)
    with pytest.raises(StoreError, match="give disk_cache_dir"):
        configure_cache(enable_disk_cache=True, disk_cache_dir=tmp_path)
    assert reply(Counting()).text == "reply 1"
