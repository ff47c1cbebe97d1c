"""What passes between litellm and the network, watched while a call of ours is made.

    request --guarded--> network --> response --passed on--> litellm
                                     a refusal is noted as it came; a stream of OpenAI's kind is read here, and
                                     passed on as the one event that it amounts to

Rule 1: a key goes to the server that it was given for, and follows no redirect to another; httpx would only take
        `Authorization` out, and neither the other headers that carry keys nor the prompt.
Rule 2: no more is read than a reply can be long, counted as it is unpacked.
Rule 3: a body is normalised before litellm interprets it (see refine_core.lm.chat_format).
Rule 4: every way to the network is guarded, that of each HTTP library that openai and litellm may bring; a reply that
        came by none of them is refused (see `Watch.passed`).
Imported together with litellm and by nobody else, since httpx is slow to import.
"""

from __future__ import annotations

import importlib
import importlib.util
import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache
from typing import Any

from refine_core.lm.chat_format import (
    ErrorBody,
    MalformedReply,
    RedirectedElsewhere,
    RedirectLoop,
    ReplyCutOff,
    ReplyTooLong,
    TransportFault,
    normalize_reply,
    to_sse,
)
from refine_core.lm.refusals import Refusal, parse_refusal, read_refusal
from refine_core.lm.server_replies import MAX_REPLY_BYTES
from refine_core.lm.sse import DONE, EventReader, ServerEvent, StreamReader

log = logging.getLogger(__name__)

MAX_BODY_BYTES = 64_000_000
"""Of one response. A streamed reply takes some 250 bytes a token, and the longest have 128 000 tokens."""

MAX_REFUSAL_BYTES = 200_000
"""Of an answer with an error status; what comes after is not read."""

MAX_NO_JSON_BYTES = 200_000
"""Of a whole body that is no JSON object. litellm searches such a text for keys, which takes minutes where it is long."""

MAX_REDIRECTS = 5
"""Of one call, all within one server."""

MAX_LOOKAHEAD_BYTES = 256_000
"""Read of a stream before its first event, which tells whose kind it is."""

_STREAM_BEGINS = (b"data:", b"event:", b"id:", b"retry:", b":")
_FRAMING = ("content-encoding", "content-length")
_SUCCESS, _REDIRECT, _ERROR = 200, 300, 400


def _ignore(*_: object) -> None:
    """Nobody wants to know."""


@dataclass(slots=True)
class Watch:
    """One call as seen here.

    streamed: a stream was asked for. on_text: told each piece of text and of reasoning. on_bytes: told whenever something
    arrives.
    passed: the latest request went through here. redirects: how many came. body: the reply's, in the shape of a whole
    chat reply of OpenAI's, however it came. pieces: of a stream that was read here. done: the stream said that it was at
    its end. refusal: the latest answer was one. fault: what was wrong with it.
    """

    streamed: bool
    on_text: Callable[[str, str], None] = _ignore
    on_bytes: Callable[[], None] = _ignore
    passed: bool = False
    redirects: int = 0
    body: dict[str, Any] | None = None
    pieces: int = 0
    done: bool = False
    refusal: Refusal | None = None
    fault: TransportFault | None = None

    def begin(self) -> None:
        """A request is sent: what was seen of an earlier one of this call no longer counts."""
        self.passed, self.refusal, self.fault = True, None, None

    def note(self, fault: TransportFault) -> None:
        """This ends the call; an error in place of a reply is a refusal, too."""
        self.fault = fault
        if isinstance(fault, ErrorBody):
            self.refusal = parse_refusal(fault.body)


current_watch: ContextVar[Watch | None] = ContextVar("refine_core_wire", default=None)
"""The call that this task makes; requests outside of any are none of our business."""


def install() -> None:
    """Guard all ways by which litellm and openai reach the network. Calling twice is harmless."""
    litellms: Any = importlib.import_module("litellm.llms.custom_httpx.aiohttp_transport")
    families = [
        importlib.import_module(name) for name in ("httpx", "httpx2") if importlib.util.find_spec(name)
    ]
    for transport in (litellms.LiteLLMAiohttpTransport, *(family.AsyncHTTPTransport for family in families)):
        _guard(transport, "handle_async_request", _guarded)
    for family in families:
        _guard(family.HTTPTransport, "handle_request", _guarded_in_thread)


def _guard(transport: Any, method: str, guarded: Callable[[Any], Any]) -> None:
    send = getattr(transport, method)
    if not getattr(send, "guards", False):
        wrapped = guarded(send)
        wrapped.guards = True
        setattr(transport, method, wrapped)


def _guarded(send: Callable[[Any, Any], Awaitable[Any]]) -> Any:
    async def handle_async_request(transport: Any, request: Any) -> Any:
        watch = current_watch.get()
        if watch is None:
            return await send(transport, request)
        watch.begin()
        response = await send(transport, request)
        watch.on_bytes()
        try:
            return await _inspect(watch, request, response)
        except TransportFault as fault:
            watch.note(fault)
            await response.aclose()
            raise

    return handle_async_request


