"""The runs made so far, newest first."""

import streamlit as st

from pages.shared import address
from pages.shared.text import escape_markdown, show_error
from refine_core import runs
from refine_core.errors import StoreError
from refine_core.formatting import format_number, format_time, pluralize
from refine_core.glossary import GLOSSARY
from refine_core.messages import ATTEMPT_OUTCOMES, RUN_OUTCOMES
from refine_core.runs import RunRow

SHOWN = 100


def outcome(row: RunRow) -> str:
    """How the run ended, in two words."""
    if row.summary.reason is not None:
        return RUN_OUTCOMES[row.summary.reason]
    return ATTEMPT_OUTCOMES["running"] if row.alive else "interrupted"


def entry(row: RunRow) -> None:
    """One run as a link and a line."""
    summary = row.summary
    st.page_link(
        address.RUN,
        label=escape_markdown(summary.title or row.run_id),
        icon=":material/timeline:",
        query_params={"run": row.run_id},
    )
    best = (
        "no reward"
        if summary.best_reward is None
        else f"best reward {format_number(summary.best_reward, (summary.threshold,))}"
    )
    best += ", rule not met" if summary.best_unmet else ""
    parts = [
        format_time(summary.started_at),
        outcome(row),
        pluralize(len(summary.rewards), "attempt"),
        best,
        summary.model,
    ]
    st.caption(escape_markdown(" · ".join(parts)))


st.title("Runs", anchor=False, help=f"{GLOSSARY['run']}\n\n**Event**: {GLOSSARY['event']}")
try:
    rows = runs.recent(SHOWN)
except StoreError as error:
    show_error(str(error))
else:
    if not rows:
        st.info(
            "No runs yet. Start one in the Lab: it opens with an example that is ready to run.",
            icon=":material/info:",
        )
        st.page_link(address.LAB, label="Open the Lab", icon=":material/science:")
    for row in rows:
        with st.container(gap=None):
            entry(row)
    if len(rows) == SHOWN:
        st.caption(f"The newest {SHOWN} are shown.")
