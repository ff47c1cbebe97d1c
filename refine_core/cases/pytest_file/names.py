"""Names in the exported file: those of the helpers, which must not be names of the reward, and those of the tests."""

from __future__ import annotations

import ast
import re
import unicodedata
from collections.abc import Iterable
from typing import Final

TEST_NAME_CHARS: Final = 60


def list_names(tree: ast.Module) -> frozenset[str]:
    """Every name that a source binds or uses, but for modules that it imports under their own name."""
    names: set[str] = set()
    plain = set()
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=aliases):
                for alias in aliases:
                    if alias.asname is None and "." not in alias.name:
                        plain.add(alias.name)
                    names.add(alias.asname or alias.name.partition(".")[0])
            case ast.ImportFrom(names=aliases):
                names.update(alias.asname or alias.name for alias in aliases)
            case (
                ast.Name(id=name)
                | ast.FunctionDef(name=name)
                | ast.AsyncFunctionDef(name=name)
                | ast.ClassDef(name=name)
            ):
                names.add(name)
            case ast.arg(arg=name):
                names.add(name)
            case ast.Global(names=declared):
                names.update(declared)
    return frozenset(names - plain) | _rebound(tree, plain)


def _rebound(tree: ast.Module, plain: set[str]) -> set[str]:
    """Modules whose name the source gives to something else as well."""
    return {
        node.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) and node.id in plain
    } | {
        node.name
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and node.name in plain
    }


def free_name(wanted: str, taken: Iterable[str]) -> str:
    """The name, with as many underscores after it as make it free."""
    names = set(taken)
    while wanted in names:
        wanted += "_"
    return wanted


def name_test(case_name: str, taken: set[str]) -> str:
    """What a test is called after its case: "größer als 2" is größer_als_2. It is added to those that are taken."""
    text = unicodedata.normalize("NFKC", case_name).casefold()
    word = re.sub(r"\W+", "_", text).strip("_")[:TEST_NAME_CHARS].strip("_") or "case"
    if not f"test_{word}".isidentifier():
        word = "case"
    name, number = word, 2
    while {name, f"test_{name}", f"score_{name}"} & taken:
        name, number = f"{word}_{number}", number + 1
    taken |= {name, f"test_{name}", f"score_{name}"}
    return name
