"""Testing a connection, over real HTTP: what a person is told of each way in which it can go wrong."""

from __future__ import annotations

import json
import logging
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from refine_core import Predict, runs
from refine_core.connect import connect
from refine_core.connections import (
    PRESETS,
    Connection,
    get_check,
    list_connections,
    save_connection,
    start_check,
    stop_check,
    wait_for_check,
)
from refine_core.connections.connection_test.checks import MAX_CHECKS
from refine_core.connections.connection_test.refusals import MAX_TRIES, find_refused_params
from refine_core.connections.connection_test.reply_findings import check_streaming
from refine_core.connections.connection_test.report import SUBJECTS, CheckReport
from refine_core.connections.connection_test.steps import PROMPT
from refine_core.connections.model_names import requires_key, suggest_names, typed_name
from refine_core.errors import LMRefusedError, LMUnavailableError
from refine_core.lm import Reply, warm
from refine_core.lm.http_call import NO_KEY
from refine_core.lm.streaming import StreamObserver
from refine_core.spec import ModelSpec
from tests.openai_server import Answer, OpenAIServer, choosy, polite, status
from tests.threads import eventually

CANARY = "canary-7f3a9c-of-any-shape"
READY = Answer("ready. Truly ready.", trickle_s=0.4)


def ready(body):
    """Polite, and obedient where it is asked for one word."""
    return "ready." if body["messages"][-1]["content"] == PROMPT else polite(body)


@pytest.fixture(autouse=True)
def _own_runs():
    runs.close()
    yield
    runs.close()


@pytest.fixture
def server():
    with OpenAIServer(ready) as alive:
        alive.models = ["tiny", "large"]
        yield alive


@pytest.fixture(scope="module", autouse=True)
def _litellm_is_imported_once():
    warm()
    with OpenAIServer(ready) as alive:
        assert tried(spec(alive), limit_s=90.0).ok is True


def spec(server, **settings):
    return ModelSpec("litellm", **{"model": "openai/tiny", "api_base": server.url, **settings})


def tried(model, key=None, *, limit_s=15.0, within_s=20.0):
    return wait_for_check(start_check(model, key, limit_s=limit_s), max(within_s, limit_s + 1))


def verdicts(seen):
    return {found.what: found.verdict for found in seen.findings}


def words(seen, what):
    return next(found.words for found in seen.findings if found.what == what)


def chats(server):
    """The requests of the first kind; those that try reply formats come after them."""
    asked = [r for r in server.requests if r.path.endswith("/chat/completions")]
    return [r for r in asked if r.json["messages"][-1]["content"] == PROMPT]


class Plain:
    """A server of few paths. routes: path -> (status, headers, body), or seconds to hang. hits: (path, Authorization)."""

    def __init__(self, routes):
        self.routes, self.hits, self.closing = routes, [], threading.Event()
        plain = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                plain.hits.append((self.path, self.headers.get("Authorization")))
                self.rfile.read(int(self.headers.get("Content-Length", 0)))
                answer = plain.routes.get(self.path, (404, {}, b"no such page"))
                if isinstance(answer, float):
                    plain.closing.wait(answer)
                    return
                code, headers, body = answer
                self.send_response(code)
                for name, value in {"Content-Length": str(len(body)), **headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            do_POST = do_GET  # noqa: N815  # as http.server wants it

            def log_message(self, *_):
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_port}"

    def __enter__(self):
        threading.Thread(target=self.http.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_):
        self.closing.set()
        self.http.shutdown()
        self.http.server_close()


CHAT = (
    200,
    {"Content-Type": "text/event-stream"},
    b"".join(
        b"data: " + json.dumps({"id": "1", "object": "chat.completion.chunk", "created": 1, "model": "tiny", "choices": [c]}).encode() + b"\n\n"
        for c in (
            {"index": 0, "delta": {"role": "assistant", "content": "ready."}, "finish_reason": None},
            {"index": 0, "delta": {}, "finish_reason": "stop"},
        )
    )
    + b"data: [DONE]\n\n",
)  # fmt: skip


def listing(*names):
    return 200, {}, json.dumps({"data": [{"id": name} for name in names]}).encode()


def free_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


