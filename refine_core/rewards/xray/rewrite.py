"""The same program, which reports its values: what is computed, in which order and on which line stays as it is.

    value = f(x)      ->   LINE(1); value = VALUE(2, f(VALUE(3, x)))
    for x in xs: …    ->   LOOP(0); for x in …: CELL[0] += 1; if CELL[0] <= FIRST[0]: NAMES(4, x); … else: the body as written
    def f(a): …       ->   def f(a): CELL[0] += 1; if CELL[0] <= FIRST[0]: ENTER(0, a); … else: the body as written

Rule 1: a value is passed on as itself, once it is there; nothing is looked up, called or compared that was not before.
Rule 2: no truth value is asked for twice: what `if`, `while`, `and`, `or`, `not` test part by part stays theirs.
Rule 3: no name is added, to no namespace. CELL, VALUE and the rest are constants of the code: unusual numbers while it is
        compiled, replaced in the code objects afterwards (`install`).
Rule 4: every new node has the position of an old one, so tracebacks and the last line of a function stay as they are.

What runs very often runs as written: of a loop the first turns report and then every 1024th, of a function the first calls.
Module-level code and class bodies are left alone, the functions in them are not.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from typing import Any, Final

from refine_core.rewards.xray.expressions import ExpressionRewriter, Place, is_constant
from refine_core.rewards.xray.marks import at, integer, loads, mark
from refine_core.rewards.xray.sites import Plan

FIRST_TURNS: Final = 100
FIRST_CALLS: Final = 100
SAMPLE_MASK: Final = 1023


def rewrite(source: str) -> tuple[ast.Module, Plan]:
    """The rewritten tree and its plan. Raises: SyntaxError, ValueError, RecursionError."""
    return rewrite_tree(ast.parse(source))


def rewrite_tree(tree: ast.Module) -> tuple[ast.Module, Plan]:
    """The same for a tree, whose declarations of `global` names are moved. Raises: RecursionError."""
    _hoist_declarations(tree)
    plan = Plan(tree)
    body = _Rewriter(plan).plain_body(tree.body)
    return ast.Module(body, tree.type_ignores), plan


def _hoist_declarations(tree: ast.Module) -> None:
    """Move `global` and `nonlocal` to the top of their function, as bodies are going to stand there twice."""
    for function in ast.walk(tree):
        if not isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef)):
            continue
        found: list[ast.stmt] = []
        pending: list[ast.AST] = [function]
        while pending:
            node = pending.pop()
            for _, value in ast.iter_fields(node):
                if not isinstance(value, list):
                    continue
                for i, one in enumerate(value):
                    if isinstance(one, (ast.Global, ast.Nonlocal)):
                        found.append(one)
                        value[i] = at(ast.Pass(), one)
                    elif isinstance(one, (ast.stmt, ast.ExceptHandler, ast.match_case)) and not isinstance(
                        one, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
                    ):
                        pending.append(one)
        start = 1 if ast.get_docstring(function, clean=False) is not None else 0
        function.body[start:start] = found


class _Rewriter(ExpressionRewriter):
    # --- what is left alone, except for the functions in it

    def plain_body(self, body: list[ast.stmt], outer: int = -1) -> list[ast.stmt]:
        return [self._plain_statement(one, outer) for one in body]

    def _plain_statement(self, node: ast.stmt, outer: int) -> ast.stmt:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            return self._function(node, outer)
        fields: dict[str, Any] = {}
        for name, value in ast.iter_fields(node):
            if isinstance(value, list):
                fields[name] = [self._plain_part(one, outer) for one in value]
            elif isinstance(value, ast.expr):
                fields[name] = self._plain_expression(value, outer)
            else:
                fields[name] = value
        return at(type(node)(**fields), node)

    def _plain_part(self, one: Any, outer: int) -> Any:
        if isinstance(one, ast.stmt):
            return self._plain_statement(one, outer)
        if isinstance(one, ast.ExceptHandler):
            return at(ast.ExceptHandler(one.type, one.name, self.plain_body(one.body, outer)), one)
        if isinstance(one, ast.match_case):
            return ast.match_case(one.pattern, one.guard, self.plain_body(one.body, outer))
        return one

    def _plain_expression(self, node: ast.expr, outer: int) -> ast.expr:
        """Lambdas that are the value of a statement, or in the arguments of its calls, are rewritten."""
        if isinstance(node, ast.Lambda):
            return self.lambda_(node, Place(outer))
        if isinstance(node, ast.Call):
            arguments = [self._plain_expression(one, outer) for one in node.args]
            return at(ast.Call(node.func, arguments, node.keywords), node)
        return node

    # --- functions

    def _function(self, node: ast.FunctionDef | ast.AsyncFunctionDef, outer: int) -> ast.stmt:
        function = self.add_function(node, outer)
        place = Place(function.index)
        head = 0
        body = node.body
        while head < len(body) and (
            isinstance(body[head], (ast.Global, ast.Nonlocal)) or (head == 0 and _is_docstring(body[0]))
        ):
            head += 1
        rest = body[head:]
        if rest:
            first = rest[0]
            enter = self.call(
                "enter", first, integer(function.index, first), *loads(function.parameters, first)
            )
            reporting = [at(ast.Expr(enter), first), *self._body(rest, place)]
            rest = self._gate(("call", function.index), first, reporting, rest, sampled=False)
        fields = dict(ast.iter_fields(node)) | {"body": [*body[:head], *rest]}
        return at(type(node)(**fields), node)

    # --- statements

    def _body(self, body: Sequence[ast.stmt], place: Place) -> list[ast.stmt]:
        return [new for one in body for new in self._statement(one, place)]

    def _statement(self, node: ast.stmt, place: Place) -> list[ast.stmt]:
        if isinstance(node, (ast.Global, ast.Nonlocal)):
            return [node]
        place.line = node.lineno
        site = self.site("line", node, place)
        line = at(ast.Expr(self.call("line", node, integer(site.index, node))), node)
        rewrite_one = _STATEMENTS.get(type(node))
        return [line, *([node] if rewrite_one is None else rewrite_one(self, node, place))]

    def _on_function(self, node: Any, place: Place) -> list[ast.stmt]:
        return [self._function(node, place.function)]

    def _on_class(self, node: ast.ClassDef, place: Place) -> list[ast.stmt]:
        fields = dict(ast.iter_fields(node)) | {"body": self.plain_body(node.body, place.function)}
        return [at(ast.ClassDef(**fields), node)]

    def _on_return(self, node: ast.Return, place: Place) -> list[ast.stmt]:
        return [node if node.value is None else at(ast.Return(self.value(node.value, place)), node)]

    def _on_assign(self, node: ast.Assign, place: Place) -> list[ast.stmt]:
        new = at(ast.Assign(node.targets, self.value(node.value, place), node.type_comment), node)
        names = [name for one in node.targets if not isinstance(one, ast.Name) for name in _bound_in(one)]
        return [new, *self._names(node, names, place)]

    def _on_augmented(self, node: ast.AugAssign, place: Place) -> list[ast.stmt]:
        new = at(ast.AugAssign(node.target, node.op, self.value(node.value, place)), node)
        names = [node.target.id] if isinstance(node.target, ast.Name) else []
        return [new, *self._names(node, names, place)]

    def _on_annotated(self, node: ast.AnnAssign, place: Place) -> list[ast.stmt]:
        value = None if node.value is None else self.value(node.value, place)
        return [at(ast.AnnAssign(node.target, node.annotation, value, node.simple), node)]

    def _on_expression(self, node: ast.Expr, place: Place) -> list[ast.stmt]:
        return [at(ast.Expr(self.value(node.value, place)), node)]

    def _on_if(self, node: ast.If, place: Place) -> list[ast.stmt]:
        chain = [node]  # of `elif`, which may be long: not one inside the other
        while len(chain[-1].orelse) == 1 and isinstance(chain[-1].orelse[0], ast.If):
            chain.append(chain[-1].orelse[0])
        lines, tests, bodies = [], [], []
        for one in chain:
            place.line = one.lineno
            if one is not node:
                site = self.site("line", one, place)
                lines.append(at(ast.Expr(self.call("line", one, integer(site.index, one))), one))
            tests.append(self.test(one.test, place))
            bodies.append(self._body(one.body, place))
        below = self._body(chain[-1].orelse, place)
        for one, test, body in zip(reversed(chain), reversed(tests), reversed(bodies), strict=True):
            new = at(ast.If(test, body, below), one)
            below = [lines.pop(), new] if one is not node else [new]
        return below

    def _on_for(self, node: Any, place: Place) -> list[ast.stmt]:
        iterable = self.value(node.iter, place)
        loop, start, inside = self._loop(node, place)
        names = self._names(node, _bound_in(node.target), inside)
        body = self._gate(("turn", loop), node.body[0], [*names, *self._body(node.body, inside)], node.body)
        fields = dict(ast.iter_fields(node)) | {"iter": iterable, "body": body}
        fields["orelse"] = self._body(node.orelse, place)
        return [start, at(type(node)(**fields), node)]

    def _on_while(self, node: ast.While, place: Place) -> list[ast.stmt]:
        loop, start, inside = self._loop(node, place)
        test = node.test
        if not is_constant(test):
            reporting = self.test(test, inside)
            test = at(ast.IfExp(self._is_early(("turn", loop), test), reporting, test), test)
        body = self._gate(("turn", loop), node.body[0], self._body(node.body, inside), node.body)
        return [start, at(ast.While(test, body, self._body(node.orelse, place)), node)]

    def _loop(self, node: ast.stmt, place: Place) -> tuple[int, ast.stmt, Place]:
        index = len(self.plan.loops)
        self.plan.loops.append(node)
        start = self.call("loop", node, integer(index, node), integer(place.function, node))
        inside = Place(place.function, (*place.loops, index))
        inside.line = node.lineno
        return index, at(ast.Expr(start), node), inside

    def _on_try(self, node: Any, place: Place) -> list[ast.stmt]:
        handlers = []
        for one in node.handlers:
            site = self.site("caught", one, place)
            first = one.body[0]
            caught = at(ast.Expr(self.call("caught", first, integer(site.index, first))), first)
            handlers.append(
                at(ast.ExceptHandler(one.type, one.name, [caught, *self._body(one.body, place)]), one)
            )
        parts = (self._body(part, place) for part in (node.orelse, node.finalbody))
        return [at(type(node)(self._body(node.body, place), handlers, *parts), node)]

    def _on_with(self, node: Any, place: Place) -> list[ast.stmt]:
        items = [ast.withitem(self.parts(one.context_expr, place), one.optional_vars) for one in node.items]
        return [at(type(node)(items, self._body(node.body, place), node.type_comment), node)]

    def _on_match(self, node: ast.Match, place: Place) -> list[ast.stmt]:
        cases = []
        for case in node.cases:
            guard = None if case.guard is None else self.test(case.guard, place)
            names = self._names(case, _captured_in(case.pattern), place, case.body[0])
            cases.append(ast.match_case(case.pattern, guard, [*names, *self._body(case.body, place)]))
        return [at(ast.Match(self.value(node.subject, place), cases), node)]

    def _on_raise(self, node: ast.Raise, place: Place) -> list[ast.stmt]:
        return [at(ast.Raise(None if node.exc is None else self.parts(node.exc, place), node.cause), node)]

    def _on_assert(self, node: ast.Assert, place: Place) -> list[ast.stmt]:
        return [at(ast.Assert(self.test(node.test, place), node.msg), node)]

    def _names(
        self, node: ast.AST, names: Sequence[str], place: Place, where: ast.AST | None = None
    ) -> list[ast.stmt]:
        """A report of names that have just been bound."""
        if not names:
            return []
        where = node if where is None else where
        names = tuple(dict.fromkeys(names))
        site = self.site("names", node, place, names)
        return [
            at(ast.Expr(self.call("names", where, integer(site.index, where), *loads(names, where))), where)
        ]

    # --- what runs often

    def _gate(
        self,
        cell: tuple[str, int],
        where: ast.stmt,
        reporting: list[ast.stmt],
        plain: list[ast.stmt],
        *,
        sampled: bool = True,
    ) -> list[ast.stmt]:
        """Count, and report now and then. A cell is counted without a call, so that nothing is nearer to the limit of recursion."""
        target = at(
            ast.Subscript(at(ast.Constant(mark(*cell)), where), integer(0, where), ast.Store()), where
        )
        count = at(ast.AugAssign(target, ast.Add(), integer(1, where)), where)
        early = self._is_early(cell, where, sampled=sampled)
        return [count, at(ast.If(early, reporting, plain), where)]

    def _is_early(self, cell: tuple[str, int], where: ast.AST, *, sampled: bool = True) -> ast.expr:
        first = self.cell(("first-turns" if sampled else "first-calls", 0), where)
        early = at(ast.Compare(self.cell(cell, where), [ast.LtE()], [first]), where)
        if not sampled:
            return early
        bits = at(ast.BinOp(self.cell(cell, where), ast.BitAnd(), integer(SAMPLE_MASK, where)), where)
        return at(ast.BoolOp(ast.Or(), [early, at(ast.UnaryOp(ast.Not(), bits), where)]), where)


def _bound_in(target: ast.expr) -> list[str]:
    return [
        one.id for one in ast.walk(target) if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store)
    ]


def _captured_in(pattern: ast.pattern) -> list[str]:
    names = []
    for one in ast.walk(pattern):
        name = one.rest if isinstance(one, ast.MatchMapping) else getattr(one, "name", None)
        if isinstance(name, str) and isinstance(one, (ast.MatchAs, ast.MatchStar, ast.MatchMapping)):
            names.append(name)
    return names


def _is_docstring(node: ast.stmt) -> bool:
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )


_STATEMENTS: Final[dict[type[ast.stmt], Any]] = {
    ast.FunctionDef: _Rewriter._on_function,  # noqa: SLF001  # this module's own
    ast.AsyncFunctionDef: _Rewriter._on_function,  # noqa: SLF001
    ast.ClassDef: _Rewriter._on_class,  # noqa: SLF001
    ast.Return: _Rewriter._on_return,  # noqa: SLF001
    ast.Assign: _Rewriter._on_assign,  # noqa: SLF001
    ast.AugAssign: _Rewriter._on_augmented,  # noqa: SLF001
    ast.AnnAssign: _Rewriter._on_annotated,  # noqa: SLF001
    ast.Expr: _Rewriter._on_expression,  # noqa: SLF001
    ast.If: _Rewriter._on_if,  # noqa: SLF001
    ast.For: _Rewriter._on_for,  # noqa: SLF001
    ast.AsyncFor: _Rewriter._on_for,  # noqa: SLF001
    ast.While: _Rewriter._on_while,  # noqa: SLF001
    ast.Try: _Rewriter._on_try,  # noqa: SLF001
    ast.TryStar: _Rewriter._on_try,  # noqa: SLF001
    ast.With: _Rewriter._on_with,  # noqa: SLF001
    ast.AsyncWith: _Rewriter._on_with,  # noqa: SLF001
    ast.Match: _Rewriter._on_match,  # noqa: SLF001
    ast.Raise: _Rewriter._on_raise,  # noqa: SLF001
    ast.Assert: _Rewriter._on_assert,  # noqa: SLF001
}
