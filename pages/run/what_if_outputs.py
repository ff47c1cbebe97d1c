"""The outputs that the answer is about: the one that would be returned, the one that was, and the one that is selected."""

from __future__ import annotations

from typing import Final

import streamlit as st

from pages.shared.text import cut_text
from pages.shared.viewport import is_narrow
from pages.shared.web import REWARD_ROW, import_script, read_styles
from refine_core.formatting import format_score
from refine_core.runs import RunWhatIf, format_value
from refine_core.unseen import show_unseen_in

MAX_LOST: Final = 4  # parts that are named
_NOISE: Final = 1e-9
_component = st.components.v2.component(
    "refinescope.what_if_output", js=import_script(REWARD_ROW), css=read_styles(REWARD_ROW)
)


def draw_outputs(asked: RunWhatIf, selected: int | None) -> None:
    """Draw them side by side. selected: index of the attempt that is looked at."""
    shown = _choose_outputs(asked)
    made = {a.index + 1 for a in asked.timeline.attempts if a.outputs is not None}
    if selected is not None and selected + 1 not in shown and selected + 1 in made:
        shown[selected + 1] = "Selected"
    numbers = [number for number in shown if number in made]
    if not numbers:
        return
    places = [st.container() for _ in numbers] if is_narrow() else st.columns(len(numbers), gap="medium")
    for place, number in zip(places, numbers, strict=True):
        with place, st.container(gap="xxsmall"):
            _draw_output(asked, number, shown[number])


def _choose_outputs(asked: RunWhatIf) -> dict[int, str]:
    """Number of an attempt -> what it is: returned before, or now."""
    timeline, answer = asked.timeline, asked.result
    was = None if timeline.returned_index is None else timeline.returned_index + 1
    now = answer.returned if answer.is_known else answer.first
    title = "Would be returned"
    if not answer.is_known:
        values = {one.attempt: one.new for one in answer.attempts}
        first = values.get(answer.first or 0)
        reached = first is not None and answer.threshold is not None and first >= answer.threshold
        title = "First at the threshold" if reached else "Best of these outputs"
    if now is None:
        return {} if was is None else {was: "Was returned"}
    if now == was:
        return {now: "Returned, as before" if answer.is_known else f"{title}, as before"}
    return {now: title} if was is None else {now: title, was: "Was returned"}


def _draw_output(asked: RunWhatIf, number: int, title: str) -> None:
    attempt = next(a for a in asked.timeline.attempts if a.index == number - 1)
    outputs = attempt.outputs or {}
    st.markdown(f"**{title}, attempt {number}**")
    fields = [
        {"name": name, "text": cut_text(format_value(value)), "pieces": None}
        for name, value in outputs.items()
    ]
    result = []
    if (lost := _describe_lost(asked, number - 1)) is not None:
        result.append({"name": "lost", "text": lost, "tone": ""})
    _component(
        key=f"what-if.output.{number}",
        data=show_unseen_in(
            {"title": "", "scores": "", "fields": fields, "context": [], "result": result, "keys": False}
        ),
        height="content",
    )


def _describe_lost(asked: RunWhatIf, index: int) -> str | None:
    """What each part of the new score lacks, of the most that any attempt has; None for a score without parts."""
    attempts = asked.result.attempts
    parts = attempts[index].parts
    if not parts:
        return None
    lost = {
        name: max(one.parts.get(name, value) for one in attempts) - value for name, value in parts.items()
    }
    named = sorted((name for name in lost if lost[name] > _NOISE), key=lambda name: -lost[name])
    if not named:
        return "nothing"
    more = f" and {len(named) - MAX_LOST} more" if len(named) > MAX_LOST else ""
    return ", ".join(f"{format_score(lost[name])} {name}" for name in named[:MAX_LOST]) + more
