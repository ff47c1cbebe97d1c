"""LM over real HTTP: every test talks through litellm to a server on loopback, or to a port where none is.

All in one module, because the import of litellm takes seconds.
"""

from __future__ import annotations

import asyncio
import copy
import gc
import pickle
import re
import socket
import subprocess
import sys
import threading
import traceback
import warnings
from concurrent.futures import ThreadPoolExecutor

import pytest

from refine_core.concurrency.cancellation import Cancel
from refine_core.errors import (
    LMCreditError,
    LMError,
    LMKeyError,
    LMNotFoundError,
    LMPromptTooLongError,
    LMRateLimitError,
    LMRefusedError,
    LMTimeoutError,
    LMUnavailableError,
    RunCancelled,
)
from refine_core.lm import LM, Usage, litellm_ready, warm
from refine_core.lm.engine import Engine
from refine_core.lm.http_call import NO_KEY
from refine_core.lm.refusals import read_refusal
from refine_core.lm.secrecy import redact
from refine_core.lm.shared import shared
from refine_core.lm.transports import MAX_REDIRECTS
from tests import openai_server
from tests.openai_server import Answer, OpenAIServer, redirect, status
from tests.threads import call_within, finish

CANARY = "canary-7f3a9c-of-any-shape"
ASK = [{"role": "system", "content": "Be brief. ☃"}, {"role": "user", "content": "why is it so?"}]


@pytest.fixture
def server():
    with OpenAIServer() as alive:
        yield alive


@pytest.fixture(autouse=True)
def _nothing_is_known_beforehand():
    """A later server may get an earlier one's port, and so its place in the cache."""
    shared.cache.clear()


@pytest.fixture(scope="module", autouse=True)
def _litellm_is_imported_once():
    warm()
    with OpenAIServer() as server:
        assert ask(server, timeout_s=60.0).text == "hello"
    assert litellm_ready()


def lm_of(server, **settings):
    return LM("tiny", **{"api_base": server.url, "api_key": CANARY, "num_retries": 0, **settings})


def ask(server, *, cancel=None, on_retry=None, **settings):
    lm = lm_of(server, **{"timeout_s": 10.0, **settings})
    return lm.complete(ASK, lm.kwargs, cancel=cancel, on_retry=on_retry)


def failure(server, *behaviours, **settings):
    """The error of one call, checked for the key in every place where it could hide."""
    server.script(*behaviours)
    with pytest.raises(LMError) as caught:
        ask(server, **settings)
    error = caught.value
    assert (error.__cause__, error.__context__) == (None, None)
    said = "".join(traceback.format_exception(error)) + repr(error) + repr(vars(error))
    assert CANARY not in said
    return error


# What is sent, and what comes back


def test_messages_and_params_arrive_verbatim(server):
    ask(server, temperature=0.7, max_tokens=9, top_p=0.5)
    (request,) = server.requests
    assert request.json == {
        "model": "tiny",
        "messages": ASK,
        "temperature": 0.7,
        "max_tokens": 9,
        "top_p": 0.5,
    }
    assert request.path == "/v1/chat/completions"
    assert request.headers["authorization"] == f"Bearer {CANARY}"


def test_the_reply_has_text_usage_model_and_finish_reason(server):
    server.script(openai_server.CUT_BY_LENGTH)
    reply = ask(server)
    assert (reply.text, reply.model, reply.finish_reason) == ("the reply was", "tiny", "length")
    assert reply.usage == Usage(prompt_tokens=7, completion_tokens=3)


def test_unknown_cost_and_usage_are_none(server):
    server.script(
        Answer(raw=b'{"id":"x","choices":[{"index":0,"message":{"role":"assistant","content":"hi"}}]}')
    )
    reply = ask(server)
    assert (reply.text, reply.cost_usd, reply.usage) == ("hi", None, Usage(None, None))


def test_a_param_that_is_none_and_a_rollout_id_are_not_sent(server):
    ask(server, temperature=None, max_tokens=None, rollout_id=3)
    assert set(server.requests[0].json) == {"model", "messages"}


