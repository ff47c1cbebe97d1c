"""What is typed in the form, between the widgets and a connection.

    load_preset, load_connection fill the widgets        read_form() reads them back, with every problem and its field

A key that is typed here lies in this session's memory until it is saved under its connection's name, there too.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from typing import Any, Final

import streamlit as st

from pages.shared import keys
from pages.shared.forms import Form
from pages.shared.secret import describe_key_problem
from refine_core import connections, programs
from refine_core.connections import PRESETS, Connection, Preset
from refine_core.programs import ModelSpec, Problem, ReplyFormat

FIRST: Final = "openai"
FORM: Final = Form("models")
field_key, static_key = FORM.field_key, FORM.static_key
KEY_SLOT: Final = static_key("key")
_NAMES: Final = {"compatible": "My server", "litellm": "My model"}
REASONING_EFFORTS: Final = ("", "minimal", "low", "medium", "high")
VARIABLE, TYPED, NONE = "variable", "typed", "none"


@dataclass(frozen=True, slots=True)
class FormState:
    """What the form says. replacing: the name of the connection that is being changed, or None. secret: a typed key."""

    connection: Connection
    replacing: str | None
    secret: str = field(default="", repr=False)
    problems: tuple[Problem, ...] = ()

    def problems_at(self, name: str) -> list[Problem]:
        """The problems of one field."""
        return [problem for problem in self.problems if problem.field == name]


def is_filled() -> bool:
    """Whether the form was filled in this session."""
    return static_key("preset") in st.session_state


def load_preset(name: str, taken: Collection[str] = ()) -> None:
    """Fill the form for a new connection of this kind. In a callback, or before the widgets are drawn. taken: names."""
    preset = PRESETS[name]
    key_from = VARIABLE if preset.key_env else TYPED if preset.wants_key else NONE
    model = ModelSpec(
        kind="litellm",
        model=preset.models[0] if preset.models else "",
        api_base=preset.address,
        key_env=preset.key_env,
        extra=preset.extra,
        max_tokens=preset.max_tokens,
    )
    keys.clear_key(KEY_SLOT)
    _load_fields(Connection(_free_name(_NAMES.get(name, preset.title), taken), name, model), None, key_from)


def _free_name(wanted: str, taken: Collection[str]) -> str:
    """That name, or with a number behind it."""
    used = {name.casefold() for name in taken}
    numbered = (f"{wanted} {n}" for n in range(2, 1000))
    return next((name for name in (wanted, *numbered) if name.casefold() not in used), wanted)


def load_connection(connection: Connection) -> None:
    """Fill the form to change a saved connection."""
    held_key = keys.connection_key(connection.model)
    wants_key = bool(held_key) or PRESETS[connection.preset].wants_key
    key_from = VARIABLE if connection.model.key_env else TYPED if wants_key else NONE
    keys.set_key(KEY_SLOT, held_key)
    _load_fields(connection, connection.name, key_from)


def _load_fields(connection: Connection, replacing: str | None, key_from: str) -> None:
    state, model = st.session_state, connection.model
    FORM.clear()
    state[static_key("preset")], state[static_key("replacing")] = connection.preset, replacing
    state[field_key("preset")] = connection.preset
    state[field_key("name")] = connection.name
    state[field_key("model")] = PRESETS[connection.preset].short_name(model.model)
    state[field_key("api_base")] = model.api_base or ""
    state[field_key("key_from")] = key_from
    state[field_key("key_env")] = model.key_env or PRESETS[connection.preset].key_env or ""
    state[field_key("temperature")] = model.temperature
    state[field_key("max_tokens")] = model.max_tokens
    state[field_key("timeout_s")] = model.timeout_s
    state[field_key("retries")] = model.retries
    state[field_key("seed")] = model.seed
    state[field_key("stop")] = "\n".join(model.stop)
    state[field_key("reasoning_effort")] = model.reasoning_effort or ""
    state[field_key("extra")] = programs.write_object(model.extra)
    state[field_key("price_in_usd")] = model.price_in_usd
    state[field_key("price_out_usd")] = model.price_out_usd
    state[field_key("cache")] = model.cache
    state[field_key("reply_format")] = model.reply_format


def key_address(preset: Preset, model: ModelSpec) -> str:
    """The address for which a key is typed; "" while the form lacks it."""
    return "" if preset.wants_address and not model.api_base else keys.address_of(model)


def choose_format(check_id: str, tested_format: ReplyFormat | None) -> bool:
    """Choose the format that the form's own test found, once a test, unless a person chose one. Before the widgets are drawn."""
    state = st.session_state
    if not tested_format or tested_format == "chat" or state.get(static_key("format_of")) == check_id:
        return False
    state[static_key("format_of")] = check_id
    if state.get(field_key("reply_format")) != "auto":
        return False
    state[field_key("reply_format")] = tested_format
    return True


def read_form() -> FormState:
    """The form as it stands."""
    state = st.session_state

    def get(name: str) -> Any:
        return state.get(field_key(name))

    preset = PRESETS[state[static_key("preset")]]
    extra, unread = programs.read_json_object(get("extra") or "", "extra")
    name = (get("name") or "").strip()
    source = get("key_from")
    model = ModelSpec(
        kind="litellm",
        connection=name,
        model=preset.full_name(get("model") or ""),
        provider=preset.provider,
        api_base=(get("api_base") or "").strip() or None,
        key_env=(get("key_env") or "").strip() or None if source == VARIABLE else None,
        temperature=get("temperature"),
        max_tokens=get("max_tokens"),
        timeout_s=get("timeout_s") or 60.0,
        retries=3 if get("retries") is None else get("retries"),
        seed=get("seed"),
        stop=tuple(line for line in (get("stop") or "").splitlines() if line),
        reasoning_effort=get("reasoning_effort") or None,
        extra=extra,
        price_in_usd=get("price_in_usd"),
        price_out_usd=get("price_out_usd"),
        cache=bool(get("cache")),
        reply_format=get("reply_format") or "auto",
    )
    connection = Connection(name, preset.name, model)
    problems = [
        problem
        for problem in connections.check_connection(connection)
        if not (unread and problem.field == "extra")
    ]
    if source == VARIABLE and not model.key_env:
        problems.append(Problem("key_env", "name the variable that holds the key, or choose another way"))
    if unread is not None:
        problems.append(replace(unread, field="extra"))
    secret, address = "", key_address(preset, model)
    if source == TYPED:
        secret = keys.get_key_for(KEY_SLOT, address)
        if wrong := describe_key_problem(KEY_SLOT, address):
            problems.append(Problem("key", wrong))
    return FormState(connection, state[static_key("replacing")], secret, tuple(problems))
