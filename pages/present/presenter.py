"""The presenter's view of a played run: one moment in large type. It steps over what a room need not see.

draw_presenter(run_id, playback)        the step is in the address; looks and keys are assets/presenter
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from itertools import groupby

import streamlit as st

from pages.shared import address
from pages.shared.leave import leave_for
from pages.shared.run.guesses import Guesses, guesses_for, read_guess, switch_guesses
from pages.shared.web import PRESENTER, import_script, read_styles
from refine_core import figures
from refine_core.formatting import format_score
from refine_core.play import Gate, GuessRange, Step, ask_for_guess, build_slide, compare_guess
from refine_core.runs import Playback, Timeline

OPTIONS = 4  # rewards that a room votes for
KEY = "presenter"
_component = st.components.v2.component(
    "refinescope.presenter",
    js=import_script(PRESENTER),
    css=read_styles(PRESENTER, root=".presenter"),
)


def draw_presenter(run_id: str, name: str, playback: Playback) -> None:
    """Draw the slide of the address's step, and do what the presenter's keys ask for.

    In an AppTest, press a key with `at.session_state["presenter"] = {"moved": {"step": 4, "at": 0}}`, where steps are
    counted as dots.
    """
    steps = playback.all_steps
    guesses = guesses_for(run_id, steps)
    beats = [step for step in steps if step.beat]

    def move() -> None:
        at = _sent("moved", "step")
        if isinstance(at, int) and 0 <= at < len(beats):
            gate = guesses.gate(steps, beats[at].index)
            address.show_step(beats[at].index if gate is None else gate.step)

    def guess() -> None:
        told, gate = read_guess(st.session_state[KEY].get("guessed")), guesses.gate(steps, len(steps) - 1)
        if told is not None and gate is not None and told[0] == gate.attempt:
            guesses.values[gate.attempt] = told[1]
            address.show_step(gate.step + 1)

    def switch() -> None:
        switch_guesses(guesses, steps, _shown(steps, guesses).index, on=bool(_sent("switched", "on")))

    shown = _shown(steps, guesses)
    result = _component(
        key=KEY,
        data={**_describe(playback, beats, shown, guesses), "name": name},
        on_moved_change=move,
        on_guessed_change=guess,
        on_switched_change=switch,
        on_left_change=lambda: None,
    )
    if result.left:
        leave_for(address.PLAY, address.step_query(run_id, shown.index))


def _shown(steps: tuple[Step, ...], guesses: Guesses) -> Step:
    """The last step that a room is shown, up to the address's, and up to a reward that is not guessed yet."""
    wanted = min(address.step() or 0, len(steps) - 1)
    gate = guesses.gate(steps, wanted)
    last = wanted if gate is None else gate.step
    return next((step for step in reversed(steps[: last + 1]) if step.beat), steps[0])


def _describe(playback: Playback, beats: list[Step], shown: Step, guesses: Guesses) -> dict[str, object]:
    """What the browser draws. It is told of no reward that waits for a guess."""
    timeline, steps = playback.timeline(shown.index), playback.all_steps
    at = max(0, sum(step.index <= shown.index for step in beats) - 1)
    coming = beats[at + 1].index if at + 1 < len(beats) else len(steps) - 1
    gate = guesses.gate(steps, coming)
    revealed = {
        a.index: (guess, compare_guess(timeline, a, guess)[0])
        for a in timeline.attempts
        if a.reward is not None and (guess := guesses.values.get(a.index)) is not None
    }
    return {
        "slide": asdict(build_slide(timeline, shown)),
        "alt": figures.describe_figure(timeline, live=False),
        "at": at,
        "asked": at,
        "total": len(beats),
        "groups": [
            [attempt, len(list(group))] for attempt, group in groupby(beats, key=lambda step: step.attempt)
        ],
        "guess_first": guesses.on,
        "guesses": {str(index): value for index, (value, _) in revealed.items()},
        "guess_texts": {str(index): text for index, (_, text) in revealed.items()},
        "gate": None if gate is None else _ballot(timeline, gate),
    }


def _ballot(timeline: Timeline, gate: Gate) -> dict[str, object]:
    """What the room is asked, and the rewards that it votes for."""
    span = GuessRange.of(timeline)
    values = [span.low + (span.high - span.low) * i / OPTIONS for i in range(1, OPTIONS + 1)]
    return {
        "attempt": gate.attempt,
        "question": ask_for_guess(timeline, gate.attempt),
        "options": [{"value": value, "text": format_score(value)} for value in values],
    }


def _sent(trigger: str, name: str) -> object:
    """One value of what the browser sent with a trigger; None for what has none."""
    sent = st.session_state[KEY].get(trigger)
    return sent.get(name) if isinstance(sent, Mapping) else None
