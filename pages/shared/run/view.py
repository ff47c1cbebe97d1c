"""A run on screen, live while it lasts: why it stopped, the timeline, the attempt that is looked at.

`live` is the one place that knows how news reaches the screen: pages/shared/updates.py says when there is more to draw.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Final

import streamlit as st

from pages.shared import address
from pages.shared.attempt.view import draw_attempt, take_clicks
from pages.shared.run.opened import find_process
from pages.shared.run.pausing import PLACE_PX, draw_pause
from pages.shared.run.timeline import ROOM_PX, Part, draw_timeline
from pages.shared.run.timeline import take_clicks as take_timeline_clicks
from pages.shared.run.timeline_choice import is_long
from pages.shared.run.unknown_rewards import draw_unknown_rewards
from pages.shared.run.verdict import draw_verdict
from pages.shared.share.importing import draw_import
from pages.shared.text import escape_markdown, show_error
from pages.shared.updates import follow
from pages.shared.viewport import is_narrow
from refine_core import figures, runs
from refine_core.errors import StoreError
from refine_core.messages import (
    USUAL_SETTINGS,
    describe_settings,
    format_reward,
    list_library_faults,
    list_usage,
    resume_summary,
)
from refine_core.runs import Run, Tab, Timeline, reward_remark

BESIDE: Final = (62, 38)  # widths of the pictures and of the detail at their right
BESIDE_ROOM_PX: Final = 540  # of the screen's height that is not the story's there
ID_CHARACTERS: Final = 60
NARROW_HEAD_PX: Final = 56  # of the headline of a run that works, on a narrow page: two lines of it
DETAIL_PX: Final = 220  # height of the detail below the pictures; it scrolls inside
STEPWISE_PX: Final = (
    24  # of the story, besides, so that a line of the detail is on the screen while a run pauses
)
DETAIL_LEAST_PX: Final = 96  # of that, what is left to it while a run pauses before each step
# One for every run and for the preview: what is in the browser stays the same node when Run is pressed, and nothing jumps.
TIMELINE_KEY: Final = "timeline"


@dataclass(frozen=True, slots=True)
class WouldScore:
    """What the recorded attempts would score with what was changed since. headline: the verdict on it. note: how much is exact.

    now: index of an attempt -> what it would score. whole: all that there is to say. keep: keeps it beside the run.
    ask: where the reward asks a model, what that would take, and what allows it.
    """

    headline: str
    note: str
    now: Mapping[int, figures.Now]
    whole: str = ""
    keep: Callable[[], None] = lambda: None
    ask: tuple[str, Callable[[], None]] | None = None


def draw_live_run(
    run: Run,
    *,
    edited: tuple[str, ...] = (),
    would: WouldScore | None = None,
    about: str = "",
    actions: Callable[[Run], None] | None = None,
    aside: Callable[[Run], None] | None = None,
    beside: bool = False,
    has_form: bool = False,
    room_px: int = ROOM_PX,
) -> None:
    """Draw the run, and draw it again whenever there is more of it; rerun the page once when it has ended.

    edited: what the form has changed since. about: what a worked example has to show. actions: draws what can be done with it,
    beside the verdict; aside: what else, at the end of the line below it. beside, has_form, would, room_px: as in `draw_run`.
    """
    run_id, was_live = run.run_id, run.live

    @st.fragment
    def view() -> None:
        body = st.container(gap="xsmall")
        foot = st.container()  # so that `follow` keeps its place, whatever is drawn above it
        revision = ""
        try:
            latest = runs.get(run_id)
        except StoreError as error:
            with body:
                show_error(str(error))
        else:
            if latest is None:
                return
            if was_live and not latest.live:
                st.rerun()
            revision = latest.revision
            with body:
                draw_run(
                    latest,
                    edited=edited,
                    would=would,
                    about=about,
                    actions=actions,
                    aside=aside,
                    beside=beside,
                    has_form=has_form,
                    room_px=room_px,
                )
        if was_live:
            with foot:
                follow(run_id, revision)

    view()


@contextmanager
def fragment_place() -> Iterator[None]:
    """A place as deep in the page as what `draw_live_run` draws: what both draw at its beginning stays the same node in the browser."""
    fragments_own = st.container()
    with fragments_own, st.container(gap="xsmall"):
        yield


@contextmanager
def pictures_place() -> Iterator[None]:
    """The same for the verdict and the timeline, where they stand above the detail."""
    with fragment_place(), st.container(gap="xsmall"):
        yield


def shorten_id(run_id: str) -> str:
    """A run's id as a sentence can hold it: an address may name anything."""
    return run_id if len(run_id) <= ID_CHARACTERS else f"{run_id[:ID_CHARACTERS]}…"


