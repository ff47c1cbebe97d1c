"""Guesses of rewards, made while a run is played: in this session's memory, for each run its own.

An attempt is *open* once its reward may be seen: it was guessed, shown without a guess, or seen before guessing began.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import streamlit as st

from pages.shared import address
from refine_core.play import Gate, Step, find_gate, scored_up_to


@dataclass(slots=True)
class Guesses:
    """on: whether rewards wait for guesses. values: index of an attempt -> the guess, None where it was only shown."""

    on: bool = False
    values: dict[int, float | None] = field(default_factory=dict)

    def switch(self, steps: tuple[Step, ...], step: int, *, on: bool) -> None:
        """Begin to hide rewards, or stop. What is seen at `step` stays seen."""
        self.on = on
        if on:
            for index in scored_up_to(steps, step):
                self.values.setdefault(index, None)

    def gate(self, steps: tuple[Step, ...], wanted: int) -> Gate | None:
        """The reward that has to be guessed before `wanted` can be shown."""
        return find_gate(steps, wanted, self.values.keys()) if self.on else None


def guesses_for(run_id: str, steps: tuple[Step, ...]) -> Guesses:
    """Those of this session for that run, which the address may begin: what is seen at its step then counts as seen."""
    key = f"guesses-{run_id}"
    if key not in st.session_state:
        st.session_state[key] = Guesses()
    guesses: Guesses = st.session_state[key]
    if guesses.on and not address.guesses_first():  # one came back to the page without it
        address.show_guessing(on=True)
    elif not guesses.on and address.guesses_first():
        guesses.switch(steps, min(address.step() or 0, len(steps) - 1), on=True)
    return guesses


def switch_guesses(guesses: Guesses, steps: tuple[Step, ...], step: int, *, on: bool) -> None:
    """Begin to ask for guesses, or stop, and have the address say so. step: the index of the one that is shown."""
    guesses.switch(steps, step, on=on)
    address.show_guessing(on=on)


def read_guess(sent: object) -> tuple[int, float | None] | None:
    """A guess as the browser sent it: an attempt and its value, None for "just show it". None for what is no guess."""
    if not isinstance(sent, Mapping):
        return None
    attempt, value = sent.get("attempt"), sent.get("value")
    if not isinstance(attempt, int) or isinstance(attempt, bool):
        return None
    if value is None:
        return attempt, None
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return attempt, float(value)
