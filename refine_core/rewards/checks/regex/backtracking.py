"""Whether a regular expression can take exponential time, and on which text.

Python's `re` tries one way after another. If some position p can come back to itself in two ways over the same word w, a text
of n times w can be read in 2^n ways, and all of them are tried where none leads to a match. Both are checked on the automaton:
two ways (Weber and Seidl 1991, "On the degree of ambiguity of finite automata", criterion EDA), and that no prefix of the text
matches, so that nothing ends the search early. What the automaton does not cover is not reported.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

from refine_core.rewards.checks.regex.automaton import Automaton

_MAX_PAIRS = 2_000  # of positions that are looked at, for one pattern
_REPEATS = 30


@dataclass(frozen=True, slots=True)
class Attack:
    """A text that takes exponential time in the number of times that `pump` stands in it."""

    prefix: str
    pump: str
    suffix: str

    @property
    def text(self) -> str:
        """The text with enough of it for a billion ways."""
        return self.make(_REPEATS)

    def make(self, times: int) -> str:
        """The text with `times` times the pump."""
        return self.prefix + self.pump * times + self.suffix


def find_attack(automaton: Automaton) -> Attack | None:
    """The first one that is found; None if there is none, or it would take long to find."""
    if automaton.nullable:
        return None
    budget = _MAX_PAIRS
    for here, one, other in _iter_forks(automaton):
        found = _find_way_back(automaton, here, one, other, budget)
        budget -= found[1]
        if found[0] is not None and (attack := _finish(automaton, here, found[0])):
            return attack
        if budget <= 0:
            return None
    return None


def _iter_forks(automaton: Automaton) -> Iterator[tuple[int, int, int]]:
    """Positions that can go on in two ways over one character: (here, one, other), one may be other."""
    masks = automaton.masks
    for here, follow in enumerate(automaton.follow):
        places = list(follow)
        for i, one in enumerate(places):
            if follow[one] > 1:
                yield here, one, one
            for other in places[i + 1 :]:
                if masks[one] & masks[other]:
                    yield here, one, other


def _find_way_back(
    automaton: Automaton, here: int, one: int, other: int, budget: int
) -> tuple[str | None, int]:
    """A word over which both `one` and `other` come back to `here`, with the fork's own character; and the pairs looked at."""
    masks, follow = automaton.masks, automaton.follow
    start = (one, other)
    came: dict[tuple[int, int], tuple[int, int] | None] = {start: None}
    pending = deque((start,))
    while pending and len(came) < budget:
        pair = pending.popleft()
        if pair == (here, here):
            return _spell(automaton, came, pair), len(came)
        for left in follow[pair[0]]:
            for right in follow[pair[1]]:
                if masks[left] & masks[right] and (left, right) not in came:
                    came[left, right] = pair
                    pending.append((left, right))
    return None, len(came)


def _spell(
    automaton: Automaton, came: dict[tuple[int, int], tuple[int, int] | None], pair: tuple[int, int]
) -> str:
    letters: list[str] = []
    at: tuple[int, int] | None = pair
    while at is not None:
        letters.append(_pick(automaton, automaton.masks[at[0]] & automaton.masks[at[1]]))
        at = came[at]
    return "".join(reversed(letters))


def _pick(automaton: Automaton, mask: int) -> str:
    """One of these characters: a letter if there is one."""
    place = (mask & -mask).bit_length() - 1
    return automaton.alphabet[place] if place < len(automaton.alphabet) else ""


def _finish(automaton: Automaton, here: int, pump: str) -> Attack | None:
    """The text around the pump: a way to the position, and an end at which nothing matches."""
    prefix = _find_way_to(automaton, here)
    if prefix is None or not pump:
        return None
    for suffix in ("", "!", *automaton.alphabet):
        attack = Attack(prefix, pump, suffix)
        if suffix != "\n" and not _matches(automaton, attack.make(len(automaton.masks) + 2)):
            return attack
    return None


def _find_way_to(automaton: Automaton, here: int) -> str | None:
    came: dict[int, int | None] = dict.fromkeys(automaton.first)
    pending = deque(came)
    while pending:
        place = pending.popleft()
        if place == here:
            letters: list[str] = []
            at: int | None = place
            while at is not None:
                letters.append(_pick(automaton, automaton.masks[at]))
                at = came[at]
            return "".join(reversed(letters))
        for following in automaton.follow[place]:
            if following not in came and automaton.masks[following] != automaton.end:
                came[following] = place
                pending.append(following)
    return None


def _matches(automaton: Automaton, text: str) -> bool:
    """Whether a prefix of the text matches."""
    places = {letter: 1 << i for i, letter in enumerate(automaton.alphabet)}
    taken = [places.get(letter, 0) for letter in text]
    now = {place for place in automaton.first if automaton.masks[place] & [*taken, automaton.end][0]}
    for bit in [*taken[1:], automaton.end, automaton.end]:
        if now & automaton.last.keys():
            return True
        now = {
            following
            for place in now
            for following in automaton.follow[place]
            if automaton.masks[following] & bit
        }
    return bool(now & automaton.last.keys())
