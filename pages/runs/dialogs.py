"""What is done with runs in a dialog each: a name, tags, a note; sharing them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

import streamlit as st

from pages.runs import filters
from pages.shared.share.many import share_runs
from pages.shared.share.served import MAX_RUNS
from pages.shared.text import escape_markdown, show_error
from refine_core import runs
from refine_core.errors import StoreError
from refine_core.formatting import pluralize
from refine_core.runs import ListedRun

_OPEN: Final = "runs.dialog"
_NEW: Final = "runs.new-dialog"


def ask_to_open(name: str, run_ids: Sequence[str]) -> None:
    """Have the next run of the page open a dialog: "rename", "tag", "note" or "share". It stays open until it is saved or closed."""
    st.session_state[_OPEN] = (name, tuple(run_ids))
    st.session_state[_NEW] = True


def take_new() -> bool:
    """Whether a dialog was asked for and is not open yet. It is told once."""
    return bool(st.session_state.pop(_NEW, False))


def _close() -> None:
    st.session_state.pop(_OPEN, None)


def open_dialog() -> None:
    """Open the dialog that was asked for, if any. Call it outside any fragment, whose next run would close it."""
    name, run_ids = st.session_state.get(_OPEN, ("", ()))
    chosen = list(runs.listed(run_ids).values())
    if chosen:
        DIALOGS[name](chosen)


@st.dialog("Rename the run", on_dismiss=_close)
def _rename(chosen: Sequence[ListedRun]) -> None:
    run = chosen[0]
    with st.form("rename", border=False):  # in which Enter saves
        name = st.text_input("Name", run.annotation.name or run.summary.title, max_chars=200)
        st.caption(escape_markdown(f"Its own title is “{run.summary.title}”. An empty name brings it back."))
        saved = st.form_submit_button("Save", type="primary")
    if saved:
        own = name.strip() == run.summary.title.strip()
        _save(lambda: runs.rename(run.run_id, "" if own else name))


@st.dialog("Tags", on_dismiss=_close)
def _tag(chosen: Sequence[ListedRun]) -> None:
    every = [set(run.annotation.tags) for run in chosen]
    common = [tag for tag in chosen[0].annotation.tags if all(tag in tags for tags in every)]
    known = list(dict.fromkeys([*common, *runs.choices().tags]))
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small", wrap=False):
        picked = st.multiselect(
            f"Tags of {'this run' if len(chosen) == 1 else 'these ' + pluralize(len(chosen), 'run')}",
            known,
            common,
            accept_new_options=True,
            select_all=False,
            placeholder="Choose tags, or type a new one",
        )
        saved = st.button("Save", type="primary")  # beside the field, whose open list would cover it below
    st.caption(
        "Enter adds what you typed."
        + (" Tags that only some of these runs have stay as they are." if len(chosen) > 1 else "")
    )
    if saved:

        def save() -> None:
            for run in chosen:
                others = [tag for tag in run.annotation.tags if tag not in common]
                runs.tag(run.run_id, [*others, *picked])

        _save(save)


@st.dialog("Note", on_dismiss=_close)
def _note(chosen: Sequence[ListedRun]) -> None:
    run = chosen[0]
    with st.form("note", border=False):  # in which Ctrl-Enter saves
        text = st.text_area(
            "Note",
            run.annotation.note,
            height=160,
            placeholder="What you tried, and what came of it. The search finds its words.",
        )
        saved = st.form_submit_button("Save", type="primary")
    if saved:
        _save(lambda: runs.note(run.run_id, text))


@st.dialog("Share", width="medium", on_dismiss=_close)
def _share(chosen: Sequence[ListedRun]) -> None:
    share_runs(chosen, filters.search_all(MAX_RUNS))


def _save(save: Callable[[], None]) -> None:
    try:
        save()
    except StoreError as error:
        show_error(f"Not saved: {error}")
    else:
        _close()
        st.rerun()


DIALOGS: Final[Mapping[str, Callable[[Sequence[ListedRun]], None]]] = {
    "rename": _rename,
    "tag": _tag,
    "note": _note,
    "share": _share,
}
