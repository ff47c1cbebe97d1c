"""Where `.` stops at a line break between two marks, although what models write between them has several lines.

    <think>.*</think>     ```python(.*)```     {.*}     </think>.*<answer>

Only between marks that say so: `Answer: (.*)` is meant to end with its line.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from re import _constants as op  # type: ignore[attr-defined]

from refine_core.rewards.checks.regex.automaton import Node

_REPEATS = frozenset((op.MAX_REPEAT, op.MIN_REPEAT))
_STARTS = frozenset((op.AT_BEGINNING, op.AT_BEGINNING_STRING))
_DOTS, _OTHER, _GREEDY_DOTS = "\0dots", "\0other", "\0greedy"
_OPENS_FENCE = re.compile(r"```\w*\Z")


def find_marks(nodes: Iterable[Node], flags: int) -> tuple[str, str] | None:
    """The marks left and right of the first such `.*`; None if there is none, or the pattern names line breaks itself."""
    if flags & re.DOTALL:
        return None
    parts = list(_flatten(nodes))
    if any("\n" in one for one in parts):
        return None
    joined = list(_join(parts))
    for i, part in enumerate(joined[:-1]):
        if i and part in (_DOTS, _GREEDY_DOTS):
            left, right = joined[i - 1], joined[i + 1]
            if (
                left[:1] != "\0"
                and right[:1] != "\0"
                and _spans_lines(left, right, greedy=part == _GREEDY_DOTS)
            ):
                return _last_mark(left), _first_mark(right)
    return None


def begins_with_dots(nodes: Iterable[Node], flags: int) -> bool:
    """Whether it begins with `.*` and goes on: `re.match` then looks no further than the first line."""
    if flags & re.DOTALL:
        return False
    parts = list(_flatten(nodes))
    return len(parts) > 1 and parts[0] in (_DOTS, _GREEDY_DOTS) and not any("\n" in one for one in parts)


def _spans_lines(left: str, right: str, *, greedy: bool) -> bool:
    if left.endswith(">") and right.startswith("<"):
        return True
    if left.endswith("]") and right.startswith("[/"):
        return True
    if _OPENS_FENCE.search(left) and right.startswith("```"):
        return True
    return greedy and left == "{" and right == "}"


def _last_mark(text: str) -> str:
    return text[max(text.rfind(one) for one in "<[`{") :] if text[-1:] in ">]" else text


def _first_mark(text: str) -> str:
    found = re.match(r"<[^>]*>?|\[[^\]]*\]?|`+|.", text)
    return found[0] if found else text


def _flatten(nodes: Iterable[Node]) -> Iterator[str]:
    """Characters, `.*`, and anything else, in their order; groups are opened, optional white space is left out."""
    for what, value in nodes:
        if what is op.LITERAL:
            yield chr(value)
        elif what is op.SUBPATTERN:
            _group, add, _remove, inner = value
            if add & re.DOTALL:
                yield _OTHER
            else:
                yield from _flatten(inner)
        elif what in _REPEATS and _is_dot(value[2]) and value[1] > 99:  # noqa: PLR2004  # without end, or nearly
            yield _GREEDY_DOTS if what is op.MAX_REPEAT else _DOTS
        elif (what in _REPEATS and _is_space(value[2])) or (what is op.AT and value in _STARTS):
            continue
        elif what in _REPEATS or what is op.BRANCH:
            yield _OTHER + ("\n" if _names_line_break(value) else "")
        else:
            yield _OTHER


def _is_dot(inner: Iterable[Node]) -> bool:
    return [what for what, _ in inner] == [op.ANY]


def _is_space(inner: Iterable[Node]) -> bool:
    return list(inner) == [(op.IN, [(op.CATEGORY, op.CATEGORY_SPACE)])]


def _names_line_break(value: object) -> bool:
    return f"(LITERAL, {ord(chr(10))})" in str(value)


def _join(parts: Iterable[str]) -> Iterator[str]:
    """Neighbouring characters as one text."""
    text = ""
    for one in parts:
        if one[:1] == "\0":
            if text:
                yield text
            text = ""
            yield one
        else:
            text += one
    if text:
        yield text
