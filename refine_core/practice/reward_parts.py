"""The parts of a reward's source: fields, units, constants. The source is read, never run."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Mapping
from copy import deepcopy

MAX_DEPTH = 8
MAX_NAMES = 300
"""Names may refer to names that refer to names: without a limit, reading some rewards would never end."""
MAX_WORD_CHARS = 60
_SPLIT_UNITS = {"\n": "lines", ".": "sentences", ". ": "sentences", " ": "words"}


class InlineNames(ast.NodeTransformer):
    """Puts the expression of each name that is bound once in its place. The nodes keep their places in the source."""

    def __init__(self, tree: ast.Module) -> None:
        self.bound = _find_single_assignments(tree)
        self._count = self._depth = 0

    def visit_Name(self, node: ast.Name) -> ast.expr:
        """The expression of the name, or the name."""
        self._count += 1
        is_bound = isinstance(node.ctx, ast.Load) and node.id in self.bound
        if not is_bound or self._depth >= MAX_DEPTH or self._count > MAX_NAMES:
            return node
        self._depth += 1
        inlined: ast.expr = self.visit(deepcopy(self.bound[node.id]))
        self._depth -= 1
        return inlined


class Parts:
    """What expressions of a source with inlined names mean. inputs: of the program, for `args["most"]`."""

    def __init__(self, tree: ast.Module, inputs: Mapping[str, object]) -> None:
        self._inputs = inputs
        functions = [n for n in ast.walk(tree) if isinstance(n, (ast.FunctionDef, ast.Lambda))]
        arguments = [[a.arg for a in f.args.args] for f in functions if len(f.args.args) > 1]
        self._predictions = {names[1] for names in arguments} | {"pred", "prediction"}
        self._args = {names[0] for names in arguments} | {"args"}

    def field(self, node: ast.expr) -> str | None:
        """The field of the prediction that an expression reads."""
        for one in ast.walk(node):
            match one:
                case (
                    ast.Attribute(value=ast.Name(id=name), attr=field)
                    | ast.Subscript(value=ast.Name(id=name), slice=ast.Constant(value=str(field)))
                ) if name in self._predictions:
                    return field
        return None

    def unit(self, node: ast.expr) -> str:
        """What a number counts: "words", "characters", "sentences", "lines", "items"; "number" for a field's own value."""
        match node:
            case ast.Call(func=ast.Name(id="len"), args=[counted]):
                return self._counted_unit(counted)
            case ast.Call(func=ast.Name(id="float" | "int" | "round" | "abs"), args=[inner, *_]):
                return "number" if self.field(inner) else ""
            case ast.Attribute() | ast.Subscript():
                return "number" if self.field(node) else ""
        return ""

    def _counted_unit(self, node: ast.expr) -> str:
        for one in ast.walk(node):
            match one:
                case ast.Call(func=ast.Attribute(attr="splitlines")):
                    return "lines"
                case ast.Call(func=ast.Attribute(attr="split"), args=args):
                    return _SPLIT_UNITS.get(str(self.constant(args[0])) if args else " ", "items")
                case ast.Call(func=ast.Attribute(attr="loads")):
                    return "items"
        return "characters" if self.field(node) else ""

    def constant(self, node: ast.expr) -> object:
        """A number or a text that is known before the reward runs: a literal, or an input."""
        match node:
            case ast.Constant(value=value) if not isinstance(value, bool):
                return value
            case ast.UnaryOp(op=ast.USub()):
                return number(node)
            case (
                ast.Subscript(value=ast.Name(id=owner), slice=ast.Constant(value=str(key)))
                | ast.Call(
                    func=ast.Attribute(value=ast.Name(id=owner), attr="get"),
                    args=[ast.Constant(value=str(key)), *_],
                )
            ) if owner in self._args:
                return self._inputs.get(key)
            case ast.Call(func=ast.Attribute(value=inner, attr="lower" | "strip" | "upper")):
                return self.constant(inner)
        return None

    def constant_texts(self, node: ast.expr) -> list[str]:
        """The constant texts in an expression, one or several, short enough to be mentioned."""
        several = node.elts if isinstance(node, (ast.List, ast.Tuple, ast.Set)) else [node]
        values = [self.constant(one) for one in several]
        return [v for v in values if isinstance(v, str) and v.strip() and len(v) <= MAX_WORD_CHARS]


def is_json(node: ast.expr) -> bool:
    """Whether an expression is parsed JSON."""
    return any(isinstance(one, ast.Attribute) and one.attr == "loads" for one in ast.walk(node))


def find_text(node: ast.expr) -> str:
    """The first text in an expression, such as the source of a regular expression."""
    constants = (one.value for one in ast.walk(node) if isinstance(one, ast.Constant))
    return next((text for text in constants if isinstance(text, str)), "")


def number(node: ast.expr | None) -> float | None:
    """The number in a literal, or in `Score(0.5, …)`."""
    match node:
        case ast.Constant(value=int(value)) | ast.Constant(value=float(value)):
            return float(value)
        case ast.UnaryOp(op=ast.USub(), operand=inner):
            positive = number(inner)
            return None if positive is None else -positive
        case ast.Call(func=ast.Name(id="Score"), args=[first, *_]):
            return number(first)
    return None


def _find_single_assignments(tree: ast.AST) -> dict[str, ast.expr]:
    """Names that are bound once, with their expressions; a loop's variable with its iterable."""
    pairs: list[tuple[ast.expr, ast.expr]] = []
    for node in ast.walk(tree):
        match node:
            case ast.Assign(targets=[ast.Tuple(elts=names)], value=ast.Tuple(elts=values)):
                pairs += zip(names, values, strict=False)
            case (
                ast.Assign(targets=[target], value=value)
                | ast.AnnAssign(target=target, value=ast.expr() as value)
                | ast.For(target=target, iter=value)
                | ast.comprehension(target=target, iter=value)
            ):
                pairs.append((target, value))
            case ast.AugAssign(target=target, value=value):
                pairs += [(target, value)] * 2
    counts = Counter(target.id for target, _ in pairs if isinstance(target, ast.Name))
    return {t.id: value for t, value in pairs if isinstance(t, ast.Name) and counts[t.id] == 1}
