"""The keys that the arms need, typed once for each model, and never kept; and whether an imported program's models may be asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import streamlit as st

from pages.shared import keys
from pages.shared.credentials import ask_to_agree
from pages.shared.secret import secret_field
from pages.shared.text import escape_markdown
from refine_core import connections, runs
from refine_core.errors import Problem
from refine_core.experiments.drafts import ExperimentDraft, arm_spec
from refine_core.programs import ModelSpec, ProgramSpec

_FORGOTTEN: Final = "Keys are kept in this session's memory only; a reload discards them."


def draw_keys(draft: ExperimentDraft) -> list[Problem]:
    """Draw a field for each key that is not there; return what is missing. The field of each problem is "keys"."""
    specs = list_specs(draft)
    _ask_to_agree(specs)
    wanted = {
        keys.role_slot(role, model): (role, model) for spec in specs.values() for role, model in _roles(spec)
    }
    missing = {
        slot: (role, model)
        for slot, (role, model) in wanted.items()
        if not model.is_local
        and not keys.connection_key(model)
        and (not model.key_env or connections.unset_variable(model))
    }
    if not missing:
        return []
    problems = []
    for slot, (role, model) in missing.items():
        at = model.api_base or model.provider
        whose = "" if role == "model" else f", the {role}"
        label = f"Key for {model.label}{f' at {at}' if at else ''}{whose}"
        variable = connections.unset_variable(model)
        if variable or keys.get_key(slot) or not model.api_base:
            secret_field(label, slot=slot)
            st.caption(_FORGOTTEN)
        else:  # a local server often needs none
            with st.popover(f":blue[{escape_markdown(f'No key for {model.label}{whose}')}]", type="tertiary"):
                secret_field(label, slot=slot)
                st.caption(
                    f"Leave it empty for a server that needs none, as local ones often do. {_FORGOTTEN}"
                )
        if variable and not keys.get_key(slot):
            problems.append(
                Problem(
                    "keys", f"type the key for {model.label}: the environment variable {variable} is not set"
                )
            )
    return problems


def list_specs(draft: ExperimentDraft) -> Mapping[str, ProgramSpec]:
    """Key of an arm -> what it runs."""
    found = {arm.key: arm_spec(draft, arm) for arm in draft.arms}
    return {key: spec for key, spec in found.items() if spec is not None}


def _roles(spec: ProgramSpec) -> Sequence[tuple[str, ModelSpec]]:
    adviser = spec.adviser if spec.hint_source == "adviser" else None
    named = (("model", spec.model), ("adviser", adviser), ("judge", spec.judge))
    return [(role, model) for role, model in named if model is not None and model.kind == "litellm"]


def _ask_to_agree(specs: Mapping[str, ProgramSpec]) -> None:
    asked: set[str] = set()
    for spec in specs.values():
        texts = {one.text for one in runs.list_foreign(spec.parent, spec)}
        if texts and asked.isdisjoint(texts):
            ask_to_agree(spec, spec.parent)
        asked |= texts
