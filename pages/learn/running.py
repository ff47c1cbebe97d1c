"""Step 3: the learner's own runs, in the background; points come over the guess as runs end. A reload finds them as they are."""

from __future__ import annotations

from typing import Final

import streamlit as st

from pages.learn import links
from pages.learn.failures import (
    collect_keys,
    draw_failures,
    draw_retry,
    draw_stopped,
    has_only_failed,
    list_failed,
)
from pages.learn.layout import places
from pages.learn.picture import build_picture
from pages.learn.predict import draw_next, draw_start
from pages.learn.visit import Visit, open_visit
from pages.shared.guess import count_left, draw_guess
from pages.shared.text import escape_markdown
from refine_core import experiments
from refine_core.errors import LMError, SpecError, StoreError
from refine_core.formatting import pluralize
from refine_core.lessons import LessonError

POLL_S: Final = 0.4
_WHAT_COMES: Final = {
    "curve": "The points come as runs end. Your guess is kept beside them.",
    "number": "The number so far comes as runs end. Your guess is kept beside it.",
    "choice": "What happened is shown once all have ended. Your guess is kept.",
}
_WHY: Final = {"cancel": "You cancelled them.", "crash": "Refinescope ended while they ran."}


def draw_run_step(visit: Visit) -> None:
    """Draw how far the runs are."""
    if visit.snapshot is None:
        draw_not_run(visit)
        return
    if visit.snapshot.is_live:
        _draw_live(visit)
        return
    text, right, actions = places()
    with text:
        _draw_ended(visit)
    with right:
        draw_guess(build_picture(visit))
    with actions:
        if has_only_failed(visit):
            draw_retry(visit, is_primary=True)
        elif visit.is_finished:
            draw_next("Compare", "compare")
        else:
            st.button("Resume", type="primary", key="learn.resume", on_click=_resume, args=(visit,))


def draw_until_measured(visit: Visit) -> bool:
    """Draw what there is before the runs have ended, and say so; draws nothing once their figures are there."""
    if visit.snapshot is None:
        draw_not_run(visit)
        return True
    if visit.values is None or has_only_failed(visit):
        draw_run_step(visit)
        return True
    return False


def draw_not_run(visit: Visit) -> None:
    """What stands in a step that needs the runs."""
    text, right, actions = places()
    picture = build_picture(visit, is_open=True)
    with text:
        st.markdown("**Nothing has run yet.** Your guess comes first, and unlocks the run.")
    with right:
        guess = draw_guess(picture)
    with actions:
        draw_start(visit, count_left(picture, guess))


def _draw_live(visit: Visit) -> None:
    text, right, actions = places()
    poll = st.fragment(run_every=POLL_S)
    with text:
        poll(_draw_progress)(visit)
    with right:
        poll(_draw_points)(visit)
    with actions:
        stopping = visit.snapshot is not None and visit.snapshot.state == "cancelling"
        st.button(
            "Cancelling …" if stopping else "Cancel",
            key="learn.cancel",
            disabled=stopping,
            on_click=_cancel,
            args=(visit,),
        )


def _draw_progress(visit: Visit) -> None:
    """How far it is; once all has ended, the page goes on to Compare by itself."""
    latest = _open_again(visit)
    snapshot = latest.snapshot
    if snapshot is None or not snapshot.is_live:
        if latest.is_finished:
            links.show_step("compare")
        st.rerun()
    total = len(snapshot.cells)
    st.header(f"Running: {snapshot.done:,} of {total:,} runs", anchor=False)
    st.markdown(_WHAT_COMES[visit.lesson.prediction.kind])
    st.progress(snapshot.done / total if total else 0.0)
    if failed := list_failed(latest):
        st.caption(escape_markdown(f"{pluralize(len(failed), 'run')} failed so far: {failed[-1].error}"))


def _draw_points(visit: Visit) -> None:
    draw_guess(build_picture(_open_again(visit)))


def _open_again(visit: Visit) -> Visit:
    """The visit as it is now. What cannot be read is said by the page, which catches nothing of a fragment's own runs."""
    try:
        return open_visit(visit.lesson, visit.learner)
    except (LessonError, SpecError, StoreError):
        st.rerun()


def _draw_ended(visit: Visit) -> None:
    snapshot = visit.snapshot
    if snapshot is None:
        return
    if has_only_failed(visit):
        draw_failures(visit)
        return
    if visit.is_finished:
        took = "" if snapshot.worked_s is None else f" in {snapshot.worked_s:.1f} s"
        st.header(f"{pluralize(snapshot.done, 'run')} ended{took}", anchor=False)
        draw_failures(visit)
        return
    st.header(f"Stopped: {snapshot.done:,} of {len(snapshot.cells):,} runs have ended", anchor=False)
    st.markdown(
        f"{_WHY.get(snapshot.stopped_by, '')} What has ended is kept, and so is your guess. Resume runs what is left. "
        "A call that was cut off is made again, and both are counted.".strip()
    )
    draw_stopped(snapshot)
    draw_failures(visit)


def _cancel(visit: Visit) -> None:
    if visit.snapshot is not None and not experiments.cancel(visit.snapshot.experiment.id):
        latest = experiments.get(visit.snapshot.experiment.id)
        if latest is not None and latest.is_live:
            st.toast("These runs belong to another Refinescope process. Cancel them there.")


def _resume(visit: Visit) -> None:
    if visit.snapshot is None:
        return
    try:
        experiments.resume(visit.snapshot.experiment.id, collect_keys(visit.snapshot.experiment))
    except (SpecError, LMError, StoreError) as error:
        st.toast(escape_markdown(f"Not resumed: {error}"), icon=":material/error:")
