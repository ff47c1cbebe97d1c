"""The checks in a reward's source, each as a wish in the words of a hint.

    if len(pred.answer.split()) > 3: return 0.2      ->   answer: "Use at most 3 words."

The source is read, never run; its regular expressions are judged by their text. The wish of a Check is measured by the same
rules that read hints (see `wishes`).
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from refine_core.practice.reward_names import Names, number, returned_values
from refine_core.practice.things import find_by_pattern
from refine_core.python_parser import parse_module

MAX_SOURCE_CHARS = 20_000
MAX_DEPTH = 8
MAX_STEPS = 3_000
"""Names may refer to names that refer to names: without a limit, reading some rewards would never end."""
_OPPOSITE: Mapping[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.GtE, ast.LtE: ast.Gt, ast.Gt: ast.LtE, ast.GtE: ast.Lt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.In: ast.NotIn, ast.NotIn: ast.In,
}  # fmt: skip
_MIRROR: Mapping[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.Gt, ast.LtE: ast.GtE, ast.Gt: ast.Lt, ast.GtE: ast.LtE, ast.Eq: ast.Eq, ast.NotEq: ast.NotEq,
}  # fmt: skip
TRUTHS = ('Answer exactly "True".', 'Answer exactly "False".')
"""The wish of a field that is taken for true or false, as in `if pred.keep`: of a bool. Of other types it says little."""
_METHOD_WISHES = {
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

    field: of the prediction, or None if unknown. wish: what to ask for. line: 1-based. code: the source.
    """

    field: str | None
    wish: str
    line: int
    code: str


def find_checks(source: str, inputs: Mapping[str, object]) -> tuple[Check, ...]:
    """The reward's checks, in the order of its lines; none if it cannot be read. inputs: of the program."""
    try:
        tree = parse_module(source[:MAX_SOURCE_CHARS])
        reader = _Reader(source, tree, inputs)
        for function in ast.walk(tree):
            if isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef)):
                reader.body(function.body)
        if all(
            check.wish in TRUTHS for check in reader.checks
        ):  # no branch decides anything: take every comparison literally
            for node in ast.walk(tree):
                if isinstance(node, (ast.Compare, ast.Call)):
                    reader.condition(node, True)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ()
    unique = {(check.field, check.wish): check for check in reversed(reader.checks)}
    return tuple(sorted(unique.values(), key=lambda check: check.line))


def find_words(source: str) -> tuple[str, ...]:
    """The short texts in the source's lists, which are usually words that it looks for."""
    try:
        tree = parse_module(source[:MAX_SOURCE_CHARS])
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ()
    lists = (node.elts for node in ast.walk(tree) if isinstance(node, (ast.List, ast.Set)))
    texts = [
        e.value.strip()
        for elts in lists
        for e in elts
        if isinstance(e, ast.Constant) and isinstance(e.value, str)
    ]
    return tuple(dict.fromkeys(text for text in texts if re.fullmatch(r"[^\W\d_][\w' -]{1,30}", text)))


