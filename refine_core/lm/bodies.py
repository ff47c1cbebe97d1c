"""Response bodies on their way to litellm: limited in size, normalized, and read here where they are OpenAI's.

body of a refusal   received as far as it comes
whole body          normalized (see chat_format); given as a stream to a caller who asked for one
stream              OpenAI's is read here and passed on as one event; another protocol's is passed on as it is
"""

from __future__ import annotations

import importlib
import json
import logging
from collections.abc import AsyncIterator, Iterator
from functools import cache
from typing import Any

from refine_core.lm.chat_format import normalize_reply, to_sse
from refine_core.lm.chat_stream import StreamReader
from refine_core.lm.refusals import read_refusal
from refine_core.lm.server_replies import MAX_REPLY_BYTES
from refine_core.lm.sse import DONE, EventReader, ServerEvent
from refine_core.lm.transport_faults import MalformedReply, ReplyCutOff, ReplyTooLong, TransportFault
from refine_core.lm.watch import Watch

log = logging.getLogger(__name__)

MAX_BODY_BYTES = 64_000_000
"""Of one response. A streamed reply takes some 250 bytes a token, and the longest have 128 000 tokens."""

MAX_REFUSAL_BYTES = 200_000
"""Of an answer with an error status; what comes after is not read."""

MAX_NO_JSON_BYTES = 200_000
"""Of a whole body that is no JSON object. litellm searches such a text for keys, which takes minutes where it is long."""

MAX_LOOKAHEAD_BYTES = 256_000
"""Read of a stream before its first event, which tells whose kind it is."""

_STREAM_BEGINS = (b"data:", b"event:", b"id:", b"retry:", b":")

_FRAMING = ("content-encoding", "content-length")

_SUCCESS, _REDIRECT, _ERROR = 200, 300, 400


async def relay(watch: Watch, request: Any, response: Any) -> Any:
    """The response that litellm gets to see."""
    if response.status_code >= (_ERROR if response.has_redirect_location else _REDIRECT):
        raw = await _receive_refusal(watch, response)
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


def relay_in_thread(watch: Watch, request: Any, response: Any) -> Any:
    """The same for a response that litellm reads in a thread, without looking into it."""
    pieces = _limit_size_in_thread(response, watch)
    body = _body_class(type(request).__module__, sync=True)(pieces, response.close)
    return _with_body(response, request, stream=body)


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


async def _receive_refusal(watch: Watch, response: Any) -> bytes:
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
