"""What a what-if changes, as the address says it: `?mode=what-if&threshold=0.6&n=8&failures=2&reward=kept:3f2a1c`.

read_choice() -> Choice        Choice.apply(timeline) -> the changed description

The same words after `?run=…&change=1` open the changed description in the Lab.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

import streamlit as st

from pages.shared.query import read_number, read_whole
from pages.shared.text import escape_markdown
from refine_core import programs, runs, workbench
from refine_core.errors import Problem, RewardError, SpecError, StoreError
from refine_core.formatting import format_clock
from refine_core.programs import ProgramSpec
from refine_core.runs import KeptWhatIf, RunWhatIf, Timeline
from refine_core.what_if import AS_RECORDED, Keep, change_spec, describe_changes
from refine_core.workbench import Reading, RewardVersion, RunReward

NAMES: Final = ("threshold", "n", "failures", "reward")
NO_THRESHOLD: Final = "none"
KEPT, SAVED, TYPED = "kept:", "saved:", "typed:"
REWARD_DRAFT: Final = "reward draft"
"""The kind of the drafts of the Rewards page."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What is changed; what is as recorded is AS_RECORDED, None or "".

    reward: "kept:ID" for that of a kept what-if, "saved:NAME@VERSION" for a saved reward, "typed:ID" for that of a draft of the
    Rewards page.
    """

    threshold: float | Literal[Keep.AS_RECORDED] | None = AS_RECORDED
    n: int | None = None
    fail_count: int | Literal[Keep.AS_RECORDED] = AS_RECORDED
    reward: str = ""

    def apply(self, timeline: Timeline) -> ProgramSpec:
        """The run's description with these changes. Raises SpecError for what cannot be; StoreError."""
        reward, called, validators = timeline.spec.reward, _as_called(timeline.spec), None
        if self.reward.startswith(KEPT):
            kept = _find_kept(timeline.run_id, self.reward).spec
            reward, called, validators = kept.reward, _as_called(kept), kept.validators
        elif self.reward:
            reward, called = find_reward(self.reward)
        return change_spec(
            timeline.spec,
            reward=reward,
            reward_name=called.reward_name,
            reward_shape=called.reward_shape,
            reward_arguments=called.reward_arguments,
            validators=validators,
            threshold=self.threshold,
            n=self.n,
            fail_count=self.fail_count,
        )


def read_choice() -> Choice:
    """What the address says; what it says wrongly is as recorded."""
    threshold = read_number("threshold")
    failures = read_whole("failures", 0)
    return Choice(
        None
        if st.query_params.get("threshold") == NO_THRESHOLD
        else AS_RECORDED
        if threshold is None
        else threshold,
        read_whole("n"),
        AS_RECORDED if failures is None else failures,
        st.query_params.get("reward", ""),
    )


def take_changed(timeline: Timeline) -> ProgramSpec:
    """The run's description as the address would have it changed, once; as recorded where that cannot be."""
    choice = read_choice()
    clear()
    try:
        return choice.apply(timeline)
    except SpecError:
        return timeline.spec


def clear() -> None:
    """Have the address say that nothing is changed."""
    for name in NAMES:
        st.query_params.pop(name, None)


def query_of(timeline: Timeline, spec: ProgramSpec, reward: str) -> dict[str, str]:
    """What the address says of a changed description. reward: as `Choice.reward`."""
    old = timeline.spec
    query: dict[str, str] = {}
    if spec.threshold != old.threshold:
        query["threshold"] = NO_THRESHOLD if spec.threshold is None else f"{spec.threshold:.10g}"
    if old.N != spec.N:
        query["n"] = str(spec.N)
    if spec.fail_count != old.fail_count and spec.fail_count is not None:
        query["failures"] = str(spec.fail_count)
    if reward:
        query["reward"] = reward
    return query


def kept_query(timeline: Timeline, kept: KeptWhatIf) -> dict[str, str]:
    """What the address says of a kept what-if."""
    old, new = timeline.spec, kept.spec
    other = (old.reward, old.reward_name, old.validators) != (new.reward, new.reward_name, new.validators)
    return query_of(timeline, new, f"{KEPT}{kept.id}" if other else "")


def saved_name(reward: str) -> str | None:
    """The name of the saved reward that `reward` means; None where it means none."""
    return reward.removeprefix(SAVED).rpartition("@")[0] or None if reward.startswith(SAVED) else None


