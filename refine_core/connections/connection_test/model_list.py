"""Which models a server lists: GET {address}/models, once, within a time.

    fetch_models(address, key) -> ModelList --describe_address--> (verdict, sentence)

Redirects are not followed, so the key is sent to no other address. No proxy is used for this machine's own addresses.
Not every server has such a list, which is no error.
"""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from refine_core.concurrency.threads import start_thread
from refine_core.connections.connection_test.report import Verdict
from refine_core.lm import error_messages

LOOPBACK = ("localhost", "127.0.0.1", "::1")
MAX_BYTES = 8 * 2**20
MAX_MODELS = 5_000
MAX_NAME_CHARS = 200  # of a model's name
STEP_BYTES = 64 * 2**10
REFUSALS = (HTTPStatus.BAD_REQUEST, HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)
"""How servers refuse the list without a valid key; the first is what litellm's proxy without a database does."""


@dataclass(frozen=True, slots=True)
class ModelList:
    """The answer to the request for the list.

    status: the HTTP status; None where there was no answer. models: the names, in the server's order; None where the
    answer was no list. failure: why there was no answer. moved_to: the host that a redirect names. v1: whether the
    list is at {address}/v1 instead.
    """

    status: int | None = None
    models: tuple[str, ...] | None = None
    failure: Exception | None = None
    moved_to: str | None = None
    v1: bool = False


def fetch_models(address: str, key: str | None, timeout_s: float) -> ModelList:
    """Ask for the list; if there is none and the address lacks /v1, ask there, too. Raises nothing that a server can cause.

    key: sent as a bearer token; None sends none. timeout_s: seconds for all of it, as far as sockets can be hurried.
    """
    until = time.monotonic() + timeout_s
    address = address.rstrip("/")
    listing = _ask(f"{address}/models", key, until)
    if listing.models is None and listing.status in _NO_LIST_STATUSES and not address.endswith("/v1"):
        there = _ask(f"{address}/v1/models", key, until)
        if there.models is not None:
            return ModelList(listing.status, there.models, v1=True)
    return listing


def probe_models(address: str, key: str | None, timeout_s: float) -> Future[ModelList]:
    """`fetch_models` on a daemon thread."""

    def fetch() -> ModelList:
        try:
            return fetch_models(address, key, timeout_s)
        except Exception as error:  # noqa: BLE001  # the result says it
            return ModelList(failure=error)

    return start_thread(fetch, name="list of models")


def describe_address(listing: ModelList, where: str, timeout_s: float) -> tuple[Verdict, str]:
    """The finding about the address. where: "the server at http://…"; timeout_s: how long the request was allowed to take."""
    at = where[0].upper() + where[1:]
    if listing.failure is not None:
        if isinstance(listing.failure, TimeoutError):
            return (
                "unknown",
                f"{at} did not list its models within {timeout_s:g} s; the test request will show.",
            )
        lost = ConnectionError()  # the kind of error for an unreachable server; its cause says why
        lost.__cause__ = listing.failure
        return "fails", str(error_messages.explain(lost, where=where, model="", timeout_s=timeout_s))
    if listing.v1:
        return (
            "unknown",
            f"There is no list of models at this address, but there is one at its /v1: write {where.rsplit(maxsplit=1)[-1]}/v1.",
        )
    if listing.moved_to is not None:
        return (
            "unknown",
            f"{at} sends callers on to {listing.moved_to}, where the key must not be sent. Enter the final base URL.",
        )
    if listing.models is not None:
        return "works", f"{at} was reached, and lists {_count_models(listing.models)}."
    if listing.status == HTTPStatus.OK:
        return (
            "unknown",
            f"{at} was reached, but does not list models. A base URL usually ends in /v1.",
        )
    if listing.status is not None and listing.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return (
            "unknown",
            f"{at} was reached, but failed on its side ({listing.status}); the test request will show.",
        )
    if listing.status in REFUSALS:
        return "works", f"{at} was reached, but refused to list its models ({listing.status})."
    return "works", f"{at} was reached. It does not list its models; not every server does."


def is_direct(address: str) -> bool:
    """Whether an address is asked without a proxy in between, so that a failure to reach it is its own."""
    import urllib.request

    return urlsplit(address).hostname in LOOPBACK or not urllib.request.getproxies()


def _count_models(models: tuple[str, ...]) -> str:
    match len(models):
        case 0:
            return "no models; load one first"
        case 1:
            return "one model"
        case many:
            return f"{many} models"


_NO_LIST_STATUSES = (HTTPStatus.OK, HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED)


def _ask(url: str, key: str | None, until: float) -> ModelList:
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
            return ModelList(answer.status, _parse_models(_read(answer, until)))
    except urllib.error.HTTPError as refusal:
        with refusal:
            return ModelList(refusal.code, moved_to=_redirect_host(refusal))
    except urllib.error.URLError as error:
        reason = error.reason
        return ModelList(failure=reason if isinstance(reason, Exception) else ConnectionError(str(reason)))
    except (OSError, http.client.HTTPException, ValueError) as error:
        return ModelList(failure=error)


def _read(answer: Any, until: float) -> bytes:
    """The body, as far as it comes in time and is of a size to be read."""
    parts: list[bytes] = []
    size = 0
    while size <= MAX_BYTES:
        part: bytes = answer.read1(STEP_BYTES)
        if not part:
            return b"".join(parts)
        if time.monotonic() > until:
            raise TimeoutError
        parts.append(part)
        size += len(part)
    return b""


def _parse_models(body: bytes) -> tuple[str, ...] | None:
    """The names in {"data": [{"id": …}]}, or in what a few servers send instead; None if it is no list of models."""
    try:
        data = json.loads(body)
    except (ValueError, RecursionError):
        return None
    rows = data.get("data", data.get("models")) if isinstance(data, dict) else data
    if not isinstance(rows, list):
        return None
    return tuple(dict.fromkeys(_model_names(rows)))[:MAX_MODELS]


def _model_names(rows: list[object]) -> Iterator[str]:
    for row in rows:
        name = row.get("id") or row.get("name") if isinstance(row, dict) else row
        if isinstance(name, str) and name.isprintable() and 0 < len(name) <= MAX_NAME_CHARS:
            yield name


def _redirect_host(answer: Any) -> str | None:
    """The host that a redirect names, without anything else of the address."""
    if not HTTPStatus.MULTIPLE_CHOICES <= answer.code < HTTPStatus.BAD_REQUEST:
        return None
    try:
        return urlsplit(answer.headers.get("Location", "")).hostname or "another path of the same server"
    except ValueError:
        return "an address that cannot be read"
