"""The checks in a reward's source, each as a wish in the words of a hint.

    if len(pred.answer.split()) > 3: return 0.2      ->   answer: "Use at most 3 words."

The source is read, never run; its regular expressions are judged by their text. The wish of a Check is measured by the same
rules that read hints (see `wishes`).
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from refine_core.practice.reward_parts import InlineNames, Parts, find_text, is_json, number
from refine_core.practice.things import find_by_pattern
from refine_core.python_parser import parse_module

MAX_SOURCE_CHARS = 20_000
_PAIRS: tuple[tuple[type[ast.cmpop], type[ast.cmpop]], ...] = (
    (ast.Lt, ast.GtE), (ast.LtE, ast.Gt), (ast.Eq, ast.NotEq), (ast.In, ast.NotIn)
)  # fmt: skip
_OPPOSITE = {one: other for pair in _PAIRS for one, other in (pair, pair[::-1])}
_MIRROR: Mapping[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.Gt, ast.LtE: ast.GtE, ast.Gt: ast.Lt, ast.GtE: ast.LtE
}  # fmt: skip
TRUTHS = ('Answer exactly "True".', 'Answer exactly "False".')
"""The wish of a field that is taken for true or false, as in `if pred.keep`: of a bool. Of other types it says little."""
_DIGITS = "Give a bare whole number: digits only."
_METHOD_WISHES = {
    "isalpha": "Use letters only: no punctuation, not even a full stop.",
    "isalnum": "Use letters and digits only, without punctuation.",
    "isdigit": _DIGITS,
    "isnumeric": _DIGITS,
    "isdecimal": _DIGITS,
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
                reader.read(function.body)
        if all(check.wish in TRUTHS for check in reader.checks):
            for node in ast.walk(tree):  # no branch decides anything: take every comparison literally
                if isinstance(node, (ast.Compare, ast.Call)):
                    reader.read_expression(node, True, is_test=True)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ()
    unique = {(check.field, check.wish): check for check in reversed(reader.checks)}
    return tuple(sorted(unique.values(), key=lambda check: check.line))


class _Reader:
    def __init__(self, source: str, tree: ast.Module, inputs: Mapping[str, object]) -> None:
        self.source, self.parts = source, Parts(tree, inputs)
        self.checks: list[Check] = []
        inline = InlineNames(tree)
        self.bound = inline.bound
        # If only low constants are returned, the high rewards are computed.
        returned = [node.value for node in ast.walk(tree) if isinstance(node, ast.Return)]
        branches = [
            one for r in returned for one in ((r.body, r.orelse) if isinstance(r, ast.IfExp) else (r,))
        ]
        self.best = max((n for n in map(number, branches) if n), default=1.0)
        self.returns_of_names = {
            node
            for node in ast.walk(tree)
            if isinstance(node, ast.Return) and isinstance(node.value, (ast.Name, ast.Attribute))
        }
        inline.visit(tree)

    def read(self, statements: Iterable[ast.stmt]) -> None:
        """Read statements for what raises or lowers the reward."""
        for statement in statements:
            match statement:
                case ast.If(test=test, body=body, orelse=orelse):
                    self.read_expression(test, self._rewards(body), is_test=True)
                    self.read([*body, *orelse])
                case ast.Assign(targets=[ast.Name(id=name)]) if name in self.bound:
                    continue  # read where it is used: only there it is known whether it is good
                case ast.Return(value=ast.expr() as value) | ast.Assign(value=value):
                    self.read_expression(value, True)
                case ast.AugAssign(op=op, value=value):
                    self.read_expression(value, not isinstance(op, ast.Sub))
                case ast.Try(body=body, orelse=orelse):
                    for node in (n for part in body for n in ast.walk(part)):
                        if isinstance(node, ast.Call):
                            self._conversion(node)
                    self.read([*body, *orelse])
                case ast.For(body=body) | ast.While(body=body) | ast.With(body=body):
                    self.read(body)

    def read_expression(self, node: ast.expr, good: bool, label: str = "", *, is_test: bool = False) -> None:
        """Record what must be true (or, if not `good`, must be false) for a high reward, or the more the better.

        label: what the reward calls it. is_test: whether only its truth counts.
        """
        inner: list[ast.expr] = []
        match node:
            case ast.IfExp(test=test, body=body, orelse=orelse):
                then, other = number(body), number(orelse)
                is_good = good if then is None or other is None else (then > other) == good
                self.read_expression(test, is_good, label, is_test=True)
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                self.read_expression(operand, not good, label, is_test=True)
            case ast.BinOp(left=left, op=op, right=right):
                self.read_expression(left, good, label)
                self.read_expression(right, good != isinstance(op, ast.Sub), label)
            case ast.Dict(keys=keys, values=values):
                for key, one in zip(keys, values, strict=True):
                    self.read_expression(one, good, find_text(key) if key else "")
            case ast.Compare():
                self._compare(node, good, label)
            case ast.BoolOp(values=several):
                is_test, inner = True, several
            case (
                ast.Call(func=ast.Name(id="all" | "any" | "bool" | "float" | "int"), args=[one, *_])
                | ast.GeneratorExp(elt=one)
                | ast.ListComp(elt=one)
            ):
                is_test, inner = True, [one]
            case ast.Attribute() | ast.Subscript() if is_test and self.parts.field(node):
                self._record(node, TRUTHS[0 if good else 1], node)
            case ast.Call(func=func, args=args, keywords=keywords):
                owner = [func.value] if isinstance(func, ast.Attribute) else []
                if not self._read_call(node, good, label) and not is_test:
                    inner = [*owner, *args, *(k.value for k in keywords if k.arg in {"value", "parts"})]
        for one in inner:
            self.read_expression(one, good, label, is_test=is_test)

    def _compare(self, node: ast.Compare, good: bool, label: str) -> None:
        if len(node.ops) > 1:
            if good:
                self._between(node)
            return
        left, right, op = node.left, node.comparators[0], type(node.ops[0])
        op = op if good else _OPPOSITE.get(op, op)
        parts = self.parts
        if op in {ast.In, ast.NotIn}:
            is_wanted = op is ast.In
            for word in parts.constant_texts(left):
                wanted = f'Give JSON with the key "{word}".' if is_json(right) else f'Mention "{word}".'
                self._record(node, wanted if is_wanted else f'Do not use "{word}".', right)
            if is_wanted and parts.field(left) and (options := parts.constant_texts(right)):
                listed = " or ".join(f'"{option}"' for option in options[:6])
                self._record(node, f"{listed}: answer one of these.", left)
            elif is_wanted and (thing := find_by_pattern(find_text(left), label)):
                self._record(node, f"Mention the {thing.name}.", right)
            return
        if (bound := parts.constant(right)) is None and (bound := parts.constant(left)) is not None:
            left, right, op = right, left, _MIRROR.get(op, op)
        unit = parts.unit(left)
        if isinstance(bound, str) and op is ast.Eq and parts.field(left):
            is_known = isinstance(right, ast.Constant)
            self._record(
                node, f'Answer exactly "{bound}".' if is_known else "Give only the answer itself.", left
            )
        elif isinstance(bound, (int, float)) and unit:
            self._record(node, _describe_bound(unit, op, bound), left)

    def _between(self, node: ast.Compare) -> None:
        """`low <= value <= high`, in either order."""
        left, (middle, right) = node.left, node.comparators[:2]
        ends, unit = [self.parts.constant(left), self.parts.constant(right)], self.parts.unit(middle)
        low_high = sorted(end for end in ends if isinstance(end, (int, float)))
        if len(low_high) == len(ends) and unit:
            start, after = ("Give a number", "") if unit == "number" else ("Use", f" {unit}")
            self._record(node, f"{start} between {low_high[0]} and {low_high[1]}{after}.", middle)

    def _read_call(self, node: ast.Call, good: bool, label: str) -> bool:
        """Whether a call is a test by a method, such as `text.isdigit()`, or by a regular expression; it is recorded."""
        func, before = node.func, len(self.checks)
        if not isinstance(func, ast.Attribute):
            return False
        if func.attr == "endswith" and self.parts.field(func.value):
            self._record(node, "No punctuation at the end: drop the full stop.", func.value)
        elif func.attr in _METHOD_WISHES and good:
            self._record(node, _METHOD_WISHES[func.attr], func.value)
        elif func.attr in {"search", "match", "fullmatch", "findall"} and len(node.args) > 1 and good:
            pattern, about = find_text(node.args[0]), node.args[1]
            wish = f"Keep to the form that the pattern {pattern} describes."
            if thing := find_by_pattern(pattern, label):
                wish = f"Mention the {thing.name}."
            elif "\\d" in pattern or "[0-9]" in pattern:
                wish = _DIGITS
            if self.parts.field(about):
                self._record(node, wish, about)
        return len(self.checks) > before

    def _conversion(self, node: ast.Call) -> None:
        """A conversion inside `try`: a value that cannot be converted loses the reward."""
        if node.args and self.parts.field(node.args[0]):
            match node.func:
                case ast.Attribute(attr="loads") | ast.Name(id="loads"):
                    self._record(node, "Give one valid JSON object: only JSON.", node.args[0])
                case ast.Name(id="int" | "float"):
                    self._record(node, _DIGITS, node.args[0])

    def _record(self, node: ast.expr, wish: str, about: ast.expr) -> None:
        code = ast.get_source_segment(self.source, node) or ""
        self.checks.append(Check(self.parts.field(about), wish, node.lineno, " ".join(code.split())[:120]))

    def _rewards(self, body: list[ast.stmt]) -> bool:
        """Whether it is good to get into this branch."""
        for statement in body:
            match statement:
                case ast.Return(value=value):
                    reward = number(value)
                    return statement in self.returns_of_names if reward is None else reward >= self.best
                case ast.AugAssign(op=op, value=value):
                    amount = number(value)
                    lowers = isinstance(op, ast.Sub) or (isinstance(op, ast.Mult) and (amount or 0) < 1)
                    return not lowers and (amount is None or amount > 0)
                case ast.Raise() | ast.Continue():
                    return False
        return True


def _describe_bound(unit: str, op: type[ast.cmpop], n: float) -> str:
    """A comparison in words."""
    is_number = unit == "number"
    step = 0 if is_number else 1
    low, high = n + step * (op is ast.Gt), n - step * (op is ast.Lt)
    if (op, unit, n) == (ast.Eq, "words", 1):
        return "Answer with one single word."
    how, bound = {
        ast.Eq: (f"between {n:g} and" if is_number else "exactly", n),
        ast.Lt: ("less than" if is_number else "at most", high),
        ast.LtE: ("at most", high),
        ast.Gt: ("more than" if is_number else "at least", low),
        ast.GtE: ("at least", low),
    }.get(op, ("another number than", n))
    if is_number:
        return f"Give a number: {how} {bound:g}."
    return f"Use {how} {bound:g} {unit.removesuffix('s') if bound == 1 else unit}."
