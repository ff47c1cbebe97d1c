"""The menus of a run's header: Replay (play it, run it again) and Compare (an attempt with the one before it, this run with another).

draw_menu_dialog(run)      the dialog that was chosen in Replay
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import streamlit as st

from pages.run.again import draw_again
from pages.shared import address
from pages.shared.leave import leave_for
from pages.shared.new_experiment import TO_TABLE, compare_over_table
from pages.shared.run.actions import draw_replay
from pages.shared.run.view import selected_attempt
from pages.shared.text import escape_markdown, one_line
from refine_core.runs import Family, Run

MAX_RELATIVES: Final = 8
NAME_CHARACTERS: Final = 50
PLAY, AGAIN, REPLAY = "play", "again", "replay"
_OPEN: Final = "run.dialog"


def draw_replay_menu(run: Run) -> None:
    """The menu Replay: the ways to see the run once more, or to run it again."""
    ways = {"Play step by step": PLAY}
    if not run.timeline.spec.program_file:  # only its file can run it
        ways["Run again …"] = AGAIN
    if run.timeline.calls:
        ways["Replay the recorded replies …"] = REPLAY
    chosen = st.menu_button("Replay", list(ways), icon=":material/replay:", key="replay-run")
    match ways.get(chosen or ""):
        case "play":
            leave_for(address.PLAY, {"run": run.run_id})
        case "again" | "replay" as name:
            st.session_state[_OPEN] = (name, run.run_id)


def draw_menu_dialog(run: Run) -> None:
    """Draw the dialog that was chosen in the menu Replay, if any. Outside any fragment, whose next run would close it."""
    name, run_id = st.session_state.get(_OPEN, ("", ""))
    if name and run_id != run.run_id:
        _close()  # it has started another run, which is shown now
    elif name and not run.live:
        (_again if name == AGAIN else _replay)(run)


def _close() -> None:
    st.session_state.pop(_OPEN, None)


@st.dialog("Run again from the start", on_dismiss=_close)
def _again(run: Run) -> None:
    draw_again(run, _close)


@st.dialog("Replay the recorded replies", on_dismiss=_close)
def _replay(run: Run) -> None:
    draw_replay(run)


def draw_compare(run: Run, family: Family | None) -> None:
    """The menu Compare: two attempts of this run, or this run with another of its family, or any; its program over a table of inputs."""
    pairs = _list_pairs(run, family)
    spec = run.timeline.spec
    over_table = [] if spec.program_file else [TO_TABLE]  # only its file can run it
    options = [*pairs, *over_table]
    chosen = st.menu_button(
        "Compare",
        options or ["Nothing to compare yet"],  # Streamlit takes no menu without an option
        key="compare-run",
        disabled=not options,
        help=None if options else "There is nothing to compare yet.",
    )
    if chosen in pairs:
        leave_for(address.COMPARE, pairs[chosen])
    elif chosen == TO_TABLE:
        compare_over_table(spec, run.run_id)


def _list_pairs(run: Run, family: Family | None) -> dict[str, Mapping[str, str]]:
    """What to compare, in words -> the query of the page that does. The menu is not drawn again when another attempt is selected."""
    shown = selected_attempt(run.timeline)
    if shown is None:
        return {}
    number = shown + 1
    pairs: dict[str, Mapping[str, str]] = {}
    if len(run.timeline.attempts) > 1:
        first, second = (number - 1, number) if number > 1 else (1, 2)
        pairs["The selected attempt with the one before it"] = {
            "a": f"{run.run_id}.{first}",
            "b": f"{run.run_id}.{second}",
        }
    for one in [] if family is None else family.members[:MAX_RELATIVES]:
        if one.run_id != run.run_id:
            other = escape_markdown(one_line(one.label, NAME_CHARACTERS))
            pairs[f"This run with {other}"] = _order(family, run.run_id, one.run_id)
    pairs["The selected attempt with another run …"] = {"a": f"{run.run_id}.{number}"}
    return pairs


def _order(family: Family | None, one: str, other: str) -> dict[str, str]:
    """The older of two relatives first, as a branch is read against its parent."""
    members = [] if family is None else [member.run_id for member in family.members]
    first, second = sorted((one, other), key=members.index)
    return {"a": first, "b": second}
