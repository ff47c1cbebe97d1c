"""What each style of a drawing looks like, once: as attributes for a file of its own, as classes with a style sheet for a page.

    attributes(LIGHT)("mark best")  ->  {"fill": "#007a58"}            class_of("mark best")  ->  {"class": "mark-best"}

Okabe-Ito, darkened or lightened for contrast, as in assets/shared/colors.css; each state has a shape, too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Final

Paint = Callable[[str], Mapping[str, str]]

LIGHT: Final[Mapping[str, str]] = {
    "ink": "#161513",
    "paper": "#ffffff",
    "muted": "#5f5c57",
    "faint": "#6b6863",
    "hair": "#e5e4e1",
    "dashes": "#c3c1bc",
    "chip": "#eceae7",
    "step": "#84b9d8",
    "soft": "#e8f1f8",
    "scored": "#0072b2",
    "best": "#007a58",
    "failed": "#b84a08",
    "hint": "#a8487f",
}
"""Name of a colour -> the colour, on paper and on slides."""
DARK: Final[Mapping[str, str]] = {
    "ink": "#f1efeb",
    "paper": "#171614",
    "muted": "#b3afa7",
    "faint": "#a5a199",
    "hair": "#34322e",
    "dashes": "#55524c",
    "chip": "#34322e",
    "step": "#3a6f8f",
    "soft": "#1c2c38",
    "scored": "#56b4e9",
    "best": "#1fbf92",
    "failed": "#f0813a",
    "hint": "#e0a3c4",
}
"""The same on a dark page."""

_HALO: Final = {
    "stroke": "paper",
    "stroke-width": "4",
    "stroke-linejoin": "round",
    "paint-order": "stroke",
}
_STYLES: Final[Mapping[str, Mapping[str, str]]] = {
    "text": {"fill": "ink"},
    "number": {"fill": "ink"},
    "muted": {"fill": "muted"},
    "faint": {"fill": "faint"},
    "value": {"fill": "ink", "font-weight": "600", **_HALO},
    "value-now": {"fill": "scored", "font-weight": "600", **_HALO},
    "area": {"fill": "none", "pointer-events": "all"},
    "returned-column": {"fill": "soft"},
    "returned-number": {"fill": "ink", "font-weight": "600"},
    "rule hair": {"fill": "none", "stroke": "hair"},
    "rule threshold": {"fill": "none", "stroke": "muted", "stroke-dasharray": "5 4"},
    "line step": {"fill": "none", "stroke": "step", "stroke-width": "2"},
    "line hint": {"fill": "none", "stroke": "hint", "stroke-width": "1.6"},
    "head hint": {"fill": "hint"},
    "line branch": {"fill": "none", "stroke": "muted", "stroke-width": "1.5", "stroke-dasharray": "1.5 4"},
    "line ghost": {"fill": "none", "stroke": "faint", "stroke-width": "1.6", "stroke-dasharray": "3 3"},
    "head ghost": {"fill": "faint"},
    "line threshold-now": {
        "fill": "none",
        "stroke": "scored",
        "stroke-width": "1.2",
        "stroke-dasharray": "6 4",
    },
    "line moved": {"fill": "none", "stroke": "scored", "stroke-width": "1.4", "stroke-dasharray": "2 2.5"},
    "dots ghost": {
        "fill": "none",
        "stroke": "dashes",
        "stroke-width": "2",
        "stroke-dasharray": "1 5",
        "stroke-linecap": "round",
    },
    "dots running": {
        "fill": "none",
        "stroke": "step",
        "stroke-width": "2",
        "stroke-dasharray": "1 5",
        "stroke-linecap": "round",
    },
    "mark scored": {"fill": "scored"},
    "mark best": {"fill": "best"},
    "mark unmet": {"fill": "paper", "stroke": "scored", "stroke-width": "2"},
    "mark failed": {"fill": "none", "stroke": "failed", "stroke-width": "2.75"},
    "mark muted": {"fill": "none", "stroke": "muted", "stroke-width": "2.5"},
    "mark running": {"fill": "none", "stroke": "scored", "stroke-width": "2", "stroke-dasharray": "3 2.4"},
    "mark returned": {"fill": "none", "stroke": "ink", "stroke-width": "1.6"},
    "mark hint": {"fill": "paper", "stroke": "hint", "stroke-width": "1.8"},
    "mark hint-mark": {"fill": "hint"},
    "mark asking": {"fill": "none", "stroke": "hint", "stroke-width": "1.8", "stroke-dasharray": "3 3"},
    "mark ghost": {"fill": "none", "stroke": "faint", "stroke-width": "1.8", "stroke-dasharray": "3 3"},
    "mark now": {"fill": "scored", "stroke": "paper", "stroke-width": "1"},
    "mark now-other": {"fill": "paper", "stroke": "scored", "stroke-width": "1.8"},
    "mark now-pale": {"fill": "step", "stroke": "paper", "stroke-width": "1"},
    "mark now-best": {"fill": "none", "stroke": "scored", "stroke-width": "1.6", "stroke-dasharray": "3 2.4"},
    "hatch never": {"fill": "none", "stroke": "dashes"},
    "hatch other": {"fill": "none", "stroke": "hair"},
    "hatched": {"fill": "muted", **_HALO},
    "track": {"fill": "chip"},
    "bar bar": {"fill": "step"},
    "bar bar-failed": {"fill": "failed", "fill-opacity": "0.6"},
    "bar bar-running": {"fill": "paper", "stroke": "scored", "stroke-dasharray": "3 2"},
    "bar bar-cut_off": {"fill": "paper", "stroke": "scored", "stroke-dasharray": "3 2"},
    "ghost": {"fill": "none", "stroke": "dashes", "stroke-dasharray": "2 3"},
    "retried": {"fill": "none", "stroke": "failed", "stroke-width": "2"},
    "cell part": {"fill": "scored"},
    "cell time": {"fill": "muted"},
    "struck": {"fill": "none", "stroke": "failed", "stroke-width": "1.2"},
}
"""Style -> its attributes, colours by name."""
_FALLBACK: Final = "text"


def attributes(colours: Mapping[str, str]) -> Paint:
    """Paint with attributes that every program understands, without a style sheet."""

    @cache
    def paint(style: str) -> Mapping[str, str]:
        known = _STYLES.get(style, _STYLES[_FALLBACK])
        return {name.replace("-", "_"): colours.get(value, value) for name, value in known.items()}

    return paint


@cache
def class_of(style: str) -> Mapping[str, str]:
    """Paint with a class; `style_sheet` says what it looks like."""
    return {"cls": (style if style in _STYLES else _FALLBACK).replace(" ", "-")}


def style_sheet(scope: str) -> str:
    """The rules of all classes under the selector `scope`; colours are variables such as --ink."""
    rules = []
    for style, known in _STYLES.items():
        body = ";".join(f"{name}:{_css(value)}" for name, value in known.items())
        rules.append(f"{scope} .{style.replace(' ', '-')}{{{body}}}")
    return "\n".join(rules)


def _css(value: str) -> str:
    return f"var(--{value})" if value in LIGHT else value
