"""Fields that the reward asks for, and that its prediction and its inputs do not have.

It follows the reward's two parameters through plain aliases (`p = pred`) and into helpers that it is passed to. What a
test or a `try` guards is left alone, and so is everything of a parameter that is changed along the way.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import get_origin

from refine_core.modules.prediction import Prediction
from refine_core.rewards.checks.code import Code, Function, own_nodes, positional
from refine_core.rewards.checks.finding import Finding, Fix, nearest
from refine_core.rewards.checks.reachability import Flow

_DICT = frozenset(dir(dict))
_PREDICTION = _DICT | frozenset(dir(Prediction))
_GUARDS = {"AttributeError", "KeyError", "LookupError", "Exception", "BaseException"}
_BUILTIN = (str, int, float, bool, list, dict, tuple, set)
_WORDS = {str: "text", int: "an int", float: "a float", bool: "a bool", list: "a list", dict: "a dict"}
_CHANGES = {"update", "setdefault", "__setitem__", "__setattr__", "pop", "popitem", "clear"}


@dataclass(slots=True)
class _Argument:
    """One of the two arguments of a reward. names: what it is called, as (function, name) pairs."""

    word: str
    fields: Mapping[str, object]
    by_attribute: bool
    names: set[tuple[ast.AST, str]] = field(default_factory=set)
    added: set[str] = field(default_factory=set)


def check_fields(code: Code) -> Iterator[Finding]:
    """Unknown outputs of the prediction, unknown inputs, and methods that a field's type does not have."""
    if code.function is None or len(code.parameters) < 2:  # noqa: PLR2004 - inputs and prediction
        return
    inputs, outputs = code.fields.inputs, code.fields.outputs
    arguments = [
        _Argument("inputs", inputs, by_attribute=False) if inputs is not None else None,
        _Argument("prediction", outputs, by_attribute=True) if outputs is not None else None,
    ]
    for one, name in zip(arguments, code.parameters, strict=False):
        if one is not None and _follow_aliases(code, one, code.function, name):
            yield from _check_accesses(code, one)


def _follow_aliases(code: Code, argument: _Argument, function: Function, name: str) -> bool:
    """Find every name of it; whether they are sure to stand for it, unchanged."""
    waiting = [(function, name)]
    while waiting:
        scope, known = waiting.pop()
        if (scope, known) in argument.names:
            continue
        if _is_rebound(scope, known):
            return False
        argument.names.add((scope, known))
        for node in ast.walk(scope):
            if isinstance(node, ast.Assign) and _is_one_of(code, node.value, {(scope, known)}):
                for target in node.targets:
                    if not isinstance(target, ast.Name):
                        continue
                    if _times_bound(scope, target.id) > 1:
                        return False
                    waiting.append((scope, target.id))
            elif isinstance(node, ast.Call):
                waiting.extend(_helper_parameters(code, node, scope, known))
    return not _is_changed(code, argument)


def _helper_parameters(code: Code, call: ast.Call, scope: Function, name: str) -> list[tuple[Function, str]]:
    """The parameter of a helper of this source that the call hands it to, if every call of the helper does the same."""
    if not isinstance(call.func, ast.Name) or any(isinstance(a, ast.Starred) for a in call.args):
        return []
    helper = code.helpers.get(call.func.id)
    if helper is None:
        return []
    names = positional(helper)
    return [
        (helper, names[i])
        for i, argument in enumerate(call.args)
        if i < len(names) and _is_one_of(code, argument, {(scope, name)})
    ]


