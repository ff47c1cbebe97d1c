"""The row that is selected: what its fields hold, its score, and how it differs from the row before."""

from __future__ import annotations

import streamlit as st

from pages.rewards import fields
from pages.rewards.bench import Bench
from pages.rewards.board import describe_error, first_listed, row_number
from pages.rewards.cases.pin import draw_pin
from pages.rewards.exact_text import show_exactly
from pages.rewards.fields import static_key
from pages.rewards.scores.labels import draw_label
from pages.rewards.scores.table import COMPARES
from pages.shared import address
from pages.shared.attempt.changes import mark_changes
from pages.shared.text import cut_text
from pages.shared.web import REWARD_ROW, import_script, read_styles
from refine_core.cases import Case
from refine_core.formatting import format_score
from refine_core.runs import format_value
from refine_core.unseen import show_unseen_in
from refine_core.workbench import Row, RowScore

_component = st.components.v2.component(
    "refinescope.rewards.row",
    js=import_script(REWARD_ROW),
    css=read_styles(REWARD_ROW),
)


def draw_row(bench: Bench) -> None:
    """Draw the selected row, or say how to select one."""
    if not bench.rows:
        return
    position = fields.read_row()
    if position is None or position >= len(bench.rows):
        position = first_listed(bench, fields.read_only())
    row, score = bench.rows[position], bench.score_of(position)
    before = bench.rows[position - 1] if position and st.session_state.get(COMPARES, False) else None
    source, place = bench.find_source(position)
    number = row_number(row, place)
    attempt = source.timeline is not None
    name = f"{'Attempt' if attempt else 'Row'} {number}"
    _component(
        key=static_key("row"),
        data=show_unseen_in(
            {
                "title": name,
                "scores": _describe_scores(bench.old_of(position), score),
                "fields": [_field(key, value, before) for key, value in row.prediction.items()],
                "context": _describe_context(row),
                "result": _describe_result(score),
                "compared": before is not None,
            }
        ),
        height="content",
    )
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        draw_label(bench, position)
        draw_pin(bench, position)
        if source.timeline is not None:
            st.page_link(
                address.RUN,
                label="Open the run",
                query_params={"run": source.timeline.run_id, "attempt": str(number)},
                width="content",
            )


def draw_values(one: Row | Case, score: RowScore | None, key: str) -> None:
    """What an output holds, what the reward said of it, and what it is an output of, without a title."""
    _component(
        key=key,
        data=show_unseen_in(
            {
                "title": "",
                "fields": [_field(name, value, None) for name, value in one.prediction.items()],
                "context": _describe_context(one),
                "result": _describe_result(score),
            }
        ),
        height="content",
    )


def _describe_context(one: Row | Case) -> list[dict[str, object]]:
    """What it is an output of, and what was expected; under a name of its own where an output has the same."""
    taken = {*one.prediction, *one.inputs}
    return [
        *(_field(name, value, None) for name, value in one.inputs.items()),
        *(
            _field(f"{name}, expected" if name in taken else name, value, None)
            for name, value in one.expected.items()
        ),
    ]


def _describe_scores(old: float | None, score: RowScore | None) -> str:
    if score is None or score.value is None:
        return "" if old is None else f"was {format_score(old)}"
    return format_score(score.value) if old is None else f"{format_score(old)} → {format_score(score.value)}"


def _describe_result(score: RowScore | None) -> list[dict[str, object]]:
    """What the reward said of it: why it has no score, its reason, what it printed."""
    if score is None:
        return []
    lines: list[dict[str, object]] = []
    if score.error is not None:
        lines.append({"name": "error", "text": cut_text(describe_error(score)), "tone": "bad"})
    if score.framework_outcome:
        lines.append({"name": "elsewhere", "text": cut_text(score.framework_outcome), "tone": ""})
    if score.state == "unscored":
        lines.append({"name": "unscored", "text": describe_error(score), "tone": ""})
    if score.feedback:
        lines.append({"name": "reason", "text": cut_text(score.feedback), "tone": ""})
    if score.stdout:
        lines.append({"name": "printed", "text": cut_text(score.stdout), "tone": ""})
    return lines


def _field(name: str, value: object, before: Row | None) -> dict[str, object]:
    text = cut_text(format_value(value))
    old = before.prediction.get(name) if before is not None else None
    pieces = mark_changes(format_value(old), text) if old is not None else None
    said = show_exactly(text).short if not text.strip() else ""  # else nothing would be seen
    return {"name": name, "text": text, "said": said, "pieces": pieces}
