"""Why a number differs between two rows, in a few words: "'1954' is not in '1945'". Only what was measured is said.

    explain(node, worse, better) -> text, or "" where the values do not tell

An expression is followed to the part that differs: the test of a conditional, the one operand that is another, the turn of
any(…) that decides, the assignment of a name that has one only. What is tested is written with the values of the worse row.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import Final

from refine_core.rewards.xray_replies import TraceCall, Value
from refine_core.xray.formula import ABSENT
from refine_core.xray.source_map import SourceMap, body_of, iter_statements
from refine_core.xray.texts import clip_text, is_number, last_value, truth_of, write_value

_TEXT_CHARS: Final = 40
_CODE_CHARS: Final = 48
_DEPTH: Final = 12
_WRAPPERS: Final = frozenset(("float", "int", "bool", "round"))
_TURNING: Final = frozenset(("any", "all", "sum"))
_WORDS: Final = {
    (ast.In, True): "is in", (ast.In, False): "is not in", (ast.NotIn, True): "is not in", (ast.NotIn, False): "is in",
    (ast.Eq, True): "is equal to", (ast.Eq, False): "is not", (ast.NotEq, True): "is not", (ast.NotEq, False): "is equal to",
    (ast.Is, True): "is", (ast.Is, False): "is not", (ast.IsNot, True): "is not", (ast.IsNot, False): "is",
}  # fmt: skip
_BOUNDS: Final = {ast.Lt: "below", ast.LtE: "at most", ast.Gt: "above", ast.GtE: "at least"}


@dataclass(frozen=True, slots=True)
class Side:
    """One row's values in one call. turn: of a comprehension, from 0; None for the value that came last."""

    source: SourceMap
    call: TraceCall
    turn: int | None = None

    def value(self, node: ast.AST) -> Value:
        """The value of an expression; ABSENT for one that was not worked out, or more often than can be told."""
        if isinstance(node, ast.Constant):
            known = node.value
            return known if known is None or isinstance(known, (bool, int, float)) else repr(known)
        site = self.source.plan.site_of("value", node)
        event = None if site is None else self.call.events.get(site.index)
        if site is None or event is None:
            return ABSENT
        if event.count > 1:
            if self.turn is None or not site.inline or self.turn >= len(event.first):
                return ABSENT
            value = event.first[self.turn]
        else:
            value = last_value(event)
        return ABSENT if isinstance(value, tuple) else value

    def values(self, node: ast.AST) -> tuple[Value, ...]:
        """The first values of an expression, turn by turn."""
        site = self.source.plan.site_of("value", node)
        event = None if site is None else self.call.events.get(site.index)
        return () if event is None else tuple(one for one in event.first if not isinstance(one, tuple))

    def at(self, turn: int) -> Side:
        """The same at one turn of a comprehension."""
        return Side(self.source, self.call, turn)


def explain(node: ast.expr, worse: Side, better: Side, depth: int = 0) -> str:
    """What is otherwise for the worse row; "" where nothing was measured that tells."""
    if depth > _DEPTH:
        return ""
    if (part := _deciding_part(node, worse, better)) is not None:
        return explain(part, worse, better, depth + 1)
    if operands := _operands(node):
        return _only_different(operands, node, worse, better, depth)
    match node:
        case ast.Compare(ops=[operator], comparators=[right]):
            return _compare(node, operator, right, worse, better)
        case ast.Name():
            made = _only_assignment(worse, node.id)
            text = "" if made is None else explain(made, worse, better, depth + 1)
            return text or _values(node, worse, better)
        case ast.Call(func=ast.Name(id=name), args=[ast.GeneratorExp() | ast.ListComp() as turns]) if (
            name in _TURNING
        ):
            return _turns(turns, worse, better, depth) or _values(node, worse, better)
        case ast.Constant() | ast.BoolOp():
            return ""
        case _:
            return _values(node, worse, better)


def _deciding_part(node: ast.expr, worse: Side, better: Side) -> ast.expr | None:
    """The part that an expression goes by: the test or the arm of a conditional, one of several conditions."""
    match node:
        case ast.IfExp():
            taken = is_true(node.test, worse)
            return node.test if taken != is_true(node.test, better) else node.body if taken else node.orelse
        case ast.UnaryOp(ast.Not(), part) | ast.Await(part) | ast.NamedExpr(value=part) | ast.Starred(part):
            return part
        case ast.BoolOp(values=parts):
            return next((one for one in parts if is_true(one, worse) != is_true(one, better)), None)
        case ast.Call(func=ast.Name(id=name), args=[part, *_]) if name in _WRAPPERS:
            return part
        case _:
            return None


