"""The family of a run as a small tree: the run, its branches and theirs, each a line of attempts that leaves its parent's.

    draw_family(family, run_id)      an end that is pressed is compared with this run's; a name leads to its page

The tree itself is assets/family; it can be driven by keyboard, and read out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal, cast
from urllib.parse import urlencode

import streamlit as st

from pages.shared import address
from pages.shared.clicks import take_click
from pages.shared.leave import leave_for
from pages.shared.web import FAMILY, import_script, read_styles
from refine_core.formatting import format_score
from refine_core.runs import Family, FamilyMember
from refine_core.unseen import show_unseen_in

MAX_LANES: Final = 30
_AT_WORK: Final = ("running", "paused")
Outcome = Literal["scored", "best", "stopped", "failed", "pending"]
_component = st.components.v2.component(
    "refinescope.family", js=import_script(FAMILY), css=read_styles(FAMILY, root=".family")
)


@dataclass(frozen=True, slots=True)
class PlannedBranch:
    """A branch that is not there yet. first: its first own attempt, from 1."""

    name: str
    parent: str
    first: int


def draw_family(
    family: Family,
    run_id: str,
    *,
    key: str,
    planned: PlannedBranch | None = None,
    compact: bool = False,
) -> None:
    """Draw the tree. run_id: the run whose page it is. compact: one line of text a run.

    In an AppTest, press two ends with `at.session_state[key] = {"asked": {"do": "compare", "a": "…", "b": "…", "at": 1}}`.
    """
    data = build_tree(family, run_id, planned)
    _component(key=key, data={**data, "compact": compact}, height="content", on_asked_change=lambda: None)
    known = {member.run_id for member in family.members}
    match take_click(key, "asked"):
        case {"do": "compare", "a": str() as a, "b": str() as b} if {a, b} <= known:
            older, younger = sorted((a, b), key=[member.run_id for member in family.members].index)
            leave_for(address.COMPARE, {"a": older, "b": younger})
        case {"do": "open", "run": str() as run} if run in known:
            leave_for(address.RUN, {"run": run})


def build_tree(family: Family, run_id: str, planned: PlannedBranch | None = None) -> dict[str, object]:
    """The tree as plain data: a lane a run, parents before their branches; those beyond MAX_LANES are left out and counted."""
    listed = list(family.members[:MAX_LANES])
    listed += [one for one in family.members[MAX_LANES:] if one.run_id == run_id]
    shown = {one.run_id: one for one in listed}
    lanes = [_describe_lane(one, run_id, shown) for one in listed]
    if planned is not None:
        lanes.append(_describe_planned(planned, shown))
    count = max([1, *(len(one.rewards) for one in listed), planned.first if planned is not None else 1])
    left_out = len(family.members) - len(listed) + family.left_out
    return show_unseen_in({"lanes": _arrange(lanes), "count": count, "left_out": left_out})


def _arrange(lanes: Sequence[Mapping[str, object]]) -> list[Mapping[str, object]]:
    """Each lane below the one that it leaves, and of one lane's branches the one that leaves it last first: no line crosses another.

    What keeps nothing is a line of its own, and comes after the branches of the lines before it. Equals stay in order.
    """
    leaving: dict[object, list[Mapping[str, object]]] = {}
    for lane in lanes:
        leaving.setdefault(lane["joins"] if lane["from"] != 1 else None, []).append(lane)
    arranged: list[Mapping[str, object]] = []
    waiting = leaving.get(None, [])[::-1]
    while waiting:
        arranged.append(waiting.pop())
        branches = () if arranged[-1]["draft"] else leaving.get(arranged[-1]["id"], ())
        waiting += sorted(branches, key=lambda one: cast("int", one["from"]), reverse=True)[::-1]
    return arranged


def _describe_lane(one: FamilyMember, run_id: str, shown: Mapping[str, FamilyMember]) -> dict[str, object]:
    first = one.kept + 1
    best = None if one.best is None else one.rewards[one.best]
    state = "deleted" if one.deleted else one.outcome
    own = one.rewards[first - 1 :] or ((None,) if one.outcome in _AT_WORK else ())
    rewards = ", ".join("none" if reward is None else format_score(reward) for reward in own)
    begins = f"A branch from attempt {first}. " if one.fork_attempt is not None else ""
    return {
        "id": one.run_id,
        "name": _shorten(one, shown),
        "note": state if best is None else f"{state}, {format_score(best)}",
        "brief": state if best is None else format_score(best),
        "words": f"{begins}Rewards: {rewards or 'none yet'}.",
        "href": f"run?{urlencode({'run': one.run_id})}",
        "from": first,
        "joins": _find_join(one.parent, first, shown),
        "points": [
            {
                "number": first + i,
                "outcome": _find_outcome(one, first - 1 + i, reward),
                "text": "" if reward is None else format_score(reward),
            }
            for i, reward in enumerate(own)
        ],
        "returned": None if one.best is None else one.best + 1,
        "current": one.run_id == run_id,
        "draft": False,
    }


def _shorten(one: FamilyMember, shown: Mapping[str, FamilyMember]) -> str:
    """Its label, without the parent's title where it begins with that, as the title of a hint test's try does."""
    parent = shown.get(one.parent or "")
    return one.label if parent is None else one.label.removeprefix(f"{parent.title} · ")


def _describe_planned(planned: PlannedBranch, shown: Mapping[str, FamilyMember]) -> dict[str, object]:
    return {
        "id": "",
        "name": planned.name,
        "note": "the new branch",
        "brief": "",
        "words": f"Not started. It begins at attempt {planned.first}.",
        "href": "",
        "from": planned.first,
        "joins": _find_join(planned.parent, planned.first, shown),
        "points": [{"number": planned.first, "outcome": "pending", "text": "?"}],
        "returned": None,
        "current": False,
        "draft": True,
    }


def _find_join(parent: str | None, first: int, shown: Mapping[str, FamilyMember]) -> str | None:
    """The run whose line holds the attempt before `first`: the parent, or an ancestor, where the parent has kept it."""
    above = shown.get(parent or "")
    while above is not None and 1 < first <= above.kept + 1 and (higher := shown.get(above.parent or "")):
        above = higher
    return None if above is None else above.run_id


def _find_outcome(one: FamilyMember, index: int, reward: float | None) -> Outcome:
    if reward is None:  # the last attempt of a run that is at work, or was cut off, has not failed
        has_end = one.outcome not in (*_AT_WORK, "cancelled", "interrupted", "stopped")
        none_failed = not one.failed  # what has no reward is unknown, then
        return "failed" if (has_end or index < len(one.rewards) - 1) and not none_failed else "pending"
    if index == one.best:
        return "stopped" if one.outcome == "reached" else "best"
    return "scored"
