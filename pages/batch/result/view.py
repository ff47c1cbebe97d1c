"""The answer of an experiment that has ended or was stopped: the verdict first, then what each arm did."""

from __future__ import annotations

import streamlit as st

from pages.batch.header import draw_header
from pages.batch.marks import mark_markdown
from pages.batch.rest import draw_rest
from pages.shared.text import escape_markdown
from refine_core import experiments
from refine_core.experiments import ArmResult, Snapshot
from refine_core.formatting import format_score, pluralize


def draw_result(snapshot: Snapshot) -> None:
    """Draw the whole page of an experiment that is not live, its header too."""
    experiment = snapshot.experiment
    count = f"{snapshot.done:,} of {pluralize(len(snapshot.cells), 'run')} have ended"
    draw_header(experiment.name, count, actions=lambda: draw_rest(snapshot), key=experiment.id)
    result = experiments.build_result(snapshot)
    st.subheader(escape_markdown(result.verdict.headline), anchor=False)
    for text in result.verdict.details:
        st.markdown(escape_markdown(text))
    rows = [_write_row(place, one) for place, one in enumerate(result.arms)]
    st.markdown("\n".join(["| arm | runs | failed | mean reward |", "|:--|--:|--:|--:|", *rows]))
    if result.verdict.method:
        st.caption(escape_markdown(result.verdict.method))


def _write_row(place: int, one: ArmResult) -> str:
    low, high = one.interval
    mean = "unknown" if one.mean is None else format_score(one.mean)
    interval = "" if low is None or high is None else f" \\[{format_score(low)}, {format_score(high)}\\]"
    name = escape_markdown(one.arm.name).replace("|", "\\|")
    return f"| {mark_markdown(place)} {name} | {one.runs:,} | {one.failed:,} | {mean}{interval} |"
