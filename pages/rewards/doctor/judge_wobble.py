"""Judge the same outputs several times, and see how much the scores differ: the price first, never by typing.

read_wobble(bench)       what came of it, for the headline
draw_wobble(bench)       the button with its price, the count while it goes on, and what came of it
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import streamlit as st

from pages.rewards.bench import Bench
from pages.rewards.board import main_output, row_number
from pages.rewards.fields import static_key
from pages.rewards.judge import draw_choice
from pages.rewards.task import Task
from pages.rewards.threshold import read_threshold
from pages.shared.text import escape_markdown, show_error
from pages.shared.web import WOBBLE, import_script, read_styles
from refine_core import workbench
from refine_core.errors import LMError
from refine_core.formatting import format_score, pluralize
from refine_core.unseen import show_unseen_in
from refine_core.workbench import Job, Rejudged

TIMES, ROWS, SHOWN = 5, 8, 20
MAX_TIMES, MAX_ROWS = 20, 200
WHAT_TO_DO: Final = "Lower the temperature of the judge under Models, say in its question what each score means, or choose another judge."
POLL_S: Final = 0.25
_SESSION: Final = static_key("wobble")
rejudgings: Final[workbench.KeptJobs[Rejudged]] = workbench.KeptJobs(max_kept=8)
_component = st.components.v2.component(
    "refinescope.rewards.wobble", js=import_script(WOBBLE), css=read_styles(WOBBLE)
)


@dataclass(frozen=True, slots=True)
class _Asked:
    """What was begun last in this session. positions: of the rows. task_key: of the reward and the rows."""

    key: str
    task_key: str
    positions: tuple[int, ...]


def read_wobble(bench: Bench) -> Rejudged | None:
    """What judging several times has shown of the reward and the rows as they are now; None while it has not."""
    asked: _Asked | None = st.session_state.get(_SESSION)
    task = bench.task
    if (
        task is None
        or asked is None
        or asked.task_key != task.key
        or not workbench.asks_judge(task.recognized)
    ):
        return None
    job = rejudgings.find(asked.key)
    return None if job is None or job.running else job.result


def draw_wobble(bench: Bench) -> None:
    """All of it, for a reward that asks a judge and has rows; nothing for any other."""
    task = bench.task
    if task is None or not bench.rows or not workbench.asks_judge(task.recognized):
        return
    asked: _Asked | None = st.session_state.get(_SESSION)
    job = rejudgings.find(asked.key) if asked is not None else None
    with st.container(gap="xsmall"):
        st.markdown("**How much does the judge wobble?**")
        if job is not None and asked is not None and job.running:
            _draw_progress(job)
            return
        _draw_form(bench, task, failed=job is not None and isinstance(job.error, LMError))
        if job is None or asked is None:
            return
        if job.error is not None:
            show_error(str(job.error))
        elif job.result is not None:
            _draw_result(bench, asked, job.result, is_of_now=asked.task_key == task.key)
        elif job.cancelled:
            st.caption("Cancelled before the first answer came.")


def _draw_form(bench: Bench, task: Task, *, failed: bool) -> None:
    times, count = _read_numbers(len(bench.rows))
    positions = _spread(len(bench.rows), count)
    timelines = [one.timeline for one in bench.sources if one.timeline is not None]
    rows = [task.rows[i] for i in positions]
    price = workbench.estimate_rejudging(task.recognized, rows, bench.judge, times, timelines).price
    label = f"Judge {pluralize(times, 'time')}: {price}"
    with (
        st.popover(escape_markdown(label), key=static_key("wobble-open")),
        st.container(width=380, gap="xsmall"),
    ):
        st.caption(
            "The judge is asked the same question again and again, with the settings that it always has. "
            "The output stays the same, so any difference comes from the judge."
        )
        with st.container(horizontal=True, gap="small"):
            st.number_input(
                "Times", 2, MAX_TIMES, TIMES, key=static_key("wobble-times"), persist_state="session"
            )
            if len(bench.rows) > 1:
                st.number_input(
                    "Rows",
                    1,
                    min(len(bench.rows), MAX_ROWS),
                    min(len(bench.rows), ROWS),
                    key=static_key("wobble-rows"),
                    persist_state="session",
                    help="Spread evenly over all rows.",
                )
        draw_choice(bench, failed=failed)
        st.button(
            escape_markdown(label),
            type="primary",
            key=static_key("wobble-ask"),
            disabled=bench.judge is None,
            on_click=_begin,
            args=(bench, task, positions, times),
        )


def _read_numbers(rows: int) -> tuple[int, int]:
    """How often, and how many rows."""
    state = st.session_state
    times = state.get(static_key("wobble-times")) or TIMES
    count = state.get(static_key("wobble-rows")) or ROWS
    return int(times), min(int(count), rows, MAX_ROWS)


def _spread(rows: int, count: int) -> tuple[int, ...]:
    """Positions that lie evenly among all."""
    return tuple(i * rows // count for i in range(count))


def _begin(bench: Bench, task: Task, positions: tuple[int, ...], times: int) -> None:
    judge = bench.judge
    if judge is None:
        return
    key = f"{task.key} {judge.name} {positions} {times}"
    rows, recognized = [task.rows[i] for i in positions], task.recognized
    rejudgings.clear(key)  # asked again, it asks for what failed; all else is known
    rejudgings.start(
        key,
        lambda progress, cancel: workbench.judge_repeatedly(
            rows, recognized, judge, times=times, on_progress=progress, cancel=cancel
        ),
    )
    st.session_state[_SESSION] = _Asked(key, task.key, positions)


def _draw_progress(job: Job[Rejudged]) -> None:
    @st.fragment(run_every=POLL_S)
    def progress() -> None:
        if not job.running:
            st.rerun()
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.markdown(f":small[Judging: {job.done:,} of {pluralize(job.total, 'score')}]", width="content")
            st.button(
                "Cancel",
                key=static_key("wobble-cancel"),
                type="tertiary",
                on_click=job.cancel,
                help="What was judged so far stays.",
            )

    progress()


def _draw_result(bench: Bench, asked: _Asked, result: Rejudged, *, is_of_now: bool) -> None:
    threshold = read_threshold(bench)
    if is_of_now:
        st.markdown(escape_markdown(result.describe(threshold)))
        if result.wobbles:
            st.markdown(escape_markdown(WHAT_TO_DO))
    else:
        st.markdown(f":gray[{escape_markdown(result.describe(threshold))}]")
    notes = [] if is_of_now else ["Of the reward, the rows and the judge as they were then."]
    if result.stopped:
        notes.append("Cancelled; this is what was judged until then.")
    for message, count in result.failures.items():
        notes.append(f"{pluralize(count, 'score')} failed: {message}")
    calls = pluralize(result.calls, "judge call") if result.calls else "No judge call"
    notes.append(f"{calls}{'' if result.calls else ': every answer was known'}.")
    st.caption(escape_markdown(" ".join(notes)))
    if is_of_now:
        _component(
            key=static_key("wobble-rows-drawn"),
            data=show_unseen_in(_describe_rows(bench, asked, result, threshold)),
            height="content",
        )


def _describe_rows(
    bench: Bench, asked: _Asked, result: Rejudged, threshold: float | None
) -> dict[str, object]:
    """The rows that wobble most, first."""
    deviations = result.wobble(threshold).deviations
    places = sorted(
        (i for i, scores in enumerate(result.scores) if scores), key=lambda i: -(deviations[i] or 0.0)
    )[:SHOWN]
    every = [score for i in places for score in result.scores[i]] + ([] if threshold is None else [threshold])
    rows = []
    for i in places:
        scores, deviation, position = result.scores[i], deviations[i], asked.positions[i]
        crosses = threshold is not None and min(scores) < threshold <= max(scores)
        _, place = bench.find_source(position)
        texts = ", ".join(map(format_score, scores))
        rows.append(
            {
                "number": row_number(bench.rows[position], place),
                "output": main_output(bench.rows[position]),
                "scores": list(scores),
                "deviation": "" if deviation is None else format_score(deviation),
                "crosses": crosses,
                "words": f"scores {texts}" + ("; they cross the threshold" if crosses else ""),
            }
        )
    low, high = min(every, default=0.0), max(every, default=1.0)
    given = every if threshold is None else every[:-1]
    return {
        "rows": rows,
        "scale": _describe_scores(given),
        "low": low,
        "high": high,
        "threshold": threshold,
        "pending": False,
    }


def _describe_scores(scores: Sequence[float]) -> str:
    low, high = min(scores, default=0.0), max(scores, default=0.0)
    return (
        f"scores, all {format_score(low)}"
        if low == high
        else f"scores, from {format_score(low)} to {format_score(high)}"
    )
