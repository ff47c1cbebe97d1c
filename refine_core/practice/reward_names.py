"""The meaning of the names in a reward's source: fields, units, constants. The source is read, never run."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping

MAX_DEPTH = 8


class Names:
    """The names of one source.

    inputs: of the program, so that `args["most"]` is known. bound: name -> expression, for names bound once.
    """

    def __init__(self, tree: ast.Module, inputs: Mapping[str, object]) -> None:
        self._inputs = inputs
        self._bound = _single_assignments(tree)
        functions = [n for n in ast.walk(tree) if isinstance(n, (ast.FunctionDef, ast.Lambda))]
        arguments = [[a.arg for a in f.args.args] for f in functions]
        self._predictions = {names[1] for names in arguments if len(names) > 1} | {"pred", "prediction"}
        self._args = {names[0] for names in arguments if len(names) > 1} | {"args"}

    def meaning(self, name: str) -> ast.expr | None:
        """The expression that `name` is bound to, if it is bound once."""
        return self._bound.get(name)

    def bind(self, name: str, node: ast.expr) -> None:
        """Bind `name` to `node`, unless it is bound already."""
        self._bound.setdefault(name, node)

    def _inner(self, node: ast.AST) -> Iterator[ast.AST]:
        """`node` and all nodes below it, with each name followed once to its expression."""
        seen, waiting = set[str](), [node]
        while waiting:
            for one in ast.walk(waiting.pop()):
                yield one
                if isinstance(one, ast.Name) and one.id in self._bound and one.id not in seen:
                    seen.add(one.id)
                    waiting.append(self._bound[one.id])

    def field(self, node: ast.expr) -> str | None:
        """The field of the prediction that an expression reads."""
        for one in self._inner(node):
            match one:
                case ast.Attribute(value=ast.Name(id=name), attr=field) if name in self._predictions:
                    return field
                case ast.Subscript(value=ast.Name(id=name), slice=ast.Constant(value=str(field))) if (
                    name in self._predictions
                ):
                    return field
        return None

    def is_json(self, node: ast.expr) -> bool:
        """Whether an expression is parsed JSON."""
        return any(isinstance(one, ast.Attribute) and one.attr == "loads" for one in self._inner(node))

    def unit(self, node: ast.expr, depth: int = 0) -> str:
        """What a number counts: "words", "characters", "sentences", "lines", "items"; "number" for a field's own value."""
        match node:
            case ast.Name(id=name) if name in self._bound and depth < MAX_DEPTH:
                return self.unit(self._bound[name], depth + 1)
            case ast.Call(func=ast.Name(id="len"), args=[counted]):
                return self._counted_unit(counted)
            case ast.Call(func=ast.Name(id="float" | "int" | "round" | "abs"), args=[inner, *_]):
                return self.unit(inner, depth + 1)
            case ast.Attribute() | ast.Subscript() if self.field(node):
                return "number"
        return ""

    def _counted_unit(self, node: ast.expr) -> str:
        for one in self._inner(node):
            match one:
                case ast.Call(func=ast.Attribute(attr="splitlines")):
                    return "lines"
                case ast.Call(func=ast.Attribute(attr="split"), args=[ast.Constant(value=str(mark)), *_]):
                    return {"\n": "lines", ".": "sentences", " ": "words"}.get(
                        mark, "sentences" if "." in mark else "items"
                    )
                case ast.Call(func=ast.Attribute(attr="split")):
                    return "words"
                case ast.Call(func=ast.Attribute(attr="loads")):
                    return "items"
        return "characters" if self.field(node) else ""

    def constant(self, node: ast.expr, depth: int = 0) -> object:
        """A number or a text that is known before the reward runs: a literal, a named constant, or an input."""
        match node:
            case ast.Constant(value=bool()):
                return None
            case ast.Constant(value=value):
                return value
            case ast.UnaryOp(op=ast.USub()):
                return number(node)
            case ast.Name(id=name) if name in self._bound and depth < MAX_DEPTH:
                return self.constant(self._bound[name], depth + 1)
            case ast.Subscript(value=ast.Name(id=owner), slice=ast.Constant(value=str(key))) if (
                owner in self._args
            ):
                return self._inputs.get(key)
            case ast.Call(
                func=ast.Attribute(value=ast.Name(id=owner), attr="get"),
                args=[ast.Constant(value=key), *more],
            ):
                if owner in self._args:
                    return self._inputs.get(str(key), self.constant(more[0]) if more else None)
            case ast.Call(func=ast.Attribute(value=inner, attr="lower" | "strip" | "upper")):
                return self.constant(inner, depth + 1)
        return None

    def constant_texts(self, node: ast.expr) -> list[str]:
        """The constant texts in an expression, one or several."""
        if isinstance(node, ast.Name) and node.id in self._bound:
            return self.constant_texts(self._bound[node.id]) if self._bound[node.id] is not node else []
        if isinstance(node, (ast.List, ast.Tuple, ast.Set)):
            return [e.value for e in node.elts if isinstance(e, ast.Constant) and isinstance(e.value, str)]
        value = self.constant(node)
        return [value] if isinstance(value, str) and value.strip() and len(value) <= 60 else []  # noqa: PLR2004  # longer is no word to mention

    def patterns(self, node: ast.expr) -> str:
        """The source of the regular expression in an expression."""
        for one in self._inner(node):
            if isinstance(one, ast.Constant) and isinstance(one.value, str):
                return one.value
        return ""


def _single_assignments(tree: ast.AST) -> dict[str, ast.expr]:
    """Names that are bound once, with their expressions; a loop's variable with its iterable."""
    bindings: dict[str, list[ast.expr]] = {}
    for node in ast.walk(tree):
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                bindings.setdefault(name, []).append(value)
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
                bindings.setdefault(name, []).append(value)
            case ast.Assign(targets=[ast.Tuple(elts=names)], value=ast.Tuple(elts=values)) if len(
                names
            ) == len(values):
                for target, value in zip(names, values, strict=True):
                    if isinstance(target, ast.Name):
                        bindings.setdefault(target.id, []).append(value)
            case (
                ast.For(target=ast.Name(id=name), iter=over)
                | ast.comprehension(target=ast.Name(id=name), iter=over)
            ):
                bindings.setdefault(name, []).append(over)
            case ast.AugAssign(target=ast.Name(id=name)):
                bindings.setdefault(name, []).extend([node.value, node.value])
    return {
        name: values[0]
        for name, values in bindings.items()
        if len(values) == 1 and not any(isinstance(n, ast.Name) and n.id == name for n in ast.walk(values[0]))
    }


def returned_values(tree: ast.AST) -> Iterator[ast.expr | None]:
    """All returned expressions, with both branches of a conditional."""
    for node in ast.walk(tree):
        match node:
            case ast.Return(value=ast.IfExp(body=body, orelse=orelse)):
                yield from (body, orelse)
            case ast.Return(value=value):
                yield value


def number(node: ast.expr | None) -> float | None:
    """The number in a literal, or in `Score(0.5, …)`."""
    match node:
        case (
            ast.Constant(value=bool(value))
            | ast.Constant(value=int(value))
            | ast.Constant(value=float(value))
        ):
            return float(value)
        case (
            ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int(value)))
            | ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=float(value)))
        ):
            return -float(value)
        case ast.Call(func=ast.Name(id="Score"), args=[first, *_]):
            return number(first)
    return None
