"""The family of a run: the run that it was made from, and so on up to the first, and all that was made of these.

Branches know how many attempts they keep; runs that were edited, run again or replayed keep none. A parent that was deleted is
a member that says so; one that is gone for good is none, and its children are members without a parent.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from refine_core.store.listing import Annotation, Filters, ListedRun, Outcome
from refine_core.store.protocol import RunRow

MAX_MEMBERS = 200
MAX_ANCESTORS = 150  # with the run itself, so that it is among the members
Children = Callable[[Filters], Sequence[ListedRun]]


@dataclass(frozen=True, slots=True)
class FamilyMember:
    """A run of a family. parent: of the members; None for one without. depth: how many members are above it.

    fork_attempt: of a branch, its first own attempt, from 1; None for a run that keeps nothing. name: that a person gave it, "" for
    none. change: what was changed since its parent, in a few words; "" if that is not known. rewards: one an attempt, the kept ones
    too; None where it failed, runs or is unknown. failed: how many of them failed. outcome: how it ended, or that it goes on. deleted: whether it is in the list no more.
    """

    run_id: str
    parent: str | None
    depth: int
    fork_attempt: int | None
    name: str
    change: str
    title: str
    rewards: tuple[float | None, ...]
    best: int | None
    threshold: float | None
    outcome: Outcome
    started_at: float
    deleted: bool = False
    failed: int = 0

    @property
    def kept(self) -> int:
        """How many attempts it keeps of its parent."""
        return max((self.fork_attempt or 1) - 1, 0)

    @property
    def label(self) -> str:
        """What a tree calls it: its name, else what was changed and from where, as in "T 0.9 from attempt 3"; else its title."""
        if self.name or self.fork_attempt is None:
            return self.name or self.change or self.title
        where = f"from attempt {self.fork_attempt}"
        return f"{self.change} {where}" if self.change else f"branch {where}"


@dataclass(frozen=True, slots=True)
class Family:
    """members: each after its parent, and the branches of one run in the order in which they began. left_out: how many are not listed.

    run_id: whose family was asked for.
    """

    run_id: str
    members: tuple[FamilyMember, ...] = ()
    left_out: int = 0

    def get(self, run_id: str) -> FamilyMember | None:
        """The member of this id."""
        return next((one for one in self.members if one.run_id == run_id), None)

    def children(self, run_id: str) -> tuple[FamilyMember, ...]:
        """The members that were made of this one."""
        return tuple(one for one in self.members if one.parent == run_id)


def find_family(
    run_id: str,
    row: Callable[[str], RunRow | None],
    annotation: Callable[[str], Annotation],
    children: Children,
) -> Family:
    """The family of a run. row, annotation: of a run. children: the listed runs that filters let through.

    Raises StoreError. An unknown run has none.
    """
    line = _list_ancestors(run_id, row)
    if not line:
        return Family(run_id)
    found = {
        one.run_id: ListedRun(one.run_id, one.summary, one.alive, annotation(one.run_id)) for one in line
    }
    heir = {above.run_id: one.run_id for one, above in pairwise(line)}
    seen: set[str] = set()
    level: tuple[str, ...] = (line[-1].run_id,)
    while level and len(found) < MAX_MEMBERS:
        seen.update(level)
        found |= {one.run_id: one for one in children(Filters(parents=level))}
        born = [one.run_id for one in found.values() if one.summary.parent in level]
        level = tuple(
            one for one in dict.fromkeys((*born, *(heir[i] for i in level if i in heir))) if one not in seen
        )
    members = _order(line[-1].run_id, found)
    return Family(run_id, members[:MAX_MEMBERS], max(len(members) - MAX_MEMBERS, 0))


def _list_ancestors(run_id: str, row: Callable[[str], RunRow | None]) -> list[RunRow]:
    """The run, its parent, and so on, as far as they are there. A file may hold a circle of thousands."""
    line: dict[str, RunRow] = {}
    at: str | None = run_id
    while at is not None and at not in line and len(line) < MAX_ANCESTORS and (found := row(at)) is not None:
        line[at] = found
        at = found.summary.parent
    return [*line.values()]


def _order(top: str, found: Mapping[str, ListedRun]) -> tuple[FamilyMember, ...]:
    """Each run after its parent, the oldest child first."""
    children: dict[str | None, list[ListedRun]] = {}
    for one in sorted(found.values(), key=lambda one: (one.summary.started_at, one.run_id), reverse=True):
        if one.run_id != top:
            children.setdefault(one.summary.parent, []).append(one)
    members: list[FamilyMember] = []
    waiting: list[tuple[ListedRun, str | None, int]] = [(found[top], None, 0)]
    while waiting:
        one, parent, depth = waiting.pop()
        members.append(_member(one, parent, depth))
        waiting += [(child, one.run_id, depth + 1) for child in children.pop(one.run_id, ())]
    return tuple(members)


def _member(one: ListedRun, parent: str | None, depth: int) -> FamilyMember:
    summary = one.summary
    return FamilyMember(
        one.run_id,
        parent,
        depth,
        summary.fork_attempt,
        one.annotation.name,
        summary.change,
        summary.title or one.run_id,
        summary.rewards,
        summary.best,
        summary.threshold,
        one.outcome,
        summary.started_at,
        one.annotation.deleted_at is not None,
        summary.failed,
    )
