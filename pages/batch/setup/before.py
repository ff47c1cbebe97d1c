"""What the experiment will take, before anything is asked: runs, calls, price and time, and what it can show."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import streamlit as st

from pages.batch.marks import mark_data
from pages.batch.setup.draft import FORM, current
from pages.shared.web import ARMS, BEFORE, import_script, read_styles
from refine_core import experiments, programs
from refine_core.datasets import Dataset
from refine_core.formatting import pluralize
from refine_core.unseen import show_unseen

MAX_STEPS: Final = 5  # on the axis
TIMES: Final = "\N{MULTIPLICATION SIGN}"
KEY: Final = FORM.static_key("before")
_component = st.components.v2.component(
    "refinescope.before", js=import_script(BEFORE), css=read_styles(ARMS, BEFORE, root=".before")
)


@dataclass(frozen=True, slots=True)
class Before:
    """What it will take. runs: of all arms; calls: key of an arm -> calls an input, least and most."""

    inputs: int
    arms: int
    repeats: int
    calls: Mapping[str, tuple[float, float]]

    @property
    def runs(self) -> int:
        """Of all arms."""
        return self.inputs * self.arms * self.repeats


def estimate_before(dataset: Dataset | None) -> Before:
    """Estimate what the draft would take."""
    draft = current()
    calls = {}
    for arm in draft.arms:
        spec = experiments.arm_spec(draft, arm)
        if spec is not None:
            most, _ = programs.max_calls(spec)
            least = len(spec.stages) if spec.threshold is not None else most
            calls[arm.key] = (float(least), float(most))
    return Before(len(dataset.rows) if dataset is not None else 0, len(draft.arms), draft.repeats or 1, calls)


def write_calls(before: Before) -> dict[str, str]:
    """Key of an arm -> calls an input, as text: "3.1 to 7.4", "5.0"."""
    return {key: _write_range(low, high) for key, (low, high) in before.calls.items()}


def _write_range(low: float, high: float) -> str:
    return f"{low:.1f}" if low == high else f"{low:.1f} to {high:.1f}"


def draw_before(before: Before) -> None:
    """Draw it."""
    draft = current()
    places = {arm.key: place for place, arm in enumerate(draft.arms)}
    arms = [
        {
            "mark": mark_data(places[arm.key]),
            "name": show_unseen(experiments.name_arm_draft(arm)),
            "low": before.calls[arm.key][0],
            "high": before.calls[arm.key][1],
            "text": _write_range(*before.calls[arm.key]),
        }
        for arm in draft.arms
        if arm.key in before.calls
    ]
    highest = max((high for _, high in before.calls.values()), default=1.0)
    _component(
        key=KEY,
        data={
            "figures": _list_figures(before),
            "note": _write_note(),
            "arms": arms,
            "ticks": _list_ticks(highest),
            "alt": "; ".join(f"{one['name']}: {one['text']} calls an input" for one in arms),
            "shows": _describe_power(before),
        },
        height="content",
    )


def _list_ticks(highest: float) -> list[int]:
    """Round numbers from 0 to the most calls of an input, or just beyond."""
    steps = (base * 10**power for power in range(9) for base in (1, 2, 5))
    step = next(one for one in steps if highest <= one * MAX_STEPS)
    return list(range(0, step * max(math.ceil(highest / step), 1) + 1, step))


def _list_figures(before: Before) -> Sequence[tuple[str, str]]:
    if not before.inputs or not before.arms:
        return [("runs", "choose inputs and a program first")]
    times = f" {TIMES} ".join(str(one) for one in (before.inputs, before.arms, before.repeats) if one > 1)
    runs = f"{times} = {before.runs:,}" if TIMES in times else f"{before.runs:,}"
    each = before.inputs * before.repeats
    low = sum(low for low, _ in before.calls.values()) * each
    high = sum(high for _, high in before.calls.values()) * each
    calls = f"{low:,.0f}" if low == high else f"{low:,.0f} to {high:,.0f}"
    return [("runs", runs), ("calls", calls)]


def _write_note() -> str:
    """Who answers, and when it stops, in sentences."""
    draft = current()
    models = [spec.model.kind for arm in draft.arms if (spec := experiments.arm_spec(draft, arm)) is not None]
    said = []
    if models and all(kind == "practice" for kind in models):
        said.append("The practice model answers: no key, no network, no cost. It is not a language model.")
    stops = [
        *([f"${draft.usd:,.2f}"] if draft.usd is not None else []),
        *([f"{draft.calls:,} calls"] if draft.calls is not None else []),
        *([f"{draft.tokens:,} tokens"] if draft.tokens is not None else []),
    ]
    if stops:
        said.append(f"It stops at {' or '.join(stops)}, between two calls, and keeps what is done.")
    return " ".join(said)


def _describe_power(before: Before) -> Sequence[tuple[str, bool]]:
    if before.arms == 1:
        return [("One arm is measured, and compared with nothing.", False)]
    if before.inputs:
        return [
            (
                f"With {pluralize(before.inputs, 'input')}, how small a difference will show is known once runs are recorded.",
                False,
            )
        ]
    return []
