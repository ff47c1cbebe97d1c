"""A regular expression as an automaton: its characters as positions, and which position can follow which, in how many ways.

    (a+)+b      positions a, b;  follow[a] = {a: 2, b: 1}      two ways from a to a: the inner + and the outer

This is Glushkov's construction on the tree of Python's own parser, with counts. Ways to match nothing count, too: `re` tries
each of them, as in (?:|a?)b, and one more round of nothing after a loop. `$` is a position that takes END. What it does not
cover raises Unsupported: looking around, word boundaries, references, atomic groups, an anchor inside.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from re import _constants as op  # type: ignore[attr-defined]  # the parser's names; there are no public ones
from re import _parser  # type: ignore[attr-defined]
from typing import Any

Node = tuple[Any, Any]

_MAX_POSITIONS = 160
_MANY_WAYS = 1_000
_MANY = 16  # repetitions; more count as without end
_SAMPLES = "aZ09_ \t\n-.,;:!?<>/()[]{}\"'=*#\u00e9\u4e2d"
_START = frozenset((op.AT_BEGINNING, op.AT_BEGINNING_STRING))
_END = frozenset((op.AT_END, op.AT_END_STRING))
_ANY_NUMBER = frozenset((op.MAX_REPEAT, op.MIN_REPEAT))


class Unsupported(Exception):  # noqa: N818  # no error: the caller knows nothing then
    """The expression has something that an automaton does not say, or is too large."""


@dataclass(slots=True)
class Automaton:
    """masks: for each position the characters of `alphabet` that it takes, as bits; END is the bit after the last.

    first: the positions with which a match begins. last: those with which it can end. follow: position -> the next ones, with
    the number of ways. nullable: whether it matches the empty text.
    """

    alphabet: str
    masks: list[int] = field(default_factory=list)
    follow: list[Counter[int]] = field(default_factory=list)
    first: Counter[int] = field(default_factory=Counter)
    last: Counter[int] = field(default_factory=Counter)
    nullable: bool = False

    @property
    def end(self) -> int:
        """The mask of END."""
        return 1 << len(self.alphabet)


@dataclass(frozen=True, slots=True)
class _Part:
    """A part of a pattern. first, last: position -> number of ways. empty: number of ways to match nothing."""

    first: Counter[int]
    last: Counter[int]
    empty: int


_EMPTY = _Part(Counter(), Counter(), 1)


def _times(ways: Counter[int], factor: int) -> Counter[int]:
    """Ways, each in so many variants; few of them, since more than one is what counts."""
    return Counter({place: min(count * factor, _MANY_WAYS) for place, count in ways.items() if factor})


def parse_pattern(pattern: str, flags: int) -> tuple[list[Node], int]:
    """The tree of Python's parser, and the flags with those that the pattern sets itself. Raises re.error."""
    tree = _parser.parse(pattern, flags)
    return list(tree), tree.state.flags


def build_automaton(nodes: Sequence[Node], flags: int, *, whole: bool) -> Automaton:
    """whole: whether the match must end where the text does. Raises Unsupported."""
    letters = dict.fromkeys(_SAMPLES)
    _collect_letters(nodes, letters)
    if flags & re.MULTILINE:  # so that `$` is the end only
        letters.pop("\n", None)
    if flags & re.ASCII:
        letters = {one: None for one in letters if one.isascii()}
    builder = _Builder(Automaton("".join(letters)), flags)
    part = builder.sequence(nodes, at_start=True, looped=False)
    if whole:
        part = builder.concatenate(part, builder.position(builder.automaton.end))
    made = builder.automaton
    made.first, made.last, made.nullable = part.first, part.last, bool(part.empty)
    return made


def _collect_letters(nodes: Iterable[Any], letters: dict[str, None]) -> None:
    """Every character that the pattern names, and the ends of its ranges."""
    for node in nodes:
        if not isinstance(node, tuple) or len(node) != 2:  # noqa: PLR2004
            continue
        what, value = node
        if what in (op.LITERAL, op.NOT_LITERAL):
            letters[chr(value)] = None
        elif what is op.RANGE:
            letters |= {chr(value[0]): None, chr(value[1]): None}
        else:
            for inner in value if isinstance(value, (list, tuple)) else ():
                _collect_letters(inner if isinstance(inner, (list, _parser.SubPattern)) else [inner], letters)
                if what is op.BRANCH and isinstance(inner, list):
                    for branch in inner:
                        _collect_letters(branch, letters)


