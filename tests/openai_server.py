"""A model server on loopback that speaks OpenAI's chat protocol, and misbehaves on request.

    with OpenAIServer(default="polite") as server:
        server.script(status(429, retry_after=1), "hello")     # first 429, then 200; afterwards the default
        ...
        assert server.requests[0].json["model"] == "tiny"

A behaviour is a reply text, a function (request body) -> reply text, or an Answer. Real HTTP, nothing mocked: what a
client meets here it can meet in the world. By hand, serving a polite model: `python tests/openai_server.py --port 8800`.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import re
import select
import socket
import struct
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self

Body = dict[str, object]


@dataclass(frozen=True, slots=True)
class Answer:
    """One reply, honest or not. Times in seconds.

    text: the reply, or a function of the request body; None sends null content. raw: these bytes instead of it.
    hang_s: wait before the first byte. trickle_s: spread the body over this long. reset: cut it in the middle.
    """

    text: str | Callable[[Body], str] | None = ""
    finish_reason: str = "stop"
    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    raw: bytes | None = None
    hang_s: float = 0.0
    trickle_s: float = 0.0
    reset: bool = False


Behaviour = str | Callable[[Body], str] | Answer

CODES = {401: "invalid_api_key", 404: "model_not_found", 429: "rate_limit_exceeded"}


def status(code: int, message: str = "", *, retry_after: float | None = None, error_code: str = "") -> Answer:
    """An error reply in OpenAI's shape. retry_after: in seconds, a header. error_code: instead of the usual one."""
    kind = "server_error" if code >= 500 else "invalid_request_error"
    error = {"message": message or f"status {code}", "type": kind, "code": error_code or CODES.get(code)}
    headers = () if retry_after is None else (("Retry-After", f"{retry_after:g}"),)
    return Answer(status=code, headers=headers, raw=json.dumps({"error": error}).encode())


RESET = Answer("never read to the end", reset=True)
EMPTY_BODY = Answer(raw=b"")
NOT_JSON = Answer(raw=b"<html>a login page</html>")
NO_CHOICES = Answer(raw=b'{"id": "x", "object": "chat.completion", "created": 1, "choices": []}')
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


class OpenAIServer:
    """The server, alive inside `with`.

    default: the behaviour once the script is used up. key: if given, requests with another key get 401. port: 0
    takes a free one. Settable: models, what /v1/models lists.
    """

    def __init__(self, default: Behaviour = "hello", *, key: str | None = None, port: int = 0) -> None:
        self.default, self.key, self.models = default, key, ["polite"]
        self.requests: list[Recorded] = []
        self.closing = threading.Event()
        self._queue: deque[Behaviour] = deque()
        self._http = ThreadingHTTPServer(("127.0.0.1", port), type("Handler", (_Handler,), {"owner": self}))
        self.port: int = self._http.server_port
        self.url = f"http://127.0.0.1:{self.port}/v1"

    def script(self, *behaviours: Behaviour) -> None:
        """Queue behaviours, one per chat request, in order of arrival."""
        self._queue.extend(behaviours)

    def next_answer(self, body: Body) -> Answer:
        behaviour = self._queue.popleft() if self._queue else self.default
        answer = behaviour if isinstance(behaviour, Answer) else Answer(behaviour)
        return replace(answer, text=answer.text(body)) if callable(answer.text) else answer

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
        self.owner.requests.append(request)
        try:
            self._send(self._choose(request), body)
        except OSError:
            if not self.owner.closing.is_set():
                request.disconnected.set()
        finally:
            self.close_connection = True
            request.done.set()

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
        streams = bool(body.get("stream")) and answer.raw is None
        whole = answer.raw
        if whole is None:
            whole = _sse(answer, body) if streams else _completion(answer, body)
        step = 8 if answer.trickle_s or answer.reset else len(whole) or 1
        pieces = [whole[at : at + step] for at in range(0, len(whole), step)]
        self.send_response(answer.status)
        kind = "text/event-stream" if streams else "application/json"
        usual = (("Content-Type", kind), ("Content-Length", str(len(whole))), ("Connection", "close"))
        for name, value in usual + answer.headers:
            self.send_header(name, value)
        self.end_headers()
        for number, piece in enumerate(pieces):
            if answer.reset and number > len(pieces) // 2:  # lingering for zero seconds sends RST, not FIN
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                self.connection.close()
                return
            self.wfile.write(piece)
            self._wait(answer.trickle_s / len(pieces))

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


def _completion(answer: Answer, body: Body) -> bytes:
    message = {"role": "assistant", "content": answer.text}
    choice = {"index": 0, "message": message, "finish_reason": answer.finish_reason}
    head = {"id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": body.get("model")}
    return json.dumps({**head, "choices": [choice], "usage": _usage(answer, body)}).encode()


def _sse(answer: Answer, body: Body) -> bytes:
    head = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": body.get("model")}
    words = re.findall(r"\S+\s*|\s+", str(answer.text or ""))
    deltas: list[tuple[Body, str | None]] = [({"role": "assistant", "content": ""}, None)]
    deltas += [({"content": word}, None) for word in words] + [({}, answer.finish_reason)]
    chunks = [{**head, "choices": [{"index": 0, "delta": d, "finish_reason": f}]} for d, f in deltas]
    if (body.get("stream_options") or {}).get("include_usage"):
        chunks.append({**head, "choices": [], "usage": _usage(answer, body)})
    return "".join(f"data: {part}\n\n" for part in [*map(json.dumps, chunks), "[DONE]"]).encode()


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
