"""One call at a time: the server answers one, and a call that waited there would use up its own time limit in the queue.

turn = turns.take()          a future: done once it is this call's turn
turns.leave(turn)            in the end, whether it ever was
"""

from __future__ import annotations

import threading
from collections import deque
from concurrent.futures import Future


class Turns:
    """Whose turn it is, first come, first served. Any thread may ask."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: deque[Future[None]] = deque()
        self._current: Future[None] | None = None

    def take(self) -> Future[None]:
        """A place in the queue. Whoever waits no longer may cancel it, and leaves all the same."""
        turn: Future[None] = Future()
        with self._lock:
            self._waiting.append(turn)
            self._call_next()
        return turn

    def leave(self, turn: Future[None]) -> None:
        """Let the next one have its turn. Calling twice is harmless."""
        with self._lock:
            if turn is self._current:
                self._current = None
            elif turn in self._waiting:
                self._waiting.remove(turn)
            self._call_next()

    def _call_next(self) -> None:
        while self._current is None and self._waiting:
            turn = self._waiting.popleft()
            if turn.set_running_or_notify_cancel():
                self._current = turn
                turn.set_result(None)


turns = Turns()
"""Those of the model of this process."""
