"""Pin an output as a case: good, bad, with the score that it has now, or with one that is typed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import streamlit as st

from pages.rewards.bench import Bench
from pages.rewards.cases import state as case_state
from pages.rewards.fields import static_key
from pages.shared.text import escape_markdown, show_error
from refine_core.cases import BAD, GOOD, UNSCORED, Want, case_from_row, exactly, read_label, read_want
from refine_core.formatting import format_score
from refine_core.workbench import Row, RowScore

_ASKED: Final = static_key("pin-asked")
EXAMPLES: Final = "≥ 2, ≤ 0.5, or 0.2 to 0.5"


def ask_to_pin(position: int) -> None:
    """Have the row at this position pinned, as soon as its score is known in this run of the script."""
    st.session_state[_ASKED] = position


def pin_asked(bench: Bench) -> None:
    """Pin what was asked for: as its label says; without one, with the score that it has now. Before anything is drawn."""
    position = st.session_state.pop(_ASKED, None)
    if bench.task is None or position is None or not 0 <= position < len(bench.rows):
        return
    row, score = bench.task.rows[position], bench.score_of(position)
    want = read_label(bench.rows[position].label) or _want_as_now(score)
    if want is not None:
        case_state.pin_case(case_from_row(row, want))


def _want_as_now(score: RowScore | None) -> Want | None:
    """The score that it has; None where it has none because something failed or waits."""
    if score is not None and score.value is not None:
        return exactly(score.value)
    return UNSCORED if score is not None and score.state == "unscored" else None


def draw_pin(bench: Bench, position: int) -> None:
    """The way to pin the row at this position; what it is pinned as, where it is."""
    if bench.task is None:
        return
    row, score = bench.task.rows[position], bench.score_of(position)
    pinned = next((one for one in case_state.read_case_set() if one.same_output(row)), None)
    label = "Pin as a case" if pinned is None else f"Pinned: {escape_markdown(pinned.want.text)}"
    with (
        st.popover(label, type="tertiary", key=static_key("pin", position, pinned is not None)),
        st.container(width=330, gap="xsmall"),
    ):
        st.caption(
            "A case is run at every edit, and is saved with the reward. What should this output score?"
        )
        wants: list[tuple[str, Want]] = [("Good", GOOD), ("Bad", BAD)]
        if (now := _want_as_now(score)) is not None:
            words = "no score" if score is None or score.value is None else format_score(score.value)
            wants.append((f"As now: {words}", now))
        with st.container(horizontal=True, gap="xsmall"):
            for name, want in wants:
                st.button(name, key=static_key("pin", position, want.kind), on_click=_pin(row, want))
        key = static_key("pin-typed", position)
        st.text_input("Or a score, or a range", key=key, placeholder=EXAMPLES, persist_state="session")
        st.button(
            "Pin",
            key=static_key("pin-range", position),
            on_click=_pin_typed(row, key),
            disabled=not _read_text(key),
        )
        if problem := case_state.take_problem():
            show_error(problem)


def _read_text(key: str) -> str:
    return str(st.session_state.get(key) or "").strip()


def _pin(row: Row, want: Want) -> Callable[[], None]:
    return lambda: case_state.pin_case(case_from_row(row, want))


def _pin_typed(row: Row, key: str) -> Callable[[], None]:
    def pin() -> None:
        try:
            want = read_want(_read_text(key))
        except ValueError as error:
            case_state.show_problem(str(error))
            return
        case_state.pin_case(case_from_row(row, want))

    return pin
