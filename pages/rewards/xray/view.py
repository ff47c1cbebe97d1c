"""X-ray: the reward line by line on one row, or on two side by side, with the first line where their scores part.

draw_bar(bench)     beside the tabs: which row, and which beside it
draw_xray(bench)    the sentence, the code with its values, the outputs

Which row, which beside it, and which call has been entered stand in the address: ?row=&beside=&call=
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import streamlit as st

from pages.rewards import fields
from pages.rewards.bench import Bench
from pages.rewards.board import first_listed, row_number
from pages.rewards.fields import static_key
from pages.rewards.headline import draw_headline
from pages.rewards.sources import draw_empty
from pages.rewards.task import Task
from pages.rewards.xray.data import build_xray
from pages.shared.clicks import take_click
from pages.shared.query import read_whole, write
from pages.shared.text import one_line
from pages.shared.viewport import is_narrow
from pages.shared.web import XRAY, import_script, read_styles
from refine_core import workbench
from refine_core.errors import RefineError
from refine_core.formatting import pluralize
from refine_core.rows import Cancel
from refine_core.unseen import show_unseen
from refine_core.workbench import ArgumentQuestion, describe_shape
from refine_core.xray import CallView, Xray, XrayDesk, find_parting, find_partner, write_score

KEY: Final = static_key("xray")
WAIT_S: Final = 1.0  # longer, and the page says that it works
POLL_S: Final = 0.25
ROUNDING: Final = 1e-9
PICKED_FROM: Final = 300  # rows; of more, their number is typed
_ROW, _BESIDE = static_key("xray-row"), static_key("xray-beside")
_NOTHING: Final = -1
_desk: Final = XrayDesk()
_jobs: Final[workbench.KeptJobs[tuple[Xray, ...]]] = workbench.KeptJobs()
_component = st.components.v2.component(
    "refinescope.rewards.xray",
    js=import_script(XRAY),
    css=read_styles(XRAY),
)


@dataclass(frozen=True, slots=True)
class _Choice:
    """Positions of the rows that are looked at, from 0. beside: None for none."""

    row: int
    beside: int | None


def take_xray_clicks() -> None:
    """Put what was chosen in the component into the address. Before anything is drawn; a browser can send anything."""
    match take_click(KEY, "enter"):
        case {"call": int() as call}:
            write("call", str(call) if call >= 0 else None)
    match take_click(KEY, "move"):
        case {"row": int() as row} if row > 0:
            _write_row(row - 1)


def draw_bar(bench: Bench) -> None:
    """Which row is looked at, and which beside it."""
    if not bench.rows:
        return
    choice = _read_choice(bench)
    narrow = is_narrow()
    with st.container(
        horizontal=True,
        wrap=not narrow,
        vertical_alignment="center",
        horizontal_alignment="left" if narrow else "right",
        gap="xsmall",
    ):
        if narrow:
            _pick(bench, choice.row, _ROW, "Row", _write_row, other=None)
            last = len(bench.rows) - 1
            for text, by in (("\N{SINGLE LEFT-POINTING ANGLE QUOTATION MARK}", -1), ("\N{SINGLE RIGHT-POINTING ANGLE QUOTATION MARK}", 1)):  # fmt: skip
                st.button(
                    text,
                    key=static_key("xray-step", by),
                    help="The row before" if by < 0 else "The next row",
                    disabled=not 0 <= choice.row + by <= last,
                    on_click=_write_row,
                    args=(choice.row + by,),
                )
        else:
            _pick_two(bench, choice)
    if narrow and choice.beside is not None:  # an address brought it along: it can be changed and left
        with st.container(horizontal=True, wrap=False, vertical_alignment="center", gap="xsmall"):
            st.caption("beside", width="content")
            _pick(bench, choice.beside, _BESIDE, "Beside", _write_beside, other=choice.row)


def _pick_two(bench: Bench, choice: _Choice) -> None:
    st.caption("Row", width="content")
    _pick(bench, choice.row, _ROW, "Row", _write_row, other=None)
    if len(bench.rows) > 1:
        st.caption("beside", width="content")
        chosen = _NOTHING if choice.beside is None else choice.beside
        _pick(bench, chosen, _BESIDE, "Beside", _write_beside, other=choice.row)


def draw_xray(bench: Bench) -> None:
    """The sentence, the code with its values, and what else is to be known; or what is missing for that."""
    if not bench.rows:
        draw_empty()
        return
    task = bench.task
    if task is None:
        draw_headline(*_describe_missing(bench))
        return
    choice = _read_choice(bench)
    names = _names(bench, choice)
    job = _jobs.start(
        f"{task.key} {bench.scoring.key if bench.scoring is not None else ''} {choice.row} {choice.beside} {names}",
        lambda _progress, cancel: _work(task, choice, names, cancel),
    )
    job.wait(WAIT_S)
    if job.running:
        draw_headline("Looking at each line …", "A slow reward takes its time here, too.")
        _wait_for(job)
        return
    if job.result is None:
        draw_headline("There is nothing to look into", _describe_error(job.error))
        return
    _draw(bench, choice, job.result)


def _draw(bench: Bench, choice: _Choice, xrays: tuple[Xray, ...]) -> None:
    first = xrays[0]
    call = read_whole("call")
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
    positions = [choice.row] if choice.beside is None else [choice.row, choice.beside]
    _component(
        key=KEY,
        data=build_xray(
            xrays,
            views,
            parting,
            title=describe_shape(first.recognized),
            labels=[one.label for one in xrays],
            scores=[_write_score(bench, at, one) for at, one in zip(positions, xrays, strict=True)],
            trail=_trail(first, views[0]),
            place=(choice.row, len(bench.rows)),
        ),
        height="content",
        on_enter_change=lambda: None,
        on_move_change=lambda: None,
    )


def _work(task: Task, choice: _Choice, names: Sequence[str], cancel: Cancel) -> tuple[Xray, ...]:
    places = [choice.row] if choice.beside is None else [choice.row, choice.beside]
    return tuple(
        _desk.xray(task.key, task.recognized, task.rows, place, name, judge=task.judge, cancel=cancel)
        for place, name in zip(places, names, strict=True)
    )


# --- what is looked at


def _read_choice(bench: Bench) -> _Choice:
    count = len(bench.rows)
    row = fields.read_row()
    if row is None or not 0 <= row < count:
        row = first_listed(bench, fields.read_only())
    beside = fields.read_beside()
    return _Choice(row, beside if beside is not None and 0 <= beside < count and beside != row else None)


def _pick(
    bench: Bench, chosen: int, key: str, label: str, take: Callable[[int], None], *, other: int | None
) -> None:
    """A select of rows; where there are very many, a field for the number."""
    count = len(bench.rows)
    if count > PICKED_FROM:
        st.session_state[key] = chosen + 1
        st.number_input(
            label if other is None else f"{label}, 0 for none",
            min_value=1 if other is None else 0,
            max_value=count,
            key=key,
            width=130,
            label_visibility="collapsed",
            on_change=lambda: take(st.session_state[key] - 1),
        )
        return
    # The same options always: of others, a choice that comes late would be text.
    options = [*([] if other is None else [_NOTHING]), *range(count)]
    st.session_state[key] = chosen if chosen in options else options[0]

    def changed() -> None:
        if isinstance(position := st.session_state[key], int):
            take(position)

    st.selectbox(
        label, options, key=key, width="stretch" if is_narrow() else 210, label_visibility="collapsed", on_change=changed,
        format_func=lambda position: "nothing" if position == _NOTHING else show_unseen(_name(bench, position, whole=True)),
    )  # fmt: skip


def _write_row(position: int) -> None:
    fields.write_row(position)
    write("call", None)
    if fields.read_beside() == position:
        fields.write_beside(None)


def _write_beside(position: int) -> None:
    fields.write_beside(None if position in (_NOTHING, fields.read_row()) else position)
    write("call", None)


def _names(bench: Bench, choice: _Choice) -> list[str]:
    positions = [choice.row] if choice.beside is None else [choice.row, choice.beside]
    apart = len({id(bench.find_source(one)[0]) for one in positions}) > 1
    return [_name(bench, one, whole=apart) for one in positions]


def _name(bench: Bench, position: int, *, whole: bool) -> str:
    """Name a row, such as Attempt 2; whole: with its source."""
    source, place = bench.find_source(position)
    number = row_number(bench.rows[position], place)
    noun = "attempt" if source.timeline is not None else "row"
    if whole and len(bench.sources) > 1:
        return f"{one_line(source.title, 24)}, {noun} {number}"
    return f"{noun.capitalize()} {number}"


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


def _notes(bench: Bench, choice: _Choice, xrays: Sequence[Xray]) -> list[str]:
    notes = list(dict.fromkeys(note for one in xrays for note in one.notes))
    places = [choice.row] if choice.beside is None else [choice.row, choice.beside]
    for place, one in zip(places, xrays, strict=True):
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
    new = "failed" if result.error is not None else "unscored" if value is None else write_score(value, old)
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
