"""The answer of an experiment that has ended or was stopped: the verdict, then pictures, then tables, all as data for assets/batch.

draw_result(snapshot)      which two arms are compared, by what, and the page of the worst inputs stand in the address
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import streamlit as st

from pages.batch.live.actions import open_retry_dialog, retry
from pages.batch.result.differing import describe_differences
from pages.batch.result.header import draw_result_header
from pages.batch.result.more import draw_more_dialog
from pages.batch.result.offers import describe_rest, offer_more, take_more
from pages.batch.result.pictures import (
    BEST_OF_K,
    explain_withheld,
    show_curves,
    show_differences,
    show_known,
    show_survival,
)
from pages.batch.result.tables import (
    PAGE,
    RETRY,
    list_arms,
    list_pairs,
    list_parts,
    list_worst,
    show_failures,
)
from pages.batch.result.what_if import Supposed, draw_what_if
from pages.shared import address
from pages.shared.clicks import take_click
from pages.shared.leave import leave_for
from pages.shared.query import read_whole, write
from pages.shared.web import ARMS, RESULT, import_script, read_styles
from refine_core.experiments import Snapshot
from refine_core.experiments.result import Comparison, Result, build_result, describe_pair
from refine_core.unseen import show_unseen

KEY: Final = "result"
_PAGE, _BY = "page", "by"
_BUDGETS: Final = ("calls", "tokens", "usd", BEST_OF_K)
_component = st.components.v2.component(
    "refinescope.result",
    js=import_script(RESULT),
    css=read_styles(ARMS, RESULT, root=".result"),
)


@st.cache_resource(max_entries=8, show_spinner=False)
def _build(known: tuple[object, ...], _snapshot: Snapshot) -> Result:
    """The result of a snapshot; thousands of runs are counted once, not with each click. known: what tells snapshots apart."""
    del known
    return build_result(_snapshot)


def result_of(snapshot: Snapshot) -> Result:
    """What came of it."""
    return _build((snapshot.experiment, snapshot.revision, snapshot.state, snapshot.done), snapshot)


def draw_result(snapshot: Snapshot) -> None:
    """Draw the whole page of an experiment that is not live, its header too.

    In an AppTest, press with `at.session_state["result"] = {"asked": {"pair": "a.c", "at": 1}}`.
    """
    recorded = result = result_of(snapshot)
    open_retry_dialog(snapshot)
    draw_result_header(snapshot)
    supposed = draw_what_if(snapshot)
    shown = snapshot if supposed is None else supposed.found.snapshot
    if supposed is not None:
        result = result_of(shown)
    chosen = _chosen(result)
    _take_clicks(snapshot, result, chosen)
    data = _data(shown, result, chosen)
    if supposed is None:
        data["actions"] = offer_more(snapshot, result)
        data["plan"] = describe_rest(snapshot)
    else:
        data |= _mark(data["details"], recorded, supposed)
        data["failures"] = None  # what failed in fact stands at what was recorded
    _component(key=KEY, data=data, on_asked_change=lambda: None)
    draw_more_dialog(snapshot)


def _mark(details: object, recorded: Result, supposed: Supposed) -> dict[str, object]:
    """What is said of a result that was not recorded: what is changed, what was recorded, what is not known."""
    told = [f"As recorded: {recorded.verdict.headline}", *supposed.found.describe()]
    return {
        "mark": f"What if: {supposed.changes}",
        "details": [*map(show_unseen, told), *(details if isinstance(details, list) else [])],
    }


def _chosen(result: Result) -> Comparison | None:
    """The pair that the address names, else the verdict's own."""
    named = address.pair()
    found = result.compare(*named) if named is not None else None
    return found or result.main


def _data(snapshot: Snapshot, result: Result, one: Comparison | None) -> dict[str, object]:
    verdict, dataset = result.verdict, snapshot.dataset
    keys = () if one is None else (one.first.key, one.second.key)
    draws = result.draws_curves and (one is not None or not result.differing_rewards)
    drawn = result.keep_alike(keys[0]) if keys else result
    few = one is not None and not result.draws_curves
    return {
        "id": snapshot.experiment.id,
        "by": st.query_params.get(_BY, _BUDGETS[0]),
        "mark": "",
        "headline": show_unseen(verdict.headline),
        "details": [show_unseen(text) for text in verdict.details if not _is_of_pair(text, result)],
        "method": verdict.method,
        "actions": [],
        "plan": "",
        "known": show_known(one) if one is not None and result.is_final else None,
        "differences": show_differences(one, dataset) if one is not None else None,
        "survival": show_survival(drawn, keys) if draws else None,
        "curves": show_curves(drawn, one, keys) if draws else None,
        "withheld": explain_withheld(result) if few else "",
        "arms_table": list_arms(result, keys),
        "pairs": list_pairs(result, one),
        "parts": list_parts(one) if one is not None else None,
        "worst": _worst(snapshot, one) if one is not None else None,
        "failures": show_failures(result, snapshot),
    }  # fmt: skip


def _is_of_pair(text: str, result: Result) -> bool:
    """Whether a sentence says what the table of pairs says."""
    pairs = result.comparisons if len(result.comparisons) > 1 else ()
    return any(text.startswith(f"{describe_pair(one)[0]}: ") for one in pairs)


def _worst(snapshot: Snapshot, one: Comparison) -> dict[str, object]:
    page = read_whole(_PAGE) or 1
    shown = one.regressions[(page - 1) * PAGE : page * PAGE] or one.regressions[:PAGE]
    return list_worst(one, snapshot.dataset, page, describe_differences(shown))


def _take_clicks(snapshot: Snapshot, result: Result, one: Comparison | None) -> None:
    """Do what was pressed in the component. A browser can send anything."""
    asked = take_click(KEY, "asked")
    if asked is None:
        return
    if "open" in asked and one is not None:
        _open(one, asked["open"])
    elif asked.get("act") == RETRY and not address.asks_what_if():
        retry(snapshot, [cell for cell, outcome in snapshot.outcomes.items() if outcome.state == "failed"])
    elif "act" in asked and not address.asks_what_if():
        take_more(snapshot, result, asked["act"])
    elif "pair" in asked:
        first, _, second = str(asked["pair"]).partition(".")
        if result.compare(first, second) is not None:
            address.show_pair(first, second)
            write(_PAGE, None)
            st.rerun()
    elif asked.get("by") in _BUDGETS:
        write(_BY, str(asked["by"]))
    elif isinstance(asked.get("page"), int):
        write(_PAGE, str(max(1, asked["page"])))


def _open(one: Comparison, row: object) -> None:
    """Both runs of an input side by side, the second arm's as A, since the first arm's is what changed."""
    found = next((i for i in one.by_input if i.row == row), None)
    if found is not None:
        leave_for(address.COMPARE, _compare_query(found.second_run, found.first_run))


def _compare_query(a: str, b: str) -> Mapping[str, str]:
    return {"a": a, "b": b}