def _is_one_of(code: Code, node: ast.AST | None, names: set[tuple[ast.AST, str]]) -> bool:
    """Whether a node is one of these names, and no name of an inner scope that only looks the same."""
    if not isinstance(node, ast.Name):
        return False
    if not any(name == node.id for _, name in names):
        return False
    inner = node
    for scope in code.around(inner):
        if (scope, node.id) in names:
            return True
        if isinstance(scope, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            bound = {a.arg for a in ast.walk(scope.args) if isinstance(a, ast.arg)}
            if node.id in bound or _times_bound(scope, node.id):
                return False
        elif isinstance(scope, (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)) and any(
            isinstance(n, ast.Name) and n.id == node.id
            for made in scope.generators
            for n in ast.walk(made.target)
        ):
            return False
    return False


def _times_bound(scope: ast.AST, name: str) -> int:
    return sum(
        (isinstance(n, ast.Name) and n.id == name and not isinstance(n.ctx, ast.Load))
        or (isinstance(n, (ast.MatchAs, ast.MatchStar, ast.ExceptHandler)) and n.name == name)
        or (isinstance(n, (ast.FunctionDef, ast.ClassDef)) and n.name == name)
        or (isinstance(n, ast.alias) and (n.asname or n.name) == name)
        for n in own_nodes(scope)
    )


def _is_rebound(scope: Function, name: str) -> bool:
    parameters = {a.arg for a in ast.walk(scope.args) if isinstance(a, ast.arg)}
    return _times_bound(scope, name) > (0 if name in parameters else 1)


def _is_changed(code: Code, argument: _Argument) -> bool:
    """Note the fields that the reward adds by name; whether it changes more than reading can follow."""
    for node in ast.walk(code.tree):
        match node:
            case ast.Attribute(value=value, attr=attr, ctx=ast.Store()) if _is_one_of(
                code, value, argument.names
            ):
                argument.added.add(attr)
            case ast.Subscript(value=value, slice=key, ctx=ast.Store()) if _is_one_of(
                code, value, argument.names
            ):
                if not (isinstance(key, ast.Constant) and isinstance(key.value, str)):
                    return True
                argument.added.add(key.value)
            case ast.Attribute(value=value, attr=attr) if attr in _CHANGES and _is_one_of(
                code, value, argument.names
            ):
                return True
            case ast.AugAssign(target=target) if _is_one_of(code, target, argument.names):
                return True
            case ast.Call(func=ast.Name(id="setattr" | "vars"), args=[first, *_]) if _is_one_of(
                code, first, argument.names
            ):
                return True
            case _:
                pass
    return False


def _check_accesses(code: Code, argument: _Argument) -> Iterator[Finding]:
    methods = _PREDICTION if argument.by_attribute else _DICT
    for node in ast.walk(code.tree):
        match node:
            case ast.Attribute(value=value, attr=attr, ctx=ast.Load()) if _is_one_of(
                code, value, argument.names
            ):
                if attr in argument.fields and argument.by_attribute:
                    yield from _check_method(code, node, argument.fields[attr])
                elif attr not in methods and attr not in argument.added and not attr.startswith("__"):
                    yield from _report_unknown(code, argument, node, attr, _name(value))
            case ast.Subscript(value=value, slice=ast.Constant(value=str() as key), ctx=ast.Load()) if (
                _is_one_of(code, value, argument.names)
            ):
                if key in argument.fields:
                    yield from _check_method(code, node, argument.fields[key])
                elif key not in argument.added:
                    yield from _report_unknown(code, argument, node.slice, key, _name(value))
            case ast.Call(
                func=ast.Name(id="getattr"), args=[value, ast.Constant(value=str() as key)], keywords=[]
            ) if argument.by_attribute and _is_one_of(code, value, argument.names):
                if key not in argument.fields and key not in methods | argument.added:
                    yield from _report_unknown(code, argument, node.args[1], key, _name(value))
            case ast.Call(
                func=ast.Attribute(value=value, attr="get"),
                args=[ast.Constant(value=str() as key)],
                keywords=[],
            ) if _is_one_of(code, value, argument.names):
                if key not in argument.fields and key not in argument.added:
                    yield from _report_unknown(code, argument, node.args[0], key, _name(value), always=False)
            case _:
                pass


def _name(node: ast.AST) -> str:
    return node.id if isinstance(node, ast.Name) else ""


def _report_unknown(
    code: Code, argument: _Argument, node: ast.AST, name: str, owner: str, *, always: bool = True
) -> Iterator[Finding]:
    """always: False for `.get(…)`, which gives None instead of failing."""
    if _is_guarded(code, argument, node, name):
        return
    has = ", ".join(argument.fields) or "nothing"
    close = nearest(name, argument.fields)
    if isinstance(node, ast.Attribute):
        line, column, end = code.lines.name_at(node, name)
        written = close or ""
    else:
        line, column, end, text = code.lines.text_at(node)
        quote = text[:1] if text[:1] in ("'", '"') else ""
        column, end = (column, end) if quote and text == f"{quote}{name}{quote}" else (None, None)
        written = f"{quote}{close}{quote}"
    kind = "unknown-field" if argument.by_attribute else "unknown-input"
    if isinstance(node, ast.Attribute) and not argument.by_attribute and name in argument.fields:
        start = column - 1 if column is not None else None  # the dot is replaced too
        fix = Fix(f'Use {owner}["{name}"]', line, start, end, f'["{name}"]') if start and end else None
        yield Finding(
            kind, "error", f'{owner} is a dict: write {owner}["{name}"].', line, column, end, fix, name
        )
        return
    what = "field" if argument.by_attribute else "input"
    said = f"{owner} has no {what} {name!r}."
    if close:
        said += f" Did you mean {close!r}?"
    if list(argument.fields) != [close]:  # else the question has named all that there is
        said += f" It has {has}."
    if not argument.by_attribute and not close:
        said += " A value that only the reward sees can be added to the inputs."
    if not always:
        said += " So this is None."
    elif code.function is not None and Flow(code, code.function, frozenset()).reaches(node):
        said += " Every attempt would fail here."
    fix = None
    target = close or (next(iter(argument.fields), None) if argument.by_attribute else None)
    if target and column and end:
        shown = f"{owner}.{target}" if isinstance(node, ast.Attribute) else f'{owner}["{target}"]'
        text = (
            target
            if isinstance(node, ast.Attribute)
            else written.replace(close or "", target)
            if close
            else f'"{target}"'
        )
        if isinstance(node, ast.Attribute) and not argument.by_attribute:
            column, text = column - 1, f'["{target}"]'
            shown = f'{owner}["{target}"]'
        fix = Fix(f"Use {shown}", line, column, end, text)
    yield Finding(kind, "error" if always else "warning", said, line, column, end, fix, name)


def _check_method(code: Code, node: ast.AST, kind: object) -> Iterator[Finding]:
    """A method of a field's value that its type does not have."""
    around = code.parents.get(node)
    origin = get_origin(kind) or kind
    if not (isinstance(around, ast.Attribute) and isinstance(around.ctx, ast.Load)):
        return
    if origin not in _BUILTIN or hasattr(origin, around.attr) or _is_guarded(code, None, around, around.attr):
        return
    name = around.attr
    names = [n for n in dir(origin) if not n.startswith("_")]
    close = nearest(name, names)
    line, column, end = code.lines.name_at(around, name)
    what = _WORDS.get(origin, f"a {origin.__name__}")
    said = f"{ast.unparse(node)} is {what}, which has no {name!r}."
    said += f" Did you mean {close!r}?" if close else ""
    fix = Fix(f"Use {close}", line, column, end, close) if close and column and end else None
    yield Finding("unknown-method", "error", said, line, column, end, fix, name)


def _is_guarded(code: Code, argument: _Argument | None, node: ast.AST, name: str) -> bool:
    """Whether a `try`, a `hasattr` or an `in` looks after it."""
    inside: ast.AST = node
    for around in code.around(node):
        if isinstance(around, (ast.Try, ast.TryStar)) and inside in around.body:
            for handler in around.handlers:
                caught = (
                    {n.id for n in ast.walk(handler.type) if isinstance(n, ast.Name)}
                    if handler.type
                    else _GUARDS
                )
                if caught & _GUARDS:
                    return True
        if isinstance(around, ast.With) and "suppress" in ast.unparse(around.items[0].context_expr):
            return True
        inside = around
    if argument is None:
        return False
    for one in ast.walk(code.tree):
        match one:
            case ast.Call(func=ast.Name(id="hasattr"), args=[value, ast.Constant(value=tested)]) if (
                tested == name and _is_one_of(code, value, argument.names)
            ):
                return True
            case ast.Compare(left=ast.Constant(value=tested), ops=[ast.In() | ast.NotIn()]) if tested == name:
                return True
            case _:
                pass
    return False
