"""Identical calls are cached in memory: they are free, and marked by `Reply.cache_hit`.

    call --cache_key--> key --find--> Reply | None ...asked if None... --keep-->

Identical: the same kind of model, name, provider, address, messages and parameters, `rollout_id` among them, whatever their order;
keys, headers and all else that is secret are no part of it, nor is how long to wait. Errors are never kept. Nothing is
locked while a model is asked, so two identical calls at once may both go out. On disk only where somebody asked for that.
Source: dspy.clients.cache, version 2.6.23.
"""

from __future__ import annotations

import hashlib
import json
import logging
import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from refine_core.concurrency.cancellation import Cancel
from refine_core.concurrency.flows import Flow
from refine_core.lm.effects import ReadCache, WriteCache
from refine_core.lm.protocol import Model
from refine_core.lm.types import Message, OnRetry, OnText, Reply, join_replies, public_params

if TYPE_CHECKING:
    from refine_core.lm.disk import DiskCache

logger = logging.getLogger("refine_core")

MEMORY_ENTRIES = 10_000
MEMORY_BYTES = 64 * 2**20
DISK_BYTES = 2**30

_IGNORED_PARAMS = frozenset(("timeout", "timeout_s", "num_retries", "cache", "cache_in_memory"))


def cache_key(lm: Model, messages: Sequence[Message], params: Mapping[str, object]) -> str | None:
    """What identical calls have in common, as a digest; None for a call whose parameters are not plain JSON."""
    asked = {n: v for n, v in public_params(params).items() if v is not None and n not in _IGNORED_PARAMS}
    whom = (type(lm).__qualname__, lm.model, getattr(lm, "custom_llm_provider", None), lm.address)
    try:
        text = json.dumps((whom, [dict(m) for m in messages], asked), sort_keys=True, separators=(",", ":"))
    except (TypeError, ValueError) as error:
        logger.debug("a call of %r is not cached: %s", lm.model, error)
        return None
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


class Cache:
    """Replies by key, the least recently used forgotten first. Safe across threads.

    entries, size_bytes: what memory holds at most, by number and by the length of the texts. disk: asked next.
    """

    def __init__(
        self, entries: int = MEMORY_ENTRIES, size_bytes: int = MEMORY_BYTES, disk: DiskCache | None = None
    ) -> None:
        self._entries, self._most_bytes, self._disk = entries, size_bytes, disk
        self._replies: OrderedDict[str, Reply] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._replies)

    def find(self, key: str, *, in_memory: bool = True) -> Flow[Reply | None]:
        """The reply kept under `key`, marked as a cache hit and costing nothing, or None. Its tokens are as first told."""
        if in_memory:
            with self._lock:
                if (known := self._replies.get(key)) is not None:
                    self._replies.move_to_end(key)
                    return known
        if self._disk is None:
            return None
        kept: Reply | None = yield ReadCache(self._disk.get, key)
        if kept is not None and in_memory:
            self._keep_in_memory(key, kept)
        return kept

    def keep(self, key: str, reply: Reply, *, in_memory: bool = True) -> Flow[None]:
        """Keep a reply for the next identical call."""
        kept = replace(reply, cache_hit=True, cost_usd=0.0)
        if in_memory:
            self._keep_in_memory(key, kept)
        if self._disk is not None:
            yield WriteCache(self._disk.put, key, kept)

    def clear(self) -> None:
        """Forget what is in memory. The disk keeps its own."""
        with self._lock:
            self._replies.clear()
            self._bytes = 0

    def close(self) -> None:
        """Close the file on disk, if there is one."""
        if self._disk is not None:
            self._disk.close()

    def _keep_in_memory(self, key: str, reply: Reply) -> None:
        with self._lock:
            if (old := self._replies.pop(key, None)) is not None:
                self._bytes -= _size(old)
            self._replies[key] = reply
            self._bytes += _size(reply)
            while len(self._replies) > self._entries or self._bytes > self._most_bytes:
                self._bytes -= _size(self._replies.popitem(last=False)[1])