def test_a_good_connection_works_in_all_that_can_be_seen(server):
    server.key = CANARY
    server.script(READY)
    seen = tried(spec(server, price_in_usd=1.0, price_out_usd=2.0, seed=7), CANARY)
    assert verdicts(seen) == dict.fromkeys(SUBJECTS, "works")
    assert (seen.ok, seen.done, seen.models) == (True, True, ("tiny", "large"))
    assert seen.reply == "ready. Truly ready."
    assert (seen.tokens_in, seen.tokens_out) == (6, 3)
    assert seen.cost_usd == pytest.approx(12e-6)
    assert "temperature, seed" in words(seen, "Parameters")
    assert 0 < seen.took_s < 15


def test_the_request_is_the_one_that_a_run_would_make(server):
    tried(spec(server, max_tokens=50, seed=7, stop=("END",), extra={"top_p": 0.5}), CANARY)
    (asked,) = chats(server)
    assert asked.headers["authorization"] == f"Bearer {CANARY}"
    sent = {name: asked.json[name] for name in ("model", "temperature", "seed", "stop", "top_p", "stream")}
    assert sent == {
        "model": "tiny",
        "temperature": 0.0,
        "seed": 7,
        "stop": ["END"],
        "top_p": 0.5,
        "stream": True,
    }
    assert 50 in (asked.json.get("max_tokens"), asked.json.get("max_completion_tokens"))


@pytest.mark.parametrize("name", ["ollama", "vllm", "lm_studio", "compatible"])
def test_a_server_of_ones_own_is_asked_by_its_own_name_for_the_model(server, name):
    server.models = ["qwen/qwen3-8b"]
    server.script(READY)
    seen = tried(spec(server, model=PRESETS[name].full_name("qwen/qwen3-8b"), temperature=0.5))
    assert verdicts(seen) == {**dict.fromkeys(SUBJECTS, "works"), "Price": "unknown"}
    assert (chats(server)[0].json["model"], chats(server)[0].json["temperature"]) == ("qwen/qwen3-8b", 0.5)


def test_a_refused_key_is_said_to_be_the_fault(server):
    server.key = "another"
    seen = tried(spec(server), CANARY)
    assert (seen.ok, verdicts(seen)["Key"], verdicts(seen)["Base URL"]) == (False, "fails", "works")
    assert "401" in words(seen, "Key")
    assert verdicts(seen)["Reply"] == "unknown"


def test_a_key_that_is_wanted_and_was_not_given_is_asked_for(server):
    server.key = CANARY
    seen = tried(spec(server))
    assert (seen.ok, verdicts(seen)["Key"]) == (False, "fails")
    assert "requires an API key (401). Type one" in words(seen, "Key")


def no_database(message):
    """What litellm's proxy says of a key that it does not know, where it has no database: 400, whatever is asked."""
    body = json.dumps(
        {"error": {"message": message, "type": "no_db_connection", "param": None, "code": "400"}}
    )
    return 400, {"Content-Type": "application/json"}, body.encode()


@pytest.mark.parametrize(
    ("key", "hint"),
    [(CANARY, "the key is the likeliest cause"), (None, "it requires an API key")],
)
@pytest.mark.parametrize("listed", [400, 401, 403])
def test_where_every_request_is_refused_the_key_is_suspected_and_nothing_else(key, hint, listed):
    refused = no_database("No connected db.")
    with Plain({"/v1/models": (listed, *refused[1:]), "/v1/chat/completions": refused}) as server:
        seen = tried(ModelSpec("litellm", model="openai/tiny", api_base=server.url + "/v1", seed=7), key)
    assert (seen.ok, verdicts(seen)["Key"]) == (False, "unknown")
    assert hint in words(seen, "Key")
    assert [what for what, verdict in verdicts(seen).items() if verdict == "fails"] == ["Reply"]
    assert "No connected db." in words(seen, "Reply")
    assert f"refused to list its models ({listed})" in words(seen, "Base URL")


def test_a_refusal_by_a_server_that_lists_its_models_casts_no_doubt_on_the_key(server):
    server.default = status(400, "this account may not")
    assert "likeliest" not in words(tried(spec(server), CANARY), "Key")


def test_a_key_works_where_the_list_is_refused_without_it(server):
    server.key = CANARY
    seen = tried(spec(server), CANARY)
    assert (seen.ok, verdicts(seen)["Key"]) == (True, "works")
    asked = {r.headers["authorization"] for r in server.requests if r.path.endswith("/models")}
    assert asked == {f"Bearer {CANARY}", f"Bearer {NO_KEY}"}


