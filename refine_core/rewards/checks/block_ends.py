"""How a block of statements can end: by going on, returning, raising, or leaving or repeating a loop."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass, field

from refine_core.rewards.checks.code import Code, get_called_name, iter_own_nodes

_ENDS = {"sys.exit", "exit", "quit", "os._exit", "os.abort"}
_ENDLESS = {"count", "cycle", "repeat", "iter"}


@dataclass(frozen=True, slots=True)
class Ends:
    """How a block can end. falls: the statements after which execution continues; breaks: the `break`s that leave a loop."""

    falls: tuple[ast.AST, ...] = ()
    breaks: tuple[ast.AST, ...] = ()


@dataclass(slots=True)
class EndFinder:
    """Finds how statements can end. never: names of this source's functions that always raise."""

    never: set[str] = field(default_factory=set)

    def block(self, body: Sequence[ast.stmt], before: ast.AST) -> Ends:
        """before: what to point at where the block is empty."""
        falls: tuple[ast.AST, ...] = (before,)
        breaks: tuple[ast.AST, ...] = ()
        for statement in body:
            ends = self.statement(statement)
            falls, breaks = ends.falls, (*breaks, *ends.breaks)
            if not falls:
                break
        return Ends(falls, breaks)

    def statement(self, node: ast.stmt) -> Ends:
        """How one statement can end; anything else is assumed to continue."""
        match node:
            case ast.Return() | ast.Raise() | ast.Continue():
                return Ends()
            case ast.Break():
                return Ends(breaks=(node,))
            case ast.Assert(test=ast.Constant(value=value)) if not value:
                return Ends()
            case ast.Expr(value=ast.Call() as call) if self._never_returns(call):
                return Ends()
            case ast.If():
                return self._if(node)
            case ast.While() | ast.For() | ast.AsyncFor():
                return self._loop(node)
            case ast.Match():
                return self._match(node)
            case ast.Try() | ast.TryStar():
                return self._try(node)
            case ast.With() | ast.AsyncWith():
                inside = self.block(node.body, node)
                if any(get_called_name(item.context_expr) == "suppress" for item in node.items):
                    return Ends((*inside.falls, node), inside.breaks)
                return inside
            case _:
                return Ends((node,))

    def _never_returns(self, call: ast.Call) -> bool:
        return ast.unparse(call.func) in _ENDS | self.never

    def _if(self, node: ast.If) -> Ends:
        fixed = _constant(node.test)
        yes = self.block(node.body, node) if fixed is not False else Ends()
        no = Ends((node,)) if not node.orelse else self.block(node.orelse, node)
        if fixed is True:
            no = Ends()
        return Ends((*yes.falls, *no.falls), (*yes.breaks, *no.breaks))

    def _loop(self, node: ast.While | ast.For | ast.AsyncFor) -> Ends:
        inside = self.block(node.body, node)
        if isinstance(node, ast.While):
            endless = _constant(node.test) is True
        else:
            # A loop over something that is written out, and not empty, is entered.
            entered = isinstance(node.iter, (ast.List, ast.Tuple)) and bool(node.iter.elts)
            endless = get_called_name(node.iter) in _ENDLESS or (
                entered and not inside.falls and not inside.breaks
            )
            endless = endless and not (entered and _repeats(node))
        done = Ends() if endless else self.block(node.orelse, node) if node.orelse else Ends((node,))
        return Ends((*inside.breaks, *done.falls), done.breaks)

    def _match(self, node: ast.Match) -> Ends:
        cases = [self.block(case.body, case.body[0]) for case in node.cases]
        falls = tuple(fall for ends in cases for fall in ends.falls)
        breaks = tuple(leave for ends in cases for leave in ends.breaks)
        complete = any(_takes_all(case.pattern) and case.guard is None for case in node.cases)
        return Ends(falls if complete else (*falls, node), breaks)

    def _try(self, node: ast.Try | ast.TryStar) -> Ends:
        last = self.block(node.finalbody, node) if node.finalbody else Ends((node,))
        if not last.falls:
            return Ends(breaks=last.breaks)
        body = self.block(node.body, node)
        if body.falls and node.orelse:
            rest = self.block(node.orelse, node)
            body = Ends(rest.falls, (*body.breaks, *rest.breaks))
        parts = [body, *(self.block(handler.body, handler) for handler in node.handlers)]
        return Ends(
            tuple(fall for ends in parts for fall in ends.falls),
            tuple(leave for ends in (*parts, last) for leave in ends.breaks),
        )


def list_always_raising(code: Code) -> set[str]:
    """Names of the source's own functions that always raise."""
    names = set()
    for node in code.tree.body:
        if isinstance(node, ast.FunctionDef) and not node.decorator_list:
            returns = any(isinstance(n, (ast.Return, ast.Yield, ast.YieldFrom)) for n in iter_own_nodes(node))
            if not returns and not EndFinder().block(node.body, node).falls:
                names.add(node.name)
    return names


def _constant(test: ast.expr) -> bool | None:
    return bool(test.value) if isinstance(test, ast.Constant) else None


def _takes_all(pattern: ast.pattern) -> bool:
    match pattern:
        case ast.MatchAs(pattern=None):
            return True
        case ast.MatchAs(pattern=ast.pattern() as inner):
            return _takes_all(inner)
        case ast.MatchOr(patterns=patterns):
            return any(map(_takes_all, patterns))
        case _:
            return False


def _repeats(loop: ast.AST) -> bool:
    return any(isinstance(node, ast.Continue) for node in iter_own_nodes(loop))
