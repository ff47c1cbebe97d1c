"""What a reward pays for, read off its source: each condition that raises or lowers it, as a sentence that asks for it.

    if len(pred.answer.split()) > 3: return 0.2      ->      answer, line 2: "Use at most 3 words."

The source is never run. Names that are bound once are written out. Then one walk meets every condition and knows whether it is wanted:
not if it leads to less, stands behind `not`, or is subtracted. The condition is written in one way, `len(pred.answer.split()) <= 3`,
and the table has a sentence for it, or none. Whether an output does what it asks is measured as for every hint (see `wishes`).
"""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from contextlib import suppress
from copy import deepcopy
from typing import NamedTuple

from refine_core.practice.things import find_by_pattern
from refine_core.python_parser import parse_module

MAX_SOURCE_CHARS, MAX_DEPTH, MAX_NAMES = 20_000, 8, 300
"""Names may refer to names that refer to names: without a limit, reading some rewards would never end."""
_READS = re.compile(r"\bpred(?:\.|\[')(\w+)")
_ITSELF = r"(?:(?:str|int|float|round)\()?pred(?:\.\w+|\['\w+'\])\)?(?:\.(?:strip|lower|upper|casefold)\(\))*"
_TEXT, _NUMBER = r"'([^']{1,60})'", r"(-?\d+(?:\.\d+)?)"
_SENTENCES = (
    (r"(?:json\.)?loads\(.*\)", "Give one valid JSON object: only JSON."),
    (rf"{_TEXT} in .*loads\(.*", 'Give JSON with the key "{}".'),
    (rf"{_TEXT} in .*", 'Mention "{}".'),
    (rf"{_TEXT} not in .*", 'Do not use "{}".'),
    (rf"{_ITSELF} in \W{_TEXT}, {_TEXT}.*", 'Answer exactly "{}" or "{}".'),
    (rf"{_ITSELF} == {_TEXT}", 'Answer exactly "{}".'),
    (rf"{_NUMBER} <=? {_ITSELF} <=? {_NUMBER}", "Give a number between {} and {}."),
    (rf"{_ITSELF} <=? {_NUMBER}", "Give a number: at most {}."),
    (rf"{_ITSELF} >=? {_NUMBER}", "Give a number: at least {}."),
    (r"len\(.*\.split\(\).*\) == 1", "Answer with one single word."),
    (rf"{_NUMBER} <=? (len\(.*\)) <=? {_NUMBER}", "Use between {0} and {2} {unit}."),
    (rf"(len\(.*\)) == {_NUMBER}", "Use exactly {1} {unit}."),
    (rf"(len\(.*\)) <= {_NUMBER}", "Use at most {1} {unit}."),
    (rf"(len\(.*\)) < {_NUMBER}", "Use fewer than {1} {unit}."),
    (rf"(len\(.*\)) >= {_NUMBER}", "Use at least {1} {unit}."),
    (rf"(len\(.*\)) > {_NUMBER}", "Use more than {1} {unit}."),
    (r"not .*\.endswith\('[.!?,;:]'\)", "No punctuation at the end: drop the full stop."),
    (rf"not .*\.(start|end)swith\({_TEXT}\)", 'Do not {0} with "{1}".'),
    (rf".*\.(start|end)swith\({_TEXT}\)", '{0} with "{1}".'),
    (r"(?!not ).*\.isalpha\(\)", "Use letters only: no punctuation, not even a full stop."),
    (r"(?!not ).*\.isdigit\(\)", "Give a bare whole number: digits only."),
    (r"(?!not ).*\.islower\(\)", "Write in lower case."),
    (r"(?!not ).*\.isupper\(\)", "Write in upper case."),
)
"""How a condition that is wanted is written, and what to ask for; the first that fits is used."""
_UNITS = (
    (r".*\.(?:splitlines\(\)|split\('\\n'\)).*", "lines"),
    (r".*\.split\('\. ?'\).*", "sentences"),
    (r".*\.split\((?:' ')?\).*", "words"),
    (r".*\.split\(.*", "items"),
)
_SIGNS = {
    ast.Lt: ("<", ">="), ast.LtE: ("<=", ">"), ast.Gt: (">", "<="), ast.GtE: (">=", "<"),
    ast.Eq: ("==", "!="), ast.NotEq: ("!=", "=="), ast.In: ("in", "not in"), ast.NotIn: ("not in", "in"),
}  # fmt: skip
"""A comparison as it is written, and its opposite."""


