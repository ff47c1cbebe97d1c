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
    """The events of one streamed chat reply, put together.

    ended: the reply was said to be complete. done: and that nothing more comes. Raises ErrorBody for an error in place of
    a piece, MalformedReply for a piece that is none, ReplyCutOff.
    """

    def __init__(self) -> None:
        self.ended = self.done = False
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
        """What it adds to the text, and to the reasoning."""
        data = event.data
        if data.strip() == DONE:
            self.ended = self.done = True
            return "", ""
        told = _json(data)
        if event.name == "error":
            raise ErrorBody(data if told is None else told)
        if told is None and data.strip() != "null":
            raise MalformedReply("it is not complete JSON")
        if not isinstance(told, dict):
            raise MalformedReply(f"a piece of it is {describe_kind(told)}")
        if told.get("error"):
            raise ErrorBody(told)
        return self._read_piece(told)

    def _read_piece(self, told: dict[str, Any]) -> tuple[str, str]:
        for name in ("id", "model"):
            if isinstance(told.get(name), str) and told[name]:
                self._head[name] = told[name]
        if (usage := told.get("usage")) is not None:
            self._usage |= normalize_usage(usage)
        choices = told.get("choices")
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
            self.ended = True
            self._reason = reason if isinstance(reason, str) else None
        content = delta.get("content")
        text = content if isinstance(content, str) else content_text(content) or ""
        thought = message_reasoning(delta)
        refusal = delta.get("refusal")
        for name, part in (("content", text), ("reasoning_content", thought), ("refusal", refusal)):
            if part and isinstance(part, str):
                self._parts[name].append(part)
        if calls := delta.get("tool_calls"):
            self._note_tools(calls)
        if call := delta.get("function_call"):
            self._note_tools([{"index": 0, "function": call}])
        return text, thought

    def _note_tools(self, calls: object) -> None:
        """Which functions are wanted; their arguments come in pieces, and are put together."""
        for call in calls if isinstance(calls, list) else []:
            wanted = call.get("function") if isinstance(call, dict) else None
            if not isinstance(wanted, dict):
                continue
            number = call.get("index")
            place = number if isinstance(number, int) else len(self._tools)
            known = self._tools.setdefault(
                place,
                {"id": call.get("id") or "", "type": "function", "function": {"name": "", "arguments": ""}},
            )
            for name in ("name", "arguments"):
                if isinstance(wanted.get(name), str):
                    known["function"][name] += wanted[name]

    def reply(self) -> dict[str, Any]:
        """The body of the whole reply. Raises ReplyCutOff where the stream stopped without saying that it was at its end."""
        if not self.ended:
            raise ReplyCutOff
        # Pieces may be cut within a character; the halves are one again here.
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
    """The pieces as one text; a character that was cut into two halves is one again."""
    text = "".join(pieces)
    if text.isascii():
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")


def _json(data: str) -> object:
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        return None
