"""The list of experiments and drafts, and what there is to say while there is none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath
from typing import Final
from urllib.parse import urlencode

import streamlit as st

from pages.batch.example import draft_example
from pages.batch.marks import mark_data
from pages.shared import address
from pages.shared.clicks import take_click
from pages.shared.leave import leave_for
from pages.shared.new_experiment import is_untouched, open_new
from pages.shared.text import escape_markdown
from pages.shared.web import ARMS, LIST, import_script, read_styles
from refine_core import experiments
from refine_core.errors import SpecError, StoreError
from refine_core.experiments import ListedExperiment
from refine_core.experiments.drafts import (
    ExperimentDraft,
    drop_draft,
    list_drafts,
    name_arm_draft,
    name_draft,
    new_draft,
    save_draft,
)
from refine_core.experiments.result import build_result
from refine_core.formatting import format_time, pluralize
from refine_core.unseen import show_unseen

KEY: Final = "batch.list"
LIVE_S: Final = 2.0  # between two looks at experiments that are at work
SHOWN: Final = 100
_ALL: Final = "batch.list.all"
_DELETED: Final = "batch.list.deleted"
_VERDICTS: Final = "batch.list.verdicts"
_STATES: Final[Mapping[str, tuple[str, str]]] = {
    "running": ("\N{BLACK RIGHT-POINTING TRIANGLE}", "live"),
    "pausing": ("\N{BLACK RIGHT-POINTING TRIANGLE}", "live"),
    "cancelling": ("\N{BLACK RIGHT-POINTING TRIANGLE}", "live"),
    "paused": ("\N{BLACK SQUARE}", "paused"),
    "stopped": ("\N{MULTIPLICATION X}", "stopped"),
    "finished": ("\N{CHECK MARK}", "done"),
}
_component = st.components.v2.component(
    "refinescope.experiments", js=import_script(LIST), css=read_styles(ARMS, LIST, root=".experiments")
)


def draw_list() -> None:
    """Draw the list, again and again while an experiment is at work."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.title("Batch", anchor=False, width="content")
        st.space("stretch")
        listed, drafts = experiments.list_experiments(), list_drafts()
        kept = [one for one in drafts if not is_untouched(one)]
        if listed or kept:
            _draw_new(drafts)
    if not listed and not kept and not st.session_state.get(_DELETED):
        _draw_empty(drafts)
        return
    is_live = any(one.state in ("running", "pausing", "cancelling") for one in listed)
    st.fragment(_draw_table, run_every=LIVE_S if is_live else None)()


def _draw_new(drafts: Sequence[ExperimentDraft], kind: str = "secondary") -> None:
    if st.button(
        "Start with an example", key="batch.example", type="primary" if kind == "primary" else "secondary"
    ):
        open_new(draft_example(), drafts)
    if st.button("New experiment", icon=":material/add:", key="batch.new"):
        open_new(new_draft(), drafts)


def _draw_empty(drafts: Sequence[ExperimentDraft]) -> None:
    st.markdown(
        "**Over a whole table of inputs, which program is really better, and at what price?** One run on one input does "
        "not tell. Batch runs every program on each row, compares them row by row, and ends with one sentence that says how sure it is."
    )
    with st.container(horizontal=True, gap="small"):
        _draw_new(drafts, "primary")
    st.caption(
        "The example compares refining, best of 5 and a single attempt on sixty customers' messages. The practice model "
        "answers: no key, no cost, about a minute."
    )


def _draw_table() -> None:
    listed = experiments.list_experiments()
    drafts = [one for one in list_drafts() if not is_untouched(one)]
    _take_clicks(listed, drafts)
    dated = [(one.saved_at, _draft_row(one)) for one in drafts]
    dated += [(one.experiment.created_at, _experiment_row(one)) for one in listed]
    rows = [row for _, row in sorted(dated, key=lambda one: one[0], reverse=True)]
    shown = rows if st.session_state.get(_ALL) else rows[:SHOWN]
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        counts = [pluralize(len(listed), "experiment")] if listed else []
        counts += [pluralize(len(drafts), "draft")] if drafts else []
        st.caption(" and ".join(counts) or "Nothing is left.", width="content")
        if (deleted := st.session_state.get(_DELETED)) is not None:
            st.caption(escape_markdown(f"“{_name(deleted)}” is deleted."), width="content")
            st.button(":blue[Undo]", key="batch.undo", type="tertiary", on_click=_undo)
    if shown:
        _component(key=KEY, data={"rows": shown}, height="content", on_asked_change=lambda: None)
    if len(rows) > len(shown) and st.button(f"Show all {len(rows):,}", key="batch.all"):
        st.session_state[_ALL] = True
        st.rerun(scope="fragment")


