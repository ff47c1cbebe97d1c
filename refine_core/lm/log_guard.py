"""Keys stay out of the logs. litellm, openai and aiohttp log requests and their headers at level DEBUG."""

from __future__ import annotations

import logging
import threading
from collections import Counter
from collections.abc import Callable, Collection
from typing import Any

from refine_core.lm.secrecy import mask, redact

LIBRARIES = ("LiteLLM", "httpx", "httpcore", "openai", "aiohttp", "asyncio", "botocore", "urllib3")
"""Whose logs are searched for what looks like a key, too."""


class LogGuard:
    """Takes the secrets that are in use out of every log record of this process, once it is installed."""

    def __init__(self) -> None:
        self._secrets: Counter[str] = Counter()
        self._lock = threading.Lock()

    def protect(self, secrets: Collection[str]) -> Callable[[], None]:
        """Keep these out of all logs from now on. Returns its undoing."""
        with self._lock:
            self._secrets.update(secrets)

        def release() -> None:
            with self._lock:
                self._secrets.subtract(secrets)
                for secret in [s for s in secrets if self._secrets[s] <= 0]:
                    del self._secrets[secret]

        return release

    def install(self) -> None:
        """Mask log records as they are made. Calling twice is harmless.

        A filter would have to be on every logger there will ever be: it does not see the records of loggers below its own.
        """
        make = logging.getLogRecordFactory()
        if getattr(make, "hides_secrets", False):
            return

        def record(*args: Any, **kwargs: Any) -> logging.LogRecord:
            return self._mask_record(make(*args, **kwargs))

        record.hides_secrets = True  # type: ignore[attr-defined]  # a mark on our own function
        logging.setLogRecordFactory(record)

    def _mask_record(self, record: logging.LogRecord) -> logging.LogRecord:
        """The record, its message and its traceback's text without secrets; as it was, where it has none."""
        with self._lock:
            secrets = tuple(self._secrets)
        from_library = record.name.partition(".")[0].partition(" ")[0] in LIBRARIES
        if not secrets and not from_library:
            return record
        remove = redact if from_library else mask
        try:
            message = record.getMessage()
        except Exception:  # noqa: BLE001  # logging itself reports a message that does not fit its arguments
            return record
        if (clean := remove(message, secrets)) != message:
            record.msg, record.args = clean, ()
        if record.exc_info:
            trace = logging.Formatter().formatException(record.exc_info)
            if (clean := remove(trace, secrets)) != trace:
                record.exc_text, record.exc_info = clean, None
        return record


log_guard = LogGuard()