def keep(asked: RunWhatIf, where: str = "") -> None:
    """Keep a what-if beside its run, and say so. where: how to find it again, as the end of the sentence. To be called in a callback."""
    try:
        runs.keep_what_if(asked)
    except SpecError as error:
        st.toast(escape_markdown(f"Not kept: {error.message}"), icon=":material/error:")
    except StoreError as error:
        st.toast(escape_markdown(f"Not kept: {error}"), icon=":material/error:")
    else:
        st.toast(f"Kept beside the run{where}.", icon=":material/bookmark_added:")


def list_rewards(timeline: Timeline) -> Mapping[str, str]:
    """What `reward` may say -> what a person reads: as recorded, saved rewards, and those of kept what-ifs. Raises StoreError."""
    choices = {"": "as recorded", **list_saved(timeline.spec.reward)}
    for kept in runs.kept_what_ifs_of(timeline.run_id):
        if kept_query(timeline, kept).get("reward"):
            choices[f"{KEPT}{kept.id}"] = _describe_kept(timeline, kept)
    return choices


def list_saved(recorded: str) -> Mapping[str, str]:
    """The same of saved rewards alone, without the recorded one. Raises StoreError."""
    return {
        f"{SAVED}{one.name}@{one.latest.number}": f"{one.name}, version {one.latest.number}"
        for one in workbench.list_rewards().values()
        if one.latest.source != recorded and _runs_as_it_is(one.latest)
    }


def _describe_kept(timeline: Timeline, kept: KeptWhatIf) -> str:
    """A kept what-if by what it changes: "kept: the edited reward, N = 4 (29 Nov, 14:03)"."""
    return f"kept: {', '.join(describe_changes(timeline, kept.spec))} ({format_clock(kept.saved_at)})"


def _runs_as_it_is(version: RewardVersion) -> bool:
    """Whether a run can call a saved reward, attempt by attempt."""
    try:
        workbench.read_for_run(version.source, version.reading)
    except RewardError:
        return False
    return True


def _as_called(spec: ProgramSpec) -> RunReward:
    return RunReward(spec.reward_shape, spec.reward_name, spec.reward_arguments)


def _find_kept(run_id: str, reward: str) -> KeptWhatIf:
    """The kept what-if that `reward` names. Raises SpecError if it is gone; StoreError."""
    kept_id = reward.removeprefix(KEPT)
    for one in runs.kept_what_ifs_of(run_id):
        if one.id == kept_id:
            return one
    raise SpecError([Problem("reward", f"the kept what-if {kept_id!r} is not there any more")])


def find_reward(reward: str) -> tuple[str, RunReward]:
    """The source that "saved:…" or "typed:…" names, and how a run calls it. Raises SpecError if it is gone; StoreError."""
    source, reading = _find_typed(reward) if reward.startswith(TYPED) else _find_saved(reward)
    try:
        return source, workbench.read_for_run(source, reading)
    except RewardError:  # the Lab and the what-if say what is wrong
        return source, RunReward("refine")


def _find_saved(reward: str) -> tuple[str, Reading]:
    """The source of the saved reward that `reward` names, and what is known of it. Raises SpecError if it is gone; StoreError."""
    if not (reward.startswith(SAVED) and "@" in reward):
        what = (
            f"the address says {reward!r}, which names no reward; choose one, or take it out of the address"
        )
        raise SpecError([Problem("reward", what)])
    name, _, number = reward.removeprefix(SAVED).rpartition("@")
    saved = workbench.read_reward(name)
    version = saved.version(int(number)) if saved is not None and number.isdecimal() else None
    if version is None:
        raise SpecError([Problem("reward", f"there is no saved reward {name!r} of version {number}")])
    return version.source, version.reading


def _find_typed(reward: str) -> tuple[str, Reading]:
    """What is typed in the draft of the Rewards page that `reward` names, and what was said of it.

    Raises SpecError if it is gone; StoreError.
    """
    draft = programs.read_draft(reward.removeprefix(TYPED), kind=REWARD_DRAFT)
    if draft is None or not isinstance(code := draft.fields.get("code"), str):
        raise SpecError([Problem("reward", "the draft of the Rewards page is not there any more")])
    return code, workbench.unpack_reading(draft.fields.get("reading"))
