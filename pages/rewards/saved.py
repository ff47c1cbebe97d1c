"""Saved rewards on the page: open one, save what stands in the editor, look at versions and at the runs that used them."""

from __future__ import annotations

from typing import Final

import streamlit as st

from pages.rewards import draft
from pages.rewards.bench import Bench
from pages.rewards.cases.state import cases_text
from pages.rewards.draft import Base
from pages.rewards.fields import static_key
from pages.shared import address
from pages.shared.text import escape_markdown, show_error
from refine_core import runs, workbench
from refine_core.errors import SpecError, StoreError
from refine_core.formatting import format_time, pluralize
from refine_core.workbench import RewardVersion, SavedReward

RUNS_SHOWN: Final = 5
_NAME, _ERROR = static_key("save-name"), static_key("save-error")
_REMOVED, _DIALOG = static_key("removed"), static_key("versions-open")


def draw_save(bench: Bench) -> None:
    """Save the next version; of a reward without a name, ask for one."""
    base = draft.base()
    changed = bench.code.strip() != base.source.strip() or draft.reading() != base.reading
    other_cases = cases_text() != base.cases
    if base.name:
        _draw_save_as(bench, "Save as", primary=False)
        st.button(
            f"Save version {base.version + 1}"
            if changed
            else "Save cases"
            if other_cases
            else f"Version {base.version} saved",
            key=static_key("save-version"),
            type="primary",
            disabled=not (changed or other_cases),
            on_click=_save,
            args=(base.name, False),
        )
    else:
        _draw_save_as(bench, "Save", primary=True)


def draw_saved() -> None:
    """The saved rewards; a press opens one."""
    try:
        saved = workbench.list_rewards()
    except StoreError as error:
        show_error(str(error))
        return
    removed: SavedReward | None = st.session_state.get(_REMOVED)
    st.markdown("**Your rewards**")
    for name, one in saved.items():
        with st.container(horizontal=True, vertical_alignment="center"):
            st.button(
                f":blue[**{escape_markdown(name)}**] :gray[{pluralize(len(one.versions), 'version')}]",
                key=static_key("open-saved", name),
                type="tertiary",
                on_click=draft.load_saved,
                args=(one,),
                width="stretch",
            )
            st.button(
                ":blue[Remove]",
                key=static_key("remove-saved", name),
                type="tertiary",
                on_click=_remove,
                args=(name,),
                help="Removes all its versions. Runs that used it stay as they are.",
            )
    if removed is not None and removed.name not in saved:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.caption(escape_markdown(f"{removed.name} was removed."), width="stretch")
            st.button(":blue[Undo]", key=static_key("restore-saved"), type="tertiary", on_click=_restore)
    if not saved and removed is None:
        st.caption("None yet. Save keeps the reward under a name, with every version.")


def open_versions() -> None:
    """Have the versions shown. To be called in a callback."""
    st.session_state[_DIALOG] = True


def draw_versions() -> None:
    """The dialog with the versions, if it was asked for."""
    if st.session_state.pop(_DIALOG, False):
        _show_versions()


@st.dialog("Versions", width="large")
def _show_versions() -> None:
    base = draft.base()
    try:
        saved = workbench.read_reward(base.name)
        uses = workbench.list_uses(saved) if saved is not None else {}
        named = runs.listed([one for found in uses.values() for one in found[:RUNS_SHOWN]])
    except StoreError as error:
        show_error(str(error))
        return
    if saved is None:
        st.caption("This reward was removed. Save keeps it again.")
        return
    for version in reversed(saved.versions):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.markdown(
                f"**Version {version.number}** :gray[{format_time(version.saved_at)}]", width="content"
            )
            st.space("stretch")
            if st.button(
                "Open",
                key=static_key("open-version", version.number),
                disabled=version.number == base.version,
            ):
                draft.load_saved(saved, version.number)
                st.rerun()
        st.caption(_describe_uses(uses.get(version.number, [])))
        for run_id in uses.get(version.number, [])[:RUNS_SHOWN]:
            if (run := named.get(run_id)) is not None:
                st.page_link(address.RUN, label=escape_markdown(run.name), query_params={"run": run_id})
        before = saved.version(version.number - 1)
        if before is not None:
            st.code(_write_difference(before, version), language=None, wrap_lines=True)


def _describe_uses(run_ids: list[str]) -> str:
    if not run_ids:
        return "No run used it."
    more = f", the newest {RUNS_SHOWN} of them below" if len(run_ids) > RUNS_SHOWN else ""
    return f"Used by {pluralize(len(run_ids), 'run')}{more}"


def _write_difference(before: RewardVersion, after: RewardVersion) -> str:
    """The lines that changed, each with its sign; lines that are the same are counted."""
    signs = {"added": "+ ", "removed": "- "}
    lines: list[str] = []
    for piece in workbench.compare_versions(before, after).pieces:
        inside = piece.text.splitlines()
        if piece.kind == "same":
            lines.append(f"  … {pluralize(len(inside), 'line')} as before")
        else:
            lines += [f"{signs[piece.kind]}{line}" for line in inside]
    return "\n".join(lines) if before.source != after.source else "Only what it is read as has changed."


def _draw_save_as(bench: Bench, label: str, *, primary: bool) -> None:
    with (
        st.popover(
            label,
            type="primary" if primary else "secondary",
            key=static_key("save-as", draft.base().name, draft.base().version),
        ),
        st.container(width=320, gap="xsmall"),
    ):
        typed = st.text_input("Name", key=_NAME, placeholder="short and correct")
        if problem := st.session_state.get(_ERROR):
            show_error(problem)
        st.button(
            "Save",
            key=static_key("save"),
            disabled=not typed.strip() or draft.is_empty(bench.code),
            on_click=_save_typed,
        )


def _save_typed() -> None:
    _save(str(st.session_state.get(_NAME, "")), True)


def _save(name: str, new: bool) -> None:  # Streamlit passes a callback's arguments by position
    try:
        saved = workbench.save_reward(
            name, draft.code(), reading=draft.reading(), new=new, cases=cases_text()
        )
    except SpecError as error:
        st.session_state[_ERROR] = error.message
        return
    except StoreError as error:
        st.session_state[_ERROR] = str(error)
        return
    st.session_state.pop(_ERROR, None)
    st.session_state[_NAME] = ""
    latest = saved.latest
    draft.rebase(
        Base(latest.source, saved.name, latest.number, draft.base().run, latest.reading, latest.cases)
    )


def _remove(name: str) -> None:
    try:
        st.session_state[_REMOVED] = workbench.remove_reward(name)
    except StoreError as error:
        st.session_state[_ERROR] = str(error)


def _restore() -> None:
    removed = st.session_state.pop(_REMOVED, None)
    if removed is not None:
        workbench.restore_reward(removed)
