"""The keys that the arms of an experiment need: asked for once each, kept in this session alone, and handed on arm by arm.

ask_for_keys(missing_keys(…))        a field for each        collect_keys(arms) -> Credentials
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import streamlit as st

from pages.shared import keys
from pages.shared.credentials import collect_credentials
from pages.shared.secret import secret_field
from refine_core import connections, experiments, runs
from refine_core.experiments import Arm, Snapshot
from refine_core.programs import ModelSpec
from refine_core.runs import Credentials

_ASKED: Final = "batch.asked-keys"


@dataclass(frozen=True, slots=True)
class KeyField:
    """A key that is needed. slot: where pages/shared/keys.py keeps it. label: whose it is, for people."""

    slot: str
    label: str


def collect_keys(arms: Sequence[Arm]) -> Credentials:
    """The keys of this session for these arms; those in the environment are looked up where they are used."""
    return experiments.join_credentials(
        {arm.key: collect_credentials(arm.spec, origin=arm.spec.parent) for arm in arms}
    )


def list_keys(snapshot: Snapshot) -> list[KeyField]:
    """The keys that somebody has to type before the experiment can go on: they were typed when it began, or refused.

    One that was asked for stays in the list, so that its field does, until `forget_asked`.
    """
    asked: set[str] = st.session_state.setdefault(f"{_ASKED}.{snapshot.experiment.id}", set())
    fields: dict[str, KeyField] = {}
    one_is_missing = bool(st.session_state.get(_missing(snapshot)))
    for arm in snapshot.experiment.arms:
        typed = _typed_roles(snapshot, arm)
        is_refused = arm.key in snapshot.keyless_arms
        for role, model in _models(arm):
            slot = keys.role_slot(role, model)
            has_key = bool(keys.connection_key(model) or keys.get_key(slot))
            wanted = role in typed or connections.unset_variable(model) is not None
            if is_refused or slot in asked or ((wanted or one_is_missing) and not has_key):
                asked.add(slot)
                at = model.api_base or model.provider
                whose = "" if role == "model" else f", the {role}"
                fields.setdefault(
                    slot, KeyField(slot, f"Key for {model.label}{f' at {at}' if at else ''}{whose}")
                )
    return list(fields.values())


def note_missing_key(snapshot: Snapshot) -> None:
    """Have `list_keys` name every key that could be typed, since one was missing and no run says which."""
    st.session_state[_missing(snapshot)] = True


def forget_asked(snapshot: Snapshot) -> None:
    """The keys that were asked for have been used."""
    st.session_state.pop(_missing(snapshot), None)
    st.session_state.pop(f"{_ASKED}.{snapshot.experiment.id}", None)


def ask_for_keys(fields: Sequence[KeyField]) -> None:
    """A field for each of them."""
    for field in fields:
        secret_field(field.label, slot=field.slot)
    if fields:
        st.caption("Keys are kept in this session's memory only; a reload discards them.")


def _missing(snapshot: Snapshot) -> str:
    return f"batch.missing-key.{snapshot.experiment.id}"


def _models(arm: Arm) -> Iterator[tuple[str, ModelSpec]]:
    """The models that take a key, by role."""
    yield from ((role, model) for role, model in arm.spec.models.items() if model.kind == "litellm")


def _typed_roles(snapshot: Snapshot, arm: Arm) -> tuple[str, ...]:
    """The roles whose key was typed when the last run of this arm began; earlier ones may have begun without."""
    of_arm = (one for one in reversed(snapshot.cells) if one.arm == arm.key)
    cell = next((one for one in of_arm if one in snapshot.outcomes or one in snapshot.under_way), None)
    run = runs.get(cell.run_id(snapshot.experiment.id)) if cell is not None else None
    return run.timeline.typed_key_roles if run is not None else ()
