"""What was run, at the top of its page: name, date, model; what can be done with it; program, inputs and reward.

draw_header(run)        two rows, at most 120 px high on a wide page
"""

from __future__ import annotations

from functools import partial
from typing import Final, Literal

import streamlit as st

from pages.run.fork.dialog import can_fork, open_fork
from pages.run.lineage import describe_lineage, draw_tree, find_family, find_parent
from pages.run.menus import draw_compare, draw_replay_menu
from pages.shared import address
from pages.shared.clicks import take_click
from pages.shared.leave import leave_for
from pages.shared.run.actions import draw_actions
from pages.shared.run.program_row import draw_program
from pages.shared.run.view import selected_attempt
from pages.shared.share.menu import draw_share
from pages.shared.viewport import is_narrow
from pages.shared.web import TITLE, import_script, read_styles
from refine_core import runs
from refine_core.formatting import clip, format_run_id, format_time
from refine_core.messages import describe_unknown
from refine_core.runs import Annotation, Family, Run

_TITLE_KEY: Final = "title"
_WITH_FAMILY: Final = (77, 23)
_MAX_LEFT_OUT: Final = 80  # characters of what was left out before it was shared

_title = st.components.v2.component(
    "refinescope.title", js=import_script(TITLE), css=read_styles(TITLE, root=".run")
)


def draw_header(run: Run, annotation: Annotation) -> None:
    """Draw both rows; the family stands beside the program, where the run has one."""
    family = find_family(run)
    parent = find_parent(run, family)
    with st.container(horizontal=True, vertical_alignment="center", gap="small", wrap=is_narrow()):
        st.page_link(address.RUNS, label="Runs ▸", width="content")
        _title(
            key=_TITLE_KEY,
            on_asked_change=lambda: None,
            data={
                "name": name_of(run, annotation),
                "starred": annotation.starred,
                "tags": annotation.tags,
                "origin": describe_origin(run),
                "lineage": describe_lineage(run, family),
            },
        )
        _actions(run, family)
    match take_click(_TITLE_KEY, "asked"):
        case {"do": "open"} if parent is not None:
            leave_for(address.RUN, {"run": parent.run_id})
        case {"do": "compare"} if parent is not None:
            leave_for(address.COMPARE, {"a": parent.run_id, "b": run.run_id})
    if family is None or is_narrow():
        _draw_program(run)
        if family is not None:
            draw_tree(run, family)
        return
    program, tree = st.columns(_WITH_FAMILY, gap="medium")
    with program:
        _draw_program(run)
    with tree:
        draw_tree(run, family)


def _draw_program(run: Run) -> None:
    if draw_program(run.timeline.spec, rewards=True, unknown=run.timeline.unknown):
        leave_for(address.REWARDS, address.rewards_query(run.run_id))


def name_of(run: Run, annotation: Annotation) -> str:
    """What the run is called. A try of a hint test, without the title of the run that it is about, which stands above."""
    spec = run.timeline.spec
    title = runs.title(spec)
    return annotation.name or (title.rpartition(" · ")[2].capitalize() if spec.hint_test else title)


def describe_origin(run: Run) -> str:
    """When it ran, on what, and how it is found: "29 Nov 2026, 14:32 · practice model · seed 0 · run 7f3a"."""
    spec = run.timeline.spec
    seed = (
        [f"seed {spec.seed}"]
        if spec.model.kind == "practice"
        else [f"seed {spec.model.seed}"]
        if spec.model.seed is not None
        else []
    )
    short = f"run {format_run_id(run.run_id)}"
    mark = ["imported"] if run.imported else []
    if run.timeline.recorded_from:
        mark.append(f"recorded from {run.timeline.recorded_from}")
    if unknown := describe_unknown(run.timeline):
        mark.append(clip(unknown, _MAX_LEFT_OUT))
    if run.timeline.left_out:
        mark.append(clip(f"shared without {', '.join(run.timeline.left_out)}", _MAX_LEFT_OUT))
    return " · ".join([format_time(run.timeline.started_at), spec.model.label, *seed, short, *mark])


def _actions(run: Run, family: Family | None) -> None:
    with st.container(horizontal=True, width="content", gap="xsmall", vertical_alignment="center"):
        # Under What if, "Keep" is the one filled button; after a broken reward, "Fix the reward" leads to the Lab.
        kind: Literal["primary", "secondary"] = (
            "secondary" if address.asks_what_if() and not run.live else "primary"
        )
        if not run.awaits_decision and st.button("Open in Lab", type=kind, key="open-in-lab"):
            leave_for(address.LAB, address.change_query(run.run_id))
        draw_actions(run, menu=partial(draw_replay_menu, run))
        if can_fork(run):
            words = "Go on from the selected attempt with one thing changed. The attempts before it are kept and cost nothing."
            if st.button("Fork", key="fork-run", help=words):
                open_fork(run, (selected_attempt(run.timeline) or 0) + 1)
        elif run.timeline.spec.program_file and not run.live:
            st.button(
                "Fork",
                key="fork-run",
                disabled=True,
                help="Its own code joins its predictors, and only its own file runs that. Open in Lab rebuilds what is on record.",
            )
        draw_compare(run, family)
        if st.button("Present", key="present-run", help="Show the run to a room, in large type."):
            leave_for(address.PRESENT, address.step_query(run.run_id, 0))
        draw_share(run)