def test_a_key_that_nobody_asked_for_is_not_said_to_work(server):
    seen = tried(spec(server), CANARY)
    assert (seen.ok, verdicts(seen)["Key"]) == (True, "unknown")
    assert "The key was not rejected. The server lists its models without it too" in words(seen, "Key")


def test_where_there_is_no_list_a_key_is_not_said_to_work():
    with Plain({"/v1/chat/completions": CHAT}) as server:
        seen = tried(ModelSpec("litellm", model="openai/tiny", api_base=server.url + "/v1"), CANARY)
    assert (seen.ok, verdicts(seen)["Key"]) == (True, "unknown")
    assert words(seen, "Key").startswith("The key was not rejected. It works")


def test_a_list_that_hangs_without_the_key_does_not_keep_the_test_from_its_end():
    with Plain({"/v1/models": listing("tiny"), "/v1/chat/completions": CHAT}) as server:
        slow = server.routes.copy()

        class Once(dict):
            def get(self, path, default=None):
                answer = slow.get(path, default)
                slow["/v1/models"] = 30.0
                return answer

        server.routes = Once()
        seen = tried(ModelSpec("litellm", model="openai/tiny", api_base=server.url + "/v1"), CANARY)
    assert [key for path, key in server.hits if path == "/v1/models"] == [
        f"Bearer {CANARY}",
        f"Bearer {NO_KEY}",
    ]
    assert (seen.ok, verdicts(seen)["Key"]) == (True, "unknown")
    assert seen.took_s < 4


@pytest.mark.parametrize(
    ("model", "wanted"),
    [
        (ModelSpec("litellm", model="openai/gpt-4.1-mini"), True),
        (ModelSpec("litellm", model="openai/gpt-4.1-mini", api_base="http://127.0.0.1:1/v1"), False),
        (ModelSpec("litellm", model="bedrock/amazon.nova"), False),
        (ModelSpec("litellm", model="lm_studio/tiny"), False),
        (ModelSpec("litellm", model="ollama/tiny"), False),
        (ModelSpec("litellm", model="tiny"), False),
    ],
)
def test_only_providers_that_are_known_to_want_a_key_prove_it_by_answering(model, wanted):
    assert requires_key(model) is wanted


def test_a_variable_that_is_not_set_is_named_and_nobody_is_asked(server, monkeypatch):
    monkeypatch.delenv("MY_OWN_KEY", raising=False)
    seen = tried(spec(server, key_env="MY_OWN_KEY"))
    assert (seen.ok, verdicts(seen)["Key"], verdicts(seen)["Base URL"]) == (False, "fails", "works")
    assert "MY_OWN_KEY" in words(seen, "Key")
    assert chats(server) == []


def test_the_key_is_read_from_the_variable_that_is_named(server, monkeypatch):
    monkeypatch.setenv("MY_OWN_KEY", CANARY)
    server.key = CANARY
    assert tried(spec(server, key_env="MY_OWN_KEY")).ok is True


def test_a_server_that_is_not_running_is_said_at_once():
    seen = tried(ModelSpec("litellm", model="openai/tiny", api_base=f"http://127.0.0.1:{free_port()}/v1"))
    assert verdicts(seen) == {**dict.fromkeys(SUBJECTS, "unknown"), "Base URL": "fails"}
    assert "connection refused" in words(seen, "Base URL")
    assert words(seen, "Reply") == "Not tested: the server cannot be reached."
    assert seen.took_s < 3


def test_a_host_that_does_not_exist_is_said():
    seen = tried(ModelSpec("litellm", model="openai/tiny", api_base="http://nowhere.invalid/v1"))
    assert verdicts(seen)["Base URL"] == "fails"
    assert "no such host" in words(seen, "Base URL")


def test_a_certificate_that_nobody_trusts_is_said():
    with OpenAIServer(tls=True) as server:
        seen = tried(spec(server), CANARY)
    assert verdicts(seen)["Base URL"] == "fails"
    assert "secure" in words(seen, "Base URL")


def test_a_model_that_is_not_there_brings_up_those_like_it(server):
    server.models = ["llama3.1:8b", "Qwen3:8b", "mistral"]
    server.script(status(404, "model 'qwen3' not found"))
    seen = tried(spec(server, model="openai/qwen3"))
    assert (seen.ok, verdicts(seen)["Model"], verdicts(seen)["Base URL"]) == (False, "fails", "works")
    assert "Did you mean 'Qwen3:8b'" in words(seen, "Model")


