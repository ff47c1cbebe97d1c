"""Expressions that report their values, and those of their parts; the rules stand in rewrite.py."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from typing import Any, Final

from refine_core.rewards.xray.marks import at, integer, loads, mark
from refine_core.rewards.xray.sites import FunctionPlan, Plan, Scope, Site

_COMPREHENSIONS: Final = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_SPLIT_WHEN_TESTED: Final = (ast.BoolOp, ast.IfExp)
_SHOWN: Final = (
    ast.Name, ast.Attribute, ast.Subscript, ast.Call, ast.BinOp, ast.UnaryOp, ast.BoolOp, ast.Compare, ast.IfExp, ast.ListComp,
    ast.SetComp, ast.DictComp, ast.JoinedStr, ast.Await, ast.NamedExpr, ast.List, ast.Tuple, ast.Set, ast.Dict,
)  # fmt: skip
_Rewrite = Callable[..., ast.expr]


class Place:
    """Where the rewriter is. function: its index. inline: inside a comprehension. loops: around it. line: of the statement."""

    __slots__ = ("function", "inline", "line", "loops")

    def __init__(self, function: int, loops: tuple[int, ...] = (), *, inline: bool = False) -> None:
        self.function, self.loops, self.inline, self.line = function, loops, inline, 0


class ExpressionRewriter:
    """plan: is filled with the sites that report."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan

    # --- expressions

    def value(self, node: ast.expr, place: Place) -> ast.expr:
        """The expression, reporting its value and those of its parts."""
        if not isinstance(node, _SHOWN) or is_constant(node):
            return self.parts(node, place)
        site = self.site("value", node, place)
        before = len(self.plan.comps)
        parts = self.parts(node, place)
        site.comps = _own_comps(node, self.plan, before)
        return self.call("value", node, integer(site.index, node), parts)

    def test(self, node: ast.expr, place: Place) -> ast.expr:
        """The same for what is tested: what Python tests part by part does not report as a whole."""
        if isinstance(node, _SPLIT_WHEN_TESTED) or _is_not(node) or _is_chain(node):
            return self.parts(node, place, tested=True)
        if isinstance(node, ast.Compare) and place.line not in (0, node.lineno):
            return self.parts(
                node, place
            )  # Python 3.11 takes the line of what is tested last from a bare comparison
        return self.value(node, place)

    def parts(self, node: ast.expr, place: Place, *, tested: bool = False) -> ast.expr:
        """The expression, with its parts reporting."""
        rewrite_one: _Rewrite | None = _EXPRESSIONS.get(type(node))
        if rewrite_one is None or is_constant(node):
            return node
        if isinstance(node, ast.IfExp):
            return self._on_conditional(node, place, tested=tested)
        return rewrite_one(self, node, place)

    def each(self, nodes: Sequence[ast.expr], place: Place) -> list[ast.expr]:
        return [self.value(one, place) for one in nodes]

    def _base(self, node: ast.expr, place: Place) -> ast.expr:
        """What an attribute is taken from: a bare name says nothing of its own."""
        return node if isinstance(node, ast.Name) else self.value(node, place)

    def _on_call(self, node: ast.Call, place: Place) -> ast.expr:
        function = node.func
        if isinstance(function, ast.Attribute):
            function = at(
                ast.Attribute(self._base(function.value, place), function.attr, ast.Load()), function
            )
        elif not isinstance(function, ast.Name):
            function = self.value(function, place)
        keywords = [at(ast.keyword(one.arg, self.value(one.value, place)), one) for one in node.keywords]
        return at(ast.Call(function, self.each(node.args, place), keywords), node)

    def _on_attribute(self, node: ast.Attribute, place: Place) -> ast.expr:
        return at(ast.Attribute(self._base(node.value, place), node.attr, node.ctx), node)

    def _on_subscript(self, node: ast.Subscript, place: Place) -> ast.expr:
        return at(
            ast.Subscript(self.value(node.value, place), self._index(node.slice, place), node.ctx), node
        )

    def _index(self, node: ast.expr, place: Place) -> ast.expr:
        if isinstance(node, ast.Slice):
            parts = (
                None if one is None else self.value(one, place) for one in (node.lower, node.upper, node.step)
            )
            return at(ast.Slice(*parts), node)
        if isinstance(node, ast.Tuple):
            return at(ast.Tuple([self._index(one, place) for one in node.elts], node.ctx), node)
        return self.value(node, place)

    def _on_binary(self, node: ast.BinOp, place: Place) -> ast.expr:
        return at(ast.BinOp(self.value(node.left, place), node.op, self.value(node.right, place)), node)

    def _on_unary(self, node: ast.UnaryOp, place: Place) -> ast.expr:
        part = self.test if isinstance(node.op, ast.Not) else self.value
        return at(ast.UnaryOp(node.op, part(node.operand, place)), node)

    def _on_bool(self, node: ast.BoolOp, place: Place) -> ast.expr:
        return at(ast.BoolOp(node.op, [self.test(one, place) for one in node.values]), node)

    def _on_compare(self, node: ast.Compare, place: Place) -> ast.expr:
        left = self.value(node.left, place)
        return at(ast.Compare(left, node.ops, self.each(node.comparators, place)), node)

    def _on_conditional(self, node: ast.IfExp, place: Place, *, tested: bool = False) -> ast.expr:
        part = self.test if tested else self.value
        test = self.test(node.test, place)
        return at(ast.IfExp(test, part(node.body, place), part(node.orelse, place)), node)

    def _on_named(self, node: ast.NamedExpr, place: Place) -> ast.expr:
        return at(ast.NamedExpr(node.target, self.value(node.value, place)), node)

    def _on_elements(self, node: Any, place: Place) -> ast.expr:
        fields = dict(ast.iter_fields(node)) | {"elts": self.each(node.elts, place)}
        elements: ast.expr = at(type(node)(**fields), node)
        return elements

    def _on_dict(self, node: ast.Dict, place: Place) -> ast.expr:
        keys: list[ast.expr | None] = []
        values = []
        for key, value in zip(
            node.keys, node.values, strict=True
        ):  # in the order in which Python works them out
            keys.append(None if key is None else self.value(key, place))
            values.append(self.value(value, place))
        return at(ast.Dict(keys, values), node)

    def _on_starred(self, node: ast.Starred, place: Place) -> ast.expr:
        return at(ast.Starred(self.value(node.value, place), node.ctx), node)

    def _on_await(self, node: ast.Await, place: Place) -> ast.expr:
        return at(ast.Await(self.parts(node.value, place)), node)

    def _on_yield(self, node: ast.Yield, place: Place) -> ast.expr:
        return node if node.value is None else at(ast.Yield(self.value(node.value, place)), node)

    def _on_yield_from(self, node: ast.YieldFrom, place: Place) -> ast.expr:
        return at(ast.YieldFrom(self.parts(node.value, place)), node)

    def _on_joined(self, node: ast.JoinedStr, place: Place) -> ast.expr:
        return at(ast.JoinedStr([self.parts(one, place) for one in node.values]), node)

    def _on_formatted(self, node: ast.FormattedValue, place: Place) -> ast.expr:
        spec = None if node.format_spec is None else self.parts(node.format_spec, place)
        return at(ast.FormattedValue(self.value(node.value, place), node.conversion, spec), node)

    def _on_comprehension(self, node: Any, place: Place) -> ast.expr:
        index = len(self.plan.comps)
        self.plan.comps.append(node)
        inside = Place(place.function, place.loops, inline=True)
        generators = []
        for i, one in enumerate(node.generators):
            iterable = self.value(one.iter, place if i == 0 else inside)
            generators.append(ast.comprehension(one.target, iterable, [*one.ifs], one.is_async))
        last = generators[-1]
        if last.ifs:
            first = last.ifs[0]
            last.ifs[0] = self.choose(("turns", index), first, self.test(first, inside))
        element = node.value if isinstance(node, ast.DictComp) else node.elt
        element = self.choose(("kept", index), element, self.value(element, inside))
        if isinstance(node, ast.DictComp):
            return at(ast.DictComp(node.key, element, generators), node)
        comprehension: ast.expr = at(type(node)(element, generators), node)
        return comprehension

    def add_function(self, node: Scope, outer: int) -> FunctionPlan:
        function = FunctionPlan(len(self.plan.functions), node, outer)
        self.plan.functions.append(function)
        return function

    def lambda_(self, node: ast.Lambda, place: Place) -> ast.expr:
        function = self.add_function(node, place.function)
        body = node.body
        enter = self.call("enter", body, integer(function.index, body), *loads(function.parameters, body))
        value = self.value(body, Place(function.index))
        pair = at(ast.Tuple([enter, value], ast.Load()), body)
        reporting = at(ast.Subscript(pair, integer(1, body), ast.Load()), body)
        fields = dict(ast.iter_fields(node))
        fields["body"] = self.choose(("lambda", function.index), body, reporting)
        return at(ast.Lambda(**fields), node)

    def choose(self, counter: tuple[str, int], plain: ast.expr, reporting: ast.expr) -> ast.expr:
        """The same for an expression; its count is C code. counter: "lambda", or a comprehension's "turns" or "kept"."""
        kind, index = counter
        next_one = at(ast.Constant(mark(f"next-{kind}", index)), plain)
        number = at(ast.Call(next_one, [], []), plain)
        early = at(ast.Compare(number, [ast.Lt()], [self.cell((f"limit-{kind}", index), plain)]), plain)
        return at(ast.IfExp(early, reporting, plain), plain)

    @staticmethod
    def cell(cell: tuple[str, int], where: ast.AST) -> ast.expr:
        return at(ast.Subscript(at(ast.Constant(mark(*cell)), where), integer(0, where), ast.Load()), where)

    # --- nodes

    def site(self, kind: str, node: ast.AST, place: Place, names: tuple[str, ...] = ()) -> Site:
        site = Site(
            len(self.plan.sites), kind, node, place.function, place.loops, inline=place.inline, names=names
        )
        self.plan.sites.append(site)
        self.plan.by_node[kind, node] = site
        return site

    @staticmethod
    def call(helper: str, where: ast.AST, *arguments: ast.expr) -> ast.expr:
        return at(ast.Call(at(ast.Constant(mark(helper)), where), [*arguments], []), where)


