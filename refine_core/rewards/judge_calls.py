"""Whether a reward's source may ask the judge, and how often at most. Reads the text; never runs it.

It is what an estimate stands on before anything is spent. A score that is made without a judge never asks one, whatever this says.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable

from refine_core.errors import RewardError
from refine_core.rewards.judge import JUDGE_CALLS
from refine_core.rewards.source import find_reward, parse_reward

_NAME = "judge"
_REPEATING = (
    ast.For,
    ast.While,
    ast.AsyncFor,
    ast.ListComp,
    ast.SetComp,
    ast.DictComp,
    ast.GeneratorExp,
    ast.Lambda,
    ast.FunctionDef,
    ast.AsyncFunctionDef,
    ast.ClassDef,
)
_INDIRECT = frozenset(("eval", "exec", "globals", "vars", "locals", "__builtins__", "__import__"))


def max_judge_calls(source: str, name: str | None = None) -> int:
    """Calls of the judge that one score may make at most; 0 if the source never names it.

    Exact where the judge is only called in the reward's own body and outside of loops; else the limit of one score.
    Raises RewardError for a source that has no reward.
    """
    tree = parse_reward(source)
    uses = [node for node in ast.walk(tree) if _is_use(node)]
    if not uses:
        return 0
    reward = find_reward(source, name)
    body = next((one for one in tree.body if isinstance(one, ast.FunctionDef) and one.name == reward), None)
    calls = _count_calls(body.body) if body is not None else None
    return calls if calls == len(uses) else JUDGE_CALLS


def may_ask_judge(source: str) -> bool:
    """Whether the source names the judge, or has a way to reach it without naming it. False for one with a syntax error."""
    try:
        return any(_is_use(node) for node in ast.walk(parse_reward(source)))
    except RewardError:
        return False


def _is_use(node: ast.AST) -> bool:
    match node:
        case ast.Name(id=name, ctx=ast.Load()):
            return name == _NAME or name in _INDIRECT
        case ast.Constant(value=str(text)):
            return text == _NAME
        case ast.alias(name=name):
            return name in (_NAME, "builtins")
        case _:
            return False


def _count_calls(nodes: Iterable[ast.AST]) -> int:
    """Direct calls of the judge outside of loops and of inner functions."""
    count = 0
    for node in nodes:
        if isinstance(node, _REPEATING):
            continue
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == _NAME:
            count += 1
        count += _count_calls(ast.iter_child_nodes(node))
    return count
