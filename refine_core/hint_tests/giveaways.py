"""What a hint gives away: a reference value, or a constant that the reward tests for. Then the test may measure copying.

    find_giveaways(timeline, attempt, hint) -> Giveaway("kettle", line=8), …

Beside what refine_core.uptake finds in the hints of a run (reference values, and quoted texts of the reward's code), a hint may
name a constant without quotes. That counts if it is no everyday word: "Mention the date" gives no "date" away.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from refine_core.log.timeline import Attempt, Timeline
from refine_core.python_parser import parse_module
from refine_core.uptake import find_leaks, program_texts

MIN_CHARACTERS: Final = 3
MAX_CHARACTERS: Final = 120
MIN_DIGITS: Final = 2
_TESTING_METHODS: Final = frozenset(
    ("startswith", "endswith", "count", "find", "index", "removeprefix", "removesuffix")
)
_MAX_SOURCE: Final = 20_000
_EVERYDAY: Final = re.compile(r"[^\W\dA-Z_]+")  # one word in small letters


@dataclass(frozen=True, slots=True)
class Giveaway:
    """value: what the hint says. name: of the reference value; "" for a constant. line: of the constant in the reward's code, or None."""

    value: str
    name: str = ""
    line: int | None = None

    def describe(self, who: str) -> str:
        """A sentence. who: "The edit"."""
        if self.name:
            what = f"“{self.value}” from {self.name}, which only the reward should see"
        else:
            where = "" if self.line is None else f", line {self.line}"
            what = f"a constant of the reward (“{self.value}”{where})"
        return f"{who} quotes {what}. It may teach the test."


def find_giveaways(timeline: Timeline, attempt: Attempt, hint: str) -> tuple[Giveaway, ...]:
    """What a hint for that attempt gives away: nothing that the program was given, or said itself, before."""
    spec, known = timeline.spec, program_texts(timeline, attempt)
    found: dict[str, Giveaway] = {}
    lines = _text_lines(spec.reward)
    for leak in find_leaks(spec, hint, known):
        line = None if leak.kind == "reference" else lines.get(leak.value.casefold())
        found.setdefault(leak.value.casefold(), Giveaway(leak.value, leak.name, line))
    for text, line in _tested_constants(spec.reward):
        key = text.casefold()
        if (
            key not in found
            and not _EVERYDAY.fullmatch(text)
            and _holds(hint, text)
            and not _holds(known, text)
        ):
            found[key] = Giveaway(text, "", line)
    return tuple(found.values())


@lru_cache(maxsize=64)
def _text_lines(source: str) -> dict[str, int]:
    """The texts in a reward's code, in lower case -> line of the first."""
    lines: dict[str, int] = {}
    for node in _nodes(source):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            lines.setdefault(node.value.strip().casefold(), node.lineno)
    return lines


@lru_cache(maxsize=64)
def _tested_constants(source: str) -> tuple[tuple[str, int], ...]:
    """Texts, and numbers that must be met exactly, which the code tests outputs for, each with its line."""
    found: list[tuple[str, int]] = []
    for node in _nodes(source):
        match node:
            case ast.Compare(left=left, ops=ops, comparators=others):
                numbers = any(isinstance(op, ast.Eq | ast.In) for op in ops)
                for operand in (left, *others):
                    found += _constants(operand, numbers=numbers)
            case ast.Call(func=ast.Attribute(attr=name), args=arguments) if name in _TESTING_METHODS:
                for argument in arguments:
                    found += _constants(argument, numbers=False)
            case ast.List() | ast.Tuple() | ast.Set():
                found += _constants(node, numbers=False)
    return tuple(dict.fromkeys(found))


def _constants(node: ast.expr, *, numbers: bool) -> Iterator[tuple[str, int]]:
    """Constants that are long enough to be told from any other text."""
    if isinstance(node, ast.List | ast.Tuple | ast.Set):
        for element in node.elts:
            yield from _constants(element, numbers=numbers)
    if not isinstance(node, ast.Constant) or isinstance(node.value, bool):
        return
    if isinstance(node.value, str) and MIN_CHARACTERS <= len(node.value.strip()) <= MAX_CHARACTERS:
        yield node.value.strip(), node.lineno
    elif numbers and isinstance(node.value, int | float):
        text = f"{node.value:g}"
        if len(re.sub(r"\D", "", text)) >= MIN_DIGITS:
            yield text, node.lineno


def _nodes(source: str) -> list[ast.AST]:
    try:
        return list(ast.walk(parse_module(source[:_MAX_SOURCE])))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []


def _holds(text: str, value: str) -> bool:
    pattern = r"\s+".join(re.escape(word) for word in value.split())
    return bool(pattern) and re.search(rf"(?<![\w.]){pattern}(?!\w|\.\d)", text, re.IGNORECASE) is not None
