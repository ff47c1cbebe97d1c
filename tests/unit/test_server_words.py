"""What a server says when it refuses reaches the person, whatever its shape, and only what the person can act on."""

from __future__ import annotations

import json
import time

import pytest

from refine_core import LM, Collector
from refine_core.errors import LMError, LMRateLimitError, LMRefusedError, LMUnavailableError
from refine_core.lm.refusals import read_refusal
from refine_core.log.scope import Scope, current_scope, use_scope
from tests.openai_server import Answer, OpenAIServer, delta, status

SAID = "model is not loaded"
SHAPES = {
    "error is a text": {"error": SAID},
    "openai": {"error": {"message": SAID, "type": "invalid_request_error"}},
    "anthropic": {"type": "error", "error": {"type": "not_found_error", "message": SAID}},
    "error in error": {"error": {"error": SAID}},
    "details": {"error": {"code": "x", "message": None, "details": SAID}},
    "google": [{"error": {"code": 400, "message": SAID, "status": "INVALID_ARGUMENT"}}],
    "fastapi": {"detail": SAID},
    "fastapi, wrapped": {"detail": {"error": {"message": SAID}}},
    "vllm": {"object": "error", "message": SAID, "type": "BadRequestError", "code": 400},
    "ollama's proxy": {"error": {"message": json.dumps({"error": SAID})}},
    "cloudflare": {"success": False, "result": None, "errors": [{"code": 7003, "message": SAID}]},
    "problem+json": {"title": "Bad Request", "status": 400, "detail": SAID},
    "msg": {"code": 5, "msg": SAID},
    "reason": {"status": "failed", "reason": SAID},
    "a bool beside it": {"error": True, "message": SAID},
    "an empty error": {"error": "", "detail": SAID},
    "words of its own": {"fault": {"faultstring": SAID}},
    "other words": {"errorMessage": SAID},
    "a JSON text": SAID,
}
BODIES = {name: json.dumps(shape) for name, shape in SHAPES.items()} | {
    "text": SAID,
    "text of two lines": "model is\r\nnot loaded",
    "half of JSON": f'{{"error": "{SAID}"',
    "with a byte order mark": f'\ufeff{{"error": "{SAID}"}}',
    "XML": f'<?xml version="1.0"?><Error><Code>NoModel</Code><Message>{SAID}</Message></Error>',
    "a web page": f"<!doctype html><html><title>{SAID}</title><body>…</body></html>",
    "a web page without a title": f"<html><body><h1>{SAID}</h1></body></html>",
}
STATUSES = {400: LMRefusedError, 422: LMRefusedError, 500: LMUnavailableError}


@pytest.fixture(scope="module")
def server():
    with OpenAIServer() as made:
        yield made


def error_of(server: OpenAIServer, behaviour: Answer, *, streamed: bool = False, retries: int = 0) -> LMError:
    server.requests.clear()
    server.default = behaviour
    lm = LM("openai/tiny", api_base=server.url, api_key="k", cache=False, num_retries=retries, top_k=3)
    with (
        use_scope(Scope(sinks=(Collector(),), draft=lambda *_: None) if streamed else current_scope()),
        pytest.raises(LMError) as caught,
    ):
        lm("hi")
    assert all(bool(request.json.get("stream")) is streamed for request in server.requests)
    return caught.value


@pytest.mark.fault(9)
@pytest.mark.parametrize("code", STATUSES)
@pytest.mark.parametrize("body", BODIES)
def test_the_servers_words_are_shown_whatever_their_shape(server, code, body):
    error = error_of(server, Answer(status=code, raw=BODIES[body].encode()))
    assert isinstance(error, STATUSES[code])
    assert f"({code})" in str(error)
    assert SAID in str(error)
    assert "Error code" not in str(error)


@pytest.mark.fault(9)
@pytest.mark.parametrize("body", SHAPES)
def test_so_they_are_where_a_stream_was_asked_for(server, body):
    error = error_of(server, Answer(status=400, raw=BODIES[body].encode()), streamed=True)
    assert SAID in str(error)


@pytest.mark.fault(9)
@pytest.mark.parametrize("shape", ["error is a text", "openai", "anthropic", "error in error"])
def test_so_they_are_under_status_200_and_in_the_middle_of_a_stream(server, shape):
    whole = error_of(server, Answer(raw=BODIES[shape].encode()))
    streamed = error_of(server, Answer(events=(delta("Par"), SHAPES[shape])), streamed=True)
    assert SAID in str(whole)
    assert SAID in str(streamed)


