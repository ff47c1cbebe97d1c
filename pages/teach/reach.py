"""Where a phone in the room reaches this app, if it does: as the server listens, and as the teacher's browser calls it."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Final
from urllib.parse import urlsplit

import streamlit as st

HOW: Final = (
    "Only this machine reaches the app, so count hands. To let phones guess, stop it and start it with "
    "STREAMLIT_SERVER_ADDRESS=0.0.0.0 and with STREAMLIT_SERVER_ALLOWED_HOSTS naming this machine's address "
    "in your network. Whoever reaches it can use the whole app: start it without keys, in a network that you trust."
)


def find_address() -> str | None:
    """Where to guess, as a person types it: "10.0.0.12:8501/guess"; None where no other machine gets an answer."""
    return build_address(
        st.context.url or "",
        str(st.get_option("server.address") or ""),
        int(st.get_option("server.port")),
        [str(one) for one in st.get_option("server.allowedHosts")],
        _own_address,
    )


def build_address(
    url: str, bound: str, port: int, allowed: Sequence[str], own_address: Callable[[], str | None]
) -> str | None:
    """The same, by the page's address in the teacher's browser, what the server listens on, and the names that it answers to.

    bound: "" for all of the machine's addresses. allowed: [] for any name. own_address: finds the machine's own in its network.
    """
    seen = urlsplit(url)
    base = seen.path.rpartition("/")[0]
    if seen.hostname and not _is_loopback(
        seen.hostname
    ):  # as it called, others may: it may lie behind a proxy
        scheme = "https://" if seen.scheme == "https" else ""
        return f"{scheme}{seen.netloc.rpartition('@')[2]}{base}/guess"
    if bound and _is_loopback(bound):
        return None
    host = own_address() if _is_any(bound) else bound
    if host is None or not _is_allowed(host, allowed):
        return None
    return f"{f'[{host}]' if ':' in host else host}:{seen.port or port}{base}/guess"


def _is_loopback(host: str) -> bool:
    with suppress(ValueError):
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    return host.lower() == "localhost" or host.lower().endswith(".localhost")


def _is_any(host: str) -> bool:
    """Whether that is all of the machine's addresses, which a server without one listens on, too."""
    with suppress(ValueError):
        return ipaddress.ip_address(host.strip("[]")).is_unspecified
    return not host


def _is_allowed(host: str, allowed: Sequence[str]) -> bool:
    names = [one.strip().lower().strip("[]") for one in allowed]
    return not names or "*" in names or host.lower().strip("[]") in names


def _own_address() -> str | None:
    """This machine's address in its network, by the way that it would send; nothing is sent."""
    with suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(("192.0.2.1", 9))  # of RFC 5737: an address that nobody has
        found = str(probe.getsockname()[0])
        return None if _is_loopback(found) or _is_any(found) else found
    return None
