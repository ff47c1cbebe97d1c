"""Which function of a source is the reward, and which line is to blame. Reads the text; never runs it.

Rule 1: a name that was asked for, if the top level binds it.
Rule 2: else `reward`, however it is bound: a function, an instance, a lambda, an import.
Rule 3: else the only top-level function that takes two arguments; `_helpers` count only if there is nothing else.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass

from refine_core.errors import RewardError
from refine_core.python_parser import parse_quietly

ARGUMENTS = 2  # of a reward: the inputs and the prediction
_WORD = re.compile(r"\w+")
_BODIES = ("body", "handlers", "orelse", "finalbody", "cases")
_Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda


@dataclass(frozen=True, slots=True)
class _Binding:
    name: str
    line: int
    function: _Function | None = None


def find_reward(source: str, name: str | None = None) -> str:
    """The name of the reward function.

    source: the reward's Python source. name: the choice of a person, where one was made.
    Raises: RewardError, "SyntaxError" with line and column; "NoReward"; "ManyRewards" with candidates.
    """
    bound = _bindings(parse_reward(source))
    if name is not None:
        if name in bound:
            return name
        raise RewardError(
            f"no reward function found: the top level binds no {name!r}. "
            f"Define it: def {name if name.isidentifier() else 'reward'}(args, pred): return 1.0",
            type_name="NoReward",
        )
    if "reward" in bound:
        return "reward"
    candidates = [b.name for b in bound.values() if b.function is not None and _takes_two(b.function)]
    candidates = [c for c in candidates if not c.startswith("_")] or candidates
    if not candidates:
        raise RewardError(
            "no reward function found: write one that takes the inputs and the prediction and returns a number. "
            "Example: def reward(args, pred): return 1.0",
            type_name="NoReward",
        )
    if len(candidates) > 1:
        raise RewardError(
            f"several functions could be the reward: {', '.join(candidates)}. Rename one of them to reward, or choose one",
            type_name="ManyRewards",
            candidates=tuple(candidates),
        )
    return candidates[0]


def find_error_line(source: str, name: str, *, returned: bool = False) -> int | None:
    """The 1-based line to show for an error that has none, or None if `name` is not bound.

    It is the line of the def or the assignment; with `returned`, for a wrong return value, that of the function's
    only `return`.
    """
    binding = _bindings(parse_reward(source)).get(name)
    if binding is None:
        return None
    if returned and binding.function is not None:
        returns = [node.lineno for node in _own_nodes(binding.function) if isinstance(node, ast.Return)]
        if len(returns) == 1:
            return returns[0]
    return binding.line


def parse_reward(source: str) -> ast.Module:
    """The syntax tree of a reward's source. Raises RewardError, "SyntaxError" with line and column."""
    try:
        return parse_quietly(source, "reward.py")
    except SyntaxError as error:
        raise RewardError(
            f"SyntaxError: {error.msg}", type_name="SyntaxError", line=error.lineno, column=error.offset
        ) from None
    except (ValueError, RecursionError, MemoryError) as error:
        # Null bytes or lone surrogates (ValueError); nesting beyond what the parser accepts.
        why = "too deeply nested" if not isinstance(error, ValueError) else str(error)
        raise RewardError(f"SyntaxError: {why}", type_name="SyntaxError") from None


def list_names(source: str) -> frozenset[str]:
    """Every name that the code mentions: variables, attributes, keywords, imports, and the words of its texts.

    Comments and docstrings do not count. Raises RewardError for a source that does not parse.
    """
    tree = parse_reward(source)
    docstrings = {
        node.body[0].value
        for node in ast.walk(tree)
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef))
        and ast.get_docstring(node, clean=False) is not None
        and isinstance(node.body[0], ast.Expr)
    }
    return frozenset(name for node in ast.walk(tree) if node not in docstrings for name in _names_of(node))


def _names_of(node: ast.AST) -> list[str]:
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name) | ast.arg(arg=name) | ast.keyword(arg=str(name)):
            return [name]
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            return [name]
        case ast.alias(name=name, asname=asname):
            return [name, asname or ""]
        case ast.Constant(value=str(text)):
            return _WORD.findall(text)
        case _:
            return []


def _bindings(tree: ast.Module) -> dict[str, _Binding]:
    """What the top level binds; of several bindings of one name the last."""
    return {binding.name: binding for node in iter_top_level(tree.body) for binding in _bound_by(node)}


def iter_top_level(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """Every statement that runs with the module, those inside `if`, `try`, `with` and loops included."""
    pending: list[ast.AST] = [*reversed(body)]
    while pending:
        node = pending.pop()
        if isinstance(node, ast.stmt):  # else a handler or a case
            yield node
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            inner = [one for part in _BODIES for one in getattr(node, part, [])]
            pending += reversed(inner)


def _bound_by(node: ast.stmt) -> Iterator[_Binding]:
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef():
            yield _Binding(node.name, node.lineno, node)
        case ast.ClassDef():
            yield _Binding(node.name, node.lineno)
        case ast.Import() | ast.ImportFrom():
            for alias in node.names:
                yield _Binding(alias.asname or alias.name.partition(".")[0], node.lineno)
        case ast.Assign() | ast.AnnAssign() if node.value is not None:
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            for target in targets:
                function = node.value if isinstance(node.value, ast.Lambda) else None
                for name in ast.walk(target):
                    if isinstance(name, ast.Name) and isinstance(name.ctx, ast.Store):
                        yield _Binding(name.id, node.lineno, function)


def _takes_two(function: _Function) -> bool:
    """Whether it asks for exactly two arguments by position; more may have defaults."""
    arguments = function.args
    required = len(arguments.posonlyargs) + len(arguments.args) - len(arguments.defaults)
    return required == ARGUMENTS and all(default is not None for default in arguments.kw_defaults)


def _own_nodes(function: _Function) -> Iterator[ast.AST]:
    """The function's nodes without those of functions and classes inside it."""
    pending: list[ast.AST] = list(function.body) if isinstance(function.body, list) else [function.body]
    while pending:
        node = pending.pop()
        yield node
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)):
            pending.extend(ast.iter_child_nodes(node))
