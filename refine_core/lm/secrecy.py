"""Keys stay unsaid: in errors, in replies and their drafts, and in the logs of the libraries that send them.

redact     errors and logs       the exact secrets, the environment's, and whatever looks like one
mask       replies               the exact secrets alone, so that no word of a reply is taken for one
safe_prefix drafts of replies   the same, less an end that may be the beginning of a secret
"""

from __future__ import annotations

import logging
import os
import threading
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any
from urllib.parse import urlsplit

from refine_core.spec.secrets import SECRET_LIKE

MIN_SECRET_CHARS = 4
"""Characters; shorter secrets occur in any text by chance, and cannot be hidden."""

MIN_SECRET_IN_REPLY_CHARS = 12
"""Characters; keyless servers are given words such as "ollama" or "not-needed" for a key, and replies may have them."""

MASK = "[hidden]"
LIBRARIES = ("LiteLLM", "httpx", "httpcore", "openai", "aiohttp", "asyncio", "botocore", "urllib3")
"""Whose logs are searched for what looks like a key, too."""


def redact(text: str, secrets: Collection[str] = ()) -> str:
    """The text without the given secrets, without the environment's keys, and without what looks like a key."""
    return SECRET_LIKE.sub(MASK, _replace_secrets(text, {*secrets, *environment_secrets()}, MIN_SECRET_CHARS))


def mask(text: str, secrets: Collection[str]) -> str:
    """A reply without the exact secrets that were sent with its request: a server may repeat them."""
    return _replace_secrets(text, secrets, MIN_SECRET_IN_REPLY_CHARS)


def safe_prefix(text: str, secrets: Collection[str]) -> str:
    """As much of an unfinished reply as may be said: what could be the beginning of a secret waits for its rest."""
    text = mask(text, secrets)
    held = 0
    for secret in secrets:
        if len(secret) >= MIN_SECRET_IN_REPLY_CHARS:
            begun = (n for n in range(min(len(secret) - 1, len(text)), held, -1) if text.endswith(secret[:n]))
            held = next(begun, held)
    return text[: len(text) - held]


def _replace_secrets(text: str, secrets: Collection[str], least: int) -> str:
    for secret in sorted(secrets, key=len, reverse=True):
        if len(secret) >= least:
            text = text.replace(secret, MASK)
    return text


def environment_secrets() -> list[str]:
    """What this process's environment holds under names such as OPENAI_API_KEY."""
    return [v for n, v in os.environ.items() if n.endswith(("_KEY", "_TOKEN", "_SECRET"))]


def collect_secrets(private: Iterable[object], address: str | None = None) -> frozenset[str]:
    """The texts in secret parameters, each a text or, as headers are, a mapping; and the password in an address."""
    values = [part for value in private for part in _parts(value)]
    login = urlsplit(address or "")
    texts = [*map(str, values), *filter(None, (login.username, login.password))]
    # "Authorization: Bearer abc" holds two: the header's value, and the key alone.
    return frozenset(part for text in texts for part in (text, text.rpartition(" ")[2]) if part)


def _parts(value: object) -> Iterable[object]:
    return value.values() if isinstance(value, Mapping) else [value]


# Logs. litellm, openai and aiohttp write requests and their headers to them at level DEBUG.

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
