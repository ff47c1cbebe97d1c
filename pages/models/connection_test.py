"""A test of a connection on screen: what was found so far, in words, while it goes on. The address names it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import streamlit as st

from pages.models import state
from pages.models.state import static_key
from pages.shared.text import escape_markdown, show_text
from refine_core import connections
from refine_core.connections import Check, Finding
from refine_core.formatting import format_cost, format_duration, format_tokens
from refine_core.programs import ModelSpec

POLL_S: Final = 0.3
FORM: Final = ""
"""Whose test it is, where it is of what is typed in the form."""
_TEST, _OF, _TESTED = "test", "of", static_key("tested")
_VERDICTS = {
    "works": (":material/check_circle:", "OK"),
    "fails": (":material/error:", "does not work"),
    "lacks": (":material/remove_circle:", "not available"),
    "unknown": (":material/help:", "unknown"),
    "waiting": (":material/hourglass_empty:", "waiting"),
}


def start_test(model: ModelSpec, key: str, *, of: str) -> None:
    """Start a test, and put it into the address, so that a reload finds it. of: the connection's name; "" for the form's."""
    leave_test()
    st.query_params[_TEST] = connections.start_check(model, key or None)
    st.query_params[_OF] = of
    st.session_state[_TESTED] = model


def leave_test() -> None:
    """End the test that the address names, and have it name none."""
    if check_id := st.query_params.pop(_TEST, ""):
        connections.stop_check(check_id)
    st.query_params.pop(_OF, None)
    st.session_state.pop(_TESTED, None)


def leave_form_test() -> None:
    """The same, if it is the form's: what is in the form is another now."""
    if st.query_params.get(_OF, FORM) == FORM:
        leave_test()


def pass_test_on(to: str) -> None:
    """What was tested in the form is a saved connection now."""
    if st.query_params.get(_TEST) and st.query_params.get(_OF, FORM) == FORM:
        st.query_params[_OF] = to


def list_models() -> tuple[str, ...]:
    """The models that the server has, by the form's own test."""
    check = _find_test(FORM)
    return check.models if check is not None else ()


def use_tested_format() -> None:
    """Have the form choose the reply format that its own test found. Before its widgets are drawn."""
    check, session = _find_test(FORM), st.session_state
    if check is not None and check.done and state.choose_format(st.query_params[_TEST], check.reply_format):
        tested: ModelSpec | None = session.get(_TESTED)
        if tested is not None and check.reply_format is not None:
            session[_TESTED] = replace(tested, reply_format=check.reply_format)


def show_test(*, of: str, current: ModelSpec | None = None) -> None:
    """The test of this connection that the address names, if there is one: polled while it goes on. current: in the form."""
    check_id, check = st.query_params.get(_TEST, ""), _find_test(of)
    if check is None:
        return
    going_on = not check.done
    tested = st.session_state.get(_TESTED)
    if of == FORM and tested is None:
        st.caption("This test ran before the page was reloaded.")
    elif of == FORM and tested != current:
        st.caption("The form has changed since this test. Test it again.")
    if going_on:
        st.button(
            "Stop the test",
            icon=":material/stop_circle:",
            key=static_key("stop"),
            on_click=connections.stop_check,
            args=(check_id,),
        )

    @st.fragment(run_every=POLL_S if going_on else None)
    def view() -> None:
        now = connections.get_check(check_id)
        if now is None:
            return
        if going_on and now.done:
            st.rerun()
        _draw(now)

    view()


def _find_test(of: str) -> Check | None:
    check_id = st.query_params.get(_TEST, "")
    return connections.get_check(check_id) if check_id and st.query_params.get(_OF, FORM) == of else None


def _draw(check: Check) -> None:
    if not check.done:
        st.caption(
            f"Testing for {format_duration(check.took_s)}; at most {connections.TEST_LIMIT_S:g} s once litellm is loaded."
        )
    elif check.ok:
        st.success(f"It works. Tested in {format_duration(check.took_s)}.", icon=":material/check_circle:")
    elif check.ok is False:
        st.error("It does not work yet. See below what to do.", icon=":material/error:")
    else:
        st.warning("It is unclear whether it works. See below why.", icon=":material/help:")
    with st.container(gap="xsmall"):
        for words, findings in _group_findings(check.findings).items():
            if len(findings) > 1:  # one reason for all of them
                names = ", ".join(finding.what for finding in findings)
                st.markdown(f"{_VERDICTS['unknown'][0]} **{names}**: {escape_markdown(words)}")
            else:
                _finding(findings[0])
    if check.reply:
        st.caption("Reply")
        show_text(check.reply, key=static_key("test_reply"))
        tokens = format_tokens(check.tokens_in, check.tokens_out)
        st.caption(escape_markdown(f"{tokens} · {format_cost(check.cost_usd)}"))


def _group_findings(findings: Sequence[Finding]) -> dict[str, list[Finding]]:
    """Those that are unknown for one reason together, all others alone; in the order of the first of each."""
    groups: dict[str, list[Finding]] = {}
    for one in findings:
        alone = one.verdict != "unknown"
        groups.setdefault(one.what if alone else one.words, []).append(one)
    return groups


def _finding(finding: Finding) -> None:
    icon, verdict = _VERDICTS[finding.verdict]
    words = f". {escape_markdown(finding.words)}" if finding.words else ""
    st.markdown(f"{icon} **{finding.what}**: {verdict}{words}")
