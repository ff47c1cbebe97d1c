"""Step 2: the guess, which unlocks the run. It can be skipped, and is kept to be compared."""

from __future__ import annotations

from typing import Final

import streamlit as st

from pages.learn import links
from pages.learn.announcing import announce
from pages.learn.layout import places
from pages.learn.picture import build_picture, to_kept
from pages.learn.visit import Visit
from pages.shared.guess import count_left, draw_guess
from pages.shared.text import show_error
from refine_core import lessons
from refine_core.errors import SpecError, StoreError
from refine_core.formatting import pluralize
from refine_core.lessons import LessonError, Prediction

_PRESSED: Final = "learn.pressed"
_HOW: Final = {
    "curve": "Drag across the chart to draw. Keys: ← → choose a point, ↑ ↓ move it, with Shift by ten steps.",
    "number": "Drag the diamond, or press arrow keys, with Shift by ten steps.",
    "choice": "",
}


def draw_predict(visit: Visit) -> None:
    """Draw the question and the guess."""
    is_open = visit.snapshot is None
    text, right, actions = places()
    with text:
        st.markdown(lessons.fill_text(visit.lesson, "Predict"))
        if is_open and (how := _HOW[visit.lesson.prediction.kind]):
            st.caption(how)
    picture = build_picture(visit, is_open=is_open, shows_outcome=False)
    with right:
        guess = draw_guess(picture)
    kept = to_kept(visit.lesson, guess)
    if is_open and kept is not None and kept != visit.progress.guess:
        visit.keep(guess=kept)
    with actions:
        if not is_open:
            st.caption(
                "You looked without a guess."
                if visit.progress.guess is None
                else "The runs have begun. Your guess is kept as it was then."
            )
            draw_next(
                "Compare" if visit.is_finished else "See the run", "compare" if visit.is_finished else "run"
            )
        else:
            draw_start(visit, count_left(picture, guess))


def draw_start(visit: Visit, left: int) -> None:
    """Run, once all of the guess is there; or look without one."""
    # Never disabled: a press says what is missing, and none is lost that comes right after the last point was drawn.
    reason = _say_left(visit.lesson.prediction, left)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        if st.button(f"Run ({visit.size})", type="primary", key="learn.run"):
            if not left:
                start(visit)
            else:
                st.session_state[_PRESSED] = visit.lesson.name
                announce(reason)
                st.rerun()
        if left and st.session_state.get(_PRESSED) == visit.lesson.name:
            st.markdown(f":orange[**{reason}**]", width="content")
        elif left:
            st.caption(reason, width="content")
    st.caption("The runs serve the steps after this one, too. A guess may be wrong; it is kept to compare.")
    if st.button(":blue[Show me without a guess]", type="tertiary", key="learn.show"):
        start(visit, without_guess=True)


def start(visit: Visit, *, without_guess: bool = False) -> None:
    """Begin the runs, and go to them."""
    try:
        if without_guess:
            visit.keep(guess=None)
        visit.start()
    except (LessonError, SpecError, StoreError) as error:
        show_error(f"Not started: {error}")
        return
    links.show_step("run")
    st.rerun()


def draw_next(label: str, step: lessons.Step) -> None:
    """The button that leads on. One key for all: no press is lost where it has come to lead elsewhere since it was drawn."""
    if st.button(label, type="primary", key="learn.to-next"):
        links.show_step(step)
        st.rerun()


def _say_left(prediction: Prediction, left: int) -> str:
    """Why it does not run yet."""
    what = {
        "curve": f"{pluralize(left, 'point')} left to draw",
        "choice": "choose one",
        "number": "set the diamond",
    }
    return f"Make your prediction first: {what[prediction.kind]}."
