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


_active_secrets: Counter[str] = Counter()


_lock = threading.Lock()


def protect_logs(secrets: Collection[str]) -> Callable[[], None]:
    """Keep these out of all logs from now on. Returns its undoing."""
    with _lock:
        _active_secrets.update(secrets)

    def forget() -> None:
        with _lock:
            _active_secrets.subtract(secrets)
            for secret in [s for s in secrets if _active_secrets[s] <= 0]:
                del _active_secrets[secret]

    return forget


def install_log_guard() -> None:
    """Have every log record of this process lose the secrets in use as it is made. Calling twice is harmless.

    A filter would have to sit on every logger there will ever be, since it does not see the records of loggers below.
    """
    make = logging.getLogRecordFactory()
    if getattr(make, "hides_secrets", False):
        return

    def record(*args: Any, **kwargs: Any) -> logging.LogRecord:
        return _mask_record(make(*args, **kwargs))

    record.hides_secrets = True  # type: ignore[attr-defined]  # a mark on our own function
    logging.setLogRecordFactory(record)


def _mask_record(record: logging.LogRecord) -> logging.LogRecord:
    """The record, its message and its traceback's text without secrets; as it was, where it has none."""
    with _lock:
        secrets = tuple(_active_secrets)
    from_library = record.name.partition(".")[0].partition(" ")[0] in LIBRARIES
    if not secrets and not from_library:
        return record
    remove = redact if from_library else mask
    try:
        said = record.getMessage()
    except Exception:  # noqa: BLE001  # logging itself tells of a message that does not fit its arguments
        return record
    if (clean := remove(said, secrets)) != said:
        record.msg, record.args = clean, ()
    if record.exc_info:
        trace = logging.Formatter().formatException(record.exc_info)
        if (clean := remove(trace, secrets)) != trace:
            record.exc_text, record.exc_info = clean, None
    return record
