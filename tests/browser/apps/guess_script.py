"""Guesses on fixed data: `?show=KIND` is open, `?show=KIND running` has some of what happened, `?show=KIND done` all. `&width=420` narrows it."""

from dataclasses import replace

import streamlit as st

from pages.shared.guess import KEY, Axis, Picture, Point, count_left, draw_guess

N = tuple(range(1, 11))
RIGHT = (20, 27, 43, 46, 46, 43, 50, 48, 47, 50)  # of 50
DRAWN = (40, 46, 52, 58, 64, 70, 76, 82, 88, 94)
LOW = (27.6, 40.4, 73.8, 81.2, 81.2, 73.8, 92.9, 86.5, 83.8, 92.9)
HIGH = (53.8, 67.0, 93.0, 96.8, 96.8, 93.0, 100, 98.9, 97.9, 100)
OUTCOME = [
    Point(2 * right, low, high, f"{right} of 50") for right, low, high in zip(RIGHT, LOW, HIGH, strict=True)
]
CURVE = Picture(
    "curve",
    "curve",
    "Your guess: questions with a right answer",
    Axis("questions with a right answer, of 100", 0, 100, 1, "%"),
    x=N,
    x_title="N, attempts for each question",
    given=(40, *[None] * 9),
    given_words="given: 20 of 50",
)
NUMBER = Picture(
    "number", "number", "Your guess: equal answers", Axis("equal answers of 20", 0, 20, 1, "of 20")
)
CHOICE = Picture(
    "choice",
    "choice",
    "Your guess: which one wins",
    Axis("", 0, 1, 1),
    choices=("A bare number", "A number and a reason"),
)
BARS = (("Brussels", 12), ("Brussels.", 5), ("The capital is Brussels.", 2), ("It is Brussels.", 1))
SHOWN = {
    "curve": CURVE,
    "curve running": replace(
        CURVE,
        guess=DRAWN,
        running=True,
        outcome=[*OUTCOME[:5], replace(OUTCOME[5], partial=True), *[None] * 4],
    ),
    "curve done": replace(
        CURVE,
        guess=DRAWN,
        outcome=OUTCOME,
        theory=([100 * (1 - 0.6**n) for n in N], "by 0.6ᴺ"),
        gap=(3, "34 points"),
    ),
    "number": NUMBER,
    "number done": replace(NUMBER, guess=14, outcome=[Point(12)], bars=BARS),
    "number plain": replace(NUMBER, guess=4, outcome=[Point(12, 7.7, 15.6, "12 of 20")]),
    "choice": CHOICE,
    "answer": replace(
        CHOICE,
        which="answer",
        label="Your answer",
        choice_bars=[[(str(i), count) for i, count in enumerate(one)] for one in ((4, 3, 2, 1, 1), (19, 1))],
        is_answer=True,
    ),
    "choice done": replace(CHOICE, guess=0, outcome=[Point(1)]),
}

st.set_page_config(page_title="Guess", layout="wide")


def forget():
    """As an app does that was started again."""
    st.session_state.pop(KEY)
    st.session_state["forgotten"] = st.session_state.get("forgotten", 0) + 1


st.button("Forget", on_click=forget)
st.text(f"Forgotten: {st.session_state.get('forgotten', 0)}")
picture = SHOWN[st.query_params.get("show", "curve")]
if picture.is_open is False and not picture.outcome:
    picture = replace(picture, is_open=True)
with st.container(width=int(st.query_params.get("width", "0")) or "stretch"):
    guess = draw_guess(picture)
st.button("Run", disabled=count_left(picture, guess) > 0)
st.text(f"Left: {count_left(picture, guess)}")
st.text(f"Guess: {guess}")
