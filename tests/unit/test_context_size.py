"""A long prompt is counted by its server before it is sent, where that says how much it takes."""

from __future__ import annotations

import pytest

from refine_core import LM
from refine_core.errors import LMPromptTooLongError
from refine_core.lm.context_size import ContextSize, Endpoint, find_context
from tests.openai_server import OpenAIServer

LONG = "word " * 1000
SHORT = "Say hi."


@pytest.fixture
def server():
    with OpenAIServer() as server:
        yield server


def ask(server, prompt, **params):
    return LM("openai/tiny", api_base=server.url, cache=False, num_retries=0, **params)(prompt)


def paths(server):
    return [request.path for request in server.size_requests]


def llama_cpp(server, n_ctx, count):
    server.sizes = {
        "/props": {"default_generation_settings": {"n_ctx": n_ctx}},
        "/v1/chat/completions/input_tokens": lambda _: {"input_tokens": count},
    }


def vllm(server, max_model_len, count):
    server.sizes = {
        "/v1/models": {
            "data": [{"id": "other", "max_model_len": 7}, {"id": "tiny", "max_model_len": max_model_len}]
        },
        "/tokenize": lambda _: {"count": count},
    }


def test_a_prompt_that_does_not_fit_is_not_sent_and_says_by_how_much(server):
    llama_cpp(server, 1024, 1500)
    with pytest.raises(
        LMPromptTooLongError, match=r"1,500 tokens long.* takes 1,024 tokens.*Nothing was sent"
    ):
        ask(server, LONG)
    assert server.requests == []


def test_a_prompt_that_fits_is_sent_whatever_its_length_in_bytes(server):
    llama_cpp(server, 1024, 1000)
    assert ask(server, LONG) == ["hello"]


def test_a_short_prompt_asks_the_server_nothing_more(server):
    llama_cpp(server, 16, 1500)
    assert ask(server, SHORT) == ["hello"]
    assert paths(server) == []


def test_the_size_is_asked_once_and_a_prompt_that_must_fit_is_not_counted(server):
    llama_cpp(server, 100_000, 1500)
    ask(server, LONG)
    ask(server, LONG)
    assert paths(server) == ["/props"]


def test_an_older_llama_cpp_counts_by_its_template_and_its_tokens(server):
    llama_cpp(server, 1024, 0)
    del server.sizes["/v1/chat/completions/input_tokens"]
    server.sizes |= {
        "/apply-template": lambda body: {"prompt": body["messages"][0]["content"]},
        "/tokenize": lambda body: {"tokens": [1] * len(body["content"].split()) * 2},
    }
    with pytest.raises(LMPromptTooLongError, match="2,000 tokens long"):
        ask(server, LONG)


def test_vllm_reserves_the_reply_and_the_sentence_names_max_tokens(server):
    vllm(server, 1024, 1000)
    with pytest.raises(LMPromptTooLongError, match=r"no room for a reply of 100.*Lower max tokens"):
        ask(server, LONG, max_tokens=100)
    assert ask(server, LONG, max_tokens=24) == ["hello"]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/models", {"data": [{"id": "tiny", "context_length": 512}]}),
        (
            "/api/v0/models",
            {"data": [{"id": "tiny", "loaded_context_length": 512, "max_context_length": 9999}]},
        ),
        ("/api/ps", {"models": [{"name": "tiny", "context_length": 512}]}),
    ],
)
def test_where_nobody_counts_only_what_cannot_fit_is_held_back(server, path, body):
    server.sizes = {path: body}
    assert ask(server, "word " * 800) == ["hello"]  # 500 tokens at eight characters each
    with pytest.raises(LMPromptTooLongError, match="at least about 625 tokens"):
        ask(server, LONG)


@pytest.mark.parametrize(
    "said",
    [
        {},
        [],
        "no",
        {"default_generation_settings": {"n_ctx": -1}},
        {"default_generation_settings": {"n_ctx": True}},
    ],
)
def test_a_server_that_says_nothing_of_use_is_sent_everything(server, said):
    server.sizes = {"/props": said, "/v1/models": said}
    assert ask(server, LONG) == ["hello"]


def test_the_key_goes_to_the_server_with_each_question():
    with OpenAIServer(key="sk-mine") as server:
        server.sizes = {"/props": {"default_generation_settings": {"n_ctx": 2048}}}
        assert find_context(Endpoint(server.url, "sk-mine", "tiny")) == ContextSize(2048, "llama.cpp")
        assert find_context(Endpoint(server.url, "sk-other", "tiny")) is None
