"""Replies while they are being written: what a person may read along, and nobody keeps.

A draft is no fact. It lives in memory until its reply, which is one, is on record; whoever looks from another process, or
after a restart, sees the facts alone.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping

from refine_core.events import Event, LMFailed, LMReplied, LMRetried
from refine_core.log.span import Span


class Drafts:
    """A sink, and a `Draft`: what every call under way has said so far. Safe across threads.

    version: how often a text was written.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._texts: dict[Span, str] = {}
        self.version = 0

    def write(self, span: Span, text: str) -> None:
        """The call at this place has said all of `text` so far; "" begins anew."""
        with self._lock:
            self._texts[span] = text
            self.version += 1

    def accept(self, span: Span, event: Event) -> None:
        """Drop the draft of a call that ended, or that begins anew."""
        if isinstance(event, LMReplied | LMFailed | LMRetried):
            with self._lock:
                self._texts.pop(span, None)

    def now(self) -> tuple[Mapping[Span, str], int]:
        """Span of a call -> its text so far; and the version."""
        with self._lock:
            return {span: text for span, text in self._texts.items() if text}, self.version
