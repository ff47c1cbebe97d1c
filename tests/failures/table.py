"""What can go wrong between a model and us, as data: what the server does, and what must come of it.

    for row in ROWS:
        with standing(row) as place:
            LM("tiny", api_base=place.url, api_key=KEY, timeout_s=row.timeout_s) ...

Each row is played to the model alone in test_model.py, whole and streamed; others play it to whole runs. Wherever a
server can repeat a key it repeats KEY.
"""

from __future__ import annotations

import contextlib
import email.utils
import importlib
import json
import socket
import time
from collections.abc import Iterator
from dataclasses import KW_ONLY, dataclass
from typing import Literal

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
)
from refine_core.lm.engine import engine
from tests.openai_server import (
    CUT,
    CUT_AND_CLOSED,
    CUT_CHUNKED,
    DONE,
    EMPTY_BODY,
    NO_CHOICES,
    NOT_JSON,
    NULL_CONTENT,
    RESET,
    TRUNCATED,
    Answer,
    Behaviour,
    Body,
    OpenAIServer,
    delta,
    redirect,
    status,
)

Mode = Literal["whole", "streamed"]

KEY = "canary-7f3a9c-of-any-shape"
"""Sent as the key in every row; it may be found nowhere afterwards."""

AGAIN = "Try again"
NOT_CHAT = ("not with a chat reply", "usually ends in /v1")
ENDED = ("ended before it was complete", AGAIN)
BROKEN = ("broke before the reply was complete", AGAIN)
SLOW_S = 20.0  # far beyond any limit in force


@dataclass(frozen=True, slots=True)
class Row:
    """One thing that goes wrong.

    behaviour: what the server does, again and again. streamed: the same where a stream is asked for, if that differs.
    error: what comes of it; None is a reply. fragments: what the message must contain, the cause and the next step; or the
    reply's text. retried: the same call may yet succeed, so it is tried again. location: which server.
    modes: how the reply is asked for. timeout_s: the limit of one try that the row is played with.
    """

    name: str
    behaviour: Behaviour
    error: type[LMError] | None
    fragments: tuple[str, ...]
    _: KW_ONLY
    retried: bool = False
    streamed: Behaviour | None = None
    location: Literal["server", "tls", "http as https", "closed port", "no such host", "elsewhere"] = "server"
    modes: tuple[Mode, ...] = ("whole", "streamed")
    timeout_s: float = 15.0

    def respond(self, body: Body) -> str | Answer:
        """What the server does for this request."""
        behaviour = self.behaviour if self.streamed is None or not body.get("stream") else self.streamed
        return behaviour(body) if callable(behaviour) else behaviour


@dataclass(frozen=True, slots=True)
class Place:
    """Where a row is played. url: of the model. server: None where there is none. other: where it must not go."""

    url: str
    server: OpenAIServer | None = None
    other: OpenAIServer | None = None


def close_clients() -> None:
    """Close what litellm keeps open: a client an address, of which it lets the oldest go unclosed beyond 200.

    Python tells of them whenever it finds them, and so in the midst of somebody else's test.
    """
    litellm = engine.litellm().result()
    cleanup = importlib.import_module("litellm.llms.custom_httpx.async_client_cleanup")
    engine.submit(cleanup.close_litellm_async_clients()).result(20)
    litellm.in_memory_llm_clients_cache.flush_cache()


@contextlib.contextmanager
def standing(row: Row) -> Iterator[Place]:
    """The row's server, alive inside `with`; every chat request gets the row's behaviour."""
    with contextlib.ExitStack() as stack:
        if row.location == "no such host":
            yield Place("http://nowhere.invalid/v1")
        elif row.location == "closed port":  # bound and not listening: nobody else takes the port
            closed = stack.enter_context(socket.socket())
            closed.bind(("127.0.0.1", 0))
            yield Place(f"http://127.0.0.1:{closed.getsockname()[1]}/v1")
        elif row.location == "elsewhere":
            other = stack.enter_context(OpenAIServer("stolen"))
            to = redirect(307, f"{other.url}/chat/completions?key={KEY}")
            server = stack.enter_context(OpenAIServer(lambda _: to))
            yield Place(server.url, server, other)
        else:
            server = stack.enter_context(OpenAIServer(row.respond, tls=row.location == "tls"))
            url = server.url if row.location != "http as https" else server.url.replace("http:", "https:")
            yield Place(url, server)