@pytest.mark.parametrize("named", ["qwen3", "openai/qwen3"])
def test_a_refusal_of_an_unlisted_model_names_the_model_as_it_was_typed(server, named):
    server.models = ["llama3.1:8b", "Qwen3:8b", "mistral"]
    server.default = status(400, f"Invalid model name passed in model={named}. Call /v1/models.")
    seen = tried(spec(server, model="openai/qwen3", seed=7))
    assert [what for what, verdict in verdicts(seen).items() if verdict == "fails"] == ["Model"]
    said = words(seen, "Model")
    assert said.startswith("'qwen3' is not among the models that the server lists. Did you mean 'Qwen3:8b'")
    assert f"model={named}" in said


@pytest.mark.parametrize("message", ["this account may not", "qwen3-next is busy", "not for myqwen3"])
def test_a_refusal_that_does_not_name_the_model_is_not_about_it(server, message):
    server.default = status(400, message)
    seen = tried(spec(server, model="openai/qwen3"))
    assert (verdicts(seen)["Model"], verdicts(seen)["Reply"]) == ("unknown", "fails")


def test_a_refusal_that_names_a_listed_model_is_not_about_it(server):
    server.default = status(400, "tiny is busy")
    seen = tried(spec(server))
    assert (verdicts(seen)["Model"], verdicts(seen)["Reply"]) == ("works", "fails")


def test_our_own_words_name_the_model_as_it_was_typed(server):
    server.default = status(404, "no such model: openai/tiny")
    said = words(tried(spec(server)), "Model")
    assert "has no model 'tiny'" in said
    assert "no such model: openai/tiny" in said, "what the server said stays as it is"


@pytest.mark.parametrize(
    ("preset", "name"),
    [("ollama", "qwen3"), ("lm_studio", "qwen/qwen3"), ("vllm", "openai/gpt-oss-20b"), ("litellm", "groq/tiny"),
     ("openrouter", "openai/gpt-4.1-mini"), ("openrouter", "openrouter/openrouter/auto")],
)  # fmt: skip
def test_a_typed_name_is_what_the_form_shows(preset, name):
    full = PRESETS[preset].full_name(name)
    assert typed_name(ModelSpec("litellm", model=full)) == PRESETS[preset].short_name(full) == name


def test_a_model_that_answers_although_it_is_not_listed_works(server):
    seen = tried(spec(server, model="openai/other"))
    assert (seen.ok, verdicts(seen)["Model"]) == (True, "works")
    assert "does not list it" in words(seen, "Model")


def test_a_parameter_that_the_server_names_is_reported_and_the_rest_is_tested(server):
    server.default = lambda body: status(400, "Unknown parameter: seed") if "seed" in body else "ready."
    seen = tried(spec(server, seed=7, extra={"top_p": 0.5}))
    assert (seen.ok, verdicts(seen)["Parameters"], verdicts(seen)["Reply"]) == (False, "fails", "works")
    assert words(seen, "Parameters").startswith("seed is refused")
    assert len(chats(server)) == 2


def test_an_unnamed_parameter_is_found_by_leaving_out_one_after_the_other(server):
    server.default = lambda body: status(400, "bad request") if "top_p" in body else "ready."
    seen = tried(spec(server, seed=7, extra={"top_p": 0.5}))
    assert words(seen, "Parameters").startswith("top_p is refused")
    assert len(chats(server)) <= 1 + MAX_TRIES


def test_a_refused_temperature_is_left_out_unless_it_was_chosen(server):
    server.default = lambda body: (
        status(400, "temperature must be 1") if body.get("temperature", 1) != 1 else ready(body)
    )
    assert "Set it to 1" in words(tried(spec(server, temperature=0.5)), "Parameters")
    assert "The temperature is left out" in words(tried(spec(server)), "Parameters")
    assert tried(spec(server, temperature=1.0)).ok is True


def test_a_refusal_that_is_about_no_parameter_blames_none(server):
    server.default = status(400, "this account may not")
    seen = tried(spec(server, seed=7))
    assert (verdicts(seen)["Parameters"], verdicts(seen)["Reply"]) == ("unknown", "fails")
    assert "this account may not" in words(seen, "Reply")
    assert len(chats(server)) == 2


