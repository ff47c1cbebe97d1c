"""The last calls of models, for people to look at.

    lm.history[-1]["outputs"]        of one model and all its copies
    inspect_history(3)               prints the last three of all models

A history keeps the last MAX_CALLS calls, so that memory stays flat. A run is recorded in its log, not here. A call is
stored as references; its entry is built when somebody reads it. Nothing secret is stored.
Source: dspy's history, version 2.6.23, which keeps 10,000 calls, and those of a model without limit.
"""

from __future__ import annotations

import sys
import time
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any, TextIO, overload

from refine_core.lm.types import Message, Reply

MAX_CALLS = 1000
"""Calls that a history keeps. Prompts for advice may have 50 kB, and people look at the last few only."""


Entry = dict[str, Any]
"""One call: prompt (text or None), messages, kwargs, response (as OpenAI shapes it), outputs (a list with the text), usage
({} where a cache answered), cost (US dollars or None), cache_hit, timestamp (ISO, local time), uuid, model, response_model,
model_type. An entry that a user's own model appends is stored as it is."""

_BLUE, _RED, _GREEN, _PLAIN = "\x1b[34m", "\x1b[31m", "\x1b[32m", "\x1b[0m"


class Call:
    """References to one call, of which an entry is built when somebody reads it. uuid: created at the first read."""

    __slots__ = ("at", "kwargs", "messages", "model", "prompt", "reply", "uuid")

    def __init__(
        self,
        model: str,
        messages: Sequence[Message],
        kwargs: Mapping[str, object],
        reply: Reply,
        prompt: str | None,
    ) -> None:
        self.model, self.prompt, self.messages, self.kwargs, self.reply = (
            model,
            prompt,
            messages,
            kwargs,
            reply,
        )
        self.at = time.time()
        self.uuid: str | None = None

    def entry(self) -> Entry:
        """The call as people read it."""
        import datetime  # these only matter to those who read entries

        from refine_core.lm.responses import to_response

        if self.uuid is None:
            import uuid

            self.uuid = str(uuid.uuid4())
        reply = self.reply
        return {
            "prompt": self.prompt,
            "messages": [dict(message) for message in self.messages],
            "kwargs": dict(self.kwargs),
            "response": to_response(reply),
            "outputs": list(reply.texts),
            "usage": {} if reply.cache_hit else reply.usage.as_dict(),
            "cost": reply.cost_usd,
            "cache_hit": reply.cache_hit,
            "timestamp": datetime.datetime.fromtimestamp(self.at).astimezone().isoformat(),
            "uuid": self.uuid,
            "model": self.model,
            "response_model": reply.model,
            "model_type": "chat",
        }


class History(Sequence[Entry]):
    """The call log of a model, and no conversation: dspy's `History` of earlier turns is absent here; see docs/dspy.md.

    The last calls, oldest first. Entries are built when they are read, and may be changed. Safe across threads.

    max_calls: how many calls are kept. Reads as a sequence of entries (name -> value: messages,
    outputs, kwargs without secrets, usage in tokens, cost in US dollars, timestamp, uuid, model), and equals a list of them.
    Raises: IndexError.
    Source: the `history` of dspy.BaseLM, version 2.6.23, which holds 10,000.
    """

    def __init__(self, max_calls: int = MAX_CALLS, entries: Iterable[Entry] = ()) -> None:
        self._calls: deque[Call | Entry] = deque(entries, maxlen=max_calls)
        self.is_kept_by_model = False

    def __len__(self) -> int:
        return len(self._calls)

    @overload
    def __getitem__(self, at: int) -> Entry: ...
    @overload
    def __getitem__(self, at: slice) -> list[Entry]: ...
    def __getitem__(self, at: int | slice) -> Entry | list[Entry]:
        if isinstance(at, int):
            return _entry(self._calls[at])
        return [_entry(call) for call in self._snapshot()[at]]

    def __eq__(self, other: object) -> bool:
        if isinstance(other, History):
            return self is other or list(self) == list(other)
        return isinstance(other, list) and list(self) == other

    __hash__ = None  # type: ignore[assignment]  # as a list's

    def append(self, entry: Entry) -> None:
        """Add an entry of a user's own model that records its calls itself, as dspy's do. Its calls are then not recorded again."""
        self.is_kept_by_model = True
        self._calls.append(entry)

    def record(self, call: Call) -> None:
        """Add a call that was made through this library."""
        self._calls.append(call)

    def clear(self) -> None:
        """Remove all calls."""
        self._calls.clear()

    def _snapshot(self) -> list[Call | Entry]:
        """The calls so far. A deque cannot be iterated while another thread appends to it, so this tries again."""
        while True:
            with suppress(RuntimeError):
                return list(self._calls)

    def __repr__(self) -> str:
        return f"<history of {len(self)} calls>"


def _entry(call: Call | Entry) -> Entry:
    return call.entry() if isinstance(call, Call) else call


def print_entries(history: Sequence[Entry], n: int = 1, *, file: TextIO | None = None) -> None:
    """Print the last `n` calls of a history, in colours if `file` (None: standard output) is a terminal."""
    file = file or sys.stdout
    file.write(format_entries(history[-n:] if n > 0 else [], colours=file.isatty()))


def format_entries(entries: Iterable[Entry], *, colours: bool = False) -> str:
    """Calls as text for people. colours: with ANSI escapes around headings and replies."""
    blue, red, green, reset = (_BLUE, _RED, _GREEN, _PLAIN) if colours else ("",) * 4
    lines: list[str] = []
    for entry in entries:
        again = ", from the cache" if entry.get("cache_hit") else ""
        at, model = entry.get("timestamp", "unknown time"), entry.get("model", "")
        lines += ["", f"{blue}[{at}] {model}{again}{reset}", ""]
        for message in entry.get("messages") or [{"role": "user", "content": entry.get("prompt")}]:
            lines += [
                f"{red}{message['role'].capitalize()} message:{reset}",
                "",
                str(message["content"]).strip(),
                "",
            ]
        lines += [
            f"{red}Response:{reset}",
            "",
            *(f"{green}{text.strip()}{reset}" for text in entry.get("outputs", ())),
            "",
        ]
    return "".join(f"{text_line}\n" for text_line in lines)
