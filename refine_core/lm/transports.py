"""The HTTP transports of litellm and openai, guarded while a call of ours is made.

    request --guarded--> network --> response --relayed--> litellm
                                     refusals are recorded; bodies are limited and normalized (see bodies)

Rule 1: a key goes to the server that it was given for and follows no redirect to another one. httpx would remove only
        `Authorization`, not the other headers that carry keys, nor the prompt.
Rule 2: no more is read than a reply can be long, counted as it is unpacked.
Rule 3: a body is normalized before litellm interprets it.
Rule 4: every way to the network is guarded, through each HTTP library that openai and litellm may use. A reply that came
        through none of them is refused (see `Watch.passed`).
`install` replaces methods of the transport classes, for the whole process; the engine calls it once litellm is imported.
"""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Awaitable, Callable
from typing import Any

from refine_core.lm.bodies import relay, relay_in_thread
from refine_core.lm.transport_faults import (
    MalformedReply,
    RedirectedElsewhere,
    RedirectLoop,
    TransportFault,
)
from refine_core.lm.watch import Watch, current_watch

MAX_REDIRECTS = 5
"""Of one call, all within one server."""


def install() -> None:
    """Guard all transports through which litellm and openai reach the network. Calling twice is harmless."""
    litellms: Any = importlib.import_module("litellm.llms.custom_httpx.aiohttp_transport")
    libraries = [
        importlib.import_module(name) for name in ("httpx", "httpx2") if importlib.util.find_spec(name)
    ]
    for transport in (
        litellms.LiteLLMAiohttpTransport,
        *(library.AsyncHTTPTransport for library in libraries),
    ):
        _guard(transport, "handle_async_request", _guarded)
    for library in libraries:
        _guard(library.HTTPTransport, "handle_request", _guarded_in_thread)


def _guard(transport: Any, method: str, guarded: Callable[[Any], Any]) -> None:
    send = getattr(transport, method)
    if not getattr(send, "guards", False):
        wrapped = guarded(send)
        wrapped.guards = True
        setattr(transport, method, wrapped)


def _guarded(send: Callable[[Any, Any], Awaitable[Any]]) -> Any:
    async def handle_async_request(transport: Any, request: Any) -> Any:
        watch = current_watch.get()
        if watch is None:
            return await send(transport, request)
        watch.begin()
        response = await send(transport, request)
        watch.on_bytes()
        try:
            _check_redirect(watch, request, response)
            return await relay(watch, request, response)
        except TransportFault as fault:
            watch.note(fault)
            await response.aclose()
            raise

    return handle_async_request


def _guarded_in_thread(send: Callable[[Any, Any], Any]) -> Any:
    """The same for providers that litellm asks in a thread: their replies are limited in size and read by litellm alone."""

    def handle_request(transport: Any, request: Any) -> Any:
        watch = current_watch.get()
        if watch is None:
            return send(transport, request)
        watch.begin()
        response = send(transport, request)
        try:
            _check_redirect(watch, request, response)
        except TransportFault as fault:
            watch.note(fault)
            response.close()
            raise
        return relay_in_thread(watch, request, response)

    return handle_request


def _check_redirect(watch: Watch, request: Any, response: Any) -> None:
    """Raise RedirectedElsewhere for another server, RedirectLoop for too many redirects, MalformedReply for an invalid address."""
    if response.has_redirect_location:
        watch.redirects += 1
        if watch.redirects > MAX_REDIRECTS:
            raise RedirectLoop(response.status_code)
        try:
            to = request.url.join(response.headers["Location"])
        except Exception:  # noqa: BLE001  # each HTTP library raises its own error for an invalid address
            raise MalformedReply("it redirects to something that is not an address") from None
        if not _is_same_server(request.url, to):
            shown = str(to.copy_with(userinfo=b"", query=None, fragment=None))
            raise RedirectedElsewhere(shown, response.status_code)


def _is_same_server(origin: Any, to: Any) -> bool:
    """Whether a redirect stays with the server that was asked, or goes from its http to its https."""
    ports = {"http": 80, "https": 443}
    here, there = ((u.scheme, u.host, u.port or ports.get(u.scheme)) for u in (origin, to))
    return here == there or (here[1] == there[1] and (*here[::2], *there[::2]) == ("http", 80, "https", 443))