class Check(NamedTuple):
    """A condition of a reward: a field of the prediction, what to ask for, and where the source says so."""

    field: str
    wish: str
    line: int
    code: str


def find_checks(source: str, outputs: Mapping[str, object]) -> list[Check]:
    """The reward's checks of these outputs, in the order of its lines; none if it cannot be read."""
    checks: list[Check] = []
    with suppress(SyntaxError, ValueError, RecursionError, MemoryError):
        tree = parse_module(source[:MAX_SOURCE_CHARS])
        functions = [one for one in ast.walk(tree) if isinstance(one, ast.FunctionDef)]
        for reward in [one for one in functions if len(one.args.args) > 1][-1:]:
            bound = _find_bound(tree)
            _Names(bound, reward.args.args[1].arg).visit(reward)
            _Reader(source, reward, outputs, checks).read(reward.body, bound)
    unique = {(check.field, check.wish): check for check in sorted(checks, key=lambda check: -check.line)}
    return [*unique.values()][::-1]


def _find_bound(tree: ast.Module) -> dict[str, ast.expr]:
    """Names that are bound once, with their expressions; a loop's variable with what it runs over."""
    names = [one for one in ast.walk(tree) if isinstance(one, ast.Name)]
    stores = Counter(one.id for one in names if isinstance(one.ctx, ast.Store))
    pairs: list[tuple[ast.expr, ast.expr]] = []
    for node in ast.walk(tree):
        match node:
            case ast.Assign(targets=[ast.Tuple(elts=several)], value=ast.Tuple(elts=values)):
                pairs += zip(several, values, strict=False)
            case (
                ast.Assign(targets=[name], value=value)
                | ast.For(target=name, iter=value)
                | ast.comprehension(target=name, iter=value)
            ):
                pairs.append((name, value))
    return {name.id: value for name, value in pairs if isinstance(name, ast.Name) and stores[name.id] == 1}


class _Names(ast.NodeTransformer):
    """Writes out names that are bound once. Nodes keep their places in the source."""

    def __init__(self, bound: Mapping[str, ast.expr], prediction: str) -> None:
        self.bound, self.prediction = bound, prediction
        self._count = self._depth = 0

    def visit_JoinedStr(self, node: ast.JoinedStr) -> ast.JoinedStr:
        """Feedback, which is no condition, stays as it is: not every expression can be written within it."""
        return node

    def visit_Name(self, node: ast.Name) -> ast.expr:
        """What the name is bound to, or the name; the prediction is called pred."""
        self._count += 1
        if node.id == self.prediction:
            return ast.copy_location(ast.Name("pred", node.ctx), node)
        is_bound = isinstance(node.ctx, ast.Load) and node.id in self.bound
        if not is_bound or self._depth >= MAX_DEPTH or self._count > MAX_NAMES:
            return node
        self._depth += 1
        written_out: ast.expr = self.visit(deepcopy(self.bound[node.id]))
        self._depth -= 1
        return written_out


