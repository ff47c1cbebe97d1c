"""A model server on loopback that speaks OpenAI's chat protocol, and misbehaves on request.

    with OpenAIServer(default="polite") as server:
        server.script(status(429, retry_after=1), "hello")     # first 429, then 200; afterwards the default
        ...
        assert server.requests[0].json["model"] == "tiny"

A behaviour is a reply text, an Answer, or a function (request body) -> either. Real HTTP, nothing mocked: what a
client meets here it can meet in the world. A request with `stream` is answered as a stream of events. By hand, serving a polite model: `python tests/openai_server.py --port 8800`.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import re
import select
import socket
import ssl
import struct
import tempfile
import threading
import time
from collections import deque
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Final, Literal, Self

Body = dict[str, object]
USER_AGENT: Final = (
    "refinescope (context size)"  # of refine_core.lm.context_size; this file imports nothing of ours
)


@dataclass(frozen=True, slots=True)
class Answer:
    """One reply, honest or not. Times in seconds. Where it is streamed, the same is said in pieces.

    text: the reply, or a function of the request body; None sends null content. finish_reason: of any type.
    message: the message's own fields instead of `text`; of the delta, where it is streamed. fields: over the body's own,
    or over each event's. usage: "told" counts words; None leaves it out; anything else is sent as it is.
    events: these instead of the usual ones, where it is streamed; text as it is, all else as JSON.
    raw: these bytes instead of it all. content_type: instead of the one that fits. streams: False ignores `stream`.
    hang_s: wait before the first byte. stall_s: wait once `stall_at` of the body is sent, 0 to 1.
    trickle_s: spread the body over this long. framing: how the end of the body is told.
    cut: hang up in the middle, in good order. reset: hang up in the middle, and let the client know it.
    """

    text: str | Callable[[Body], str] | None = ""
    finish_reason: object = "stop"
    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    raw: bytes | None = None
    hang_s: float = 0.0
    trickle_s: float = 0.0
    reset: bool = False
    message: Body | None = None
    fields: Body = field(default_factory=dict)
    usage: object = "told"
    events: tuple[Body | str, ...] | None = None
    content_type: str = ""
    streams: bool = True
    stall_s: float = 0.0
    stall_at: float = 0.5
    framing: Literal["length", "chunked", "close"] = "length"
    cut: bool = False


Behaviour = str | Answer | Callable[[Body], str | Answer]

CODES = {401: "invalid_api_key", 404: "model_not_found", 429: "rate_limit_exceeded"}


def status(
    code: int,
    message: str = "",
    *,
    retry_after: float | str | None = None,
    error_code: str = "",
    param: str | None = None,
) -> Answer:
    """An error reply in OpenAI's shape.

    retry_after: a header, in seconds or as it is. error_code: instead of the usual one. param: the one at fault.
    """
    kind = "server_error" if code >= 500 else "invalid_request_error"
    error = {
        "message": message or f"status {code}",
        "type": kind,
        "param": param,
        "code": error_code or CODES.get(code),
    }
    after = f"{retry_after:g}" if isinstance(retry_after, (int, float)) else retry_after
    headers = () if after is None else (("Retry-After", after),)
    return Answer(status=code, headers=headers, raw=json.dumps({"error": error}).encode())


def redirect(code: int, to: str) -> Answer:
    """Sends the client elsewhere. to: the whole address."""
    return Answer(status=code, headers=(("Location", to),), raw=b"")


def delta(content: object = None, finish_reason: object = None, **fields: object) -> Body:
    """An event of a stream. fields: others of its delta."""
    said = {**({} if content is None else {"content": content}), **fields}
    return {
        **_CHUNK,
        "model": "tiny",
        "choices": [{"index": 0, "delta": said, "finish_reason": finish_reason}],
    }


_CHUNK: Body = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1}
DONE = "[DONE]"
RESET = Answer("never read to the end", reset=True)
CUT = Answer("never read to the end", cut=True)
CUT_CHUNKED = Answer("never read to the end", cut=True, framing="chunked")
CUT_AND_CLOSED = Answer("never read to the end", cut=True, framing="close")
EMPTY_BODY = Answer(raw=b"")
TRUNCATED = Answer(raw=b'{"id": "x", "object": "chat.completion", "choices": [{"index": 0, "mess')
NOT_JSON = Answer(raw=b"<html>a login page</html>", content_type="text/html")
NO_CHOICES = Answer(fields={"choices": []})
NULL_CONTENT = Answer(None)
CUT_BY_LENGTH = Answer("the reply was", "length")


@dataclass(slots=True)
class Recorded:
    """One request. headers: lower-case names. json: the parsed body, {} without one. at: time.monotonic().

    disconnected: the client went away before the reply was complete. done: the exchange is over, either way.
    """

    path: str
    headers: dict[str, str]
    json: Body
    at: float
    disconnected: threading.Event = field(default_factory=threading.Event)
    done: threading.Event = field(default_factory=threading.Event)


_ports: set[int] = set()


def _listen(port: int, handler: type[BaseHTTPRequestHandler]) -> ThreadingHTTPServer:
    """A server at this port; at 0, at one where none was before: the app remembers of an address what its server refused."""
    passed_over: list[ThreadingHTTPServer] = []
    try:
        while True:
            made = ThreadingHTTPServer(("127.0.0.1", port), handler)
            if port or made.server_port not in _ports:
                _ports.add(made.server_port)
                return made
            passed_over.append(made)
    finally:
        for one in passed_over:
            one.server_close()


class OpenAIServer:
    """The server, alive inside `with`.

    default: the behaviour once the script is used up. key: if given, requests with another key get 401. port: 0
    takes a free one. tls: speak https, with a certificate that nobody trusts. Settable: models, what /v1/models lists; sizes, what is
    answered to questions about the context size, by path: data, or a function of the request's body. Those are no `requests`, but
    `size_requests`.
    """

    def __init__(
        self, default: Behaviour = "hello", *, key: str | None = None, port: int = 0, tls: bool = False
    ) -> None:
        self.default, self.key, self.models = default, key, ["polite"]
        self.sizes: dict[str, object] = {}
        self.requests: list[Recorded] = []
        self.size_requests: list[Recorded] = []
        self.closing = threading.Event()
        self.arrival = threading.Condition()
        self._queue: deque[Behaviour] = deque()
        self._http = _listen(port, type("Handler", (_Handler,), {"owner": self}))
        self.port: int = self._http.server_port
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.port}/v1"
        if tls:  # the handshake is left to each connection's own thread
            self._http.socket = _tls().wrap_socket(
                self._http.socket, server_side=True, do_handshake_on_connect=False
            )

    def script(self, *behaviours: Behaviour) -> None:
        """Queue behaviours, one per chat request, in order of arrival."""
        self._queue.extend(behaviours)

    def next_answer(self, body: Body) -> Answer:
        behaviour = self._queue.popleft() if self._queue else self.default
        if callable(behaviour):
            behaviour = behaviour(body)
        answer = behaviour if isinstance(behaviour, Answer) else Answer(behaviour)
        return replace(answer, text=answer.text(body)) if callable(answer.text) else answer

    def wait_for_requests(self, count: int = 1, within_s: float = 20.0) -> None:
        """Wait until `count` requests have arrived in all."""
        with self.arrival:
            in_time = self.arrival.wait_for(lambda: len(self.requests) >= count, within_s)
        assert in_time, f"{len(self.requests)} of {count} requests within {within_s:g} s"

    def __enter__(self) -> Self:
        threading.Thread(target=self._http.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.closing.set()  # hanging answers give up
        self._http.shutdown()
        self._http.server_close()


class _Handler(BaseHTTPRequestHandler):
    owner: OpenAIServer
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._serve({})

    def do_POST(self) -> None:
        self._serve(json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0)))))

    def _serve(self, body: Body) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = Recorded(self.path, headers, body, time.monotonic())
        about_size = headers.get("user-agent") == USER_AGENT
        with self.owner.arrival:
            (self.owner.size_requests if about_size else self.owner.requests).append(request)
            self.owner.arrival.notify_all()
        try:
            self._send(self._choose_size(request) if about_size else self._choose(request), body)
        except OSError:
            if not self.owner.closing.is_set():
                request.disconnected.set()
        finally:
            self.close_connection = True
            request.done.set()

    def _choose_size(self, request: Recorded) -> Answer:
        if self.owner.key and request.headers.get("authorization") != f"Bearer {self.owner.key}":
            return status(401, "Incorrect API key provided.")
        said = self.owner.sizes.get(request.path)
        said = said(request.json) if callable(said) else said
        return status(404) if said is None else Answer(raw=json.dumps(said).encode())

    def _choose(self, request: Recorded) -> Answer:
        if self.owner.key and request.headers.get("authorization") != f"Bearer {self.owner.key}":
            return status(401, "Incorrect API key provided.")
        if request.path.endswith("/models"):
            cards = [{"id": name, "object": "model"} for name in self.owner.models]
            return Answer(raw=json.dumps({"object": "list", "data": cards}).encode())
        if request.path.endswith("/chat/completions"):
            return self.owner.next_answer(request.json)
        return status(404, f"Unknown path {request.path}.")

    def _send(self, answer: Answer, body: Body) -> None:
        self._wait(answer.hang_s)
        streams = bool(body.get("stream")) and answer.streams and answer.raw is None
        whole = answer.raw
        if whole is None:
            whole = _sse(answer, body) if streams else _completion(answer, body)
        in_pieces = answer.trickle_s or answer.reset or answer.cut or answer.stall_s
        step = 8 if in_pieces else len(whole) or 1
        pieces = [whole[at : at + step] for at in range(0, len(whole), step)]
        self.send_response(answer.status)
        kind = answer.content_type or ("text/event-stream" if streams else "application/json")
        framing = {
            "length": (("Content-Length", str(len(whole))),),
            "chunked": (("Transfer-Encoding", "chunked"),),
            "close": (),
        }[answer.framing]
        for name, value in (("Content-Type", kind), ("Connection", "close"), *framing, *answer.headers):
            self.send_header(name, value)
        self.end_headers()
        for number, piece in enumerate(pieces):
            if answer.stall_s and number == int(len(pieces) * answer.stall_at):
                self._wait(answer.stall_s)
            if (answer.reset or answer.cut) and number > len(pieces) // 2:
                if answer.reset:  # lingering for zero seconds sends RST, not FIN
                    self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    self.connection.close()
                return
            self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece) if answer.framing == "chunked" else piece)
            self._wait(answer.trickle_s / len(pieces))
        if answer.framing == "chunked":
            self.wfile.write(b"0\r\n\r\n")

    def _wait(self, seconds: float) -> None:
        """Wait, unless the client hangs up first: a readable socket without bytes is a closed one."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            readable, _, _ = select.select([self.connection], [], [], min(left, 0.05))
            if self.owner.closing.is_set() or (readable and not self.connection.recv(1, socket.MSG_PEEK)):
                raise ConnectionAbortedError

    def log_message(self, *_: object) -> None:
        """Say nothing: requests are recorded, not printed."""


