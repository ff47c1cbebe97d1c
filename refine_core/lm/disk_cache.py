"""The cache on disk, a SQLite file, if `configure_cache` asks for one.

Replies are stored as JSON: a file from elsewhere can give wrong replies, but a pickle could run code. A problem with the file
is logged, and the model is asked instead.
"""

from __future__ import annotations

import json
import logging
import os
import sqlite3
import threading
import time
from pathlib import Path
from typing import Self

from refine_core.errors import StoreError
from refine_core.lm.types import Reply, Usage

logger = logging.getLogger("refine_core")

FILE = "replies-1.sqlite3"  # the number is that of the table's shape
BUSY_S = 2.0  # how long to wait for another process that writes
_KEPT_SHARE = 0.9  # of the limit, after the oldest had to go

_TABLE = """
create table if not exists replies (key text primary key, at real not null, size_bytes integer not null, reply text not null)
without rowid
"""


class DiskCache:
    """Replies by key in one file, for several threads and processes. limit_bytes: of the replies in it."""

    def __init__(self, path: Path, limit_bytes: int) -> None:
        """Open or make the file. Raises sqlite3.Error, OSError."""
        self._path, self._limit = path, limit_bytes
        self._lock = threading.Lock()
        os.close(
            os.open(path, os.O_CREAT | os.O_RDWR, 0o600)
        )  # for its owner alone, before anything is in it
        self._file = sqlite3.connect(path, timeout=BUSY_S, isolation_level=None, check_same_thread=False)
        try:
            self._file.execute("pragma journal_mode = wal")
            self._file.execute("pragma synchronous = off")  # a power cut may cost the last replies
            self._file.execute(_TABLE)
            self._bytes = self._sum()
        except sqlite3.Error:
            self._file.close()
            raise

    @classmethod
    def open_in(cls, folder: Path | None, limit_bytes: int) -> Self:
        """The file in `folder`; None means the platform's place for a user's caches. Raises StoreError."""
        if folder is None:
            from platformdirs import user_cache_path

            folder = user_cache_path("refinescope", appauthor=False)
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            return cls(folder / FILE, limit_bytes)
        except (OSError, sqlite3.Error) as error:
            raise StoreError(
                f"cannot open the cache {folder / FILE}: {error}; give disk_cache_dir=… a folder that you may write to, "
                "or delete that file"
            ) from error

    def get(self, key: str) -> Reply | None:
        """The reply kept under `key`, or None."""
        try:
            with self._lock:
                row = self._file.execute("select reply from replies where key = ?", (key,)).fetchone()
            return _read(row[0]) if row else None
        except (sqlite3.Error, ValueError, KeyError, TypeError) as error:
            logger.warning("the cache %s cannot be read: %s", self._path, error)
            return None

    def put(self, key: str, reply: Reply) -> None:
        """Store a reply; the oldest ones are dropped if there is no room."""
        text = _write(reply)
        size = len(text.encode())
        try:
            with self._lock:
                self._file.execute(
                    "insert or replace into replies values (?, ?, ?, ?)", (key, time.time(), size, text)
                )
                self._bytes += size
                if self._bytes > self._limit:
                    self._make_room()
        except sqlite3.Error as error:
            logger.warning("the cache %s cannot be written: %s", self._path, error)

    def close(self) -> None:
        """Close the file; it is neither read nor written any more."""
        with self._lock:
            self._file.close()

    def _sum(self) -> int:
        return int(self._file.execute("select total(size_bytes) from replies").fetchone()[0])

    def _make_room(self) -> None:
        self._file.execute(
            """
            delete from replies where key in (
                select key from (select key, sum(size_bytes) over (order by at desc, key) as newer from replies)
                where newer > ?)
            """,
            (int(self._limit * _KEPT_SHARE),),
        )
        self._bytes = self._sum()


def _write(reply: Reply) -> str:
    usage = [reply.usage.prompt_tokens, reply.usage.completion_tokens]
    return json.dumps(
        {
            "text": reply.text,
            "usage": usage,
            "model": reply.model,
            "finish": reply.finish_reason,
            "others": reply.others,
            "reasoning": reply.reasoning,
            "other_reasons": reply.other_reasons,
        }
    )


def _read(text: str) -> Reply:
    fields = json.loads(text)
    if not isinstance(fields["text"], str):
        raise TypeError("a reply without text")
    return Reply(
        fields["text"],
        Usage(*fields["usage"]),
        fields["model"],
        fields["finish"],
        cost_usd=0.0,
        cache_hit=True,
        others=tuple(map(str, fields.get("others", ()))),
        reasoning=str(fields.get("reasoning", "")),
        other_reasons=tuple(map(str, fields.get("other_reasons", ()))),
    )