class _Reader:
    """Meets the conditions of a reward whose names are written out."""

    def __init__(
        self, source: str, reward: ast.FunctionDef, outputs: Mapping[str, object], checks: list[Check]
    ) -> None:
        self.source, self.outputs, self.checks = source, outputs, checks
        returned = [one.value for one in ast.walk(reward) if isinstance(one, ast.Return)]
        branches = [
            one for r in returned for one in ((r.body, r.orelse) if isinstance(r, ast.IfExp) else (r,))
        ]
        self.best = max((n for n in map(_number, branches) if n), default=1.0)

    def read(self, statements: Iterable[ast.stmt], bound: Mapping[str, ast.expr]) -> None:
        """Read statements for what raises or lowers the reward."""
        for statement in statements:
            match statement:
                case ast.If(test=test, body=body, orelse=orelse):
                    if (is_good := self._is_good(body)) is not None:
                        self.meet(test, is_good)
                    self.read([*body, *orelse], bound)
                case ast.Assign(targets=[ast.Name(id=name)]) if name in bound:
                    pass  # met where it is used: only there it is known whether it is wanted
                case ast.AugAssign(op=op, value=value):
                    self.meet(value, not isinstance(op, ast.Sub))
                case ast.Return(value=ast.expr() as value) | ast.Assign(value=value) | ast.Expr(value=value):
                    self.meet(value, True)
                case ast.Try(body=body) | ast.For(body=body) | ast.With(body=body):
                    is_tried = isinstance(statement, ast.Try)  # and must succeed, wherever it is used
                    self.read(body, {} if is_tried else bound)

    def meet(self, node: ast.AST, wanted: bool, label: str = "") -> None:
        """Record what must be true (or false, if not `wanted`) for a high reward. label: what the reward calls it."""
        parts = list(ast.iter_child_nodes(node))
        match node:
            case ast.Compare(left=ast.List(elts=texts) | ast.Tuple(elts=texts), ops=ops, comparators=where):
                parts = [ast.copy_location(ast.Compare(one, ops, where), node) for one in texts]
            case ast.Compare() | ast.Call() | ast.Attribute() if self._record(node, wanted, label):
                return
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                parts, wanted = [operand], not wanted
            case ast.BinOp(left=left, op=ast.Sub(), right=right):
                self.meet(right, not wanted, label)
                parts = [left]
            case ast.Dict(keys=keys, values=values):
                for key, value in zip(keys, values, strict=True):
                    self.meet(value, wanted, ast.unparse(key) if key else "")
                return
            case ast.IfExp(test=test, body=body, orelse=orelse):
                then, otherwise = _number(body), _number(orelse)
                is_better = then is None or otherwise is None or then > otherwise
                self.meet(test, is_better == wanted, label)
                parts = [body, orelse]
            case ast.Call(func=ast.Name(id="Score"), args=args, keywords=keywords):  # not its feedback
                parts = [*args[:1], *(one.value for one in keywords if one.arg in {"value", "parts"})]
        for one in parts:
            self.meet(one, wanted, label)

    def _record(self, node: ast.expr, wanted: bool, label: str) -> bool:
        """Whether there is a sentence for a condition on one of the outputs; it is kept."""
        condition = _write_condition(node, wanted)
        field = reads[1] if (reads := _READS.search(condition)) else ""
        if field not in self.outputs:
            return False
        wishes = [_describe(condition, self.outputs[field])]
        is_in = isinstance(node, ast.Compare) and " in " in condition and " not in " not in condition
        if is_in or re.match(r"re\.(?:search|match|fullmatch|findall)\(", condition):
            thing = find_by_pattern(condition.replace("\\\\", "\\") if "re." in condition else "", label)
            wishes.append(f"Mention the {thing.name}." if thing else "")
        code = " ".join((ast.get_source_segment(self.source, node) or "").split())[:120]
        self.checks += [Check(field, wish, node.lineno, code) for wish in wishes if wish]
        return any(wishes)

    def _is_good(self, body: Iterable[ast.stmt]) -> bool | None:
        """Whether it is good to get into a branch; None if unknown. If only low numbers are returned, the high rewards are computed."""
        for statement in body:
            match statement:
                case ast.Return(value=value):
                    reward = _number(value)
                    return self.best < 1 if reward is None else reward >= self.best
                case ast.AugAssign(op=op):
                    return not isinstance(op, ast.Sub)
                case ast.Raise() | ast.Continue():
                    return False
        return None


def _write_condition(node: ast.expr, wanted: bool) -> str:
    """A condition as text; what is not wanted the other way round."""
    match node:
        case ast.Compare(left=left, ops=[op], comparators=[right]):
            sign, opposite = _SIGNS.get(type(op), ("is", "is not"))
            return f"{ast.unparse(left)} {sign if wanted else opposite} {ast.unparse(right)}"
    return f"{'' if wanted else 'not '}{ast.unparse(node)}"


def _describe(condition: str, value: object) -> str:
    """What to ask for, "" if the table has nothing. value: of the output."""
    if isinstance(value, bool) and re.fullmatch(rf"(?:not )?{_ITSELF}", condition):
        return f'Answer exactly "{not condition.startswith("not ")}".'
    unit = next((unit for pattern, unit in _UNITS if re.fullmatch(pattern, condition)), "characters")
    if "loads(" in condition or (unit == "characters" and isinstance(value, (list, dict))):
        unit = "items"
    for pattern, sentence in _SENTENCES:
        if found := re.fullmatch(pattern, condition, re.DOTALL):
            wish = re.sub(r"\b1 (\w+)s\.", r"1 \1.", sentence.format(*found.groups(), unit=unit))
            return wish[0].upper() + wish[1:]
    return ""


def _number(node: ast.expr | None) -> float | None:
    """The number that is written there, also in `Score(0.5, …)`."""
    found = re.match(rf"(?:Score\()?{_NUMBER}(?:[,)]|$)", ast.unparse(node) if node else "")
    return float(found[1]) if found else None
