"""Whether an error of a reward is bound to repeat: every further attempt would cost money and fail in the same way.

It is, if two things hold: every call of the reward reaches the line that failed, and what failed there does not depend
on what the program returned. If reading the source is not enough to know, the answer is no.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from refine_core.errors import RewardError
from refine_core.rewards.checks import Fields, check_reward, read_code
from refine_core.rewards.checks.code import Code, Function, iter_own_nodes, list_positional
from refine_core.rewards.checks.operand_types import always_fails_on_types
from refine_core.rewards.checks.reachability import ControlFlow
from refine_core.rewards.checks.returns import is_never_number

# These depend on the machine, or on another model.
_BY_CHANCE = frozenset({"JudgeError", "MemoryLimit", "Timeout"})
_RETURNED = frozenset({"NotFinite", "WrongType"})
_COMPREHENSIONS = frozenset({"<listcomp>", "<setcomp>", "<dictcomp>", "<genexpr>"})
_IMPORTS = frozenset({"ImportError", "ModuleNotFoundError"})
_ARGUMENTS = re.compile(
    r"(\w+)(?:\.__init__)?\(\) "
    r"(?:takes (?:from )?\d+ .*positional arguments?|missing \d+ required |got an unexpected keyword)"
)
_MISSING = re.compile(
    r"\w+: (?:no field '(?P<field>\w+)' in the prediction"
    r"|args has no '(?P<input>\w+)'"
    r"|name '(?P<name>\w+)' is not defined"
    r"|(?:'Inputs' object|module '[\w.]+') has no attribute '(?P<fixed>\w+)'"
    r"|'\w+' object has no attribute '(?P<method>\w+)')"
)


def will_repeat(error: RewardError, source: str, name: str | None, fields: Fields) -> bool:
    """Whether the same error will come in every attempt, whatever the program returns.

    source, name: the reward, and which function of it. fields: what it is given. Raises nothing.
    """
    if error.type_name in _BY_CHANCE:
        return False
    try:
        return _always_fails(error, read_code(source, name, fields))
    except (RewardError, RecursionError):  # an expression may be nested deeper than reading goes
        return False


def _always_fails(error: RewardError, code: Code) -> bool:
    if error.type_name in _RETURNED:
        return code.function is not None and _always_returns(code, code.function, error.line)
    if not error.frames:  # the call of the reward itself
        return error.type_name == "TypeError" and _ARGUMENTS.search(error.message) is not None
    flow = _find_failing_function(code, error.frames)
    line = error.frames[-1][1]
    return flow is not None and any(flow.reaches(node) for node in _find_failing_nodes(flow, error, line))


def _always_returns(code: Code, function: Function, line: int | None) -> bool:
    """Whether each call returns what is no score: nothing else is returned, or this is returned each time."""
    if isinstance(function, ast.Lambda):
        return is_never_number(function.body)
    nodes = list(iter_own_nodes(function))
    if any(isinstance(one, (ast.Yield, ast.YieldFrom)) for one in nodes):
        return True
    returns = [one for one in nodes if isinstance(one, ast.Return)]
    if all(is_never_number(one.value) for one in returns):
        return True
    flow = ControlFlow.of(code, function, frozenset(code.parameters[:1]))
    return any(
        _spans(one, line)
        and flow.reaches(one)
        and (is_never_number(one.value) or (one.value is not None and flow.is_steady(one.value)))
        for one in returns
    )


def _find_failing_function(code: Code, frames: tuple[tuple[str, int], ...]) -> ControlFlow | None:
    """The function that failed, if each function around it always reaches its one call of the next."""
    flow: ControlFlow | None = None
    for i, (name, line) in enumerate(frames):
        if flow is not None and name in _COMPREHENSIONS:  # a frame of its own, but no function
            continue
        function = _find_function(code, name, line)
        if function is None:
            return None
        if flow is None:
            steady = frozenset(code.parameters[:1] if function is code.function else ())
        else:
            calls = _find_calls(flow, name, frames[i - 1][1])
            if len(calls) != 1 or not flow.reaches(calls[0]):
                return None
            steady = _steady_parameters(flow, calls[0], function)
        flow = ControlFlow.of(code, function, steady)
    return flow


def _find_calls(flow: ControlFlow, name: str, line: int) -> list[ast.Call]:
    """The calls of a function on a line: by its name, else by the name of the parameter through which a decorator got it."""
    calls = [one for one in iter_own_nodes(flow.function) if isinstance(one, ast.Call) and _spans(one, line)]
    parameters = {
        one.arg
        for around in flow.code.around(flow.function)
        if isinstance(around, ast.FunctionDef)
        for one in around.args.args
    }
    return [one for one in calls if _get_called_name(one) == name] or [
        one for one in calls if _get_called_name(one) in parameters
    ]


def _find_function(code: Code, name: str, line: int) -> Function | None:
    functions = [
        one
        for one in ast.walk(code.tree)
        if isinstance(one, ast.FunctionDef | ast.Lambda)
        and getattr(one, "name", "<lambda>") == name
        and _spans(one, line)
    ]
    return max(functions, key=lambda one: one.lineno, default=None)


def _steady_parameters(flow: ControlFlow, call: ast.Call, function: Function) -> frozenset[str]:
    """The parameters whose argument in this call is the same in every attempt."""
    if any(isinstance(one, ast.Starred) for one in call.args):
        return frozenset()
    names = list_positional(function)
    names = names[1:] if names[:1] == ["self"] else names
    arguments = [*zip(names, call.args, strict=False), *((one.arg, one.value) for one in call.keywords)]
    return frozenset(name for name, value in arguments if name and flow.is_steady(value))


def _find_failing_nodes(flow: ControlFlow, error: RewardError, line: int) -> Iterator[ast.AST]:
    """The nodes of the line that fail in this way whenever they are reached."""
    missing = _MISSING.match(error.message)
    if missing is not None and not _stays_missing(flow.code, missing, line):
        missing = None
    arguments = _ARGUMENTS.search(error.message) if error.type_name == "TypeError" else None
    for node in iter_own_nodes(flow.function):
        if not _spans(node, line):
            continue
        if isinstance(node, ast.stmt) and _fails_alike(flow, node, line):
            yield _first_part(node)
        match node:
            case ast.Import() | ast.ImportFrom() if error.type_name in _IMPORTS:
                yield node
            case ast.Call() if arguments is not None and _get_called_name(node) == arguments[1]:
                if _is_fixed(flow.code, node):
                    yield node
            case _ if missing is not None and _reads_missing_name(node, missing):
                yield node
            case _ if error.type_name == "TypeError" and always_fails_on_types(flow, node, line):
                yield node
            case _:
                pass


def _fails_alike(flow: ControlFlow, node: ast.stmt, line: int) -> bool:
    """Whether a statement always raises, or reads only what is the same in every attempt."""
    if isinstance(node, ast.Raise):
        return True
    part = _first_part(node)
    if part is node and not isinstance(
        node, (ast.Assign, ast.AnnAssign, ast.AugAssign, ast.Assert, ast.Expr, ast.Return)
    ):
        return False
    value = getattr(node, "value", part) if part is node else part
    return isinstance(value, ast.AST) and _spans(value, line) and flow.is_steady(value)


def _first_part(node: ast.stmt) -> ast.AST:
    """What a compound statement evaluates first; the node itself if it is a simple one."""
    match node:
        case ast.If(test=part) | ast.While(test=part) | ast.For(iter=part) | ast.Match(subject=part):
            return part
        case _:
            return node


def _reads_missing_name(node: ast.AST, missing: re.Match[str]) -> bool:
    """Whether a node reads what the message says is missing."""
    missing_name = missing[missing.lastgroup or 0]
    match node:
        case ast.Attribute(value=owner, attr=attr, ctx=ast.Load()):
            # What is deeper inside a field is the program's own.
            return attr == missing_name and (
                missing.lastgroup in ("fixed", "method")
                or (missing.lastgroup == "field" and isinstance(owner, ast.Name | ast.Call))
            )
        case ast.Name(id=name, ctx=ast.Load()):
            return name == missing_name and missing.lastgroup == "name"
        case ast.Subscript(slice=ast.Constant(value=key), ctx=ast.Load()):
            return key == missing_name and missing.lastgroup in ("field", "input")
        case ast.Call(func=ast.Name(id="getattr"), args=[_, ast.Constant(value=key)]):
            return key == missing_name and missing.lastgroup in ("field", "fixed")
        case _:
            return False


def _stays_missing(code: Code, missing: re.Match[str], line: int) -> bool:
    """Whether it will be missing in every attempt: neither the program nor the reward itself can add it."""
    kind, name = missing.lastgroup or "", missing[missing.lastgroup or 0]
    fields = {"field": code.fields.outputs, "input": code.fields.inputs}.get(kind, {})
    if fields is None or name in fields:
        return False
    match kind:
        case "fixed":
            return True
        case "name" | "method":
            finding_code = "unknown-name" if kind == "name" else "unknown-method"
            findings = check_reward(code.source, code.name, code.fields)
            return any(
                one.code == finding_code and one.subject == name and (kind == "name" or one.line == line)
                for one in findings
            )
        case _:
            return not any(_adds(node, name) for node in ast.walk(code.tree))


def _adds(node: ast.AST, name: str) -> bool:
    """Whether a node may add a field or a key of this name to something."""
    match node:
        case ast.Attribute(attr=attr, ctx=ast.Store()):
            return attr == name
        case ast.Subscript(slice=key, ctx=ast.Store()):
            return not isinstance(key, ast.Constant) or key.value == name
        case (
            ast.Call(func=ast.Attribute(attr="update" | "setdefault")) | ast.Call(func=ast.Name(id="setattr"))
        ):
            return True
        case _:
            return False


def _is_fixed(code: Code, call: ast.Call) -> bool:
    """Whether the number of its arguments is written out, and the function is one of the source."""
    starred = any(isinstance(one, ast.Starred) for one in call.args) or any(
        one.arg is None for one in call.keywords
    )
    definitions = [
        one
        for one in ast.walk(code.tree)
        if isinstance(one, (ast.FunctionDef, ast.ClassDef)) and one.name == _get_called_name(call)
    ]
    return not starred and (len(definitions) == 1 or (not definitions and _get_called_name(call) == "Score"))


def _get_called_name(call: ast.Call) -> str:
    """What is called, by its last name."""
    func = call.func
    return func.id if isinstance(func, ast.Name) else func.attr if isinstance(func, ast.Attribute) else ""


def _spans(node: ast.AST, line: int | None) -> bool:
    first, last = getattr(node, "lineno", 0), getattr(node, "end_lineno", 0)
    return line is not None and first <= line <= (last or first)
