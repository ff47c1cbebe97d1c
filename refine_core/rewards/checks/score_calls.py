"""What a reward passes to Score under a name that Score does not have: a TypeError wherever it is reached."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import fields

from refine_core.rewards.checks.code import Code
from refine_core.rewards.checks.finding import Finding, Fix, find_nearest
from refine_core.rewards.checks.names import bound_names
from refine_core.rewards.shapes.absent_frameworks import list_supplied


def check_score_calls(code: Code) -> Iterator[Finding]:
    """Each unknown keyword of a call of the library's own Score."""
    from refine_core.rewards.score import Score  # it brings what a worker that only scores has no use for

    calls = [
        node
        for node in code.select(ast.Call)
        if node.keywords and isinstance(node.func, ast.Name) and node.func.id == "Score"
    ]
    if not calls:
        return
    if "Score" in list_supplied(code.shape) or any(
        ("Score" in bound_names(node) and not isinstance(node, ast.alias)) or _imports_another(node)
        for node in code.nodes
    ):  # one of the source's own, or of a framework
        return
    known = [one.name for one in fields(Score)]
    for call in calls:
        for keyword in call.keywords:
            if keyword.arg is not None and keyword.arg not in known:
                yield _report(code, keyword, keyword.arg, known)


def _imports_another(node: ast.AST) -> bool:
    """Whether it takes the name Score from a package other than the library."""
    if not isinstance(node, ast.ImportFrom) or (node.module or "").partition(".")[0] == "refine_core":
        return False
    return any("Score" in bound_names(one) for one in node.names)


def _report(code: Code, keyword: ast.keyword, name: str, known: list[str]) -> Finding:
    line = keyword.lineno
    column = code.lines.column(line, keyword.col_offset)
    end = column + len(name)
    close = find_nearest(name, known)
    meant = f" Did you mean {close!r}?" if close else f" It takes {', '.join(known)}."
    fix = Fix(f"Use {close}", line, column, end, close) if close else None
    return Finding(
        "unknown-keyword", "error", f"Score takes no {name!r}.{meant}", line, column, end, fix, name
    )
