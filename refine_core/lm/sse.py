"""A stream of OpenAI's kind, read: bytes in, pieces of text out, and in the end the reply as if it had come whole.

    bytes --EventReader--> events --StreamReader--> text, piece by piece;  `reply`, the body of a whole chat reply

What is not of OpenAI's kind is told from the first event, and left to litellm.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from refine_core.lm.chat_format import (
    ErrorBody,
    MalformedReply,
    ReplyCutOff,
    ReplyTooLong,
    content_text,
    describe_kind,
    has_failed,
    normalize_usage,
)

DONE = "[DONE]"

MAX_LINE_BYTES = 16_000_000
"""Of one line of a stream. A whole reply in one piece is shorter, even where each character of it is escaped."""

_FIELDS = (b"data", b"event", b"id", b"retry")
_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class ServerEvent:
    """One event. name: "" where it has none. data: its lines, joined."""

    name: str
    data: str


class EventReader:
    """Server-sent events out of bytes, wherever these are cut: lines end by LF, CR or both, and comments are skipped.

    Understood too: events without empty lines between them, bare JSON in a line of its own, and `error: …`, which
    llama.cpp writes. is_stream: False once a line was seen that no such stream has. Raises ReplyTooLong.
    """

    def __init__(self) -> None:
        self.is_stream = True
        self._rest: list[bytes] = []  # of the last line, which may come in many pieces
        self._rest_bytes = 0
        self._name = ""
        self._data: list[str] = []
        self._begun = False

    def feed(self, raw: bytes) -> list[ServerEvent]:
        """The events that these bytes complete."""
        self._rest.append(raw)
        self._rest_bytes += len(raw)
        if self._begun and b"\n" not in raw and b"\r" not in raw and not self._rest[0].endswith(b"\r"):
            if self._rest_bytes > MAX_LINE_BYTES:
                raise ReplyTooLong
            return []
        text = b"".join(self._rest)
        if not self._begun and len(text) >= len(_BOM):
            self._begun, text = True, text.removeprefix(_BOM)
        held = b"\r" if text.endswith(b"\r") else b""  # its LF may be the next byte
        *lines, rest = text.removesuffix(held).replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
        self._rest, self._rest_bytes = [rest + held], len(rest + held)
        events: list[ServerEvent] = []
        for line in lines:
            self._line(line, events)
        return events

    def end(self) -> list[ServerEvent]:
        """The last events, of a server that does not end its last line or event."""
        events = self.feed(b"\n") if self._rest_bytes else []
        self._line(b"", events)
        return events

    def _close(self, events: list[ServerEvent]) -> None:
        """The event that was begun is complete."""
        if self._data:
            events.append(ServerEvent(self._name, "\n".join(self._data)))
        self._name, self._data = "", []

    def _line(self, line: bytes, events: list[ServerEvent]) -> None:
        if not line:
            self._close(events)
            return
        field, _, value = line.partition(b":")
        if field == b"data":
            said = value.removeprefix(b" ").decode(errors="replace")
            if self._data and self._data[-1].endswith("}") and said.startswith(("{", DONE)):
                self._close(events)
            self._data.append(said)
        elif line.startswith(b"{") or field == b"error":
            self._close(events)
            name, data = ("error", value.strip()) if field == b"error" else ("", line)
            events.append(ServerEvent(name, data.decode(errors="replace")))
        elif field == b"event":
            self._name = value.strip().decode(errors="replace")
        elif field and field not in _FIELDS:
            self.is_stream = False


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


def message_reasoning(message: Mapping[str, Any]) -> str:
    """The model's reasoning, as servers send it beside the text; from a message or a piece of one."""
    told = message.get("reasoning_content") or message.get("reasoning")
    return told if isinstance(told, str) else ""


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
