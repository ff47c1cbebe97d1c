"""A test of a connection on screen: what was found so far, in words, while it goes on. The address names it."""

from __future__ import annotations

from typing import Final

import streamlit as st

from pages.shared.text import block, plain
from refine_core import connections
from refine_core.connections import Check, Finding
from refine_core.programs import ModelSpec
from refine_core.words import count, dollars, seconds

POLL_S: Final = 0.3
_TEST, _OF = "test", "of"
_VERDICTS = {
    "works": (":material/check_circle:", "works"),
    "fails": (":material/error:", "does not work"),
    "unknown": (":material/help:", "unknown"),
    "waiting": (":material/hourglass_empty:", "waiting"),
}


def begin(model: ModelSpec, key: str, *, of: str) -> None:
    """Start a test, and put it into the address, so that a reload finds it. of: the connection's name; "" for the form's."""
    if running := st.query_params.get(_TEST):
        connections.stop_check(running)
    st.query_params[_TEST] = connections.check(model, key or None)
    st.query_params[_OF] = of


def listed() -> tuple[str, ...]:
    """The models that the server of the last test has."""
    found = connections.checked(st.query_params.get(_TEST, ""))
    return found.models if found is not None else ()


def trial(*, of: str) -> None:
    """The test of this connection that the address names, if there is one: polled while it goes on."""
    if st.query_params.get(_OF, "") != of:
        return
    check_id = st.query_params.get(_TEST, "")
    found = connections.checked(check_id)
    if found is None:
        return
    going_on = not found.done
    if going_on and st.button("Stop the test", icon=":material/stop_circle:", key="models.stop"):
        connections.stop_check(check_id)

    @st.fragment(run_every=POLL_S if going_on else None)
    def view() -> None:
        now = connections.checked(check_id)
        if now is None:
            return
        if going_on and now.done:
            st.rerun()
        _draw(now)

    view()


def _draw(found: Check) -> None:
    if not found.done:
        st.caption(f"Testing for {seconds(found.took_s)}; at most 20 s.")
    elif found.ok:
        st.success(f"It works. Tested in {seconds(found.took_s)}.", icon=":material/check_circle:")
    elif found.ok is False:
        st.error("It does not work yet. See below what to do.", icon=":material/error:")
    else:
        st.warning("It is not known whether it works.", icon=":material/help:")
    for finding in found.findings:
        _finding(finding)
    if found.reply:
        st.caption("The reply")
        block(found.reply)
        tokens = (
            "tokens unknown"
            if found.tokens_in is None or found.tokens_out is None
            else f"{count(found.tokens_in, 'token')} in, {found.tokens_out} out"
        )
        st.caption(plain(f"{tokens} · {dollars(found.cost_usd)}"))


def _finding(finding: Finding) -> None:
    icon, verdict = _VERDICTS[finding.verdict]
    words = f": {plain(finding.words)}" if finding.words else ""
    st.markdown(f"{icon} **{finding.what}** {verdict}{words}")
