"""Streams: a reply piece by piece, told to a reader while it is written.

    OpenAI's protocol   pieces --bodies--> text --> Draft --> on_text      (see refine_core.lm.chat_stream)
    others              pieces --Tap--> litellm's CustomStreamWrapper --> text --> Draft --> on_text

litellm ends every stream with finish_reason "stop" and counts the tokens itself where the server did not. So the facts are
read from the server's own pieces, and only the text of another protocol from what litellm makes of them.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import AsyncIterator, Collection, Iterator
from typing import Any

from refine_core.lm.chat_format import content_text, describe_kind, normalize_usage
from refine_core.lm.secrecy import mask, safe_prefix
from refine_core.lm.server_replies import (
    MAX_REPLY_BYTES,
    ServerReply,
    read_reply_body,
    reasoning_text,
    refusal_text,
    tool_names,
)
from refine_core.lm.transport_faults import MalformedReply, ReplyCutOff, ReplyTooLong
from refine_core.lm.types import OnText
from refine_core.lm.watch import Watch

UPDATE_INTERVAL_S = 0.03
UPDATE_SHARE = 10
"""Updates take at most one part in this many of the time; the longer the text, the longer one takes."""

log = logging.getLogger(__name__)


class StreamObserver:
    """An `on_text` that keeps what it was called with, and learns whether the server really streamed.

    texts: of each call. streamed: True for a stream; False for a whole reply or a refused stream; None where unknown.
    """

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.streamed: bool | None = False  # until a stream has been read

    def __call__(self, text: str) -> None:
        self.texts.append(text)


class Draft:
    """The text of an unfinished reply, passed to a reader at most every 30 ms, until it is closed.

    has_begun: whether the reader was called. Pieces arrive in the engine's thread; the caller, who waits, calls `close`.
    """

    def __init__(self, on_text: OnText, secrets: Collection[str]) -> None:
        self.has_begun = False
        self._on_text, self._secrets = on_text, secrets
        self._parts: list[str] = []
        self._last_text = ""
        self._timer: Any = None  # asyncio.TimerHandle
        self._next_s = 0.0  # by the event loop's clock
        self._lock = threading.Lock()
        self._closed = False

    def add(self, piece: str) -> None:
        """Add a piece of text. Called in an event loop."""
        import asyncio

        self._parts.append(piece)
        if self._timer is None:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_at(max(loop.time(), self._next_s), self._update, loop)

    def _update(self, loop: Any) -> None:
        start_s = loop.time()
        self._timer = None
        self._parts = ["".join(self._parts)]
        self._call_reader(safe_prefix(self._parts[0], self._secrets))
        took_s = loop.time() - start_s
        self._next_s = start_s + max(UPDATE_INTERVAL_S, UPDATE_SHARE * took_s)

    def end(self, text: str) -> None:
        """Pass on the whole text."""
        self.pause()
        self._call_reader(mask(text, self._secrets))

    def report_streamed(self, *, streamed: bool | None) -> None:
        """Tell a StreamObserver how the reply came."""
        if isinstance(self._on_text, StreamObserver):
            self._on_text.streamed = streamed

    def pause(self) -> None:
        """Cancel the next update."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def close(self) -> None:
        """Call the reader no more. Returns once no call is under way."""
        with self._lock:
            self._closed = True

    def _call_reader(self, text: str) -> None:
        with self._lock:
            if self._closed or text == self._last_text:
                return
            self.has_begun, self._last_text = True, text
            try:
                self._on_text(text)
            except Exception:  # a bug of the reader must not lose the reply
                self._closed = True
                log.exception("on_text failed, and is not called again")