def test_a_temperature_that_a_model_does_not_support_is_left_out_as_in_a_run(server):
    seen = tried(spec(server, model="openai/gpt-5"))
    assert (seen.ok, "temperature" in chats(server)[0].json) == (True, False)
    assert "left out" in words(seen, "Parameters")


def test_a_hanging_server_is_said_when_the_time_is_over(server):
    server.default = Answer(hang_s=60.0)
    seen = tried(spec(server), limit_s=1.5, within_s=2.5)
    assert (seen.ok, verdicts(seen)["Reply"]) == (False, "fails")
    assert "gave no reply within 1.5 s" in words(seen, "Reply")
    assert verdicts(seen)["Base URL"] == "works"


def test_a_reply_that_trickles_for_ever_ends_with_the_time_too(server):
    server.default = Answer("ready. " * 50, trickle_s=60.0)
    assert tried(spec(server), limit_s=1.5, within_s=2.5).done


def test_the_limit_of_the_model_itself_is_kept(server):
    server.default = Answer(hang_s=60.0)
    seen = wait_for_check(start_check(spec(server, timeout_s=0.5)), 5)
    assert "within 0.5 s" in words(seen, "Reply")


def test_stopping_takes_less_than_a_second_and_lets_go_of_the_server(server):
    server.default = Answer(hang_s=60.0)
    check_id = start_check(spec(server), limit_s=30.0)
    eventually(lambda: chats(server), within_s=10)
    stop_check(check_id)
    assert words(wait_for_check(check_id, 1.0), "Reply") == "The test was stopped."
    assert get_check(check_id).ok is None
    assert chats(server)[0].disconnected.wait(2.0)


def test_a_server_without_a_list_of_models_is_not_at_fault():
    with Plain({"/v1/chat/completions": CHAT}) as server:
        seen = tried(ModelSpec("litellm", model="openai/tiny", api_base=server.url + "/v1"))
    assert (seen.ok, verdicts(seen)["Base URL"], seen.models) == (True, "works", ())


def test_a_list_that_hangs_does_not_keep_the_request_from_being_made():
    with Plain({"/v1/models": 30.0, "/v1/chat/completions": CHAT}) as server:
        seen = tried(ModelSpec("litellm", model="openai/tiny", api_base=server.url + "/v1"), limit_s=4.0)
    assert (seen.ok, verdicts(seen)["Base URL"]) == (True, "works")


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"null", b"3", b'{"data": {"id": 1}}', b'{"data": [1, {"id": 2}, [], null]}', b"[" * 100_000]
)  # fmt: skip
def test_a_list_that_is_none_does_no_harm(body):
    with Plain({"/v1/models": (200, {}, body), "/v1/chat/completions": CHAT}) as server:
        seen = tried(ModelSpec("litellm", model="openai/tiny", api_base=server.url + "/v1"))
    assert (seen.ok, seen.models) == (True, ())


def test_at_most_two_hundred_models_are_told_and_all_are_looked_at():
    names = [f"m{n}" for n in range(300)]
    with Plain({"/v1/models": listing(*names), "/v1/chat/completions": CHAT}) as server:
        seen = tried(ModelSpec("litellm", model="openai/m299", api_base=server.url + "/v1"))
    assert len(seen.models) == 200
    assert verdicts(seen)["Model"] == "works"
    assert "300 models" in words(seen, "Base URL")


def test_an_address_that_lacks_its_v1_is_put_right():
    with Plain({"/v1/models": listing("tiny")}) as server:
        seen = tried(ModelSpec("litellm", model="openai/tiny", api_base=server.url))
    assert (seen.ok, verdicts(seen)["Base URL"]) == (False, "fails")
    assert f"write {server.url}/v1" in words(seen, "Base URL")


def test_the_key_is_not_carried_to_where_a_redirect_points():
    with Plain({}) as elsewhere:
        there = {"Location": elsewhere.url + "/v1/models"}
        with Plain({"/v1/models": (302, there, b""), "/v1/chat/completions": (307, there, b"")}) as server:
            seen = tried(ModelSpec("litellm", model="openai/tiny", api_base=server.url + "/v1"), CANARY)
    assert elsewhere.hits == []
    assert verdicts(seen)["Base URL"] == "fails"


def test_a_server_of_another_protocol_gets_no_key_when_asked_for_its_models():
    with Plain({}) as server:
        tried(
            ModelSpec("litellm", model="azure/mine", api_base=server.url, extra={"api_version": "1"}), CANARY
        )
    assert [key for path, key in server.hits if path.endswith("/models")] == [None, None]


