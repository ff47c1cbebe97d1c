"""From a reward's source to what it asks of each field, in the words of a hint.

    if len(pred.answer.split()) > 3: return 0.2      ->   answer: "Use at most 3 words."

The source is read, never run: its regular expressions are judged by their looks alone. Each finding is a Check, whose
words are measured by the very rules that read hints (see `wishes`).
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from refine_core.lm.practice.things import meant_by_pattern

_LONGEST = 20_000
_DEEPEST = 8
_MOST_STEPS = 3_000
"""Names that stand for names that stand for names: a reward can be written so that reading it never ends."""
_OPPOSITE: Mapping[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.GtE, ast.LtE: ast.Gt, ast.Gt: ast.LtE, ast.GtE: ast.Lt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.In: ast.NotIn, ast.NotIn: ast.In,
}  # fmt: skip
_MIRROR: Mapping[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.Gt, ast.LtE: ast.GtE, ast.Gt: ast.Lt, ast.GtE: ast.LtE, ast.Eq: ast.Eq, ast.NotEq: ast.NotEq,
}  # fmt: skip
_LOOKS = {
    "isalpha": "Use letters only: no punctuation, not even a full stop.",
    "isalnum": "Use letters and digits only, without punctuation.",
    "isdigit": "Give a bare whole number: digits only.",
    "isnumeric": "Give a bare whole number: digits only.",
    "isdecimal": "Give a bare whole number: digits only.",
    "islower": "Write in lower case.",
    "isupper": "Write in upper case.",
}


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that a reward measures.

    field: of the prediction, or None if it cannot be told. wish: what to ask for. line: 1-based. code: the source.
    """

    field: str | None
    wish: str
    line: int
    code: str


def checks(source: str, inputs: Mapping[str, object]) -> tuple[Check, ...]:
    """What the reward asks for, in the order of its lines; none if it cannot be read. inputs: of the program."""
    try:
        tree = ast.parse(source[:_LONGEST])
        reader = _Reader(source, tree, inputs)
        for function in ast.walk(tree):
            if isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef)):
                reader.body(function.body)
        if not reader.found:  # nothing decided anything: take every comparison at its word
            for node in ast.walk(tree):
                if isinstance(node, (ast.Compare, ast.Call)):
                    reader.condition(node, True)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ()
    once = {(check.field, check.wish): check for check in reversed(reader.found)}
    return tuple(sorted(once.values(), key=lambda check: check.line))


