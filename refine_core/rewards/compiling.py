"""A reward's source as code: compile_source(source)."""

from __future__ import annotations
import __future__

from types import CodeType
from typing import TYPE_CHECKING

from refine_core.rewards.sandbox_api import FILE

if TYPE_CHECKING:
    import ast


def compile_source(source: str, tree: ast.Module | None = None, *, annotated: bool = True) -> CodeType:
    """Its code. tree: the source's, rewritten. annotated: whether annotations are evaluated, as Python does."""
    flags = 0 if annotated else __future__.annotations.compiler_flag
    code: CodeType = compile(source if tree is None else tree, FILE, "exec", flags, dont_inherit=True)
    return code
