"""Processes that tests start and kill: their ids, and the ports that they take."""

from __future__ import annotations

import socket
from contextlib import suppress
from pathlib import Path


def find_children(pid: int) -> list[int]:
    """The processes that this one began and that are there still, by their ids. Linux only."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            fields = stat.read_text().rpartition(")")[2].split()
            if int(fields[1]) == pid:
                found.append(int(stat.parent.name))
    return found


def find_free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on now."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])