class _Reader:
    def __init__(self, source: str, tree: ast.Module, inputs: Mapping[str, object]) -> None:
        self.source, self.inputs = source, inputs
        self.found: list[Check] = []
        self.steps = 0
        self.names = _assigned(tree)
        functions = [n for n in ast.walk(tree) if isinstance(n, (ast.FunctionDef, ast.Lambda))]
        arguments = [[a.arg for a in f.args.args] for f in functions]
        self.predictions = {names[1] for names in arguments if len(names) > 1} | {"pred", "prediction"}
        self.args = {names[0] for names in arguments if len(names) > 1} | {"args"}
        self.best = max((n for n in map(_number, _returned(tree)) if n is not None), default=1.0)

    def body(self, statements: Iterable[ast.stmt]) -> None:
        """Read statements for what raises or lowers the reward."""
        for statement in statements:
            match statement:
                case ast.If(test=test, body=body, orelse=orelse):
                    self.condition(test, self._rewards(body))
                    self.body([*body, *orelse])
                case ast.Return(value=ast.expr() as value) | ast.Assign(value=value):
                    self.value(value, True, isinstance(statement, ast.Return))
                case ast.AugAssign(op=op, value=value):
                    self.value(value, not isinstance(op, ast.Sub), True)
                case ast.Assert(test=test):
                    self.condition(test, True)
                case ast.Try(body=body, orelse=orelse):
                    for node in (n for part in body for n in ast.walk(part)):
                        if isinstance(node, ast.Call):
                            self._conversion(node)
                    self.body([*body, *orelse])
                case ast.For(body=body) | ast.While(body=body) | ast.With(body=body):
                    self.body(body)

    def value(self, node: ast.expr, good: bool, used: bool, label: str = "", depth: int = 0) -> None:
        """Read an expression that is part of the reward; what only names something is read where it is used."""
        self.steps += 1
        if depth > _DEEPEST or self.steps > _MOST_STEPS:
            return
        match node:
            case ast.IfExp(test=test, body=body, orelse=orelse):
                then, other = _number(body), _number(orelse)
                self.condition(test, good if then is None or other is None else (then > other) == good, label)
            case ast.Dict(keys=keys, values=values):
                for key, one in zip(keys, values, strict=True):
                    self.value(
                        one, good, True, str(key.value) if isinstance(key, ast.Constant) else "", depth + 1
                    )
            case _ if not used:
                return
            case ast.Compare() | ast.BoolOp() | ast.UnaryOp(op=ast.Not()):
                self.condition(node, good, label)
            case ast.BinOp(left=left, op=op, right=right):
                self.value(left, good, True, label, depth + 1)
                self.value(right, good != isinstance(op, ast.Sub), True, label, depth + 1)
            case ast.Name(id=name) if name in self.names:
                self.value(self.names[name], good, True, label or name.replace("_", " "), depth + 1)
            case ast.Call(func=func, args=args, keywords=keywords):
                before = len(self.found)
                self.condition(node, good, label)
                if len(self.found) == before:
                    inner = [func.value] if isinstance(func, ast.Attribute) else []
                    for one in [*inner, *args, *(k.value for k in keywords if k.arg in {"value", "parts"})]:
                        self.value(one, good, True, label, depth + 1)
            case ast.List(elts=parts) | ast.Tuple(elts=parts):
                for one in parts:
                    self.value(one, good, True, label, depth + 1)

    def condition(self, test: ast.expr, good: bool, label: str = "", depth: int = 0) -> None:
        """Note what must hold (or, if not `good`, must not hold) for a high reward."""
        self.steps += 1
        if depth > _DEEPEST or self.steps > _MOST_STEPS:
            return
        match test:
            case ast.UnaryOp(op=ast.Not(), operand=inner):
                self.condition(inner, not good, label, depth + 1)
            case ast.BoolOp(values=several):
                for one in several:
                    self.condition(one, good, label, depth + 1)
            case ast.Name(id=name) if name in self.names:
                self.condition(self.names[name], good, label or name.replace("_", " "), depth + 1)
            case ast.Compare(left=left, ops=[first, second], comparators=[middle, right]) if good:
                self._between(test, left, first, middle, second, right)
            case ast.Compare(left=left, ops=[op], comparators=[right]):
                kind = type(op) if good else _OPPOSITE.get(type(op), type(op))
                self._compare(test, left, kind, right, label)
            case ast.Call(func=ast.Name(id="all" | "any" | "bool" | "float" | "int"), args=[inner, *_]):
                self.condition(inner, good, label, depth + 1)
            case (
                ast.GeneratorExp(elt=inner, generators=[loop, *_])
                | ast.ListComp(elt=inner, generators=[loop, *_])
            ):
                if isinstance(loop.target, ast.Name):
                    self.names.setdefault(loop.target.id, loop.iter)
                self.condition(inner, good, label, depth + 1)
            case ast.Call(func=ast.Attribute(value=owner, attr=method), args=args) if (
                good or method == "endswith"
            ):
                self._call(test, owner, method, args, good, label)

    def _compare(
        self, node: ast.expr, left: ast.expr, op: type[ast.cmpop], right: ast.expr, label: str
    ) -> None:
        if op in {ast.In, ast.NotIn}:
            for word in self._words(left):
                said = f'Mention "{word}".' if op is ast.In else f'Do not use "{word}".'
                self._note(node, said, right)
            if self._field(left) and (options := self._words(right)) and op is ast.In:
                self._note(node, " or ".join(f'"{o}"' for o in options[:6]) + ": answer one of these.", left)
            elif op is ast.In and (thing := meant_by_pattern(self._patterns(left), label)):
                self._note(node, f"Mention the {thing.name}.", right)
            return
        if (bound := self._constant(right)) is None and (bound := self._constant(left)) is not None:
            left, op = right, _MIRROR.get(op, op)
        unit = self._unit(left)
        if isinstance(bound, str) and op is ast.Eq:
            said = (
                f'Answer exactly "{bound}".'
                if isinstance(right, ast.Constant)
                else "Give only the answer itself."
            )
            self._note(node, said, left)
        elif isinstance(bound, (int, float)) and unit:
            self._note(node, _bound(unit, op, bound), left)

    def _between(
        self,
        node: ast.expr,
        left: ast.expr,
        first: ast.cmpop,
        middle: ast.expr,
        second: ast.cmpop,
        right: ast.expr,
    ) -> None:
        low, high, unit = self._constant(left), self._constant(right), self._unit(middle)
        if not (isinstance(low, (int, float)) and isinstance(high, (int, float)) and unit):
            return
        if isinstance(first, (ast.Gt, ast.GtE)) and isinstance(second, (ast.Gt, ast.GtE)):
            low, high = high, low
        said = "Give a number between" if unit == "number" else "Use between"
        self._note(node, f"{said} {low} and {high}{'' if unit == 'number' else f' {unit}'}.", middle)

    def _call(
        self, node: ast.expr, owner: ast.expr, method: str, args: list[ast.expr], good: bool, label: str
    ) -> None:
        word = next((w for arg in args for w in self._words(arg)), "")
        if method in _LOOKS:
            self._note(node, _LOOKS[method], owner)
        elif method == "startswith" and word:
            self._note(node, f'Start with "{word}".', owner)
        elif method == "endswith" and word:
            bare = (
                "No punctuation at the end: drop the full stop." if word in ".!?" else f'Do not use "{word}".'
            )
            self._note(node, f'End with "{word}".' if good else bare, owner)
        elif method in {"search", "match", "fullmatch", "findall"} and len(args) > 1 and self._field(args[1]):
            pattern = self._patterns(args[0])
            if thing := meant_by_pattern(pattern, label):
                self._note(node, f"Mention the {thing.name}.", args[1])
            elif "\\d" in pattern or "[0-9]" in pattern:
                self._note(node, "Give a bare whole number: digits only.", args[1])
            else:
                self._note(node, f"Keep to the form that the pattern {pattern} describes.", args[1])

    def _conversion(self, node: ast.Call) -> None:
        """A conversion inside `try`: what cannot be converted costs the reward."""
        if not node.args or not self._field(node.args[0]):
            return
        match node.func:
            case ast.Attribute(attr="loads") | ast.Name(id="loads"):
                self._note(node, "Give one valid JSON object and nothing else.", node.args[0])
            case ast.Name(id="int"):
                self._note(node, "Give a bare whole number: digits only.", node.args[0])
            case ast.Name(id="float"):
                self._note(node, "Give a single number and nothing else.", node.args[0])

    def _note(self, node: ast.expr, wish: str, about: ast.expr) -> None:
        code = ast.get_source_segment(self.source, node) or ""
        self.found.append(Check(self._field(about), wish, node.lineno, " ".join(code.split())[:120]))

    def _rewards(self, body: list[ast.stmt]) -> bool:
        """Whether it is good to get into this branch."""
        for statement in body:
            match statement:
                case ast.Return(value=value):
                    given = _number(value)
                    return given is not None and given >= self.best
                case ast.AugAssign(op=op, value=value):
                    amount = _number(value)
                    lowers = isinstance(op, ast.Sub) or (isinstance(op, ast.Mult) and (amount or 0) < 1)
                    return not lowers and (amount is None or amount > 0)
                case ast.Raise() | ast.Continue():
                    return False
        return True

    def _inner(self, node: ast.AST) -> Iterator[ast.AST]:
        """`node` and all below it, with names replaced by what they were made from, each name once."""
        seen, waiting = set[str](), [node]
        while waiting:
            for one in ast.walk(waiting.pop()):
                yield one
                if isinstance(one, ast.Name) and one.id in self.names and one.id not in seen:
                    seen.add(one.id)
                    waiting.append(self.names[one.id])

    def _field(self, node: ast.expr) -> str | None:
        """The field of the prediction that an expression looks at."""
        for one in self._inner(node):
            match one:
                case ast.Attribute(value=ast.Name(id=name), attr=field) if name in self.predictions:
                    return field
                case ast.Subscript(value=ast.Name(id=name), slice=ast.Constant(value=str(field))) if (
                    name in self.predictions
                ):
                    return field
        return None

    def _unit(self, node: ast.expr, depth: int = 0) -> str:
        """What a number counts: "words", "characters", "sentences", "lines", "items"; "number" for a field's own value."""
        match node:
            case ast.Name(id=name) if name in self.names and depth < _DEEPEST:
                return self._unit(self.names[name], depth + 1)
            case ast.Call(func=ast.Name(id="len"), args=[counted]):
                return self._counted(counted)
            case ast.Call(func=ast.Name(id="float" | "int" | "round" | "abs"), args=[inner, *_]):
                return self._unit(inner, depth + 1)
            case ast.Attribute() | ast.Subscript() if self._field(node):
                return "number"
        return ""

    def _counted(self, node: ast.expr) -> str:
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
        return "characters" if self._field(node) else ""

    def _constant(self, node: ast.expr, depth: int = 0) -> object:
        """A number or a text that is known before the reward runs: written there, named there, or among the inputs."""
        match node:
            case ast.Constant(value=bool()):
                return None
            case ast.Constant(value=value):
                return value
            case ast.UnaryOp(op=ast.USub()):
                return _number(node)
            case ast.Name(id=name) if name in self.names and depth < _DEEPEST:
                return self._constant(self.names[name], depth + 1)
            case ast.Subscript(value=ast.Name(id=owner), slice=ast.Constant(value=str(key))) if (
                owner in self.args
            ):
                return self.inputs.get(key)
            case ast.Call(
                func=ast.Attribute(value=ast.Name(id=owner), attr="get"),
                args=[ast.Constant(value=key), *more],
            ):
                if owner in self.args:
                    return self.inputs.get(str(key), self._constant(more[0]) if more else None)
            case ast.Call(func=ast.Attribute(value=inner, attr="lower" | "strip" | "upper")):
                return self._constant(inner, depth + 1)
        return None

    def _words(self, node: ast.expr) -> list[str]:
        """The constant texts that an expression stands for, one or several."""
        if isinstance(node, ast.Name) and node.id in self.names:
            return self._words(self.names[node.id]) if self.names[node.id] is not node else []
        if isinstance(node, (ast.List, ast.Tuple, ast.Set)):
            return [e.value for e in node.elts if isinstance(e, ast.Constant) and isinstance(e.value, str)]
        value = self._constant(node)
        return [value] if isinstance(value, str) and value.strip() and len(value) <= 60 else []  # noqa: PLR2004  # longer is no word to mention

    def _patterns(self, node: ast.expr) -> str:
        """The source of the regular expression that an expression was found with."""
        for one in self._inner(node):
            if isinstance(one, ast.Constant) and isinstance(one.value, str):
                return one.value
        return ""