class _Builder:
    def __init__(self, automaton: Automaton, flags: int) -> None:
        self.automaton = automaton
        self._flags = flags

    def position(self, mask: int) -> _Part:
        """A new position that takes these characters."""
        made = self.automaton
        if len(made.masks) >= _MAX_POSITIONS:
            raise Unsupported
        made.masks.append(mask)
        made.follow.append(Counter())
        place = len(made.masks) - 1
        return _Part(Counter((place,)), Counter((place,)), 0)

    def concatenate(self, one: _Part, other: _Part) -> _Part:
        self._link(one.last, other.first)
        return _Part(
            one.first + _times(other.first, one.empty),
            other.last + _times(one.last, other.empty),
            min(one.empty * other.empty, _MANY_WAYS),
        )

    def _link(self, ends: Counter[int], begins: Counter[int]) -> None:
        for end, ways in ends.items():
            for begin, more in begins.items():
                self.automaton.follow[end][begin] += ways * more

    def sequence(self, nodes: Iterable[Node], *, at_start: bool, looped: bool) -> _Part:
        part = _EMPTY
        for node in nodes:
            part = self.concatenate(
                part, self._node(node, at_start=at_start and part is _EMPTY, looped=looped)
            )
        return part

    def _node(self, node: Node, *, at_start: bool, looped: bool) -> _Part:
        what, value = node
        if what in (op.LITERAL, op.NOT_LITERAL, op.ANY, op.IN):
            takes = self._make_test(what, value)
            return self.position(sum(1 << i for i, one in enumerate(self.automaton.alphabet) if takes(one)))
        if what is op.SUBPATTERN:
            _group, add, remove, inner = value
            if add or remove:
                raise Unsupported
            return self.sequence(inner, at_start=at_start, looped=looped)
        if what is op.BRANCH:
            parts = [self.sequence(one, at_start=at_start, looped=looped) for one in value[1]]
            first, last = Counter[int](), Counter[int]()
            for one in parts:
                first.update(one.first)
                last.update(one.last)
            return _Part(first, last, sum(one.empty for one in parts))
        if what in _ANY_NUMBER:
            return self._repeat(*value)
        if what is op.AT and not looped and value in _END:
            return self.position(self.automaton.end)
        if what is op.AT and not looped and value in _START and at_start:
            return _EMPTY
        raise Unsupported

    def _repeat(self, least: int, most: int, inner: Iterable[Node]) -> _Part:
        nodes = list(inner)

        def copy() -> _Part:
            return self.sequence(nodes, at_start=False, looped=True)

        endless = most >= _MANY
        required = min(least, _MANY)
        if endless:
            last = copy()
            self._link(last.last, last.first)
            rest = _Part(last.first, _times(last.last, 1 + last.empty), last.empty + (not required))
            required -= bool(required)
        else:
            rest = _EMPTY
            for _ in range(most - required):  # x(x(x)?)?
                rest = self.concatenate(copy(), rest)
                rest = _Part(rest.first, rest.last, rest.empty + 1)
        for _ in range(required):
            rest = self.concatenate(copy(), rest)
        return rest

    def _make_test(self, what: Any, value: Any) -> Callable[[str], bool]:
        folds = bool(self._flags & re.IGNORECASE)

        def forms(letter: str) -> tuple[str, ...]:
            return (letter, letter.lower(), letter.upper()) if folds else (letter,)

        if what is op.ANY:
            return lambda letter: bool(self._flags & re.DOTALL) or letter != "\n"
        if what is op.LITERAL:
            return lambda letter: chr(value) in forms(letter)
        if what is op.NOT_LITERAL:
            return lambda letter: chr(value) not in forms(letter)
        negated = value[0][0] is op.NEGATE
        items = value[1:] if negated else value
        return lambda letter: any(_is_in(one, item) for one in forms(letter) for item in items) is not negated


def _is_in(letter: str, item: Node) -> bool:
    what, value = item
    if what is op.LITERAL:
        return letter == chr(value)
    if what is op.RANGE:
        return bool(value[0] <= ord(letter) <= value[1])
    if what is op.CATEGORY and value in _CATEGORIES:
        return _CATEGORIES[value](letter)
    raise Unsupported


_CATEGORIES: dict[Any, Callable[[str], bool]] = {
    op.CATEGORY_DIGIT: str.isdecimal,
    op.CATEGORY_NOT_DIGIT: lambda one: not one.isdecimal(),
    op.CATEGORY_SPACE: str.isspace,
    op.CATEGORY_NOT_SPACE: lambda one: not one.isspace(),
    op.CATEGORY_WORD: lambda one: one.isalnum() or one == "_",
    op.CATEGORY_NOT_WORD: lambda one: not (one.isalnum() or one == "_"),
}
