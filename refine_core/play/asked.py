"""What a room is told before the first attempt: the inputs, and what the reward asks for, in its author's own words."""

from __future__ import annotations

import ast
from functools import lru_cache

from refine_core.python_parser import parse_module


@lru_cache(maxsize=32)
def describe_aim(source: str) -> str:
    """The first paragraph of what the reward's function says of itself, on one line; "" where it says nothing.

    source: of the reward; its last function is the reward, unless one has that name.
    """
    try:
        tree = parse_module(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ""
    functions = [node for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    if not functions:
        return ""
    named = [function for function in functions if function.name == "reward"]
    said = ast.get_docstring((named or functions)[-1]) or ""
    return " ".join(said.split("\n\n", 1)[0].split())
