"""Resources of a running worker that the kernel does not limit: deleted files, areas of memory, threads. Linux only.

    /proc/PID/fd      files that are open      /proc/PID/maps   files that are mapped, and how many areas there are
    /proc/PID/stat    how many threads, and whether the first of them has ended: then the system shows nothing of the rest

All threads share their descriptors: seccomp.py refuses others. A mapped file has a size that cannot be looked up, so it
counts as the largest that there can be. Nothing here reads a path, which may be longer than the system reports.
"""

# Descriptors in /proc, which pathlib knows no better.
# ruff: noqa: PTH116, PTH123, PTH208
from __future__ import annotations

import os
import stat
import sys
from contextlib import suppress
from pathlib import Path

from refine_core.rewards.limits import FILE_BYTES, FOLDER_BYTES

MAX_THREADS = 256
MAPS_BYTES = 1 << 20  # of text about them: some 10,000 areas; a program with large libraries has 2,000
_DELETED = b" (deleted)"


def describe_excess_resources(pid: int) -> str:
    """What is too much, as a sentence that begins with "it", or "". "" for a process that has ended."""
    if sys.platform != "linux":
        return ""
    state, threads = _read_state(pid)
    if threads > MAX_THREADS:
        return f"it started more than {MAX_THREADS} threads"
    if state == "Z" and threads > 1:
        return "it ended its first thread"
    inodes, size_bytes = _open_deleted_files(pid)
    mapped_inodes = _mapped_deleted_files(pid)
    if mapped_inodes is None:
        return "it divided its memory into too many areas"
    if size_bytes + FILE_BYTES * len(mapped_inodes - inodes) > FOLDER_BYTES:
        return f"it put more than {FOLDER_BYTES >> 20} MiB in deleted files into its folder"
    return ""


def _read_state(pid: int) -> tuple[str, int]:
    """The state of the first thread, as a letter, and how many threads there are."""
    with suppress(OSError, ValueError, IndexError):
        fields = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace").rpartition(")")[2].split()
        return fields[0], int(fields[17])
    return "", 0


def _open_deleted_files(pid: int) -> tuple[set[int], int]:
    """The inodes of deleted files that it has open, and their bytes."""
    sizes = {}
    with suppress(OSError):
        for name in os.listdir(f"/proc/{pid}/fd"):
            with suppress(OSError):
                status = os.stat(f"/proc/{pid}/fd/{name}")
                if stat.S_ISREG(status.st_mode) and not status.st_nlink:
                    sizes[status.st_ino] = max(status.st_size, status.st_blocks * 512)
    return set(sizes), sum(sizes.values())


def _mapped_deleted_files(pid: int) -> set[int] | None:
    """The inodes of deleted files that it has mapped; None if there are more areas than are looked at."""
    inodes: set[int] = set()
    with suppress(OSError, ValueError), open(f"/proc/{pid}/maps", "rb", 0) as maps:
        parts = []
        left = MAPS_BYTES
        while left > 0 and (part := maps.read(left)):
            parts.append(part)
            left -= len(part)
        if left <= 0:
            return None
        text = b"".join(parts)
        if _DELETED in text:
            inodes = {int(line.split(None, 5)[4]) for line in text.splitlines() if line.endswith(_DELETED)}
    return inodes
