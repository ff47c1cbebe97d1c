"""Two rows side by side: the first line where their scores part, and by how much.

Scores part where a number that goes into them differs (contributions.py). Where one row made a number that the other
did not make, they part at the branch that led to it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from refine_core.formatting import format_score
from refine_core.rewards import RowResult
from refine_core.xray.sentences import end_sentence
from refine_core.xray.texts import clip_text
from refine_core.xray.types import CallView, Contribution, Parting
from refine_core.xray.xraying import Xray

_SAME = 1e-9


@dataclass(frozen=True, slots=True)
class _Difference:
    line: int
    order: int
    by: float | None
    name: str
    is_branch: bool = False


def find_parting(
    first: Xray, second: Xray, view: CallView | None = None, other: CallView | None = None
) -> Parting:
    """Where two rows part. view, other: calls of theirs, of one function; by default those of the reward itself."""
    a, b = first.result, second.result
    view = view or first.view()
    other = other or second.view()
    if view is None or other is None or view.first_line != other.first_line:
        return Parting(None, None, "", same_branches=False, sentence=_describe_values(first, second))
    branch = _find_branch(view, other)
    failed = _find_failure(view, other)
    difference = failed or _find_difference(view, other, branch)
    total = None if a.value is None or b.value is None else b.value - a.value
    is_root = view.parent is None and other.parent is None
    if is_root:
        sentence = _describe(first, second, difference, branch, total)
    else:
        sentence = _describe_calls((first, view), (second, other), branch)
    return Parting(
        None if difference is None else difference.line,
        None if difference is None else difference.by,
        "" if difference is None else difference.name,
        branch is None,
        sentence,
    )


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
    """The line of the first branch with another outcome. Turns of loops are no branches."""
    mine, others = _list_outcomes(a), _list_outcomes(b)
    for line, taken in mine.items():
        if others.get(line) != taken:
            return line
    return next((line for line in others if line not in mine), None)


def _list_outcomes(view: CallView) -> dict[int, bool]:
    """Line of a branch -> whether it was ever taken, in the order in which they came."""
    return {
        line: note != "not taken" and not note.startswith("taken 0 ")
        for line, note, _ in view.branches
        if "turn" not in note
    }


def _find_failure(a: CallView, b: CallView) -> _Difference | None:
    if (a.ended == "exception") == (b.ended == "exception"):
        return None
    failing = a if a.ended == "exception" else b
    line = next((one.number for one in failing.lines if one.exception and one.caught_at is None), None)
    return None if line is None else _Difference(line, 0, None, "")


def _find_difference(a: CallView, b: CallView, branch: int | None) -> _Difference | None:
    found = sorted(_iter_differences(a.contributions, b.contributions, branch), key=lambda one: one.order)
    if found:
        return found[0]
    line = _return_line(a)
    if _returned_difference(a, b) not in (None, 0.0) and line is not None:
        return _Difference(branch or line, 0, _returned_difference(a, b), "", is_branch=branch is not None)
    return None


def _iter_differences(
    first: tuple[Contribution, ...], second: tuple[Contribution, ...], branch: int | None
) -> Iterator[_Difference]:
    others = {one.site: one for one in second}
    mine = {one.site: one for one in first}
    last = {one.name: one for one in first}
    last_other = {one.name: one for one in second}
    for one in first:
        other = others.get(one.site)
        if other is not None:
            if one.value is not None and other.value is not None and abs(one.value - other.value) > _SAME:
                yield _Difference(one.line, one.order, other.value - one.value, one.name)
        elif branch is not None:
            yield _Difference(
                branch, one.order, _between(one, last_other.get(one.name)), one.name, is_branch=True
            )
    for other in second:
        if other.site not in mine and branch is not None:
            by = _between(last.get(other.name), other)
            yield _Difference(branch, other.order, by, other.name, is_branch=True)


def _between(one: Contribution | None, other: Contribution | None) -> float | None:
    if one is None or other is None or one.value is None or other.value is None:
        return None
    return other.value - one.value


def _returned_difference(a: CallView, b: CallView) -> float | None:
    one, other = a.returned, b.returned
    if isinstance(one, (bool, int, float)) and isinstance(other, (bool, int, float)):
        return float(other) - float(one)
    return None


def _return_line(view: CallView) -> int | None:
    lines = [one for one in view.lines if one.state == "reached" and one.text.strip().startswith("return")]
    return lines[-1].number if lines else view.first_line if view.ended == "returned" else None


def _describe(
    first: Xray, second: Xray, difference: _Difference | None, branch: int | None, total: float | None
) -> str:
    failed = [one for one in (first, second) if one.result.error is not None]
    if len(failed) == 1:
        error = failed[0].result.error
        line = error.line if error is not None else None
        where = f" at line {line}" if line is not None else ""
        return f"{failed[0].label} fails{where}: {end_sentence(error.message if error is not None else '')}"
    parts = [
        "Both take the same branches."
        if branch is None
        else f"They take different branches at line {branch}."
    ]
    if difference is None:
        parts.append(_describe_same(first, second))
        return " ".join(parts)
    by = difference.by
    worse = second if (by or total or 0.0) < 0 else first
    on = f" on {difference.name}" if difference.name else ""
    if by is None or abs(by) <= _SAME:
        parts.append(
            f"The scores part there{on}."
            if difference.is_branch
            else f"They part at line {difference.line}{on}."
        )
    elif difference.is_branch and difference.line == branch:
        parts.append(f"{worse.label} gets {format_score(abs(by))} less{on} because of it.")
    else:
        parts.append(f"{worse.label} loses {format_score(abs(by))} more{on}, at line {difference.line}.")
    if total is not None and by is not None and abs(total - by) > 1e-6:  # noqa: PLR2004  # rounding
        lower = second if total < 0 else first
        parts.append(
            "In all both score the same."
            if abs(total) <= _SAME
            else f"In all {lower.label} has {format_score(abs(total))} less."
        )
    return " ".join(parts)


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
        return f"returns {format_score(value) if number else clip_text(str(value), 60)}"  # type: ignore[arg-type]  # a number
    return {"exception": "raises an error", "no_return": "ends without a return"}.get(
        view.ended, "gives values"
    )


def _lower(label: str) -> str:
    return f"{label[:1].lower()}{label[1:]}"


def _describe_same(first: Xray, second: Xray) -> str:
    a, b = first.result, second.result
    if a.error is not None:
        return "Both fail."
    if a.value is None or b.value is None or abs(a.value - b.value) > _SAME:
        return _describe_values(first, second)
    return f"Both score {format_score(a.value)}, and nothing parts them."


def _describe_values(first: Xray, second: Xray) -> str:
    return f"{first.label}: {_value(first.result)}. {second.label}: {_value(second.result)}."


def _value(result: RowResult) -> str:
    if result.error is not None:
        return "no score, it fails"
    return "no score" if result.value is None else format_score(result.value)
