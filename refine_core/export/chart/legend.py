"""What the marks of a chart mean, for beside it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from refine_core.log.timeline import Timeline

MARKS: Final = {
    "scored": ("●", "scored"),
    "best": ("▲", "best"),
    "stopped": ("■", "best"),
    "failed": ("✕", "failed"),
    "cut_off": ("\N{EN DASH}", "muted"),
    "unknown": ("?", "muted"),
    "running": ("◌", "scored"),
    "pending": ("◌", "muted"),
}
"""Outcome -> its mark, and the colour's name."""
_WORDS: Final = {
    "scored": "scored",
    "best": "best",
    "stopped": "reached the threshold",
    "failed": "failed",
    "cut_off": "cut off",
    "unknown": "reward unknown",
}


def list_legend(run: Timeline, *, is_matrix: bool) -> Iterator[tuple[str, str, str]]:
    """Mark, the colour's name, and the meaning; no mark and no colour for what is told in words. Only what this chart shows.

    is_matrix: whether the parts of the program are drawn as cells and not as bars.
    """
    outcomes = {attempt.outcome for attempt in run.attempts}
    for outcome, meaning in _WORDS.items():
        if outcome in outcomes:
            yield (*MARKS[outcome], meaning)
    if any(attempt.is_returned for attempt in run.attempts):
        yield "", "", "○ around it: returned"
    if sum(attempt.reward is not None for attempt in run.attempts) > 1:
        yield "", "", "line: best so far"
    if run.kept_attempts:
        yield "", "", "before the dotted line: kept from another run"
    if is_matrix:
        yield "", "", "cells: the darker, the more"
    else:
        yield "", "", "bar: how long a part of the program took"
        if any(attempt.real_hints for attempt in run.attempts):
            yield "", "", "arrow: a hint, to the part of the program that got it"
    if any(run.has_temperature(attempt) for attempt in run.attempts):
        yield "", "", "temperature: how freely the model may vary its words"
