"""Where a rewritten source reports what it does: sites, functions, loops.

Both processes list them from the same source, in the same order, so that a number is enough to name one.
"""

from __future__ import annotations

import ast

Scope = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
Comprehension = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp


class Site:
    """A place that reports.

    kind: "line" for a statement that begins, "value" for an expression, "names" for names that were bound, "caught" for a handler.
    node: of the source as written. function: index of the function it is in. inline: whether it may run in a frame of a
    comprehension. names: which names. loops: indices of the loops around it, outermost first. comps: comprehensions whose
    turns are known once it reports.
    """

    __slots__ = ("comps", "function", "index", "inline", "kind", "loops", "names", "node")

    def __init__(
        self,
        index: int,
        kind: str,
        node: ast.AST,
        function: int,
        loops: tuple[int, ...],
        *,
        inline: bool,
        names: tuple[str, ...] = (),
    ) -> None:
        self.index, self.kind, self.node, self.function = index, kind, node, function
        self.inline, self.names, self.loops = inline, names, loops
        self.comps: tuple[int, ...] = ()


class FunctionPlan:
    """A function or lambda. outer: index of the one it is written in, -1 for none. parameters: their names, in order."""

    __slots__ = ("index", "name", "node", "outer", "parameters")

    def __init__(self, index: int, node: Scope, outer: int) -> None:
        self.index, self.node, self.outer = index, node, outer
        self.name = "<lambda>" if isinstance(node, ast.Lambda) else node.name
        arguments = node.args
        every = [
            *arguments.posonlyargs,
            *arguments.args,
            arguments.vararg,
            *arguments.kwonlyargs,
            arguments.kwarg,
        ]
        self.parameters = tuple(one.arg for one in every if one is not None)


class Plan:
    """All of a source. loops: `for` and `while` statements. comps: comprehensions. value_of: node -> its site, by identity."""

    __slots__ = ("by_node", "comps", "functions", "loops", "sites", "tree")

    def __init__(self, tree: ast.Module) -> None:
        self.tree = tree
        self.sites: list[Site] = []
        self.functions: list[FunctionPlan] = []
        self.loops: list[ast.stmt] = []
        self.comps: list[Comprehension] = []
        self.by_node: dict[tuple[str, ast.AST], Site] = {}

    def site_of(self, kind: str, node: ast.AST) -> Site | None:
        """The site of a node; None where it does not report."""
        return self.by_node.get((kind, node))
