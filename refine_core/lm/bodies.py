"""Response bodies on their way to litellm: limited in size, normalized, and read here where they are OpenAI's.

body of a refusal   received as far as it comes
whole body          normalized (see chat_format); converted to a stream if one was requested
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
"""Of one response. A streamed reply takes about 250 bytes a token, and the longest have 128 000 tokens."""

MAX_REFUSAL_BYTES = 200_000
"""Of a response with an error status; the rest is not read."""

MAX_NO_JSON_BYTES = 200_000
"""Of a whole body that is not a JSON object. litellm searches such a text for keys, which takes minutes if it is long."""

MAX_LOOKAHEAD_BYTES = 256_000
"""Read of a stream until its first event, which says whether it is OpenAI's."""

_STREAM_BEGINS = (b"data:", b"event:", b"id:", b"retry:", b":")

_FRAMING = ("content-encoding", "content-length")

_SUCCESS, _REDIRECT, _ERROR = 200, 300, 400


async def relay(watch: Watch, request: Any, response: Any) -> Any:
    """The response for litellm, with a refusal recorded in `watch`, or a body that is normalized as it is read."""
    if response.status_code >= (_ERROR if response.has_redirect_location else _REDIRECT):
        raw = await _receive_refusal(watch, response)
        watch.refusal = read_refusal(response.status_code, response.headers, raw)
        return _with_body(response, request, content=raw)
    pieces = _limit_size(response, watch)
    if _SUCCESS <= response.status_code < _REDIRECT:
        kind = response.headers.get("content-type", "").partition(";")[0].strip()
        first = b""
        if kind == "application/json" or not watch.streamed:
            first = await anext(pieces, b"")
            if not (watch.streamed and first.lstrip().startswith(_STREAM_BEGINS)):
                return await _relay_whole(watch, request, response, first, pieces)
        if watch.streamed:
            pieces = _relay_stream(watch, first, pieces)
    return _with_body(
        response, request, stream=_body_class(type(request).__module__)(pieces, response.aclose)
    )


def relay_in_thread(watch: Watch, request: Any, response: Any) -> Any:
    """The same for a response that litellm reads in a thread, without looking into it."""
    pieces = _limit_size_in_thread(response, watch)
    body = _body_class(type(request).__module__, sync=True)(pieces, response.close)
    return _with_body(response, request, stream=body)


def _with_body(response: Any, request: Any, **body: Any) -> Any:
    """The response with another body, which is not compressed."""
    headers = [(n, v) for n, v in response.headers.multi_items() if n.lower() not in _FRAMING]
    return type(response)(
        response.status_code, headers=headers, request=request, extensions=response.extensions, **body
    )


async def _limit_size(response: Any, watch: Watch) -> AsyncIterator[bytes]:
    """The body, decompressed and limited in size. Raises ReplyTooLong."""
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
    """The body of a refusal, as far as it can be read: the status alone is enough."""
    raw = bytearray()
    try:
        async for piece in response.aiter_bytes():
            watch.on_bytes()
            raw += piece
            if len(raw) > MAX_REFUSAL_BYTES:
                break
    except Exception as odd:  # noqa: BLE001  # cut off, or compressed in an unknown way
        log.debug("a refusal was not read to its end: %s", type(odd).__name__)
    finally:
        await response.aclose()
    return bytes(raw[:MAX_REFUSAL_BYTES])


async def _relay_whole(
    watch: Watch, request: Any, response: Any, first: bytes, pieces: AsyncIterator[bytes]
) -> Any:
    """A whole body, normalized; as a stream if one was requested."""
    raw = bytearray(first)
    try:
        async for piece in pieces:
            raw += piece
    finally:
        await response.aclose()
    raw_text, more = bytes(raw), {}
    value = _json(raw_text)
    if isinstance(value, dict) and (body := normalize_reply(value)) is not None:
        watch.body = body
        raw_text = json.dumps(body).encode()
        if watch.streamed:
            raw_text, more = to_sse(body), {"content-type": "text/event-stream"}
    elif len(raw_text) > MAX_NO_JSON_BYTES and not isinstance(value, dict):
        raise MalformedReply("it is not complete JSON")
    watch.done = watch.done or DONE.encode() in raw_text[-32:]
    passed_on = _with_body(response, request, content=raw_text)
    passed_on.headers.update({**more, "content-length": str(len(raw_text))})
    return passed_on


