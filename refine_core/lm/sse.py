"""Server-sent events, read from bytes that may be cut anywhere."""

from __future__ import annotations

from dataclasses import dataclass

from refine_core.lm.transport_faults import ReplyTooLong

DONE = "[DONE]"

MAX_LINE_BYTES = 16_000_000
"""Of one line of a stream. A whole reply in one piece is shorter, even if each of its characters is escaped."""

_FIELDS = (b"data", b"event", b"id", b"retry")

_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class ServerEvent:
    """One event. name: "" where it has none. data: its lines, joined."""

    name: str
    data: str


class EventReader:
    """The events in bytes that may be cut anywhere. Lines end by LF, CR or both; comments are skipped.

    It also reads events without empty lines between them, bare JSON in a line of its own, and llama.cpp's `error: …`.
    is_stream: False after a line that no such stream has. Raises ReplyTooLong.
    """

    def __init__(self) -> None:
        self.is_stream = True
        self._rest: list[bytes] = []  # of the last line, which may come in many pieces
        self._rest_bytes = 0
        self._name = ""
        self._data: list[str] = []
        self._has_begun = False

    def feed(self, raw: bytes) -> list[ServerEvent]:
        """The events that these bytes complete."""
        self._rest.append(raw)
        self._rest_bytes += len(raw)
        if self._has_begun and b"\n" not in raw and b"\r" not in raw and not self._rest[0].endswith(b"\r"):
            if self._rest_bytes > MAX_LINE_BYTES:
                raise ReplyTooLong
            return []
        text = b"".join(self._rest)
        if not self._has_begun and len(text) >= len(_BOM):
            self._has_begun, text = True, text.removeprefix(_BOM)
        pending = b"\r" if text.endswith(b"\r") else b""  # its LF may be the next byte
        *text_lines, rest = (
            text.removesuffix(pending).replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
        )
        self._rest, self._rest_bytes = [rest + pending], len(rest + pending)
        events: list[ServerEvent] = []
        for text_line in text_lines:
            self._read_line(text_line, events)
        return events

    def end(self) -> list[ServerEvent]:
        """The last events, for a server that does not end its last line or event."""
        events = self.feed(b"\n") if self._rest_bytes else []
        self._read_line(b"", events)
        return events

    def _close(self, events: list[ServerEvent]) -> None:
        """End the current event."""
        if self._data:
            events.append(ServerEvent(self._name, "\n".join(self._data)))
        self._name, self._data = "", []

    def _read_line(self, text_line: bytes, events: list[ServerEvent]) -> None:
        if not text_line:
            self._close(events)
            return
        field, _, value = text_line.partition(b":")
        if field == b"data":
            data_line = value.removeprefix(b" ").decode(errors="replace")
            if self._data and self._data[-1].endswith("}") and data_line.startswith(("{", DONE)):
                self._close(events)
            self._data.append(data_line)
        elif text_line.startswith(b"{") or field == b"error":
            self._close(events)
            name, data = ("error", value.strip()) if field == b"error" else ("", text_line)
            events.append(ServerEvent(name, data.decode(errors="replace")))
        elif field == b"event":
            self._name = value.strip().decode(errors="replace")
        elif field and field not in _FIELDS:
            self.is_stream = False