def _size(reply: Reply) -> int:
    """Bytes, about: an entry has some 500 beside its text."""
    return 500 + 2 * sum(map(len, reply.texts))


def cached_reply(
    lm: Model,
    messages: Sequence[Message],
    params: dict[str, object],
    *,
    cancel: Cancel,
    on_retry: OnRetry | None = None,
    on_text: OnText | None = None,
) -> Flow[Reply]:
    """From the cache, if it may be and is there; else from the model. params: all of them, the cache's own too."""
    cached, in_memory = params.pop("cache", lm.cache), bool(params.pop("cache_in_memory", lm.cache_in_memory))
    asked = (
        lm.flow(messages, params, cancel=cancel, on_retry=on_retry, on_text=on_text)
        if params.get("n") is None
        else _ask_several(lm, messages, params, cancel=cancel, on_retry=on_retry, on_text=on_text)
    )
    key = cache_key(lm, messages, params) if cached else None
    return asked if key is None else _from_cache(key, asked, cancel, in_memory=in_memory)


def _from_cache(key: str, asked: Flow[Reply], cancel: Cancel, *, in_memory: bool) -> Flow[Reply]:
    """The reply that is kept under `key`, or else what is asked, kept for the next time."""
    cancel.check()
    place = cache()
    if (known := (yield from place.find(key, in_memory=in_memory))) is not None:
        return known
    reply = yield from asked
    yield from place.keep(key, reply, in_memory=in_memory)
    return reply


def _ask_several(
    lm: Model, messages: Sequence[Message], params: Mapping[str, object], **how: Any
) -> Flow[Reply]:
    """As many replies as `n` among the parameters wishes; who gives fewer at a time is asked again."""
    n = params["n"]
    if isinstance(n, bool) or not isinstance(n, int) or n < 1:
        raise ValueError(f"n must be a whole number of replies, at least 1, not {n!r}")
    return lm.flow(messages, params, **how) if n == 1 else _ask_until(n, lm, messages, params, how)


def _ask_until(
    n: int, lm: Model, messages: Sequence[Message], params: Mapping[str, object], how: Mapping[str, Any]
) -> Flow[Reply]:
    replies: list[Reply] = []
    while (left := n - sum(len(reply.texts) for reply in replies)) > 0:
        replies.append((yield from lm.flow(messages, {**params, "n": left}, **how)))
    return join_replies(replies)


_cache = Cache()


def cache() -> Cache:
    """The cache of this process."""
    return _cache


def configure_cache(  # noqa: PLR0917 - dspy's own order
    enable_disk_cache: bool = False,
    enable_memory_cache: bool = True,
    disk_cache_dir: str | Path | None = None,
    disk_size_limit_bytes: int = DISK_BYTES,
    memory_max_entries: int = MEMORY_ENTRIES,
    enable_litellm_cache: bool = False,
) -> None:
    """Replace the cache of this process by an empty one with these settings.

    enable_disk_cache: keep replies in a file as well, for other processes and the next day. dspy does so from the start;
        here nothing is written unless somebody asks. The file is its owner's alone and holds replies and digests, no prompts.
    disk_cache_dir: its folder; None means the platform's place for a user's caches. disk_size_limit_bytes: of the
        replies in it; the oldest go first. memory_max_entries: of the replies in memory, which take 64 MB at most.
    enable_litellm_cache: as in dspy; only False will do, since litellm's cache would answer calls that are told as made.
    Raises: StoreError if the file cannot be opened; ValueError. Source: dspy.configure_cache.
    """
    if enable_litellm_cache:
        raise ValueError("litellm's own cache is not used here; say enable_disk_cache=True instead")
    global _cache
    disk = None
    if enable_disk_cache:
        from refine_core.lm.disk import DiskCache

        disk = DiskCache.open_in(
            Path(disk_cache_dir).expanduser() if disk_cache_dir else None, disk_size_limit_bytes
        )
    old, _cache = _cache, Cache(memory_max_entries if enable_memory_cache else 0, disk=disk)
    old.close()
