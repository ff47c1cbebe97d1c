"""The dialog "Does the hint help?", and the ways to it: beside the hints of an attempt, in the Lab and on the page of a run.

list_hint_actions     what can be pressed there        do_hint_action     does it
open_hint_dialog      draws the dialog that was asked for; outside any fragment, whose next run would close it
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from pages.shared import address
from pages.shared.credentials import ask_for_keys, collect_credentials
from pages.shared.leave import leave_for
from pages.shared.text import escape_markdown, one_line, show_error
from refine_core import hint_tests, runs
from refine_core.errors import LMError, SpecError, StoreError
from refine_core.formatting import format_temperature, pluralize
from refine_core.hint_tests import AT_ONCE, MAX_AT_ONCE, MAX_TRIES, MIN_TRIES, TRIES, ArmKind, HintTestPlan
from refine_core.messages import describe_edits, hint_source
from refine_core.runs import Attempt, Timeline

ASK: Final = "hint-test"
_OPEN: Final = "hint-dialog"
_RESULT: Final = "hint-result:"


def list_hint_actions(timeline: Timeline, attempt: Attempt) -> Sequence[tuple[str, str]]:
    """What can be done with the hints of an attempt: test them, and see the tests that there are. () where there is nothing to test."""
    if not attempt.real_hints or not attempt.has_ended or timeline.spec.hint_test:
        return ()
    actions = [] if timeline.spec.program_file else [(ASK, "Does the hint help?")]
    try:
        known = hint_tests.list_tests(timeline.run_id, attempt.index + 1)
    except StoreError:
        known = []
    if known:
        whole = [one for one in known if one.is_live or not one.left]  # what was cut off says nothing yet
        newest = (whole or known)[0]
        label = "See the running test" if newest.is_live else hint_tests.describe_briefly(newest)
        actions.append((f"{_RESULT}{newest.id}", label))
    return actions


def do_hint_action(timeline: Timeline, attempt: Attempt, what: str) -> None:
    """Do what was pressed. A browser can send anything."""
    if what == ASK and attempt.real_hints:
        st.session_state[_OPEN] = (timeline.run_id, attempt.index)
        st.rerun()
    elif what.startswith(_RESULT):
        leave_for(address.HINT_TEST, address.hint_test_query(what.removeprefix(_RESULT)))


def draw_try_origin(timeline: Timeline) -> None:
    """Of a try, which test it belongs to."""
    if not timeline.spec.hint_test:
        return
    test = hint_tests.get(timeline.spec.hint_test)
    if test is None:
        st.caption("A try of a hint test that is not in this history.")
        return
    of = "" if test.timeline is None else f" of {one_line(runs.title(test.timeline.spec), 80)}"
    label = f"A try of the hint test on attempt {test.document.attempt}{of}: see the test"
    st.page_link(
        address.HINT_TEST,
        label=escape_markdown(label),
        icon=":material/experiment:",
        query_params=address.hint_test_query(test.id),
    )


def open_hint_dialog() -> None:
    """Open the dialog if it was asked for. Call it outside any fragment."""
    asked = st.session_state.get(_OPEN)
    if asked is None:
        return
    run_id, index = asked
    timeline = runs.timeline(run_id)
    attempt = next((a for a in timeline.attempts if a.index == index), None) if timeline is not None else None
    if timeline is None or attempt is None:
        _close()
        return
    _draw_dialog(timeline, attempt)


def _close() -> None:
    st.session_state.pop(_OPEN, None)


@dataclass(frozen=True, slots=True)
class _Choice:
    """What is chosen in the dialog. beside: the place beside the numbers, for what so many tries show."""

    arms: tuple[ArmKind, ...]
    other: dict[str, str]
    tries: int
    at_once: int
    beside: DeltaGenerator


@st.dialog("Does the hint help?", width="medium", on_dismiss=_close)
def _draw_dialog(timeline: Timeline, attempt: Attempt) -> None:
    number = attempt.index + 1
    names = " and ".join(f"**{escape_markdown(name)}**" for name in attempt.real_hints)
    heat = (
        f"temperature {format_temperature(attempt.temperature)}"
        if timeline.has_temperature(attempt)
        else "no temperature"
    )
    st.markdown(
        f"Attempt {number} is run again several times, all else equal: same inputs, model, {heat}. "
        f"Only the hint to {names} differs."
    )
    chosen = _choose(timeline, attempt)
    plan = hint_tests.plan_hint_test(
        timeline.run_id,
        number,
        arms=chosen.arms,
        other=chosen.other,
        tries=chosen.tries,
        at_once=chosen.at_once,
    )
    chosen.beside.caption(plan.detectable_sentence or "More tries show smaller differences.")
    for text in plan.warnings:
        st.caption(f":material/warning: {escape_markdown(text)}")
    for text in plan.notes:
        st.caption(escape_markdown(text))
    ask_for_keys(timeline.spec, timeline.typed_key_roles, origin=timeline.run_id)
    _offer(timeline, plan)


def _choose(timeline: Timeline, attempt: Attempt) -> _Choice:
    """The fields of the dialog."""
    prefix = f"hint-test.{timeline.run_id}.{attempt.index}"
    arms: list[ArmKind] = []
    if st.checkbox("**No hint**", value=True, key=f"{prefix}.none"):
        arms.append("none")
    source = "" if timeline.spec.hint_test else hint_source(timeline, attempt) or describe_edits(attempt)
    label = f"**This hint** {escape_markdown(source)}".strip()
    if st.checkbox(label, value=True, key=f"{prefix}.this"):
        arms.append("this")
    for name, text in attempt.real_hints.items():
        _quote(name if len(attempt.real_hints) > 1 else "", text)
    other: dict[str, str] = {}
    if st.checkbox("**Edited hint** written by you", value=False, key=f"{prefix}.other"):
        arms.append("other")
        for name, text in attempt.real_hints.items():
            other[name] = st.text_area(
                f"Hint to {escape_markdown(name)}",
                text,
                height=90,
                max_chars=4_000,
                key=f"{prefix}.text.{name}",
            )
    tries, at_once, beside = st.columns([1, 1, 2], vertical_alignment="bottom")
    with tries:
        count = st.number_input("Tries of each", MIN_TRIES, MAX_TRIES, TRIES, key=f"{prefix}.tries")
    with at_once:
        together = st.number_input(
            "At once", 1, MAX_AT_ONCE, AT_ONCE, key=f"{prefix}.at-once",
            help="How many tries may be under way together. Fewer are kinder to a server that limits requests.",
        )  # fmt: skip
    return _Choice(tuple(arms), other, int(count), int(together), beside)


def _quote(name: str, text: str) -> None:
    """A hint as it was given, with the arrow that hints have in the story."""
    to = f"**{escape_markdown(name)}** " if name else ""
    st.markdown(f"↳ {to}{escape_markdown(text)}")


def _offer(timeline: Timeline, plan: HintTestPlan) -> None:
    """What it will take, and the button that starts it."""
    if plan.problems:
        for problem in plan.problems:
            st.info(
                escape_markdown(f"{problem.message[:1].upper()}{problem.message[1:]}"), icon=":material/info:"
            )
    else:
        spec = timeline.spec.model
        model = "the practice model" if spec.kind == "practice" else escape_markdown(spec.label)
        st.markdown(f"{escape_markdown(plan.estimate.sentence)}, on {model}. No advice is asked for.")
    kind: Literal["primary"] = "primary"
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        label = f"Run {pluralize(plan.calls, 'call')}" if not plan.problems else "Run"
        pressed = st.button(
            label, type=kind, icon=":material/play_arrow:", key="start-hint-test", disabled=bool(plan.problems),
            shortcut="Ctrl+Enter",
        )  # fmt: skip
        st.space("stretch")
        if st.button("Cancel", type="tertiary", key="close-hint-test"):
            _close()
            st.rerun()
    if not pressed:
        return
    try:
        test_id = hint_tests.start(plan, collect_credentials(timeline.spec, origin=timeline.run_id))
    except (SpecError, LMError, StoreError) as error:
        show_error(f"Not started: {error}")
    else:
        _close()
        leave_for(address.HINT_TEST, address.hint_test_query(test_id))
