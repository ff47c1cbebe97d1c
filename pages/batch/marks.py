"""The marks of arms for components and for Streamlit's own text: a shape and a colour by place (refine_core.experiments.marks)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from refine_core.experiments.marks import mark_arm

_STREAMLIT_COLOURS: Final[Mapping[str, str]] = {
    "blue": "blue",
    "amber": "orange",
    "purple": "violet",
    "green": "green",
    "vermilion": "red",
    "sky": "blue",
    "olive": "yellow",
    "grey": "gray",
}


def mark_data(place: int) -> dict[str, object]:
    """The mark of the arm at that place, from 0, as assets/batch/arms.js takes it: {"shape", "colour", "hollow", "sign"}."""
    mark = mark_arm(place)
    return {"shape": mark.shape, "colour": mark.colour, "hollow": mark.hollow, "sign": mark.sign}


def mark_markdown(place: int) -> str:
    """The same for a label or a text of Streamlit's: ":blue[●]"."""
    mark = mark_arm(place)
    return f":{_STREAMLIT_COLOURS[mark.colour]}[{mark.sign}]"
