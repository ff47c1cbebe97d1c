"""What a run was given, in a row: signatures and settings, inputs, the reward. On the page of a run, and where it is played."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final

import streamlit as st

from pages.shared.clicks import take_click
from pages.shared.web import PROGRAM, import_script, read_styles
from refine_core.formatting import format_score, pluralize
from refine_core.glossary import GLOSSARY
from refine_core.programs import Strategy
from refine_core.runs import ProgramSpec, format_value

STRATEGIES: Final[Mapping[Strategy, str]] = {
    "refine": "Refine",
    "best_of_n": "Best of N",
    "single": "Single attempt",
}
SENT_CHARACTERS = 40_000  # of a value or a reward; a longer one is shown in the Lab
PREVIEW_LINES = 3  # of a reward
KEY = "program"
_program = st.components.v2.component(
    "refinescope.program",
    js=import_script(PROGRAM),
    css=read_styles(PROGRAM, root=".program"),
)


def draw_program(spec: ProgramSpec, *, rewards: bool = False, unknown: Collection[str] = ()) -> bool:
    """The row: signatures and settings, inputs, and the reward's first lines, each with a way to all of it.

    rewards: whether the reward has a link to the Rewards page. unknown: as in a Timeline. Returns whether that was pressed.
    In an AppTest, press it with `at.session_state["program"] = {"opened": {"at": 1}}`.
    """
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
            "foot": " · ".join(filter(None, (describe_limits(spec, unknown), _describe_file(spec)))),
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
            "link": "Open in Rewards" if rewards else "",
            "link_title": "Edit the reward and see what each attempt would score, without a model call.",
        },
    ]
    count = "unknown" if "N" in unknown else spec.attempt_count
    brief = f"{pluralize(len(spec.stages), 'stage')} · N {count}"
    _program(key=KEY, data={"columns": columns, "brief": brief}, on_opened_change=lambda: None)
    return take_click(KEY, "opened") is not None


def describe_limits(spec: ProgramSpec, unknown: Collection[str] = ()) -> str:
    """How often it may be tried: "Refine · N 6 · threshold 1.00 · failures allowed 6". unknown: as in a Timeline."""
    threshold = (
        "threshold unknown"
        if "threshold" in unknown
        else "no threshold"
        if spec.threshold is None
        else f"threshold {format_score(spec.threshold)}"
    )
    if spec.strategy == "single":
        return f"{STRATEGIES[spec.strategy]} · {threshold}"
    if "N" in unknown:
        return f"{STRATEGIES[spec.strategy]} · N unknown · {threshold}"
    allowed = spec.N if spec.fail_count is None else spec.fail_count
    return f"{STRATEGIES[spec.strategy]} · N {spec.N} · {threshold} · failures allowed {allowed}"


def _describe_file(spec: ProgramSpec) -> str:
    """That only its own file runs it: "only agent.py runs it"; "" for a program of stages."""
    return f"only {spec.program_file} runs it" if spec.program_file else ""


def _first_function(lines: list[str]) -> int:
    """Where the reward itself begins, below its imports; 0 where nothing is defined."""
    return next((i for i, line in enumerate(lines) if line.startswith(("def ", "async def "))), 0)


def _cut(text: str) -> str:
    """A text of a size that a header can hold."""
    if len(text) <= SENT_CHARACTERS:
        return text
    return f"{text[:SENT_CHARACTERS]} … ({len(text):,} characters in all; Open in Lab shows the rest)"
