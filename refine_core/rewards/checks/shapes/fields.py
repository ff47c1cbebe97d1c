"""Names that a function for another framework asks for and does not get: columns, parameters, keys of its arguments.

sample["output"]              an OpenAI grader's sample has output_text
item["anser"]                 the rows have a column answer
context["question"]           promptfoo has it in context["vars"]
def right(completions, anser) the rows have no such column
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator, Mapping

from refine_core.rewards.arguments import Example, Prediction
from refine_core.rewards.checks.code import Code
from refine_core.rewards.checks.fields import is_guarded
from refine_core.rewards.checks.finding import Finding, Fix, Severity, find_nearest
from refine_core.rewards.checks.inference import Kinds
from refine_core.rewards.shapes.binding import is_provided

_KEYS: Mapping[str, frozenset[str]] = {
    "sample": frozenset((
        "output_text", "output_json", "output_tools", "output_audio", "output_reasoning", "choices", "model", "usage", "id",
        "finish_reason", "input", "output",
    )),
    "context": frozenset((
        "vars", "prompt", "test", "config", "provider", "providerResponse", "metadata", "logProbs", "trace", "cost", "latencyMs",
    )),
}  # fmt: skip
"""What frameworks document: a key that is none of these is reported only where another one was clearly meant."""
_BY_ATTRIBUTE = frozenset(("dspy", "gepa"))
_EXAMPLE = frozenset(("copy", "inputs", "labels", "toDict", "with_inputs", "without"))  # of dspy's own
_METHODS = _EXAMPLE | frozenset(dir(dict)) | frozenset(dir(Example)) | frozenset(dir(Prediction))


def check_shape_fields(code: Code, kinds: Kinds) -> Iterator[Finding]:
    """Unknown keys, columns and parameters of a function of any shape but `refine`, whose own are in fields.py."""
    if code.shape == "refine" or code.reward is None:
        return
    yield from _check_parameters(code)
    for node in code.select(ast.Subscript, ast.Call, ast.Attribute):
        match node:
            case ast.Subscript(value=owner, slice=ast.Constant(value=str(name)) as key, ctx=ast.Load()):
                yield from _check_key(code, kinds, owner, key, name, always=True)
            case ast.Call(
                func=ast.Attribute(value=owner, attr="get"), args=[ast.Constant(value=str(name)) as key]
            ):
                yield from _check_key(code, kinds, owner, key, name, always=False)
            case ast.Attribute(value=owner, attr=name, ctx=ast.Load()) if code.shape in _BY_ATTRIBUTE:
                if name not in _METHODS and not name.startswith("__"):
                    yield from _check_key(code, kinds, owner, node, name, always=True)
            case _:
                continue


def _check_key(
    code: Code, kinds: Kinds, owner: ast.expr, node: ast.expr, name: str, *, always: bool
) -> Iterator[Finding]:
    kind = kinds.of(owner).type
    inputs, outputs = code.fields.inputs, code.fields.outputs
    known: Collection[str] | None = None
    if kind in _KEYS:
        known = _KEYS[kind]
        in_vars = kind == "context" and inputs is not None and name in inputs
        if name in known or not (in_vars or find_nearest(name, known, 0.75)):
            return
    elif kind == "inputs" and inputs:
        known = {*inputs, "response"} if code.shape == "openai" else inputs
    elif kind == "prediction" and outputs:
        known = outputs
    elif kind == "columns" and inputs and code.reward is not None:
        known = inputs
        if is_provided(code.shape, code.reward.parameters, name) or name in (outputs or ()):
            return
    if known is None or name in known or is_guarded(code, node, name):
        return
    what = ast.unparse(owner)
    if kind == "context" and name in (inputs or {}):
        yield _report(
            code, node, name, f'{what} has no {name!r}: it is in {what}["vars"].', None, always=always
        )
        return
    close = find_nearest(name, known)
    meant = f" Did you mean {close!r}?" if close else ""
    has = "" if kind in _KEYS or [*known] == [close] else f" It has {', '.join(known)}."
    yield _report(code, node, name, f"{what} has no {name!r}.{meant}{has}", close, always=always)


def _report(
    code: Code, node: ast.expr, name: str, message: str, close: str | None, *, always: bool
) -> Finding:
    if isinstance(node, ast.Attribute):
        line, column, end = code.lines.locate_name(node, name)
        quote = ""
    else:
        line, column, end, text = code.lines.locate_text(node)
        quote = text[:1] if text == f"{text[:1]}{name}{text[:1]}" else "?"
    fix = (
        Fix(f"Use {close}", line, column, end, f"{quote}{close}{quote}")
        if close and column and end and quote != "?"
        else None
    )
    severity: Severity = "error" if always else "warning"
    effect = "" if always else " So this is None."
    kind = "unknown-field" if isinstance(node, ast.Attribute) else "unknown-input"
    return Finding(kind, severity, message + effect, line, column, end, fix, name)


def _check_parameters(code: Code) -> Iterator[Finding]:
    """Parameters that are columns, where the rows have no such column."""
    reward, inputs = code.reward, code.fields.inputs
    if reward is None or not inputs or code.function is None:
        return
    columns = [*inputs, *(code.fields.outputs or ())]
    arguments = {one.arg: one for one in ast.walk(code.function.args) if isinstance(one, ast.arg)}
    for name in reward.parameters:
        node = arguments.get(name)
        if (
            node is None
            or name in columns
            or name in reward.arguments
            or is_provided(reward.shape, reward.parameters, name)
        ):
            continue
        close = find_nearest(name, [one for one in columns if one not in reward.parameters])
        is_required = name in reward.required
        if not is_required and close is None:
            continue  # a setting
        column = code.lines.column(node.lineno, node.col_offset)
        meant = f" Did you mean {close!r}?" if close else f" They have {', '.join(columns)}."
        always = "" if is_required else " So it has its default in every row."
        yield Finding(
            "unknown-column",
            "error" if is_required else "warning",
            f"The rows have no column {name!r}.{meant}{always}",
            node.lineno,
            column,
            column + len(name),
            subject=name,
        )
