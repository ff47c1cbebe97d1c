"""How far typed code is kept apart, for screens; and whether this server runs typed code at all."""

from __future__ import annotations

import ipaddress
from typing import Final

import streamlit as st

from refine_core import workbench
from refine_core.workbench import Isolation

WAIT_S: Final = 15.0  # for the self-test, where the answer decides whether code runs


def describe_isolation() -> tuple[str, str]:
    """The profile in a few words, and a sentence about it; ("", "") while the self-test is under way."""
    found = workbench.self_test.result()
    if found is None:
        return "", ""
    return found.description, _explain(found)


def why_code_is_refused() -> str:
    """Why this server runs no typed code; "" where it does.

    A server that others can reach runs code of theirs only in a sandbox that held when it was tried.
    """
    if _is_loopback(st.get_option("server.address")):
        return ""
    found = workbench.self_test.result(WAIT_S)
    if found is not None and found.profile == "sandboxed":
        return ""
    return (
        "Typed code is not run here: this server listens beyond this machine, and on this system rewards run in a "
        "separate process, which is not a security boundary. Serve on 127.0.0.1, or on Linux 5.13 or newer."
    )


def _explain(found: Isolation) -> str:
    if found.profile == "sandboxed":
        return (
            "Rewards run in a process of their own: no network, no other programs, no files but their own folder. "
            "This was tried when the app started."
        )
    reached = f" The self-test reached: {', '.join(found.leaks)}." if found.leaks else ""
    return (
        "Rewards run in a process of their own with limits on time and memory. It does not keep hostile code from your files or "
        f"the network: run only code that you trust.{reached}"
    )


def _is_loopback(address: object) -> bool:
    text = str(address or "").strip().strip("[]")
    if text.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(text).is_loopback
    except ValueError:
        return False
