"""Fields that the reward asks for, and that its prediction and its inputs do not have.

It follows the reward's two parameters through plain aliases (`p = pred`) and into helpers that it is passed to. What a
test or a `try` guards is left alone, and so is everything of a parameter that is changed along the way.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, get_args, get_origin

from refine_core.modules.prediction import Prediction
from refine_core.rewards.checks.argument_names import Argument, follow_aliases, is_one_of
from refine_core.rewards.checks.code import Code
from refine_core.rewards.checks.comparisons import WORDS, check_comparison
from refine_core.rewards.checks.finding import Finding, Fix, Severity, find_nearest
from refine_core.rewards.checks.reachability import ControlFlow
from refine_core.rewards.source import ARGUMENTS

_DICT = frozenset(dir(dict))
_PREDICTION = _DICT | frozenset(dir(Prediction))
_GUARDS = {"AttributeError", "KeyError", "LookupError", "Exception", "BaseException"}
_NEAR: Final = 0.7  # of a method: they are many, and one of another meaning is no help
_BUILTIN = (str, int, float, bool, list, dict, tuple, set)


def check_fields(code: Code) -> Iterator[Finding]:
    """Unknown outputs of the prediction, unknown inputs, and methods that a field's type does not have."""
    if code.function is None or len(code.parameters) < ARGUMENTS or code.shape != "refine":
        return
    inputs, outputs = code.fields.inputs, code.fields.outputs
    arguments = [
        Argument("inputs", inputs, by_attribute=False) if inputs is not None else None,
        Argument("prediction", outputs, by_attribute=True) if outputs is not None else None,
    ]
    for one, name in zip(arguments, code.parameters, strict=False):
        if one is not None and follow_aliases(code, one, code.function, name):
            yield from _check_accesses(code, one)


def _check_accesses(code: Code, argument: Argument) -> Iterator[Finding]:
    methods = _PREDICTION if argument.by_attribute else _DICT
    for node in code.nodes:
        match node:
            case ast.Attribute(value=value, attr=attr, ctx=ast.Load()) if is_one_of(
                code, value, argument.names
            ):
                if attr in argument.fields and argument.by_attribute:
                    yield from _check_method(code, node, argument.fields[attr])
                    yield from check_comparison(code, node, argument.fields[attr])
                elif attr not in methods and attr not in argument.added and not attr.startswith("__"):
                    yield from _report_unknown(code, argument, node, attr, _name(value))
            case ast.Subscript(value=value, slice=ast.Constant(value=str() as key), ctx=ast.Load()) if (
                is_one_of(code, value, argument.names)
            ):
                if key in argument.fields:
                    yield from _check_method(code, node, argument.fields[key])
                    yield from check_comparison(code, node, argument.fields[key])
                elif key not in argument.added:
                    yield from _report_unknown(code, argument, node.slice, key, _name(value))
            case ast.Call(
                func=ast.Name(id="getattr"), args=[value, ast.Constant(value=str() as key)], keywords=[]
            ) if argument.by_attribute and is_one_of(code, value, argument.names):
                if key not in argument.fields and key not in methods | argument.added:
                    yield from _report_unknown(code, argument, node.args[1], key, _name(value))
            case ast.Call(
                func=ast.Attribute(value=value, attr="get"),
                args=[ast.Constant(value=str() as key)],
                keywords=[],
            ) if is_one_of(code, value, argument.names):
                if key not in argument.fields and key not in argument.added:
                    yield from _report_unknown(code, argument, node.args[0], key, _name(value), always=False)
            case _:
                pass


def _name(node: ast.AST) -> str:
    return node.id if isinstance(node, ast.Name) else ""


@dataclass(frozen=True, slots=True)
class _Location:
    """Where an unknown name is written. quote: the mark around it, for a key; "" for an attribute."""

    line: int
    column: int | None
    end: int | None
    quote: str = ""


def _report_unknown(
    code: Code, argument: Argument, node: ast.AST, name: str, owner: str, *, always: bool = True
) -> Iterator[Finding]:
    """always: False for `.get(…)`, which gives None instead of failing."""
    if is_guarded(code, node, name, argument):
        return
    location = _locate(code, node, name)
    kind = "unknown-field" if argument.by_attribute else "unknown-input"
    severity: Severity = "error"
    if isinstance(node, ast.Attribute) and not argument.by_attribute and name in argument.fields:
        fix = _replace_attribute_by_key(location, owner, name)
        message = f'{owner} is a dict: write {owner}["{name}"].'
    else:
        close = find_nearest(name, argument.fields)
        effect = ""
        if not always:
            effect, severity = " So this is None.", "warning"
        elif code.function is not None and ControlFlow(code, code.function, frozenset()).reaches(node):
            effect = " Every attempt would fail here."
        message = _describe_unknown(argument, owner, name, close) + effect
        target = close or (next(iter(argument.fields), None) if argument.by_attribute else None)
        fix = _fix_name(argument, node, location, owner, target) if target else None
    yield Finding(kind, severity, message, location.line, location.column, location.end, fix, name)


