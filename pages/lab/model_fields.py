"""The models of the form, between the widgets and their descriptions."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import streamlit as st
from streamlit.runtime.state import SessionStateProxy

from pages.lab import roles
from pages.lab.fields import SECRET, field_key, static_key
from pages.shared import address
from pages.shared.keys import clear_key, get_key
from refine_core.local_model import TITLE, describe_model, local_model
from refine_core.programs import ModelSpec, ProgramSpec


def load_models(state: SessionStateProxy, spec: ProgramSpec) -> None:
    """Fill the models' widgets. A key is never among what a description holds; one that was typed here is forgotten."""
    model, choices = spec.model, roles.list_choices()
    if get_key(SECRET):
        clear_key(SECRET)  # it was typed for another address, perhaps
    saved = "" if model.is_local else choices.same_model(model)
    state[static_key("model", "whole")] = model  # what the form has no field for
    state[field_key("model", "kind")] = "local" if model.is_local else model.kind
    state[field_key("model", "connection")] = saved
    state[field_key("model", "recording")] = model.recording_id or ""
    state[field_key("model", "pace")] = model.delay_s if model.kind == "replay" else None
    for role, described in (("adviser", spec.adviser), ("judge", spec.judge)):
        state[static_key(role, "kept")] = described
        state[field_key(role)] = roles.choose_role(described, choices)
    load_local_model(state, model if model.is_local else describe_model())
    state[field_key("model", "name")] = model.model if model.kind == "litellm" and not model.is_local else ""
    state[field_key("model", "base")] = model.api_base or ""
    state[field_key("model", "env")] = model.key_env or ""
    state[field_key("model", "temperature")] = model.temperature
    state[field_key("model", "max_tokens")] = model.max_tokens
    state[field_key("model", "timeout")] = model.timeout_s
    state[field_key("model", "delay")] = model.delay_s or 0.0
    state[field_key("model", "cache")] = model.cache
    state[field_key("model", "reply_format")] = model.reply_format


def load_local_model(state: SessionStateProxy, model: ModelSpec) -> None:
    """Fill the fields of the small model on this machine."""
    state[field_key("local", "temperature")] = model.temperature
    state[field_key("local", "max_tokens")] = model.max_tokens
    state[field_key("local", "reply_format")] = model.reply_format


def use_connection() -> None:
    """Choose the connection that the Models page asks for, and follow those that were renamed. Before the widgets are drawn."""
    state, choices = st.session_state, roles.list_choices()
    name = state.pop(address.USE_CONNECTION, None)
    if name == TITLE:
        state[field_key("model", "kind")] = "local"
    elif name is not None and name in choices.models:
        state[field_key("model", "kind")] = "litellm"
        state[field_key("model", "connection")] = name
    if name := state.get(field_key("model", "connection")):  # it may have another name by now
        state[field_key("model", "connection")] = choices.name_now(name)
    for role in ("adviser", "judge"):
        chosen = state.get(field_key(role), "")
        if chosen.startswith(roles.SAVED):
            state[field_key(role)] = roles.SAVED + choices.name_now(chosen.removeprefix(roles.SAVED))


def read_models() -> tuple[ModelSpec, ModelSpec | None, ModelSpec | None]:
    """Those of the program, its adviser and its judge."""
    state, choices = st.session_state, roles.list_choices()
    if state.get(field_key("model", "kind")) == "replay":
        return roles.replay_models(
            state.get(field_key("model", "recording")) or "", state.get(field_key("model", "pace"))
        )
    adviser, judge = (
        roles.read_role(state.get(field_key(role), roles.SAME), state.get(static_key(role, "kept")), choices)
        for role in ("adviser", "judge")
    )
    return _read_model(choices), adviser, judge


def _read_model(choices: roles.Choices) -> ModelSpec:
    state = st.session_state

    def get(name: str) -> Any:
        return state.get(field_key("model", name))

    temperature = get("temperature")
    if get("kind") == "local":
        return _read_local()
    if get("kind") != "litellm":
        return ModelSpec(temperature=temperature, delay_s=get("delay") or 0.0)
    if name := get("connection") or roles.HERE:
        # One that was removed meanwhile is no model, so that Run does not ask another in its place.
        return choices.models.get(name) or ModelSpec(kind="litellm", connection=name)
    whole: ModelSpec = state[static_key("model", "whole")]
    base = whole if whole.kind == "litellm" and not whole.is_local else ModelSpec()
    return replace(
        base,
        kind="litellm",
        connection="",
        model=(get("name") or "").strip(),
        api_base=(get("base") or "").strip() or None,
        key_env=(get("env") or "").strip() or None,
        temperature=temperature,
        max_tokens=get("max_tokens"),
        timeout_s=get("timeout") or 60.0,
        cache=bool(get("cache")),
        reply_format=get("reply_format") or "auto",
    )


def _read_local() -> ModelSpec:
    """The model that runs here, or that of the loaded program, or SmolLM2; with what its fields say."""
    state, status = st.session_state, local_model.status()
    whole: ModelSpec = state[static_key("model", "whole")]
    runs_now = status.phase in ("starting", "running")
    base = describe_model(status.name) if runs_now or not whole.is_local else replace(whole, connection="")
    return replace(
        base,
        temperature=state.get(field_key("local", "temperature")),
        max_tokens=state.get(field_key("local", "max_tokens")),
        reply_format=state.get(field_key("local", "reply_format")) or base.reply_format,
    )
