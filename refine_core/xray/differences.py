"""The first line where the scores of two rows part, and by how much.

Scores part where a number that goes into them differs (contributions.py). Where one row made a number that the other
did not make, they part at the branch that led to it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from refine_core.xray.pairs import SAME, Pair, find_partner, find_unscored, returned_difference
from refine_core.xray.types import CallView, Contribution


@dataclass(frozen=True, slots=True)
class Difference:
    """site: of the number that differs, -1 for none. is_score: whether `by` is of the score itself, or of a part of it."""

    line: int
    order: int
    by: float | None
    name: str
    is_branch: bool = False
    site: int = -1
    is_score: bool = True
    call: int | None = None


def find_branch(a: CallView, b: CallView) -> int | None:
    """The line of the first branch with another outcome. Turns of loops are no branches; an error that was caught is one."""
    mine, others = _list_outcomes(a), _list_outcomes(b)
    lines = {line for line in {*mine, *others} if mine.get(line) != others.get(line)}
    return min(lines, default=None)


def _list_outcomes(view: CallView) -> dict[int, bool]:
    """Line of a branch -> whether it was ever taken."""
    found = {
        line: note != "not taken" and not note.startswith("taken 0 ")
        for line, note, _ in view.branches
        if "turn" not in note
    }
    return found | {one.number: True for one in view.lines if one.exception and one.caught_at is not None}


def find_failure(a: CallView, b: CallView) -> Difference | None:
    """Where one of two calls failed; None where both did, or neither."""
    if (a.ended == "exception") == (b.ended == "exception"):
        return None
    failing = a if a.ended == "exception" else b
    line = next((one.number for one in failing.lines if one.exception and one.caught_at is None), None)
    return None if line is None else Difference(line, 0, None, "")


def find_difference(pair: Pair, branch: int | None, total: float | None) -> Difference | None:
    """Where they part; None where nothing that matters differs. branch: the first with another outcome. total: by how much they differ."""
    a, b = pair.view, pair.other
    if total is not None and abs(total) <= SAME and _same_parts(pair):
        return None
    if branch is not None and find_unscored(pair) is not None:
        return Difference(branch, 0, None, "", is_branch=True)
    found = sorted(_iter_differences(a.contributions, b.contributions, branch), key=lambda one: one.order)
    if found and not (found[0].is_branch and _returns_elsewhere(a, b)):
        return found[0]
    if total is None or abs(total) <= SAME:
        return found[0] if found else None
    if branch is not None:
        return Difference(branch, 0, total, "", is_branch=True)
    line = _return_line(a)
    return _find_call(pair) or (None if line is None else Difference(line, 0, total, ""))


def _same_parts(pair: Pair) -> bool:
    """Whether nothing that is a part of the score differs, so that whatever else does is no matter."""
    others = {one.site: one.value for one in pair.other.contributions if one.is_part}
    return all(one.value == others.get(one.site) for one in pair.view.contributions if one.is_part)


def _returns_elsewhere(a: CallView, b: CallView) -> bool:
    return a.ended == b.ended == "returned" and _return_line(a) != _return_line(b)


def _find_call(pair: Pair) -> Difference | None:
    """The first call that was made here and returned another number."""
    names = {one.name for one in pair.first.recognized.functions}
    trace = pair.first.trace
    for one in () if trace is None else trace.calls[trace.start :]:
        is_loose = one.number in pair.first.roots and pair.first.function_of(one.number) not in names
        if one.number == pair.view.number or (one.parent != pair.view.number and not is_loose):
            continue
        partner = find_partner(pair.first, pair.second, one.number)
        view = pair.first.view(one.number)
        other = None if partner is None else pair.second.view(partner)
        if view is None or other is None:
            continue
        by = returned_difference(view, other)
        if by is not None and abs(by) > SAME:
            line = one.line if one.parent == pair.view.number else _return_line(pair.view)
            return Difference(line or pair.view.first_line, 0, by, "", call=one.number)
    return None


def _iter_differences(
    first: tuple[Contribution, ...], second: tuple[Contribution, ...], branch: int | None
) -> Iterator[Difference]:
    others = {one.site: one for one in second}
    mine = {one.site for one in first}
    for one in first:
        other = others.get(one.site)
        by = _between(one, _counterpart(one, first, second) if other is None else other)
        if by is not None and abs(by) <= SAME:
            continue
        if other is None and branch is not None:
            yield Difference(branch, one.order, by, one.name, is_branch=True)
        elif other is not None and by is not None:
            is_score = one.is_part or one.weight is not None or not one.name.isidentifier()
            yield Difference(one.line, one.order, by, one.name, site=one.site, is_score=is_score)
    for one in second:
        by = _between(_counterpart(one, second, first), one)
        if one.site not in mine and branch is not None and (by is None or abs(by) > SAME):
            yield Difference(branch, one.order, by, one.name, is_branch=True)


def _counterpart(
    one: Contribution, its_own: tuple[Contribution, ...], others: tuple[Contribution, ...]
) -> Contribution | None:
    """What the other row has in place of a number that only one row made: what it alone made, else what both had before."""
    own_sites = {item.site for item in its_own}
    alike = [item for item in others if item.name == one.name]
    if alone := [item for item in alike if item.site not in own_sites]:
        return alone[-1]
    before = {item.site for item in its_own if item.name == one.name and item.order < one.order}
    shared = [item for item in alike if item.site in before]
    return shared[-1] if shared else alike[-1] if alike else None


def _between(one: Contribution | None, other: Contribution | None) -> float | None:
    if one is None or other is None or one.points is None or other.points is None:
        return None
    return other.points - one.points


def _return_line(view: CallView) -> int | None:
    lines = [one for one in view.lines if one.state == "reached" and one.text.strip().startswith("return")]
    return lines[-1].number if lines else view.first_line if view.ended == "returned" else None