def show_unknown_run(run_id: str) -> None:
    """Say that the address names a run that is not here, and what to do."""
    show_error(
        f"There is no run {shorten_id(run_id)!r} here. It may have been recorded on another computer or in another history. "
        "Ask whoever sent you the link for the run's file (Share, One file), and import it: then this link opens it."
    )
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        draw_import("Import its file", wanted=run_id)
        st.page_link(address.RUNS, label="See all runs", icon=":material/history:")


def draw_run(
    run: Run,
    *,
    edited: tuple[str, ...] = (),
    would: WouldScore | None = None,
    about: str = "",
    actions: Callable[[Run], None] | None = None,
    aside: Callable[[Run], None] | None = None,
    beside: bool = False,
    has_form: bool = False,
    room_px: int = ROOM_PX,
) -> None:
    """One look at a run: the verdict first, then pictures, then detail.

    beside: whether the detail of the attempt stands at the right of them, where it has all of the height; below them otherwise.
    has_form: whether a form beside it can be edited, so that a place is kept for what attempts would score. would: that, once it is. room_px: of the screen's height, what is not the story's where the detail is below.
    """
    timeline = run.timeline
    if (picked := take_timeline_clicks(timeline, key=TIMELINE_KEY)) is not None:
        address.show_attempt(picked)
    first: Tab = "output" if beside else "prompts"
    attempts = {a.index: a for a in timeline.attempts}
    if (shown := selected_attempt(timeline)) is not None:
        take_clicks(timeline, attempts[shown], first=first)
    head = partial(
        _draw_head, run, edited=edited, would=would, about=about, actions=actions, aside=aside, brief=beside
    )
    empty: Mapping[int, figures.Now] | None = {} if has_form else None
    chart = partial(_draw_chart, run, now=would.now if would is not None else empty)
    if beside and is_long(timeline):  # a matrix takes all of the width
        with st.container(gap="xsmall"):
            head()
            chart(part="chart", room_px=BESIDE_ROOM_PX)
        left, right = st.columns(BESIDE, gap="medium")
        with left:
            chart(part="words", room_px=BESIDE_ROOM_PX)
    else:
        if beside:
            left, right = st.columns(BESIDE, gap="medium")
        else:
            left, right = st.container(gap="xsmall"), st.container()
        with left:
            head()
            pausing_px = PLACE_PX + STEPWISE_PX if run.is_stepwise and not is_narrow() else 0
            chart(part="all", room_px=BESIDE_ROOM_PX if beside else room_px + pausing_px)
    with right:
        if not is_narrow():  # at the detail's cost, so that verdict, timeline and story stay where they are
            draw_pause(run)
        room = DETAIL_PX - PLACE_PX if run.is_stepwise else DETAIL_PX
        _draw_detail(run, first=first, height_px=None if beside else max(room, DETAIL_LEAST_PX))