def _operands(node: ast.expr) -> tuple[ast.expr, ...]:
    """What a number is calculated from, side by side."""
    match node:
        case ast.BinOp(left=left, right=right):
            return (left, right)
        case ast.Call(func=ast.Name(id="min" | "max"), args=[_, _, *_] as parts):
            return tuple(parts)
        case ast.Call(args=[ast.List(elts=parts) | ast.Tuple(elts=parts)]):
            return tuple(parts)
        case _:
            return ()


def is_true(node: ast.expr, side: Side) -> bool | None:
    """Whether what is tested held; None where that is not known."""
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        inner = is_true(node.operand, side)
        return None if inner is None else not inner
    if isinstance(node, ast.BoolOp):
        known = [is_true(one, side) for one in node.values]
        decides = isinstance(node.op, ast.Or)
        if decides in known:
            return decides
        return None if None in known else not decides
    value = side.value(node)
    return None if value == ABSENT else truth_of(value)


def _compare(node: ast.Compare, operator: ast.cmpop, right: ast.expr, worse: Side, better: Side) -> str:
    held = is_true(node, worse)
    if held is None or held == is_true(node, better):
        return ""
    left, limit = worse.value(node.left), worse.value(right)
    subject = _write(left) or _code(node.left, worse)
    if is_number(left) and is_number(limit) and not isinstance(node.left, ast.Constant):
        code = _code(node.left, worse)
        subject = f"{code} is {subject}," if code else f"{subject} is"
        if isinstance(operator, (ast.Eq, ast.NotEq)):
            is_equal = isinstance(operator, ast.Eq) == held
            return "" if is_equal and not code else f"{subject} {'' if is_equal else 'not '}{_write(limit)}"
        bound = _BOUNDS.get(type(operator))
        return "" if bound is None else f"{subject} {'' if held else 'not '}{bound} {_write(limit)}"
    word = _WORDS.get((type(operator), held))
    return "" if word is None else f"{subject} {word} {_write(limit) or _code(right, worse)}"


def _only_different(
    parts: tuple[ast.expr, ...], node: ast.expr, worse: Side, better: Side, depth: int
) -> str:
    """Of several operands, the one that differs; of more, the whole."""
    different = [
        one for one in parts if not isinstance(one, ast.Constant) and worse.value(one) != better.value(one)
    ]
    if len(different) == 1 and (text := explain(different[0], worse, better, depth + 1)):
        return text
    return _values(node, worse, better)


def _turns(node: ast.GeneratorExp | ast.ListComp, worse: Side, better: Side, depth: int) -> str:
    """The first turn of a comprehension that went otherwise."""
    conditions = node.generators[-1].ifs
    tested = conditions[0] if conditions else node.elt
    if len(node.generators) > 1 or len(conditions) > 1:
        return ""
    values = [
        side.values(tested.operand if isinstance(tested, ast.UnaryOp) else tested) for side in (worse, better)
    ]
    for turn, (mine, other) in enumerate(zip(*values, strict=False)):
        if mine != other:
            return explain(tested, worse.at(turn), better.at(turn), depth + 1)
    return ""


def _only_assignment(side: Side, name: str) -> ast.expr | None:
    """What a name is made from, where that stands at one place only."""
    function = side.source.plan.functions[side.call.function].node
    found: list[ast.expr | None] = []
    for one in iter_statements(body_of(function)):
        targets = (
            one.targets
            if isinstance(one, ast.Assign)
            else [one.target]
            if isinstance(one, (ast.AnnAssign, ast.AugAssign, ast.For))
            else []
        )
        for target in targets:
            if any(isinstance(part, ast.Name) and part.id == name for part in ast.walk(target)):
                is_plain = isinstance(one, (ast.Assign, ast.AnnAssign)) and isinstance(target, ast.Name)
                found.append(getattr(one, "value", None) if is_plain else None)
    return found[0] if len(found) == 1 else None


def _values(node: ast.expr, worse: Side, better: Side) -> str:
    mine, other = worse.value(node), better.value(node)
    if mine == other or ABSENT in (mine, other):
        return ""
    text = _code(node, worse)
    if not text or not _write(mine):
        return ""
    known = "" if isinstance(other, bool) or mine is None or other is None else _write(other)
    return f"{text} is {_write(mine)}{f', against {known}' if known else ''}"


def _code(node: ast.AST, side: Side) -> str:
    text = side.source.text_of(node)
    return text if len(text) <= _CODE_CHARS else ""


def _write(value: Value) -> str:
    """A value in a sentence; "" where there is none. Of a long text its beginning."""
    if value in (ABSENT, "…"):
        return ""
    text = write_value(value)
    if len(text) <= _TEXT_CHARS:
        return text
    quote = text[0] if text[0] in "'\"" else ""
    return f"{clip_text(text, _TEXT_CHARS)}{quote}"
