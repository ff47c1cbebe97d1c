"""The stages of the form: one set of fields each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import streamlit as st
from streamlit.runtime.state import SessionStateProxy

from pages.lab.field_sync import follow_signature
from pages.lab.fields import field_key, static_key
from pages.lab.tables import demo_rows
from refine_core import programs
from refine_core.errors import Problem
from refine_core.programs import StageSpec


def stage_ids() -> list[int]:
    """Which stages there are, in order; an id stays with its stage when others go."""
    return list(st.session_state[static_key("stages")])


def selected_stage() -> int:
    """The stage whose fields are shown: the one chosen, else the first."""
    ids, key = stage_ids(), field_key("stages", "selected")
    if st.session_state.get(key) not in ids:
        st.session_state[key] = ids[0]
    return int(st.session_state[key])


def add_stage() -> None:
    """One more stage, fed by the last one's outputs where they can be read."""
    ids = stage_ids()
    uid = max(ids, default=-1) + 1
    last = programs.list_output_names(_read_stage(ids[-1])) if ids else ()
    input_name = last[-1] if last else "question"
    names = {_read_stage(i).name for i in ids}
    name = next(n for n in ("check", *(f"stage_{k}" for k in range(2, 99))) if n not in names)
    load_stage(
        st.session_state,
        uid,
        StageSpec(name, f"{input_name} -> {'checked' if input_name == 'answer' else 'answer'}"),
    )
    st.session_state[static_key("stages")] = [*ids, uid]
    st.session_state[field_key("stages", "selected")] = uid


def move_stage(uid: int, by: int) -> None:
    """A stage earlier (-1) or later (1)."""
    ids = stage_ids()
    at = ids.index(uid)
    ids.insert(min(max(at + by, 0), len(ids)), ids.pop(at))
    st.session_state[static_key("stages")] = ids


def remove_stage(uid: int) -> None:
    """One stage fewer."""
    st.session_state[static_key("stages")] = [i for i in stage_ids() if i != uid]


def load_stage(state: SessionStateProxy, uid: int, stage: StageSpec) -> None:
    """Fill one stage's widgets."""
    state[field_key("stage", uid, "name")] = stage.name
    state[field_key("stage", uid, "signature")] = stage.signature
    state[field_key("stage", uid, "strategy")] = stage.strategy
    state[field_key("stage", uid, "instructions")] = stage.instructions
    state[field_key("stage", uid, "descriptions")] = dict(stage.descriptions)
    fields = programs.list_stage_fields(stage)
    demo_rows(uid).load([programs.write_demo(fields, demo) for demo in stage.demos])
    follow_signature(uid)


def read_stages() -> tuple[StageSpec, ...]:
    """The stages as typed."""
    return tuple(_read_stage(uid) for uid in stage_ids())


def find_demo_problems() -> list[Problem]:
    """What is wrong with the cells of the demos, each with the field of its stage."""
    return [
        problem
        for i, uid in enumerate(stage_ids())
        for problem in _read_demos(uid, _read_without_demos(uid), i)[1]
    ]


def _read_stage(uid: int) -> StageSpec:
    stage = _read_without_demos(uid)
    return replace(stage, demos=_read_demos(uid, stage, 0)[0])


def _read_demos(
    uid: int, stage: StageSpec, place: int
) -> tuple[tuple[Mapping[str, object], ...], list[Problem]]:
    table = demo_rows(uid)
    if not table.rows():
        return (), []
    fields = programs.list_stage_fields(stage)
    cells = [{one.name: table.cell(row, one.name) for one in fields} for row in table.rows()]
    return programs.read_demos(fields, cells, f"stages.{place}.demos")


def _read_without_demos(uid: int) -> StageSpec:
    state = st.session_state

    def get(name: str) -> Any:
        return state[field_key("stage", uid, name)]

    return StageSpec(
        name=get("name").strip(),
        signature=get("signature").strip(),
        instructions=get("instructions").strip(),
        strategy=get("strategy") or "predict",
        descriptions=get("descriptions"),
    )
