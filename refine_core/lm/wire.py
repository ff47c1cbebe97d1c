"""What passes between litellm and the network, watched while a call of ours is made.

    request --guarded--> network --> response      or a TransportFault

Rule 1: a key goes to the server that it was given for, and follows no redirect to another; httpx would only take
        `Authorization` out, and neither the other headers that carry keys nor the prompt.
Rule 2: no more is read than a reply can be long.
Rule 3: a body is put right before litellm guesses at it (see refine_core.lm.shapes).
Imported together with litellm and by nobody else, since httpx is slow to import.
"""

from __future__ import annotations

import importlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import httpx

from refine_core.lm.shapes import CutOff, SentElsewhere, TooLong, as_events, put_right

MAX_BODY_BYTES = 64_000_000
"""Of one response. A streamed reply takes some 250 bytes a token, and the longest have 128 000 tokens."""

_DONE = b"[DONE]"


@dataclass(slots=True)
class Watch:
    """One call as seen here. streamed: a stream was asked for. body: the reply's, where it came whole and in OpenAI's shape.

    done: the stream said that it was at its end.
    """

    streamed: bool
    body: dict[str, Any] | None = None
    done: bool = False


watching: ContextVar[Watch | None] = ContextVar("refine_core_wire", default=None)
"""The call that this task makes; requests outside of any are none of our business."""

Send = Callable[[Any, httpx.Request], Awaitable[httpx.Response]]


def install() -> None:
    """Guard both ways by which litellm reaches the network. Calling twice is harmless."""
    own: Any = importlib.import_module("litellm.llms.custom_httpx.aiohttp_transport")
    transports: tuple[Any, ...] = (own.LiteLLMAiohttpTransport, httpx.AsyncHTTPTransport)
    for transport in transports:
        send: Any = transport.handle_async_request
        if not getattr(send, "guards", False):
            transport.handle_async_request = _guarded(send)


def _guarded(send: Send) -> Send:
    async def handle_async_request(transport: Any, request: httpx.Request) -> httpx.Response:
        response = await send(transport, request)
        watch = watching.get()
        return response if watch is None else await _seen(watch, request, response)

    handle_async_request.guards = True  # type: ignore[attr-defined]  # a mark on our own function
    return handle_async_request


async def _seen(watch: Watch, request: httpx.Request, response: httpx.Response) -> httpx.Response:
    """The response as litellm may see it."""
    if response.has_redirect_location:
        to = request.url.join(response.headers["Location"])
        if not _same_place(request.url, to):
            await response.aclose()
            raise SentElsewhere(
                str(to.copy_with(userinfo=b"", query=None, fragment=None)), response.status_code
            )
    body = response.stream
    if isinstance(body, httpx.AsyncByteStream):
        response.stream = _Counted(body, watch)
    kind = response.headers.get("content-type", "").partition(";")[0].strip()
    is_whole = response.is_success and kind == "application/json"
    return await _whole(watch, request, response) if is_whole else response


def _same_place(asked: httpx.URL, to: httpx.URL) -> bool:
    """Whether a redirect stays with the server that was asked, or goes from its http to its https."""
    ports = {"http": 80, "https": 443}
    here, there = ((u.scheme, u.host, u.port or ports.get(u.scheme)) for u in (asked, to))
    return here == there or (here[1] == there[1] and (*here[::2], *there[::2]) == ("http", 80, "https", 443))


async def _whole(watch: Watch, request: httpx.Request, response: httpx.Response) -> httpx.Response:
    """A body that is no stream, put right; told as a stream to who asked for one."""
    raw = bytearray()
    try:
        async for piece in response.aiter_bytes():  # decompressed, so that little cannot become endless
            raw += piece
            if len(raw) > MAX_BODY_BYTES:
                raise TooLong
    finally:
        await response.aclose()
    said = bytes(raw)
    headers = {n: v for n, v in response.headers.items() if n not in ("content-encoding", "content-length")}
    told = _json(said)
    if isinstance(told, dict) and (body := put_right(told)) is not None:
        watch.body = body
        said = json.dumps(body).encode()
        if watch.streamed:
            said, headers["content-type"] = as_events(body), "text/event-stream"
    watch.done = watch.done or _DONE in said[-32:]
    return httpx.Response(response.status_code, headers=headers, content=said, request=request)


def _json(said: bytes) -> object:
    """What a body says; None for what is no JSON, such as a stream by a wrong name. Raises CutOff for half an object."""
    try:
        return json.loads(said)
    except (ValueError, RecursionError) as odd:
        if said.startswith(b"{") and getattr(odd, "msg", "") != "Extra data":
            raise CutOff from None
        return None


class _Counted(httpx.AsyncByteStream):
    """A body that ends in TooLong if it does not end before, and notes whether it said that it was at its end."""

    def __init__(self, body: httpx.AsyncByteStream, watch: Watch) -> None:
        self._body, self._watch = body, watch

    async def __aiter__(self) -> AsyncIterator[bytes]:
        read, tail = 0, b""
        async for piece in self._body:
            read += len(piece)
            if read > MAX_BODY_BYTES:
                raise TooLong
            tail = (tail + piece[-32:])[-32:]
            self._watch.done = self._watch.done or _DONE in tail
            yield piece

    async def aclose(self) -> None:
        await self._body.aclose()
