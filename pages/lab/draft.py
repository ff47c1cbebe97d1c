"""What is typed in the Lab is a draft, kept in the store: it comes back after a reload or a restart, keys excepted.

    open_form(run)       what the form holds first: the draft of the address, else the run's program, else the newest draft
    replace_form(spec)   an example, a saved program or a run takes its place; `undo_replace` puts back what stood there
    keep_draft()         in every run of the page; writes only what has changed
    take_typed()         typed text comes while its field still has the focus, or after a reload (pages/lab/unsent.py)

A draft holds the fields of the form by name, and those of its static keys that a loading fills.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import streamlit as st

from pages.lab.fields import FORM, static_key
from pages.lab.load_form import FIRST_EXAMPLE, is_filled, load
from pages.lab.reward_source import read_reward, replace_reward
from pages.lab.unsent import take_unsent
from pages.shared import address
from pages.shared.unsent import watch_typing
from pages.shared.what_if_choice import take_changed
from pages.shared.window_draft import WindowDraft
from refine_core import programs
from refine_core.formatting import format_clock
from refine_core.programs import ProgramSpec
from refine_core.runs import Run

_PLAIN: Final = ("stages", "title", "example", "parent", "reward.call")
_MODELS: Final = ("model.whole", "adviser.kept", "judge.kept")
_DRAFT: Final = WindowDraft(FORM, programs.DRAFT_KIND)
_REPLACED: Final = static_key("draft", "replaced")


def take_typed() -> None:
    """Have the browser send what is typed while its field still has the focus, and what it could not send before. Draws nothing."""
    watch_typing(FORM, take_unsent)


def open_form(run: Run | None) -> None:
    """Fill the form where it is empty, or where the address asks for the run's program. Before the widgets are drawn."""
    if address.take_change() and run is not None:
        spec = address.take_brought(run.run_id) or take_changed(run.timeline)
        replace_form(replace(spec, parent=run.run_id))
    elif not is_filled():
        _fill_first(run)
    _DRAFT.show()


def replace_form(spec: ProgramSpec) -> None:
    """Fill the form with another program; what stood there can be put back. Before the widgets are drawn, or in a callback."""
    if is_filled():
        st.session_state[_REPLACED] = read_fields()
    load(spec)


def keep_for_undo() -> None:
    """Keep the form as it stands, for `undo_replace` to put back. To be called in a callback, before what it may undo."""
    st.session_state[_REPLACED] = read_fields()


def can_undo() -> bool:
    """Whether there is something that a loading replaced, or a stage that was removed."""
    return st.session_state.get(_REPLACED) is not None


def undo_replace() -> None:
    """Put back what the last loading, or removal of a stage, took away; once more undoes that. To be called in a callback."""
    now = read_fields()
    _restore(st.session_state[_REPLACED])
    st.session_state[_REPLACED] = now


def keep_draft() -> None:
    """Save the form's fields, if any has changed. Called in each run of the page, once the form is filled."""
    _DRAFT.keep(read_fields(), st.session_state.get(_REPLACED))


def describe_draft() -> str:
    """One line about the draft: when it was saved, that it could not be, or "" for a form that nobody has changed."""
    if _DRAFT.error:
        return f"draft not saved: {_DRAFT.error}"
    saved = _DRAFT.saved
    return f"draft saved {format_clock(saved.saved_at)}" if saved is not None and saved.saved_at else ""


def read_fields() -> dict[str, object]:
    """The form's fields, by name. Never a key: those have slots of their own (pages/shared/keys.py)."""
    state, prefix = st.session_state, f"{FORM.field_key()}."
    keys = [key for key in state if isinstance(key, str) and key.startswith(prefix)]
    # What has a colon is a widget's own; the text of an editor stands under its field's name, too.
    typed = {key.removeprefix(prefix): state[key] for key in keys if ":" not in key}
    fixed = {f"={name}": state.get(static_key(name)) for name in _PLAIN}
    models = {f"={name}": programs.model_to_data(state.get(static_key(name))) for name in _MODELS}
    return programs.draft_fields({**typed, **fixed, **models, "=reward.code": read_reward()})


def _fill_first(run: Run | None) -> None:
    """The first filling of this session."""
    draft = _DRAFT.find(newest=not (run or address.example()))
    load(
        replace(run.timeline.spec, parent=run.run_id)
        if run
        else programs.EXAMPLES[address.example() or FIRST_EXAMPLE].spec
    )
    if draft is not None:
        _restore(draft.fields)
        st.session_state[_REPLACED] = draft.replaced


def _restore(fields: programs.Fields) -> None:
    state = st.session_state
    FORM.clear()
    for name, value in fields.items():
        if not name.startswith("="):
            state[FORM.field_key(name)] = value
        elif (fixed := name.removeprefix("=")) in _PLAIN:
            state[static_key(fixed)] = value
        elif fixed in _MODELS:
            state[static_key(fixed)] = programs.model_from_data(value)
    replace_reward(str(fields.get("=reward.code", "")))
