"""One call of a function, line by line: what ran, which values came, which branch was taken.

trace + source --view_call(number)--> CallView(lines)
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from refine_core.formatting import pluralize
from refine_core.rewards.xray_replies import Trace, Value
from refine_core.xray.contributions import list_contributions
from refine_core.xray.expressions import list_expressions
from refine_core.xray.formula import ABSENT
from refine_core.xray.page import CELL_CHARS, Failure, Page, is_docstring
from refine_core.xray.source_map import SourceMap, header_end, iter_own
from refine_core.xray.statements import describe
from refine_core.xray.texts import clip_text, is_number, last_value, write_brief
from refine_core.xray.types import CallView, Contribution, Segment, State

_UNRECORDED: Final = "not in the recorded turns"
_QUIET: Final = (ast.Pass, ast.Global, ast.Nonlocal, ast.Import, ast.ImportFrom, ast.ClassDef)


def view_call(
    source: SourceMap,
    trace: Trace,
    number: int,
    exceptions: Mapping[int, Failure],
    score: float | None = None,
) -> CallView:
    """The view of one call. exceptions: number of a call -> the error that left it, or that its value became.

    score: what its value amounts to, where it is the reward's own call.
    """
    page = Page(source, trace, trace.calls[number], exceptions.get(number), score)
    _fill_states(page)
    _fill_parameters(page)
    for one in page.statements:
        describe(page, one)
    node = page.function.node
    if isinstance(node, ast.Lambda):
        page.show_value(node.body.lineno, node.body)
    _fill_inner_lines(page)
    _fill_turns(page)
    for line in page.cells:
        _fill_line(page, line)
    _fill_unrecorded(page)
    contributions = list_contributions(source, page.call)
    for contribution in contributions:
        if (
            contribution.lost is None
            and page.cells.get(contribution.line) is not None
            and page.cells[contribution.line].lost
        ):
            continue  # of several on one line, one that lost something
        page.set(
            contribution.line,
            made=contribution.value,
            part=contribution.name,
            lost=_sum_losses(one for one in contributions if one.line == contribution.line),
        )
    ended, returned = _find_end(page)
    return CallView(
        number=number,
        function=page.function.name,
        parent=page.call.parent,
        line=page.call.line,
        first_line=page.first,
        last_line=page.last,
        lines=tuple(page.cells.values()),
        ended=ended,
        returned=returned,
        contributions=contributions,
        branches=tuple(sorted(page.branches, key=lambda one: one[2])),
    )


def _sum_losses(on_line: Iterable[Contribution]) -> float | None:
    """What a line lost in all: its parts, else what has a name, else what is left. None for nothing."""
    losing = [one for one in on_line if one.lost is not None]
    chosen = [one for one in losing if one.is_part] or [one for one in losing if one.name] or losing
    last = {one.name: one.lost for one in chosen if one.lost is not None}
    return sum(last.values()) if last else None


def _fill_states(page: Page) -> None:
    for node in page.statements:
        times = page.times(node)
        state: State = "reached" if times else "not_reached"
        is_quiet = (isinstance(node, _QUIET) and times) or is_docstring(node, page.function.node)
        for number in range(node.lineno, header_end(node) + 1):
            if number in page.cells:
                page.set(number, state="quiet" if is_quiet else state, times=times)
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and times:
            for number in range(node.lineno, (node.end_lineno or node.lineno) + 1):
                page.set(number, state="quiet")
    for number, view in page.cells.items():  # `else:` and the like go with what follows
        stripped = view.text.strip()
        if stripped.startswith(("else:", "finally:")) and view.state == "quiet":
            following = next(
                (page.cells[i] for i in range(number + 1, page.last + 1) if page.cells[i].text.strip()),
                None,
            )
            if following is not None and following.state == "not_reached":
                page.set(number, state="not_reached")


def _fill_parameters(page: Page) -> None:
    event = page.call.events.get(-1)
    if event is None or page.call.parent is None:
        return
    pairs = zip(page.function.parameters, event.first, strict=False)
    text = ", ".join(
        f"{name} = {write_brief(value)}" for name, value in pairs if not isinstance(value, tuple)
    )
    page.set(page.first, cell=(Segment(clip_text(text, CELL_CHARS), is_value=True),) if text else ())


def _fill_inner_lines(page: Page) -> None:
    """Lines inside of a statement: the outermost expression that begins on each, and entries of a dict."""
    for statement in page.statements:
        last = header_end(statement)
        if not page.times(statement) or last == statement.lineno:
            continue
        if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            continue
        seen = {statement.lineno}
        for part in _own_parts(statement):
            line = getattr(part, "lineno", 0)
            if line in seen or not statement.lineno < line <= last or not isinstance(part, ast.expr):
                continue
            if page.source.plan.site_of("value", part) is None:
                continue
            seen.add(line)
            if page.cells[line].cell or page.cells[line].note:
                continue
            page.show_value(line, part)
            if page.event("value", part) is None:
                page.set(line, state="not_reached", note="not reached")


def _fill_unrecorded(page: Page) -> None:
    """Lines of a sampled loop that did not run in the turns that were recorded: nobody knows of the others."""
    for number in page.sampled:
        view = page.cells.get(number)
        if view is not None and view.state == "not_reached":
            note = _UNRECORDED if view.note == "not reached" else view.note
            page.set(number, state="unknown", note=note)


def _fill_turns(page: Page) -> None:
    for index, (turns, runs, kept) in page.call.comp_turns.items():
        if index >= len(page.source.plan.comps):
            continue
        node = page.source.plan.comps[index]
        view = page.cells.get(node.lineno)
        if view is None or view.note:
            continue
        note = pluralize(turns, "turn")
        if node.generators[-1].ifs:
            note += f", {kept:,} kept"
        if runs > 1:
            note += f" in {runs:,} runs"
        page.set(node.lineno, note=note, turns=turns)


def _fill_line(page: Page, number: int) -> None:
    """What every line has: its expressions, what it printed, what it raised, and the calls that it made."""
    changes: dict[str, object] = {}
    if expressions := list_expressions(page, number):
        changes["expressions"] = expressions
    if printed := page.call.printed.get(number):
        changes["printed"] = printed
    calls = tuple(
        one.number for one in page.trace.calls if one.parent == page.call.number and one.line == number
    )
    if calls:
        changes["calls"] = calls
    if page.exception is not None and page.exception.line == number:
        changes |= {"exception": page.exception.text, "caught_at": None}
    if changes:
        page.set(number, **changes)


def _find_end(page: Page) -> tuple[str, Value]:
    best: tuple[int, Value] | None = None
    for node in page.statements:
        if not isinstance(node, ast.Return):
            continue
        event = page.event(
            "line" if node.value is None or _is_plain(node.value) else "value",
            node if node.value is None or _is_plain(node.value) else node.value,
        )
        if event is None or (best is not None and event.last_order < best[0]):
            continue
        value: Value | tuple[Value, ...] = None
        if node.value is not None:
            value = _constant(node.value) if _is_plain(node.value) else last_value(event)
        best = (event.last_order, "…" if isinstance(value, tuple) else value)
    if isinstance(page.function.node, ast.Lambda):
        value = page.value_of(page.function.node.body)
        best = None if value == ABSENT else (0, value)
    if page.exception is not None and page.exception.is_raised:
        return "exception", None
    if best is not None:
        return "returned", best[1]
    is_generator = any(
        isinstance(one, (ast.Yield, ast.YieldFrom)) for s in page.statements for one in iter_own(s)
    )
    return ("unknown" if is_generator else "no_return"), None


def _own_parts(statement: ast.stmt) -> Iterator[ast.AST]:
    """The expressions of a statement's own, outermost first, in the order of the source."""
    level: list[ast.AST] = [
        one
        for one in ast.iter_child_nodes(statement)
        if isinstance(one, (ast.expr, ast.keyword, ast.withitem))
    ]
    while level:
        yield from level
        level = [
            child
            for one in level
            for child in ast.iter_child_nodes(one)
            if isinstance(child, (ast.expr, ast.keyword, ast.comprehension))
        ]


def _is_plain(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) or (
        isinstance(node, ast.UnaryOp) and isinstance(node.operand, ast.Constant)
    )


def _constant(node: ast.expr) -> Value:
    try:
        value = ast.literal_eval(node)
    except ValueError:
        return "…"
    return value if value is None or is_number(value) else clip_text(repr(value), CELL_CHARS)