def test_without_a_key_the_harmless_placeholder_is_sent_as_in_a_run():
    with Plain({"/v1/chat/completions": CHAT}) as server:
        seen = tried(ModelSpec("litellm", model="openai/tiny", api_base=server.url + "/v1"))
    assert {key for _, key in server.hits} == {f"Bearer {NO_KEY}"}
    assert "none is needed" in words(seen, "Key")


def test_no_proxy_stands_between_this_machine_and_itself(server, monkeypatch):
    for name in ("http_proxy", "HTTP_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{free_port()}")
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    seen = tried(spec(server))
    assert (seen.ok, seen.models) == (True, ("tiny", "large"))


def test_a_name_that_litellm_would_cut_short_is_told_as_it_is_to_be_typed(server):
    server.models = ["openai/gpt-oss-20b", "tiny"]
    server.script(status(404, "no such model"))
    seen = tried(spec(server, model="openai/gpt-oss-20b"))
    assert seen.models == ("openai/openai/gpt-oss-20b", "tiny")
    assert "Did you mean 'openai/openai/gpt-oss-20b'" in words(seen, "Model")


def test_a_rate_limit_is_neither_a_yes_nor_a_no(server):
    server.default = status(429, "slow down", retry_after=30)
    seen = tried(spec(server))
    assert (seen.ok, verdicts(seen)["Reply"]) == (None, "unknown")
    assert len(chats(server)) == 1


def test_a_reply_in_one_piece_is_still_known_to_be_a_stream():
    with Plain({"/v1/chat/completions": CHAT}) as server:
        seen = tried(ModelSpec("litellm", model="openai/tiny", api_base=server.url + "/v1"))
    assert verdicts(seen)["Streaming"] == "works"
    assert "in one piece" in words(seen, "Streaming")


@pytest.mark.parametrize(
    "answer",
    [
        Answer(ready, streams=False),
        lambda body: status(400, "stream is not supported") if body.get("stream") else ready(body),
    ],
    ids=["whole all the same", "refused"],
)
def test_a_server_that_does_not_stream_is_said_not_to_and_works_all_the_same(server, answer):
    server.default = answer
    seen = tried(spec(server))
    assert (seen.ok, verdicts(seen)["Streaming"]) == (True, "lacks")
    assert "does not stream" in words(seen, "Streaming")


def test_a_lone_piece_that_does_not_say_it_is_all_may_be_litellms_own_making():
    assert check_streaming(Reply("ready."), along(["ready."], streamed=None))[0] == "unknown"


def along(texts, *, streamed):
    made = StreamObserver()
    made.texts, made.streamed = texts, streamed
    return made


def test_tokens_that_the_server_does_not_tell_are_unknown(server):
    server.script(Answer("ready.", usage=None))
    seen = tried(spec(server))
    assert (seen.ok, verdicts(seen)["Tokens"], seen.tokens_in) == (True, "unknown", None)


@pytest.mark.parametrize("text", ["", " \n"])
def test_an_empty_reply_is_no_reply(server, text):
    server.script(Answer(text))
    seen = tried(spec(server))
    assert (seen.ok, verdicts(seen)["Reply"]) == (False, "fails")


def test_a_reply_that_was_cut_off_says_so(server):
    server.script(Answer("read", "length"))
    seen = tried(spec(server))
    assert seen.ok is True
    assert "cut off" in words(seen, "Reply")


def test_what_cannot_be_used_is_told_before_anybody_is_asked(server):
    login = server.url.replace("://", f"://me:{CANARY}@")
    seen = tried(spec(server, model="", api_base=login, extra={"api_key": CANARY}, timeout_s=-1.0), CANARY)
    failing = {what for what, verdict in verdicts(seen).items() if verdict == "fails"}
    assert failing == {"Model", "Base URL", "Parameters"}
    assert server.requests == []
    assert CANARY not in repr(seen)


@pytest.mark.parametrize("kind", ["practice", "replay"])
def test_where_there_is_no_server_there_is_nothing_to_test(kind):
    seen = tried(ModelSpec(kind))
    assert (seen.ok, len(seen.findings)) == (True, 1)
    assert "nothing to test" in seen.findings[0].words