OUT_OF_CREDIT = {
    "openai": status(429, "You exceeded your current quota.", error_code="insufficient_quota"),
    "openai, by type": Answer(
        status=429, raw=b'{"error": {"message": "No.", "type": "insufficient_quota", "code": null}}'
    ),
    "deepseek": status(402, "Insufficient Balance"),
    "anthropic": status(400, "Your credit balance is too low to access the Anthropic API."),
    "openrouter": Answer(
        status=402, raw=b'{"error": {"message": "Insufficient credits. Add more.", "code": 402}}'
    ),
    "google": status(403, "This API method requires billing to be enabled."),
    "billing limit": status(
        400, "Billing hard limit has been reached", error_code="billing_hard_limit_reached"
    ),
    "under status 200": Answer(raw=b'{"error": {"message": "No.", "code": "insufficient_quota"}}'),
}
WAIT = {
    "requests a minute": status(429, "Rate limit reached for requests per minute: limit 3, used 3."),
    "tokens a minute": status(429, "You exceeded your current quota. Please retry in 20s."),
    "a bare 429": status(429),
}


@pytest.mark.fault(10)
@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("case", OUT_OF_CREDIT)
def test_an_account_without_credit_is_told_to_add_some_and_asked_once(server, case, streamed):
    """No waiting helps it."""
    error = error_of(server, OUT_OF_CREDIT[case], streamed=streamed, retries=2)
    assert isinstance(error, LMRateLimitError)
    assert "out of credit" in str(error)
    assert "Add credit" in str(error)
    assert "Wait a little" not in str(error)
    assert len(server.requests) == 1


@pytest.mark.fault(10)
@pytest.mark.parametrize("case", WAIT)
def test_a_rate_limit_that_passes_is_told_to_wait_for(server, case):
    error = error_of(server, WAIT[case])
    assert isinstance(error, LMRateLimitError)
    assert error.retryable
    assert "Wait a little" in str(error)
    assert "credit" not in str(error)


ADVICE = (
    "litellm.UnsupportedParamsError: tiny does not support parameters: ['top_k'], for model=tiny. "
    "To drop these, set `litellm.drop_params=True` or for proxy:\n\n`litellm_settings:\n drop_params: true`\n. "
    "If you want to use these params dynamically send allowed_openai_params=['top_k'] in your request."
)


@pytest.mark.fault(11)
@pytest.mark.parametrize("body", [{"error": {"message": ADVICE}}, {"detail": ADVICE}, {"error": ADVICE}])
@pytest.mark.parametrize("code", [400, 500])
def test_advice_on_litellms_settings_is_not_passed_on(server, code, body):
    """A server that is litellm's proxy gives it; nobody who reads it here can follow it."""
    error = error_of(server, Answer(status=code, raw=json.dumps(body).encode()))
    assert [word for word in ("litellm", "drop_params", "allowed_openai_params") if word in str(error)] == []


@pytest.mark.fault(11)
@pytest.mark.parametrize("model", ["anthropic/claude-3-haiku-20240307", "bedrock/amazon.titan-text-lite-v1"])
def test_a_parameter_that_litellm_refuses_itself_is_told_in_our_words(model):
    """Nothing is sent: litellm knows the model and raises."""
    lm = LM(model, api_key="k", cache=False, num_retries=0, logit_bias={"1": 1}, temperature=None)
    with pytest.raises(LMError) as caught:
        lm("hi")
    told = str(caught.value)
    assert [word for word in ("litellm.", "drop_params", "allowed_openai_params") if word in told] == []
    assert "logit_bias" in told


HOSTILE = {
    "comments of a web page": b"<!---->" * 40 + b"x",
    "beginnings of a title": b"<html>" + b"<title " * 28_000,
    "spaces": b"litellm a" + b" " * 190_000 + b"b",
    "full stops": b"a" + b" ." * 95_000 + b"x",
    "a sentence begun again and again": b"used all " * 22_000,
    "a code without end": json.dumps({"code": "used all " * 20_000}).encode(),
    "a wait that no float can hold": json.dumps({"error": "loading", "estimated_time": 10**400}).encode(),
    "a wait of 5,000 digits": b"retry in " + b"9" * 5_000,
}


@pytest.mark.fault(9)
@pytest.mark.parametrize("raw", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_refusal_is_read_at_once_and_without_an_error(raw):
    """A refusal may be 200,000 characters long, and patterns must not try all ways to match it."""
    began_s = time.process_time()
    refusal = read_refusal(429, {}, raw)
    assert not refusal.is_out_of_credit
    assert refusal.retry_after_s is None
    assert time.process_time() - began_s < 2
