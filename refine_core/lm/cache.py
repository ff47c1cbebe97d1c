"""Identical calls are cached in memory: they are free, and marked by `Reply.cache_hit`.

    call --cache_key--> key --find--> Reply, or None: then the model is asked, and its reply stored by `keep`

Identical calls have the same kind of model, name, provider, address, messages and parameters, `rollout_id` among them, in any
order. Keys, headers and other secrets do not count, nor do time limits. Errors are not cached. Nothing is locked while a model
is asked, so two identical calls at once may both be sent. The disk is used only if `configure_cache` says so.
Source: dspy.clients.cache, version 2.6.23.
"""

from __future__ import annotations

import json
import logging
import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from refine_core.concurrency.flows import Flow
from refine_core.lm.effects import ReadCache, WriteCache
from refine_core.lm.protocol import Model
from refine_core.lm.types import Message, Reply, public_params

if TYPE_CHECKING:
    from refine_core.lm.disk_cache import DiskCache


logger = logging.getLogger("refine_core")

MEMORY_ENTRIES = 10_000

MEMORY_BYTES = 64 * 2**20

DISK_BYTES = 2**30

_IGNORED_PARAMS = frozenset(("timeout", "timeout_s", "num_retries", "cache", "cache_in_memory"))


def cache_key(lm: Model, messages: Sequence[Message], params: Mapping[str, object]) -> str | None:
    """The same digest for identical calls; None for a call whose parameters are not plain JSON."""
    counted = {n: v for n, v in public_params(params).items() if v is not None and n not in _IGNORED_PARAMS}
    model = (type(lm).__qualname__, lm.model, getattr(lm, "custom_llm_provider", None), lm.address)
    try:
        text = json.dumps(
            (model, [dict(m) for m in messages], counted), sort_keys=True, separators=(",", ":")
        )
    except (TypeError, ValueError) as error:
        logger.debug("a call of %r is not cached: %s", lm.model, error)
        return None
    import hashlib  # it loads OpenSSL

    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


class Cache:
    """Replies by key; the least recently used are dropped first. Safe across threads.

    entries, size_bytes: the limits of memory, by number of replies and by the length of their texts. disk: looked up next.
    """

    def __init__(
        self, entries: int = MEMORY_ENTRIES, size_bytes: int = MEMORY_BYTES, disk: DiskCache | None = None
    ) -> None:
        self._entries, self._max_bytes, self._disk = entries, size_bytes, disk
        self._replies: OrderedDict[str, Reply] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._replies)

    def find(self, key: str, *, in_memory: bool = True) -> Flow[Reply | None]:
        """The reply under `key`, or None. It is marked as a cache hit and costs 0; its tokens are those of the original call."""
        if in_memory:
            with self._lock:
                if (reply := self._replies.get(key)) is not None:
                    self._replies.move_to_end(key)
                    return reply
        if self._disk is None:
            return None
        stored: Reply | None = yield ReadCache(self._disk.get, key)
        if stored is not None and in_memory:
            self._keep_in_memory(key, stored)
        return stored

    def keep(self, key: str, reply: Reply, *, in_memory: bool = True) -> Flow[None]:
        """Store a reply for the next identical call."""
        stored = replace(reply, cache_hit=True, cost_usd=0.0)
        if in_memory:
            self._keep_in_memory(key, stored)
        if self._disk is not None:
            yield WriteCache(self._disk.put, key, stored)

    def clear(self) -> None:
        """Empty the memory. The disk stays as it is."""
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
            while len(self._replies) > self._entries or self._bytes > self._max_bytes:
                self._bytes -= _size(self._replies.popitem(last=False)[1])


def _size(reply: Reply) -> int:
    """The size in bytes, roughly: 500 for an entry, beside its texts."""
    return 500 + 2 * sum(map(len, reply.texts))
