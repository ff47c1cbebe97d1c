"""Which models a server lists: GET {address}/models, once, within a time.

    look(address, key) -> Listing --told--> (verdict, sentence)

Redirects are not followed, so the key goes nowhere but to the address that it was given for. No proxy stands between
this machine and itself. Not every server has such a list; that is no fault of it.
"""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from refine_core.connections.findings import Verdict
from refine_core.lm import error_messages

LOOPBACK = ("localhost", "127.0.0.1", "::1")
MOST_BYTES = 8 * 2**20
MOST_MODELS = 5_000
MOST_CHARACTERS = 200  # of a model's name
STEP_BYTES = 64 * 2**10
REFUSALS = (HTTPStatus.BAD_REQUEST, HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)
"""How servers refuse the list to who has no good key; the first is the way of litellm's proxy without a database."""


@dataclass(frozen=True, slots=True)
class Listing:
    """What came of asking.

    status: of the answer; None where there was none. models: the names listed, in the server's order; None where the
    answer was no list. failure: why there was no answer. moved_to: the host that a redirect names. v1: whether the
    list is at {address}/v1 instead.
    """

    status: int | None = None
    models: tuple[str, ...] | None = None
    failure: Exception | None = None
    moved_to: str | None = None
    v1: bool = False


def look(address: str, key: str | None, timeout_s: float) -> Listing:
    """Ask for the list; where it is not, and the address lacks /v1, also there. Raises nothing that a server can cause.

    key: sent as a bearer token; None sends none. timeout_s: seconds for all of it, as far as sockets can be hurried.
    """
    until = time.monotonic() + timeout_s
    address = address.rstrip("/")
    found = _ask(f"{address}/models", key, until)
    if found.models is None and found.status in _NOT_HERE and not address.endswith("/v1"):
        there = _ask(f"{address}/v1/models", key, until)
        if there.models is not None:
            return Listing(found.status, there.models, v1=True)
    return found


def look_aside(address: str, key: str | None, timeout_s: float) -> Future[Listing]:
    """`look` in a thread of its own, which nobody need wait for."""
    made: Future[Listing] = Future()
    made.set_running_or_notify_cancel()  # it cannot be hurried, so it is not to be cancelled

    def work() -> None:
        try:
            made.set_result(look(address, key, timeout_s))
        except Exception as error:  # noqa: BLE001  # whoever waits gets it
            made.set_result(Listing(failure=error))

    threading.Thread(target=work, name="list of models", daemon=True).start()
    return made


def told(found: Listing, where: str, timeout_s: float) -> tuple[Verdict, str]:
    """What this says of the address. where: "the server at http://…"; timeout_s: how long it was given."""
    at = where[0].upper() + where[1:]
    if found.failure is not None:
        if isinstance(found.failure, TimeoutError):
            return "unknown", f"{at} did not list its models within {timeout_s:g} s; the request will tell."
        lost = ConnectionError()  # the kind of error that is about reaching; why is told by its cause
        lost.__cause__ = found.failure
        return "fails", str(error_messages.explain(lost, where=where, model="", timeout_s=timeout_s))
    if found.v1:
        return (
            "unknown",
            f"There is no list of models at this address, but there is one at its /v1: write {where.rsplit(maxsplit=1)[-1]}/v1.",
        )
    if found.moved_to is not None:
        return (
            "unknown",
            f"{at} sends callers on to {found.moved_to}, where the key must not go. Give the final address.",
        )
    if found.models is not None:
        return "works", f"{at} was reached, and lists {_count(found.models)}."
    if found.status == HTTPStatus.OK:
        return (
            "unknown",
            f"{at} was reached, but what it lists are no models. An address usually ends in /v1.",
        )
    if found.status is not None and found.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return "unknown", f"{at} was reached, but failed on its side ({found.status}); the request will tell."
    if found.status in REFUSALS:
        return "works", f"{at} was reached, but refused to list its models ({found.status})."
    return "works", f"{at} was reached. It does not list its models, which not every server does."


def is_direct(address: str) -> bool:
    """Whether an address is asked without a proxy in between, so that a failure to reach it is its own."""
    import urllib.request

    return urlsplit(address).hostname in LOOPBACK or not urllib.request.getproxies()


def _count(models: tuple[str, ...]) -> str:
    match len(models):
        case 0:
            return "no models; load one first"
        case 1:
            return "one model"
        case many:
            return f"{many} models"


_NOT_HERE = (HTTPStatus.OK, HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED)


def _ask(url: str, key: str | None, until: float) -> Listing:
    import urllib.error
    import urllib.request

    class Stay(urllib.request.HTTPRedirectHandler):
        def redirect_request(self, *_: object) -> None:  # the redirect itself becomes the answer
            return None

    here = urlsplit(url).hostname in LOOPBACK
    proxies = urllib.request.ProxyHandler({} if here else None)
    opener = urllib.request.build_opener(proxies, Stay())
    headers = {"Accept": "application/json", "User-Agent": "refinescope"}
    if key:
        headers["Authorization"] = f"Bearer {key}"
    try:
        request = urllib.request.Request(url, headers=headers)  # noqa: S310  # the caller lets only http and https pass
        with opener.open(request, timeout=max(0.1, until - time.monotonic())) as answer:
            return Listing(answer.status, _models(_read(answer, until)))
    except urllib.error.HTTPError as refusal:
        with refusal:
            return Listing(refusal.code, moved_to=_moved(refusal))
    except urllib.error.URLError as error:
        reason = error.reason
        return Listing(failure=reason if isinstance(reason, Exception) else ConnectionError(str(reason)))
    except (OSError, http.client.HTTPException, ValueError) as error:
        return Listing(failure=error)


def _read(answer: Any, until: float) -> bytes:
    """The body, as far as it comes in time and is of a size to be read."""
    parts: list[bytes] = []
    size = 0
    while size <= MOST_BYTES:
        part: bytes = answer.read1(STEP_BYTES)
        if not part:
            return b"".join(parts)
        if time.monotonic() > until:
            raise TimeoutError
        parts.append(part)
        size += len(part)
    return b""


def _models(body: bytes) -> tuple[str, ...] | None:
    """The names in {"data": [{"id": …}]}, or in what a few servers send instead; None if it is no list of models."""
    try:
        data = json.loads(body)
    except (ValueError, RecursionError):
        return None
    rows = data.get("data", data.get("models")) if isinstance(data, dict) else data
    if not isinstance(rows, list):
        return None
    return tuple(dict.fromkeys(_names(rows)))[:MOST_MODELS]


def _names(rows: list[object]) -> Iterator[str]:
    for row in rows:
        name = row.get("id") or row.get("name") if isinstance(row, dict) else row
        if isinstance(name, str) and name.isprintable() and 0 < len(name) <= MOST_CHARACTERS:
            yield name


def _moved(answer: Any) -> str | None:
    """The host that a redirect names, without anything else of the address."""
    if not HTTPStatus.MULTIPLE_CHOICES <= answer.code < HTTPStatus.BAD_REQUEST:
        return None
    try:
        return urlsplit(answer.headers.get("Location", "")).hostname or "another path of the same server"
    except ValueError:
        return "an address that cannot be read"