def test_without_a_key_a_custom_server_gets_a_placeholder_for_one(server, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-of-the-environment")
    for model in ("tiny", "openai/tiny", "some-org/tiny"):
        LM(model, api_base=server.url)("hi")
    assert {request.headers["authorization"] for request in server.requests} == {f"Bearer {NO_KEY}"}
    assert [request.json["model"] for request in server.requests] == ["tiny", "tiny", "some-org/tiny"]


def test_loopback_is_reached_directly_where_the_environment_names_a_proxy(server, monkeypatch):
    monkeypatch.delenv("no_proxy", raising=False)
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", "intranet.example")
    assert ask(server).text == "hello"


def test_calling_it_as_dspy_does_returns_a_list(server):
    assert lm_of(server)("hi", temperature=0.3) == ["hello"]
    assert server.requests[0].json["temperature"] == 0.3


# By whose fault


@pytest.mark.parametrize(
    ("behaviour", "kind", "words"),
    [
        (status(401, f"Bad key {CANARY}."), LMKeyError, r"refused the key \(401\)\. Check the key"),
        (status(403), LMKeyError, r"does not let this key use 'tiny' \(403\)"),
        (status(404), LMNotFoundError, r"has no model 'tiny'.*usually ends in /v1"),
        (status(400, "top_p must be < 1"), LMRefusedError, r'\(400\)\. It said: "top_p must be < 1"'),
        (
            status(400, "This model's maximum context length is 10 tokens"),
            LMPromptTooLongError,
            "too long for 'tiny'",
        ),
        (status(413), LMPromptTooLongError, r"too long .*\(413\)"),
        (status(422), LMRefusedError, r"\(422\)"),
        (status(402), LMCreditError, r"out of credit \(402\)"),
        (status(429), LMRateLimitError, "too many requests"),
        (status(408), LMTimeoutError, "gave up waiting"),
        (status(409), LMUnavailableError, r"\(409\)"),
        (status(500), LMUnavailableError, r"failed on its side \(500\)"),
        (status(502), LMUnavailableError, r"\(502\)"),
        (status(503), LMUnavailableError, r"\(503\)"),
        (
            Answer(status=502, raw=b"<html>Bad gateway</html>"),
            LMUnavailableError,
            r"\(502\)\. Try again later\.$",
        ),
        (openai_server.EMPTY_BODY, LMUnavailableError, "not with a chat reply"),
        (openai_server.NOT_JSON, LMUnavailableError, "not with a chat reply"),
        (Answer(raw=b"[1, 2]"), LMUnavailableError, "not with a chat reply"),
        (
            Answer(raw=b'{"error": {"message": "oops"}}'),
            LMUnavailableError,
            "error in place of a reply.*oops",
        ),
        (openai_server.NO_CHOICES, LMUnavailableError, "without choices"),
        (openai_server.NULL_CONTENT, LMUnavailableError, "without text"),
        (Answer(None, finish_reason="length"), LMRefusedError, "Raise max_tokens"),
        (openai_server.RESET, LMUnavailableError, "broke before the reply was complete"),
    ],
)
def test_each_fault_has_its_kind_and_says_what_to_do(server, behaviour, kind, words):
    error = failure(server, behaviour)
    assert isinstance(error, kind)
    assert type(error).__name__ == kind.__name__
    assert error.model == "tiny"
    assert re.search(words, str(error))
    assert len(server.requests) == 1


def test_the_status_rides_on_the_error(server):
    assert failure(server, status(404)).status == 404


def test_the_address_is_named_without_user_and_password(server):
    error = failure(server, status(401), api_base=server.url.replace("//", "//ann:secret-word@"))
    assert f"127.0.0.1:{server.port}/v1" in str(error)
    assert "secret-word" not in str(error)


def test_a_refused_connection_says_so():
    with socket.socket() as closed:  # bound and not listening: nobody else takes the port
        closed.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{closed.getsockname()[1]}/v1"
        with pytest.raises(LMUnavailableError, match=r"connection refused\. Is the server running") as caught:
            LM("tiny", api_base=address, num_retries=0)("hi")
    assert caught.value.unanswered


def test_a_host_that_does_not_exist_says_so():
    with pytest.raises(LMUnavailableError, match=r"http://nowhere\.invalid/v1: no such host"):
        LM("tiny", api_base="http://nowhere.invalid/v1", num_retries=0)("hi")


def test_https_where_there_is_none_says_so(server):
    with pytest.raises(LMUnavailableError, match=r"wrong version number\). Check http or https"):
        lm_of(server, api_base=server.url.replace("http", "https"))("hi")


def test_an_address_without_http_is_refused_at_once():
    with pytest.raises(LMNotFoundError, match="write http://HOST:PORT/v1"):
        LM("tiny", api_base="127.0.0.1:8000")


def test_a_model_of_no_known_provider_says_how_to_write_one():
    with pytest.raises(LMNotFoundError, match="Write provider/model, such as openai/tiny"):
        LM("tiny")("hi")


def test_a_missing_key_is_told_from_a_refused_one(monkeypatch):
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with pytest.raises(LMKeyError, match="requires an API key"):
        LM("openai/gpt-4o-mini")("hi")


def test_a_parameter_that_the_model_does_not_take_is_named(server):
    with pytest.raises(
        LMRefusedError, match=r"'gpt-5' does not support the parameter 'temperature' as it is set"
    ):
        LM("gpt-5", api_base=server.url, temperature=0.2)("hi")
    assert server.requests == []


@pytest.mark.parametrize(
    ("model", "temperature"),
    [
        ("gpt-4o", True),
        ("openai/o3-mini", False),
        ("gpt-5", False),
        ("o4-mini", False),
        ("tiny", True),
        ("a/b", True),
    ],
)
def test_ones_own_model_takes_a_temperature_and_a_reasoning_model_none(server, model, temperature):
    """By litellm's own knowledge, and so that what `supports` says is what a call meets."""
    lm = LM(model, api_base=server.url, temperature=0.5)
    assert lm.supports("temperature") is temperature
    if temperature:
        assert lm("hi") == ["hello"]
    else:
        with pytest.raises(LMRefusedError, match="temperature"):
            lm("hi")


def test_a_reasoning_model_that_is_told_not_to_reason_takes_a_temperature(server):
    lm = LM("gpt-5.1", api_base=server.url, temperature=0.5, reasoning_effort="none")
    assert lm.supports("temperature")
    assert lm("hi") == ["hello"]
    assert not lm.copy(reasoning_effort="high").supports("temperature")


def test_what_a_model_takes_is_asked_of_litellm():
    assert LM("openai/gpt-4o").supports("response_format")
    assert not LM("openai/gpt-4o").supports("no_such_parameter")
    assert not LM("anthropic/claude-3-opus-20240229").supports("logit_bias")
    assert (LM("nobodys-model").supports("temperature"), LM("nobodys-model").supports("response_format")) == (
        True,
        False,
    )


def test_max_tokens_reaches_a_reasoning_model_under_the_name_that_it_takes(server):
    LM("gpt-5", api_base=server.url, temperature=None, max_tokens=9)("hi")
    LM("tiny", api_base=server.url, temperature=None, max_tokens=9)("hi")
    asked = [request.json for request in server.requests]
    assert [(a.get("max_tokens"), a.get("max_completion_tokens")) for a in asked] == [(None, 9), (9, None)]


def test_it_is_made_as_dspys_is(server):
    """The order of parameters in dspy, and litellm's other names for two of them."""
    lm = LM("tiny", "chat", 0.5, 9, False, True, [], 0, base_url=server.url, timeout=7)
    assert (lm("hi"), lm.num_retries, lm.timeout_s, lm.cache) == (["hello"], 0, 7, False)
    assert {"temperature": 0.5, "max_tokens": 9}.items() <= server.requests[0].json.items()


def test_what_trains_or_launches_a_model_is_refused_by_name():
    with pytest.raises(TypeError, match="does not train or launch models, so it takes no 'finetuning_model'"):
        LM("tiny", finetuning_model="other")
    assert LM("tiny", provider=None, launch_kwargs=None, train_kwargs={}).kwargs == LM("tiny").kwargs
    with pytest.raises(LMRefusedError, match="use a chat model"):
        LM("tiny", model_type="text")


def test_a_model_can_be_made_anew_from_its_state(server):
    lm = LM(
        "tiny", temperature=0.5, api_base=server.url, timeout_s=5.0, num_retries=1, cache=False, top_p=0.5
    )
    assert LM(**lm.dump_state()).dump_state() == lm.dump_state()


def test_a_providers_protocol_can_be_named(server):
    assert LM("a/b", api_base=server.url, custom_llm_provider="hosted_vllm", api_key=CANARY)("hi") == [
        "hello"
    ]
    assert server.requests[0].json["model"] == "a/b"


def test_one_call_may_have_a_limit_of_its_own(server):
    server.script(Answer(hang_s=30))
    with pytest.raises(LMTimeoutError, match=r"within 0\.3 s") as caught:
        lm_of(server)("hi", timeout=0.3)
    assert server.requests[0].disconnected.wait(2)
    assert caught.value.unanswered


@pytest.mark.parametrize("answer", [status(401), status(429), status(500), openai_server.NOT_JSON])
def test_a_server_that_refuses_or_fails_has_answered(server, answer):
    assert not failure(server, answer).unanswered


def test_a_call_that_cannot_begin_leaves_none_behind_that_nobody_awaits(server):
    """Python would warn of it, at some later time."""
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        for _ in range(3):
            with pytest.raises(TypeError):
                lm_of(server).copy(timeout_s="soon")("hi")
        assert lm_of(server)("hi") == ["hello"], "what the engine was doing is done"
        gc.collect()
    assert [str(one.message) for one in seen if "never awaited" in str(one.message)] == []


def test_a_call_cancelled_while_litellm_prepares_it_leaves_no_warning():
    engine, begun, may_end = Engine(), threading.Event(), threading.Event()

    async def prepared():
        """As litellm's async_streaming."""

    def prepare():
        begun.set()
        may_end.wait(10)
        return prepared()

    async def call():
        await (await asyncio.get_running_loop().run_in_executor(None, prepare))

    async def join_threads():
        await asyncio.get_running_loop().shutdown_default_executor()

    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        work = engine.submit(call())
        assert begun.wait(10)
        work.cancel()
        may_end.set()
        engine.submit(join_threads()).result(10)
        gc.collect()
    assert [str(one.message) for one in seen] == []


# Trying again


def test_one_429_then_200_is_one_retry_and_it_is_reported(server):
    server.script(status(429), "fine")
    told = []
    reply = ask(server, num_retries=2, on_retry=lambda *what: told.append(what))
    ((ordinal, wait_s, error),) = told
    assert (reply.text, ordinal, isinstance(error, LMRateLimitError)) == ("fine", 1, True)
    assert 0 < wait_s <= 1.5
    assert len(server.requests) == 2


def test_retry_after_is_honoured(server):
    server.script(status(429, retry_after=0.1), "fine")
    told = []
    ask(server, num_retries=1, on_retry=lambda *what: told.append(what))
    assert told[0][1] == told[0][2].retry_after_s == 0.1
    assert server.requests[1].at - server.requests[0].at >= 0.1


@pytest.mark.fault(65)
def test_a_redirect_in_a_circle_ends_after_a_few_requests(server):
    """Each HTTP library has a limit of its own, and a retry would double it."""
    server.default = redirect(307, f"{server.url}/chat/completions")
    with pytest.raises(
        LMNotFoundError, match=r"redirects the request again and again \(307\). Check the address"
    ):
        ask(server, num_retries=3)
    assert len(server.requests) <= MAX_REDIRECTS + 1


@pytest.mark.parametrize(
    ("headers", "body", "wait_s"),
    [
        ((("retry-after-ms", "300"),), b"{}", 0.3),
        ((), b'{"error": "Please retry in 250ms."}', 0.25),
        ((), b'{"error": "Please retry after 1 second."}', 1.0),
        ((), b'{"error": {"message": "try again in 1.5 minutes"}}', 90.0),
        ((), b'{"error": "loading", "estimated_time": 30.4}', 30.4),
        ((("Retry-After", "2"),), b'{"error": "retry in 9s"}', 2.0),
        ((("Retry-After", "-2"),), b"{}", None),
    ],
)
def test_how_long_to_wait_is_read_wherever_a_server_tells_it(headers, body, wait_s):
    assert read_refusal(429, {n.lower(): v for n, v in headers}, body).retry_after_s == wait_s


def test_retry_after_is_honoured_up_to_thirty_seconds_and_cancel_ends_the_wait(server):
    server.script(status(429, retry_after=3600))
    cancel, waits = Cancel(), []

    def on_retry(_, wait_s, __):
        waits.append(wait_s)
        threading.Timer(0.1, cancel.set).start()

    with pytest.raises(RunCancelled):
        ask(server, num_retries=1, cancel=cancel, on_retry=on_retry)
    assert waits == [30.0]


def test_500_again_and_again_gives_up_with_the_last_error(server):
    told = []
    server.script(status(500), status(500), status(500, "third time"))
    with pytest.raises(LMUnavailableError, match="third time") as caught:
        ask(server, num_retries=2, on_retry=lambda *what: told.append(what))
    assert (caught.value.__cause__, caught.value.__context__) == (None, None)
    assert [ordinal for ordinal, _, _ in told] == [1, 2]
    assert len(server.requests) == 3


def test_the_waits_between_tries_grow(server):
    server.default, waits = status(503), []
    with pytest.raises(LMUnavailableError):
        ask(server, num_retries=3, on_retry=lambda _, wait_s, __: waits.append(wait_s))
    for wait_s, least_s in zip(waits, [0.5, 1.0, 2.0], strict=True):
        assert least_s <= wait_s <= least_s + 0.5
    assert len(server.requests) == 4


def test_what_cannot_pass_is_not_tried_again(server):
    failure(server, status(401), num_retries=3)
    failure(server, status(429, error_code="insufficient_quota"), num_retries=3)
    assert len(server.requests) == 2


# Time


@pytest.mark.parametrize("slow", [Answer(hang_s=30), Answer("drop by drop", trickle_s=30)])
def test_the_time_limit_holds_for_the_whole_reply_and_closes_the_connection(server, slow):
    error = call_within(2, lambda: failure(server, slow, timeout_s=0.4))
    assert isinstance(error, LMTimeoutError)
    assert "no answer within 0.4 s" in str(error)
    assert server.requests[0].disconnected.wait(2)


@pytest.mark.parametrize("slow", [Answer(hang_s=30), Answer("drop by drop", trickle_s=30)])
def test_a_cancel_in_mid_call_returns_at_once_and_closes_the_connection(server, slow):
    server.script(slow)
    cancel = Cancel()
    with ThreadPoolExecutor(1) as pool:
        call = pool.submit(ask, server, cancel=cancel, timeout_s=30.0)
        server.wait_for_requests()
        with pytest.raises(TimeoutError):
            call.result(timeout=0.3)
        cancel.set()
        with pytest.raises(RunCancelled):
            call.result(timeout=1)
    assert server.requests[0].disconnected.wait(2)


def test_calls_from_many_threads_run_side_by_side(server):
    meeting = threading.Barrier(6, timeout=10)
    server.default = lambda _: "slow" if meeting.wait() >= 0 else ""
    threads = [threading.Thread(target=ask, args=(server,)) for _ in range(6)]
    for thread in threads:
        thread.start()
    finish(*threads)
    assert not meeting.broken


CANCELLED_IN_THE_IMPORT = """
import sys, threading, time
from refine_core.errors import RunCancelled
from refine_core.lm import LM
from refine_core.concurrency.cancellation import Cancel

assert "litellm" not in sys.modules, "imported before the first call"
cancel, started = Cancel(), time.monotonic()
threading.Timer(0.2, cancel.set).start()
try:
    LM("tiny", api_base="http://127.0.0.1:9/v1").complete([], {}, cancel=cancel)
except RunCancelled:
    print("cancelled" if time.monotonic() - started < 1 else "late")
"""


def test_litellm_is_imported_at_the_first_call_and_a_cancel_does_not_wait():
    """In a process of its own, since here litellm is imported already."""
    done = subprocess.run(
        [sys.executable, "-c", CANCELLED_IN_THE_IMPORT],
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.stdout.strip(), done.stderr) == ("cancelled", "")


# The key


def test_the_key_is_in_no_repr_state_or_pickle():
    lm = LM(
        "tiny", api_base="http://h/v1?key=q", api_key=CANARY, extra_headers={"X": CANARY}, aws_token=CANARY
    )
    twin = lm.copy(temperature=0.5, other_key=CANARY)
    for shown in (repr(lm), repr(twin), repr(lm.dump_state()), repr(twin.kwargs), str(pickle.dumps(twin))):
        assert CANARY not in shown
    assert repr(LM("m")) == "LM('m', temperature=0.0, timeout=60.0, num_retries=3)"


@pytest.mark.parametrize("twin_of", [LM.copy, copy.copy, copy.deepcopy])
def test_a_copy_keeps_the_key(server, twin_of):
    twin_of(lm_of(server))("hi")
    assert server.requests[0].headers["authorization"] == f"Bearer {CANARY}"


def test_a_pickle_comes_back_without_the_key(server):
    pickle.loads(pickle.dumps(lm_of(server)))("hi")
    assert server.requests[0].headers["authorization"] == f"Bearer {NO_KEY}"


@pytest.mark.parametrize(
    "text",
    [
        "Incorrect API key provided: sk-proj-AbC_123",
        "masked sk-cana****3456",
        "Authorization: Bearer abc.def",
        "GET /v1?key=AbC_123&x=1",
        "http://ann:AbC_123@host/",
        "token AIzaSyA-1234567890",
    ],
)
def test_what_looks_like_a_key_is_hidden(text):
    hidden = redact(text)
    assert "[hidden]" in hidden
    for part in ("AbC", "cana", "3456", "abc.def", "12345"):
        assert part not in hidden


def test_a_key_that_a_server_repeats_is_hidden(server):
    assert 'It said: "Bad key [hidden]."' in str(failure(server, status(401, f"Bad key {CANARY}.")))


def test_a_failure_leaves_nothing_of_the_key_in_the_frames(server):
    """A traceback printed with its locals, as some tools do, shows no key either."""
    server.script(status(401))
    with pytest.raises(LMKeyError) as caught:
        ask(server)
    frames = traceback.StackSummary.extract(
        traceback.walk_tb(caught.value.__traceback__), capture_locals=True
    )
    ours = [frame for frame in frames if "refine_core" in frame.filename]
    assert ours
    assert CANARY not in repr([frame.locals for frame in ours])


@pytest.mark.parametrize("name", ["api_base", "base_url", "api_key", "extra_headers", "model"])
def test_one_call_cannot_send_the_key_elsewhere(name):
    with OpenAIServer("fine") as server, OpenAIServer("fine") as thief:
        lm = LM("m", api_base=server.url, api_key="sk-canary", num_retries=0)
        with pytest.raises(LMRefusedError, match="belongs to the model"):
            lm.complete([{"role": "user", "content": "hi"}], {name: thief.url})
        assert server.requests == thief.requests == []


@pytest.mark.fault(53)
def test_half_an_emoji_in_a_prompt_is_sent_as_a_replacement_character(server):
    """A reply may end in one, and it is the next stage's input, or the adviser's."""
    lm = LM("openai/tiny", api_base=server.url, num_retries=0)
    assert lm("half \ud83d", stop=["\ude00"]) == ["hello"]
    (request,) = server.requests
    assert request.json["messages"] == [{"role": "user", "content": "half \N{REPLACEMENT CHARACTER}"}]
    assert request.json["stop"] == ["\N{REPLACEMENT CHARACTER}"]
