"""Arms in a word: one program, in the ways in which it is compared.

    "refine"  "refine_3"  "best_of_5"  "single"  "no_hints"        each --derive--> ProgramSpec, and what the arm is called

A program keeps all else: its stages, reward, threshold, model. So nothing but the way of trying again differs.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from string import ascii_lowercase
from typing import Final

from refine_core.spec import ProgramSpec

WORDS: Final = ("refine", "refine_3", "best_of_5", "single", "no_hints")
"""Every form that there is; another number may stand at its end."""
_FORM: Final = re.compile(r"(refine|best_of|no_hints|single)(?:_(\d{1,4}))?")


def derive(word: str, base: ProgramSpec) -> ProgramSpec:
    """The program that an arm in a word runs. Raises ValueError with a sentence for a word that is none."""
    kind, attempts = read_word(word)
    fail_count = None if base.fail_count in (None, base.N) else base.fail_count
    return _KINDS[kind](replace(base, N=attempts or base.N, fail_count=fail_count))


def name_arm(spec: ProgramSpec) -> str:
    """What an arm is called after its way of trying again: "Refine, N 5", "Best of 5", "Single attempt", "Refine without hints, N 5"."""
    if spec.strategy == "single":
        return "Single attempt"
    if spec.strategy == "best_of_n":
        return f"Best of {spec.N}"
    return f"Refine without hints, N {spec.N}" if spec.hints == "none" else f"Refine, N {spec.N}"


def name_key(place: int) -> str:
    """The key of an arm by its place, from 0: "a", "b" and so on to "z", then "aa"."""
    first, last = divmod(place, len(ascii_lowercase))
    return (name_key(first - 1) if first else "") + ascii_lowercase[last]


def read_word(word: str) -> tuple[str, int | None]:
    """The kind of an arm in a word ("refine", "no_hints", "best_of", "single") and its number, if there is one. Raises ValueError."""
    match = _FORM.fullmatch(word.strip().lower().replace("-", "_"))
    if match is None:
        raise ValueError(f"{word!r} is no arm; write one of {', '.join(WORDS)}, with any number at the end")
    kind, number = match[1], None if match[2] is None else int(match[2])
    if kind == "best_of" and number is None:
        raise ValueError(f"{word!r} needs a number, such as best_of_5")
    if kind == "single" and number is not None:
        raise ValueError(f"{word!r} is one attempt; write single")
    if number == 0:
        raise ValueError(f"{word!r} would make no attempt; N is at least 1")
    return kind, number


def _refine(base: ProgramSpec) -> ProgramSpec:
    return replace(base, strategy="refine", hints="adviser" if base.hints == "none" else base.hints)


_KINDS: Final[Mapping[str, Callable[[ProgramSpec], ProgramSpec]]] = {
    "refine": _refine,
    "no_hints": lambda base: replace(base, strategy="refine", hints="none", starting_hints={}),
    "best_of": lambda base: replace(base, strategy="best_of_n", starting_hints={}),
    "single": lambda base: replace(base, strategy="single", starting_hints={}),
}