def _usage(answer: Answer, body: Body) -> dict[str, int]:
    """Words for tokens: known numbers, so that a test can add them up."""
    asked = sum(len(str(message["content"]).split()) for message in body["messages"])
    said = len(str(answer.text or "").split())
    return {"prompt_tokens": asked, "completion_tokens": said, "total_tokens": asked + said}


def _usage_field(answer: Answer, body: Body) -> Body:
    """The usage as a field of the body, if the server sends one."""
    if answer.usage is None:
        return {}
    return {"usage": _usage(answer, body) if answer.usage == "told" else answer.usage}


def _completion(answer: Answer, body: Body) -> bytes:
    said = {"content": answer.text} if answer.message is None else answer.message
    choice = {"index": 0, "message": {"role": "assistant", **said}, "finish_reason": answer.finish_reason}
    head = {"id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": body.get("model")}
    return json.dumps({**head, "choices": [choice], **_usage_field(answer, body), **answer.fields}).encode()


def _sse(answer: Answer, body: Body) -> bytes:
    if answer.events is not None:
        return _as_events(answer.events)
    rest = {name: value for name, value in answer.fields.items() if name != "choices"}
    head = {**_CHUNK, "model": body.get("model"), **rest}
    words = re.findall(r"\S+\s*|\s+", str(answer.text or ""))
    said = [{"content": word} for word in words] if answer.message is None else [answer.message]
    deltas = [({"role": "assistant", "content": ""}, None), *((piece, None) for piece in said)]
    chunks = [
        {**head, "choices": [{"index": 0, "delta": d, "finish_reason": f}], **answer.fields}
        for d, f in [*deltas, ({}, answer.finish_reason)]
    ]
    if (body.get("stream_options") or {}).get("include_usage") and answer.usage is not None:
        chunks.append({**head, "choices": [], **_usage_field(answer, body)})
    return _as_events([*chunks, DONE])