def is_constant(node: ast.expr) -> bool:
    """Whether an expression has the same value always, so that it need not report it."""
    match node:
        case ast.Constant():
            return True
        case ast.UnaryOp():
            return is_constant(node.operand)
        case ast.Tuple() | ast.List() | ast.Set():
            return all(map(is_constant, node.elts))
        case ast.Dict():
            return all(one is not None and is_constant(one) for one in (*node.keys, *node.values))
        case _:
            return False


def _is_not(node: ast.expr) -> bool:
    return isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not)


def _is_chain(node: ast.expr) -> bool:
    return isinstance(node, ast.Compare) and len(node.ops) > 1


def _own_comps(node: ast.expr, plan: Plan, before: int) -> tuple[int, ...]:
    """The comprehensions whose turns are over once `node` has its value: itself, or generators that a call consumes."""
    mine: list[ast.expr] = [node, *(node.args if isinstance(node, ast.Call) else ())]
    return tuple(
        index
        for index, one in enumerate(plan.comps[before:], before)
        if any(one is other for other in mine) and isinstance(one, _COMPREHENSIONS)
    )


_EXPRESSIONS: Final[dict[type[ast.expr], Any]] = {
    ast.Lambda: ExpressionRewriter.lambda_,
    ast.Call: ExpressionRewriter._on_call,  # noqa: SLF001
    ast.Attribute: ExpressionRewriter._on_attribute,  # noqa: SLF001
    ast.Subscript: ExpressionRewriter._on_subscript,  # noqa: SLF001
    ast.BinOp: ExpressionRewriter._on_binary,  # noqa: SLF001
    ast.UnaryOp: ExpressionRewriter._on_unary,  # noqa: SLF001
    ast.BoolOp: ExpressionRewriter._on_bool,  # noqa: SLF001
    ast.Compare: ExpressionRewriter._on_compare,  # noqa: SLF001
    ast.IfExp: ExpressionRewriter._on_conditional,  # noqa: SLF001
    ast.NamedExpr: ExpressionRewriter._on_named,  # noqa: SLF001
    ast.List: ExpressionRewriter._on_elements,  # noqa: SLF001
    ast.Tuple: ExpressionRewriter._on_elements,  # noqa: SLF001
    ast.Set: ExpressionRewriter._on_elements,  # noqa: SLF001
    ast.Dict: ExpressionRewriter._on_dict,  # noqa: SLF001
    ast.Starred: ExpressionRewriter._on_starred,  # noqa: SLF001
    ast.Await: ExpressionRewriter._on_await,  # noqa: SLF001
    ast.Yield: ExpressionRewriter._on_yield,  # noqa: SLF001
    ast.YieldFrom: ExpressionRewriter._on_yield_from,  # noqa: SLF001
    ast.JoinedStr: ExpressionRewriter._on_joined,  # noqa: SLF001
    ast.FormattedValue: ExpressionRewriter._on_formatted,  # noqa: SLF001
    ast.ListComp: ExpressionRewriter._on_comprehension,  # noqa: SLF001
    ast.SetComp: ExpressionRewriter._on_comprehension,  # noqa: SLF001
    ast.DictComp: ExpressionRewriter._on_comprehension,  # noqa: SLF001
    ast.GeneratorExp: ExpressionRewriter._on_comprehension,  # noqa: SLF001
}