def _guarded_in_thread(send: Callable[[Any, Any], Any]) -> Any:
    """The same for providers that litellm asks in a thread: their replies are bounded, and read by litellm alone."""

    def handle_request(transport: Any, request: Any) -> Any:
        watch = current_watch.get()
        if watch is None:
            return send(transport, request)
        watch.begin()
        response = send(transport, request)
        try:
            _check_redirect(watch, request, response)
        except TransportFault as fault:
            watch.note(fault)
            response.close()
            raise
        body = _body_class(type(request).__module__, sync=True)(
            _limit_size_in_thread(response, watch), response.close
        )
        return _with_body(response, request, stream=body)

    return handle_request


async def _inspect(watch: Watch, request: Any, response: Any) -> Any:
    """The response as litellm may see it."""
    _check_redirect(watch, request, response)
    if response.status_code >= (_ERROR if response.has_redirect_location else _REDIRECT):
        raw = await _read_refusal(watch, response)
        watch.refusal = read_refusal(response.status_code, response.headers, raw)
        return _with_body(response, request, content=raw)
    pieces = _limit_size(response, watch)
    if _SUCCESS <= response.status_code < _REDIRECT:
        kind = response.headers.get("content-type", "").partition(";")[0].strip()
        begun = b""
        if kind == "application/json" or not watch.streamed:
            begun = await anext(pieces, b"")
            if not (watch.streamed and begun.lstrip().startswith(_STREAM_BEGINS)):
                return await _relay_whole(watch, request, response, begun, pieces)
        if watch.streamed:
            pieces = _relay_stream(watch, begun, pieces)
    return _with_body(
        response, request, stream=_body_class(type(request).__module__)(pieces, response.aclose)
    )


def _check_redirect(watch: Watch, request: Any, response: Any) -> None:
    """Raise RedirectedElsewhere for a redirect to another server, RedirectLoop for one too many, MalformedReply for no address."""
    if response.has_redirect_location:
        watch.redirects += 1
        if watch.redirects > MAX_REDIRECTS:
            raise RedirectLoop(response.status_code)
        try:
            to = request.url.join(response.headers["Location"])
        except Exception:  # noqa: BLE001  # each HTTP library has its own; the address is none
            raise MalformedReply("it redirects to something that is not an address") from None
        if not _is_same_server(request.url, to):
            shown = str(to.copy_with(userinfo=b"", query=None, fragment=None))
            raise RedirectedElsewhere(shown, response.status_code)


def _is_same_server(asked: Any, to: Any) -> bool:
    """Whether a redirect stays with the server that was asked, or goes from its http to its https."""
    ports = {"http": 80, "https": 443}
    here, there = ((u.scheme, u.host, u.port or ports.get(u.scheme)) for u in (asked, to))
    return here == there or (here[1] == there[1] and (*here[::2], *there[::2]) == ("http", 80, "https", 443))


def _with_body(response: Any, request: Any, **body: Any) -> Any:
    """The response with another body, which is unpacked."""
    headers = [(n, v) for n, v in response.headers.multi_items() if n.lower() not in _FRAMING]
    return type(response)(
        response.status_code, headers=headers, request=request, extensions=response.extensions, **body
    )


async def _limit_size(response: Any, watch: Watch) -> AsyncIterator[bytes]:
    """The body, unpacked, so that little cannot become endless. Raises ReplyTooLong."""
    read = 0
    async for piece in response.aiter_bytes():
        watch.on_bytes()
        read += len(piece)
        if read > MAX_BODY_BYTES:
            watch.fault = ReplyTooLong()
            raise watch.fault
        yield piece


def _limit_size_in_thread(response: Any, watch: Watch) -> Iterator[bytes]:
    read = 0
    for piece in response.iter_bytes():
        read += len(piece)
        if read > MAX_BODY_BYTES:
            watch.fault = ReplyTooLong()
            raise watch.fault
        yield piece


async def _read_refusal(watch: Watch, response: Any) -> bytes:
    """The body of a refusal, as far as it comes: the status alone is enough to go by."""
    raw = bytearray()
    try:
        async for piece in response.aiter_bytes():
            watch.on_bytes()
            raw += piece
            if len(raw) > MAX_REFUSAL_BYTES:
                break
    except Exception as odd:  # noqa: BLE001  # cut off, or packed in a way that cannot be read
        log.debug("a refusal was not read to its end: %s", type(odd).__name__)
    finally:
        await response.aclose()
    return bytes(raw[:MAX_REFUSAL_BYTES])


