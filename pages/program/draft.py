"""What is typed for a file is a draft of that file, kept in the store; a setting that nobody has changed follows the file.

open_form(shown)    fills what is empty: from the draft, else from the file        keep_draft()   in each run of the page
"""

from __future__ import annotations

import hashlib
from typing import Any, Final

import streamlit as st

from pages.program.fields import (
    FORM,
    MODEL,
    PRACTICE,
    PROGRAM,
    base_name,
    field_key,
    input_key,
    setting_key,
    static_key,
)
from pages.shared.window_draft import WindowDraft
from refine_core import programs
from refine_core.formatting import format_number
from refine_core.program_files import TYPED, Description, ProgramEntry, Snapshot, list_inputs

_FILE: Final = static_key("file")
_BASES: Final = static_key("bases")


def open_form(shown: Snapshot) -> None:
    """Fill the form. Before the widgets are drawn."""
    state = st.session_state
    if state.get(_FILE) != str(shown.path):
        state[_FILE] = str(shown.path)
        state[_BASES] = {}
        draft = _draft().find(newest=True)
        if draft is not None:
            for name, value in draft.fields.items():
                if name.startswith("="):
                    state[_BASES][name.removeprefix("=")] = value
                else:
                    state[field_key(name)] = value
    if shown.description is not None:
        _follow_file(shown.description)
    _draft().show()


def keep_draft() -> None:
    """Save the form's fields, if any has changed."""
    state, prefix = st.session_state, f"{FORM.field_key()}."
    keys = [key for key in state if isinstance(key, str) and key.startswith(prefix) and ":" not in key]
    typed = {key.removeprefix(prefix): state[key] for key in keys}
    bases = {f"={name}": value for name, value in state.get(_BASES, {}).items()}
    _draft().keep(programs.draft_fields({**typed, **bases}))


def draft_error() -> str:
    """Why what is typed is not kept; "" where it is."""
    return _draft().error


def _draft() -> WindowDraft:
    name = str(st.session_state[_FILE])
    return WindowDraft(
        FORM, f"program-draft-{hashlib.blake2b(name.encode(errors='replace'), digest_size=6).hexdigest()}"
    )


def _follow_file(description: Description) -> None:
    """Choose a program that is there; give each setting the file's value where nobody has chosen another."""
    state, key = st.session_state, field_key(PROGRAM)
    names = [one.name for one in description.programs]
    if names and state.get(key) not in names:
        state[key] = names[0]
    for program in description.programs:
        rewards = description.list_rewards(program)
        _follow(program, "n", program.n)
        _follow(program, "threshold", "" if program.threshold is None else format_number(program.threshold))
        _follow(program, "strategy", program.strategy)
        _follow(program, "reward", rewards[0] if rewards else TYPED)
        if state.get(setting_key(program, "reward")) not in (*rewards, TYPED):
            state[setting_key(program, "reward")] = rewards[0] if rewards else TYPED
        _fill_inputs(description, program)
        _drop_lost_choices(program)
    if field_key(MODEL) not in state:  # the built-in model, where the program can ask it
        own = any(one.library == "refine_core" for one in description.programs)
        state[field_key(MODEL)] = PRACTICE if own else ""


def _follow(program: ProgramEntry, name: str, value: Any) -> None:
    state, bases = st.session_state, st.session_state[_BASES]
    key, base = setting_key(program, name), base_name(program, name)
    if key not in state or (state[key] == bases.get(base) and base in bases):
        state[key] = value
    bases[base] = value


def _fill_inputs(description: Description, program: ProgramEntry) -> None:
    """The first values of the file that fit, once; a person's own stay."""
    state = st.session_state
    asked = list_inputs(program)
    if any(input_key(program, one.name, one.kind) in state for one in asked):
        return
    needed = {one.name for one in asked if not one.optional}
    first = next((one for one in description.examples if needed <= one.values.keys()), None)
    if first is not None:
        put_values(program, dict(first.values))


def _drop_lost_choices(program: ProgramEntry) -> None:
    """What was chosen for an input is asked for again once the file offers it no more."""
    for one in list_inputs(program):
        key = input_key(program, one.name, one.kind)
        if one.kind == "choice" and st.session_state.get(key) not in one.choices:
            st.session_state.pop(key, None)


def put_values(program: ProgramEntry, values: dict[str, Any]) -> None:
    """Put these into the form. Before the widgets are drawn, or in a callback."""
    for one in list_inputs(program):
        written = programs.write_value(one, values[one.name]) if one.name in values else None
        if written is not None and programs.read_value(one, written)[1] is None:  # else no widget shows it
            st.session_state[input_key(program, one.name, one.kind)] = written
