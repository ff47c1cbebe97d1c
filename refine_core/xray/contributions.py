"""The numbers that a score is made of, and where each was made.

    parts = {"short": 0.25 * …, …}      entries of a dict that the return reads
    parts["short"] = …                  the same, one by one
    score += 0.25                       names that the return reads
    return 0.5 * a + 0.5 * b            the return itself
    scores.append(2.0 if …)             what a list of scores is made of (elements.py)

What an entry can be at most is known where it is a constant times something that is at most 1: a comparison, a `min(…, 1)`; of
another factor between 0 and the constant it is taken to be so.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator
from dataclasses import replace

from refine_core.rewards.xray.expressions import is_constant
from refine_core.rewards.xray_replies import TraceCall, TraceEvent
from refine_core.xray.elements import added_to, elements_of, score_names
from refine_core.xray.source_map import SourceMap, body_of, iter_own, iter_statements
from refine_core.xray.texts import clip_text, is_number, last_value
from refine_core.xray.types import Contribution
from refine_core.xray.weights import find_weights, weighted_name

_ROUNDING = 1e-9
_NAME_CHARS = 40


def list_contributions(source: SourceMap, call: TraceCall) -> tuple[Contribution, ...]:
    """What the value of a call is made of, in the order in which it was made."""
    function = source.plan.functions[call.function].node
    body = body_of(function)
    statements = list(iter_statements(body))
    returns = [one for one in statements if isinstance(one, ast.Return) and one.value is not None]
    names, whole = score_names(body, returns)
    found: list[Contribution] = []
    for one in statements:
        if isinstance(one, (ast.Assign, ast.AnnAssign)) and one.value is not None:
            found += _of_assignment(source, call, one, names)
        elif isinstance(one, ast.AugAssign):
            found += _of_augmented(source, call, one, names, whole)
        elif isinstance(one, ast.Expr):
            found += _of_added(source, call, one, names, whole)
        elif isinstance(one, ast.Return) and one.value is not None:
            found += [entry for node in iter_own(one.value) for entry in _of_dict(source, call, node)]
    if isinstance(function, ast.Lambda):
        found += _of_return(source, call, function.body)
    reached = [one.value for one in returns if one.value is not None and _is_reached(source, call, one)]
    weights = find_weights(reached)
    found = [replace(one, weight=weights.get(one.name)) for one in found]
    told = {one.name for one in found if one.full is not None and one.weight is not None}
    for one in returns:
        found += [entry for entry in _of_return(source, call, one.value) if not _is_told(source, entry, told)]
    return tuple(sorted(found, key=lambda one: one.order))


def _is_reached(source: SourceMap, call: TraceCall, node: ast.Return) -> bool:
    site = source.plan.site_of("line", node) or (
        None if node.value is None else source.plan.site_of("value", node.value)
    )
    return site is not None and site.index in call.events


def _is_told(source: SourceMap, entry: Contribution, told: Collection[str]) -> bool:
    """Whether it is a name times its weight, and what the name lost stands where the name was made."""
    node = source.plan.sites[entry.site].node
    pair = weighted_name(node) if entry.name and isinstance(node, ast.expr) else None
    return pair is not None and pair[0] in told


def _of_assignment(
    source: SourceMap, call: TraceCall, node: ast.Assign | ast.AnnAssign, names: set[str]
) -> Iterator[Contribution]:
    value = node.value
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    for target in targets:
        if value is None:
            continue
        if isinstance(target, ast.Name) and target.id in names:
            entries = list(_of_dict(source, call, value))
            yield from entries
            for one in () if entries else elements_of(value):
                yield from _of_expression(source, call, one, target.id, statement=node)
        elif isinstance(target, ast.Subscript) and isinstance(target.value, ast.Name):
            if target.value.id not in names:
                continue
            key = target.slice.value if isinstance(target.slice, ast.Constant) else None
            is_part = isinstance(key, str)
            name = str(key) if is_part else ""
            yield from _of_expression(source, call, value, name, is_part=is_part, statement=node)
        elif isinstance(target, (ast.Tuple, ast.List)):
            for one in target.elts:
                if isinstance(one, ast.Name) and one.id in names:
                    yield from _of_names(source, call, node, one.id)


def _of_augmented(
    source: SourceMap, call: TraceCall, node: ast.AugAssign, names: set[str], whole: set[str]
) -> Iterator[Contribution]:
    """A name by what it has become, an entry by what was added to it."""
    target = node.target
    if isinstance(target, ast.Name) and target.id in names:
        if (event := _event(source, call, node.value)) is not None and event.count == 1:
            for one in elements_of(node.value) if isinstance(node.value, (ast.List, ast.ListComp)) else ():
                yield from _of_expression(source, call, one, "", statement=node)
        yield from _of_names(source, call, node, target.id)
    elif (
        isinstance(target, ast.Subscript) and isinstance(target.value, ast.Name) and target.value.id in names
    ):
        key = target.slice.value if isinstance(target.slice, ast.Constant) else None
        name = key if isinstance(key, str) else "" if target.value.id in whole else target.value.id
        yield from _of_expression(source, call, node.value, name, statement=node)


def _of_added(
    source: SourceMap, call: TraceCall, node: ast.Expr, names: set[str], whole: set[str]
) -> Iterator[Contribution]:
    """scores.append(…), parts.update(short=…), and what a generator gives."""
    if isinstance(node.value, ast.Yield) and node.value.value is not None:
        yield from _of_expression(source, call, node.value.value, "", statement=node)
        return
    added = added_to(node)
    if added is None or added[0] not in names or not isinstance(node.value, ast.Call):
        return
    name = "" if added[0] in whole else added[0]
    for one in added[1]:
        entries = list(_of_dict(source, call, one))
        yield from entries
        if not entries:
            yield from _of_expression(source, call, one, name, statement=node)
    for keyword in node.value.keywords:
        if keyword.arg is not None:
            yield from _of_expression(source, call, keyword.value, keyword.arg, is_part=True)


def _of_dict(source: SourceMap, call: TraceCall, node: ast.AST | None) -> Iterator[Contribution]:
    if not isinstance(node, ast.Dict):
        return
    for key, value in zip(node.keys, node.values, strict=True):
        if isinstance(key, ast.Constant) and isinstance(key.value, str):
            yield from _of_expression(source, call, value, key.value, is_part=True)


def _of_expression(
    source: SourceMap,
    call: TraceCall,
    node: ast.expr,
    name: str,
    *,
    is_part: bool = False,
    statement: ast.stmt | None = None,
) -> Iterator[Contribution]:
    """statement: whose value a constant is; a constant reports nothing of its own."""
    if is_constant(node):
        site = None if statement is None else source.plan.site_of("line", statement)
        event = None if site is None else call.events.get(site.index)
        known = _constant(node)
        if site is not None and event is not None and known is not None and not is_part:
            yield Contribution(node.lineno, name, known, None, event.last_order, site.index)
        return
    site = source.plan.site_of("value", node)
    event = None if site is None else call.events.get(site.index)
    value = last_value(event)
    if site is None or event is None or not is_number(value):
        return
    if site.inline and event.count > 1:
        return  # of several rows, one cannot be told from another
    yield from _of_addends(source, call, node)
    full = estimate_full(node)
    if full is not None and not -_ROUNDING <= value <= full + _ROUNDING:
        full = None
    yield Contribution(node.lineno, name, float(value), full, event.last_order, site.index, is_part)


def _event(source: SourceMap, call: TraceCall, node: ast.AST) -> TraceEvent | None:
    site = source.plan.site_of("value", node)
    return None if site is None else call.events.get(site.index)


def _of_addends(source: SourceMap, call: TraceCall, node: ast.expr) -> Iterator[Contribution]:
    """What is added up in one expression, where each has a weight of its own: 0.5 * a + 0.5 * b."""
    addends: list[ast.expr] = []
    while isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        addends.append(node.right)
        node = node.left
    if not addends:
        return
    for one in (node, *reversed(addends)):
        site = source.plan.site_of("value", one)
        event = None if site is None else call.events.get(site.index)
        value, full = last_value(event), estimate_full(one)
        if site is None or event is None or full is None or not is_number(value) or isinstance(one, ast.Name):
            continue
        if -_ROUNDING <= value <= full + _ROUNDING:
            name = clip_text(source.text_of(one), _NAME_CHARS)
            yield Contribution(one.lineno, name, float(value), full, event.last_order, site.index)


def _of_names(source: SourceMap, call: TraceCall, node: ast.stmt, name: str) -> Iterator[Contribution]:
    site = source.plan.site_of("names", node)
    event = None if site is None else call.events.get(site.index)
    if site is None or event is None or name not in site.names:
        return
    values = last_value(event)
    place = site.names.index(name)
    value = values[place] if isinstance(values, tuple) and place < len(values) else None
    if is_number(value):
        yield Contribution(node.lineno, name, float(value), None, event.last_order, site.index)


def _of_return(source: SourceMap, call: TraceCall, node: ast.expr | None) -> Iterator[Contribution]:
    """A bare name was made elsewhere, and a constant is no calculation."""
    if node is None or isinstance(node, ast.Dict):
        return
    for one in elements_of(node):
        if not isinstance(one, (ast.Name, ast.Constant)):
            yield from _of_expression(source, call, one, "")


def estimate_full(node: ast.expr) -> float | None:
    """The most that an expression can be, by its form; None where that is not to be seen."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult):
        constant, other = (
            (node.left, node.right) if isinstance(node.left, ast.Constant) else (node.right, node.left)
        )
        weight = _constant(constant)
        if weight is None or weight <= 0:
            return None
        most = _highest(other)
        return weight * (1.0 if most is None else most)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
        divisor, most = _constant(node.right), None
        if divisor is None or divisor <= 0:
            return None
        if isinstance(node.left, ast.BinOp) and isinstance(node.left.op, ast.Mult):
            weight = _constant(node.left.left)
            inner = None if weight is None else _highest(node.left.right)
            if weight is None:
                return None
            return weight if inner is None else weight * inner / divisor
        most = _highest(node.left)
        return None if most is None else most / divisor
    if isinstance(node, ast.IfExp):
        either, otherwise = _constant(node.body), _constant(node.orelse)
        return None if either is None or otherwise is None else max(either, otherwise)
    return _highest(node)


def _constant(node: ast.expr) -> float | None:
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        value = _constant(node.operand)
        return None if value is None else -value
    return float(node.value) if isinstance(node, ast.Constant) and is_number(node.value) else None


def _highest(node: ast.expr) -> float | None:
    if isinstance(node, ast.Compare) or (isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not)):
        return 1.0
    if isinstance(node, ast.BoolOp):
        return 1.0 if all(_highest(one) == 1.0 for one in node.values) else None
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        if node.func.id in {"bool", "any", "all", "isinstance"}:
            return 1.0
        if node.func.id in {"float", "int"} and len(node.args) == 1:
            return _highest(node.args[0])
        if node.func.id == "min":
            bounds = [bound for one in node.args if (bound := _constant(one)) is not None]
            return min(bounds) if bounds else None
    if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Mult, ast.Div)):
        return estimate_full(node)
    return _constant(node)
