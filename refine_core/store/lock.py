"""Which writers are alive: a lock file for each open store, held by the operating system until its process ends.

    locks/<writer>.lock     held: the writer lives        free or missing: it is dead, and stays dead

A writer's name is never used twice. Names are taken, and free files swept away, only while the store is being opened,
which one process does at a time: so no file is swept between its creation and its locking.
"""

from __future__ import annotations

import threading
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

from filelock import FileLock, Timeout

from refine_core.errors import StoreError
from refine_core.store.home import make_private

# Two processes that probe one lock at the same moment see each other's probe as a lock, so a probe is repeated.
LOOK_S, PAUSE_S = 0.006, 0.002


def any_writer_alive(folder: Path) -> bool:
    """Whether any store whose lock file is in `folder` is open, in this process or another. Raises StoreError."""
    return any(WriterLock.is_held(file) for file in folder.glob("*.lock"))


class WriterLock:
    """This process's lock beside the store, and a check of those of others. writer: its name. Raises StoreError."""

    def __init__(self, folder: Path) -> None:
        make_private(folder)
        self.writer = uuid4().hex
        self._folder = folder
        self._probing = threading.Lock()
        self._dead: set[str] = set()
        self._lock = FileLock(self._file(self.writer), thread_local=False)
        try:
            self._lock.acquire(timeout=0)
        except OSError as error:  # Timeout is one, too
            raise StoreError(
                f"cannot lock {self._lock.lock_file}: {error}; see that the folder is yours to write"
            ) from error

    def alive(self, writer: str) -> bool:
        """Whether the process that is, or was, this writer still holds its lock."""
        if writer == self.writer:
            return self._lock.is_locked
        file = self._file(writer)
        with self._probing:
            if writer in self._dead:
                return False
            if file.exists() and self.is_held(file):
                return True
            self._dead.add(writer)
            return False

    @property
    def deaths(self) -> int:
        """The number of writers that turned out to be dead so far."""
        return len(self._dead)

    def reacquire(self) -> None:
        """Nothing: the operating system takes the lock from nobody who lives."""

    def keep(self) -> None:
        """Nothing, for the same reason."""

    def sweep(self) -> None:
        """Remove the files of dead writers. Only while no other process opens the store."""
        for file in self._folder.glob("*.lock"):
            if not self.alive(file.stem):
                self._remove(file)

    def release(self) -> None:
        """Release the lock: runs that this writer left unfinished count as interrupted. Calling twice is harmless."""
        self._remove(self._file(self.writer))
        self._lock.release()

    @staticmethod
    def _remove(file: Path) -> None:
        with suppress(
            OSError
        ):  # Windows: it is open here, or being probed just now; the next sweep removes it
            file.unlink(missing_ok=True)

    def _file(self, writer: str) -> Path:
        return self._folder / f"{writer}.lock"

    @staticmethod
    def is_held(file: Path) -> bool:
        """Whether a process holds this lock file. Raises StoreError."""
        probe = FileLock(file, thread_local=False)
        try:
            probe.acquire(timeout=LOOK_S, poll_interval=PAUSE_S)
        except Timeout:
            return True
        except OSError as error:
            raise StoreError(
                f"cannot see whether {file} is locked: {error}; see that the folder is yours"
            ) from error
        probe.release()
        return False