def _soon(_: Body) -> Answer:
    return status(429, retry_after=email.utils.formatdate(time.time() + 2, usegmt=True))


def _no_streams(body: Body) -> str | Answer:
    if "stream_options" in body:
        return status(400, "Unknown parameter: stream_options", param="stream_options")
    return "ab"


def _error(message: str, *, code: int | None) -> bytes:
    return json.dumps({"error": {"message": message, "code": code}}).encode()


TOOL = {"index": 0, "id": "call-1", "type": "function", "function": {"name": "look_up", "arguments": "{}"}}
HUGE = " ".join(["x" * 100_000] * 100)

REFUSED = (
    Row("401", status(401, f"Bad key {KEY}."), LMKeyError, ("refused the key (401)", "Check the key")),
    Row("403", status(403, f"Not {KEY}."), LMKeyError, ("(403)", "Check what the key may do")),
    Row("404 model", status(404, "No such model."), LMNotFoundError, ("no model 'tiny'", "Check the name")),
    Row(
        "400 unsupported parameter",
        status(400, "Unsupported parameter.", param="top_k"),
        LMRefusedError,
        ("did not accept the parameter 'top_k' (400)", "leave it out"),
    ),
    Row("400", status(400, f"No {KEY} here."), LMRefusedError, ("the request (400)", "It said", "here.")),
    Row("422", status(422, "Not so."), LMRefusedError, ("the request (422)", "It said", "Not so.")),
    *(
        Row(
            f"too long for the context window: {words[:20]}",
            status(code, words),
            LMPromptTooLongError,
            ("The prompt is too long for 'tiny'", "lower max tokens", "larger context window", words),
        )
        for code, words in (
            (400, "the request exceeds the available context size, try increasing it"),
            (400, "The model is loaded with context length of only 4096 tokens, which is not enough."),
            (422, "`inputs` tokens + `max_new_tokens` must be <= 4096. Given: 5000 `inputs` tokens"),
            (500, "context shift is disabled"),
        )
    ),
    *(
        Row(
            f"content refused, {code}",
            status(code, words),
            LMRefusedError,
            ("refused the content of the prompt", "Change the prompt", words),
        )
        for code, words in (
            (400, "The prompt triggers our content management policy."),
            (403, "tiny requires moderation. Your input was flagged"),
        )
    ),
    Row(
        "500 too little memory",
        status(500, "model requires more system memory (5.6 GiB) than is available (3.1 GiB)"),
        LMRefusedError,
        ("too little memory for 'tiny' (500)", "choose a smaller model"),
    ),
    Row("405", status(405), LMNotFoundError, ("no chat requests at this path (405)", "ends in /v1")),
    Row(
        "410",
        status(410, "Retired."),
        LMNotFoundError,
        ("no longer has the model", "(410)", "Choose another", "Retired."),
    ),
    Row("304", Answer(status=304, raw=b""), LMRefusedError, ("(304)", "It gave no reason")),
    Row("a redirect to nowhere", Answer(status=302, raw=b""), LMRefusedError, ("(302)", "It gave no reason")),
    Row(
        "a path that is none under status 200",
        Answer(raw=b'{"error": "Unexpected endpoint or method. (POST /chat/completions)"}'),
        LMNotFoundError,
        ("no chat at this path (404)", "ends in /v1", "Unexpected endpoint"),
    ),
    Row("413", status(413), LMPromptTooLongError, ("too long", "Shorten it")),
    Row(
        "429 insufficient quota",
        status(429, "No money left.", error_code="insufficient_quota"),
        LMCreditError,
        ("out of credit (429)", "use another key", "No money left"),
    ),
    *(
        Row(
            f"no credit, {code}: {words[:20]}",
            status(code, words),
            LMCreditError,
            ("out of credit", "Add credit", words),
        )
        for code, words in (
            (400, "Your credit balance is too low to access the API."),
            (402, "Insufficient Balance"),
            (403, "This method requires billing to be enabled."),
            (403, "Your team has used all available credits or reached its monthly spending limit."),
            (400, "Budget has been exceeded! Current cost: 1.2, Max budget: 1.0"),
            (429, "You exceeded your current quota, please check your plan and billing details."),
        )
    ),
    *(
        Row(
            f"400 of another shape: {name}",
            Answer(status=400, raw=raw.encode(errors="surrogateescape")),
            LMRefusedError,
            ("(400)", words),
        )
        for name, raw, words in (
            ("error is a text", '{"error": "model is not loaded"}', 'It said: "model is not loaded"'),
            ("detail is a text", '{"detail": "no such thing"}', 'It said: "no such thing"'),
            (
                "detail is a list",
                '{"detail": [{"loc": ["body", "top_k"], "msg": "too big", "type": "v"}]}',
                "'top_k'",
            ),
            ("message alone", '{"message": "not so"}', 'It said: "not so"'),
            ("message is an object", '{"error": {"message": {"why": "not so"}}}', "not so"),
            ("errors are a list", '{"errors": [{"message": "one"}, "two"]}', 'It said: "one; two"'),
            ("a text", "model is not loaded", 'It said: "model is not loaded"'),
            ("a web page", "<html><title>Bad &amp; gone</title></html>", 'It said: "Bad & gone"'),
            ("JSON within a text", '{"error": "{\\"message\\": \\"inner\\"}"}', 'It said: "inner"'),
            ("nothing", "", "did not accept the request (400). It gave no reason: look at the server's log"),
            ("null", "null", "It gave no reason"),
            ("an empty object", "{}", "It gave no reason"),
            ("no text at all", "\udcff\udcfe\udc80", "It gave no reason"),
            ("errors within errors", '{"detail": {"error": {"message": "inner"}}}', 'It said: "inner"'),
            ("a list of errors", '[{"error": {"message": "not so"}}]', 'It said: "not so"'),
            ("messages as a list", '{"error": {"message": ["one", {"msg": "two"}]}}', 'It said: "one; two"'),
            ("half an emoji", '{"error": {"message": "bad \\ud83d end"}}', 'It said: "bad \ufffd end"'),
            ("a coloured log", '{"error": "\\u001b[31mnot so\\u001b[0m"}', 'It said: "not so"'),
        )
    ),
    Row(
        "400 with litellm's advice",
        status(400, "litellm.BadRequestError: Bad top_k. To drop it, set `litellm.drop_params=True`."),
        LMRefusedError,
        ('It said: "Bad top_k."',),
    ),
    Row(
        "redirect to elsewhere",
        "",
        LMNotFoundError,
        ("sends the request on to", "give its address"),
        location="elsewhere",
    ),
)
PASSING = tuple(
    Row(name, behaviour, error, words, retried=True)
    for name, behaviour, error, words in (
        ("408", status(408), LMTimeoutError, ("gave up waiting (408)", AGAIN)),
        ("409", status(409), LMUnavailableError, ("not ready for the request (409)", AGAIN)),
        ("429", status(429, f"Slow, {KEY}."), LMRateLimitError, ("(429)", "Wait a little")),
        ("429 after seconds", status(429, retry_after=0.2), LMRateLimitError, ("(429)", "Wait a little")),
        *(
            (f"429 after nonsense: {advice}", status(429, retry_after=advice), LMRateLimitError, ("(429)",))
            for advice in ("-5", "nan", "inf", "soon, maybe", "Wed, 21 Oct 2015 07:28:00 GMT")
        ),
        *(
            (str(code), status(code), LMUnavailableError, (f"not ready for the request ({code})", AGAIN))
            for code in (424, 425, 498, 499)
        ),
        ("529", status(529, "Overloaded"), LMUnavailableError, ("failed on its side (529)", AGAIN)),
        (
            "503 while it loads",
            status(503, "Loading model", retry_after=0.2),
            LMUnavailableError,
            ("still loading the model (503)", "Try again when it is loaded"),
        ),
        ("429 after a date", _soon, LMRateLimitError, ("(429)", "Wait a little")),
        ("500", status(500), LMUnavailableError, ("failed on its side (500)", AGAIN)),
        (
            "502 with a web page",
            Answer(status=502, raw=f"<html>Bad gateway {KEY}</html>".encode(), content_type="text/html"),
            LMUnavailableError,
            ("failed on its side (502)", AGAIN),
        ),
        ("503", status(503), LMUnavailableError, ("failed on its side (503)", AGAIN)),
    )
)
NETWORK = (
    Row(
        "connection refused",
        "",
        LMUnavailableError,
        ("connection refused", "Is the server running"),
        retried=True,
        location="closed port",
    ),
    Row(
        "DNS failure",
        "",
        LMUnavailableError,
        ("no such host", "Check the address"),
        retried=True,
        location="no such host",
    ),
    Row(
        "TLS: a certificate that nobody trusts",
        "",
        LMUnavailableError,
        ("no secure connection", "certificate", "SSL_CERT_FILE"),
        location="tls",
    ),
    Row(
        "TLS: the server speaks none",
        "",
        LMUnavailableError,
        ("no secure connection", "Check http or https"),
        location="http as https",
    ),
    *(
        Row(name, behaviour, LMUnavailableError, BROKEN, retried=True)
        for name, behaviour in (
            ("reset in mid-body", RESET),
            ("shorter than its Content-Length", CUT),
            ("chunks without an end", CUT_CHUNKED),
        )
    ),
    *(
        Row(
            name,
            behaviour,
            LMTimeoutError,
            ("no answer within", "allow it more time"),
            retried=True,
            timeout_s=1.0,
        )
        for name, behaviour in (
            ("hangs before the headers", Answer(hang_s=SLOW_S)),
            ("hangs after the headers", Answer("hello", stall_s=SLOW_S, stall_at=0.0)),
            ("hangs in the middle", Answer(" ".join(["hello"] * 5), stall_s=SLOW_S, stall_at=0.1)),
        )
    ),
    Row(
        "trickles",
        Answer("drop by drop", trickle_s=SLOW_S),
        LMTimeoutError,
        ("no answer within", "allow it more time"),
        retried=True,
        timeout_s=1.0,
        modes=("whole",),
    ),
    Row(
        "rambles on",
        Answer("and so on " * 100, trickle_s=SLOW_S),
        LMTimeoutError,
        ("was still writing after", "characters). Set max tokens."),
        timeout_s=6.0,  # enough for the first words, with 120 servers at once
        modes=("streamed",),
    ),
    Row(
        "falls silent",
        Answer("hello you there my friend", stall_s=SLOW_S, stall_at=0.8),
        LMTimeoutError,
        ("sent nothing more for", AGAIN, "allow it more time"),
        retried=True,
        timeout_s=6.0,  # enough for the first words, with 120 servers at once
        modes=("streamed",),
    ),
)
NO_REPLY = tuple(
    Row(name, behaviour, LMUnavailableError, words, retried=True)
    for name, behaviour, words in (
        ("truncated, with the right Content-Length", TRUNCATED, ENDED),
        ("closed in the middle, as if complete", CUT_AND_CLOSED, ENDED),
        ("empty body", EMPTY_BODY, NOT_CHAT),
        ("a web page", NOT_JSON, NOT_CHAT),
        ("a page of 5 MB", Answer(raw=b"<p>" + b"z" * 5_000_000, content_type="text/html"), NOT_CHAT),
        ("JSON of another kind", Answer(raw=b"[1, 2]"), NOT_CHAT),
        ("choices are an object", Answer(fields={"choices": {"a": 1}}), (*NOT_CHAT, "an object, not a list")),
        ("a choice is a text", Answer(fields={"choices": ["hi"]}), NOT_CHAT),
        ("content is a number", Answer(message={"content": 5}), (*NOT_CHAT, "content is a number")),
        ("content is a list", Answer(message={"content": [1]}), (*NOT_CHAT, "content is a list")),
        ("content is an object", Answer(message={"content": {"a": 1}}), (*NOT_CHAT, "content is an object")),
        ("no choices", NO_CHOICES, ("without choices", AGAIN)),
        ("null content", NULL_CONTENT, ("without text", AGAIN)),
        ("empty content", Answer(""), ("without text", AGAIN)),
        (
            "an error under status 200",
            Answer(raw=_error("oops", code=None)),
            ("an error in place", AGAIN, "oops"),
        ),
        ("a text as error under status 200", Answer(raw=b'{"error": "oops"}'), ("an error in place", "oops")),
        ("a detail under status 200", Answer(raw=b'{"detail": "oops"}'), ("an error in place", "oops")),
        (
            "an error and no choices",
            Answer(raw=b'{"choices": null, "error": {"message": "oops"}}'),
            ("an error in place", "oops"),
        ),
        (
            "an error within a choice",
            Answer("never read", "error"),
            ("an error in place", AGAIN),
        ),
        ("a message under status 200", Answer(raw=b'{"message": "oops"}'), ("an error in place", "oops")),
        (
            "an error 503 under status 200",
            Answer(raw=_error("busy", code=503)),
            ("failed on its side (503)", AGAIN),
        ),
    )
)
IN_MID_STREAM = tuple(
    Row(
        name,
        Answer(events=(delta("never "), delta("read "), *events)),
        LMUnavailableError,
        words,
        retried=True,
        modes=("streamed",),
    )
    for name, events, words in (
        (
            "error in mid-stream",
            ({"error": {"message": f"oops {KEY}"}},),
            ("an error in place", AGAIN, "oops"),
        ),
        ("text as error in mid-stream", ({"error": "oops"},), ("an error in place", AGAIN, "oops")),
        ("error 500 in mid-stream", ({"error": {"message": "", "code": "500"}},), ("(500)", AGAIN)),
        ("no JSON in mid-stream", ("{no json", DONE), (*NOT_CHAT, "not complete JSON")),
        ("a list in mid-stream", ("[1, 2]", DONE), (*NOT_CHAT, "a list")),
        ("a number in mid-stream", ("5", DONE), (*NOT_CHAT, "a number")),
        ("a number as content in mid-stream", (delta(5), DONE), (*NOT_CHAT, "a number")),
        ("no end of the stream", (), ENDED),
    )
)
UNWILLING = tuple(
    Row(name, behaviour, LMRefusedError, words)
    for name, behaviour, words in (
        (
            "refusal",
            Answer(message={"content": None, "refusal": f"I will not, {KEY}. " * 40}),
            ("refused to answer", "I will not", "Change the prompt"),
        ),
        (
            "tool call",
            Answer(message={"content": None, "tool_calls": [TOOL]}, finish_reason="tool_calls"),
            ("its tool 'look_up'", "Leave `tools` out"),
        ),
        ("content filter", Answer(None, "content_filter"), ("content filter", "Change the prompt")),
        ("cut before any text", Answer(None, "length"), ("used up its tokens", "Raise max_tokens")),
        ("cut at once", Answer("", "length"), ("used up its tokens", "Raise max_tokens")),
        ("10 MB", Answer(HUGE), ("longer than 4 MB", "Set max_tokens")),
    )
)
ODD_REPLIES = tuple(
    Row(name, behaviour, None, (text,))
    for name, behaviour, text in (
        ("cut by length, with text", Answer("the reply was", "length"), "the reply was"),
        ("filtered, with text", Answer("the reply was", "content_filter"), "the reply was"),
        ("content in parts", Answer(message={"content": [{"type": "text", "text": "ab"}]}), "ab"),
        ("content in parts without a type", Answer(message={"content": [{"text": "ab"}]}), "ab"),
        (
            "content as output_text",
            Answer(message={"content": [{"type": "output_text", "text": "ab"}]}),
            "ab",
        ),
        ("content in texts", Answer(message={"content": ["a", "b"]}), "ab"),
        ("usage in texts", Answer("ab", usage={"prompt_tokens": "7", "completion_tokens": "many"}), "ab"),
        ("negative usage", Answer("ab", usage={"prompt_tokens": -7, "completion_tokens": -1}), "ab"),
        ("absurd usage", Answer("ab", usage={"prompt_tokens": 10**30, "completion_tokens": 10**30}), "ab"),
        ("usage as a list", Answer("ab", usage=[1, 2]), "ab"),
        ("no usage", Answer("ab", usage=None), "ab"),
        ("finish_reason is a number", Answer("ab", 5), "ab"),
        ("no finish_reason", Answer("ab", None), "ab"),
        ("model is a number", Answer("ab", fields={"model": 5}), "ab"),
        ("id is a list", Answer("ab", fields={"id": [1]}), "ab"),
        ("stream ignored", Answer("ab", streams=False), "ab"),
        ("stream refused", _no_streams, "ab"),
        ("key repeated", Answer(f"your key is {KEY}, I think"), "your key is [hidden], I think"),
    )
)
ROWS: tuple[Row, ...] = (
    *REFUSED,
    *PASSING,
    *NETWORK,
    *NO_REPLY,
    *IN_MID_STREAM,
    *UNWILLING,
    *ODD_REPLIES,
)
