"""The guards on the wire, for each HTTP library that litellm and openai may bring."""

from __future__ import annotations

import gzip
import importlib
import importlib.util

import pytest

from refine_core.concurrency.flows import run
from refine_core.errors import LMError, LMRefusedError
from refine_core.lm import LM
from refine_core.lm.engine import engine
from refine_core.lm.transport_faults import RedirectedElsewhere, ReplyTooLong
from tests.failures.table import close_clients
from tests.openai_server import Answer, OpenAIServer, redirect

ASK = [{"role": "user", "content": "why?"}]
LIBRARIES = [name for name in ("httpx", "httpx2") if importlib.util.find_spec(name)]
WAYS = ["aiohttp", "httpx", *(["httpx2"] if "httpx2" in LIBRARIES else [])]


@pytest.fixture(scope="module", autouse=True)
def _clients_are_closed():
    yield
    close_clients()


@pytest.fixture
def server():
    with OpenAIServer() as alive:
        yield alive


@pytest.fixture(params=WAYS)
def way(request, monkeypatch):
    """Have litellm ask by this library, as its settings or openai's own client would."""
    litellm = engine.litellm().result()
    close_clients()
    monkeypatch.setattr(litellm, "disable_aiohttp_transport", request.param != "aiohttp")
    if request.param == "httpx2":  # openai 3 brings its own where it is given no client
        made = importlib.import_module("litellm.llms.openai.common_utils").BaseOpenAILLM
        monkeypatch.setattr(made, "_get_async_http_client", staticmethod(lambda *_, **__: None))
    yield request.param
    close_clients()


def asked(server, *, streamed, **settings):
    lm = LM("tiny", api_base=server.url, api_key="a-key-of-some-length", num_retries=0, **settings)
    return run(lm.flow(ASK, {}, on_text=(lambda _: None) if streamed else None))


@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
class TestEachWay:
    @pytest.mark.fault(65)
    def test_a_reply_is_read(self, server, way, streamed):
        assert asked(server, streamed=streamed).text == "hello"

    @pytest.mark.fault(65)
    def test_neither_key_nor_prompt_follow_a_redirect_elsewhere(self, server, way, streamed):
        with OpenAIServer() as thief:
            server.script(redirect(307, f"{thief.url}/chat/completions"))
            with pytest.raises(LMError, match="sends the request on to"):
                asked(server, streamed=streamed, extra_headers={"X-Api-Key": "a-key"})
            assert thief.requests == []

    @pytest.mark.fault(65)
    def test_what_unpacks_to_too_much_is_not_read_to_its_end(self, server, way, streamed):
        bomb = gzip.compress(b"data: " + b" " * 80_000_000, 1)
        kind = "text/event-stream" if streamed else "application/json"
        server.script(Answer(raw=bomb, headers=(("Content-Encoding", "gzip"),), content_type=kind))
        with pytest.raises(LMRefusedError, match="longer than 4 MB"):
            asked(server, streamed=streamed)


@pytest.mark.fault(65)
def test_a_reply_that_passed_no_guard_is_an_error_in_words(server, monkeypatch):
    """The guards are taken off, as a library of next month might bring a way of its own."""
    engine.litellm().result()
    close_clients()
    transport = importlib.import_module("litellm.llms.custom_httpx.aiohttp_transport").LiteLLMAiohttpTransport
    guarded = transport.handle_async_request
    monkeypatch.setattr(transport, "handle_async_request", guarded.__closure__[0].cell_contents)
    for streamed in (False, True):
        with pytest.raises(LMError, match="could not be checked on its way, so the reply was not used"):
            asked(server, streamed=streamed)


@pytest.mark.parametrize("library", LIBRARIES)
def test_a_client_in_a_thread_is_guarded_too(server, library):
    """Some providers are asked in a thread by litellm, which takes the call's context along."""
    engine.litellm().result()
    from refine_core.lm.watch import Watch, current_watch

    family, watch = importlib.import_module(library), Watch(streamed=False)
    bomb = gzip.compress(b" " * 80_000_000, 1)
    with OpenAIServer() as thief, family.Client(follow_redirects=True) as client:
        server.script(
            redirect(307, thief.url + "/chat/completions"),
            Answer(raw=bomb, headers=(("Content-Encoding", "gzip"),)),
            "fine",
        )
        token = current_watch.set(watch)
        try:
            for fault in (RedirectedElsewhere, ReplyTooLong):
                with pytest.raises(fault):
                    client.post(f"{server.url}/chat/completions", json={"messages": []})
            reply = client.post(f"{server.url}/chat/completions", json={"messages": []})
        finally:
            current_watch.reset(token)
        assert (reply.json()["choices"][0]["message"]["content"], thief.requests, watch.passed) == (
            "fine",
            [],
            True,
        )


def test_a_mock_reply_of_litellms_asks_nobody_and_is_given():
    assert LM("openai/gpt-4o-mini", mock_response="hi", api_key="k" * 20)("why?") == ["hi"]
