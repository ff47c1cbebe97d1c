"""A worker's folder, from this side: how much is in it, emptying it, removing it, and what dead processes left.

Rule 1: whatever lies there was put by somebody else. No name, depth or permission makes anything here raise.
Rule 2: nothing outside is touched: folders are opened by descriptor, and a link is removed, never followed.
Rule 3: depth is undone by moving folders up, not by recursion; nothing needs a path longer than one name.
"""

# Paths of descriptors in /proc, which pathlib knows no better.
# ruff: noqa: PTH101, PTH208
from __future__ import annotations

import os
import re
import secrets
import shutil
import stat
import sys
import threading
import time
from collections.abc import Iterable, Mapping
from concurrent.futures import Future
from contextlib import suppress
from pathlib import Path, PurePosixPath

from refine_core.concurrency.threads import start_thread
from refine_core.rewards.limits import FOLDER_BYTES

PREFIX = "refinescope-reward-"
STALE_S = 86_400.0
MAX_ENTRIES, MAX_DEPTH = 1_000, 16
_EMPTY_WITHIN_S, _SWEEP_WITHIN_S = 10.0, 600.0

_BY_DESCRIPTOR = os.name == "posix" and os.scandir in os.supports_fd and os.unlink in os.supports_dir_fd
_DIRECTORY = getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)
_OUR_NAME = re.compile(rf"{re.escape(PREFIX)}([0-9]{{1,9}})-", re.ASCII)


def write_files(folder: Path, files: Mapping[str, bytes]) -> str:
    """Make a folder with these files, for the worker to read; returns its path.

    files: name, perhaps with folders before it ("helpers/text.py") -> content. Raises: OSError; ValueError for a name that
    leads out of the folder, or for more than FOLDER_BYTES.
    """
    if sum(map(len, files.values())) > FOLDER_BYTES:
        raise ValueError(f"the files beside the reward have more than {FOLDER_BYTES >> 20} MiB")
    folder.mkdir()
    for name, content in files.items():
        parts = PurePosixPath(name).parts
        if not parts or ".." in parts or "/" in parts or "\\" in name or "\0" in name:
            raise ValueError(f"{name!r} cannot be a file beside the reward")
        path = folder.joinpath(*parts)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        path.chmod(0o444)
    return str(folder)


def describe_excess(folder: Path) -> str:
    """What exceeds the limits in the folder, or "". A folder that is gone is empty."""
    try:
        size_bytes, entries, depth = _measure(folder) if _BY_DESCRIPTOR else _measure_by_path(folder)
    except (OSError, ValueError, RecursionError):
        return ""
    if entries > MAX_ENTRIES:
        return f"more than {MAX_ENTRIES} files and folders"
    if depth > MAX_DEPTH:
        return f"folders more than {MAX_DEPTH} deep"
    if size_bytes > FOLDER_BYTES:
        return f"more than {FOLDER_BYTES >> 20} MiB"
    return ""


def has_content(folder: Path) -> bool:
    """Whether anything lies in the folder."""
    try:
        with os.scandir(folder) as entries:
            return next(entries, None) is not None
    except OSError:
        return False


def empty_folder(folder: Path, within_s: float = _EMPTY_WITHIN_S) -> bool:
    """Remove what lies in the folder; the folder stays. False: something could not be removed, or time is up. Never raises."""
    if not _BY_DESCRIPTOR:
        return _empty_by_path(folder)
    try:
        top = os.open(folder, os.O_RDONLY | _DIRECTORY)
    except OSError:
        return False
    try:
        _allow_all(top)
        until = time.monotonic() + within_s
        while names := _names(top):
            removed_count = 0
            for name in names:  # grows while folders are moved up
                removed_count += _remove_entry(name, top, names)
                if time.monotonic() > until:
                    return False
            if not removed_count:
                return False
    except OSError:
        return False
    finally:
        os.close(top)
    return True


def remove_folder(folder: Path, within_s: float = _EMPTY_WITHIN_S) -> None:
    """Remove the folder with its contents, as far as possible in that time. Never raises."""
    empty_folder(folder, within_s)
    with suppress(OSError):
        folder.rmdir()


class Sweeper:
    """Removes what processes that were killed left behind, in a thread, once for each parent folder."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._results: dict[Path, Future[None]] = {}

    def start(self, parent: Path) -> Future[None]:
        """Start to sweep `parent`, or return the sweep that is under way."""
        with self._lock:
            if parent not in self._results:
                self._results[parent] = start_thread(lambda: sweep(parent), name="reward-sweep")
            return self._results[parent]


sweeper = Sweeper()


def sweep(parent: Path) -> None:
    """Remove what dead processes of ours left behind: folders of this user's, older than a day. Never raises."""
    if not _BY_DESCRIPTOR:
        return
    try:
        names = [name for name in os.listdir(parent) if name.startswith(PREFIX)]
    except OSError:
        return
    for name in names:
        folder = parent / name
        with suppress(OSError, ValueError):
            status, maker = folder.lstat(), _OUR_NAME.match(name)
            ours = stat.S_ISDIR(status.st_mode) and status.st_uid == os.geteuid()
            if ours and maker and time.time() - status.st_mtime > STALE_S and not _is_alive(int(maker[1])):
                remove_folder(folder, _SWEEP_WITHIN_S)


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except OSError:
        return True  # somebody else's
    return True


