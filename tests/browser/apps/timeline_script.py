"""The timeline with made-up logs: `?show=failures`, or the field "Show", names one of tests.logs.SCENARIOS.

"live" grows as asked, and so does "live matrix"; "long part name" has one of 203 letters; "streaming" goes on word by word, a step each time it is asked; "ghost: NAME" is what may come before a run of that name. What follows a # in the name only makes it another visit, with nothing chosen yet; each has a
component of its own. "Score now" tells what attempts would score now. `&width=720` puts it into a column of so many pixels.
"""

import streamlit as st

from pages.shared.run import timeline_choice
from pages.shared.run.timeline import draw_ghost, draw_timeline, take_clicks
from refine_core.figures import Now
from refine_core.log.folds import cut_short
from refine_core.log.folds import timeline as fold
from refine_core.log.timeline import Timeline
from tests import logs

st.set_page_config(page_title="Timeline", layout="wide")
visit = st.text_input("Show", value=st.query_params.get("show", "two stages"))
width = st.query_params.get("width", "stretch")
state = st.session_state
if state.get("visit") != visit:
    for name in timeline_choice.KEYS:
        if "visit" in state and name != "view":
            st.query_params.pop(name, None)
    state.visit, state.steps, state.selected, state.picks, state.polls = visit, 0, None, 0, 0
show = visit.partition("#")[0]
live = show.startswith("live")
if live:
    log = logs.Log(N=6 if show == "live" else 40)
    for i in range(state.steps + 2):
        log.attempt(round(0.1 + 0.1 * i, 3), outputs={"answer": f"words {i}"})
        log.advise({"answer": "Go on."})
    log.running()
elif show == "streaming":
    log = logs.headline(1 if state.steps < 3 else 2)
elif show == "long part name":
    log = logs.Log(stages=("answer",))
    for i in range(3):
        log.attempt(0.2 + 0.1 * i, parts={"names a part at great length " * 7: 0.1 * i, "short": 0.2})
    log.finish()
else:
    log = {**logs.SCENARIOS, **logs.LARGE}[show.removeprefix("ghost: ")]()


OTHER = {"state": "not_comparable", "because": "other advice", "old_hint": "for the old reward"}
NOW = {
    0: Now(0.33),
    1: Now(0.75, is_best=True, **OTHER),
    2: Now(instead="not comparable", why="Its advice was for another reward.", **OTHER),
    3: Now(0.75, **OTHER),
    4: Now(instead="never tried", state="never_tried"),
}
REPLY = "[[ ## headline ## ]]\nFoldable", " kettle for campers", '\n\n[[ ## keywords ## ]]\n["kettle", "cam'


def stream(timeline: Timeline) -> Timeline:
    """Words of the reply under way; once it is read, the attempt is scored, and then the next one has begun."""
    if state.steps < len(REPLY):
        next(call for call in timeline.calls if call.waiting).draft = "".join(REPLY[: state.steps + 1])
    elif state.steps == len(REPLY):
        scored = next(r.seq for r in log.records if r.seq > 12 and r.event.kind == "reward_scored")
        return fold([record for record in log.records if record.seq <= scored])
    return timeline


@st.fragment(run_every=0.3 if live else None)
def view() -> None:
    state.polls += 1
    with st.container(width=width if width == "stretch" else int(width)):
        if show.startswith("ghost: "):
            draw_ghost(log.timeline.spec, key=f"timeline-{visit}")
            return
        shown = cut_short(log.timeline) if show == "left" else log.timeline
        shown = stream(shown) if show == "streaming" else shown
        picked = take_clicks(shown, key=f"timeline-{visit}")
        if picked is not None:
            state.selected = picked
            state.picks += 1
        now = NOW if st.session_state.get("now") else {}
        draw_timeline(shown, selected=state.selected, key=f"timeline-{visit}", live=show != "left", now=now)
    st.text(f"Selected: {state.selected}")
    st.text(f"Picks: {state.picks}")
    st.text(f"Polls: {state.polls}")


view()
if st.button("Grow"):
    state.steps += 1
    st.rerun()
st.checkbox("Score now", key="now")
if st.button("Point at the first"):
    state.selected = 0
    st.rerun()
st.text_input("Elsewhere")
st.text(f"Shown: {visit}")
