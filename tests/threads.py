"""Threads of tests. One that hangs fails its test, where a bare join(30) would pass it by."""

from __future__ import annotations

from typing import Protocol


class Joinable(Protocol):
    """A thread or a process."""

    def join(self, timeout: float | None = None) -> None: ...

    def is_alive(self) -> bool: ...


def finish(*threads: Joinable, within_s: float = 30.0) -> None:
    """Wait for each of them to end. Raises AssertionError for one that has not ended within `within_s` seconds."""
    for thread in threads:
        thread.join(within_s)
        assert not thread.is_alive(), f"{thread} has not ended within {within_s:g} s"
