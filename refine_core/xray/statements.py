"""What stands beside a statement: its value, the branch that it took, how often a loop turned, what a handler caught."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from typing import Any, Final

from refine_core.formatting import MINUS, pluralize
from refine_core.xray.elements import added_to, elements_of
from refine_core.xray.formula import ABSENT, write_condition
from refine_core.xray.page import CELL_CHARS, Page, is_docstring
from refine_core.xray.texts import (
    clip_text,
    is_number,
    last_value,
    list_values,
    write_brief,
    write_score,
    write_several,
)
from refine_core.xray.types import Segment

_SEVERAL: Final = 4


def describe(page: Page, node: ast.stmt) -> None:
    """Fill in the lines of one statement."""
    if page.times(node):
        describe_one = _DESCRIBED.get(type(node))
        if describe_one is not None:
            describe_one(page, node)
        return
    if is_docstring(node, page.function.node):
        return
    if page.cells[node.lineno].state == "not_reached" and not page.cells[node.lineno].note:
        page.set(node.lineno, note="not reached")
    _mark_unreached_parts(page, node)


def _mark_unreached_parts(page: Page, node: ast.stmt) -> None:
    """What a statement that was not reached has beside its body: handlers and cases."""
    for one in (*getattr(node, "handlers", ()), *(case.pattern for case in getattr(node, "cases", ()))):
        page.set(one.lineno, state="not_reached")


def _say_taken(taken: int, total: int) -> str:
    if total > 1:
        return f"taken {taken:,} of {total:,} times"
    return "taken" if taken else "not taken"


def _branch(page: Page, node: ast.If) -> None:
    total = page.times(node)
    taken = page.times(node.body[0])
    if page.failed_at(node) and not taken:
        return
    if node.lineno in page.sampled:
        page.branch(node, f"taken {taken:,} of {total:,} recorded times", "")
    else:
        note = _say_taken(taken, total)
        page.branch(node, note, "taken" if taken >= total else "not taken" if not taken else "")
    cell = page.cells[node.lineno].cell or write_condition(node.test, page.value_of)
    page.set(node.lineno, cell=cell if total == 1 else ())


def _loop(page: Page, node: ast.For | ast.AsyncFor | ast.While) -> None:
    turns, runs = page.turns_of(node)
    recorded = page.times(node.body[0])
    note = pluralize(turns, "turn")
    if runs > 1:
        note += f" in {pluralize(runs, 'loop')}"
    is_sampled = turns > recorded
    if is_sampled:
        note += f", {recorded:,} of them recorded" if recorded else ", none of them recorded"
    page.branch(node, note, "")
    page.set(node.lineno, turns=turns, is_sampled=is_sampled)
    event = page.event("names", node)
    if event is not None:
        text = write_several(list_values(event), _SEVERAL)
        page.set(node.lineno, cell=(Segment(clip_text(text, CELL_CHARS), is_value=True),))
    elif isinstance(node, ast.While) and turns == 0:
        page.set(node.lineno, cell=write_condition(node.test, page.value_of))


def _return(page: Page, node: ast.Return) -> None:
    """What is returned; an object with a score in it as that score."""
    value = node.value
    if value is None:
        page.set(node.lineno, cell=(Segment("None", is_value=True),))
        return
    returned = page.value_of(value)
    elements = elements_of(value)
    made = page.event("value", elements[0]) if len(elements) == 1 and elements[0] is not value else None
    parent = page.call.parent
    is_own = parent is None or parent < page.trace.start  # the reward's own call
    if is_own and made is not None and made.count == 1 and elements[0].lineno == value.lineno:
        page.show_value(value.lineno, elements[0])
    elif page.score is not None and isinstance(returned, str) and returned != ABSENT:
        page.set(value.lineno, cell=(Segment(write_score(page.score), is_value=True),))
    else:
        page.show_value(value.lineno, value)


def _assignment(page: Page, node: ast.Assign | ast.AnnAssign) -> None:
    event = page.event("names", node)
    if event is not None:
        site = page.source.plan.site_of("names", node)
        values = last_value(event)
        if site is not None and isinstance(values, tuple):
            text = ", ".join(
                f"{name} = {write_brief(one)}" for name, one in zip(site.names, values, strict=False)
            )
            page.set(node.lineno, cell=(Segment(clip_text(text, CELL_CHARS), is_value=True),))
    elif node.value is not None and not _is_spread(node.value):
        page.show_value(node.lineno, node.value)


def _augmented(page: Page, node: ast.AugAssign) -> None:
    event = page.event("names", node)
    if event is None:
        page.show_value(node.lineno, node.value)
        return
    text = write_several(list_values(event), _SEVERAL)
    page.set(node.lineno, cell=(Segment(clip_text(text, CELL_CHARS), is_value=True),))
    added = page.value_of(node.value)
    if isinstance(node.value, ast.Constant):
        added = node.value.value if is_number(node.value.value) else ABSENT
    if is_number(added) and isinstance(node.op, (ast.Add, ast.Sub)) and event.count == 1:
        sign = "+" if isinstance(node.op, ast.Add) else MINUS
        if added < 0:
            sign, added = (MINUS if sign == "+" else "+"), -added
        page.set(node.lineno, note=f"{sign}{write_brief(added)}")


def _expression(page: Page, node: ast.Expr) -> None:
    """What was called for what it does shows what it was given."""
    value = node.value
    added = added_to(node)
    if isinstance(value, (ast.Yield, ast.YieldFrom)) and value.value is not None:
        page.show_value(node.lineno, value.value)
    elif added is not None and isinstance(value, ast.Call):
        given = [*added[1], *(one.value for one in value.keywords)]
        if len(given) == 1 and given[0].lineno == node.lineno:
            page.show_value(node.lineno, given[0])
        else:
            text = ", ".join(write_brief(one) for one in map(page.value_of, given) if one != ABSENT)
            page.set(node.lineno, cell=(Segment(clip_text(text, CELL_CHARS), is_value=True),) if text else ())
    elif page.value_of(value) is not None:
        page.show_value(node.lineno, value)


def _handlers(page: Page, node: ast.Try | ast.TryStar) -> None:
    for handler in node.handlers:
        site = page.source.plan.site_of("caught", handler)
        caught = () if site is None else page.call.caught.get(site.index, ())
        event = None if site is None else page.call.events.get(site.index)
        if event is None:
            page.set(handler.lineno, state="not_reached", note="not reached")
            continue
        text = caught[-1][1] if caught else "an exception"
        cell = (Segment(clip_text(text, CELL_CHARS), is_value=True),)
        page.set(handler.lineno, state="reached", times=event.count, cell=cell, note="caught")
        page.branches.append((handler.lineno, "caught", event.first_order))
        for _, message, line in caught:
            if page.first <= line <= page.last and not page.cells[line].exception:
                page.set(line, exception=message, caught_at=handler.lineno)


def _match(page: Page, node: ast.Match) -> None:
    page.show_value(node.lineno, node.subject)
    total, before = page.times(node), 0
    for case in node.cases:
        line = case.pattern.lineno
        taken = page.times(case.body[0])
        if before >= total:
            page.set(line, state="not_reached", note="not reached")
            continue
        before += taken
        names = page.event("names", case)
        site = page.source.plan.site_of("names", case)
        values = last_value(names)
        if site is not None and names is not None and isinstance(values, tuple):
            text = ", ".join(
                f"{name} = {write_brief(one)}" for name, one in zip(site.names, values, strict=False)
            )
            page.set(line, cell=(Segment(clip_text(text, CELL_CHARS), is_value=True),))
        note = _say_taken(taken, total)
        page.set(line, state="reached", times=total, note=note, branch=note if total == 1 else "")
        event = page.event("line", node)
        page.branches.append((line, note, 0 if event is None else event.first_order))


def _assertion(page: Page, node: ast.Assert) -> None:
    if not page.failed_at(node):
        page.set(node.lineno, cell=write_condition(node.test, page.value_of), note="holds")


def _is_spread(node: ast.expr) -> bool:
    """Whether a dict, list or call has its entries on lines of their own."""
    return (
        isinstance(node, (ast.Dict, ast.List, ast.Tuple))
        and (node.end_lineno or node.lineno) > node.lineno + 1
    )


_DESCRIBED: Final[Mapping[type[ast.stmt], Callable[[Page, Any], None]]] = {
    ast.If: _branch,
    ast.For: _loop,
    ast.AsyncFor: _loop,
    ast.While: _loop,
    ast.Return: _return,
    ast.Assign: _assignment,
    ast.AnnAssign: _assignment,
    ast.AugAssign: _augmented,
    ast.Expr: _expression,
    ast.Assert: _assertion,
    ast.Try: _handlers,
    ast.TryStar: _handlers,
    ast.Match: _match,
}
