"""Whether every way through the reward returns a number.

Each statement is asked how it can end: by going on, returning, raising, or leaving or repeating a loop. Where reading
cannot tell, it is taken to return: a warning that is wrong costs more than one that is missing.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from refine_core.rewards.checks.code import Code, Function, called_name, own_nodes
from refine_core.rewards.checks.finding import Finding

_ENDS = {"sys.exit", "exit", "quit", "os._exit", "os.abort"}
_ENDLESS = {"count", "cycle", "repeat", "iter"}
_ASYNC = "the reward is async def, so it returns a coroutine and no number. Write def instead"
_LITERALS: dict[type[ast.expr], str] = {
    ast.Dict: "a dict",
    ast.List: "a list",
    ast.Set: "a set",
    ast.Tuple: "a tuple",
    ast.JoinedStr: "text",
    ast.ListComp: "a list",
    ast.SetComp: "a set",
    ast.DictComp: "a dict",
    ast.GeneratorExp: "a generator",
    ast.Lambda: "a function",
}


@dataclass(frozen=True, slots=True)
class _Ends:
    """How a block can end. falls: the statements after which it goes on; breaks: the `break`s that leave a loop."""

    falls: tuple[ast.AST, ...] = ()
    breaks: tuple[ast.AST, ...] = ()


@dataclass(slots=True)
class _Flow:
    """never: names of this source's functions that always raise."""

    never: set[str] = field(default_factory=set)

    def block(self, body: Sequence[ast.stmt], before: ast.AST) -> _Ends:
        """before: what to point at where the block is empty."""
        falls: tuple[ast.AST, ...] = (before,)
        breaks: tuple[ast.AST, ...] = ()
        for statement in body:
            ends = self.statement(statement)
            falls, breaks = ends.falls, (*breaks, *ends.breaks)
            if not falls:
                break
        return _Ends(falls, breaks)

    def statement(self, node: ast.stmt) -> _Ends:
        match node:
            case ast.Return() | ast.Raise() | ast.Continue():
                return _Ends()
            case ast.Break():
                return _Ends(breaks=(node,))
            case ast.Assert(test=ast.Constant(value=value)) if not value:
                return _Ends()
            case ast.Expr(value=ast.Call() as call) if self._never_returns(call):
                return _Ends()
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
                if any(called_name(item.context_expr) == "suppress" for item in node.items):
                    return _Ends((*inside.falls, node), inside.breaks)
                return inside
            case _:
                return _Ends((node,))

    def _never_returns(self, call: ast.Call) -> bool:
        return ast.unparse(call.func) in _ENDS | self.never

    def _if(self, node: ast.If) -> _Ends:
        fixed = _constant(node.test)
        yes = self.block(node.body, node) if fixed is not False else _Ends()
        no = _Ends((node,)) if not node.orelse else self.block(node.orelse, node)
        if fixed is True:
            no = _Ends()
        return _Ends((*yes.falls, *no.falls), (*yes.breaks, *no.breaks))

    def _loop(self, node: ast.While | ast.For | ast.AsyncFor) -> _Ends:
        inside = self.block(node.body, node)
        if isinstance(node, ast.While):
            endless = _constant(node.test) is True
        else:
            # A loop over something that is written out, and not empty, is entered.
            entered = isinstance(node.iter, (ast.List, ast.Tuple)) and bool(node.iter.elts)
            endless = called_name(node.iter) in _ENDLESS or (
                entered and not inside.falls and not inside.breaks
            )
            endless = endless and not (entered and _repeats(node))
        done = _Ends() if endless else self.block(node.orelse, node) if node.orelse else _Ends((node,))
        return _Ends((*inside.breaks, *done.falls), done.breaks)

    def _match(self, node: ast.Match) -> _Ends:
        cases = [self.block(case.body, case.body[0]) for case in node.cases]
        falls = tuple(fall for ends in cases for fall in ends.falls)
        breaks = tuple(leave for ends in cases for leave in ends.breaks)
        complete = any(_takes_all(case.pattern) and case.guard is None for case in node.cases)
        return _Ends(falls if complete else (*falls, node), breaks)

    def _try(self, node: ast.Try | ast.TryStar) -> _Ends:
        last = self.block(node.finalbody, node) if node.finalbody else _Ends((node,))
        if not last.falls:
            return _Ends(breaks=last.breaks)
        body = self.block(node.body, node)
        if body.falls and node.orelse:
            rest = self.block(node.orelse, node)
            body = _Ends(rest.falls, (*body.breaks, *rest.breaks))
        parts = [body, *(self.block(handler.body, handler) for handler in node.handlers)]
        return _Ends(
            tuple(fall for ends in parts for fall in ends.falls),
            tuple(leave for ends in (*parts, last) for leave in ends.breaks),
        )