def _take_clicks(listed: list[ListedExperiment], drafts: list[ExperimentDraft]) -> None:
    """In an AppTest: `at.session_state["batch.list"] = {"asked": {"do": "delete", "id": "…", "at": 1}}`."""
    asked = take_click(KEY, "asked") or {}
    wanted = str(asked.get("id", ""))
    draft = next((one for one in drafts if one.id == wanted), None)
    experiment = next((one for one in listed if one.experiment.id == wanted), None)
    known: ExperimentDraft | ListedExperiment | None = draft or experiment
    if known is None:
        return
    if asked.get("do") == "open":
        leave_for(address.BATCH, address.experiment_query(wanted))
    elif asked.get("do") == "delete":
        if draft is not None:
            drop_draft(wanted)
            drafts.remove(draft)
        elif experiment is not None:
            try:
                experiments.delete(wanted)
            except (SpecError, StoreError) as error:
                st.toast(escape_markdown(f"Not deleted: {error}"), icon=":material/error:")
                return
            listed.remove(experiment)
        st.session_state[_DELETED] = known


def _undo() -> None:
    deleted = st.session_state.pop(_DELETED)
    if isinstance(deleted, ExperimentDraft):
        save_draft(deleted)
    else:
        experiments.undelete(deleted.experiment.id)


def _name(deleted: ExperimentDraft | ListedExperiment) -> str:
    if isinstance(deleted, ExperimentDraft):
        return deleted.name or name_draft(deleted)
    return deleted.experiment.name


def _draft_row(draft: ExperimentDraft) -> dict[str, object]:
    return _row(
        draft.id,
        draft.name or name_draft(draft),
        [name_arm_draft(arm) for arm in draft.arms],
    ) | {
        "sign": "\N{WHITE CIRCLE}",
        "state": "draft",
        "tone": "draft",
        "inputs": "",
        "date": format_time(draft.saved_at),
        "verdict": "",
        "canDelete": True,
    }


def _experiment_row(one: ListedExperiment) -> dict[str, object]:
    experiment = one.experiment
    sign, tone = _STATES.get(one.state, ("", "draft"))
    each = max(len(experiment.arms) * experiment.repeats, 1)
    state = one.state if one.state == "finished" else f"{one.state}, {one.done:,} of {one.total:,}"
    return _row(experiment.id, experiment.name, [arm.name for arm in experiment.arms]) | {
        "sign": sign,
        "state": state,
        "tone": tone,
        "inputs": f"{one.total // each:,}",
        "date": format_time(experiment.created_at),
        "verdict": show_unseen(_find_verdict(one)),
        "canDelete": tone != "live",
    }


def _row(experiment_id: str, name: str, arms: Sequence[str]) -> dict[str, object]:
    page = PurePosixPath(address.BATCH).parent.name
    return {
        "id": experiment_id,
        "name": show_unseen(name),
        "href": f"{page}?{urlencode(address.experiment_query(experiment_id))}",
        "arms": [{"mark": mark_data(place), "name": show_unseen(arm)} for place, arm in enumerate(arms)],
    }


def _find_verdict(one: ListedExperiment) -> str:
    """The headline of an experiment that has come to its end; worked out once a session."""
    if one.state != "finished":
        return ""
    known: dict[str, tuple[ListedExperiment, str]] = st.session_state.setdefault(_VERDICTS, {})
    experiment_id = one.experiment.id
    if experiment_id not in known or known[experiment_id][0] != one:
        snapshot = experiments.get(experiment_id)
        if snapshot is None:
            return ""
        known[experiment_id] = (one, build_result(snapshot).verdict.headline)
    return known[experiment_id][1]
