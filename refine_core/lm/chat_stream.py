"""A streamed chat reply of OpenAI's kind: events in, pieces of text out, and in the end the body of the whole reply.

    events --StreamReader--> text, piece by piece;  `reply`, the body of a whole chat reply

The first event says whether a stream is of OpenAI's kind; litellm reads the others.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from refine_core.lm.chat_format import (
    content_text,
    describe_kind,
    has_failed,
    message_reasoning,
    normalize_usage,
)
from refine_core.lm.sse import DONE, ServerEvent
from refine_core.lm.transport_faults import ErrorBody, MalformedReply, ReplyCutOff


class StreamReader:
    """One streamed chat reply, put together from its events.

    is_complete: the server said that the reply is complete. is_done: it said that nothing more comes. Raises ErrorBody for an
    error in place of a piece, MalformedReply, ReplyCutOff.
    """

    def __init__(self) -> None:
        self.is_complete = self.is_done = False
        self._head: dict[str, Any] = {}
        self._usage: dict[str, Any] = {}
        self._parts: dict[str, list[str]] = {"content": [], "reasoning_content": [], "refusal": []}
        self._tools: dict[int, dict[str, Any]] = {}
        self._index: object = None  # of the choice that is read; others may come between its pieces
        self._choices = False
        self._reason: str | None = None

    @staticmethod
    def can_read(event: ServerEvent) -> bool:
        """Whether a stream that begins so is of OpenAI's kind."""
        if event.data.strip() == DONE or event.name == "error":
            return True
        first = _json(event.data)
        if not isinstance(first, Mapping):
            return False
        return "choices" in first or ("error" in first and first.get("type") != "error")

    def read_event(self, event: ServerEvent) -> tuple[str, str]:
        """What the event adds to the text and to the reasoning."""
        data = event.data
        if data.strip() == DONE:
            self.is_complete = self.is_done = True
            return "", ""
        piece = _json(data)
        if event.name == "error":
            raise ErrorBody(data if piece is None else piece)
        if piece is None and data.strip() != "null":
            raise MalformedReply("it is not complete JSON")
        if not isinstance(piece, dict):
            raise MalformedReply(f"a piece of it is {describe_kind(piece)}")
        if piece.get("error"):
            raise ErrorBody(piece)
        return self._read_piece(piece)

    def _read_piece(self, piece: dict[str, Any]) -> tuple[str, str]:
        for name in ("id", "model"):
            if isinstance(piece.get(name), str) and piece[name]:
                self._head[name] = piece[name]
        if (usage := piece.get("usage")) is not None:
            self._usage |= normalize_usage(usage)
        choices = piece.get("choices")
        if choices is None:
            return "", ""
        if not isinstance(choices, list):
            raise MalformedReply(f"its choices are {describe_kind(choices)}, not a list")
        if not choices:
            return "", ""
        if not self._choices and isinstance(choices[0], dict):
            self._choices, self._index = True, choices[0].get("index")
        for choice in choices:
            if not isinstance(choice, dict):
                raise MalformedReply(f"a choice of it is {describe_kind(choice)}")
            if choice.get("index") == self._index:
                return self._read_choice(choice)
        return "", ""

    def _read_choice(self, choice: dict[str, Any]) -> tuple[str, str]:
        """A piece of the choice that is read."""
        delta = choice.get("delta") or choice.get("message") or {}
        if not isinstance(delta, dict):
            raise MalformedReply(f"a choice of it is {describe_kind(delta)}")
        if has_failed(choice):
            raise ErrorBody({"error": choice.get("error")})
        if reason := choice.get("finish_reason"):
            self.is_complete = True
            self._reason = reason if isinstance(reason, str) else None
        content = delta.get("content")
        text = content if isinstance(content, str) else content_text(content) or ""
        reasoning = message_reasoning(delta)
        refusal = delta.get("refusal")
        for name, part in (("content", text), ("reasoning_content", reasoning), ("refusal", refusal)):
            if part and isinstance(part, str):
                self._parts[name].append(part)
        if calls := delta.get("tool_calls"):
            self._record_tools(calls)
        if call := delta.get("function_call"):
            self._record_tools([{"index": 0, "function": call}])
        return text, reasoning

    def _record_tools(self, calls: object) -> None:
        """Record the functions that are wanted; their arguments come in pieces."""
        for call in calls if isinstance(calls, list) else []:
            wanted = call.get("function") if isinstance(call, dict) else None
            if not isinstance(wanted, dict):
                continue
            number = call.get("index")
            key = number if isinstance(number, int) else len(self._tools)
            function_call = self._tools.setdefault(
                key,
                {"id": call.get("id") or "", "type": "function", "function": {"name": "", "arguments": ""}},
            )
            for name in ("name", "arguments"):
                if isinstance(wanted.get(name), str):
                    function_call["function"][name] += wanted[name]

    def reply(self) -> dict[str, Any]:
        """The body of the whole reply. Raises ReplyCutOff if the stream stopped before its end."""
        if not self.is_complete:
            raise ReplyCutOff
        # A character may be cut in two by the pieces; it is joined here.
        parts = {name: _join(pieces) for name, pieces in self._parts.items()}
        message: dict[str, Any] = {"role": "assistant", "content": parts.pop("content") or None}
        message |= {name: part for name, part in parts.items() if part}
        if self._tools:
            message["tool_calls"] = [
                {"index": n, **call} for n, (_, call) in enumerate(sorted(self._tools.items()))
            ]
        choices = [{"index": 0, "message": message, "finish_reason": self._reason}] if self._choices else []
        return {**self._head, **({"usage": self._usage} if self._usage else {}), "choices": choices}


def _join(pieces: list[str]) -> str:
    """The pieces as one text, with characters joined that were cut in two."""
    text = "".join(pieces)
    if text.isascii():
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")


def _json(data: str) -> object:
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        return None
