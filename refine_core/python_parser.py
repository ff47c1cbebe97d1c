"""Reading Python without running it, one thread at a time.

`ast.parse` keeps the depth of its recursion in one place for the whole interpreter: two threads that parse at once may
end in "SystemError: AST constructor recursion depth mismatch" (CPython issue 106905; seen here on 3.11.7).
"""

from __future__ import annotations

import ast
import threading

_turn = threading.Lock()


def parse_module(source: str) -> ast.Module:
    """The syntax tree of a source text. Raises what ast.parse raises: SyntaxError, ValueError, RecursionError."""
    with _turn:
        return ast.parse(source)


def parse_expression(source: str) -> ast.expr:
    """The syntax tree of one expression. Raises what ast.parse raises."""
    with _turn:
        return ast.parse(source, mode="eval").body
