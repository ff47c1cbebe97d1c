"""What is typed reaches the app while its field still has the focus; what was typed as the page went away, by the page that comes next."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import streamlit as st

from pages.shared.forms import Form

_component = st.components.v2.component(
    "refinescope.draft",
    js=(Path(__file__).parents[2] / "assets" / "draft" / "draft.js").read_text(encoding="utf-8"),
)


def watch_typing(form: Form, take: Callable[[object], bool]) -> None:
    """Have the browser send what is typed in this form, and what it could not send before. Draws nothing.

    take: puts what the browser could not send into its fields, in a callback, and says whether any field had to change. A
    press elsewhere can take that change back, as the browser sends its old texts with it. So the browser is told that the
    app has it only when `take`, asked once more, has found nothing to change.
    """
    key, taken = form.static_key("draft", "typed"), form.static_key("draft", "taken")

    def take_until_kept() -> None:
        unsent = (st.session_state.get(key) or {}).get("unsent")
        if not isinstance(unsent, Mapping) or unsent.get("id") == st.session_state.get(taken):
            return
        if not take(unsent.get("texts")):
            st.session_state[taken] = unsent.get("id")

    data = {"revision": form.revision, "taken": st.session_state.get(taken)}
    _component(key=key, data=data, height="content", on_unsent_change=take_until_kept)
