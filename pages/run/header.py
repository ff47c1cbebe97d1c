"""What was run, at the top of its page: name, date, model; what can be done with it; program, inputs and reward.

draw_header(run)        two rows, at most 120 px high on a wide page
"""

from __future__ import annotations

import streamlit as st

from pages.shared import address
from pages.shared.leave import leave_for
from pages.shared.run_actions import draw_actions
from pages.shared.web import PROGRAM, TITLE, import_script
from refine_core import runs
from refine_core.formatting import format_score, format_time, pluralize
from refine_core.glossary import GLOSSARY
from refine_core.runs import Annotation, ProgramSpec, Run, format_value

STRATEGIES = {"refine": "Refine", "best_of_n": "Best of N", "single": "Single attempt"}
SENT_CHARACTERS = 40_000  # of a value or a reward; a longer one is shown in the Lab
PREVIEW_LINES = 3  # of a reward
_title = st.components.v2.component(
    "refinescope.title", js=import_script(TITLE), css=TITLE.with_suffix(".css").read_text(encoding="utf-8")
)
_program = st.components.v2.component(
    "refinescope.program",
    js=import_script(PROGRAM),
    css=PROGRAM.with_suffix(".css").read_text(encoding="utf-8"),
)


def draw_header(run: Run, annotation: Annotation) -> None:
    """Draw both rows."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.page_link(address.RUNS, label="Runs ▸", width="content")
        _title(
            key="title",
            data={
                "name": name_of(run, annotation),
                "starred": annotation.starred,
                "tags": annotation.tags,
                "origin": describe_origin(run),
            },
        )
        _actions(run)
    draw_program(run.timeline.spec)


def name_of(run: Run, annotation: Annotation) -> str:
    """What the run is called."""
    return annotation.name or runs.title(run.timeline.spec)


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
    short = f"run {run.run_id.rpartition('-')[2][:4]}"
    return " · ".join([format_time(run.timeline.started_at), spec.model.label, *seed, short])


def draw_program(spec: ProgramSpec) -> None:
    """The row: signatures and settings, inputs, and the reward's first lines, each with a way to all of it."""
    lines = spec.reward.strip().splitlines()
    width = max((len(stage.name) for stage in spec.stages), default=0)
    stages = [
        (stage.name.ljust(width) if len(spec.stages) > 1 else None, _cut(stage.signature))
        for stage in spec.stages
    ]
    columns = [
        {
            "title": "Program",
            "term": GLOSSARY["signature"],
            "kind": "program-text",
            "lines": stages,
            "foot": describe_limits(spec),
            "all": f"All {pluralize(len(stages), 'stage')}",
        },
        {
            "title": "Inputs",
            "term": "",
            "kind": "inputs",
            "lines": [(name, _cut(format_value(value))) for name, value in spec.inputs.items()]
            or [("", "none")],
            "foot": "",
            "all": "Show all",
        },
        {
            "title": "Reward",
            "term": GLOSSARY["reward"],
            "kind": "reward",
            "lines": [(None, _cut("\n".join(lines)))],
            "preview": "\n".join(lines[_first_function(lines) :][:PREVIEW_LINES]),
            "foot": "",
            "all": f"All {pluralize(len(lines), 'line')}",
        },
    ]
    brief = f"{pluralize(len(spec.stages), 'stage')} · N {spec.attempt_count}"
    _program(key="program", data={"columns": columns, "brief": brief})


def describe_limits(spec: ProgramSpec) -> str:
    """How often it may be tried: "Refine · N 6 · threshold 1.00 · failures allowed 6"."""
    threshold = "no threshold" if spec.threshold is None else f"threshold {format_score(spec.threshold)}"
    if spec.strategy == "single":
        return f"{STRATEGIES[spec.strategy]} · {threshold}"
    allowed = spec.N if spec.fail_count is None else spec.fail_count
    return f"{STRATEGIES[spec.strategy]} · N {spec.N} · {threshold} · failures allowed {allowed}"


def _actions(run: Run) -> None:
    with st.container(horizontal=True, width="content", gap="xsmall", vertical_alignment="center"):
        if not run.awaits_decision and st.button(  # else "Fix the reward" leads there
            "Open in Lab", type="primary", key="open-in-lab"
        ):
            leave_for(address.LAB, address.change_query(run.run_id))
        draw_actions(run)
        if st.button(
            "Open in Rewards",
            key="open-in-rewards",
            help="Edit the reward and see what each attempt would score, without a model call.",
        ):
            leave_for(address.REWARDS, address.rewards_query(run.run_id))
        if st.button("Play", key="play-run", help="Step through the run, event by event."):
            leave_for(address.PLAY, {"run": run.run_id})
        if st.button("Present", key="present-run", help="Show the run to a room, in large type."):
            leave_for(address.PRESENT, address.step_query(run.run_id, 0))


def _first_function(lines: list[str]) -> int:
    """Where the reward itself begins, below its imports; 0 where nothing is defined."""
    return next((i for i, line in enumerate(lines) if line.startswith(("def ", "async def "))), 0)


def _cut(text: str) -> str:
    """A text of a size that a header can hold."""
    if len(text) <= SENT_CHARACTERS:
        return text
    return f"{text[:SENT_CHARACTERS]} … ({len(text):,} characters in all; Open in Lab shows the rest)"
