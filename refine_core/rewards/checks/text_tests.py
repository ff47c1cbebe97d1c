"""Tests for a text inside another: what they pay beside what they are meant for.

pred.answer in gold           the empty text is in every text
gold in pred.answer           "12" is in "1250"
"no" in pred.answer           "no" is in "know"
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from refine_core.rewards.checks.code import Code
from refine_core.rewards.checks.finding import Finding, Fix, Severity
from refine_core.rewards.checks.inference import Kinds

_SHORT = 3  # letters of a word that many others contain
_OF_ENDS = {"startswith": "starts with", "endswith": "ends with"}


def check_text_tests(code: Code, kinds: Kinds) -> Iterator[Finding]:
    """`in`, `startswith` and `endswith` on text."""
    for node in code.select(ast.Compare, ast.Call):
        match node:
            case ast.Compare(left=left, ops=[ast.In() | ast.NotIn()], comparators=[right]) if (
                kinds.of(right).type == "text"
            ):
                yield from _check_in(code, kinds, node, left, right)
            case ast.Call(
                func=ast.Attribute(value=owner, attr="startswith" | "endswith" as method), args=[part]
            ):
                if _can_be_empty(kinds, part, owner):
                    message = f"{_name(part)} passes this test when it is empty: every text {_OF_ENDS[method]} the empty text."
                    yield _report(code, node, "empty-in-text", message, None)
            case _:
                continue


def _check_in(
    code: Code, kinds: Kinds, node: ast.Compare, left: ast.expr, right: ast.expr
) -> Iterator[Finding]:
    needle, text = kinds.of(left), kinds.of(right)
    if isinstance(left, ast.Constant):
        yield from _check_constant(code, node, left.value, is_written=text.written)
    elif needle.type not in ("text", ""):
        return
    elif needle.written and not needle.given and not text.written:
        message = (
            f"{_name(left)} passes this test when it is empty: the empty text is in every text. "
            f"So does any part of {_name(right)}."
        )
        fix = _refuse_empty(code, node, left)
        yield _report(code, node, "empty-in-text", message, fix)
    elif needle.given and not needle.written and text.written:
        message = (
            'This also finds parts of words and numbers: "12" is in "1250". '
            "And an output that lists every possible answer passes."
        )
        yield _report(code, node, "part-in-text", message, _find_whole(code, node, left, right))


def _check_constant(code: Code, node: ast.Compare, value: object, *, is_written: bool) -> Iterator[Finding]:
    if value == "":
        result = "true" if isinstance(node.ops[0], ast.In) else "false"
        message = f"The empty text is in every text, so this is always {result}."
        yield _report(code, node, "always-in-text", message, None)
    elif is_written and isinstance(value, str) and value.isalnum() and len(value) <= _SHORT:
        example = {"no": "know", "yes": "eyes"}.get(value.lower())
        inside = f' ("{value}" is in "{example}")' if example and value.islower() else ""
        message = f"This also finds {value!r} inside longer words and numbers{inside}."
        yield _report(
            code, node, "part-in-text", message, _find_whole(code, node, node.left, node.comparators[0])
        )


def _can_be_empty(kinds: Kinds, part: ast.expr, owner: ast.expr) -> bool:
    needle, text = kinds.of(part), kinds.of(owner)
    return needle.type == "text" and needle.written and not needle.given and text.given and not text.written


def _refuse_empty(code: Code, node: ast.Compare, left: ast.expr) -> Fix | None:
    """The same test, and that the output is not empty."""
    line, column, end, text = code.lines.locate_text(node)
    subject = ast.unparse(left)
    if not text or not column or not end or not isinstance(left, (ast.Name, ast.Attribute, ast.Subscript)):
        return None
    if isinstance(node.ops[0], ast.In):
        return Fix("Refuse an empty output", line, column, end, f"(bool({subject}.strip()) and {text})")
    return Fix("Refuse an empty output", line, column, end, f"(not {subject}.strip() or {text})")


def _find_whole(code: Code, node: ast.Compare, left: ast.expr, right: ast.expr) -> Fix | None:
    """A search for whole words, where `re` is at hand."""
    line, column, end, text = code.lines.locate_text(node)
    has_re = any(
        isinstance(one, ast.Import) and any(name.name == "re" and not name.asname for name in one.names)
        for one in code.tree.body
    )
    if not text or not column or not end or not has_re:
        return None
    pattern = (
        rf'r"\b{left.value}\b"'
        if isinstance(left, ast.Constant) and isinstance(left.value, str)
        else rf'r"(?<!\w)" + re.escape({ast.unparse(left)}) + r"(?!\w)"'
    )
    found = "is None" if isinstance(node.ops[0], ast.NotIn) else "is not None"
    return Fix(
        "Look for whole words", line, column, end, f"(re.search({pattern}, {ast.unparse(right)}) {found})"
    )


def _name(node: ast.expr) -> str:
    text = ast.unparse(node)
    return text if len(text) <= 40 else "text"  # noqa: PLR2004  # of a sentence


def _report(code: Code, node: ast.expr, kind: str, message: str, fix: Fix | None) -> Finding:
    line, column, end, _ = code.lines.locate_text(node)
    severity: Severity = "warning" if kind == "always-in-text" else "note"
    return Finding(kind, severity, message, line, column, end, fix, ast.unparse(node)[:80])
