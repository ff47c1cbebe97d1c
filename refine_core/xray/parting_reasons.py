"""Why two rows part at a line, in a few words: what was asked there, or what a helper gave, with the values of both."""

from __future__ import annotations

import ast
from typing import Final

from refine_core.xray.differences import Difference, find_branch, find_difference
from refine_core.xray.pairs import Pair, find_partner, find_unscored, returned_difference
from refine_core.xray.reasons import Side, explain, is_true
from refine_core.xray.source_map import SourceMap, iter_own
from refine_core.xray.texts import clip_text

_REASON_CHARS: Final = 80
_CALLS: Final = 5  # helpers, one inside the other


def find_reason(pair: Pair, difference: Difference, total: float | None, depth: int = 0) -> str:
    """In a few words, what differs at the line where they part."""
    by = difference.by if difference.by is not None and difference.is_score else total or difference.by
    swapped = by is not None and by > 0
    sides = _sides(pair)
    if sides is None:
        return ""
    source = sides[0].source
    better, worse = sides
    if find_unscored(pair) is pair.first or swapped:
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


def _sides(pair: Pair) -> tuple[Side, Side] | None:
    """The values of both, by one source: nodes are told apart by identity."""
    source, mine, other = pair.first.source, pair.first.trace, pair.second.trace
    if source is None or mine is None or other is None:
        return None
    return Side(source, mine.calls[pair.view.number]), Side(source, other.calls[pair.other.number])


def takes_another_arm(pair: Pair, difference: Difference) -> bool:
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


def _find_inner(pair: Pair, difference: Difference, node: ast.expr | None, depth: int) -> str:
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
    inner = Pair(pair.first, pair.second, view, other)
    found = find_difference(inner, find_branch(view, other), returned_difference(view, other))
    if found is None:
        return ""
    reason = find_reason(inner, found, returned_difference(view, other), depth + 1)
    return f"in {view.function}, at line {found.line}{f', {reason}' if reason else ''}"
