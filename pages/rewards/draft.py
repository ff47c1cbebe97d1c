"""What is typed on the Rewards page is a draft, kept in the store: it comes back after a reload or a restart.

open_bench()     what the page holds first: the draft of the address, else the newest one, else an empty reward
load_reward()    another reward takes the editor; one undo there brings the old text back
keep_draft()     in every run of the page; writes only what has changed
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import streamlit as st

from pages.rewards import fields
from pages.rewards.absent import forget_absent_reward, note_absent
from pages.rewards.cases.state import cases_text, load_cases, read_case_set, restore_cases
from pages.rewards.fields import EDITOR, FORM, static_key
from pages.shared import address
from pages.shared.editor import current_text
from pages.shared.reward_draft import reward_fields
from pages.shared.what_if_choice import REWARD_DRAFT
from pages.shared.window_draft import WindowDraft
from refine_core import runs, workbench
from refine_core.programs import Fields
from refine_core.runs import Timeline
from refine_core.workbench import Reading, SavedReward

EMPTY: Final = "def reward(args, pred):\n    "
_CODE, _BASE, _REV = static_key("code"), static_key("base"), static_key("replaced")
_READING: Final = static_key("reading")
_KNOWN: Final = static_key("known-code")
DRAFT: Final = WindowDraft(FORM, REWARD_DRAFT)


@dataclass(frozen=True, slots=True)
class Base:
    """What the editor's text grew from. name: of a saved reward, or ""; version: of it. run: its run, or "". source: its text.

    reading: what was known of it. cases: the text of its cases, or "".
    """

    source: str = EMPTY
    name: str = ""
    version: int = 0
    run: str = ""
    reading: Reading = field(default_factory=Reading)
    cases: str = ""


def open_bench() -> None:
    """Fill the page where it is empty, and take what the address asks to be loaded. Before anything is drawn."""
    wanted_runs, wanted_reward = address.take_runs(), address.take_reward()
    if _CODE not in st.session_state:
        # Rows without a draft are those of somebody who has typed nothing yet: no other text belongs beside them.
        untouched = bool(fields.read_sources()) and not address.draft()
        _fill_first(fresh=bool(wanted_runs or wanted_reward or untouched))
        if untouched and (first := _first_run()) is not None:
            load_reward(base_of_run(first), keeps_threshold=True)
    elif address.draft() not in ("", DRAFT.id) and (named := DRAFT.find(newest=False)) is not None:
        _restore(named.fields)
        st.session_state[_REV] = revision() + 1
    here = [one for one in map(runs.timeline, wanted_runs) if one is not None]
    if here:
        load_reward(base_of_run(here[0]), keeps_threshold=True)
        row, beside = fields.read_row(), fields.read_beside()
        fields.write_sources([workbench.run_ref(one.run_id) for one in here])
        if row is not None:  # the address names one of these
            fields.write_row(row)
            fields.write_beside(beside)
    saved = workbench.read_reward(wanted_reward) if wanted_reward else None
    if saved is not None:
        load_saved(saved, keeps_threshold=True)
    if wanted_runs or wanted_reward:
        here_ids = {one.run_id for one in here}
        note_absent(
            reward=wanted_reward if wanted_reward and saved is None else "",
            run_ids=tuple(one for one in wanted_runs if one not in here_ids),
        )
    DRAFT.show()


def _first_run() -> Timeline | None:
    """The first run among the rows; None where there is none."""
    sources = map(workbench.load_source, fields.read_sources())
    return next((one.timeline for one in sources if one is not None and one.timeline is not None), None)


def load_reward(base: Base, *, keeps_threshold: bool = False) -> None:
    """Put this reward into the editor. Before it is drawn, or in a callback. keeps_threshold: the address names it together with a threshold."""
    state = st.session_state
    forget_absent_reward()
    if not keeps_threshold:
        fields.forget_threshold()
    load_cases(base.cases, came_with=state[_BASE].cases if _BASE in state else "")
    state[_CODE], state[_BASE], state[_READING] = base.source, base, (base.reading, base.source)
    state[_REV] = revision() + 1
    state[_KNOWN] = base.source


def put_away_what_belongs_to_another() -> None:
    """Where another reward was pasted over the one before, its threshold goes, and cases that it cannot be run on; `undo_cases` brings these back.

    In every run.
    """
    now, known = code(), st.session_state.get(_KNOWN)
    if is_empty(now) or now == known:
        return
    if known is not None and not is_empty(known):
        if not workbench.reads_on(now):
            return  # in the middle of typing
        if workbench.is_another_reward(known, now):
            fields.forget_threshold()
            read, cases = workbench.list_fields_read(now), read_case_set()
            held = {name for one in cases for name in (*one.prediction, *one.inputs, *one.expected)}
            if read and held and read.isdisjoint(held):
                load_cases("")
    st.session_state[_KNOWN] = now


def base_of_run(timeline: Timeline) -> Base:
    """The reward of a run, which is called as the run called it."""
    spec = timeline.spec
    return Base(
        spec.reward,
        run=timeline.run_id,
        reading=Reading(spec.reward_shape, spec.reward_name or "", arguments=spec.reward_arguments),
    )


def load_saved(saved: SavedReward, number: int | None = None, *, keeps_threshold: bool = False) -> None:
    """Put a version of a saved reward into the editor; the latest, unless it is named."""
    version = saved.version(number) if number is not None else None
    version = version or saved.latest
    load_reward(
        Base(
            version.source,
            name=saved.name,
            version=version.number,
            reading=version.reading,
            cases=version.cases,
        ),
        keeps_threshold=keeps_threshold,
    )


def replace_code(source: str) -> None:
    """Put another text into the editor, which grew from the same. In a callback, or before the editor is drawn."""
    reading_now = reading()
    state = st.session_state
    state[_CODE], state[_READING] = source, (reading_now, source)
    state[_REV] = revision() + 1


def rebase(base: Base) -> None:
    """What stands in the editor was just saved: it grows from there now."""
    st.session_state[_BASE] = base


def code() -> str:
    """The reward as it stands in the editor."""
    return current_text(st.session_state[_CODE], key=EDITOR, rev=revision())


def is_empty(text: str) -> bool:
    """Whether nobody has written anything into it."""
    return text.strip() in ("", EMPTY.strip())


def base() -> Base:
    """What the editor's text grew from."""
    found: Base = st.session_state[_BASE]
    return found


