"""A stage's signature and its table of fields in step: whichever is edited, the other follows.

    signature --reads?--> table          table --always--> signature and descriptions

A signature that cannot be read leaves the table as it was. What a renamed field held, its input and its demos, goes with it.
"""

from __future__ import annotations

import streamlit as st

from pages.lab.fields import field_key
from pages.lab.tables import demo_rows, field_rows
from refine_core import programs
from refine_core.programs import FieldRow


def follow_signature(uid: int) -> None:
    """Fill the table from the signature, if that has changed and can be read. Before the table is drawn."""
    state, text = st.session_state, signature_text(uid)
    if state.get(_shown_key(uid)) == text:
        return
    rows = programs.list_field_rows(text, state[field_key("stage", uid, "descriptions")])
    if rows is None:
        state.setdefault(_shown_key(uid), "")
        return
    field_rows(uid).load(
        [
            {
                "name": one.name,
                "was": one.name,
                "type": one.type,
                "role": one.role,
                "description": one.description,
            }
            for one in rows
        ]
    )
    state[_shown_key(uid)] = text


def write_signature(uid: int) -> None:
    """Put what the table says into the signature and the descriptions. A callback."""
    state, table = st.session_state, field_rows(uid)
    table.reorder(sorted(table.rows(), key=lambda row: table.cell(row, "role") == "output"))
    for row in table.rows():
        _rename(uid, row)
    rows = [
        FieldRow(
            table.cell(row, "name").strip(),
            table.cell(row, "type").strip() or "str",
            "output" if table.cell(row, "role") == "output" else "input",
            table.cell(row, "description").strip(),
        )
        for row in table.rows()
    ]
    text = programs.write_signature(rows)
    names = {one.name for one in rows}
    kept = {n: d for n, d in state[field_key("stage", uid, "descriptions")].items() if n not in names}
    state[field_key("stage", uid, "descriptions")] = kept | {
        one.name: one.description for one in rows if one.name and one.description
    }
    state[field_key("stage", uid, "signature")] = text
    read = programs.list_field_rows(text, {})
    same = read is None or [one.name for one in read] == [one.name for one in rows if one.name]
    state[_shown_key(uid)] = text if same else ""  # "a, b" typed as a name is two fields


def _rename(uid: int, row: int) -> None:
    """Have what stands under a field's old name stand under its new one."""
    state, table = st.session_state, field_rows(uid)
    was, name = table.cell(row, "was"), table.cell(row, "name").strip()
    others = {table.cell(other, "name").strip() for other in table.rows() if other != row}
    if (
        not was or not name or was == name or name in others
    ):  # a name comes letter by letter, and may pass through another's
        return
    table.set(row, {"was": name})
    descriptions = dict(state[field_key("stage", uid, "descriptions")])
    descriptions.pop(was, None)
    state[field_key("stage", uid, "descriptions")] = descriptions
    demos = demo_rows(uid)
    for demo in demos.rows():
        demos.set(demo, {name: demos.cell(demo, was)})
    prefix = field_key("in", was, "")
    for key in [one for one in state if isinstance(one, str) and one.startswith(prefix) and ":" not in one]:
        state[field_key("in", name, key.removeprefix(prefix))] = state[key]


def add_field(uid: int, role: str) -> None:
    """One more row; it is a field once it has a name. A callback, as are the next two."""
    table = field_rows(uid)
    inputs = sum(table.cell(row, "role") == "input" for row in table.rows())
    table.add(
        {"name": "", "was": "", "type": "str", "role": role, "description": ""},
        inputs if role == "input" else None,
    )


def move_field(uid: int, row: int, by: int) -> None:
    """A field up (-1) or down (1) among its kind."""
    field_rows(uid).move(row, by)
    write_signature(uid)


def remove_field(uid: int, row: int) -> None:
    """One field fewer."""
    field_rows(uid).remove(row)
    write_signature(uid)


def signature_text(uid: int) -> str:
    """The stage's signature as it stands."""
    return str(st.session_state[field_key("stage", uid, "signature")]).strip()


def _shown_key(uid: int) -> str:
    return field_key("stage", uid, "shown")


def is_in_step(uid: int) -> bool:
    """Whether the table shows the signature as it stands, and not the last one that could be read."""
    return bool(st.session_state.get(_shown_key(uid)) == signature_text(uid))
