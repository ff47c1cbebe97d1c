"""A connection to PostgreSQL that is not held for ever by a server that says nothing: one that is frozen, or whose host is.

TCP does not notice such a server, as the kernel of its host still answers for it. So whoever has waited for some seconds asks by another
connection whether anybody is there: a server that only takes long says yes, and is waited for. Importing this loads the driver.
"""

from __future__ import annotations

import time
from collections.abc import Generator, Mapping
from typing import Any, Final

import psycopg

CANCELLED_S: Final = 1.0  # how long somebody waits who was cancelled


class NoAnswer(psycopg.OperationalError):
    """The server has said nothing for too long. The connection is closed."""


class WatchedConnection(psycopg.Connection[Any]):
    """address: what it was made from. patience_s: how long to wait before the server is asked by another one, and again.

    is_cancelled: whether whoever waits would rather not.
    """

    address: Mapping[str, Any]
    patience_s = float("inf")

    @staticmethod
    def is_cancelled() -> bool:
        """Nobody is, unless somebody puts another question here."""
        return False

    def wait(self, gen: Generator[Any, Any, Any], *args: Any, **named: Any) -> Any:
        """Wait for an answer. The driver calls this for all that it sends. Raises NoAnswer."""
        return super().wait(self._watch(gen), *args, **named)

    def _watch(self, gen: Generator[Any, Any, Any]) -> Generator[Any, Any, Any]:
        """The same as `gen`, which the driver asks ten times a second as long as nothing has come."""
        try:
            wanted, silent_since, asked_at = next(gen), 0.0, 0.0
            while True:
                ready = yield wanted
                if ready:
                    silent_since = 0.0
                elif not silent_since:
                    silent_since = asked_at = time.monotonic()
                elif (now := time.monotonic()) - silent_since > CANCELLED_S and self.is_cancelled():
                    self._give_up()
                elif now - asked_at > self.patience_s:
                    if not _is_answering(self.address):
                        self._give_up()
                    asked_at = time.monotonic()
                wanted = gen.send(ready)
        except StopIteration as end:
            return end.value

    def _give_up(self) -> None:
        self.pgconn.finish()
        raise NoAnswer("no answer from the server")


def _is_answering(address: Mapping[str, Any]) -> bool:
    """Whether the server says anything to a new connection, be it a refusal."""
    try:
        psycopg.connect(**address).close()
    except psycopg.errors.ConnectionTimeout:
        return False
    except psycopg.Error:
        return True
    return True
