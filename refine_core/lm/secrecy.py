"""Secrets are masked in errors, in replies and their drafts, in parameters, and in logs (log_guard).

redact       errors and logs      masks the given secrets, the environment's, and whatever looks like one
mask         replies              masks the given secrets only, so that no word of a reply is taken for one
safe_prefix  drafts of replies    the same, without an end that may be the beginning of a secret
mask_named   parameters           masks the values of those that are named like secrets, at any depth
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Mapping

from refine_core.spec.secrets import SECRET_LIKE, is_secret

MIN_SECRET_CHARS = 4
"""Shorter secrets occur in any text by chance and cannot be masked."""

MIN_SECRET_IN_REPLY_CHARS = 12
"""Servers that need no key are sent words such as "ollama" or "not-needed", and replies may contain these."""

MASK = "[hidden]"


def redact(text: str, secrets: Collection[str] = ()) -> str:
    """The text without the given secrets, without the environment's keys, and without what looks like a key."""
    return SECRET_LIKE.sub(MASK, _replace_secrets(text, {*secrets, *environment_secrets()}, MIN_SECRET_CHARS))


def mask(text: str, secrets: Collection[str]) -> str:
    """A reply without the secrets that were sent with its request: a server may repeat them."""
    return _replace_secrets(text, secrets, MIN_SECRET_IN_REPLY_CHARS)


def safe_prefix(text: str, secrets: Collection[str]) -> str:
    """As much of an unfinished reply as may be shown: what could be the beginning of a secret has to wait."""
    text = mask(text, secrets)
    unsafe = 0
    for secret in secrets:
        if len(secret) >= MIN_SECRET_IN_REPLY_CHARS:
            prefixes = (
                n for n in range(min(len(secret) - 1, len(text)), unsafe, -1) if text.endswith(secret[:n])
            )
            unsafe = next(prefixes, unsafe)
    return text[: len(text) - unsafe]


def mask_named(params: Mapping[str, object]) -> dict[str, object]:
    """Parameters without the values of those that are named like secrets, at any depth."""
    return {name: _mask_named(name, value) for name, value in params.items()}


def _mask_named(name: str, value: object) -> object:
    if is_secret(name) and value is not None:
        return MASK
    if isinstance(value, Mapping):
        return {inner: _mask_named(str(inner), one) for inner, one in value.items()}
    if isinstance(value, list | tuple):
        return [_mask_named("", one) for one in value]
    return value


def _replace_secrets(text: str, secrets: Collection[str], min_chars: int) -> str:
    for secret in sorted(secrets, key=len, reverse=True):
        if len(secret) >= min_chars:
            text = text.replace(secret, MASK)
    return text


def environment_secrets() -> list[str]:
    """The values of environment variables with names such as OPENAI_API_KEY."""
    return [v for n, v in os.environ.items() if n.endswith(("_KEY", "_TOKEN", "_SECRET"))]


def collect_secrets(private: Iterable[object], address: str | None = None) -> frozenset[str]:
    """The secret texts in parameters, each a text or, for headers, a mapping; and the login in an address."""
    from urllib.parse import urlsplit  # as below

    values = [part for value in private for part in _parts(value)]
    login = urlsplit(address or "")
    texts = [*map(str, values), *filter(None, (login.username, login.password))]
    # "Authorization: Bearer abc" holds two: the header's value, and the key alone.
    return frozenset(part for text in texts for part in (text, text.rpartition(" ")[2]) if part)


def _parts(value: object) -> Iterable[object]:
    return value.values() if isinstance(value, Mapping) else [value]


def strip_login(address: str | None) -> str:
    """An address without user, password and query; "" for none. What cannot be read as an address is masked."""
    if not address:
        return ""
    from urllib.parse import urlsplit  # slow to import: it brings ipaddress along

    try:
        parts = urlsplit(address)
    except ValueError:
        return MASK
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
