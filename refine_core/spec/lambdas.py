"""A reward that is a lambda: its source, out of the statement that Python finds for it."""

from __future__ import annotations

import ast
import textwrap
from typing import Final

from refine_core.python_parser import parse_module

NAME: Final = "reward"
"""What such a reward is called."""


def extract_lambda(source: str) -> str:
    """`reward = lambda …` where `source` is another statement, or a part of one, with a single lambda in it; else `source`.

    `inspect.getsource` gives all lines of the statement that a lambda stands in, such as the call of dspy.Refine.
    """
    text = textwrap.dedent(source)
    if "lambda" not in text or text.lstrip().startswith(("def ", "async def ", "class ", "@")):
        return source
    for whole in (text, f"_(\n{text}\n)", f"_(\n{text.rstrip().rstrip(',)')}\n)"):
        try:
            tree = parse_module(whole)
        except (SyntaxError, ValueError, RecursionError):
            continue
        found = [node for node in ast.walk(tree) if isinstance(node, ast.Lambda)]
        if len(found) != 1:
            return source
        return f"{NAME} = {ast.unparse(found[0])}\n"
    return source