def reading() -> Reading:
    """What is known, or was said, of the reward as typed: as long as its function keeps its name and parameters."""
    known, source = st.session_state.get(_READING) or (Reading(), EMPTY)
    return known if known == Reading() or workbench.keeps_reward(source, code()) else Reading()


def record_reading(reading: Reading) -> None:
    """Keep what a person says of the reward as typed. To be called in a callback."""
    st.session_state[_READING] = (reading, code())


def revision() -> int:
    """How often the text was replaced in this session."""
    return int(st.session_state.get(_REV, 0))


def keep_draft() -> None:
    """Save what the page holds, if it has changed."""
    DRAFT.keep(_read_fields())


def _read_fields() -> dict[str, object]:
    now = base()
    grown_from = {
        "source": now.source,
        "name": now.name,
        "version": now.version,
        "run": now.run,
        "cases": now.cases,
    }
    return reward_fields(code(), reading(), fields.read_sources(), grown_from, cases_text())


def _fill_first(*, fresh: bool) -> None:
    """The first filling of this session. fresh: what is asked for comes in place of the newest draft."""
    state = st.session_state
    state[_CODE], state[_BASE] = EMPTY, Base()
    if (draft := DRAFT.find(newest=not fresh)) is not None:
        _restore(draft.fields)
    elif not fresh and (timeline := _find_run()) is not None:
        load_reward(
            base_of_run(timeline), keeps_threshold=True
        )  # nothing was typed yet, so there is no draft


def _find_run() -> Timeline | None:
    """The run whose rows the address names."""
    named = (
        one.removeprefix(workbench.RUN) for one in fields.read_sources() if one.startswith(workbench.RUN)
    )
    return next((timeline for one in named if (timeline := runs.timeline(one)) is not None), None)


def _restore(held: Fields) -> None:
    match held:
        case {"code": str() as text, "sources": [*sources]}:
            st.session_state[_CODE] = text
            if not fields.read_sources():
                fields.write_sources([str(one) for one in sources])
    st.session_state[_READING] = (workbench.unpack_reading(held.get("reading")), st.session_state[_CODE])
    restore_cases(str(held.get("cases") or ""))
    match held.get("base"):
        case {
            "source": str() as source,
            "name": str() as name,
            "version": int() as version,
            "run": str() as run,
            **others,
        }:
            cases = str(others.get("cases") or "")
            st.session_state[_BASE] = Base(source, name, version, run, cases=cases)
