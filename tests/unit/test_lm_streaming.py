"""Replies that are read while they are written, what they cost, and how each moment of a call is cancelled."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import itertools
import json
import logging
import re
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from refine_core.concurrency.cancellation import Cancel
from refine_core.concurrency.flows import arun, run
from refine_core.errors import LMError, LMRefusedError, LMTimeoutError, LMUnavailableError, RunCancelled
from refine_core.lm import LM, Reply, Usage, warm
from refine_core.lm.chat_format import normalize_reply, normalize_usage, to_sse
from refine_core.lm.engine import engine
from refine_core.lm.log_guard import log_guard
from refine_core.lm.secrecy import mask, safe_prefix
from refine_core.lm.streaming import Draft
from refine_core.lm.transport_faults import ErrorBody, MalformedReply
from tests.failures.table import close_clients
from tests.openai_server import DONE, Answer, OpenAIServer, delta, redirect, status
from tests.threads import be_slow, call_within, finish

ASK = [{"role": "user", "content": "why is it so?"}]
KEY = "canary-7f3a9c-of-any-shape"
SLOWLY = Answer("one two three four five six seven eight", trickle_s=0.6)


@pytest.fixture
def server():
    with OpenAIServer() as alive:
        yield alive


@pytest.fixture(scope="module", autouse=True)
def _litellm_is_imported_once():
    warm()
    engine.litellm().result()
    with OpenAIServer() as server:
        run(flow(server))
    yield
    close_clients()


def flow(server, *, model="tiny", cancel=None, on_text=None, on_retry=None, **settings):
    lm = LM(
        model, **{"api_base": server.url, "api_key": KEY, "num_retries": 0, "timeout_s": 10.0, **settings}
    )
    return lm.flow(ASK, {}, cancel=cancel, on_text=on_text, on_retry=on_retry)


def streamed(server, *behaviours, **settings):
    """The reply, and all that was told of it."""
    server.script(*behaviours)
    told = []
    return run(flow(server, on_text=told.append, **settings)), told


# Reading along


def test_a_reply_is_told_as_it_grows_and_ends_as_what_it_is(server):
    reply, told = streamed(server, SLOWLY)
    assert reply.text == told[-1] == SLOWLY.text
    assert len(told) > 3
    for before, after in itertools.pairwise(told):
        assert after.startswith(before)
        assert after != before


def test_it_is_told_every_30_ms_at_most(server):
    server.script(Answer(" ".join("abcdefghij" * 20), trickle_s=0.5))
    at = []
    run(flow(server, on_text=lambda _: at.append(time.monotonic())))
    assert len(at) > 5
    assert len(at) <= (at[-1] - at[0]) / 0.03 + 2  # the first, and the last


def test_a_piece_is_told_though_none_follows_for_long(server):
    server.script(Answer(events=(delta("begun"), delta("x" * 1000)), stall_s=20, stall_at=0.3))
    told = threading.Event()
    cancel = Cancel()
    thread = threading.Thread(
        target=lambda: swallow(flow(server, cancel=cancel, on_text=lambda _: told.set()))
    )
    thread.start()
    assert told.wait(3)
    cancel.set()
    finish(thread)


def swallow(operation):
    with pytest.raises(RunCancelled):
        run(operation)


def test_a_stream_is_asked_for_with_its_usage_and_only_if_somebody_reads_along(server):
    streamed(server)
    run(flow(server))
    asked = [(body.json.get("stream"), body.json.get("stream_options")) for body in server.requests]
    assert asked == [(True, {"include_usage": True}), (None, None)]


def test_the_same_reply_comes_of_a_stream_and_of_a_whole_answer(server):
    reply, _ = streamed(server, "yes and no")
    server.script("yes and no")
    assert reply == run(flow(server)) == Reply("yes and no", Usage(4, 3), "tiny", "stop", None)


def test_tokens_that_the_server_does_not_report_are_unknown(server):
    reply, _ = streamed(server, Answer("yes and no", usage=None))
    assert (reply.usage, reply.cost_usd) == (Usage(None, None), None)


def test_a_finish_reason_that_the_server_does_not_report_is_unknown(server):
    reply, _ = streamed(server, Answer(events=(delta("yes"), DONE)))
    assert (reply.text, reply.finish_reason) == ("yes", None)


def test_a_stream_that_ends_without_saying_so_was_cut_off(server):
    with pytest.raises(LMUnavailableError, match=r"ended before it was complete\. Try again"):
        streamed(server, Answer(events=(delta("yes"),), framing="close"))


def test_what_the_model_thinks_is_not_what_it_says(server):
    thoughts = [
        delta(reasoning_content="hm "),
        delta(reasoning_content="hm "),
        delta("yes"),
        delta(None, "stop"),
    ]
    reply, told = streamed(server, Answer(events=(*thoughts, DONE)))
    assert (reply.text, told) == ("yes", ["yes"])


def test_the_same_piece_a_hundred_times_is_a_reply_too(server):
    """Litellm would take it for a model that has lost its way."""
    reply, _ = streamed(server, Answer(events=(*[delta("ab ab ")] * 150, delta(None, "stop"), DONE)))
    assert reply.text == "ab ab " * 150


def test_a_retry_takes_back_what_was_told(server):
    cut = Answer(events=(delta("wrong "), delta(padding="x" * 300)), stall_s=0.2, stall_at=0.6)
    reply, told = streamed(server, cut, "right", num_retries=1)
    assert (reply.text, told) == ("right", ["wrong ", "", "right"])


def test_a_retry_of_what_said_nothing_takes_nothing_back(server):
    _, told = streamed(server, status(503), "right", num_retries=1)
    assert told == ["right"]


def test_who_reads_along_and_fails_loses_no_reply(server, caplog):
    def fails(_):
        raise ValueError("a reader's own fault")

    server.script(SLOWLY)
    assert run(flow(server, on_text=fails)).text == SLOWLY.text
    assert len([record for record in caplog.records if record.name == "refine_core.lm.streaming"]) == 1


@pytest.mark.parametrize("code", [400, 422])
def test_a_server_that_refuses_streams_is_asked_for_whole_replies(server, code):
    def whole_only(body):
        return status(code, "stream_options is not supported") if "stream" in body else "whole"

    server.default, retries = whole_only, []
    for _ in range(2):
        told = []
        lm = LM("tiny", api_base=server.url, num_retries=2)
        reply = run(lm.flow(ASK, {}, on_text=told.append, on_retry=lambda *what: retries.append(what)))
        assert (reply.text, told) == ("whole", ["whole"])
    assert [bool(request.json.get("stream")) for request in server.requests] == [True, False, False]
    assert retries == []


def test_a_refusal_for_another_reason_is_not_asked_twice(server):
    with pytest.raises(LMRefusedError):
        streamed(server, status(400, "top_p must be < 1"))
    assert len(server.requests) == 1


def test_a_server_that_ignores_the_wish_for_a_stream_is_understood(server):
    reply, told = streamed(server, Answer("whole", streams=False))
    assert (reply.text, told, reply.usage) == ("whole", ["whole"], Usage(4, 1))
    assert len(server.requests) == 1


def test_a_stream_by_the_name_of_json_is_understood(server):
    reply, _ = streamed(server, Answer("whole", content_type="application/json"))
    assert reply.text == "whole"


def test_a_reply_that_grows_too_long_is_given_up_and_closed(server):
    with pytest.raises(LMRefusedError, match=r"longer than 4 MB.*Set max_tokens"):
        streamed(server, Answer(" ".join(["x" * 100_000] * 1000)))
    assert server.requests[0].disconnected.wait(2)


def test_a_little_that_unpacks_to_much_is_not_read_to_its_end(server):
    packed = gzip.compress(b" " * 80_000_000, 1)
    server.script(Answer(raw=packed, headers=(("Content-Encoding", "gzip"),)))
    with pytest.raises(LMRefusedError, match="longer than 4 MB"):
        run(flow(server))


def test_async_code_reads_along_just_so(server):
    server.script(SLOWLY)
    told = []
    assert asyncio.run(arun(flow(server, on_text=told.append))).text == told[-1]
    assert len(told) > 3


# Its limits of time


@pytest.mark.fault(45)
def test_a_stream_that_is_alive_may_take_longer_than_it_may_be_silent(server):
    reply, _ = streamed(server, Answer(SLOWLY.text, trickle_s=2.2), timeout_s=2.0)
    assert reply.text == SLOWLY.text


@pytest.mark.fault(45)
def test_a_model_that_rambles_on_is_asked_once_and_told_of_in_clear_words(server):
    server.default = Answer("and so on " * 300, trickle_s=20)
    with pytest.raises(LMTimeoutError) as caught:
        streamed(server, timeout_s=0.4, num_retries=3)
    assert re.fullmatch(
        r"'tiny' was still writing after 1\.2 s \(about [\d,]+ characters\)\. Set max tokens\.",
        str(caught.value),
    )
    assert (len(server.requests), caught.value.retryable) == (1, False)
    assert server.requests[0].disconnected.wait(2)


@pytest.mark.fault(45)
def test_a_model_that_thinks_on_is_told_of_as_such(server):
    thoughts = [delta(reasoning_content="hm, ")] * 100
    with pytest.raises(LMTimeoutError, match=r"was still thinking after 1\.2 s \(about"):
        streamed(server, Answer(events=tuple(thoughts), trickle_s=20), timeout_s=0.4)


@pytest.mark.fault(45)
def test_a_stream_that_falls_silent_is_told_of_by_its_silence_and_asked_again(server):
    quiet_now = Answer(events=(delta("begun"), delta("never " * 40)), stall_s=20, stall_at=0.5)
    reply, _ = streamed(server, quiet_now, "right", timeout_s=0.5, num_retries=1)
    assert (reply.text, len(server.requests)) == ("right", 2)
    with pytest.raises(LMTimeoutError, match=r"sent nothing more for 0\.5 s, after about 5 characters"):
        streamed(server, quiet_now, timeout_s=0.5)


# Its size


@pytest.mark.fault(45)
def test_a_reply_that_is_complete_is_not_waited_for():
    """Some servers keep the connection open after the last event, or break it; the reply is here all the same."""
    text = Answer(events=(delta("hello"), delta(None, "stop"), DONE)).events
    raw = "".join(f"data: {e if isinstance(e, str) else json.dumps(e)}\n\n" for e in text).encode()
    open_end = Answer(
        raw=raw + b": " + b"x" * 400, stall_s=30.0, stall_at=0.9, content_type="text/event-stream"
    )
    with OpenAIServer(open_end) as server:
        lm, told = LM("tiny", api_base=server.url, timeout_s=10.0, num_retries=0), []
        assert call_within(8, lambda: run(lm.flow(ASK, lm.kwargs, on_text=told.append))).text == "hello"


@pytest.mark.fault(52)
def test_a_stream_of_100_000_pieces_takes_two_seconds_of_cpu_at_most():
    from benchmarks.streams import read

    assert read(100_000) <= 2.0


# Secrets


def test_a_key_that_a_server_repeats_is_told_in_no_part(server):
    letters = [delta(letter) for letter in f"the key is {KEY}, is it not?"]
    pieces = Answer(events=(*letters, delta(None, "stop"), DONE), trickle_s=1.0)
    reply, told = streamed(server, pieces)
    assert reply.text == told[-1] == "the key is [hidden], is it not?"
    assert [text for text in told if KEY[:3] in text] == []


def test_a_key_is_in_neither_the_models_name_nor_the_finish_reason(server):
    server.script(
        Answer("yes", KEY, fields={"model": f"m {KEY}"}), Answer("yes", KEY, fields={"model": f"m {KEY}"})
    )
    for on_text in (None, lambda _: None):
        reply = run(flow(server, on_text=on_text))
        assert (reply.model, reply.finish_reason) == ("m [hidden]", "[hidden]")


def test_the_words_that_keyless_servers_are_given_for_a_key_stay_in_replies(server):
    server.script("ask ollama")
    assert run(flow(server, api_key="ollama")).text == "ask ollama"


@given(
    st.lists(st.sampled_from([KEY, KEY[:5], KEY[1:], "canary", " and ", "c"]), max_size=8).map("".join),
    st.data(),
)
def test_what_is_shown_of_a_beginning_is_the_beginning_of_what_is_shown_last(text, data):
    part = safe_prefix(text[: data.draw(st.integers(0, len(text)))], {KEY})
    assert mask(text, {KEY}).startswith(part)
    assert KEY not in part


def test_logs_lose_the_keys_in_use_even_in_tracebacks(caplog):
    """The record itself, so that it does not matter who writes it down."""
    log = logging.getLogger("httpcore.connection")
    forget = log_guard.protect({KEY})
    with caplog.at_level(logging.DEBUG, "httpcore"):
        log.debug("sent %s", {"Authorization": KEY})
        log.error("lost", exc_info=ValueError(KEY))
    forget()
    assert KEY not in caplog.text
    assert "[hidden]" in caplog.text
    assert "ValueError" in caplog.text


def test_a_key_is_remembered_no_longer_than_its_calls(caplog):
    key = "canary-of-two-calls"
    forget, again = log_guard.protect({key}), log_guard.protect({key})
    forget()
    logging.getLogger("mine").warning("%s", key)
    again()
    logging.getLogger("mine").warning("%s", key)
    assert [record.getMessage() for record in caplog.records] == ["[hidden]", key]


# Redirects


def test_a_redirect_within_a_server_is_followed(server):
    server.script(redirect(307, f"{server.url}/chat/completions"), "here")
    assert run(flow(server)).text == "here"


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
def test_neither_key_nor_prompt_follow_a_redirect_elsewhere(server, code):
    """Httpx alone would take out `Authorization`, and send all other headers on."""
    with OpenAIServer() as thief:
        server.script(redirect(code, f"{thief.url}/chat/completions"))
        with pytest.raises(LMError, match=f"sends the request on to {thief.url}"):
            run(flow(server, extra_headers={"X-Api-Key": KEY}))
        assert thief.requests == []


# What it costs


def cost(server, on_text, **settings):
    server.script(
        Answer("yes", usage={"prompt_tokens": 1000, "completion_tokens": 100, "total_tokens": 1100})
    )
    return run(flow(server, on_text=on_text, **settings)).cost_usd


def quiet(_):
    """Reads along, and says nothing."""


@pytest.mark.parametrize("on_text", [None, quiet], ids=["whole", "streamed"])
@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({}, None),
        ({"model": "gpt-4o-mini"}, None),
        ({"model": "hosted_vllm/gpt-4o-mini"}, None),
        ({"price_in_usd": 2.0, "price_out_usd": 10.0}, 0.003),
        ({"price_in_usd": 0.0, "price_out_usd": 0.0}, 0.0),
        ({"price_in_usd": 2.0}, None),
        ({"price_out_usd": 2.0, "model": "deepseek/deepseek-chat"}, None),
    ],
)
def test_a_call_costs_its_given_prices_and_is_unknown_on_ones_own_server(server, on_text, settings, expected):
    assert cost(server, on_text, **settings) == (expected if expected is None else pytest.approx(expected))


@pytest.mark.parametrize("on_text", [None, quiet], ids=["whole", "streamed"])
def test_a_named_providers_listed_price_counts_at_any_address(server, on_text):
    litellm = engine.litellm().result()
    listed = litellm.model_cost["deepseek/deepseek-chat"]
    expected = 1000 * listed["input_cost_per_token"] + 100 * listed["output_cost_per_token"]
    assert cost(server, on_text, model="deepseek/deepseek-chat") == pytest.approx(expected)


@pytest.mark.parametrize("on_text", [None, quiet], ids=["whole", "streamed"])
def test_a_call_without_known_tokens_has_no_known_cost(server, on_text):
    for settings in ({"price_in_usd": 2.0, "price_out_usd": 10.0}, {"model": "deepseek/deepseek-chat"}):
        server.script(Answer("yes", usage=None))
        assert run(flow(server, on_text=on_text, **settings)).cost_usd is None


def test_one_price_is_enough_where_the_other_side_has_no_tokens(server):
    server.script(Answer("yes", usage={"prompt_tokens": 1000, "completion_tokens": 0}))
    assert run(flow(server, price_in_usd=2.0)).cost_usd == pytest.approx(0.002)


# A cancel, at each moment


def nobody_accepts():
    """A port whose queue is full: connecting to it takes for ever."""
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    listening.listen(0)
    waiting = []
    for _ in range(4):
        client = socket.socket()
        client.setblocking(False)
        client.connect_ex(listening.getsockname())
        waiting.append(client)
    return listening, waiting


MOMENTS = {
    "hang before the headers": Answer(hang_s=30),
    "hang after the headers": Answer("hello", stall_s=30, stall_at=0.0),
    "hang in the middle": Answer("hello you there", stall_s=30),
    "trickle": Answer("drop by drop", trickle_s=30),
    "wait before a retry": status(429, retry_after=20),
}


@pytest.mark.parametrize("on_text", [None, quiet], ids=["whole", "streamed"])
@pytest.mark.parametrize("drive", [run, lambda it: asyncio.run(arun(it))], ids=["sync", "async"])
@pytest.mark.parametrize("moment", MOMENTS)
def test_a_cancel_at_any_moment_ends_the_call_within_a_second_and_closes_it(server, moment, drive, on_text):
    server.script(MOMENTS[moment])
    cancel, retries = Cancel(), threading.Event()
    call = flow(
        server,
        cancel=cancel,
        on_text=on_text,
        on_retry=lambda *_: retries.set(),
        timeout_s=30.0,
        num_retries=2,
    )
    with ThreadPoolExecutor(1) as pool:
        result = pool.submit(drive, call)
        server.wait_for_requests()
        assert moment != "wait before a retry" or retries.wait(10)
        with pytest.raises(TimeoutError):
            result.result(timeout=0.2)
        cancel.set()
        with pytest.raises(RunCancelled):
            result.result(timeout=1)
    (request,) = server.requests
    assert request.done.wait(1)
    assert request.disconnected.is_set() is (moment != "wait before a retry")


@pytest.mark.parametrize("drive", [run, lambda it: asyncio.run(arun(it))], ids=["sync", "async"])
def test_a_cancel_while_connecting_ends_the_call_within_a_second(drive):
    listening, waiting = nobody_accepts()
    address = f"http://127.0.0.1:{listening.getsockname()[1]}/v1"
    cancel = Cancel()
    with ThreadPoolExecutor(1) as pool:
        result = pool.submit(drive, LM("tiny", api_base=address, num_retries=0).flow(ASK, {}, cancel=cancel))
        with pytest.raises(TimeoutError):
            result.result(timeout=0.3)
        cancel.set()
        with pytest.raises(RunCancelled):
            result.result(timeout=1)
    for one in (listening, *waiting):
        one.close()


def test_nothing_is_told_any_more_once_the_call_is_given_up(server):
    server.script(Answer("drop by drop it comes", trickle_s=2))
    cancel, told = Cancel(), []

    def on_text(text):
        if len(told) == 2:
            cancel.set()
            be_slow(0.3)  # whoever gives up waits for the one that is just being told
        told.append(text)

    with pytest.raises(RunCancelled):
        run(flow(server, cancel=cancel, on_text=on_text))
    known = len(told)
    assert server.requests[0].done.wait(5), "nothing more can come"
    assert len(told) == known


def test_a_closed_draft_calls_nobody_and_closing_waits_for_a_call_under_way():
    told, telling, go_on = [], threading.Event(), threading.Event()

    def on_text(text):
        telling.set()
        go_on.wait(5)
        told.append(text)

    draft = Draft(on_text, ())
    teller = threading.Thread(target=draft.end, args=("first",))
    closer = threading.Thread(target=draft.close)
    teller.start()
    assert telling.wait(3)
    closer.start()
    with pytest.raises(AssertionError):
        finish(closer, within_s=0.1)
    go_on.set()
    finish(teller, closer)
    draft.end("second")
    assert told == ["first"]


# Shapes


def test_a_whole_reply_told_as_events_is_put_right_beforehand():
    body = normalize_reply(
        {"id": 5, "model": [], "choices": [{"message": {"content": "a"}, "finish_reason": 1}], "usage": 3}
    )
    assert body == {"choices": [{"message": {"content": "a"}, "finish_reason": None}]}
    assert to_sse(body).endswith(b"data: [DONE]\n\n")


@pytest.mark.parametrize("choices", [5, "x", {}, [1], [{}], [{"message": 5}], [{"message": {"content": {}}}]])
def test_choices_that_are_none_are_told_from_a_reply(choices):
    with pytest.raises(MalformedReply):
        normalize_reply({"choices": choices})


def test_an_error_is_told_from_a_reply_and_another_protocol_is_left_alone():
    with pytest.raises(ErrorBody):
        normalize_reply({"error": {"message": "oops"}})
    assert normalize_reply({"type": "message", "content": [], "error": None}) is None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
)


@given(st.dictionaries(st.sampled_from(["prompt_tokens", "completion_tokens", "cost", "details"]), JSON))
def test_what_is_kept_of_a_usage_is_what_can_be_true(usage):
    kept = normalize_usage(usage)
    for name in ("prompt_tokens", "completion_tokens"):
        assert name not in kept or (type(kept[name]) is int and 0 <= kept[name] <= 10**9)


@given(st.dictionaries(st.sampled_from(["choices", "usage", "model", "id", "error"]), JSON))
def test_any_body_is_put_right_or_refused(body):
    with contextlib.suppress(MalformedReply, ErrorBody):
        normalize_reply(body)
