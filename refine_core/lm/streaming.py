"""Reading along: a reply piece by piece, with what the server told told apart from what litellm makes up.

    OpenAI's protocol   pieces --wire--> text --> Draft --> on_text      (see refine_core.lm.sse)
    others              pieces --Tap--> litellm's CustomStreamWrapper --> text --> Draft --> on_text

litellm ends every stream with finish_reason "stop", and counts the tokens itself where the server told none; so the facts
are taken from the pieces as they come from the server, and of another protocol only the text from what litellm makes of them.
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
UPDATE_SHARE = (
    10  # telling may take one part in so many of the time: the longer the text, the longer it takes
)

log = logging.getLogger(__name__)


class Along:
    """Reads along, as an `on_text`, and is told how the reply came, too.

    texts: all that it was told. streamed: whether the server sent the reply as a stream; False where it sent it whole,
    or refused to stream; None where that cannot be told.
    """

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.streamed: bool | None = False  # until a stream has been read

    def __call__(self, text: str) -> None:
        self.texts.append(text)


class Draft:
    """Tells a reader all that a reply says so far: at most every 30 ms, and nothing any more once it is closed.

    begun: whether anything was told. Pieces arrive in the engine's thread; `close` is called by the one who waits.
    """

    def __init__(self, on_text: OnText, secrets: Collection[str]) -> None:
        self.begun = False
        self._on_text, self._secrets = on_text, secrets
        self._parts: list[str] = []
        self._told = ""
        self._timer: Any = None  # asyncio.TimerHandle
        self._next_s = 0.0  # by the event loop's clock
        self._lock = threading.Lock()
        self._closed = False

    def add(self, piece: str) -> None:
        """There is more of it. Called in an event loop."""
        import asyncio

        self._parts.append(piece)
        if self._timer is None:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_at(max(loop.time(), self._next_s), self._due, loop)

    def _due(self, loop: Any) -> None:
        began_s = loop.time()
        self._timer = None
        self._parts = ["".join(self._parts)]
        self._tell(safe_prefix(self._parts[0], self._secrets))
        took_s = loop.time() - began_s
        self._next_s = began_s + max(UPDATE_INTERVAL_S, UPDATE_SHARE * took_s)

    def end(self, text: str) -> None:
        """This is all of it."""
        self.rest()
        self._tell(mask(text, self._secrets))

    def came(self, *, streamed: bool | None) -> None:
        """This is how it came, for who wants to know. See `Along`."""
        if isinstance(self._on_text, Along):
            self._on_text.streamed = streamed

    def rest(self) -> None:
        """Nothing more comes for now."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def close(self) -> None:
        """Whoever wanted it has the reply, or has given it up. Returns once nobody is being told."""
        with self._lock:
            self._closed = True

    def _tell(self, text: str) -> None:
        with self._lock:
            if self._closed or text == self._told:
                return
            self.begun, self._told = True, text
            try:
                self._on_text(text)
            except Exception:  # a reader's own fault is no reason to lose the reply
                self._closed = True
                log.exception("who reads along failed, and is told no more")


class Tap:
    """The pieces as the server sent them, noted on their way to litellm.

    said: the facts among them. ended: the reply was said to be complete. pieces: how many came.
    Raises MalformedReply for a piece that is none.
    """

    def __init__(self, pieces: Any) -> None:
        self.said, self.ended, self.pieces = ServerReply(choices=False), False, 0
        self._source = pieces
        self._pieces = pieces.__aiter__() if hasattr(pieces, "__aiter__") else _in_threads(pieces)

    def __aiter__(self) -> AsyncIterator[Any]:
        return self

    async def __anext__(self) -> Any:
        piece = await self._pieces.__anext__()
        self.pieces += 1
        if isinstance(piece, dict):  # litellm's own kind, of other protocols
            self.said.choices = True
            self._note_facts(piece.get("usage"), piece.get("finish_reason"), None)
        elif hasattr(piece, "choices"):
            self._read_chunk(piece)
        elif piece is None or isinstance(piece, (list, str, int, float)):
            raise MalformedReply(f"a piece of it is {describe_kind(piece)}")
        return piece

    def _read_chunk(self, piece: Any) -> None:
        if not isinstance(piece.choices, list):
            raise MalformedReply(f"its choices are {describe_kind(piece.choices)}, not a list")
        usage: Any = getattr(piece, "usage", None)
        told = usage.model_dump(warnings=False) if hasattr(usage, "model_dump") else usage
        self._note_facts(told, None, piece.model)
        piece.usage = None  # litellm would stumble over wrong types, here and below, and we have it
        for name in ("id", "model"):
            if not isinstance(getattr(piece, name, None), str):
                setattr(piece, name, "")
        for choice in piece.choices[:1]:
            self.said.choices = True
            delta = getattr(choice, "delta", None)
            if delta is None:
                raise MalformedReply(f"a choice of it is {describe_kind(choice)}")
            if (content := getattr(delta, "content", None)) is not None and not isinstance(content, str):
                delta.content = content_text(content)
            self._note_facts(None, choice.finish_reason, None)
            if choice.finish_reason is not None and not isinstance(choice.finish_reason, str):
                choice.finish_reason = "stop"
            self.said.refusal += refusal_text(delta)
            self.said.reasoning += reasoning_text(delta)
            self.said.tools += tool_names(delta)

    def _note_facts(self, usage: object, reason: object, model: object) -> None:
        if told := normalize_usage(usage):
            self.said.usage = {**self.said.usage, **told}
        if reason:
            self.ended = True
            self.said.finish_reason = reason if isinstance(reason, str) else ""
        if isinstance(model, str) and model:
            self.said.model = model

    async def aclose(self) -> None:
        """Close the connection, if it is still open."""
        close = getattr(self._source, "aclose", None) or getattr(self._source, "close", None)
        if close is not None:
            await close()


async def _in_threads(pieces: Iterator[Any]) -> AsyncIterator[Any]:
    """Pieces of a library that blocks, each waited for in a thread."""
    import asyncio

    end = object()
    while (piece := await asyncio.to_thread(next, pieces, end)) is not end:
        yield piece


class _DiscardingList(list[Any]):
    """litellm keeps all pieces, to count their tokens when the server does not; it has none to count here."""

    def append(self, piece: Any) -> None:
        """Let it go."""


async def read_stream(wrapper: Any, draft: Draft, watch: Watch) -> ServerReply:
    """What a stream says. wrapper: litellm's CustomStreamWrapper. watch: the call, as seen on the wire.

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
            raise  # else the reply is here, and litellm could not read what it was passed of it
    finally:
        draft.rest()
        await wrapper.aclose()
    if watch.fault is not None:
        raise watch.fault
    if watch.body is not None:
        draft.came(streamed=watch.pieces > 0)
        return read_reply_body(watch.body)
    if not tap.pieces and not watch.done:
        raise MalformedReply("it is no stream of events")
    if not tap.ended and not watch.done:
        raise ReplyCutOff
    # What litellm makes a stream of by itself is a single piece.
    draft.came(streamed=True if tap.pieces > 1 or watch.done else None)
    tap.said.text = "".join(parts)
    return tap.said
