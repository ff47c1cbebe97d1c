r"""A text that was tried, exactly: what a screen would not show is said in words.

""            -> "empty", said        "   \n"            -> "three blanks, a line break", said
"a\nb"        -> "a↵b"                "…long form 42"    -> "…<answer>42</answer>", where the beginning is the form's
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from refine_core.formatting import pluralize

ELIDED_FROM: Final = 44  # letters: what is shorter is shown whole
BLANKS_SHOWN: Final = 3
MAX_CHARACTERS: Final = 20_000
_NUMBERS: Final = ("no", "a", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_BLANKS: Final = {" ": "blank", "\n": "line break", "\t": "tab", "\r": "carriage return"}
_LAST_MARK: Final = re.compile(r"<[^<>\s]*>$|\S*$")


@dataclass(frozen=True, slots=True)
class ExactText:
    """short: on one line. whole: as it is, with its line breaks. said: it is in words, as there is nothing to see."""

    short: str
    whole: str
    said: bool = False


def show_exactly(text: str, lead: str = "") -> ExactText:
    """A text to be shown. lead: what many texts begin with; of a long one it is left out on one line."""
    if not text:
        return ExactText("empty", "empty", said=True)
    if not text.strip():
        words = _say_blanks(text)
        return ExactText(words, words, said=True)
    short = text
    if lead and len(text) > ELIDED_FROM and text.startswith(lead):
        mark = _LAST_MARK.search(lead)
        short = f"…{mark[0] if mark else ''}{text[len(lead) :]}"
    inside = short.strip(" ")
    before, after = len(short) - len(short.lstrip(" ")), len(short) - len(short.rstrip(" "))
    short = f"{'␣' * min(before, BLANKS_SHOWN)}{inside}{'␣' * min(after, BLANKS_SHOWN)}"
    whole = text if len(text) <= MAX_CHARACTERS else f"{text[:MAX_CHARACTERS]}…"
    return ExactText(short.replace("\r\n", "↵").replace("\n", "↵").replace("\t", "⇥")[:MAX_CHARACTERS], whole)


def _say_blanks(text: str) -> str:
    said = []
    for letter, same in groupby(text):
        count, noun = len(list(same)), _BLANKS.get(letter, "invisible character")
        number = _NUMBERS[count] if count < len(_NUMBERS) else f"{count:,}"
        said.append(f"{number} {pluralize(count, noun).partition(' ')[2]}")
    return ", ".join(said)
