"""The regular expressions of a reward: whether they parse, can take practically forever, and look past a line break."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from refine_core.python_parser import without_warnings
from refine_core.rewards.checks.code import Code
from refine_core.rewards.checks.finding import Finding, Fix
from refine_core.rewards.checks.regex.automaton import Node, Unsupported, build_automaton, parse_pattern
from refine_core.rewards.checks.regex.backtracking import Attack, find_attack
from refine_core.rewards.checks.regex.lines import begins_with_dots, find_marks

_FLAGS_AT: Mapping[str, int] = {
    "compile": 1, "search": 2, "match": 2, "fullmatch": 2, "findall": 2, "finditer": 2, "split": 3, "sub": 4, "subn": 4,
}  # fmt: skip
"""Function of `re` -> which argument its flags are."""
_MAX_CHARS = 2_000


@dataclass(frozen=True, slots=True)
class _Use:
    """A call of `re` with a pattern that is written out. flags: None where they are not known. module: "re", or its name here."""

    call: ast.Call
    function: str
    module: str
    node: ast.expr
    pattern: str
    flags: int | None
    flags_node: ast.expr | None


def check_patterns(code: Code) -> Iterator[Finding]:
    """Each pattern that is written out in the source, with the flags that its call has."""
    for use in _iter_uses(code):
        if use.flags is None or len(use.pattern) > _MAX_CHARS:
            continue
        try:
            with without_warnings():
                nodes, flags = parse_pattern(use.pattern, use.flags)
        except re.error as error:
            what = f"{error.msg} at character {(error.pos or 0) + 1}" if error.pos is not None else error.msg
            yield _report(code, use, "bad-pattern", f"This is no regular expression: {what}.")
            continue
        except (RecursionError, OverflowError, ValueError):
            continue
        yield from _check_backtracking(code, use)
        yield from _check_lines(code, use, nodes, flags)


@lru_cache(maxsize=64)
def _find_attack(pattern: str, flags: int, *, whole: bool) -> Attack | None:
    """For a pattern that parses. A source is read at every key, and most of its patterns stay."""
    try:
        with without_warnings():
            nodes, flags = parse_pattern(pattern, flags)
        return find_attack(build_automaton(nodes, flags, whole=whole))
    except (Unsupported, RecursionError):
        return None


def _check_backtracking(code: Code, use: _Use) -> Iterator[Finding]:
    attack = _find_attack(use.pattern, use.flags or 0, whole=use.function == "fullmatch")
    if attack is not None:
        yield _report(
            code,
            use,
            "slow-pattern",
            f"On some texts this pattern takes forever: after {attack.prefix!r}, each further {attack.pump!r} doubles the "
            "time if no match follows. Let only one repetition match each character.",
            subject=attack.text,
        )


def _check_lines(code: Code, use: _Use, nodes: list[Node], flags: int) -> Iterator[Finding]:
    marks = find_marks(nodes, flags)
    if marks is not None:
        left, right = marks
        message = (
            f"`.` stops at a line break, so text on several lines between {left} and {right} is not found. "
            "re.DOTALL lets it go on."
        )
    elif use.function == "match" and begins_with_dots(nodes, flags) and not _goes_line_by_line(code, use):
        message = "`.` stops at a line break, so this looks at the first line only. re.DOTALL lets it go on."
    else:
        return
    yield _report(code, use, "one-line-pattern", message, fix=_add_dotall(code, use), subject=use.pattern)


def _goes_line_by_line(code: Code, use: _Use) -> bool:
    """Whether what is looked at is one of several, as in `for line in text.splitlines()`."""
    looked_at = use.call.args[1] if len(use.call.args) > 1 else None
    loops: list[ast.For | ast.AsyncFor | ast.comprehension] = [
        *code.select(ast.For),
        *code.select(ast.AsyncFor),
        *code.select(ast.comprehension),
    ]
    names = {name.id for one in loops for name in ast.walk(one.target) if isinstance(name, ast.Name)}
    return any(isinstance(one, ast.Name) and one.id in names for one in ast.walk(looked_at or ast.Pass()))


def _add_dotall(code: Code, use: _Use) -> Fix | None:
    if not use.module:
        return None
    after = use.flags_node
    if after is not None:
        line, column = after.end_lineno or after.lineno, after.end_col_offset or 0
        text = f" | {use.module}.DOTALL"
    else:
        last = (use.call.keywords or use.call.args)[-1]
        node = last.value if isinstance(last, ast.keyword) else last
        line, column = node.end_lineno or node.lineno, node.end_col_offset or 0
        text = f", flags={use.module}.DOTALL"
    place = code.lines.column(line, column)
    return Fix("Add re.DOTALL", line, place, place, text)


def _report(
    code: Code, use: _Use, kind: str, message: str, *, fix: Fix | None = None, subject: str = ""
) -> Finding:
    node = use.node if isinstance(use.node, ast.Constant) else use.call
    line, column, end, _ = code.lines.locate_text(node)
    return Finding(
        kind, "error" if kind == "bad-pattern" else "note", message, line, column, end, fix, subject
    )


def _iter_uses(code: Code) -> Iterator[_Use]:
    modules, names = _list_imports(code)
    if not modules and not names:
        return
    for node in code.select(ast.Call):
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Name(id=module), attr=function)) if module in modules:
                pass
            case ast.Call(func=ast.Name(id=name)) if name in names:
                module, function = "", names[name]
            case _:
                continue
        if function in _FLAGS_AT and (use := _read_use(code, node, function, module)):
            yield use


def _read_use(code: Code, call: ast.Call, function: str, module: str) -> _Use | None:
    keywords = {one.arg: one.value for one in call.keywords}
    if None in keywords or any(isinstance(one, ast.Starred) for one in call.args):
        return None
    node = call.args[0] if call.args else keywords.get("pattern")
    at = _FLAGS_AT[function]
    flags_node = keywords.get("flags") or (call.args[at] if len(call.args) > at else None)
    pattern = _read_text(code, node) if node is not None else None
    if node is None or pattern is None:
        return None
    flags = 0 if flags_node is None else _read_flags(flags_node)
    return _Use(call, function, module, node, pattern, flags, flags_node)


def _list_imports(code: Code) -> tuple[set[str], dict[str, str]]:
    """Names of the module `re` here, and name -> function of what is imported from it."""
    modules, names = set[str](), dict[str, str]()
    for node in code.select(ast.Import, ast.ImportFrom):
        match node:
            case ast.Import(names=aliases):
                modules |= {one.asname or one.name for one in aliases if one.name == "re"}
            case ast.ImportFrom(module="re", names=aliases, level=0):
                names |= {one.asname or one.name: one.name for one in aliases}
            case _:
                continue
    return modules, names


def _read_text(code: Code, node: ast.expr) -> str | None:
    """A text that is written out: in place, in parts, or under a name that is bound once."""
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            one, other = _read_text(code, left), _read_text(code, right)
            return None if one is None or other is None else one + other
        case ast.Name(id=name):
            values = [
                one.value
                for one in code.select(ast.Assign)
                if any(isinstance(target, ast.Name) and target.id == name for target in one.targets)
            ]
            stores = sum(
                one.id == name and not isinstance(one.ctx, ast.Load) for one in code.select(ast.Name)
            )
            only = values[0] if len(values) == 1 == stores else None
            is_text = isinstance(only, ast.Constant) and isinstance(only.value, str)
            return only.value if is_text else None  # type: ignore[union-attr]
        case _:
            return None


def _read_flags(node: ast.expr) -> int | None:
    match node:
        case ast.Constant(value=int(number)):
            return int(number)
        case ast.Attribute(attr=name) | ast.Name(id=name) if name.isupper() and hasattr(re, name):
            return int(getattr(re, name))
        case ast.BinOp(left=left, op=ast.BitOr() | ast.Add(), right=right):
            one, other = _read_flags(left), _read_flags(right)
            return None if one is None or other is None else one | other
        case _:
            return None