def _draw_head(
    run: Run,
    *,
    edited: tuple[str, ...],
    would: WouldScore | None,
    about: str,
    actions: Callable[[Run], None] | None,
    aside: Callable[[Run], None] | None,
    brief: bool,
) -> None:
    """The verdict, and what else there is to know of the whole run. brief: without its model, which stands elsewhere, too."""
    if would is not None:
        draw_verdict(
            would.headline,
            would.note,
            edited=_edited(edited),
            whole=would.whole,
            wrap=is_narrow(),
            about=about,
            actions=partial(_draw_actions, run, actions, would),
            aside=partial(aside, run) if aside is not None else None,
        )
        return
    verdict = run.verdict
    model = "" if brief or verdict.failures or edited else _model(run.timeline)
    numbers = " · ".join(
        filter(None, [_best(run), *list_usage(run.timeline), model, _settings(run.timeline)])
    )
    draw_verdict(
        verdict.headline,
        numbers,
        edited=_edited(edited),
        note=verdict.note,
        failures=verdict.failures,
        whole="" if verdict.is_whole else " ".join(run.stop_sentences),
        wrap=verdict.is_error or (is_narrow() and not run.live),
        about=about,
        actions=partial(actions, run) if actions is not None else None,
        aside=partial(aside, run) if aside is not None else None,
        keep_px=NARROW_HEAD_PX if run.live and is_narrow() else None,
    )
    if run.live and not run.is_local and actions is not None and find_process(run) is None:
        st.caption(
            f"A script records this run from {library} as it goes; it can only be stopped there."
            if (library := run.timeline.recorded_from)
            else "This run belongs to another Refinescope process on the same history. Cancel it there."
        )
    if is_narrow():  # where the detail lies far below
        draw_pause(run)
    if again := resume_summary(run.timeline):
        st.caption(escape_markdown(again))
    for words in list_library_faults(run.timeline):
        st.warning(escape_markdown(words), icon=":material/bug_report:")
    draw_unknown_rewards(run)
    if not run.live and (remark := reward_remark(run.timeline)):  # nothing comes above what streams
        st.warning(escape_markdown(remark), icon=":material/lightbulb:")
    if run.state == "unrecorded":
        show_error(f"The run was stopped. {run.error} What was recorded until then is here.")
    if run.timeline.spec.model.kind == "replay":
        _replayed(run.timeline)


def _draw_actions(run: Run, actions: Callable[[Run], None] | None, would: WouldScore) -> None:
    if actions is not None:
        actions(run)
    if would.ask is not None:
        label, allow = would.ask
        if st.button(escape_markdown(label), key="ask-judge", help="Nothing is asked until you press."):
            allow()
            st.rerun()  # of the page, as this stands in a fragment
        return
    st.button("Keep", key="keep-what-if", on_click=would.keep, help="Keep this what-if beside the run.")


def _edited(names: tuple[str, ...]) -> str:
    return f"Edited since this run: {', '.join(names)}" if names else ""


def _draw_chart(run: Run, *, part: Part, room_px: int, now: Mapping[int, figures.Now] | None) -> None:
    """The timeline and the story."""
    draw_timeline(
        run.timeline,
        selected=selected_attempt(run.timeline),
        key=TIMELINE_KEY,
        part=part,
        reveal=address.just_started(run.run_id),
        live=run.live,
        room_px=room_px,
        now=now,
        at=run.shown_at,
    )


def _draw_detail(run: Run, *, first: Tab, height_px: int | None) -> None:
    """The attempt that is looked at."""
    attempts = {a.index: a for a in run.timeline.attempts}
    named = address.attempt()
    if named is not None and named not in attempts and not run.live:
        st.caption(f"There is no attempt {named + 1} in this run.")
    shown = selected_attempt(run.timeline)
    if shown is not None:
        draw_attempt(run.timeline, attempts[shown], first=first, height_px=height_px)


def _replayed(timeline: Timeline) -> None:
    """Lead to the run whose replies these are."""
    source = timeline.spec.model.recording_id or ""
    st.page_link(
        address.RUN,
        label="A replay: see the recorded run",
        icon=":material/replay:",
        query_params={"run": source},
    )


def selected_attempt(timeline: Timeline) -> int | None:
    """The index of the attempt that the address names; else of the one returned, the best, or the newest; None before the first."""
    attempts = {a.index for a in timeline.attempts}
    named = address.attempt()
    if named in attempts:
        return named
    for choice in (
        timeline.returned_index,
        timeline.best if timeline.end else None,
        max(attempts, default=None),
    ):
        if choice is not None:
            return choice
    return None


def _settings(timeline: Timeline) -> str:
    """How attempts were told apart and helped, unless it was as usual."""
    settings = describe_settings(timeline)
    return "" if settings == USUAL_SETTINGS else settings


def _best(run: Run) -> str:
    """The best attempt so far, while there may be a better one."""
    timeline = run.timeline
    found = next((a for a in timeline.attempts if a.index == timeline.best), None)
    if not run.live or found is None:
        return ""
    return f"best so far {format_reward(timeline, found.reward)} (attempt {found.index + 1})"


def _model(timeline: Timeline) -> str:
    spec = timeline.spec
    name = spec.model.label
    return f"{name}, seed {spec.seed}" if spec.model.kind == "practice" else name