def _measure(folder: Path) -> tuple[int, int, int]:
    """(bytes, entries, depth), counted no further than the limits."""
    size_bytes = entries = deepest = 0
    stack = [os.open(folder, os.O_RDONLY | _DIRECTORY)]
    pending = [_folders_and_sizes(stack[0])]
    try:
        while pending:
            subfolders, sizes = pending[-1]
            size_bytes, entries = size_bytes + sum(sizes), entries + len(sizes)
            sizes.clear()
            deepest = max(deepest, len(stack))
            if entries > MAX_ENTRIES or deepest > MAX_DEPTH:
                break
            if not subfolders:
                pending.pop()
                os.close(stack.pop())
                continue
            with suppress(OSError):  # it has just been removed
                stack.append(_open_folder(subfolders.pop(), stack[-1]))
                pending.append(_folders_and_sizes(stack[-1]))
    finally:
        for descriptor in stack:
            os.close(descriptor)
    return size_bytes, entries, deepest


def _folders_and_sizes(descriptor: int) -> tuple[list[str], list[int]]:
    subfolders: list[str] = []
    sizes: list[int] = []
    with os.scandir(descriptor) as entries:
        for entry in entries:
            with suppress(OSError):
                status = entry.stat(follow_symlinks=False)
                sizes.append(max(status.st_size, status.st_blocks * 512))
                if stat.S_ISDIR(status.st_mode):
                    subfolders.append(entry.name)
            if len(sizes) > MAX_ENTRIES:
                break
    return subfolders, sizes


def _measure_by_path(folder: Path) -> tuple[int, int, int]:
    size_bytes = entries = 0
    for path, folders, files in os.walk(folder):
        entries += len(folders) + len(files)
        size_bytes += sum((Path(path) / name).lstat().st_size for name in files)
        if entries > MAX_ENTRIES:
            break
    return size_bytes, entries, 0


def _names(descriptor: int) -> list[tuple[str, bool]]:
    with os.scandir(descriptor) as entries:
        return [(entry.name, entry.is_dir(follow_symlinks=False)) for entry in entries]


def _remove_entry(entry: tuple[str, bool], top: int, names: list[tuple[str, bool]]) -> int:
    """Remove a file, or a folder whose own folders are moved up into `top` and appended to `names`. 1, or 0."""
    name, is_folder = entry
    with suppress(OSError):
        if not is_folder:
            os.unlink(name, dir_fd=top)
            return 1
        with suppress(OSError):
            os.rmdir(name, dir_fd=top)
            return 1
        folder = _open_folder(name, top)
        try:
            _allow_all(folder)
            for inner, is_inner_folder in _names(folder):
                with suppress(OSError):
                    if not is_inner_folder:
                        os.unlink(inner, dir_fd=folder)
                        continue
                    _unlock(inner, folder)  # a folder is moved only by who may write into it
                    new_name = f"-{secrets.token_hex(8)}"
                    os.rename(inner, new_name, src_dir_fd=folder, dst_dir_fd=top)
                    names.append((new_name, True))
        finally:
            os.close(folder)
        os.rmdir(name, dir_fd=top)
        return 1
    return 0


def _open_folder(name: str, parent: int) -> int:
    try:
        return os.open(name, os.O_RDONLY | _DIRECTORY, dir_fd=parent)
    except PermissionError:
        _unlock(name, parent)
        return os.open(name, os.O_RDONLY | _DIRECTORY, dir_fd=parent)


def _unlock(name: str, parent: int) -> None:
    """Let its owner do everything with a folder, by way of a descriptor: the name may be a link by now."""
    with suppress(OSError, NotImplementedError):
        if sys.platform == "linux":
            descriptor = os.open(name, os.O_PATH | _DIRECTORY, dir_fd=parent)
            try:
                os.chmod(f"/proc/self/fd/{descriptor}", 0o700)
            finally:
                os.close(descriptor)
        else:
            os.chmod(name, 0o700, dir_fd=parent, follow_symlinks=False)


def _allow_all(folder: int) -> None:
    with suppress(OSError):
        os.fchmod(folder, 0o700)


def _empty_by_path(folder: Path) -> bool:
    with suppress(OSError, RecursionError):
        members: Iterable[Path] = list(folder.iterdir())
        for member in members:
            if member.is_dir() and not member.is_symlink():
                shutil.rmtree(member, ignore_errors=True)
            else:
                with suppress(OSError):
                    member.unlink()
    return not has_content(folder)
