"""What if, over a whole experiment: another threshold or another reward, out of what was recorded; no model is asked.

    one = draw_what_if(snapshot)       the fields, and how far the scoring is; then the experiment as it would have been

The address says what is changed: `?experiment=…&mode=what-if&threshold=0.6&reward=saved:headline@2`. The scoring belongs to the
process: a reload, or another window, finds it.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Final

import streamlit as st

from pages.shared import address, what_if_choice
from pages.shared.isolation import why_code_is_refused
from pages.shared.leave import leave_for
from pages.shared.query import write
from pages.shared.text import escape_markdown, show_error
from refine_core import experiments
from refine_core.errors import SpecError, StoreError
from refine_core.experiments import ExperimentWhatIf, Snapshot, WhatIfJob
from refine_core.formatting import format_score, pluralize
from refine_core.what_if import AS_RECORDED, Changes

SCORED_AGAIN: Final = 4
REWARDS_OF: Final = 20  # runs whose outputs the Rewards page is given
_POLL_S: Final = 0.5
_KEY: Final = "batch.what-if"
_RECORDED: Final = "as recorded"


@dataclass(slots=True)
class _Jobs:
    """The last scorings of this process, by what they are of. Safe to use from any thread."""

    _known: OrderedDict[object, WhatIfJob] = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def find(self, key: object, start: Callable[[], WhatIfJob]) -> WhatIfJob:
        """The one of this key, begun if there is none; the oldest of too many ends."""
        with self._lock:
            job = self._known.get(key)
            if job is None:
                job = self._known[key] = start()
            self._known.move_to_end(key)
            while len(self._known) > SCORED_AGAIN:
                self._known.popitem(last=False)[1].cancel()
            return job

    def drop(self, key: object) -> None:
        """Cancel and forget it."""
        with self._lock:
            job = self._known.pop(key, None)
        if job is not None:
            job.cancel()


@st.cache_resource(show_spinner=False)
def _jobs() -> _Jobs:
    return _Jobs()


@dataclass(frozen=True, slots=True)
class Supposed:
    """An experiment as it would have been. changes: what was changed, in words."""

    found: ExperimentWhatIf
    changes: str


def draw_switch(snapshot: Snapshot) -> None:
    """The button that begins it, where runs have ended, and ends it."""
    on = address.asks_what_if()
    if not on and not snapshot.outcomes:
        return
    words = (
        "Back to what was recorded" if on else "Another threshold or reward, over all runs, without a call"
    )
    st.button(
        "As recorded" if on else "What if", key=f"{_KEY}.switch", on_click=_switch, args=(not on,), help=words
    )


def _switch(on: bool) -> None:
    what_if_choice.clear()
    address.show_what_if(on=on)


def draw_what_if(snapshot: Snapshot) -> Supposed | None:
    """The fields, where the address asks for What if; returned is what came of it, None while there is nothing yet."""
    if not address.asks_what_if() or not snapshot.outcomes:
        return None
    with st.container(border=True, gap="small", key=f"{_KEY}.panel"):
        _draw_fields(snapshot)
        choice = what_if_choice.read_choice()
        try:
            changes = _read_changes(choice)
        except (SpecError, StoreError) as error:
            message = error.message if isinstance(error, SpecError) else str(error)
            show_error(f"{message.removesuffix('.')}. Everything is shown as recorded.")
            return None
        if not changes:
            st.caption("Nothing is changed yet. Every recorded output is scored again; no model is asked.")
            return None
        if "reward" in changes and (refused := why_code_is_refused()):
            show_error(refused)
            return None
        found = _score(snapshot, changes)
        return None if found is None else Supposed(found, _describe(choice))


def _draw_fields(snapshot: Snapshot) -> None:
    choice = what_if_choice.read_choice()
    thresholds = {arm.spec.threshold for arm in snapshot.experiment.arms if arm.spec.strategy != "single"}
    recorded = next(iter(thresholds)) if len(thresholds) == 1 else None
    shown = recorded if choice.threshold is AS_RECORDED else choice.threshold
    rewards = _list_rewards(snapshot, choice.reward)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        key = f"{_KEY}.threshold"
        st.session_state[key] = shown
        st.number_input(
            "Threshold", step=0.05, format="%.4g", key=key, width=170, placeholder="none", on_change=_take_threshold,
            args=(key, recorded), help=f"As recorded: {_name_thresholds(thresholds)}. Empty: none is ever reached.",
        )  # fmt: skip
        key = f"{_KEY}.reward"
        st.session_state[key] = choice.reward if choice.reward in rewards else ""
        st.selectbox(
            "Reward", list(rewards), format_func=lambda one: rewards.get(one, one), key=key, width=320,
            on_change=lambda: write("reward", st.session_state[key] or None), help="As recorded, or one that you saved.",
        )  # fmt: skip
        if st.button(
            "Edit the reward", key=f"{_KEY}.edit", help="Save it there; then it can be chosen here."
        ):
            _edit_reward(snapshot, choice.reward)


def _name_thresholds(thresholds: set[float | None]) -> str:
    named = [
        "none" if one is None else format_score(one) for one in sorted(thresholds, key=lambda one: one or 0)
    ]
    return ", ".join(named) or "none"


def _take_threshold(key: str, recorded: float | None) -> None:
    value = st.session_state[key]
    none = None if recorded is None else what_if_choice.NO_THRESHOLD
    write("threshold", none if value is None else None if value == recorded else f"{value:.10g}")


def _list_rewards(snapshot: Snapshot, chosen: str) -> Mapping[str, str]:
    """What the address may say of a reward -> what a person reads."""
    sources = {arm.spec.reward for arm in snapshot.experiment.arms}
    rewards = {"": _RECORDED, **what_if_choice.list_saved(next(iter(sources)) if len(sources) == 1 else "")}
    is_one = what_if_choice.saved_name(chosen) or chosen.startswith(what_if_choice.TYPED)
    if is_one and chosen not in rewards:
        rewards[chosen] = _name_reward(chosen)
    return rewards


def _name_reward(reward: str) -> str:
    name, _, version = reward.removeprefix(what_if_choice.SAVED).rpartition("@")
    return f"{name}, version {version}" if what_if_choice.saved_name(reward) else "the edited reward"


def _edit_reward(snapshot: Snapshot, chosen: str) -> None:
    """Some outputs of the experiment on the Rewards page."""
    of = [cell.run_id(snapshot.experiment.id) for cell in snapshot.cells if cell in snapshot.outcomes]
    saved = what_if_choice.saved_name(chosen)
    leave_for(
        address.REWARDS,
        {**address.rewards_query(*of[:REWARDS_OF]), **({} if saved is None else address.reward_query(saved))},
    )


def _read_changes(choice: what_if_choice.Choice) -> Changes:
    """What is changed of every arm. Raises SpecError for a reward that is gone; StoreError."""
    changes: Changes = {}
    if choice.threshold is not AS_RECORDED:
        changes["threshold"] = choice.threshold
    if choice.reward and not choice.reward.startswith(what_if_choice.KEPT):
        source, called = what_if_choice.find_reward(choice.reward)
        changes["reward"] = source
        changes["reward_name"] = called.reward_name
        changes["reward_shape"] = called.reward_shape
        changes["reward_arguments"] = called.reward_arguments
    return changes


def _describe(choice: what_if_choice.Choice) -> str:
    changed = []
    if choice.threshold is not AS_RECORDED:
        changed.append(
            "no threshold" if choice.threshold is None else f"threshold {format_score(choice.threshold)}"
        )
    if choice.reward:
        changed.append(f"reward {_name_reward(choice.reward)}")
    return ", ".join(changed)


def _score(snapshot: Snapshot, changes: Changes) -> ExperimentWhatIf | None:
    """What the scoring found; None before it has ended, and where it failed, which is shown."""
    key = (snapshot.experiment.id, snapshot.revision, snapshot.done, repr(sorted(changes.items())))
    job = _jobs().find(key, partial(experiments.start_what_if, snapshot, **changes))
    job.wait(_POLL_S)  # another threshold takes no longer
    if not job.has_ended:
        _draw_progress(job)
        return None
    if job.result is not None:
        st.caption("Every recorded output, scored again; no model was asked.")
        return job.result
    if job.error is not None:
        show_error(escape_markdown(f"The recorded outputs cannot be scored: {job.error}"))
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.caption("Not scored to the end, so everything is shown as recorded.", width="content")
        st.button("Score again", key=f"{_KEY}.again", on_click=_jobs().drop, args=(key,))
    return None


def _draw_progress(job: WhatIfJob) -> None:
    @st.fragment(run_every=_POLL_S)
    def draw() -> None:
        if job.has_ended:
            st.rerun()
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            text = (
                f"{job.done:,} of {pluralize(job.total, 'run')} scored again; below, everything as recorded"
            )
            st.progress(job.done / max(job.total, 1), text, width="stretch")
            st.button("Cancel", key=f"{_KEY}.cancel", on_click=job.cancel)

    draw()
