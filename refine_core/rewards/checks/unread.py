"""What a reward is given and never looks at: an argument, the whole output, a field of it."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from refine_core.rewards.checks.argument_names import Argument, follow_aliases, is_one_of
from refine_core.rewards.checks.code import Code
from refine_core.rewards.checks.finding import Finding
from refine_core.rewards.shapes.names import OUTPUT_WORDS, REASONING
from refine_core.rewards.source import ARGUMENTS

_CONVENTIONAL = frozenset((
    "trace", "kwargs", "config", "context", "metadata", "state", "info", "task", "parser", "prompt", "prompts", "pred_name",
    "pred_trace", "completion_ids", "trainer_state", "log_extra", "log_metric", "data_source", "extra_info", "queries",
    "run", "example", "attachments", "inputs", "input",
))  # fmt: skip
"""Arguments that a framework passes whether a reward wants them or not, or that stand there by custom."""
_OUTPUTS = OUTPUT_WORDS | {"completions", "outputs", "solution_strs", "sample"}
_POSITIONAL = frozenset(
    ("refine", "dspy", "gepa", "inspect", "deepeval", "openai", "promptfoo", "verl", "openrlhf")
)
"""Shapes that pass all arguments whatever they are called, so that each must be there."""


def check_unread(code: Code) -> Iterator[Finding]:
    """Arguments and outputs that the function never reads."""
    function = code.function
    if function is None or _is_stub(function):
        return
    names = code.parameters if code.reward is None else list(code.reward.parameters)
    read = {one.id for one in ast.walk(function) if isinstance(one, ast.Name)}
    if read & {"locals", "vars", "eval", "exec"}:
        return
    positional = code.shape in {"refine", "dspy", "gepa"} and len(names) >= ARGUMENTS
    outputs = {names[1]} if positional else _OUTPUTS & set(names)
    if outputs and not outputs & read and not function.args.kwarg:
        yield _report(code, min(outputs), "unread-output", _describe_unread(min(outputs)))
    for name in names:
        if name not in read and name not in outputs and not _is_excepted(code, name):
            message = f"{name} is never used. Remove it, or use it."
            yield _report(code, name, "unused-argument", message)
    if positional and names[1] in read:
        yield from _check_output_fields(code, names[1])


def _describe_unread(name: str) -> str:
    return f"{name} is never read, so the score does not depend on what the model wrote."


def _is_excepted(code: Code, name: str) -> bool:
    return name.startswith("_") or name in _CONVENTIONAL or code.shape in _POSITIONAL


def _is_stub(function: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) -> bool:
    """A body that is not written yet, or that raises."""
    return isinstance(function.body, list) and all(
        isinstance(one, (ast.Pass, ast.Raise))
        or (isinstance(one, ast.Expr) and isinstance(one.value, ast.Constant))
        for one in function.body
    )


def _check_output_fields(code: Code, name: str) -> Iterator[Finding]:
    """Outputs that are known, and of which none of the names of the prediction is asked."""
    outputs = code.fields.outputs
    if not outputs or code.function is None:
        return
    argument = Argument("prediction", outputs, by_attribute=True)
    if not follow_aliases(code, argument, code.function, name):
        return
    read = _list_read(code, argument)
    judged = outputs if code.fields.judged is None else code.fields.judged
    unread = [one for one in judged if read is not None and one not in read and one not in REASONING]
    if not unread or not read:
        return
    many = len(unread) > 1
    message = f"The output{'s' if many else ''} {_join(unread)} {'are' if many else 'is'} never read: whatever the model writes there, the score is the same."
    yield _report(code, name, "unread-output", message)


def _list_read(code: Code, argument: Argument) -> set[str] | None:
    """Fields that are asked for by name; None if the prediction is used as a whole."""
    read = set[str]()
    for node in code.select(ast.Name):
        if not isinstance(node.ctx, ast.Load) or not is_one_of(code, node, argument.names):
            continue
        match code.parents.get(node):
            case ast.Attribute(attr="get") as method:
                match code.parents.get(method):
                    case ast.Call(args=[ast.Constant(value=str(name)), *_]):
                        read.add(name)
                    case _:
                        return None
            case ast.Attribute(attr=name) | ast.Subscript(slice=ast.Constant(value=str(name))):
                if name in {"keys", "values", "items", "toDict"}:
                    return None
                read.add(name)
            case ast.Call(
                func=ast.Name(id="getattr" | "hasattr"), args=[_, ast.Constant(value=str(name)), *_]
            ):
                read.add(name)
            case ast.Assign(targets=[ast.Name()]):
                continue  # another name of it, which is followed
            case ast.Call(func=ast.Name(id=helper)) if helper in code.helpers:
                continue
            case _:
                return None
    return read


def _join(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _report(code: Code, name: str, kind: str, message: str) -> Finding:
    """At the parameter."""
    function = code.function
    parameters = (
        [one for one in ast.walk(function.args) if isinstance(one, ast.arg)] if function is not None else []
    )
    node = next((one for one in parameters if one.arg == name), None)
    if node is None:
        line = function.lineno if function is not None else 1
        return Finding(kind, "note", message, line, subject=name)
    column = code.lines.column(node.lineno, node.col_offset)
    return Finding(kind, "note", message, node.lineno, column, column + len(name), subject=name)
