"""Why a reward scored an output as it did: the X-ray of the app, on an output that an answer got wrong."""

from __future__ import annotations

from typing import Final

import streamlit as st

from pages.shared.clicks import take_click
from pages.shared.text import escape_markdown, show_error
from pages.shared.xray.component import show_xray
from pages.shared.xray.data import build_xray
from refine_core.errors import RefineError
from refine_core.lessons import Judgement, Trial
from refine_core.unseen import show_unseen
from refine_core.xray import Xray, xray_row

KEY: Final = "learn.xray"
TIMEOUT_S: Final = 2.0
MAX_LINES: Final = 300
_KNOWN: Final = "learn.xrays"
_ENTERED: Final = "learn.xray.call"


def draw_look(judgement: Judgement, key: str) -> None:
    """Draw which output, what was wanted and what came, and below it each line of the reward. key: of this answer."""
    trials = judgement.trials
    place = _pick(trials, key)
    trial = trials[place]
    known: dict[tuple[str, int], Xray] = st.session_state.setdefault(_KNOWN, {})
    if trial.reward.source.count("\n") > MAX_LINES:
        st.caption(f"Code of more than {MAX_LINES} lines is not shown line by line.")
        _draw_output(trial)
        return
    if (key, place) not in known:
        try:
            with st.spinner("Looking at each line …"):
                known.clear()
                known[key, place] = xray_row(trial.reward, trial.row, timeout_s=TIMEOUT_S)
        except RefineError as error:
            show_error(f"No line can be shown: {error}")
            return
    _draw(known[key, place], trial)


def _pick(trials: tuple[Trial, ...], key: str) -> int:
    """Which of them is looked at; a phone and a screen reader have the same list."""
    names = [show_unseen(f"{one.name} \N{MIDDLE DOT} wanted {one.wanted}") for one in trials]
    if len(trials) == 1:
        st.markdown(f":small[{escape_markdown(names[0])}]")
        return 0
    chosen = st.selectbox(
        "Line by line",
        range(len(trials)),
        format_func=lambda i: names[i],
        key=f"{key}.trial",
    )
    return chosen if chosen in range(len(trials)) else 0


def _draw(xray: Xray, trial: Trial) -> None:
    click = take_click(KEY, "enter") or {}
    if isinstance(click.get("call"), int):
        st.session_state[_ENTERED] = (id(xray), click["call"])
    whose, call = st.session_state.get(_ENTERED, (0, -1))
    view = xray.view(call if whose == id(xray) and call >= 0 else None) or xray.view()
    st.markdown(f"**{escape_markdown(xray.sentence)}**")
    if view is None:  # nothing was recorded, as of code that never ended
        _draw_output(trial)
        return
    trail = [] if view.parent is None else [(-1, "the reward", False), (view.number, view.function, True)]
    show_xray(
        KEY,
        build_xray(
            [xray], [view], None, title="As it was checked", labels=[trial.name], scores=[trial.got], trail=trail, place=(0, 1)
        ),
    )  # fmt: skip


def _draw_output(trial: Trial) -> None:
    """What was scored, where no line can be shown."""
    for name, value in trial.row.prediction.items():
        st.caption(escape_markdown(f"{name}: {value}"))
