"""Reading Python without running it, one thread at a time.

`ast.parse` keeps the depth of its recursion in one place for the whole interpreter: two threads that parse at once may
end in "SystemError: AST constructor recursion depth mismatch" (CPython issue 106905; seen here on 3.11.7).
"""

from __future__ import annotations

import ast
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

PARSING = threading.Lock()
"""Whoever calls `ast` in a thread of this process holds it."""
_TRIES: Final = 20
# `catch_warnings` changes the whole process; at least it is not used by two threads at once.
_WARNINGS = threading.Lock()


def parse_module(source: str) -> ast.Module:
    """The syntax tree of a source text. Raises what ast.parse raises: SyntaxError, ValueError, RecursionError."""
    tree: ast.Module = _parse(source, "exec")
    return tree


def parse_expression(source: str) -> ast.expr:
    """The syntax tree of one expression. Raises what ast.parse raises."""
    tree: ast.Expression = _parse(source, "eval")
    return tree.body


def _parse(source: str, mode: str) -> Any:
    """Parse, and do it again if another thread's parsing has disturbed it: Python's own tracebacks parse, and hold no lock."""
    for _ in range(_TRIES):
        try:
            with PARSING:
                return ast.parse(source, mode=mode)
        except SystemError:
            continue
    with PARSING:
        return ast.parse(source, mode=mode)


@contextmanager
def without_warnings() -> Iterator[None]:
    """What a person's text would have Python warn about is nothing to warn this process about."""
    with _WARNINGS, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def parse_quietly(source: str, filename: str) -> ast.Module:
    """The syntax tree of a person's source text that compiles. Raises what ast.parse raises.

    An odd escape in it is nothing to warn this process about. Only the compiler sees a `return` outside of a function and the like.
    """
    with without_warnings():
        tree = parse_module(source)
        compile(source, filename, "exec", dont_inherit=True)
    return tree
