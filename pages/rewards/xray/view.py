"""X-ray: the reward line by line on one row, or on two side by side, with the first line where their scores part.

draw_xray(bench)    the sentence, the code with its values, the outputs

Which call has been entered stands in the address, beside the rows (choice.py): ?row=&beside=&call=
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import streamlit as st

from pages.rewards.bench import Bench
from pages.rewards.fields import static_key
from pages.rewards.headline import draw_headline
from pages.rewards.sources import draw_empty
from pages.rewards.task import Task
from pages.rewards.xray.choice import Choice, name_rows, read_choice, write_row
from pages.shared.clicks import take_click
from pages.shared.query import read_whole, write
from pages.shared.text import one_line
from pages.shared.xray.component import show_xray
from pages.shared.xray.data import build_xray
from refine_core import workbench
from refine_core.errors import RefineError
from refine_core.formatting import pluralize
from refine_core.rows import Cancel
from refine_core.workbench import ArgumentQuestion, describe_shape
from refine_core.xray import CallView, Xray, XrayDesk, find_function, find_parting, find_partner, write_score

KEY: Final = static_key("xray")
WAIT_S: Final = 1.0  # longer, and the page says that it works
POLL_S: Final = 0.25
ROUNDING: Final = 1e-9
_desk: Final = XrayDesk()
_jobs: Final[workbench.KeptJobs[tuple[Xray, ...]]] = workbench.KeptJobs()


def take_xray_clicks() -> None:
    """Put what was chosen in the component into the address. Before anything is drawn; a browser can send anything."""
    match take_click(KEY, "enter"):
        case {"call": int() as call}:
            write("call", str(call) if call >= 0 else None)
    match take_click(KEY, "move"):
        case {"row": int() as row} if row > 0:
            write_row(row - 1)


def draw_xray(bench: Bench) -> None:
    """The sentence, the code with its values, and what else is to be known; or what is missing for that."""
    if not bench.rows:
        draw_empty()
        return
    task = bench.task
    if task is None:
        draw_headline(*_describe_missing(bench))
        return
    choice = read_choice(bench)
    names = name_rows(bench, choice)
    job = _jobs.start(
        f"{task.key} {bench.scoring.key if bench.scoring is not None else ''} {choice.row} {choice.beside} {names}",
        lambda _progress, cancel: _work(task, choice, names, cancel),
    )
    job.wait(WAIT_S)
    if job.running:
        draw_headline("Looking at each line …", "A slow reward is slow here, too.")
        _wait_for(job)
        return
    if job.result is None:
        draw_headline("There is nothing to look into", _describe_error(job.error))
        return
    _draw(bench, choice, job.result)


def _draw(bench: Bench, choice: Choice, xrays: tuple[Xray, ...]) -> None:
    first = xrays[0]
    call = read_whole("call")
    if call is None and len(xrays) > 1:
        call = find_function(*xrays)
    views = _enter(xrays, call) or _enter(xrays, None)
    if views is None or len(views) < len(xrays):
        draw_headline(first.sentence, " ".join(first.notes))
        return
    entered = views[0].parent is not None
    parting = find_parting(first, xrays[1], *views) if len(xrays) > 1 else None
    headline = parting.sentence if parting is not None else first.sentence
    if entered and parting is None:
        headline = _describe_call(first, views[0])
    draw_headline(headline, " ".join(_notes(bench, choice, xrays)))
    show_xray(
        KEY,
        build_xray(
            xrays,
            views,
            parting,
            title=describe_shape(first.recognized),
            labels=[one.label for one in xrays],
            scores=[_write_score(bench, at, one) for at, one in zip(choice.positions, xrays, strict=True)],
            trail=_trail(first, views[0]),
            place=(choice.row, len(bench.rows)),
        ),
    )


def _work(task: Task, choice: Choice, names: Sequence[str], cancel: Cancel) -> tuple[Xray, ...]:
    return tuple(
        _desk.xray(task.key, task.recognized, task.rows, place, name, judge=task.judge, cancel=cancel)
        for place, name in zip(choice.positions, names, strict=True)
    )


# --- calls that are entered


def _enter(xrays: Sequence[Xray], call: int | None) -> list[CallView] | None:
    """The view of a call in each X-ray: of the first the one of this number, of the second the one that corresponds."""
    view = xrays[0].view(call)
    if view is None:
        return None
    views = [view]
    for other in xrays[1:]:
        partner = None if call is None else find_partner(xrays[0], other, view.number)
        found = other.view(partner) if call is None or partner is not None else None
        if found is None or found.first_line != view.first_line:
            return None
        views.append(found)
    return views


def _trail(xray: Xray, view: CallView) -> list[tuple[int, str, bool]]:
    """The calls that led to this one, outermost first, and the other functions of the source; alone, no trail."""
    trail: list[tuple[int, str, bool]] = []
    one: CallView | None = view
    while one is not None:
        is_root = one.parent is None or one.number in xray.roots
        name = one.function if is_root else f"{one.function}, called at line {one.line}"
        trail.insert(0, (one.number, name, one is view))
        one = None if is_root or one.parent is None else xray.view(one.parent)
    others = [(root, xray.function_of(root), False) for root in xray.roots if root != trail[0][0]]
    return [*trail, *others] if len(trail) > 1 or others else []


def _describe_call(xray: Xray, view: CallView) -> str:
    total = xray.count_calls(view.number)
    which = f", one of {pluralize(total, 'call')}," if total > 1 else ""
    if view.ended == "returned":
        value = view.returned
        shown = write_score(value) if isinstance(value, int | float) else str(value)
        return f"{view.function}{which} called at line {view.line}, returned {one_line(shown, 80)}"
    ended = {"exception": "raised an error", "no_return": "ended without a return"}.get(
        view.ended, "gave values"
    )
    return f"{view.function}{which} called at line {view.line}, {ended}"


# --- words


def _notes(bench: Bench, choice: Choice, xrays: Sequence[Xray]) -> list[str]:
    notes = list(dict.fromkeys(note for one in xrays for note in one.notes))
    for place, one in zip(choice.positions, xrays, strict=True):
        score = bench.score_of(place) if bench.is_current else None
        if score is None or score.value is None:
            continue
        value, error = one.result.value, one.result.error
        if value is not None and abs(score.value - value) > ROUNDING:
            notes.append(
                f"{one.label} has {write_score(score.value)} in the scores and {write_score(value)} here: "
                "the reward does not always give the same score, or it looks at other rows."
            )
        elif error is not None and error.type_name == "Timeout":
            notes.append(
                f"{one.label} has {write_score(score.value)} in the scores. Under X-ray it takes longer than it may."
            )
    return notes


def _write_score(bench: Bench, position: int, xray: Xray) -> str:
    """What it is, and what it was where that was something else."""
    old, result = bench.old_of(position), xray.result
    value = result.value
    new = (
        "waiting"
        if xray.waits
        else "failed"
        if result.error is not None
        else "unscored"
        if value is None
        else write_score(value, old)
    )
    if old is None or (value is not None and abs(old - value) <= ROUNDING):
        return new
    return f"{write_score(old, value)} → {new}"


def _describe_missing(bench: Bench) -> tuple[str, str]:
    if bench.error is not None:
        return "The reward cannot be read", f"{bench.error} Fix it under Scores."
    if isinstance(bench.recognized, ArgumentQuestion):
        return "Which argument is what?", "Answer that under Scores; then each line can be looked at."
    return "There is no reward yet", "Write one under Scores, or open one."


def _describe_error(error: RefineError | None) -> str:
    return "" if error is None else str(error)


def _wait_for(job: workbench.Job[tuple[Xray, ...]]) -> None:
    @st.fragment(run_every=POLL_S)
    def wait() -> None:
        if not job.running:
            st.rerun()
        st.button("Cancel", key=static_key("cancel-xray"), type="tertiary", on_click=job.cancel)

    wait()
