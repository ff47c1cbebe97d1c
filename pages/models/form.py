"""Adding a connection, or changing one: what its kind wants, and the rest folded away."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from pages.models import state
from pages.models.parameters import parameters
from pages.models.state import NONE, TYPED, VARIABLE, Typed, key
from pages.models.trial import FORM, begin, leave_form, listed, pass_on, take_format, trial
from pages.shared import keys
from pages.shared.secret import offer_key, secret
from pages.shared.text import mistake, plain
from refine_core import connections
from refine_core.connections import PRESETS, Preset
from refine_core.errors import SpecError, StoreError
from refine_core.formatting import pluralize
from refine_core.programs import Problem

MOST_BUTTONS = 6
_SOURCES = {VARIABLE: "An environment variable", TYPED: "Typed here, for this session", NONE: "No key"}


def form(taken: list[str]) -> None:
    """The fields, and the buttons to test and to keep. taken: names of saved connections."""
    take_format()
    typed = state.typed()
    preset = PRESETS[typed.connection.preset]
    st.header(
        "Add a connection" if typed.replacing is None else f"Change {plain(typed.replacing)}", anchor=False
    )
    st.selectbox(
        "Kind",
        list(PRESETS),
        format_func=lambda name: PRESETS[name].title,
        key=key("preset"),
        on_change=_choose,
        args=(taken,),
        persist_state="session",
        disabled=typed.replacing is not None,
    )
    st.caption(plain(preset.note))
    model, name = st.columns(2)
    with model:
        _model(preset, typed)
    with name:
        st.text_input("Name of the connection", key=key("name"), persist_state="session")
        _faults(typed, "name")
    _address(preset, typed)
    _key(preset, typed)
    parameters(typed, _faults)
    with st.container(horizontal=True, vertical_alignment="center"):
        test = st.button("Test", icon=":material/network_check:", key="models.test", on_click=_press)
        save = st.button("Save", type="primary", icon=":material/check:", key="models.save", on_click=_press)
        if typed.replacing is not None:
            st.button("Cancel", type="tertiary", key="models.cancel", on_click=_cancel, args=(taken,))
        st.caption("A test sends two to five short requests.", width="content")
    if test:
        _test(typed)
    if save:
        _save(typed, taken)
    trial(of=FORM, typed=typed.connection.model)


def _choose(taken: list[str]) -> None:
    leave_form()
    state.load_preset(st.session_state[key("preset")], taken)


def _cancel(taken: list[str]) -> None:
    leave_form()
    state.load_preset(state.FIRST, taken)


def _press() -> None:
    st.session_state[key("pressed")] = True


def _model(preset: Preset, typed: Typed) -> None:
    # A text field: what is typed into a selectbox is lost unless Enter is pressed.
    st.text_input("Model", key=key("model"), persist_state="session", help="The provider's own name for it.")
    _faults(typed, "model")
    names = listed() or preset.models
    if len(names) > MOST_BUTTONS:
        st.selectbox(
            f"The server lists {pluralize(len(names), 'model')}",
            names,
            key=key("listed"),
            index=None,
            placeholder="choose one",
            on_change=_take_listed,
        )
    elif names:
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.caption("The server lists" if listed() else "For example", width="content")
            for place, name in enumerate(names):
                st.button(
                    plain(name), key=key(f"take.{place}"), type="tertiary", on_click=_take, args=(name,)
                )


def _take(name: str) -> None:
    st.session_state[key("model")] = name


def _take_listed() -> None:
    if name := st.session_state.get(key("listed")):
        _take(name)


def _address(preset: Preset, typed: Typed) -> None:
    if preset.wants_address or preset.name == "litellm":
        st.text_input(
            "Address",
            key=key("api_base"),
            persist_state="session",
            placeholder="http://HOST:PORT/v1" if preset.wants_address else "left empty: the provider's own",
        )
        _faults(typed, "api_base")


def _key(preset: Preset, typed: Typed) -> None:
    st.radio(
        "Key",
        list(_SOURCES),
        format_func=lambda name: (
            _SOURCES[name] if name != NONE or preset.name != "bedrock" else "AWS credentials"
        ),
        key=key("key_from"),
        horizontal=True,
        persist_state="session",
    )
    match st.session_state.get(key("key_from")):
        case "variable":
            st.text_input(
                "Name of the variable",
                key=key("key_env"),
                persist_state="session",
                placeholder=preset.key_env or "MY_API_KEY",
            )
            _faults(typed, "key_env")
            if not typed.at("key_env") and (unset := connections.unset_variable(typed.connection.model)):
                st.caption(
                    f":material/info: {plain(unset)} is not set where the app runs. Set it and start the app again, or "
                    "type the key."
                )
        case "typed":
            secret("The key", key=state.KEY_PLACE)
            offer_key(state.KEY_PLACE, state.key_address(preset, typed.connection.model))
            st.caption(
                "It stays in this session's memory and nowhere else: a reload of the page forgets it, and it is never saved."
            )
        case _:
            pass


def _test(typed: Typed) -> None:
    if typed.problems:
        _tell(typed, "Not tested")
        return
    begin(typed.connection.model, typed.secret, of=FORM)
    st.rerun()


def _save(typed: Typed, taken: list[str]) -> None:
    name = typed.connection.name
    if typed.problems:
        _tell(typed, "Not saved")
        return
    try:
        connections.save(typed.connection, replacing=typed.replacing)
    except (SpecError, StoreError) as error:
        mistake(f"Not saved: {error}")
        return
    if typed.replacing not in (None, name):
        keys.forget(replace(typed.connection.model, connection=typed.replacing or ""))
    keys.hold(typed.connection.model, typed.secret)
    st.session_state["models.said"] = f"Saved {name}."
    pass_on(name)
    state.load_preset(typed.connection.preset, [*taken, name])
    st.rerun()


def _tell(typed: Typed, what: str) -> None:
    mistake(f"{what}. " + " ".join(f"{_sentence(problem)}." for problem in typed.problems))


def _faults(typed: Typed, field: str) -> None:
    if not (st.session_state.get(key(field)) or st.session_state.get(key("pressed"))):
        return  # empty because nobody has come to it yet
    for problem in typed.at(field):
        mistake(_sentence(problem))


def _sentence(problem: Problem) -> str:
    return problem.message[:1].upper() + problem.message[1:]
