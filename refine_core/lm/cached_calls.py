"""Calls through the cache, and calls for `n` replies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from refine_core.concurrency.cancellation import Cancel
from refine_core.concurrency.flows import Flow
from refine_core.lm.cache import DISK_BYTES, MEMORY_ENTRIES, Cache, cache_key
from refine_core.lm.protocol import Model
from refine_core.lm.shared import shared
from refine_core.lm.types import Message, OnRetry, OnText, Reply, join_replies

if TYPE_CHECKING:
    from pathlib import Path


def cached_reply(
    lm: Model,
    messages: Sequence[Message],
    params: dict[str, object],
    *,
    cancel: Cancel,
    on_retry: OnRetry | None = None,
    on_text: OnText | None = None,
) -> Flow[Reply]:
    """The reply from the cache, if the call may use it; else from the model. params: all of them, the cache's own too."""
    use_cache, in_memory = (
        params.pop("cache", lm.cache),
        bool(params.pop("cache_in_memory", lm.cache_in_memory)),
    )
    flow = (
        lm.flow(messages, params, cancel=cancel, on_retry=on_retry, on_text=on_text)
        if params.get("n") is None
        else _ask_several(lm, messages, params, cancel=cancel, on_retry=on_retry, on_text=on_text)
    )
    key = cache_key(lm, messages, params) if use_cache else None
    return flow if key is None else _from_cache(key, flow, cancel, in_memory=in_memory)


def _from_cache(key: str, flow: Flow[Reply], cancel: Cancel, *, in_memory: bool) -> Flow[Reply]:
    """The reply under `key`, or that of `flow`, which is then stored."""
    cancel.check()
    cache = shared.cache
    if (reply := (yield from cache.find(key, in_memory=in_memory))) is not None:
        return reply
    reply = yield from flow
    yield from cache.keep(key, reply, in_memory=in_memory)
    return reply


def _ask_several(
    lm: Model, messages: Sequence[Message], params: Mapping[str, object], **options: Any
) -> Flow[Reply]:
    """As many replies as the parameter `n` asks for. A model that gives fewer at a time is asked again."""
    n = params["n"]
    if isinstance(n, bool) or not isinstance(n, int) or n < 1:
        raise ValueError(f"n must be a whole number of replies, at least 1, not {n!r}")
    return lm.flow(messages, params, **options) if n == 1 else _ask_until(n, lm, messages, params, options)


def _ask_until(
    n: int, lm: Model, messages: Sequence[Message], params: Mapping[str, object], options: Mapping[str, Any]
) -> Flow[Reply]:
    replies: list[Reply] = []
    while (left := n - sum(len(reply.texts) for reply in replies)) > 0:
        replies.append((yield from lm.flow(messages, {**params, "n": left}, **options)))
    return join_replies(replies)


def configure_cache(  # noqa: PLR0917 - dspy's own order
    enable_disk_cache: bool = False,
    enable_memory_cache: bool = True,
    disk_cache_dir: str | Path | None = None,
    disk_size_limit_bytes: int = DISK_BYTES,
    memory_max_entries: int = MEMORY_ENTRIES,
    enable_litellm_cache: bool = False,
) -> None:
    """Replace the cache of this process by an empty one with these settings.

    enable_disk_cache: store replies in a file as well, for other processes and the next day. dspy does so by default. Only
        its owner may read the file; it holds replies and digests, no prompts.
    disk_cache_dir: its folder; None means the platform's place for a user's caches. disk_size_limit_bytes: of the
        replies in it; the oldest go first. memory_max_entries: of the replies in memory, which take 64 MB at most.
    enable_litellm_cache: as in dspy; only False will do, since litellm's cache would answer calls that are recorded as sent.
    Raises: StoreError if the file cannot be opened; ValueError. Source: dspy.configure_cache.
    """
    if enable_litellm_cache:
        raise ValueError("litellm's own cache is not supported; write enable_disk_cache=True instead")
    disk = None
    if enable_disk_cache:
        from pathlib import Path

        from refine_core.lm.disk_cache import DiskCache

        disk = DiskCache.open_in(
            Path(disk_cache_dir).expanduser() if disk_cache_dir else None, disk_size_limit_bytes
        )
    old = shared.cache
    shared.cache = Cache(memory_max_entries if enable_memory_cache else 0, disk=disk)
    old.close()
