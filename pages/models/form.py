"""Adding a connection, or changing one: what its kind wants, and the rest folded away."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from pages.models import state
from pages.models.connection_test import (
    FORM,
    leave_form_test,
    list_models,
    pass_test_on,
    show_test,
    start_test,
    use_tested_format,
)
from pages.models.parameters import parameters
from pages.models.state import NONE, TYPED, VARIABLE, FormState, field_key, static_key
from pages.shared import keys
from pages.shared.secret import offer_key, secret_field
from pages.shared.text import escape_markdown, show_error
from refine_core import connections
from refine_core.connections import PRESETS, Preset
from refine_core.errors import SpecError, StoreError
from refine_core.formatting import pluralize
from refine_core.programs import Problem

MOST_BUTTONS = 6
_SOURCES = {VARIABLE: "Environment variable", TYPED: "Enter here (this session only)", NONE: "No key"}


def connection_form(taken: list[str]) -> None:
    """The fields, and the buttons to test and to keep. taken: names of saved connections."""
    use_tested_format()
    form = state.read_form()
    preset = PRESETS[form.connection.preset]
    st.header(
        "Add a connection" if form.replacing is None else f"Edit {escape_markdown(form.replacing)}",
        anchor=False,
    )
    st.selectbox(
        "Provider",
        list(PRESETS),
        format_func=lambda name: PRESETS[name].title,
        key=field_key("preset"),
        on_change=_change_preset,
        args=(taken,),
        persist_state="session",
        disabled=form.replacing is not None,
    )
    st.caption(escape_markdown(preset.note))
    model, name = st.columns(2)
    with model:
        _model(preset, form)
    with name:
        st.text_input("Connection name", key=field_key("name"), persist_state="session")
        _show_problems(form, "name")
    _address(preset, form)
    _key(preset, form)
    parameters(form, _show_problems)
    with st.container(horizontal=True, vertical_alignment="center"):
        test = st.button(
            "Test", icon=":material/network_check:", key=static_key("test"), on_click=_mark_pressed
        )
        save = st.button(
            "Save", type="primary", icon=":material/check:", key=static_key("save"), on_click=_mark_pressed
        )
        if form.replacing is not None:
            st.button(
                ":blue[Cancel]", type="tertiary", key=static_key("cancel"), on_click=_cancel, args=(taken,)
            )
        st.caption("A test sends two to five short requests.", width="content")
    if test:
        _test(form)
    if save:
        _save(form, taken)
    show_test(of=FORM, current=form.connection.model)


def _change_preset(taken: list[str]) -> None:
    leave_form_test()
    state.load_preset(st.session_state[field_key("preset")], taken)


def _cancel(taken: list[str]) -> None:
    leave_form_test()
    state.load_preset(state.FIRST, taken)


def _mark_pressed() -> None:
    st.session_state[field_key("pressed")] = True


def _model(preset: Preset, form: FormState) -> None:
    # A text field: what is typed into a selectbox is lost unless Enter is pressed.
    st.text_input(
        "Model", key=field_key("model"), persist_state="session", help="The provider's own name for it."
    )
    _show_problems(form, "model")
    names = list_models() or preset.models
    if len(names) > MOST_BUTTONS:
        st.selectbox(
            f"The server lists {pluralize(len(names), 'model')}",
            names,
            key=field_key("listed"),
            index=None,
            placeholder="Choose one",
            on_change=_use_listed_name,
        )
    elif names:
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.caption("The server lists" if list_models() else "For example", width="content")
            for place, name in enumerate(names):
                st.button(
                    f":blue[{escape_markdown(name)}]",
                    key=field_key(f"take.{place}"),
                    type="tertiary",
                    on_click=_use_name,
                    args=(name,),
                )


def _use_name(name: str) -> None:
    st.session_state[field_key("model")] = name


def _use_listed_name() -> None:
    if name := st.session_state.get(field_key("listed")):
        _use_name(name)


def _address(preset: Preset, form: FormState) -> None:
    if preset.wants_address or preset.name == "litellm":
        st.text_input(
            "Base URL",
            key=field_key("api_base"),
            persist_state="session",
            placeholder="http://HOST:PORT/v1"
            if preset.wants_address
            else "Optional. Default: the provider's",
        )
        _show_problems(form, "api_base")


def _key(preset: Preset, form: FormState) -> None:
    st.radio(
        "API key from",
        list(_SOURCES),
        format_func=lambda name: (
            _SOURCES[name] if name != NONE or preset.name != "bedrock" else "AWS credentials"
        ),
        key=field_key("key_from"),
        horizontal=True,
        persist_state="session",
    )
    match st.session_state.get(field_key("key_from")):
        case "variable":
            st.text_input(
                "Variable name",
                key=field_key("key_env"),
                persist_state="session",
                placeholder=preset.key_env or "MY_API_KEY",
            )
            _show_problems(form, "key_env")
            if not form.problems_at("key_env") and (
                unset := connections.unset_variable(form.connection.model)
            ):
                st.caption(
                    f":material/info: {escape_markdown(unset)} is not set. Set it and restart the app, or choose “Enter here”."
                )
        case "typed":
            secret_field("API key", slot=state.KEY_SLOT)
            offer_key(state.KEY_SLOT, state.key_address(preset, form.connection.model))
            st.caption("Kept in this session's memory only: it is never saved, and a reload discards it.")
        case _:
            pass


def _test(form: FormState) -> None:
    if form.problems:
        _show_all_problems(form, "Not tested")
        return
    start_test(form.connection.model, form.secret, of=FORM)
    st.rerun()


def _save(form: FormState, taken: list[str]) -> None:
    name = form.connection.name
    if form.problems:
        _show_all_problems(form, "Not saved")
        return
    try:
        connections.save_connection(form.connection, replacing=form.replacing)
    except (SpecError, StoreError) as error:
        show_error(f"Not saved: {error}")
        return
    if form.replacing not in (None, name):
        keys.clear_key(keys.connection_slot(replace(form.connection.model, connection=form.replacing or "")))
    keys.set_key(keys.connection_slot(form.connection.model), form.secret)
    st.session_state[static_key("message")] = f"Saved {name}."
    pass_test_on(name)
    state.load_preset(form.connection.preset, [*taken, name])
    st.rerun()


def _show_all_problems(form: FormState, what: str) -> None:
    show_error(f"{what}. " + " ".join(f"{_capitalize(problem)}." for problem in form.problems))


def _show_problems(form: FormState, field: str) -> None:
    if not (st.session_state.get(field_key(field)) or st.session_state.get(field_key("pressed"))):
        return  # empty because nobody has come to it yet
    for problem in form.problems_at(field):
        show_error(_capitalize(problem))


def _capitalize(problem: Problem) -> str:
    return problem.message[:1].upper() + problem.message[1:]