def check_returns(code: Code) -> Iterator[Finding]:
    """A branch without a return, a reward that returns nothing, or something that is no number."""
    function = code.function
    if function is None or isinstance(function, ast.Lambda):
        return
    nodes = list(own_nodes(function))
    if isinstance(function, ast.AsyncFunctionDef):
        yield _report(code, function, "async", _ASYNC)
        return
    if any(isinstance(node, (ast.Yield, ast.YieldFrom)) for node in nodes):
        yield _report(
            code,
            function,
            "generator",
            "the reward has a yield, so it returns a generator. Use return instead",
        )
        return
    returns = [node for node in nodes if isinstance(node, ast.Return)]
    valued = [node for node in returns if not _is_none(node.value)]
    falls = _Flow(_always_raising(code)).block(function.body, function).falls
    if not valued:
        if falls or returns:
            yield _report(
                code,
                function,
                "no-return",
                "the reward returns nothing. Every attempt would fail. End it with return and a number",
            )
        elif not _is_stub(function):
            yield _report(
                code,
                function,
                "no-return",
                "the reward always raises. Every attempt would fail. Return a number",
            )
        return
    for node in returns:
        if _is_none(node.value):
            yield _report(
                code,
                node,
                "missing-return",
                "this returns nothing, and an attempt that comes here fails. Return a number.",
                "warning",
            )
        elif (what := _describe_non_number(node.value)) is not None:
            yield _report(
                code,
                node,
                "wrong-return",
                f"this returns {what}, not a number. Return a number or Score(value, feedback='…').",
            )
    for last in dict.fromkeys(falls):
        yield _report(
            code,
            last,
            "missing-return",
            f"{_describe_fall(last)} the reward ends without a return, and the attempt fails.",
            "warning",
        )


def _describe_fall(node: ast.AST) -> str:
    match node:
        case ast.If():
            return "If this condition is false,"
        case ast.For() | ast.While() | ast.AsyncFor():
            return "After this loop"
        case ast.Match():
            return "If no case fits,"
        case ast.Break():
            return "After this break"
        case _:
            return "After this line"


def _report(code: Code, node: ast.AST, kind: str, message: str, severity: str = "error") -> Finding:
    line = getattr(node, "lineno", 1)
    text = code.lines.lines[line - 1] if line <= len(code.lines.lines) else ""
    column = code.lines.column(line, getattr(node, "col_offset", 0))
    end = len(text.rstrip()) + 1
    return Finding(
        kind,
        "warning" if severity == "warning" else "error",
        message[:1].upper() + message[1:],
        line,
        column,
        max(end, column + 1),
    )


def _always_raising(code: Code) -> set[str]:
    """Names of the source's own functions that always raise."""
    found = set()
    for node in code.tree.body:
        if isinstance(node, ast.FunctionDef) and not node.decorator_list:
            returns = any(isinstance(n, (ast.Return, ast.Yield, ast.YieldFrom)) for n in own_nodes(node))
            if not returns and not _Flow().block(node.body, node).falls:
                found.add(node.name)
    return found


def _is_stub(function: Function) -> bool:
    """Whether it ends neither way that reading can see: an endless loop."""
    return not any(isinstance(node, ast.Raise) for node in own_nodes(function))


def _is_none(value: ast.expr | None) -> bool:
    return value is None or (isinstance(value, ast.Constant) and value.value is None)


def _describe_non_number(value: ast.expr | None) -> str | None:
    """What a value plainly is that is no score; None where it may be one."""
    if isinstance(value, ast.Constant):
        if isinstance(value.value, str):
            return "text"
        return {bytes: "bytes", complex: "a complex number", type(...): "an ellipsis"}.get(type(value.value))
    if isinstance(value, ast.IfExp):
        return _describe_non_number(value.body) or _describe_non_number(value.orelse)
    return next((what for kind, what in _LITERALS.items() if isinstance(value, kind)), None)


def is_never_number(value: ast.expr | None) -> bool:
    """Whether a `return` of this is no score in any case."""
    if isinstance(value, ast.IfExp):
        return is_never_number(value.body) and is_never_number(value.orelse)
    return _is_none(value) or _describe_non_number(value) is not None


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
    return any(isinstance(node, ast.Continue) for node in own_nodes(loop))
