"""Replies while they are being written, for a person to read; they are not recorded.

A draft is in memory until its reply is recorded. Another process, or this one after a restart, sees only recorded events.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping

from refine_core.events import Event, LMFailed, LMReplied, LMRetried
from refine_core.log.span import Span


class Drafts:
    """A sink, and a `Draft`: what every call under way has written so far. Safe across threads.

    version: how often a text was written.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._texts: dict[Span, str] = {}
        self.version = 0

    def write(self, span: Span, text: str) -> None:
        """The call with this span has written `text` so far; "" starts it over."""
        with self._lock:
            self._texts[span] = text
            self.version += 1

    def accept(self, span: Span, event: Event) -> None:
        """Drop the draft of a call that ended, or that is sent again."""
        if isinstance(event, LMReplied | LMFailed | LMRetried):
            with self._lock:
                self._texts.pop(span, None)

    def now(self) -> tuple[Mapping[Span, str], int]:
        """Span of a call -> its text so far; and the version."""
        with self._lock:
            return {span: text for span, text in self._texts.items() if text}, self.version