async def _relay_whole(
    watch: Watch, request: Any, response: Any, begun: bytes, pieces: AsyncIterator[bytes]
) -> Any:
    """A body that is no stream, put right; told as a stream to who asked for one."""
    raw = bytearray(begun)
    try:
        async for piece in pieces:
            raw += piece
    finally:
        await response.aclose()
    said, more = bytes(raw), {}
    told = _json(said)
    if isinstance(told, dict) and (body := normalize_reply(told)) is not None:
        watch.body = body
        said = json.dumps(body).encode()
        if watch.streamed:
            said, more = to_sse(body), {"content-type": "text/event-stream"}
    elif len(said) > MAX_NO_JSON_BYTES and not isinstance(told, dict):
        raise MalformedReply("it is not complete JSON")
    watch.done = watch.done or DONE.encode() in said[-32:]
    passed_on = _with_body(response, request, content=said)
    passed_on.headers.update({**more, "content-length": str(len(said))})
    return passed_on


def _json(said: bytes) -> object:
    """What a body says; None for what is no JSON, such as a stream by a wrong name. Raises ReplyCutOff for half an object."""
    try:
        return json.loads(said.decode(json.detect_encoding(said), errors="replace"))
    except (ValueError, RecursionError) as odd:
        if said.startswith(b"{") and getattr(odd, "msg", "") != "Extra data":
            raise ReplyCutOff from None
        return None


async def _relay_stream(watch: Watch, begun: bytes, pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """A stream. One of OpenAI's kind is read here, piece by piece, and passed on as one event; another's as it is.

    litellm takes a millisecond for each piece, and longer for each that follows.
    """
    held = bytearray()
    source = _chain(begun, pieces)
    try:
        reader = await _read_stream(watch, source, held)
        if reader is not None:
            watch.body, watch.done = reader.reply(), True
            yield to_sse(watch.body)
            return
    except TransportFault as fault:
        watch.note(fault)
        raise
    if held:
        watch.done = watch.done or DONE.encode() in held[-32:]
        yield bytes(held)
    async for raw in source:  # what is left of another's
        watch.done = watch.done or DONE.encode() in raw[-32:]
        yield raw


async def _read_stream(watch: Watch, source: AsyncIterator[bytes], held: bytearray) -> StreamReader | None:
    """The reader of a stream of OpenAI's kind, which has read it to its end; None for another's, begun in `held`.

    What a server does once it said that this is all is of no interest: it may keep the connection open, or break it.
    """
    events, reader, size = EventReader(), None, 0
    try:
        async for raw in source:
            found = events.feed(raw)
            if reader is None:
                held += raw
                reader = _reader_of(events, found)
                if reader is None and (found or not events.is_stream or len(held) > MAX_LOOKAHEAD_BYTES):
                    return None
            if reader is not None:
                size = _read_events(watch, reader, found, size)
                if reader.done:
                    return reader
    except TransportFault:
        raise
    except Exception:
        if reader is None or not reader.ended:
            raise
        return reader
    found = events.end()
    reader = reader or _reader_of(events, found)
    if reader is not None:
        _read_last_events(watch, reader, found, size)
    return reader


def _reader_of(events: EventReader, found: list[ServerEvent]) -> StreamReader | None:
    """The reader of a stream that begins with these events, if it is of OpenAI's kind."""
    return StreamReader() if found and events.is_stream and StreamReader.can_read(found[0]) else None


def _read_events(watch: Watch, reader: StreamReader, found: list[ServerEvent], size: int) -> int:
    """Note these events, and tell of them. Returns the text's size in bytes. Raises ReplyTooLong."""
    for event in found:
        watch.pieces += 1
        text, thought = reader.read_event(event)
        if text or thought:
            size += len(text) if text.isascii() else len(text.encode(errors="replace"))
            if size > MAX_REPLY_BYTES:
                raise ReplyTooLong
            watch.on_text(text, thought)
    return size


def _read_last_events(watch: Watch, reader: StreamReader, found: list[ServerEvent], size: int) -> None:
    """The same for what came after the last line's end: half of an event is where the stream was cut off."""
    try:
        _read_events(watch, reader, found, size)
    except MalformedReply:
        if not reader.ended:
            raise ReplyCutOff from None


async def _chain(begun: bytes, pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    if begun:
        yield begun
    async for raw in pieces:
        yield raw


@cache
def _body_class(module: str, *, sync: bool = False) -> Any:
    """A body for the responses of the HTTP library whose requests are of this module; each takes only its own."""
    family = importlib.import_module(module.partition(".")[0])
    base = family.SyncByteStream if sync else family.AsyncByteStream

    def begin(self: Any, pieces: Any, close: Any) -> None:
        self.pieces, self.closing = pieces, close

    def iterate(self: Any) -> Any:
        return self.pieces

    def close(self: Any) -> Any:
        return self.closing()

    methods = ("__iter__", "close") if sync else ("__aiter__", "aclose")
    return type("Body", (base,), {"__init__": begin, methods[0]: iterate, methods[1]: close})