class _Reader:
    def __init__(self, source: str, tree: ast.Module, inputs: Mapping[str, object]) -> None:
        self.source, self.names = source, Names(tree, inputs)
        self.checks: list[Check] = []
        self.step_count = 0
        # If only low constants are returned, the high rewards are computed.
        self.best = max((n for n in map(number, returned_values(tree)) if n), default=1.0)

    def body(self, statements: Iterable[ast.stmt]) -> None:
        """Read statements for what raises or lowers the reward."""
        for statement in statements:
            match statement:
                case ast.If(test=test, body=body, orelse=orelse):
                    self.condition(test, self._rewards(body))
                    self.body([*body, *orelse])
                case ast.Assign(targets=[ast.Name(id=name)]) if self.names.meaning(name) is not None:
                    continue  # read where it is used: only there it is known whether it is good
                case ast.Return(value=ast.expr() as value) | ast.Assign(value=value):
                    self.value(value, True)
                case ast.AugAssign(op=op, value=value):
                    self.value(value, not isinstance(op, ast.Sub))
                case ast.Assert(test=test):
                    self.condition(test, True)
                case ast.Try(body=body, orelse=orelse):
                    for node in (n for part in body for n in ast.walk(part)):
                        if isinstance(node, ast.Call):
                            self._conversion(node)
                    self.body([*body, *orelse])
                case ast.For(body=body) | ast.While(body=body) | ast.With(body=body):
                    self.body(body)

    def value(self, node: ast.expr, good: bool, label: str = "", depth: int = 0) -> None:
        """Read an expression that is part of the reward: the more the better, if it is `good`."""
        self.step_count += 1
        if depth > MAX_DEPTH or self.step_count > MAX_STEPS:
            return
        match node:
            case ast.IfExp(test=test, body=body, orelse=orelse):
                then, other = number(body), number(orelse)
                self.condition(test, good if then is None or other is None else (then > other) == good, label)
            case ast.Dict(keys=keys, values=values):
                for key, one in zip(keys, values, strict=True):
                    self.value(one, good, str(key.value) if isinstance(key, ast.Constant) else "", depth + 1)
            case ast.Compare() | ast.BoolOp() | ast.UnaryOp(op=ast.Not()):
                self.condition(node, good, label)
            case ast.BinOp(left=left, op=op, right=right):
                self.value(left, good, label, depth + 1)
                self.value(right, good != isinstance(op, ast.Sub), label, depth + 1)
            case ast.Name(id=name) if meaning := self.names.meaning(name):
                self.value(meaning, good, label or name.replace("_", " "), depth + 1)
            case ast.Call(func=func, args=args, keywords=keywords):
                before = len(self.checks)
                self.condition(node, good, label)
                if len(self.checks) == before:
                    inner = [func.value] if isinstance(func, ast.Attribute) else []
                    for one in [*inner, *args, *(k.value for k in keywords if k.arg in {"value", "parts"})]:
                        self.value(one, good, label, depth + 1)
            case ast.List(elts=parts) | ast.Tuple(elts=parts):
                for one in parts:
                    self.value(one, good, label, depth + 1)

    def condition(self, test: ast.expr, good: bool, label: str = "", depth: int = 0) -> None:
        """Record what must be true (or, if not `good`, must be false) for a high reward."""
        self.step_count += 1
        if depth > MAX_DEPTH or self.step_count > MAX_STEPS:
            return
        match test:
            case ast.UnaryOp(op=ast.Not(), operand=inner):
                self.condition(inner, not good, label, depth + 1)
            case ast.BoolOp(values=several):
                for one in several:
                    self.condition(one, good, label, depth + 1)
            case ast.Name(id=name) if meaning := self.names.meaning(name):
                self.condition(meaning, good, label or name.replace("_", " "), depth + 1)
            case ast.Compare(ops=[_, _], comparators=[middle, _]) if good:
                self._between(test, middle)
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
                    self.names.bind(loop.target.id, loop.iter)
                self.condition(inner, good, label, depth + 1)
            case ast.Attribute() | ast.Subscript() if self.names.field(test):
                self._record(test, TRUTHS[0 if good else 1], test)
            case ast.Call(func=ast.Attribute(attr=method) as func) if good or method == "endswith":
                self._call(test, func, good, label)

    def _compare(
        self, node: ast.expr, left: ast.expr, op: type[ast.cmpop], right: ast.expr, label: str
    ) -> None:
        if op in {ast.In, ast.NotIn}:
            key = self.names.is_json(right)
            for word in self.names.constant_texts(left):
                wanted = f'Give JSON with the key "{word}".' if key else f'Mention "{word}".'
                self._record(node, wanted if op is ast.In else f'Do not use "{word}".', right)
            if self.names.field(left) and (options := self.names.constant_texts(right)) and op is ast.In:
                self._record(
                    node, " or ".join(f'"{o}"' for o in options[:6]) + ": answer one of these.", left
                )
            elif op is ast.In and (thing := find_by_pattern(self.names.patterns(left), label)):
                self._record(node, f"Mention the {thing.name}.", right)
            return
        if (bound := self.names.constant(right)) is None and (bound := self.names.constant(left)) is not None:
            left, op = right, _MIRROR.get(op, op)
        unit = self.names.unit(left)
        if isinstance(bound, str) and op is ast.Eq and self.names.field(left):
            wish = (
                f'Answer exactly "{bound}".'
                if isinstance(right, ast.Constant)
                else "Give only the answer itself."
            )
            self._record(node, wish, left)
        elif isinstance(bound, (int, float)) and unit:
            self._record(node, _describe_bound(unit, op, bound), left)

    def _between(self, node: ast.Compare, middle: ast.expr) -> None:
        """`low <= value <= high`, in either order."""
        left, right = node.left, node.comparators[-1]
        low, high, unit = self.names.constant(left), self.names.constant(right), self.names.unit(middle)
        if not (isinstance(low, (int, float)) and isinstance(high, (int, float)) and unit):
            return
        if all(isinstance(op, (ast.Gt, ast.GtE)) for op in node.ops):
            low, high = high, low
        beginning = "Give a number between" if unit == "number" else "Use between"
        self._record(node, f"{beginning} {low} and {high}{'' if unit == 'number' else f' {unit}'}.", middle)

    def _call(self, node: ast.Call, func: ast.Attribute, good: bool, label: str) -> None:
        """A test by a method, such as `text.isdigit()`."""
        owner, method, args = func.value, func.attr, node.args
        word = next((w for arg in args for w in self.names.constant_texts(arg)), "")
        if method in _METHOD_WISHES:
            self._record(node, _METHOD_WISHES[method], owner)
        elif method == "startswith" and word:
            self._record(node, f'Start with "{word}".', owner)
        elif method == "endswith" and word:
            bare = (
                "No punctuation at the end: drop the full stop." if word in ".!?" else f'Do not use "{word}".'
            )
            self._record(node, f'End with "{word}".' if good else bare, owner)
        elif (
            method in {"search", "match", "fullmatch", "findall"}
            and len(args) > 1
            and self.names.field(args[1])
        ):
            pattern = self.names.patterns(args[0])
            if thing := find_by_pattern(pattern, label):
                self._record(node, f"Mention the {thing.name}.", args[1])
            elif "\\d" in pattern or "[0-9]" in pattern:
                self._record(node, "Give a bare whole number: digits only.", args[1])
            else:
                self._record(node, f"Keep to the form that the pattern {pattern} describes.", args[1])

    def _conversion(self, node: ast.Call) -> None:
        """A conversion inside `try`: a value that cannot be converted loses the reward."""
        if not node.args or not self.names.field(node.args[0]):
            return
        match node.func:
            case ast.Attribute(attr="loads") | ast.Name(id="loads"):
                self._record(node, "Give one valid JSON object: only JSON.", node.args[0])
            case ast.Name(id="int"):
                self._record(node, "Give a bare whole number: digits only.", node.args[0])
            case ast.Name(id="float"):
                self._record(node, "Give a single number and nothing else.", node.args[0])

    def _record(self, node: ast.expr, wish: str, about: ast.expr) -> None:
        code = ast.get_source_segment(self.source, node) or ""
        self.checks.append(Check(self.names.field(about), wish, node.lineno, " ".join(code.split())[:120]))

    def _rewards(self, body: list[ast.stmt]) -> bool:
        """Whether it is good to get into this branch."""
        for statement in body:
            match statement:
                case ast.Return(value=value):
                    reward = number(value)
                    return (
                        isinstance(value, (ast.Name, ast.Attribute))
                        if reward is None
                        else reward >= self.best
                    )
                case ast.AugAssign(op=op, value=value):
                    amount = number(value)
                    lowers = isinstance(op, ast.Sub) or (isinstance(op, ast.Mult) and (amount or 0) < 1)
                    return not lowers and (amount is None or amount > 0)
                case ast.Raise() | ast.Continue():
                    return False
        return True


def _describe_bound(unit: str, op: type[ast.cmpop], n: float) -> str:
    """A comparison in words."""
    if unit == "number":
        templates = {
            ast.Eq: "Give the number {0}: between {0} and {0}.",
            ast.Lt: "Give a number less than {0}.",
            ast.LtE: "Give a number of at most {0}: at most {0}.",
            ast.Gt: "Give a number more than {0}.",
            ast.GtE: "Give a number: at least {0}.",
        }
        return templates.get(op, "Give another number than {0}.").format(n)
    count, one = int(n), unit.removesuffix("s")
    if op is ast.Eq:
        return (
            "Answer with one single word."
            if (count, unit) == (1, "words")
            else f"Use exactly {count} {one if count == 1 else unit}."
        )
    if op in {ast.Lt, ast.LtE}:
        limit = count - (op is ast.Lt)
        return f"Use at most {limit} {one if limit == 1 else unit}."
    if op in {ast.Gt, ast.GtE}:
        limit = count + (op is ast.Gt)
        return f"Use at least {limit} {one if limit == 1 else unit}."
    return f"Use another number of {unit} than {n}."
