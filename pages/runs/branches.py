"""Branches, and the tries of hint tests, under the run that they go back to: folded with a count, unfolded by a press.

list_rows(page, text, filters) -> Entry      what the table shows, in order
toggle(run_id)                               fold or unfold; a run that is listed for its branches alone is unfolded at first
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import streamlit as st

from refine_core import runs
from refine_core.formatting import join_words, pluralize
from refine_core.runs import Filters, Folded, ListedRun, RunPage, Sort

MAX_UNFOLDED: Final = 200  # rows under all the rows of a page
_TOGGLED: Final = "runs.toggled"
_OLDEST_FIRST: Final = Sort("when", descending=False)
_NOTHING: Final = Folded()


@dataclass(frozen=True, slots=True)
class Entry:
    """A row of the table. kind: "branch" and "try" stand under the run above. folded: what stands under it. is_open: whether that is shown.

    left_out: how many more stand under it than are shown. same_inputs: whether those of the run above are its own.
    """

    run: ListedRun
    kind: str = "run"
    folded: Folded = _NOTHING
    is_open: bool = False
    left_out: int = 0
    same_inputs: bool = False


def list_rows(page: RunPage, text: str, filters: Filters) -> list[Entry]:
    """The rows of a page, those of unfolded runs with what stands under them. Raises StoreError."""
    open_ids = [one.run_id for one in page.rows if _is_open(one.run_id, page.folded)]
    under = _list_under(open_ids, text, filters) if open_ids else {}
    entries = []
    for run in page.rows:
        folded = page.folded.get(run.run_id, _NOTHING)
        is_open = run.run_id in open_ids
        children = under.get(run.run_id, []) if is_open else []
        left_out = folded.branches + folded.tries - len(children) if is_open else 0
        entries.append(Entry(run, "run", folded, is_open, left_out))
        same = run.facts.inputs_hash
        entries += [replace(one, same_inputs=one.run.facts.inputs_hash == same) for one in children]
    return entries


def toggle(run_id: str) -> None:
    """Show what stands under a run, or hide it."""
    toggled = set(st.session_state.get(_TOGGLED, ()))
    st.session_state[_TOGGLED] = toggled ^ {run_id}


def describe_folded(folded: Folded) -> str:
    """What stands under a row: "2 branches and 20 tries of hint tests"."""
    tries = pluralize(folded.tries, "try of a hint test", "tries of hint tests")
    branches = pluralize(folded.branches, "branch", "branches")
    return join_words([*([branches] if folded.branches else []), *([tries] if folded.tries else [])])


def _is_open(run_id: str, folded: Mapping[str, Folded]) -> bool:
    """A run that does not pass the filters is listed for its branches, which are shown unless somebody hides them."""
    if run_id not in folded:
        return False
    return (run_id in st.session_state.get(_TOGGLED, ())) is folded[run_id].passes


def _list_under(run_ids: Sequence[str], text: str, filters: Filters) -> dict[str, list[Entry]]:
    under = replace(filters, fold=False, under=tuple(run_ids))
    branches = runs.search(text, under, _OLDEST_FIRST, size=MAX_UNFOLDED).rows
    tries = runs.search(text, replace(under, tries=True), _OLDEST_FIRST, size=MAX_UNFOLDED).rows
    found: dict[str, list[Entry]] = {}
    for kind, rows in (("branch", branches), ("try", tries[: MAX_UNFOLDED - len(branches)])):
        for run in rows:
            found.setdefault(run.facts.under or "", []).append(Entry(run, kind))
    return found