def _json(raw_text: bytes) -> object:
    """The JSON value of a body; None for other text, such as a stream of the wrong type. Raises ReplyCutOff for half an object."""
    try:
        return json.loads(raw_text.decode(json.detect_encoding(raw_text), errors="replace"))
    except (ValueError, RecursionError) as odd:
        if raw_text.startswith(b"{") and getattr(odd, "msg", "") != "Extra data":
            raise ReplyCutOff from None
        return None


async def _relay_stream(watch: Watch, first: bytes, pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """A stream. OpenAI's is read here, piece by piece, and passed on as one event; any other is passed on as it is.

    litellm needs a millisecond for a piece, and longer for each one that follows.
    """
    lookahead = bytearray()
    source = _chain(first, pieces)
    try:
        reader = await _read_stream(watch, source, lookahead)
        if reader is not None:
            watch.body, watch.done = reader.reply(), True
            yield to_sse(watch.body)
            return
    except TransportFault as fault:
        watch.note(fault)
        raise
    if lookahead:
        watch.done = watch.done or DONE.encode() in lookahead[-32:]
        yield bytes(lookahead)
    async for raw in source:  # the rest of another protocol's stream
        watch.done = watch.done or DONE.encode() in raw[-32:]
        yield raw


async def _read_stream(
    watch: Watch, source: AsyncIterator[bytes], lookahead: bytearray
) -> StreamReader | None:
    """The reader of OpenAI's stream, at its end; None for another protocol's, whose beginning is in `lookahead`.

    After its last event a server may keep the connection open, or break it.
    """
    events, reader, size = EventReader(), None, 0
    try:
        async for raw in source:
            new = events.feed(raw)
            if reader is None:
                lookahead += raw
                reader = _reader_of(events, new)
                if reader is None and (new or not events.is_stream or len(lookahead) > MAX_LOOKAHEAD_BYTES):
                    return None
            if reader is not None:
                size = _read_events(watch, reader, new, size)
                if reader.is_done:
                    return reader
    except TransportFault:
        raise
    except Exception:
        if reader is None or not reader.is_complete:
            raise
        return reader
    new = events.end()
    reader = reader or _reader_of(events, new)
    if reader is not None:
        _read_last_events(watch, reader, new, size)
    return reader


def _reader_of(events: EventReader, new: list[ServerEvent]) -> StreamReader | None:
    """A reader for a stream that begins with these events, if it is OpenAI's."""
    return StreamReader() if new and events.is_stream and StreamReader.can_read(new[0]) else None


def _read_events(watch: Watch, reader: StreamReader, new: list[ServerEvent], size: int) -> int:
    """Read these events and report their text. Returns its size in bytes. Raises ReplyTooLong."""
    for event in new:
        watch.pieces += 1
        text, reasoning = reader.read_event(event)
        if text or reasoning:
            size += len(text) if text.isascii() else len(text.encode(errors="replace"))
            if size > MAX_REPLY_BYTES:
                raise ReplyTooLong
            watch.on_text(text, reasoning)
    return size


def _read_last_events(watch: Watch, reader: StreamReader, new: list[ServerEvent], size: int) -> None:
    """The same for the last line: half an event means that the stream was cut off."""
    try:
        _read_events(watch, reader, new, size)
    except MalformedReply:
        if not reader.is_complete:
            raise ReplyCutOff from None


async def _chain(first: bytes, pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    if first:
        yield first
    async for raw in pieces:
        yield raw


@cache
def _body_class(module: str, *, sync: bool = False) -> Any:
    """A class of bodies for the responses of the HTTP library that this module belongs to; each accepts only its own."""
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