class Tap:
    """The server's pieces on their way to litellm, with the facts in them recorded.

    reply: the facts. is_complete: the server said so. pieces: how many there were. Raises MalformedReply.
    """

    def __init__(self, pieces: Any) -> None:
        self.reply, self.is_complete, self.pieces = ServerReply(has_choices=False), False, 0
        self._source = pieces
        self._pieces = pieces.__aiter__() if hasattr(pieces, "__aiter__") else _in_threads(pieces)

    def __aiter__(self) -> AsyncIterator[Any]:
        return self

    async def __anext__(self) -> Any:
        piece = await self._pieces.__anext__()
        self.pieces += 1
        if isinstance(piece, dict):  # litellm's own type, for other protocols
            self.reply.has_choices = True
            self._record_facts(piece.get("usage"), piece.get("finish_reason"), None)
        elif hasattr(piece, "choices"):
            self._read_chunk(piece)
        elif piece is None or isinstance(piece, (list, str, int, float)):
            raise MalformedReply(f"a piece of it is {describe_kind(piece)}")
        return piece

    def _read_chunk(self, piece: Any) -> None:
        if not isinstance(piece.choices, list):
            raise MalformedReply(f"its choices are {describe_kind(piece.choices)}, not a list")
        usage: Any = getattr(piece, "usage", None)
        facts = usage.model_dump(warnings=False) if hasattr(usage, "model_dump") else usage
        self._record_facts(facts, None, piece.model)
        piece.usage = None  # litellm fails on wrong types, here and below, and we have it
        for name in ("id", "model"):
            if not isinstance(getattr(piece, name, None), str):
                setattr(piece, name, "")
        for choice in piece.choices[:1]:
            self.reply.has_choices = True
            delta = getattr(choice, "delta", None)
            if delta is None:
                raise MalformedReply(f"a choice of it is {describe_kind(choice)}")
            if (content := getattr(delta, "content", None)) is not None and not isinstance(content, str):
                delta.content = content_text(content)
            self._record_facts(None, choice.finish_reason, None)
            if choice.finish_reason is not None and not isinstance(choice.finish_reason, str):
                choice.finish_reason = "stop"
            self.reply.refusal += refusal_text(delta)
            self.reply.reasoning += reasoning_text(delta)
            self.reply.tools += tool_names(delta)

    def _record_facts(self, usage: object, reason: object, model: object) -> None:
        if facts := normalize_usage(usage):
            self.reply.usage = {**self.reply.usage, **facts}
        if reason:
            self.is_complete = True
            self.reply.finish_reason = reason if isinstance(reason, str) else ""
        if isinstance(model, str) and model:
            self.reply.model = model

    async def aclose(self) -> None:
        """Close the connection, if it is still open."""
        close = getattr(self._source, "aclose", None) or getattr(self._source, "close", None)
        if close is not None:
            await close()


async def _in_threads(pieces: Iterator[Any]) -> AsyncIterator[Any]:
    """The pieces of a blocking iterator, each waited for in a thread."""
    import asyncio

    end = object()
    while (piece := await asyncio.to_thread(next, pieces, end)) is not end:
        yield piece


class _DiscardingList(list[Any]):
    """A list that stays empty: litellm would keep all pieces to count their tokens."""

    def append(self, piece: Any) -> None:
        """Discard the piece."""


async def read_stream(wrapper: Any, draft: Draft, watch: Watch) -> ServerReply:
    """The reply in a stream. wrapper: litellm's CustomStreamWrapper. watch: the call, as the transport sees it.

    Raises ReplyCutOff, ReplyTooLong, MalformedReply, and whatever litellm raises.
    """
    if wrapper.completion_stream is None:
        await wrapper.fetch_stream()
    wrapper.chunks = _DiscardingList()
    tap = Tap(wrapper.completion_stream)
    wrapper.completion_stream = tap
    parts: list[str] = []
    size = 0
    try:
        async for piece in wrapper:
            text = piece.choices[0].delta.content if piece.choices and watch.body is None else None
            if text:
                size += len(text.encode(errors="replace"))
                if size > MAX_REPLY_BYTES:
                    watch.fault = ReplyTooLong()
                    break
                parts.append(text)
                watch.on_text(text, "")
    except Exception:
        if watch.body is None or watch.fault is not None:
            raise  # else the reply is complete, and litellm failed on what it was passed
    finally:
        draft.pause()
        await wrapper.aclose()
    if watch.fault is not None:
        raise watch.fault
    if watch.body is not None:
        draft.report_streamed(streamed=watch.pieces > 0)
        return read_reply_body(watch.body)
    if not tap.pieces and not watch.done:
        raise MalformedReply("it is no stream of events")
    if not tap.is_complete and not watch.done:
        raise ReplyCutOff
    # A stream that litellm makes of a whole reply has a single piece.
    draft.report_streamed(streamed=True if tap.pieces > 1 or watch.done else None)
    tap.reply.text = "".join(parts)
    return tap.reply
