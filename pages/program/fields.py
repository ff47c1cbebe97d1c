"""The keys of the form of an opened program in `st.session_state`."""

from __future__ import annotations

from typing import Final

from pages.shared.forms import Form
from refine_core.program_files import ProgramEntry

FORM: Final = Form("opened")
field_key, static_key = FORM.field_key, FORM.static_key
PROGRAM: Final = "program"
MODEL: Final = "model"
PRACTICE: Final = "practice"  # the practice model, among those that can be chosen


def setting_key(program: ProgramEntry, name: str) -> str:
    """The key of a setting: "n", "threshold", "reward" or "strategy". Each program of the file has its own."""
    return field_key("set", program.name, name)


def input_key(program: ProgramEntry, name: str, kind: str) -> str:
    """The key of the value of an input."""
    return field_key("in", program.name, name, kind)


def base_name(program: ProgramEntry, name: str) -> str:
    """The name under which the draft has what the file said of a setting."""
    return f"base.{program.name}.{name}"
