"""A model in place of a recorded run's: as recorded, the practice model, or a saved connection."""

from __future__ import annotations

import logging
from typing import Final

import streamlit as st

from refine_core import connections
from refine_core.errors import StoreError
from refine_core.programs import ModelSpec

AS_RECORDED: Final = "as recorded"
PRACTICE: Final = "practice"
SAVED: Final = "saved:"  # before the name of a connection
logger = logging.getLogger("refine_core")


def choose_model(label: str, chosen: str, recorded: str, *, key: str) -> None:
    """Draw the choice; what is chosen is `st.session_state[key]`. chosen: what stands there first. recorded: the name of the run's."""
    options = [AS_RECORDED, PRACTICE, *_list_models()]
    if st.session_state.get(key) not in options:
        st.session_state[key] = chosen if chosen in options else AS_RECORDED
    names = {AS_RECORDED: f"As recorded: {recorded}", PRACTICE: "Practice model"}
    st.selectbox(label, options, format_func=lambda one: names.get(one, one.removeprefix(SAVED)), key=key)


def read_model(chosen: str) -> ModelSpec | None:
    """The model that was chosen; None for as recorded, or where the connection is gone."""
    return ModelSpec() if chosen == PRACTICE else _list_models().get(chosen)


def _list_models() -> dict[str, ModelSpec]:
    """The saved connections, as a field keeps them: "saved:NAME" -> its model."""
    try:
        models = connections.list_models()
    except StoreError as error:
        logger.warning("the connections cannot be listed: %s", error)
        return {}
    return {f"{SAVED}{name}": model for name, model in models.items()}
