"""An experiment while it runs, as data for assets/batch/live: how far it is, its arms, what went wrong, and where the grid's cells are.

draw_board(snapshot)      all of it
draw_grid(snapshot)       the grid alone, for the page of the result
"""

from __future__ import annotations

from typing import Any, Final

import streamlit as st

from pages.batch.live.cells import cells_url
from pages.batch.marks import mark_data
from pages.shared import address
from pages.shared.clicks import take_click
from pages.shared.leave import leave_for
from pages.shared.text import cut_text
from pages.shared.web import ARMS, GRID, LIVE, import_script, read_styles
from refine_core.experiments import Cell, FailureKind, Progress, Snapshot, build_progress
from refine_core.formatting import join_words, pluralize
from refine_core.unseen import show_unseen

KEY: Final = "batch.board"
GRID_KEY: Final = "batch.grid"
_component = st.components.v2.component(
    "refinescope.batch.live", js=import_script(LIVE), css=read_styles(ARMS, GRID, LIVE, root=".live")
)


def draw_board(snapshot: Snapshot) -> Progress:
    """Draw it. In an AppTest, press with `at.session_state[KEY] = {"asked": {"do": "retry-all", "at": 1}}`."""
    progress = build_progress(snapshot)
    data = {
        "part": "all",
        "title": "Rewards as they come" if snapshot.is_live else "Rewards so far",
        "headline": progress.headline,
        "details": [show_unseen(text) for text in progress.details],
        "arms": [
            {
                "name": show_unseen(one.arm.name),
                "mark": mark_data(one.place),
                "share": one.done / one.total if one.total else 1.0,
                "runs": f"{one.done:,} of {one.total:,}",
                "failed": f"{one.failed:,}",
                "calls": f"{one.calls:,}",
                "cost": one.cost,
                "left": one.left,
                "is_stopped": bool(one.stopped),
            }
            for one in progress.arms
        ],
        "failures": [_failure(kind, snapshot) for kind in progress.failures],
        "wrong": _count_failures(progress),
        "retry": progress.failed,
        "grid": _grid(snapshot, progress),
    }
    _component(key=KEY, data=data, on_asked_change=lambda: None)
    return progress


def draw_grid(snapshot: Snapshot) -> None:
    """Draw the grid alone: every run, as a cell that opens it. Call it on each run of the page: it takes the clicks, too."""
    take_clicks(snapshot, GRID_KEY)
    progress = build_progress(snapshot)
    data = {"part": "grid", "title": "All runs", "grid": _grid(snapshot, progress)}
    _component(key=GRID_KEY, data=data, on_asked_change=lambda: None)


def draw_all_runs(snapshot: Snapshot) -> None:
    """A switch below a result, and the grid of every run once it is on."""
    words = "Every run of the experiment as a cell, by input and repeat; a click opens the run."
    if snapshot.outcomes and st.toggle("Show all runs", key="batch.all-runs", help=words):
        draw_grid(snapshot)


def take_clicks(snapshot: Snapshot, key: str = KEY) -> tuple[Cell, ...]:
    """Open the run of the cell that was pressed; else return the failed cells that are to be run again. A browser can send anything."""
    asked = take_click(key, "asked")
    match asked:
        case {"do": "open"}:
            if (cell := _find_cell(snapshot, asked)) is not None:
                leave_for(address.RUN, {"run": cell.run_id(snapshot.experiment.id)})
        case {"do": "retry", "kind": str(kind)}:
            kinds = build_progress(snapshot).failures
            return next((one.cells for one in kinds if one.key == kind), ())
        case {"do": "retry-all"}:
            return build_progress(snapshot).failed_cells
    return ()


def _find_cell(snapshot: Snapshot, asked: Any) -> Cell | None:
    """The cell of that arm, row and repeat, if it has a run."""
    wanted = tuple(asked.get(name) for name in ("arm", "row", "repeat"))
    cell = next((one for one in snapshot.cells if (one.arm, one.row, one.repeat) == wanted), None)
    has_run = cell is not None and (cell in snapshot.outcomes or cell in snapshot.under_way)
    return cell if has_run else None


def _grid(snapshot: Snapshot, progress: Progress) -> dict[str, object]:
    return {
        "url": cells_url(snapshot.experiment.id),
        "revision": snapshot.revision,
        "arms": [
            {"key": one.arm.key, "name": show_unseen(one.arm.name), "mark": mark_data(one.place)}
            for one in progress.arms
        ],
        "alt": show_unseen(" ".join(one.in_words for one in progress.arms)),
    }


def _failure(kind: FailureKind, snapshot: Snapshot) -> dict[str, object]:
    return {
        "how": kind.how,
        "key": kind.key,
        "what": show_unseen(kind.what),
        "arms": show_unseen(join_words(kind.arms)),
        "detail": show_unseen(cut_text(kind.detail)),
        "count": kind.count,
        "inputs": kind.inputs,
        "continues": "continues" if snapshot.is_live else "went on",
    }


def _count_failures(progress: Progress) -> str:
    """How many, and that they cost nothing twice: "3 of 378 runs failed and 2 calls were made again; nothing …"."""
    parts = []
    if progress.failed:
        parts.append(f"{progress.failed:,} of {pluralize(progress.done, 'run')} failed")
    if progress.retried:
        was = "was" if progress.retried == 1 else "were"
        parts.append(f"{pluralize(progress.retried, 'call')} {was} made again")
    return f"{join_words(parts)}; nothing that finished is paid for twice" if parts else ""
