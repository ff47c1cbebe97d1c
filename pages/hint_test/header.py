"""Where a hint test belongs, and what can be done with it: cancel it, run what is left, run more of each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import streamlit as st

from pages.shared import address
from pages.shared.credentials import ask_for_keys, collect_credentials
from pages.shared.text import escape_markdown, one_line, show_error
from pages.shared.viewport import is_narrow
from refine_core import hint_tests, runs
from refine_core.errors import LMError, SpecError, StoreError
from refine_core.formatting import pluralize
from refine_core.hint_tests import MIN_TRIES, TRIES, HintTest
from refine_core.runs import Credentials

_NAME_CHARACTERS: Final = 40


def draw_header(test: HintTest) -> None:
    """Draw the row."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small", wrap=is_narrow()):
        st.page_link(address.RUNS, label="Runs ▸", width="content")
        if test.timeline is not None:
            name = runs.annotation(test.timeline.run_id).name or runs.title(test.timeline.spec)
            query = {"run": test.timeline.run_id}
            label = escape_markdown(one_line(name, _NAME_CHARACTERS))
            st.page_link(address.RUN, label=f"{label} ▸", width="content", query_params=query)
            at = {**query, "attempt": str(test.document.attempt)}
            attempt = f"Attempt {test.document.attempt} ▸"
            st.page_link(address.RUN, label=attempt, width="content", query_params=at)
        st.markdown("**Does the hint help?**", width="stretch")
        _actions(test)


def _actions(test: HintTest) -> None:
    if test.is_live:
        stopping = test.state == "cancelling"
        label = "Cancelling …" if stopping else "Cancel"
        if st.button(label, icon=":material/stop_circle:", disabled=stopping, key="cancel-test"):
            if not hint_tests.cancel(test.id):
                st.toast("This test belongs to another Refinescope process. Cancel it there.")
            st.rerun()
        return
    if test.timeline is None:
        return
    if test.left:
        each = hint_tests.plan_more(test.id, MIN_TRIES).estimate
        calls = each.calls * test.left // max(each.tries, 1)
        _run(
            test,
            f"Run the {pluralize(test.left, 'try', 'tries')} left",
            f"Run {pluralize(calls, 'call')}",
            lambda credentials: hint_tests.run_rest(test.id, credentials),
            "They run as the others did; those that have ended stay as they are.",
        )
        return
    plan = hint_tests.plan_more(test.id, TRIES)
    _run(
        test,
        f"Run {TRIES} more of each",
        f"Run {pluralize(plan.calls, 'call')}",
        lambda credentials: hint_tests.run_more(test.id, TRIES, credentials),
        f"{plan.estimate.sentence}. Tries that are added after a result was seen make the interval a little too narrow.",
    )


def _run(test: HintTest, label: str, go: str, run: Callable[[Credentials], None], about: str) -> None:
    """A button that says what it takes, and asks for the keys that it needs. go: what is pressed then."""
    spec = test.timeline.spec if test.timeline is not None else None
    if spec is None or test.timeline is None:
        return
    with st.popover(label, icon=":material/play_circle:"):
        st.markdown(escape_markdown(about))
        ask_for_keys(spec, test.timeline.typed_key_roles, origin=test.timeline.run_id)
        if st.button(go, type="primary", key="run-tries"):
            try:
                run(collect_credentials(spec, origin=test.timeline.run_id))
            except (SpecError, LMError, StoreError) as error:
                show_error(f"Not run: {error}")
            else:
                st.rerun()
