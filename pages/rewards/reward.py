"""The reward's side of the page: the line that says what it is, the editor, and how the scoring went."""

from __future__ import annotations

from typing import Final

import streamlit as st

from pages.rewards import draft, fields
from pages.rewards.bench import Bench, cancel_scoring, score_again
from pages.rewards.doctor.examining import list_code_findings
from pages.rewards.fields import EDITOR, static_key
from pages.rewards.goto import wanted_line
from pages.rewards.shape import draw_question, draw_shape
from pages.shared.editor import Mark, editor
from pages.shared.isolation import describe_isolation
from pages.shared.text import escape_markdown
from refine_core.errors import RewardError
from refine_core.formatting import format_duration, pluralize

HEIGHT, DOCTOR_HEIGHT, SHORT_HEIGHT = "392px", "318px", "258px"  # the more stands around it, the lower
NAMED: Final = 5  # rows, or refusals, that a remark names
POLL_S: Final = 0.25


def draw_reward(bench: Bench) -> None:
    """All of it, from the top."""
    draw_editor(bench, asks=draw_reading(bench))


def draw_reading(bench: Bench) -> bool:
    """What the reward is read as, and what has to be asked about it. Returns whether anything is asked."""
    draw_shape(bench)
    return draw_question(bench)


def draw_editor(bench: Bench, *, asks: bool) -> None:
    """The editor, and how the scoring went. asks: whether questions stand above it."""
    editor(
        st.session_state[static_key("code")],
        key=EDITOR,
        rev=draft.revision(),
        label="Reward: a Python function (press Esc, then Tab to leave the editor)",
        problems=_list_marks(bench),
        goto=wanted_line(),
        height=_choose_height(bench, asks=asks),
        look="bare",
    )
    draw_status(bench)


def _choose_height(bench: Bench, *, asks: bool) -> str:
    if asks or not bench.rows:
        return SHORT_HEIGHT
    return DOCTOR_HEIGHT if fields.read_view() in ("doctor", "cases") else HEIGHT


def draw_status(bench: Bench) -> None:
    """How the scoring went; while it goes on, a count that moves, and Cancel."""
    if not bench.running:
        with st.container(
            horizontal=True, vertical_alignment="center", gap="small", key=static_key("status")
        ):
            st.markdown(f":small[{_describe_scoring(bench)}]", width="stretch")
            if bench.scoring is not None and bench.scoring.cancelled:
                st.button(
                    ":blue[Score again]", key=static_key("again"), type="tertiary", on_click=score_again
                )
            draw_remarks(bench)
            profile, about = describe_isolation()
            if profile:
                st.markdown(f":small[:gray[{profile}]]", width="content", help=about)
        for remark in _list_remarks(bench):
            st.caption(escape_markdown(remark))
        return

    @st.fragment(run_every=POLL_S)
    def progress() -> None:
        scoring = bench.scoring
        if scoring is None or not scoring.running:
            st.rerun()
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            total = scoring.total or len(bench.rows)
            st.markdown(f":small[Scoring {scoring.done:,} of {pluralize(total, 'row')}]", width="content")
            st.button(":blue[Cancel]", key=static_key("cancel"), type="tertiary", on_click=cancel_scoring)

    progress()


def draw_remarks(bench: Bench) -> None:
    """How much reading the reward finds; a press opens the doctor."""
    count, errors = (sum(one.severity == kind for one in bench.findings) for kind in ("warning", "error"))
    notes = len(bench.findings) - count - errors
    if bench.error is not None or not bench.findings or fields.read_view() == "doctor":
        return
    words = f":orange[\N{BLACK UP-POINTING TRIANGLE} {pluralize(count, 'remark')}]" if count else ""
    wrong = f":red[\N{MULTIPLICATION X} {pluralize(errors, 'error')}]" if errors else ""
    small = f":gray[{pluralize(notes, 'note')}]" if notes and not count and not errors else ""
    st.button(
        wrong + " " * bool(wrong and words) + words + small,
        key=static_key("remarks"),
        type="tertiary",
        help="What reading the code finds, line by line, is in the doctor",
        on_click=lambda: fields.write_view("doctor"),
    )


def _describe_scoring(bench: Bench) -> str:
    """The status line under the editor."""
    kept = " The scores are those of the text before." if bench.scores is not None else ""
    if bench.error is not None:
        return f":red[Not scored.]{kept}"
    if bench.scoring is None:
        return f":gray[Nothing scored yet.]{kept}"
    if bench.scoring.cancelled:
        return f"Cancelled.{kept}"
    if bench.scores is None:
        return ""
    summary = bench.scores.summary
    rows = pluralize(summary.rows, "row")
    count = f"Scored {rows}" if summary.scored == summary.rows else f"{summary.scored:,} of {rows} scored"
    calls = bench.scores.judge_calls
    asked = pluralize(calls, "judge call") if calls else "no model called"
    return f"{count} in {format_duration(bench.scores.took_s)}, {asked}"


def _list_remarks(bench: Bench) -> list[str]:
    """What else there is to know about how the scores came about."""
    scores = bench.scores if bench.is_current else None
    if scores is None:
        return []
    remarks = []
    if changed := scores.changed_alone:
        shown = ", ".join(str(i + 1) for i in changed[:NAMED])
        more = f" and {len(changed) - NAMED:,} more" if len(changed) > NAMED else ""
        remarks.append(
            f"Scored alone, {'this row has another score' if len(changed) == 1 else 'these rows have other scores'}: {shown}{more}. "
            "The reward depends on which rows are scored together."
        )
    if scores.refusals:
        remarks.append(f"The sandbox refused: {'; '.join(scores.refusals[:NAMED])}.")
    return remarks


def _list_marks(bench: Bench) -> list[Mark]:
    """Where the text cannot be read, where rows failed, and what reading it finds, which the doctor says in full."""
    error = bench.error
    if isinstance(error, RewardError):
        return [Mark(f"{error.message[:1].upper()}{error.message[1:]}", error.line, error.column)]
    remarks = [
        Mark(one.message, one.line, one.column, one.severity, end_column=one.end_column, under=False)
        for one in list_code_findings(bench)
        if one.line is not None
    ]
    if not bench.is_current or bench.scores is None:
        return remarks
    total = pluralize(len(bench.rows), "row")
    failed = [
        Mark(f"{one.error.message} ({one.count:,} of {total})", one.error.line)
        for one in bench.scores.summary.errors
        if one.error.line is not None
    ]
    return failed + remarks
