"""The Share menu of several runs, as a dialog: files that hold all of them."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from typing import Final

import streamlit as st

from pages.shared.choice import choose
from pages.shared.share.menu import draw_files, list_fields
from pages.shared.share.served import MAX_RUNS
from pages.shared.text import escape_markdown
from refine_core import runs
from refine_core.formatting import pluralize
from refine_core.runs import ListedRun, RunPage

SELECTED, ALL = "selected", "all"
PROGRAMS_READ: Final = 8  # of the chosen runs, whose fields can be left out by name


def share_runs(selected: Sequence[ListedRun], listed: RunPage) -> None:
    """Draw the dialog's content. selected: the runs that are ticked. listed: all that the list shows, of which MAX_RUNS are at hand."""
    chosen = _choose(selected, listed)
    if len(chosen) > MAX_RUNS:
        st.markdown(f"Up to {MAX_RUNS:,} runs can be shared at once; {len(chosen):,} are selected.")
        return
    working = sum(one.outcome in ("running", "paused") for one in chosen)
    note = f"{pluralize(working, 'run')} still going: files hold what is recorded so far." if working else ""
    st.markdown(f"**{pluralize(len(chosen), 'run')}**: {escape_markdown(_list_names(chosen))}")
    ids = [one.run_id for one in chosen]
    draw_files(ids, list_fields(_programs(chosen)), key="share-runs", note=note)


def _choose(selected: Sequence[ListedRun], listed: RunPage) -> Sequence[ListedRun]:
    """The ticked runs, or all that the list shows."""
    if len(selected) >= listed.matching:
        return selected
    first = "The first " if listed.matching > len(listed.rows) else "All "
    options = {
        SELECTED: f"{len(selected):,} selected",
        ALL: f"{first}{pluralize(len(listed.rows), 'run')} in the list",
    }
    key = choice_key([one.run_id for one in selected])
    st.session_state.setdefault(key, SELECTED)
    choose("Which runs", options, key=key)
    return listed.rows if st.session_state[key] == ALL else selected


def choice_key(run_ids: Sequence[str]) -> str:
    """Of the choice between these runs and all: another selection begins with itself."""
    return f"share.all.{hashlib.blake2b(' '.join(run_ids).encode(), digest_size=6).hexdigest()}"


def _list_names(chosen: Sequence[ListedRun]) -> str:
    """The first names, each with how many runs have it, and how many more names there are: "Headline (2), JSON that must parse"."""
    counts = Counter(one.name for one in chosen)
    names = [f"{name} ({count:,})" if count > 1 else name for name, count in counts.items()]
    rest = len(names) - 3
    return ", ".join(names[:3]) + (f" and {rest:,} more" if rest > 0 else "")


def _programs(chosen: Sequence[ListedRun]) -> list[runs.ProgramSpec]:
    """The different programs among these runs, the first few."""
    firsts = {one.facts.program_hash or one.run_id: one.run_id for one in reversed(chosen)}
    found = (runs.timeline(run_id) for run_id in list(firsts.values())[:PROGRAMS_READ])
    return [timeline.spec for timeline in found if timeline is not None]
