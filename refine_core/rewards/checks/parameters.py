"""How the reward is called, and whether its parameters are named for another framework's way of calling.

A reward is called as `reward(args, pred)`: the inputs first, then the prediction, both by position. Elsewhere the same
two-argument function means something else; `FRAMEWORKS` knows such functions by the names of their parameters.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from refine_core.rewards.checks.code import Code, Function
from refine_core.rewards.checks.finding import Finding, Fix
from refine_core.rewards.source import ARGUMENTS

OURS = ("args", "pred")
_INPUTS = {"args", "arg", "inputs", "kwargs", "inp", "in_"}
_OUTPUTS = {
    "output", "outputs", "completion", "completions", "response", "responses", "prediction", "predictions", "pred",
    "preds", "generated", "generation", "actual", "model_output", "output_text", "hypothesis", "candidate", "solution",
    "solution_str", "y_pred", "answer_pred",
}  # fmt: skip
_EXPECTED = {
    "expected", "expected_output", "reference", "references", "reference_outputs", "target", "targets", "gold",
    "golden", "label", "labels", "ground_truth", "ground_truths", "truth", "y_true", "expectations", "correct",
    "reference_answer",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Framework:
    """A framework that calls functions in its own way. shapes: sets of parameters that identify it; * at a name's end: a prefix."""

    name: str
    shapes: tuple[tuple[str, ...], ...]
    functions: tuple[str, ...] = ()


FRAMEWORKS = (
    Framework("dspy's GEPA", (("pred_name", "pred_trace"),)),
    Framework("verl", (("solution_str", "ground_truth"), ("data_source", "ground_truth"), ("data_source", "solution_str"))),
    Framework("an OpenAI grader", (("sample", "item"),), ("grade",)),
    Framework("promptfoo", (("output", "context"),), ("get_assert",)),
    Framework("TRL", (("completions",), ("completion_ids",))),
    Framework("OpenRLHF", (("queries", "labels"), ("queries", "prompts"))),
    Framework("verifiers", (("completion",), ("state", "task"), ("state", "info"), ("task", "trace"), ("state", "parser"))),
    Framework("LangSmith", (("reference_outputs",), ("run", "example"))),
    Framework("Langfuse", (("expected_output",),)),
    Framework("MLflow", (("expectations",),)),
    Framework("Braintrust", (("input", "output", "expected"), ("output", "expected"), ("input", "output"))),
    Framework("a dspy metric", (("example", "pred*"), ("gold", "pred*"), ("example", "trace"))),
    Framework("Inspect", (("state", "target"),)),
    Framework("DeepEval", (("test_case",),)),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class ForeignFunction:
    """A reward that is written for something else. header: "grade(sample, item)". framework: whose; reason: in words."""

    header: str
    framework: str
    reason: str


def find_foreign_function(code: Code) -> ForeignFunction | None:
    """The framework that the function is written for, by its names; None if they do not suggest one."""
    names = code.parameters
    if (
        code.function is None
        or not names
        or (names[0] in _INPUTS and not _find_framework(names, code.name, strict=True))
    ):
        return None
    header = f"{code.name}({', '.join(names)})"
    if (framework := _find_framework(names, code.name)) is not None:
        return ForeignFunction(header, framework.name, f"looks like a function for {framework.name}")
    if len(names) < ARGUMENTS:
        return None
    first, second = names[0].strip("_").lower(), names[1].strip("_").lower()
    if first in _OUTPUTS and not second.startswith("pred"):
        return ForeignFunction(header, "", "takes the output first")
    if first in _EXPECTED or second in _EXPECTED:
        return ForeignFunction(header, "", "takes an expected value")
    columns = {*(code.fields.inputs or ()), *(code.fields.outputs or ())}
    if set(names[:2]) <= columns - _INPUTS - _OUTPUTS:
        return ForeignFunction(header, "", "is named for single fields")
    return None


def _find_framework(names: Iterable[str], function: str, *, strict: bool = False) -> Framework | None:
    """strict: only by shapes that no reward for this app has, whatever its first parameter is called."""
    has = [name.lower() for name in names]
    for one in FRAMEWORKS:
        if function in one.functions and not strict:
            return one
        shapes = [shape for shape in one.shapes if not strict or len(shape) == 1 or len(has) > ARGUMENTS]
        if any(all(_has_name(has, name) for name in shape) for shape in shapes):
            return one
    return None


def _has_name(names: list[str], pattern: str) -> bool:
    if pattern.endswith("*"):
        return any(name.startswith(pattern[:-1]) for name in names)
    return pattern in names


def check_parameters(code: Code) -> Iterator[Finding]:
    """A finding if the function cannot be called with two positional arguments."""
    function = code.function
    if function is None or code.shape != "refine":
        return
    takes = function.args
    names = code.parameters
    required = len(names) - len(takes.defaults)
    keywords = [
        one.arg for one, default in zip(takes.kwonlyargs, takes.kw_defaults, strict=True) if default is None
    ]
    fits = required <= ARGUMENTS and (len(names) >= ARGUMENTS or takes.vararg is not None)
    if fits and not keywords:
        return
    count = {0: "no arguments", 1: "one argument"}.get(len(names), f"{len(names)} arguments")
    also = f", and {' and '.join(keywords)} by name" if keywords else ""
    foreign = find_foreign_function(code)
    whose = f" It {foreign.reason}." if foreign is not None else ""
    message = f"{code.name} takes {count}{also}; it is called with two, {code.name}(args, pred): the inputs and the prediction.{whose}"
    line, column, end = _locate_header(code, function)
    yield Finding("parameters", "error", message, line, column, end, subject=code.name)


def ask_about_foreign_function(code: Code) -> Finding | None:
    """The question that a function for another framework raises. Its fix renames the parameters."""
    foreign = find_foreign_function(code)
    function = code.function
    if foreign is None or function is None or next(check_parameters(code), None) is not None:
        return None
    message = f"The function {foreign.header} {foreign.reason}. Here it would be called with the inputs first and the prediction second."
    line, column, end = _locate_header(code, function)
    return Finding("foreign", "error", message, line, column, end, subject=foreign.header)


def rename_code_parameters(code: Code) -> str:
    """The source with the reward's two parameters called args and pred, wherever it uses them."""
    function, names = code.function, code.parameters
    if function is None or len(names) < ARGUMENTS:
        return code.source
    new: Mapping[str, str] = dict(zip(names[:2], OURS, strict=True))
    edits: list[Fix] = []
    for node in ast.walk(function):
        old = node.id if isinstance(node, ast.Name) else node.arg if isinstance(node, ast.arg) else None
        if old is None or old not in new:
            continue
        line = getattr(node, "lineno", 1)
        column = code.lines.column(line, getattr(node, "col_offset", 0))
        edits.append(Fix("", line, column, column + len(old), new[old]))
    lines = list(code.lines.lines)
    for edit in sorted(edits, key=lambda e: (e.line, e.column), reverse=True):
        text = lines[edit.line - 1]
        lines[edit.line - 1] = text[: edit.column - 1] + edit.text + text[edit.end_column - 1 :]
    return "\n".join(lines)


def _locate_header(code: Code, function: Function) -> tuple[int, int, int]:
    """Where to point: at the name and the parameters of the function."""
    line = function.lineno
    text = code.lines.lines[line - 1] if line <= len(code.lines.lines) else ""
    column = code.lines.column(line, function.col_offset)
    return line, column, max(len(text.rstrip().rstrip(":")) + 1, column + 1)