def _as_events(events: Iterable[Body | str]) -> bytes:
    texts = (event if isinstance(event, str) else json.dumps(event) for event in events)
    return "".join(f"data: {text}\n\n" for text in texts).encode()


def _tls() -> ssl.SSLContext:
    """For a server on loopback with a certificate that is signed by itself, so that no client trusts it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.TemporaryDirectory() as folder:  # the ssl module reads files only
        file = Path(folder, "both.pem")
        file.write_text(_CERTIFICATE, encoding="ascii")
        context.load_cert_chain(file)
    return context


# A key and a certificate for localhost, made for these tests; they open nothing.
_CERTIFICATE = """\
-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgt2OMQgzW+K9qL11o
Kiklm+xFgXcWjrEpsfn41fiCOLyhRANCAARASvCZok9zYaf8Nk7dGAUBIBwlSUVT
kbbtlR9Suc6b/YlrHUtUUyaJNrnDcEw8hk3Dj9DRzuCHvBcTSc//VThx
-----END PRIVATE KEY-----
-----BEGIN CERTIFICATE-----
MIIBnDCCAUGgAwIBAgIUMDV3q8S5E1OqDi+ICDZQ9d0aX6EwCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyMzAxNTMwNFoYDzIxMjYxMDMw
MDE1MzA0WjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAARASvCZok9zYaf8Nk7dGAUBIBwlSUVTkbbtlR9Suc6b/YlrHUtUUyaJ
NrnDcEw8hk3Dj9DRzuCHvBcTSc//VThxo28wbTAdBgNVHQ4EFgQUbqLdWK3nhgcu
6iU8M+n8WY5CBigwHwYDVR0jBBgwFoAUbqLdWK3nhgcu6iU8M+n8WY5CBigwDwYD
VR0TAQH/BAUwAwEB/zAaBgNVHREEEzARgglsb2NhbGhvc3SHBH8AAAEwCgYIKoZI
zj0EAwIDSQAwRgIhAIXmbAblUJ5AShMbJdHEcbLaf4mb1CmRWeDMlV3rbaQ4AiEA
9vRStYKZltMkitOz/bYmDbE3HW1Bhc/rd5gne2UilpI=
-----END CERTIFICATE-----
"""


def polite(body: Body) -> str:
    """Answer a chat prompt: every output field that the last message asks for, with a value of its type.

    Inputs have their markers on lines of their own; what is asked for is named within the last paragraph.
    """
    asked = str(body["messages"][-1]["content"])
    inputs, _, request = asked.strip().rpartition("\n\n")
    if names := re.findall(r"\[\[ ## (\w+) ## \]\]", request):
        values = {name: _value(name, request, inputs) for name in names if name != "completed"}
        texts = [f"[[ ## {n} ## ]]\n{v if isinstance(v, str) else json.dumps(v)}" for n, v in values.items()]
        return "\n\n".join([*texts, "[[ ## completed ## ]]\n"])
    if "JSON" in request:
        return json.dumps({name: _value(name, request, inputs) for name in re.findall(r"`(\w+)`", request)})
    return f"You said: {asked[:200]}"


RAMBLING = "Well, let me think about that. There is much to say, and little of it is certain."


def choosy(
    *, supports: Collection[str] = (), obeys: Collection[str] = (), keeps: Collection[str] = ()
) -> Callable[[Body], str | Answer]:
    """A behaviour: a server that takes these response formats and refuses others, with a model that mostly rambles.

    supports, obeys: of "json_schema" and "json_object": those that are not refused with 400, and those by which replies are
    held to the format. keeps: of "chat" and "json": the prompts that the model follows by itself.
    """

    def answer(body: Body) -> str | Answer:
        wished = body.get("response_format") or {}
        kind = wished.get("type")
        if kind and kind not in supports:
            known = " or ".join(f"'{name}'" for name in (*supports, "text"))
            return status(400, f"'response_format.type' must be {known}", param="response_format")
        if kind == "json_schema" and kind in obeys:
            return json.dumps(sample_of(wished["json_schema"]["schema"]))
        asked = str(body["messages"][-1]["content"]).rpartition("\n\n")[2]
        is_json = "JSON" in asked
        follows = (is_json and kind in obeys) or ("json" if is_json else "chat") in keeps
        return polite(body) if follows or not re.search(r"`\w+`|\[\[ ##", asked) else RAMBLING

    return answer


def sample_of(schema: Body, root: Body | None = None) -> object:
    """A value that fits a JSON schema, of the keywords that constrained decoding knows."""
    root = schema if root is None else root
    if ref := schema.get("$ref"):
        return sample_of(root["$defs"][ref.rpartition("/")[2]], root)
    if schema.get("enum"):
        return schema["enum"][0]
    if several := schema.get("anyOf"):
        return sample_of(several[-1], root)
    kind = schema.get("type")
    if kind == "object":
        return {name: sample_of(schema["properties"][name], root) for name in schema.get("required", ())}
    if kind == "array":
        return []
    return {"string": "constrained", "integer": 7, "number": 0.5, "boolean": True}.get(kind)


def _value(name: str, request: str, inputs: str) -> object:
    if name == "advice":
        listed = inputs.partition("[[ ## module_names ## ]]")[2].partition("[[ ## ")[0]
        modules = re.findall(r"[«\"](.+?)[»\"]", listed)
        return dict.fromkeys(modules, "Be brief, and answer the question itself.")
    after = re.search(rf"\b{name}\b[^,]*?`([^`]*)", request)  # from this field's name up to the next one's
    type_note = after[1] if after else ""
    if choices := re.search(r"(?:one of: |Literal\[['\"])([^;)'\"]+)", type_note):
        return choices[1].strip()
    samples = {"float": 0.5, "int": 7, "bool": True, "list": [], "dict": {}}
    known = re.search(r"\b(float|int|bool|list|dict)\b", type_note)
    return samples[known[1]] if known else f"A polite {name.replace('_', ' ')}, in one sentence."


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="A polite model server on loopback.")
    parser.add_argument("--port", type=int, default=8800)
    server = OpenAIServer(polite, port=parser.parse_args().port)
    print(f"Serving model 'polite' at {server.url}; stop with Ctrl-C.")  # noqa: T201  # a script speaks
    with server, contextlib.suppress(KeyboardInterrupt):
        threading.Event().wait()
