"""The lines of one call, while they are filled in."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from refine_core.rewards.xray.sites import Site
from refine_core.rewards.xray_replies import Trace, TraceCall, TraceEvent, Value
from refine_core.xray.formula import ABSENT, write_formula
from refine_core.xray.source_map import SourceMap, body_of, header_end, iter_statements
from refine_core.xray.texts import clip_text, last_value, list_values, write_brief, write_several
from refine_core.xray.types import LineView, Segment

CELL_CHARS: Final = 160
_SEVERAL: Final = 4


@dataclass(frozen=True, slots=True)
class Failure:
    """An error at a line. is_raised: whether it left the call; else what the call returned is no score."""

    line: int
    text: str
    is_raised: bool = True


class Page:
    """source, trace, call: what is shown. score: what the call's value amounts to, where it is the reward's own.

    cells: line -> what stands beside it so far. sampled: lines of which only some turns are known. branches: (line, outcome, order) of each.
    """

    def __init__(
        self,
        source: SourceMap,
        trace: Trace,
        call: TraceCall,
        exception: Failure | None,
        score: float | None,
    ) -> None:
        self.source, self.trace, self.call, self.exception, self.score = source, trace, call, exception, score
        self.function = source.plan.functions[call.function]
        node = self.function.node
        self.first, self.last = node.lineno, node.end_lineno or node.lineno
        self.statements = list(iter_statements(body_of(node)))
        self.branches: list[tuple[int, str, int]] = []
        self.sites: dict[int, list[Site]] = {}
        for site in source.sites_of(call.function):
            self.sites.setdefault(getattr(site.node, "lineno", 0), []).append(site)
        self.sampled = frozenset(self._list_sampled())
        self.cells = {
            number: LineView(number, source.lines[number - 1] if number <= len(source.lines) else "", "quiet")
            for number in range(self.first, self.last + 1)
        }

    def set(self, number: int, **changes: object) -> None:
        """Change what stands beside a line."""
        if number in self.cells:
            self.cells[number] = replace(self.cells[number], **changes)  # type: ignore[arg-type]  # its own fields

    def event(self, kind: str, node: ast.AST) -> TraceEvent | None:
        """What a node reported in this call."""
        site = self.source.plan.site_of(kind, node)
        return None if site is None else self.call.events.get(site.index)

    def value_of(self, node: ast.AST) -> Value:
        """The last value of an expression; ABSENT where there is none."""
        event = self.event("value", node)
        value = ABSENT if event is None else last_value(event)
        return ABSENT if isinstance(value, tuple) else value

    def times(self, node: ast.stmt) -> int:
        """How often a statement began, of what was recorded."""
        event = self.event("line", node)
        return 0 if event is None else event.count

    def turns_of(self, node: ast.For | ast.AsyncFor | ast.While) -> tuple[int, int]:
        """How many turns a loop made in this call, and how many times it began."""
        index = next((i for i, one in enumerate(self.source.plan.loops) if one is node), -1)
        return self.call.turns.get(index, (0, 0))

    def _list_sampled(self) -> Iterator[int]:
        """Lines in the body of a loop of which only some turns were recorded: what did not run there may have run in another."""
        for node in self.statements:
            if isinstance(node, (ast.For, ast.AsyncFor, ast.While)):
                turns, _ = self.turns_of(node)
                if turns > self.times(node.body[0]):
                    last = node.body[-1]
                    yield from range(node.body[0].lineno, (last.end_lineno or last.lineno) + 1)

    def failed_at(self, node: ast.stmt) -> bool:
        """Whether an error left the call at this statement."""
        failure = self.exception
        return failure is not None and failure.is_raised and node.lineno <= failure.line <= header_end(node)

    def branch(self, node: ast.AST, note: str, branch: str, line: int | None = None) -> None:
        """Keep the outcome of a branch."""
        line = getattr(node, "lineno", 0) if line is None else line
        self.set(line, note=note, branch=branch)
        event = self.event("line", node)
        self.branches.append((line, note, 0 if event is None else event.first_order))

    def show_value(self, line: int, node: ast.expr) -> None:
        """Put the value of an expression beside a line."""
        event = self.event("value", node)
        if event is None:
            if isinstance(node, ast.Constant):
                known = node.value
                text = write_brief(known) if isinstance(known, float) else repr(known)
                self.set(line, cell=(Segment(clip_text(text, CELL_CHARS), is_value=True),))
            return
        if event.count > 1:
            text = write_several(list_values(event), _SEVERAL)
            self.set(line, cell=(Segment(clip_text(text, CELL_CHARS), is_value=True),))
            return
        value = last_value(event)
        if not isinstance(value, tuple):
            self.set(line, cell=write_formula(node, value, self.value_of))


def is_docstring(node: ast.stmt, function: ast.AST) -> bool:
    """Whether a statement is the docstring of a function."""
    return getattr(function, "body", [None])[0] is node and (
        isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    )