def test_the_key_is_in_nothing_that_is_told_or_logged_whatever_the_server_says(server, caplog):
    caplog.set_level(logging.DEBUG)
    server.models = ["tiny", CANARY, f"model-{CANARY}"]
    told = []
    for answer in (
        f"ready. {CANARY}",
        Answer(f"{'x' * 190} {CANARY}", trickle_s=0.2),
        status(400, f"what is {CANARY}?"),
        status(401, f"bad key {CANARY}"),
        status(404, f"no model for {CANARY}"),
        status(500, f"{CANARY} broke it"),
        Answer(raw=f"<html>{CANARY}</html>".encode()),
        Answer(hang_s=30.0),
    ):
        server.default = answer
        told.append(repr(tried(spec(server, seed=7), CANARY, limit_s=3.0)))
    assert all("canary" not in one for one in told)
    ours = [record for record in caplog.records if record.name.startswith("refine_core")]
    assert CANARY not in "".join(record.getMessage() for record in ours)


def test_a_key_at_the_place_where_a_text_is_cut_is_hidden_before_the_cut():
    report = CheckReport([CANARY])
    report.record_reply("x" * 195 + CANARY, (1, 1), None)
    assert "canar" not in repr(report.now())


def test_a_test_that_is_over_has_forgotten_the_key():
    report = CheckReport([CANARY])
    report.record("Key", "works", f"It is {CANARY}.")
    report.close("Not tested.")
    assert CANARY not in repr(vars(report))


@pytest.mark.parametrize("key", [f"{CANARY}\n", f" {CANARY}", "two words", "clé", "“quoted”"])
def test_a_key_that_was_not_copied_well_is_told_before_it_is_sent(server, key):
    seen = tried(spec(server), key)
    assert (verdicts(seen)["Key"], server.requests) == ("fails", [])
    assert key.strip() not in repr(seen)


def test_an_address_that_goes_on_to_the_chat_itself_is_put_right(server):
    server.default = status(404, "no")
    seen = tried(spec(server, api_base=server.url + "/chat/completions"))
    assert verdicts(seen)["Base URL"] == "fails"
    assert "must end before" in words(seen, "Base URL")


def test_the_thread_that_tested_leaves_nothing_behind(server):
    before = threading.active_count()
    for _ in range(3):
        tried(spec(server))
    eventually(lambda: threading.active_count() <= before + 1)


def test_only_so_many_tests_are_remembered_and_the_oldest_is_ended():
    first = start_check(ModelSpec())
    others = [start_check(ModelSpec()) for _ in range(MAX_CHECKS)]
    assert get_check(first) is None
    assert all(get_check(one) is not None for one in others)
    stop_check(first)


def test_an_unknown_test_is_none():
    assert get_check("there is none") is None


def refusal(message):
    return LMRefusedError(f'The server did not accept the request (400). It said: "{message}"', status=400)


def refusing(*bad, says="no"):
    """A server that refuses some parameters. asked: what was left out each time."""
    asked = []

    def ask(left_out):
        asked.append(left_out)
        return refusal(says) if set(bad) - set(left_out) else Reply("ready.")

    return ask, asked


def test_several_parameters_are_reported_in_turn_as_the_server_names_them():
    def ask(left_out):
        return refusal("top_k is unknown") if "top_k" not in left_out else Reply("ready.")

    found = find_refused_params(ask, ["temperature", "seed", "top_k"], refusal("seed is unknown"))
    assert (found.names, found.certain) == (("seed", "top_k"), True)


def test_a_parameter_is_known_by_its_other_names_too():
    ask, _ = refusing("max_tokens")
    assert find_refused_params(
        ask, ["seed", "max_tokens"], refusal("max_completion_tokens is too large")
    ).names == ("max_tokens",)


def test_two_that_are_refused_together_are_not_told_apart_beyond_doubt():
    ask, asked = refusing("a", "b")
    found = find_refused_params(ask, ["a", "b", "c"], refusal("no"))
    assert (found.names, found.certain) == (("a", "b", "c"), False)
    assert isinstance(found.result, Reply)
    assert len(asked) == MAX_TRIES


def test_another_failure_on_the_way_ends_the_search():
    found = find_refused_params(lambda _: LMUnavailableError("gone"), ["a", "b"], refusal("no"))
    assert (found.names, str(found.result)) == ((), "gone")


def test_never_more_tries_than_are_allowed():
    ask, asked = refusing("j", says="no")
    find_refused_params(ask, list("abcdefghij"), refusal("no"))
    assert len(asked) <= MAX_TRIES


