"""What is connected: the practice model first, then every saved connection with what can be done with it."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from pages.models import state
from pages.models.connection_test import leave_form_test, show_test, start_test
from pages.models.state import static_key
from pages.shared import address, keys
from pages.shared.leave import leave_for
from pages.shared.local_model import draw_local_model
from pages.shared.reply_format import REPLY_FORMATS
from pages.shared.text import escape_markdown, show_error
from refine_core import connections
from refine_core.connections import PRESETS, Connection
from refine_core.errors import SpecError, StoreError
from refine_core.local_model import TITLE

_REMOVED, _FRESH, _UNDO = static_key("removed"), static_key("fresh"), static_key("undo")


def connection_rows(saved: list[Connection]) -> None:
    """One row a connection."""
    _show_last_result(saved)
    with st.container(border=True, gap="small"):
        st.markdown("**Practice model**")
        st.caption("Built in, for practice: no key, no network, no cost. It is not a language model.")
    with st.container(border=True, gap="small", key="local-model"):
        st.markdown(f"**{TITLE}**")
        draw_local_model("models")
    for connection in saved:
        _row(connection)
    if not saved:
        st.caption("No connections yet. Choose a provider below, fill in the form and press Test.")


def _row(connection: Connection) -> None:
    name, model = connection.name, connection.model
    with st.container(border=True, gap="small", key=f"connection-{name}"):
        st.markdown(f"**{escape_markdown(name)}**")
        parts = [PRESETS[connection.preset].title, model.model, *([model.api_base] if model.api_base else [])]
        if model.reply_format != "auto":
            parts.append(f"reply format: {REPLY_FORMATS[model.reply_format]}")
        st.caption(escape_markdown(" · ".join([*parts, _describe_key(connection)])))
        with st.container(horizontal=True, vertical_alignment="center"):
            if st.button("Use in the Lab", key=f"use.{name}", icon=":material/science:"):
                st.session_state[address.USE_CONNECTION] = name
                leave_for(address.LAB)
            if st.button("Test", key=f"test.{name}", icon=":material/network_check:"):
                start_test(model, keys.connection_key(model), of=name)
                st.rerun()
            st.button(
                ":blue[Edit]",
                key=f"change.{name}",
                icon=":material/edit:",
                type="tertiary",
                on_click=_change,
                args=(connection,),
            )
            st.button(
                ":blue[Remove]",
                key=f"remove.{name}",
                icon=":material/delete:",
                type="tertiary",
                on_click=_remove,
                args=(connection,),
            )
        show_test(of=name)


def _describe_key(connection: Connection) -> str:
    model = connection.model
    if model.key_env:
        unset = connections.unset_variable(model)
        return f"key from {model.key_env}" + (", which is not set" if unset else "")
    if keys.connection_key(connection.model):
        return "API key entered, kept until you reload the page"
    if PRESETS[connection.preset].wants_key:
        return "no API key in this session; press Edit to enter it"
    return "no API key"


def _change(connection: Connection) -> None:
    leave_form_test()
    state.load_connection(connection)


def _remove(connection: Connection) -> None:
    try:
        connections.remove_connection(connection.name)
    except StoreError as error:
        st.session_state[static_key("error")] = str(error)
        return
    _forget_removed(())
    st.session_state[_REMOVED], st.session_state[_FRESH] = connection, True
    if st.session_state.get(static_key("replacing")) == connection.name:
        state.load_preset(state.FIRST)


def _restore() -> None:
    try:
        connections.save_connection(st.session_state[_REMOVED])
    except (SpecError, StoreError) as error:
        st.session_state[static_key("error")] = str(error)
    else:
        del st.session_state[_REMOVED]


def _forget_removed(saved: Sequence[Connection]) -> None:
    """There is no way back to it any more, so its key goes too, unless another has taken the name."""
    removed: Connection | None = st.session_state.pop(_REMOVED, None)
    if removed is not None and removed.name not in {one.name for one in saved}:
        keys.clear_key(keys.connection_slot(removed.model))


def _show_last_result(saved: list[Connection]) -> None:
    """What came of the last press."""
    if error := st.session_state.pop(static_key("error"), None):
        show_error(error)
    if message := st.session_state.pop(static_key("message"), None):
        st.success(escape_markdown(message), icon=":material/check:")
    if not st.session_state.pop(_FRESH, False) and _UNDO not in st.session_state:
        _forget_removed(saved)  # its button was not there a moment ago: the page was left meanwhile
    removed: Connection | None = st.session_state.get(_REMOVED)
    if removed is not None:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.caption(escape_markdown(f"{removed.name} was removed."), width="content")
            st.button(":blue[Undo]", key=_UNDO, type="tertiary", on_click=_restore)
