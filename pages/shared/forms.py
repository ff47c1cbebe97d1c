"""A form that can be filled anew: every filling gives its fields new keys.

    LAB = Form("lab")
    LAB.static_key("run")   "lab.run"    the same whatever is loaded: buttons, and what is no widget
    LAB.field_key("N")      "lab.3.N"    a field, until the form is filled again

A browser may still send values of the fields that were there before; under new keys, these cannot overwrite what was loaded.
"""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st


@dataclass(frozen=True, slots=True)
class Form:
    """The keys of one form. name: the first part of each."""

    name: str

    def static_key(self, *parts: object) -> str:
        """The key of what stays the same whatever is loaded: buttons, and what is no widget."""
        return ".".join((self.name, *map(str, parts)))

    def field_key(self, *parts: object) -> str:
        """The key of a field, until the form is filled again."""
        return self.static_key(self.revision, *parts)

    @property
    def revision(self) -> int:
        """How often the form was filled in this session."""
        return int(st.session_state.get(self.static_key("rev"), 0))

    def clear(self) -> None:
        """Drop the values of all fields, and give the fields new keys. Call it before the widgets are drawn."""
        state, fields = st.session_state, f"{self.field_key()}."
        for key in [key for key in state if isinstance(key, str) and key.startswith(fields)]:
            del state[key]
        state[self.static_key("rev")] = self.revision + 1