def _assigned(tree: ast.AST) -> dict[str, ast.expr]:
    """Names that are bound once, each with its expression; a loop's name with what is looped over."""
    found: dict[str, list[ast.expr]] = {}
    for node in ast.walk(tree):
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                found.setdefault(name, []).append(value)
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
                found.setdefault(name, []).append(value)
            case ast.Assign(targets=[ast.Tuple(elts=names)], value=ast.Tuple(elts=values)) if len(
                names
            ) == len(values):
                for target, value in zip(names, values, strict=True):
                    if isinstance(target, ast.Name):
                        found.setdefault(target.id, []).append(value)
            case (
                ast.For(target=ast.Name(id=name), iter=over)
                | ast.comprehension(target=ast.Name(id=name), iter=over)
            ):
                found.setdefault(name, []).append(over)
            case ast.AugAssign(target=ast.Name(id=name)):
                found.setdefault(name, []).extend([node.value, node.value])
    return {
        name: values[0]
        for name, values in found.items()
        if len(values) == 1 and not any(isinstance(n, ast.Name) and n.id == name for n in ast.walk(values[0]))
    }


def _returned(tree: ast.AST) -> Iterator[ast.expr | None]:
    for node in ast.walk(tree):
        match node:
            case ast.Return(value=ast.IfExp(body=body, orelse=orelse)):
                yield from (body, orelse)
            case ast.Return(value=value):
                yield value


def _number(node: ast.expr | None) -> float | None:
    """The number that a literal is; of `Score(0.5, …)` its value."""
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
            return _number(first)
    return None


def _bound(unit: str, op: type[ast.cmpop], n: float) -> str:
    """A comparison in words."""
    if unit == "number":
        said = {
            ast.Eq: "Give the number {0}: between {0} and {0}.",
            ast.Lt: "Give a number less than {0}.",
            ast.LtE: "Give a number of at most {0}: at most {0}.",
            ast.Gt: "Give a number more than {0}.",
            ast.GtE: "Give a number: at least {0}.",
        }
        return said.get(op, "Give another number than {0}.").format(n)
    count, one = int(n), unit.removesuffix("s")
    if op is ast.Eq:
        return (
            "Answer with one single word."
            if (count, unit) == (1, "words")
            else f"Use exactly {count} {one if count == 1 else unit}."
        )
    if op in {ast.Lt, ast.LtE}:
        most = count - (op is ast.Lt)
        return f"Use at most {most} {one if most == 1 else unit}."
    if op in {ast.Gt, ast.GtE}:
        least = count + (op is ast.Gt)
        return f"Use at least {least} {one if least == 1 else unit}."
    return f"Use another number of {unit} than {n}."
