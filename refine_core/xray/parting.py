"""Two rows side by side: the first line where their scores part, and by how much.

Scores part where a number that goes into them differs (contributions.py). Where one row made a number that the other
did not make, they part at the branch that led to it.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from refine_core.rewards import RowResult
from refine_core.xray.reasons import Side, explain, is_true
from refine_core.xray.row_xray import Xray
from refine_core.xray.sentences import end_sentence
from refine_core.xray.source_map import SourceMap, iter_own
from refine_core.xray.texts import clip_text, write_score
from refine_core.xray.types import CallView, Contribution, Parting

_SAME: Final = 1e-9
_ROUNDED: Final = 1e-6
_REASON_CHARS: Final = 80
_CALLS: Final = 5  # helpers, one inside the other


@dataclass(frozen=True, slots=True)
class _Difference:
    """site: of the number that differs, -1 for none. is_score: whether `by` is of the score itself, or of a part of it."""

    line: int
    order: int
    by: float | None
    name: str
    is_branch: bool = False
    site: int = -1
    is_score: bool = True
    call: int | None = None


def find_parting(
    first: Xray, second: Xray, view: CallView | None = None, other: CallView | None = None
) -> Parting:
    """Where two rows part. view, other: calls of theirs, of one function; by default those of the reward itself."""
    a, b = first.result, second.result
    view = view or first.view()
    other = other or second.view()
    if view is None or other is None or view.first_line != other.first_line:
        return Parting(None, None, "", same_branches=False, sentence=_describe_values(first, second))
    pair = _Pair(first, second, view, other)
    branch = _find_branch(view, other)
    is_root = view.number in first.roots and other.number in second.roots
    total = None if a.value is None or b.value is None else b.value - a.value
    is_one_of_several = len(first.recognized.functions) > 1
    if not is_root:
        total = _returned_difference(view, other)
    elif is_one_of_several:
        total = _part_difference(first, second, view.function)
    difference = _find_failure(view, other) or _find_difference(pair, branch, total)
    if is_root and is_one_of_several and first.result.error is None and second.result.error is None:
        sentence = _describe_one_of_several(pair, difference, branch, total)
    elif is_root:
        sentence = _describe(pair, difference, branch, total)
    else:
        sentence = _describe_calls((first, view), (second, other), branch)
    return Parting(
        None if difference is None else difference.line,
        None if difference is None else difference.by,
        "" if difference is None else difference.name,
        branch is None,
        sentence,
    )


@dataclass(frozen=True, slots=True)
class _Pair:
    first: Xray
    second: Xray
    view: CallView
    other: CallView


def find_function(first: Xray, second: Xray) -> int | None:
    """Of a reward of several functions, the call of the first one that gave the two rows different numbers."""
    for root in first.roots if len(first.recognized.functions) > 1 else ():
        by = _part_difference(first, second, first.function_of(root))
        if by is not None and abs(by) > _SAME:
            return root
    return None


def find_partner(first: Xray, second: Xray, call: int) -> int | None:
    """The call of the second that corresponds to one of the first: the same one in turn, of the same function, from the same line."""
    if first.trace is None or second.trace is None:
        return None
    path: list[tuple[int, int, int]] = []
    number: int | None = call
    while number is not None:
        one = first.trace.calls[number]
        alike = _list_alike(first, one.parent, one.function, one.line)
        path.append((one.function, one.line, alike.index(number)))
        number = one.parent if number not in first.roots else None
    at: int | None = None
    for function, line, place in reversed(path):
        alike = _list_alike(second, at, function, line)
        if place >= len(alike):
            return None
        at = alike[place]
    return at


def _list_alike(xray: Xray, parent: int | None, function: int, line: int) -> list[int]:
    if xray.trace is None:
        return []
    inside = xray.roots if parent is None else None
    return [
        one.number
        for one in xray.trace.calls
        if one.function == function
        and ((one.number in inside) if inside is not None else (one.parent == parent and one.line == line))
    ]


def _find_branch(a: CallView, b: CallView) -> int | None:
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


def _find_failure(a: CallView, b: CallView) -> _Difference | None:
    if (a.ended == "exception") == (b.ended == "exception"):
        return None
    failing = a if a.ended == "exception" else b
    line = next((one.number for one in failing.lines if one.exception and one.caught_at is None), None)
    return None if line is None else _Difference(line, 0, None, "")


def _find_difference(pair: _Pair, branch: int | None, total: float | None) -> _Difference | None:
    a, b = pair.view, pair.other
    if total is not None and abs(total) <= _SAME and _same_parts(pair):
        return None
    if branch is not None and _unscored(pair) is not None:
        return _Difference(branch, 0, None, "", is_branch=True)
    found = sorted(_iter_differences(a.contributions, b.contributions, branch), key=lambda one: one.order)
    if found and not (found[0].is_branch and _returns_elsewhere(a, b)):
        return found[0]
    if total is None or abs(total) <= _SAME:
        return found[0] if found else None
    if branch is not None:
        return _Difference(branch, 0, total, "", is_branch=True)
    line = _return_line(a)
    return _find_call(pair) or (None if line is None else _Difference(line, 0, total, ""))


def _unscored(pair: _Pair) -> Xray | None:
    """The one row that got no score, without an error, while the other got one."""
    none = [one for one in (pair.first, pair.second) if one.result.value is None and one.result.error is None]
    scored = [one for one in (pair.first, pair.second) if one.result.value is not None]
    return none[0] if len(none) == len(scored) == 1 else None


def _same_parts(pair: _Pair) -> bool:
    """Whether nothing that is a part of the score differs, so that whatever else does is no matter."""
    others = {one.site: one.value for one in pair.other.contributions if one.is_part}
    return all(one.value == others.get(one.site) for one in pair.view.contributions if one.is_part)


def _returns_elsewhere(a: CallView, b: CallView) -> bool:
    return a.ended == b.ended == "returned" and _return_line(a) != _return_line(b)


def _find_call(pair: _Pair) -> _Difference | None:
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
        by = _returned_difference(view, other)
        if by is not None and abs(by) > _SAME:
            line = one.line if one.parent == pair.view.number else _return_line(pair.view)
            return _Difference(line or pair.view.first_line, 0, by, "", call=one.number)
    return None


def _iter_differences(
    first: tuple[Contribution, ...], second: tuple[Contribution, ...], branch: int | None
) -> Iterator[_Difference]:
    others = {one.site: one for one in second}
    mine = {one.site for one in first}
    for one in first:
        other = others.get(one.site)
        by = _between(one, _counterpart(one, first, second) if other is None else other)
        if by is not None and abs(by) <= _SAME:
            continue
        if other is None and branch is not None:
            yield _Difference(branch, one.order, by, one.name, is_branch=True)
        elif other is not None and by is not None:
            is_score = one.is_part or one.weight is not None or not one.name.isidentifier()
            yield _Difference(one.line, one.order, by, one.name, site=one.site, is_score=is_score)
    for one in second:
        by = _between(_counterpart(one, second, first), one)
        if one.site not in mine and branch is not None and (by is None or abs(by) > _SAME):
            yield _Difference(branch, one.order, by, one.name, is_branch=True)


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


def _returned_difference(a: CallView, b: CallView) -> float | None:
    one, other = a.returned, b.returned
    if isinstance(one, (bool, int, float)) and isinstance(other, (bool, int, float)):
        return float(other) - float(one)
    return None


def _return_line(view: CallView) -> int | None:
    lines = [one for one in view.lines if one.state == "reached" and one.text.strip().startswith("return")]
    return lines[-1].number if lines else view.first_line if view.ended == "returned" else None


def _describe(pair: _Pair, difference: _Difference | None, branch: int | None, total: float | None) -> str:
    return _describe_all(pair, difference, branch, total).strip()


def _describe_all(
    pair: _Pair, difference: _Difference | None, branch: int | None, total: float | None
) -> str:
    first, second = pair.first, pair.second
    failed = [one for one in (first, second) if one.result.error is not None]
    if len(failed) == 1:
        error = failed[0].result.error
        line = error.line if error is not None else None
        where = f" at line {line}" if line is not None else ""
        return f"{failed[0].label} fails{where}: {end_sentence(error.message if error is not None else '')}"
    start = (
        "Both take the same branches."
        if branch is None
        else f"They take different branches at line {branch}."
    )
    if difference is None:
        return f"{start} {_describe_same(first, second)}"
    if branch is None and _takes_another_arm(pair, difference):
        start = ""
    on = f" on {difference.name}" if difference.name else ""
    by = difference.by
    is_all = total is not None and by is not None and abs(total - by) <= _ROUNDED
    reason = _find_reason(pair, difference, total)
    because = end_sentence(f": {reason}" if reason else "")
    if (unscored := _unscored(pair)) is not None:
        return (
            f"{start} {unscored.label} gets no score because of it{because}"
            if difference.is_branch
            else f"{start} {_describe_values(first, second)}"
        )
    if by is None or abs(by) <= _SAME or not (is_all or difference.is_score or difference.is_branch):
        at = "there" if difference.is_branch else f"at line {difference.line}"
        return f"{start} {_say_total(pair, total)}The scores part {at}{on}{because}"
    worse = second if by < 0 else first
    amount = write_score(abs(by))
    if difference.is_branch:
        said = f"{worse.label} gets {amount} less{on} because of it{because}"
    else:
        both = all(_loses(view, difference) for view in (pair.view, pair.other))
        said = f"{worse.label} {f'loses {amount} more' if both else f'gets {amount} less'}{on}, at line {difference.line}{because}"
    if total is None or is_all:
        return f"{start} {said}"
    return f"{start} {said} {_say_total(pair, total)}".rstrip()


def _describe_one_of_several(
    pair: _Pair, difference: _Difference | None, branch: int | None, total: float | None
) -> str:
    """Of a reward of several functions, the one that is shown; and, where it parts nothing, those that do."""
    name = pair.view.function
    if total is None or abs(total) > _SAME:
        return f"{name}: {_describe(pair, difference, branch, total)}"
    a, b = pair.first.result.parts, pair.second.result.parts
    apart = [
        f"{one} gives {write_score(a[one])} and {write_score(b[one])}"
        for one in a
        if one != name and one in b and "." not in one and abs(a[one] - b[one]) > _SAME
    ]
    same = f"{name} gives both {write_score(a.get(name))}."
    return f"{same} The scores part elsewhere: {', '.join(apart)}." if apart else same


def _part_difference(first: Xray, second: Xray, name: str) -> float | None:
    a, b = first.result.parts.get(name), second.result.parts.get(name)
    return None if a is None or b is None else b - a


def _say_total(pair: _Pair, total: float | None) -> str:
    if total is None:
        return ""
    if abs(total) <= _SAME:
        return "In all both score the same. "
    lower = pair.second if total < 0 else pair.first
    return f"In all {lower.label} has {write_score(abs(total))} less. "


def _loses(view: CallView, difference: _Difference) -> bool:
    return any(one.site == difference.site and one.lost is not None for one in view.contributions)


def _find_reason(pair: _Pair, difference: _Difference, total: float | None, depth: int = 0) -> str:
    """In a few words, what differs at the line where they part."""
    by = difference.by if difference.by is not None and difference.is_score else total or difference.by
    swapped = by is not None and by > 0
    sides = _sides(pair)
    if sides is None:
        return ""
    source = sides[0].source
    better, worse = sides
    if _unscored(pair) is pair.first or swapped:
        better, worse = worse, better
    node: ast.AST | None = None
    if difference.is_branch:
        caught = [
            one
            for view in (pair.view, pair.other)
            for one in view.lines
            if one.number == difference.line and one.exception
        ]
        if caught:
            return f"{clip_text(caught[0].exception, _REASON_CHARS)}"
        node = _test_at(source, difference.line)
    elif difference.site >= 0:
        node = source.plan.sites[difference.site].node
        if isinstance(node, ast.AugAssign):
            node = node.value
    if isinstance(node, ast.expr):
        inner = _find_inner(pair, difference, node, depth)
        return inner or explain(node, worse, better)
    return _find_inner(pair, difference, None, depth)


def _sides(pair: _Pair) -> tuple[Side, Side] | None:
    """The values of both, by one source: nodes are told apart by identity."""
    source, mine, other = pair.first.source, pair.first.trace, pair.second.trace
    if source is None or mine is None or other is None:
        return None
    return Side(source, mine.calls[pair.view.number]), Side(source, other.calls[pair.other.number])


def _takes_another_arm(pair: _Pair, difference: _Difference) -> bool:
    """Whether a conditional expression went another way where the number was made."""
    sides = _sides(pair)
    if sides is None or difference.site < 0:
        return False
    node = sides[0].source.plan.sites[difference.site].node
    return any(
        isinstance(one, ast.IfExp) and is_true(one.test, sides[0]) != is_true(one.test, sides[1])
        for one in iter_own(node)
    )


def _test_at(source: SourceMap, line: int) -> ast.AST | None:
    """What an `if`, `while` or `match` at this line asks."""
    for site in source.plan.sites:
        node = site.node
        if isinstance(node, (ast.If, ast.While)) and node.lineno == line:
            return node.test
        if isinstance(node, ast.Match) and any(case.pattern.lineno == line for case in node.cases):
            return node.subject
    return None


def _find_inner(pair: _Pair, difference: _Difference, node: ast.expr | None, depth: int) -> str:
    """Of a number that a helper gave: where its two calls part."""
    if depth >= _CALLS or difference.is_branch:
        return ""
    number = difference.call
    if number is None:
        if not isinstance(node, ast.Call) or pair.first.trace is None:
            return ""
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        number = next(
            (
                one.number
                for one in pair.first.trace.calls
                if one.parent == pair.view.number
                and node.lineno <= one.line <= (node.end_lineno or node.lineno)
                and pair.first.function_of(one.number) == name
            ),
            None,
        )
    partner = None if number is None else find_partner(pair.first, pair.second, number)
    if number is None or partner is None:
        return ""
    view, other = pair.first.view(number), pair.second.view(partner)
    if view is None or other is None:
        return ""
    inner = _Pair(pair.first, pair.second, view, other)
    found = _find_difference(inner, _find_branch(view, other), _returned_difference(view, other))
    if found is None:
        return ""
    reason = _find_reason(inner, found, _returned_difference(view, other), depth + 1)
    return f"in {view.function}, at line {found.line}{f', {reason}' if reason else ''}"


def _describe_calls(one: tuple[Xray, CallView], other: tuple[Xray, CallView], branch: int | None) -> str:
    """Two calls of a helper: what each returned."""
    name = one[1].function
    ends = [_describe_end(view) for _, view in (one, other)]
    where = "" if branch is None else f" They take different branches at line {branch}."
    if ends[0] == ends[1]:
        return f"{name} {ends[0]} for both.{where}"
    return f"{name} {ends[0]} for {_lower(one[0].label)} and {ends[1]} for {_lower(other[0].label)}.{where}"


def _describe_end(view: CallView) -> str:
    if view.ended == "returned":
        value = view.returned
        number = isinstance(value, int | float) and not isinstance(value, bool)
        return f"returns {write_score(value) if number else clip_text(str(value), 60)}"  # type: ignore[arg-type]  # a number
    return {"exception": "raises an error", "no_return": "ends without a return"}.get(
        view.ended, "gives values"
    )


def _lower(label: str) -> str:
    return f"{label[:1].lower()}{label[1:]}"


def _describe_same(first: Xray, second: Xray) -> str:
    a, b = first.result, second.result
    if a.error is not None and b.error is not None:
        line, message = a.error.line, a.error.message
        where = "" if line is None or line != b.error.line else f" at line {line}"
        return (
            f"Both fail{where}: {end_sentence(message)}"
            if message == b.error.message
            else f"Both fail{where}."
        )
    if a.value is None or b.value is None or abs(a.value - b.value) > _SAME:
        return _describe_values(first, second)
    return f"Both score {write_score(a.value)}, and nothing parts them."


def _describe_values(first: Xray, second: Xray) -> str:
    return f"{first.label}: {_value(first.result)}. {second.label}: {_value(second.result)}."


def _value(result: RowResult) -> str:
    if result.error is not None:
        return "no score, it fails"
    return "no score" if result.value is None else write_score(result.value)
