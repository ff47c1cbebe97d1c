"""The timeline with made-up logs: `?show=failures` draws one of tests.logs.SCENARIOS; `?show=live` grows as asked.

`&width=720` puts it into a column of so many pixels.
"""

import streamlit as st

from pages.shared.timeline import timeline
from tests import logs

st.set_page_config(page_title="Timeline", layout="wide")
show = st.query_params.get("show", "two stages")
width = st.query_params.get("width", "stretch")
steps = st.session_state.setdefault("steps", 0)
if show == "live":
    log = logs.Log(N=6)
    for i in range(steps + 2):
        log.attempt(round(0.1 + 0.1 * i, 3), outputs={"answer": f"words {i}"})
        log.advise({"answer": "Go on."})
    log.running()
else:
    log = logs.SCENARIOS[show]()


@st.fragment(run_every=0.3 if show == "live" else None)
def view() -> None:
    st.session_state.polls = st.session_state.get("polls", 0) + 1
    with st.container(width=width if width == "stretch" else int(width)):
        picked = timeline(log.line, selected=st.session_state.get("selected"), key="timeline")
    if picked is not None:
        st.session_state.selected = picked
        st.session_state.picks = st.session_state.get("picks", 0) + 1
    st.text(f"Selected: {st.session_state.get('selected')}")
    st.text(f"Picks: {st.session_state.get('picks', 0)}")
    st.text(f"Polls: {st.session_state.polls}")


view()
if st.button("Grow"):
    st.session_state.steps += 1
    st.rerun()
if st.button("Point at the first"):
    st.session_state.selected = 0
    st.rerun()
st.text_input("Elsewhere")
