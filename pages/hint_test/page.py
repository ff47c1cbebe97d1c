"""Does the hint help? A hint test, live while it runs: the address says which."""

import streamlit as st

from pages.hint_test.header import draw_header
from pages.hint_test.view import draw_test, take_clicks
from pages.shared import address
from pages.shared.text import escape_markdown
from pages.shared.title import title_page
from pages.shared.viewport import watch_viewport
from refine_core import hint_tests

POLL_S = 0.5

test_id = address.hint_test_id()
test = hint_tests.get(test_id) if test_id else None
if test_id is None:
    st.info(
        "No hint test is named in the address. Open an attempt that was given a hint and choose “Does the hint help?”.",
        icon=":material/info:",
    )
    st.page_link(address.RUNS, label="All runs", icon=":material/history:")
elif test is None:
    st.info(
        escape_markdown(
            f"There is no hint test {test_id!r} here. It goes with its run, when that is removed."
        ),
        icon=":material/info:",
    )
    st.page_link(address.RUNS, label="All runs", icon=":material/history:")
else:
    title_page("Does the hint help?")
    known, was_live = test.id, test.is_live
    with st.container(gap="xsmall"):
        draw_header(test)

        @st.fragment(run_every=POLL_S if was_live else None)
        def view() -> None:
            """The test; drawn again while it runs, and the whole page once when it has ended."""
            latest = hint_tests.get(known)
            if latest is None:
                return
            if was_live and not latest.is_live:
                st.rerun()
            take_clicks(latest)
            draw_test(latest)

        view()
watch_viewport()
