"""Who learns: a name of one's own on a shared machine, chosen, added, renamed; and progress that is begun anew.

The name stands in the address, so that a reload finds it; without one there, the last one that did anything counts.
"""

from __future__ import annotations

from typing import Final

import streamlit as st

from pages.learn import links
from pages.learn.picture import RESETS
from pages.shared.text import escape_markdown
from refine_core import lessons, runs
from refine_core.unseen import show_unseen

MAX_NAME: Final = 60
NOBODY: Final = "Learner"
"""Shown for the name "": of the only learner of a machine that nobody shares."""
_ASKS: Final = "learn.asks-reset"


def current_learner() -> str:
    """The name that the address says, else the one that did anything last, else ""."""
    named = links.named_learner()
    if named is not None:
        return lessons.clean_name(named)
    store = runs.default().store
    last = {
        name: max((one.changed_at for one in lessons.list_progress(store, name).values()), default=0.0)
        for name in lessons.list_learners(store)
    }
    return max(last, key=lambda name: last[name], default="")


def draw_learner(learner: str) -> None:
    """The name, which opens what can be done with it."""
    with st.popover(escape_markdown(learner or NOBODY), icon=":material/person:", key="learn.learner"):
        store = runs.default().store
        names = list(dict.fromkeys((learner, *lessons.list_learners(store))))
        if len(names) > 1:  # one field, in which a name can be typed: a class has thirty
            st.selectbox(
                "Who is learning",
                names,
                format_func=lambda name: show_unseen(name) or NOBODY,
                key=f"learn.choose.{learner}",
                on_change=_choose,
                args=(learner,),
            )
        st.text_input(
            "Add a learner", key="learn.add", max_chars=MAX_NAME, placeholder="Name", on_change=_add
        )
        st.text_input(
            "Rename",
            learner,
            key=f"learn.rename.{learner}",
            max_chars=MAX_NAME,
            on_change=_rename,
            args=(learner,),
        )
        _draw_reset(learner)


def _draw_reset(learner: str) -> None:
    if st.session_state.get(_ASKS) != learner:
        st.button("Reset progress …", key="learn.reset", on_click=_ask, args=(learner,))
        return
    whose = f" of {learner}" if learner else ""
    st.markdown(escape_markdown(f"Forget all guesses and answers{whose}? The runs stay on this machine."))
    with st.container(horizontal=True, gap="small"):
        st.button("Reset", key="learn.reset-sure", on_click=_reset, args=(learner,))
        st.button("Keep them", key="learn.reset-no", on_click=_ask, args=(None,))


def _ask(learner: str | None) -> None:
    st.session_state[_ASKS] = learner


def _reset(learner: str) -> None:
    lessons.reset_progress(runs.default().store, learner)
    st.session_state[RESETS] = st.session_state.get(RESETS, 0) + 1
    _ask(None)


def _choose(learner: str) -> None:
    name = st.session_state.get(f"learn.choose.{learner}")
    if isinstance(name, str):
        links.show_learner(name)


def _add() -> None:
    name = lessons.clean_name(str(st.session_state.get("learn.add") or ""))
    if name:
        links.show_learner(name)
        st.session_state["learn.add"] = ""


def _rename(learner: str) -> None:
    name = lessons.clean_name(str(st.session_state.get(f"learn.rename.{learner}") or ""))
    if not name or name == learner:
        return
    store = runs.default().store
    if name in lessons.list_learners(store):
        st.toast(escape_markdown(f"Not renamed: there is a learner {name} already."), icon=":material/error:")
        return
    lessons.rename_learner(store, learner, name)
    links.show_learner(name)
