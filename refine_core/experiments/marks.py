"""What an arm looks like wherever it is drawn: a shape and a colour, by its place among the arms, so that colour never stands alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

_SHAPES: Final = (
    ("circle", "●", "○"),
    ("diamond", "◆", "◇"),
    ("cross", "✕", "✕"),
    ("square", "■", "□"),
    ("triangle", "▲", "△"),
    ("plus", "✚", "✚"),
    ("wedge", "▼", "▽"),
    ("star", "★", "☆"),
)
_COLOURS: Final = ("blue", "amber", "purple", "green", "vermilion", "sky", "olive", "grey")


@dataclass(frozen=True, slots=True)
class ArmMark:
    """An arm's mark. place: of the arm, from 0. hollow: only the outline. sign: the same as one character, for plain text."""

    place: int
    shape: str
    colour: str
    hollow: bool
    sign: str


def mark_arm(place: int) -> ArmMark:
    """The mark of the arm at that place, from 0. The first 16 places all differ."""
    shape, full, hollow = _SHAPES[place % len(_SHAPES)]
    is_hollow = place // len(_SHAPES) % 2 == 1
    colour = _COLOURS[(place + place // len(_SHAPES) * 3) % len(_COLOURS)]
    return ArmMark(place, shape, colour, is_hollow, hollow if is_hollow else full)