def test_names_alike_are_found_whatever_their_case():
    assert suggest_names("qwen3", ["Llama", "Qwen3-8B", "qwen/Qwen3-VL"])[0] == "Qwen3-8B"
    assert suggest_names("x", ["Llama"]) == []


# The reply format


@pytest.mark.fault(49)
def test_a_model_that_keeps_the_chat_format_is_said_to_and_asked_no_further(server):
    seen = tried(spec(server))
    assert (seen.ok, seen.reply_format) == (True, "chat")
    assert words(seen, "Reply format") == "Keeps the chat format: yes."
    assert len(server.requests) == 1 + 2  # the list, and two replies


@pytest.mark.fault(49)
@pytest.mark.parametrize(
    ("behaviour", "found", "said"),
    [
        (choosy(supports=["json_schema"], obeys=["json_schema"]), "json_schema", "As JSON schema: yes"),
        (
            choosy(supports=["json_object"], obeys=["json_object"]),
            "json",
            "As JSON schema: no · As JSON object: yes",
        ),
        (choosy(keeps=["json"]), "json", "As JSON object: no · As JSON, asked for in the prompt only: yes"),
        (
            choosy(supports=["json_schema", "json_object"], keeps=["json"]),
            "json_schema",
            "As JSON schema: yes",
        ),
    ],
    ids=["obeys schemas alone", "takes json_object alone", "refuses both", "ignores both"],
)
def test_the_first_format_that_a_model_keeps_is_found(server, behaviour, found, said):
    server.default = behaviour
    seen = tried(spec(server))
    assert (seen.ok, seen.reply_format) == (True, found)
    assert words(seen, "Reply format").startswith("Keeps the chat format: no · ")
    assert said in words(seen, "Reply format")


@pytest.mark.fault(49)
def test_a_model_that_keeps_no_format_is_not_said_to_work(server):
    server.default = choosy(supports=["json_schema", "json_object"])
    seen = tried(spec(server))
    assert (seen.ok, seen.reply_format, verdicts(seen)["Reply"]) == (False, None, "works")
    said = words(seen, "Reply format")
    assert "attempts will fail" in said
    assert said.endswith("Each time, the reply lacked reason and answer.")


@pytest.mark.fault(49)
def test_a_model_that_writes_on_and_on_is_asked_by_schema_in_time(server):
    by_schema = choosy(supports=["json_schema"], obeys=["json_schema"])

    def serve(body):
        is_chat = "[[ ## answer" in str(body["messages"][-1]["content"])
        return Answer("word " * 500, trickle_s=60.0) if is_chat else by_schema(body)

    server.default = serve
    seen = tried(spec(server), limit_s=8.0)
    assert (seen.ok, seen.reply_format) == (True, "json_schema")
    assert seen.took_s < 8.0


def test_a_failure_of_the_server_says_nothing_of_a_format(server):
    server.script("ready.", status(429))
    seen = tried(spec(server))
    assert (verdicts(seen)["Reply format"], seen.ok) == ("unknown", True)


@pytest.mark.fault(48)
def test_what_a_test_found_is_known_to_the_process(server):
    server.default = choosy(supports=["json_schema"], obeys=["json_schema"])
    tried(spec(server))
    before = len(server.requests)
    lm = connect(spec(server, cache=False))
    assert Predict("question -> answer")(lm=lm, question="Why?").answer == "constrained"
    assert len(server.requests) == before + 1


@pytest.mark.fault(49)
def test_what_a_test_found_is_kept_with_the_connection(server):
    server.default = choosy(supports=["json_schema"], obeys=["json_schema"])
    save_connection(Connection("Mine", "compatible", spec(server)))
    save_connection(Connection("Chosen", "compatible", spec(server, reply_format="chat")))
    for one in list_connections():
        tried(one.model)
    assert {one.name: one.model.reply_format for one in list_connections()} == {
        "Mine": "json_schema",
        "Chosen": "chat",
    }


@pytest.mark.fault(61)
def test_models_that_look_like_keys_or_come_twice_are_not_listed_twice(server):
    server.models = ["sk-aaaaaaaaaaaaaaaaaaaa1", "sk-aaaaaaaaaaaaaaaaaaaa2", "tiny", "tiny"]
    assert tried(spec(server)).models == ("tiny",)
