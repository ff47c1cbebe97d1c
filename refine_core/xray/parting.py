"""Two rows side by side, in one sentence: the first line where their scores part (differences.py), by how much, and why (parting_reasons.py)."""

from __future__ import annotations

from typing import Final

from refine_core.rewards import RowResult
from refine_core.xray.differences import Difference, find_branch, find_difference, find_failure
from refine_core.xray.pairs import SAME, Pair, find_unscored, part_difference, returned_difference
from refine_core.xray.parting_reasons import find_reason, takes_another_arm
from refine_core.xray.row_xray import Xray
from refine_core.xray.sentences import end_sentence
from refine_core.xray.texts import clip_text, write_score
from refine_core.xray.types import CallView, Parting

_ROUNDED: Final = 1e-6


def find_parting(
    first: Xray, second: Xray, view: CallView | None = None, other: CallView | None = None
) -> Parting:
    """Where two rows part. view, other: calls of theirs, of one function; by default those of the reward itself."""
    a, b = first.result, second.result
    view = view or first.view()
    other = other or second.view()
    if view is None or other is None or view.first_line != other.first_line:
        return Parting(None, None, "", same_branches=False, sentence=_describe_values(first, second))
    pair = Pair(first, second, view, other)
    branch = find_branch(view, other)
    is_root = view.number in first.roots and other.number in second.roots
    total = None if a.value is None or b.value is None else b.value - a.value
    is_one_of_several = len(first.recognized.functions) > 1
    if not is_root:
        total = returned_difference(view, other)
    elif is_one_of_several:
        total = part_difference(first, second, view.function)
    difference = find_failure(view, other) or find_difference(pair, branch, total)
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


def _describe(pair: Pair, difference: Difference | None, branch: int | None, total: float | None) -> str:
    return _describe_all(pair, difference, branch, total).strip()


def _describe_all(pair: Pair, difference: Difference | None, branch: int | None, total: float | None) -> str:
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
    if branch is None and takes_another_arm(pair, difference):
        start = ""
    on = f" on {difference.name}" if difference.name else ""
    by = difference.by
    is_all = total is not None and by is not None and abs(total - by) <= _ROUNDED
    reason = find_reason(pair, difference, total)
    because = end_sentence(f": {reason}" if reason else "")
    if (unscored := find_unscored(pair)) is not None:
        return (
            f"{start} {unscored.label} gets no score because of it{because}"
            if difference.is_branch
            else f"{start} {_describe_values(first, second)}"
        )
    if by is None or abs(by) <= SAME or not (is_all or difference.is_score or difference.is_branch):
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
    pair: Pair, difference: Difference | None, branch: int | None, total: float | None
) -> str:
    """Of a reward of several functions, the one that is shown; and, where it parts nothing, those that do."""
    name = pair.view.function
    if total is None or abs(total) > SAME:
        return f"{name}: {_describe(pair, difference, branch, total)}"
    a, b = pair.first.result.parts, pair.second.result.parts
    apart = [
        f"{one} gives {write_score(a[one])} and {write_score(b[one])}"
        for one in a
        if one != name and one in b and "." not in one and abs(a[one] - b[one]) > SAME
    ]
    same = f"{name} gives both {write_score(a.get(name))}."
    return f"{same} The scores part elsewhere: {', '.join(apart)}." if apart else same


def _say_total(pair: Pair, total: float | None) -> str:
    if total is None:
        return ""
    if abs(total) <= SAME:
        return "In all both score the same. "
    lower = pair.second if total < 0 else pair.first
    return f"In all {lower.label} has {write_score(abs(total))} less. "


def _loses(view: CallView, difference: Difference) -> bool:
    return any(one.site == difference.site and one.lost is not None for one in view.contributions)


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
    if a.value is None or b.value is None or abs(a.value - b.value) > SAME:
        return _describe_values(first, second)
    return f"Both score {write_score(a.value)}, and nothing parts them."


def _describe_values(first: Xray, second: Xray) -> str:
    return f"{first.label}: {_value(first.result)}. {second.label}: {_value(second.result)}."


def _value(result: RowResult) -> str:
    if result.error is not None:
        return "no score, it fails"
    return "no score" if result.value is None else write_score(result.value)
