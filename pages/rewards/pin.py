"""Pin an output as a case: good, bad, with the score that it has now, or with one that is typed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import streamlit as st

from pages.rewards import case_state
from pages.rewards.bench import Bench
from pages.rewards.fields import static_key
from pages.shared.text import escape_markdown, show_error
from refine_core.cases import BAD, GOOD, UNSCORED, Want, case_from_row, exactly, read_want
from refine_core.formatting import format_score
from refine_core.workbench import Row

EXAMPLES: Final = "≥ 2, ≤ 0.5, or 0.2 to 0.5"


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
        if score is not None and score.value is not None:
            wants.append((f"As now: {format_score(score.value)}", exactly(score.value)))
        elif score is not None and score.state == "unscored":
            wants.append(("As now: no score", UNSCORED))
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