def _locate(code: Code, node: ast.AST, name: str) -> _Location:
    if isinstance(node, ast.Attribute):
        return _Location(*code.lines.locate_name(node, name))
    line, column, end, text = code.lines.locate_text(node)
    quote = text[:1] if text[:1] in ("'", '"') else ""
    is_plain = bool(quote) and text == f"{quote}{name}{quote}"
    return _Location(line, column, end, quote) if is_plain else _Location(line, None, None)


def _describe_unknown(argument: Argument, owner: str, name: str, close: str | None) -> str:
    message = f"{owner} has no {'field' if argument.by_attribute else 'input'} {name!r}."
    if close:
        message += f" Did you mean {close!r}?"
    if list(argument.fields) != [close]:  # else the question has named all that there is
        message += f" It has {', '.join(argument.fields) or 'nothing'}."
    if not argument.by_attribute and not close:
        message += " A value that only the reward sees can be added to the inputs."
    return message


def _fix_name(argument: Argument, node: ast.AST, location: _Location, owner: str, target: str) -> Fix | None:
    """The fix that writes `target` instead."""
    if not location.column or not location.end:
        return None
    if not isinstance(node, ast.Attribute):
        quote = location.quote
        return Fix(
            f'Use {owner}["{target}"]',
            location.line,
            location.column,
            location.end,
            f"{quote}{target}{quote}",
        )
    if not argument.by_attribute:
        return _replace_attribute_by_key(location, owner, target)
    return Fix(f"Use {owner}.{target}", location.line, location.column, location.end, target)


def _replace_attribute_by_key(location: _Location, owner: str, name: str) -> Fix | None:
    if not location.column or not location.end:
        return None
    start = location.column - 1  # the dot is replaced too
    return Fix(f'Use {owner}["{name}"]', location.line, start, location.end, f'["{name}"]') if start else None


def _check_method(code: Code, node: ast.AST, kind: object) -> Iterator[Finding]:
    """A method of a field's value that its type does not have."""
    around = code.parents.get(node)
    origin = get_origin(kind) or kind
    if not (isinstance(around, ast.Attribute) and isinstance(around.ctx, ast.Load)):
        return
    if origin not in _BUILTIN or hasattr(origin, around.attr) or _is_caught(code, around):
        return
    name = around.attr
    names = [n for n in dir(origin) if not n.startswith("_")]
    close = find_nearest(name, names, _NEAR)
    line, column, end = code.lines.locate_name(around, name)
    what = WORDS.get(origin, f"a {origin.__name__}")
    message = f"{ast.unparse(node)} is {what}, which has no {name!r}."
    if close:
        message += f" Did you mean {close!r}?"
    elif str in get_args(kind) and hasattr(str, name):
        message += " Its items are text, which has it: go through them one by one."
    fix = Fix(f"Use {close}", line, column, end, close) if close and column and end else None
    yield Finding("unknown-method", "error", message, line, column, end, fix, name)


def is_guarded(code: Code, node: ast.AST, name: str, argument: Argument | None = None) -> bool:
    """Whether a `try`, a `hasattr` or an `in` guards it. argument: whose `hasattr` counts; None for any."""
    if _is_caught(code, node):
        return True
    for one in code.nodes:
        match one:
            case ast.Call(func=ast.Name(id="hasattr"), args=[value, ast.Constant(value=tested)]) if (
                tested == name and (argument is None or is_one_of(code, value, argument.names))
            ):
                return True
            case ast.Compare(left=ast.Constant(value=tested), ops=[ast.In() | ast.NotIn()]) if tested == name:
                return True
            case _:
                pass
    return False


def _is_caught(code: Code, node: ast.AST) -> bool:
    """Whether a `try` around it handles that the name is missing."""
    inside: ast.AST = node
    for around in code.around(node):
        if isinstance(around, (ast.Try, ast.TryStar)) and inside in around.body:
            for handler in around.handlers:
                exceptions = (
                    {n.id for n in ast.walk(handler.type) if isinstance(n, ast.Name)}
                    if handler.type
                    else _GUARDS
                )
                if exceptions & _GUARDS:
                    return True
        if isinstance(around, ast.With) and "suppress" in ast.unparse(around.items[0].context_expr):
            return True
        inside = around
    return False
